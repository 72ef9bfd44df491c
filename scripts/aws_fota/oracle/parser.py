# SPDX-License-Identifier: Apache-2.0
"""The oracle's parser: ``doc/parser.md`` in Python, to be compared with the generated C.

The whole message is read into a tree first (``json_text.py``); then the described members are looked up in it
(``members.py``) and held against their rules (``values.py``, ``url.py``) in the order of the text.
"""

from __future__ import annotations

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description
from aws_fota.oracle.json_tree import Array, Object, TextRefused, Value
from aws_fota.oracle.json_witness import read_witnessed
from aws_fota.oracle.members import Container, Destinations, Leaf, Member, described_members
from aws_fota.oracle.outcome import EnvelopeField, JobStatus, JobValue, MessageKind, Outcome, ParseResult, Refusal, Url
from aws_fota.oracle.values import Violated

#: FNV-1a with 64 bits: draft-eastlake-fnv, section 5.
FNV_OFFSET_BASIS = 0xCBF29CE484222325
FNV_PRIME = 0x100000001B3


def job_hash(job_id: str) -> int:
    """The hash of a jobId by which it is remembered: FNV-1a with 64 bits."""
    hashed = FNV_OFFSET_BASIS
    for byte in job_id.encode("ascii"):
        hashed = (hashed ^ byte) * FNV_PRIME % 2**64
    return hashed


class _Reading:
    """What was found in a message so far."""

    def __init__(self, destinations: Destinations, kind: MessageKind, remembered: frozenset[int]) -> None:
        self.destinations = destinations
        self.kind = kind
        self.remembered = remembered
        #: Byte, result and field of each violation, in the order in which they were found.
        self.violations: list[tuple[int, ParseResult, int]] = []
        #: Fields that were there, whether or not they obeyed their rule.
        self.met: set[int] = set()
        #: Fields that violate.
        self.spoiled: set[int] = set()
        #: Containers with an index of their own, and leaves with their values.
        self.found: dict[int, JobValue | None] = {}

    def violate(self, result: ParseResult, offset: int, member: Member) -> None:
        self.violations.append((offset, result, member.index))
        for index in member.indices():
            self.spoiled |= self.destinations.sharers(index)

    def member(self, member: Member, value: Value) -> None:
        """Hold a value against what is described, and whatever is described below it."""
        if isinstance(member, Leaf):
            self.leaf(member, value)
        elif not isinstance(value, Array if member.is_array else Object):
            self.violate(ParseResult.WRONG_TYPE, value.start, member)
        else:
            if member.own_index is not None:
                self.found[member.own_index] = None
            if isinstance(value, Array):
                self.elements(member, value)
            elif isinstance(value, Object):
                self.members(member, value)

    def elements(self, container: Container, array: Array) -> None:
        for position, element in enumerate(array.elements):
            member = container.every_element or container.below.get(position)
            if member is not None:
                self.member(member, element)

    def members(self, container: Container, value: Object) -> None:
        names: set[str] = set()
        for name, below in value.members:
            member = container.below.get(name)
            if member is None:
                continue
            if name in names:
                self.violate(ParseResult.DUPLICATE, below.start, member)
            else:
                names.add(name)
                self.member(member, below)

    def leaf(self, leaf: Leaf, value: Value) -> None:
        self.met.add(leaf.index)
        rivals = self.destinations.rivals(leaf.index) & self.met
        if rivals:
            # The rivals share the destination, so they are spoiled with it.
            self.violate(ParseResult.DUPLICATE, value.start, leaf)
            return
        try:
            self.keep(leaf.index, leaf.rule(value))
        except Violated as violated:
            self.violate(violated.result, violated.offset, leaf)

    def keep(self, index: int, meaning: JobValue) -> None:
        of_a_list = self.kind is MessageKind.PENDING and index == EnvelopeField.JOB_ID
        if of_a_list and (index in self.found or job_hash(str(meaning)) in self.remembered):
            return
        self.found[index] = meaning

    def outputs(self) -> dict[int, JobValue | None]:
        """What was found and does not violate."""
        return {index: meaning for index, meaning in self.found.items() if index not in self.spoiled}

    def missing(self, root: Value) -> int | None:
        """The lowest required field that is not there, in a message without a violation."""
        present = frozenset(self.found)
        if self.kind not in (MessageKind.EXECUTION, MessageKind.WATCH) or not _has_execution(root):
            return None
        required = [EnvelopeField.JOB_ID, EnvelopeField.STATUS, EnvelopeField.VERSION_NUMBER]
        if self.kind is MessageKind.EXECUTION:
            required.append(EnvelopeField.JOB_DOCUMENT)
        for index in required:
            if index not in present:
                return index
        return self.destinations.missing(present) if self.kind is MessageKind.EXECUTION else None


