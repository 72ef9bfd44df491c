# SPDX-License-Identifier: Apache-2.0
"""What a scenario says, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_fota.emulator.jobs_model import RefusalCode, Status


@dataclass(frozen=True)
class Position:
    """A place in the image: so many bytes, or so many percent of them.

    Attributes:
        amount: bytes or percent.
        percent: whether it is percent.
    """

    amount: int = 0
    percent: bool = False

    def offset(self, size: int) -> int:
        """The byte, of an image of `size` bytes."""
        return size * self.amount // 100 if self.percent else self.amount


@dataclass(frozen=True)
class DownloadFault:
    """One thing that the download server does wrong.

    Attributes:
        line: where it stands in the file.
        do: what, as in the schema.
        position: the first byte that a request must ask for.
        skip: requests that are let through first.
        times: how often, None for always.
        status: of ``refuse`` and ``redirect``.
        to: Location of ``redirect``.
        after_bytes: of the body, until ``cut``.
        chunk_bytes: of ``trickle``: so many bytes at a time ...
        milliseconds: ... with so much time before each.
    """

    line: int
    do: str
    position: Position = Position()
    skip: int = 0
    times: int | None = 1
    status: int | None = None
    to: str = ""
    after_bytes: int = 0
    chunk_bytes: int = 512
    milliseconds: int = 10


@dataclass(frozen=True)
class MessageFault:
    """One thing that happens to MQTT messages.

    Attributes:
        line: where it stands in the file.
        do: what, as in the schema.
        incoming: whether it is about messages to AWS, and not about those to the device.
        topic: a filter below the thing's Jobs topics.
        status: only messages with this status, None for all.
        skip: messages that are let through first.
        times: how often, None for always.
        milliseconds: of ``delay``.
        behind: of ``reorder``: how many later messages go first.
        byte: of ``corrupt`` and ``cut``; None for the middle, and for before the message.
        code: of ``refuse``.
    """

    line: int
    do: str
    incoming: bool
    topic: str = "#"
    status: Status | None = None
    skip: int = 0
    times: int | None = 1
    milliseconds: int = 0
    behind: int = 1
    byte: int | None = None
    code: RefusalCode = RefusalCode.REQUEST_THROTTLED


@dataclass(frozen=True)
class Event:
    """Something that somebody does, once.

    Attributes:
        line: where it stands in the file.
        do: what, as in the schema.
        percent: of the download at which it happens; None where it happens when the application is `told` something.
        told: name of ``enum aws_fota_tell``.
        milliseconds: how long power, service or download are off.
        minutes: of ``advance-clock``.
    """

    line: int
    do: str
    percent: int | None
    told: str = ""
    milliseconds: int = 0
    minutes: int = 0


@dataclass(frozen=True)
class Expectation:
    """How a scenario ends.

    Attributes:
        status: of the job on the device, in AWS.
        reason: in its statusDetails; empty where none is expected or it does not matter.
    """

    status: Status = Status.SUCCEEDED
    reason: str = ""


@dataclass(frozen=True)
class Scenario:
    """A scenario.

    Attributes:
        name: of its file, without the ending.
        summary: what it shows, in one sentence.
        document: members of the job document that are changed; None takes one away.
        in_progress_timeout_minutes: of the job; None for no timer.
        self_test: what the application finds of a new image: ``passes``, ``fails`` or ``rejects``.
        image_size: bytes of the new image's content; None for the size that a simulation has without a scenario.
    """

    name: str
    summary: str
    document: Mapping[str, Any] = field(default_factory=dict)
    in_progress_timeout_minutes: int | None = None
    self_test: str = "passes"
    image_size: int | None = None
    downloads: tuple[DownloadFault, ...] = ()
    messages: tuple[MessageFault, ...] = ()
    events: tuple[Event, ...] = ()
    expect: Expectation = Expectation()

    def changed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A job document with the scenario's members in it."""
        return {name: value for name, value in {**document, **self.document}.items() if value is not None}
