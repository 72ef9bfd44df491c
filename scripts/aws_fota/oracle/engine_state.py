# SPDX-License-Identifier: Apache-2.0
"""All that the engine remembers between two steps, in the words of ``doc/engine.md``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from operator import attrgetter
from types import MappingProxyType

from aws_fota.oracle.engine_io import Phase, Request
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.outcome import JobStatus, JobValue
from aws_fota.oracle.versions import Version

NO_OUTPUTS: Mapping[str, JobValue] = MappingProxyType({})


class Link(IntEnum):
    """How far the connection to the service has come."""

    OFFLINE = 0
    SUBSCRIBING = 1
    ONLINE = 2


class Backoff(IntEnum):
    """Whether nothing is sent until ``TIMER_REQUEST`` expires."""

    NONE = 0
    #: Between two attempts of a burst.
    SHORT = 1
    #: Between two bursts.
    SLOW = 2


@dataclass(slots=True)
class Job:
    """The job worked on; a new one is what *forget* leaves."""

    job_id: str = ""
    #: versionNumber as the service last said; 0 is unknown.
    version: int = 0
    size: int = 0
    sha256: bytes | None = None
    identity: bytes = bytes(32)
    #: With its quotes.
    etag: bytes | None = None
    #: Bytes written.
    offset: int = 0
    #: The last persisted boundary.
    persisted: int = 0
    #: Whether the flash past the offset is blank.
    erased: bool = False
    #: Whether the response under way is a whole object.
    streaming: bool = False
    range_end: int = 0
    #: Offset at which the tries began to count.
    mark: int = 0
    tries: int = 0
    redirects: int = 0
    refreshes: int = 0
    restarted: bool = False
    #: Whether the slot holds bytes from before the last BOOT.
    resumed: bool = False
    #: Percent last sent.
    reported: int = 0
    pending: JobStatus = JobStatus.NONE
    #: A :class:`Reason`, or what a later image wrote into the record.
    reason: int = Reason.NONE
    detail: int = 0
    retries: int = 0
    slot_hash: bytes | None = None
    #: Whether this is the record's job, not yet found again.
    resumable: bool = False
    #: Whether ``$next`` described it.
    came_from_next: bool = False

    @property
    def percent(self) -> int:
        """How much of the object is written."""
        return self.offset * 100 // self.size if self.size else 100

    def duplicate(self) -> Job:
        """Another object with the same values."""
        return Job(*job_values(self))


@dataclass(slots=True)
class State:
    """The engine's state but for the job."""

    phase: Phase = Phase.UNBOOTED

    link: Link = Link.OFFLINE
    request: Request = Request.NONE
    #: Whether the describe in flight was sent to be read with its document.
    full: bool = False
    #: The status that the UPDATE in flight was sent with.
    asked: JobStatus = JobStatus.NONE
    backoff: Backoff = Backoff.NONE
    attempts: int = 0
    next_due: bool = False
    job_due: bool = False
    update_due: bool = False
    list_due: bool = False

    running_hash: bytes | None = None
    running_version: Version | None = None
    confirmed: bool = False
    slot_size: int = 0
    paused: bool = False

    unreadable: bool = False
    left_alone: bool = False
    #: Hashes of remembered jobs, oldest first.
    ring: tuple[int, ...] = ()
    #: How many were remembered since the last DESCRIBE_NEXT was sent or ``notify`` came.
    passed: int = 0
    token: int = 0
    random: int = 1

    #: The message's job: the fields that the last full description filled.
    outputs: Mapping[str, JobValue] = field(default_factory=lambda: NO_OUTPUTS)

    def duplicate(self) -> State:
        """Another object with the same values."""
        return State(*state_values(self))


#: All values of a :class:`Job` or a :class:`State` as a tuple, in the order of the fields.
job_values = attrgetter(*(field.name for field in fields(Job)))
state_values = attrgetter(*(field.name for field in fields(State)))