def _has_execution(root: Value) -> bool:
    """Whether there is an ``execution`` that is not an empty object."""
    return isinstance(root, Object) and any(
        name == "execution" and isinstance(value, Object) and value.members for name, value in root.members
    )


def _job(outputs: dict[int, JobValue | None], destinations: Destinations) -> dict[str, JobValue]:
    """``struct aws_fota_job``; the parts of a URL are put together."""
    job: dict[str, JobValue] = {}
    for index, meaning in sorted(outputs.items()):
        if index not in destinations.fields or meaning is None:
            continue
        destination = destinations.fields[index].destination
        other = job.get(destination)
        if isinstance(meaning, Url) and isinstance(other, Url):
            meaning = Url(
                other.scheme or meaning.scheme,
                other.host or meaning.host,
                other.port or meaning.port,
                other.path or meaning.path,
            )
        job[destination] = meaning
    return job


def _outcome(
    verdict: tuple[int, ParseResult, int], outputs: dict[int, JobValue | None], destinations: Destinations
) -> Outcome:
    def number(index: EnvelopeField) -> int:
        meaning = outputs.get(index)
        return meaning if isinstance(meaning, int) else 0

    job_id = outputs.get(EnvelopeField.JOB_ID)
    offset, result, field = verdict
    return Outcome(
        result=result,
        field=field,
        offset=offset,
        client_token=number(EnvelopeField.CLIENT_TOKEN),
        job_id=job_id if isinstance(job_id, str) else "",
        status=JobStatus(number(EnvelopeField.STATUS)),
        version_number=number(EnvelopeField.VERSION_NUMBER),
        code=Refusal(number(EnvelopeField.CODE)),
        present=frozenset(outputs),
        job=_job(outputs, destinations),
    )


def parse(
    description: Description,
    settings: Settings,
    kind: MessageKind,
    data: bytes,
    remembered: frozenset[int] = frozenset(),
) -> Outcome:
    """Parse one message.

    Args:
        description: the job document.
        settings: gives the nesting depth and the greatest lengths of host and path.
        kind: what the message is read as.
        data: the message.
        remembered: hashes (:func:`job_hash`) of the jobs that ``PENDING`` passes over.

    Raises:
        ValueError: two fields of the description cannot be in one document.
        AssertionError: the oracle disagrees with Python's json; a defect.
    """
    members = described_members(description, settings, kind)
    destinations = Destinations(description)
    try:
        root = read_witnessed(data, settings.json_depth)
    except TextRefused as refused:
        return Outcome(refused.result, EnvelopeField.MESSAGE, refused.offset)
    reading = _Reading(destinations, kind, remembered)
    reading.member(members, root)
    verdict = (0, ParseResult.OK, 0)
    if reading.violations:
        verdict = min(reading.violations, key=lambda violation: violation[0])
    else:
        missing = reading.missing(root)
        if missing is not None:
            verdict = (len(data), ParseResult.MISSING, missing)
    return _outcome(verdict, reading.outputs(), destinations)
