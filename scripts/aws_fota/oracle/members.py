# SPDX-License-Identifier: Apache-2.0
"""Which members of a message are described, by its kind and by ``aws_fota.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import URL_TYPES, Description, Field, FieldType, PathStep
from aws_fota.oracle import url, values
from aws_fota.oracle.outcome import FIRST_FIELD, EnvelopeField, MessageKind


@dataclass(frozen=True)
class Leaf:
    """A described value."""

    index: int
    rule: values.Rule

    def indices(self) -> Iterator[int]:
        """The one field it is."""
        yield self.index


@dataclass(frozen=True)
class Container:
    """An object or array on the path of a described value."""

    #: An array, else an object.
    is_array: bool = False
    #: The field index of its own that an envelope's container has.
    own_index: int | None = None
    #: The described members by name, or elements by index.
    below: dict[PathStep, Member] = field(default_factory=dict)
    #: What every element is, in the envelope's arrays.
    every_element: Member | None = None

    def indices(self) -> Iterator[int]:
        """The fields that its violation concerns: its own and all below it."""
        if self.own_index is not None:
            yield self.own_index
        for member in self.below.values():
            yield from member.indices()
        if self.every_element is not None:
            yield from self.every_element.indices()

    @property
    def index(self) -> int:
        """The field that a violation of it is reported as."""
        return self.own_index if self.own_index is not None else min(self.indices())


Member = Leaf | Container


def _rule_of(described: Field, settings: Settings) -> values.Rule:
    if described.type in URL_TYPES:
        return url.rule_of(described.type, settings)
    return values.rule_of(described)


def _job_document(description: Description, settings: Settings) -> Container:
    document = Container(own_index=EnvelopeField.JOB_DOCUMENT)
    for index, described in enumerate(description.fields, start=FIRST_FIELD):
        place = document
        *steps, last = described.path
        for step, following in zip(steps, described.path[1:], strict=True):
            member = place.below.setdefault(step, Container(is_array=isinstance(following, int)))
            if not isinstance(member, Container) or member.is_array is not isinstance(following, int):
                raise ValueError(f"{described.dotted}: another field ends or branches on its path")
            place = member
        if last in place.below:
            raise ValueError(f"{described.dotted}: described twice")
        place.below[last] = Leaf(index, _rule_of(described, settings))
    return document


def _pending_jobs(index: EnvelopeField) -> Container:
    element = Container(own_index=index, below={"jobId": Leaf(EnvelopeField.JOB_ID, values.job_id)})
    return Container(is_array=True, own_index=index, every_element=element)


def described_members(description: Description, settings: Settings, kind: MessageKind) -> Container:
    """The root of a message of one kind with the members that are described in it.

    Args:
        description: the job document.
        settings: gives the greatest lengths of host and path.
        kind: what the message is read as.

    Raises:
        ValueError: two fields of the description cannot be in one document.
    """
    status = Leaf(EnvelopeField.STATUS, values.status)
    version_number = Leaf(EnvelopeField.VERSION_NUMBER, values.version_number)
    root = Container(own_index=EnvelopeField.MESSAGE)
    if kind is MessageKind.OTHER:
        return root
    root.below["clientToken"] = Leaf(EnvelopeField.CLIENT_TOKEN, values.client_token)
    if kind in (MessageKind.EXECUTION, MessageKind.WATCH):
        execution = Container(own_index=EnvelopeField.EXECUTION)
        execution.below["jobId"] = Leaf(EnvelopeField.JOB_ID, values.job_id)
        execution.below["status"] = status
        execution.below["versionNumber"] = version_number
        if kind is MessageKind.EXECUTION:
            execution.below["jobDocument"] = _job_document(description, settings)
        root.below["execution"] = execution
    if kind is MessageKind.PENDING:
        root.below["inProgressJobs"] = _pending_jobs(EnvelopeField.IN_PROGRESS_JOBS)
        root.below["queuedJobs"] = _pending_jobs(EnvelopeField.QUEUED_JOBS)
    if kind in (MessageKind.UPDATED, MessageKind.REJECTED):
        state = Container(own_index=EnvelopeField.EXECUTION_STATE)
        state.below["status"] = status
        state.below["versionNumber"] = version_number
        root.below["executionState"] = state
    if kind is MessageKind.REJECTED:
        root.below["code"] = Leaf(EnvelopeField.CODE, values.code)
    return root


class Destinations:
    """Which fields of a description share a member of ``struct aws_fota_job``."""

    def __init__(self, description: Description) -> None:
        self.fields = dict(enumerate(description.fields, start=FIRST_FIELD))

    def sharers(self, index: int) -> set[int]:
        """All fields with the destination of this one, itself included."""
        if index not in self.fields:
            return {index}
        destination = self.fields[index].destination
        return {other for other, described in self.fields.items() if described.destination == destination}

    def rivals(self, index: int) -> set[int]:
        """The other fields that cannot stand beside this one: a URL's parts can, a URL and a part of it cannot."""
        if index not in self.fields:
            return set()
        mine = self.fields[index].type
        return {
            other
            for other in self.sharers(index) - {index}
            if FieldType.URL in (mine, self.fields[other].type) or mine is self.fields[other].type
        }

    def missing(self, present: frozenset[int]) -> int | None:
        """The lowest field that a job document lacks, given those that it has; None when it is complete."""
        lacking = [
            self._lacking_of_group(index, present) if described.type in URL_TYPES else index
            for index, described in self.fields.items()
            if index not in present and self._is_wanted(index, present)
        ]
        return min((index for index in lacking if index is not None), default=None)

    def _is_wanted(self, index: int, present: frozenset[int]) -> bool:
        """Required by a field with the same destination, or by another part that is there."""
        sharers = self.sharers(index)
        return any(self.fields[sharer].required for sharer in sharers) or bool(sharers & present)

    def _lacking_of_group(self, index: int, present: frozenset[int]) -> int | None:
        """What to name of an incomplete URL; None when it is complete."""
        sharers = self.sharers(index)
        parts = {sharer for sharer in sharers if self.fields[sharer].type is not FieldType.URL}
        if not sharers & present:
            return min(sharers)
        if (sharers - parts) & present or parts <= present:
            return None
        return min(parts - present)
