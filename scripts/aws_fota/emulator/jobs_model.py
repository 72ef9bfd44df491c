# SPDX-License-Identifier: Apache-2.0
"""The things that AWS IoT Jobs is about: jobs, executions, what happened to them, and messages to deliver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aws_fota.emulator import jobs_limits
from aws_fota.emulator.jobs_rollout import AbortRule, Rollout
from aws_fota.errors import InputError


class Status(str, Enum):
    """Status of a job execution, spelled as in the payloads."""

    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    REJECTED = "REJECTED"
    REMOVED = "REMOVED"
    CANCELED = "CANCELED"

    def __str__(self) -> str:
        return self.value

    @property
    def terminal(self) -> bool:
        """Whether nothing can happen to the execution any more."""
        return self not in (Status.QUEUED, Status.IN_PROGRESS)


#: What a device may send in an update.
DEVICE_STATUSES = frozenset({Status.IN_PROGRESS, Status.SUCCEEDED, Status.FAILED, Status.REJECTED})


class JobStatus(str, Enum):
    """Status of a job as a whole, spelled as in the control plane."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"

    def __str__(self) -> str:
        return self.value


class RefusalCode(str, Enum):
    """The nine codes of a rejected request."""

    INVALID_TOPIC = "InvalidTopic"
    INVALID_JSON = "InvalidJson"
    INVALID_REQUEST = "InvalidRequest"
    INVALID_STATE_TRANSITION = "InvalidStateTransition"
    RESOURCE_NOT_FOUND = "ResourceNotFound"
    VERSION_MISMATCH = "VersionMismatch"
    INTERNAL_ERROR = "InternalError"
    REQUEST_THROTTLED = "RequestThrottled"
    TERMINAL_STATE_REACHED = "TerminalStateReached"

    def __str__(self) -> str:
        return self.value


class Refusal(Exception):
    """A device's request that the service rejects.

    Args:
        code: one of the nine codes.
        message: what is wrong, for a person.
        state: the execution whose state is told with InvalidStateTransition and VersionMismatch.
    """

    def __init__(self, code: RefusalCode, message: str, state: Execution | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.state = state


class ControlError(InputError):
    """A request of the control plane that cannot be granted.

    Args:
        code: the name of AWS's exception without ``Exception``, such as ``ResourceNotFound``.
        message: what is wrong.
        field: the parameter it concerns.
    """

    def __init__(self, code: str, message: str, *, field: str = "") -> None:
        super().__init__(message, rule=code, field=field)
        self.code = code


@dataclass(frozen=True)
class JobConfig:
    """What a job may configure.

    Attributes:
        in_progress_timeout_minutes: 1 to 10080, or None for no timer.
        retries: retries by failure type, ``FAILED``, ``TIMED_OUT`` or ``ALL`` (alone), at most 10 together.
        presigned_expires_s: lifetime of a presigned URL, 60 to 3600 seconds.
        continuous: whether things that join a targeted group later get the job too; such a job does not complete.
        rollout: how fast it reaches its things.
        abort: when it ends because too many fail.

    Raises:
        ControlError: a value is out of its range.
    """

    in_progress_timeout_minutes: int | None = None
    retries: Mapping[str, int] = field(default_factory=dict)
    presigned_expires_s: int = jobs_limits.PRESIGNED_EXPIRES_DEFAULT_S
    continuous: bool = False
    rollout: Rollout = field(default_factory=Rollout)
    abort: tuple[AbortRule, ...] = ()

    def __post_init__(self) -> None:
        minutes = self.in_progress_timeout_minutes
        low, high = jobs_limits.TIMEOUT_MINUTES_MIN, jobs_limits.TIMEOUT_MINUTES_MAX
        if minutes is not None and not low <= minutes <= high:
            raise ControlError(
                "InvalidRequest", f"{minutes} is not {low} to {high}", field="inProgressTimeoutInMinutes"
            )
        unknown = set(self.retries) - {"FAILED", "TIMED_OUT", "ALL"}
        if unknown or ("ALL" in self.retries and len(self.retries) > 1):
            raise ControlError("InvalidRequest", "takes FAILED and TIMED_OUT, or ALL alone", field="failureType")
        if any(count < 1 for count in self.retries.values()) or sum(self.retries.values()) > jobs_limits.RETRIES_MAX:
            raise ControlError(
                "InvalidRequest", f"takes 1 to {jobs_limits.RETRIES_MAX} retries", field="numberOfRetries"
            )
        low, high = jobs_limits.PRESIGNED_EXPIRES_MIN_S, jobs_limits.PRESIGNED_EXPIRES_MAX_S
        if not low <= self.presigned_expires_s <= high:
            raise ControlError(
                "InvalidRequest", f"{self.presigned_expires_s} is not {low} to {high}", field="expiresInSec"
            )

    def allows_retry(self, status: Status, earlier: Sequence[Status]) -> bool:
        """Whether an execution that ended in `status` is tried again.

        Args:
            status: how the execution ended.
            earlier: how the executions before it, of the same job on the same thing, ended.
        """
        if status not in (Status.FAILED, Status.TIMED_OUT):
            return False
        if "ALL" in self.retries:
            return len(earlier) < self.retries["ALL"]
        return earlier.count(status) < self.retries.get(status.value, 0)


@dataclass(frozen=True)
class Change:
    """One entry of an execution's history.

    Attributes:
        at: seconds since the epoch.
        cause: ``created``, ``device``, ``timer``, ``canceled``, ``removed`` or ``deleted``.
    """

    at: float
    job_id: str
    thing: str
    execution_number: int
    status: Status
    status_details: Mapping[str, str]
    version_number: int
    cause: str


@dataclass
class Execution:
    """One try of one job on one thing; times are seconds since the epoch, deadlines monotonic seconds."""

    job_id: str
    thing: str
    number: int
    queued_at: float
    last_updated_at: float
    status: Status = Status.QUEUED
    status_details: dict[str, str] = field(default_factory=dict)
    version: int = 1
    started_at: float | None = None
    in_progress_deadline: float | None = None
    step_deadline: float | None = None
    force_canceled: bool = False
    history: list[Change] = field(default_factory=list)

    @property
    def deadline(self) -> float | None:
        """When the first of the running timers ends: the step timer never lasts past the in-progress timer."""
        running = [at for at in (self.in_progress_deadline, self.step_deadline) if at is not None]
        return min(running, default=None)


@dataclass
class Job:
    """A job: one document for some things.

    Attributes:
        named: things that are targeted by themselves, and not only as members of a group.
        groups: targeted groups, whose members are among `targets`.
        asked: what an operator said of it, by the names of the control plane, to be told back.
        waiting: targets that the rollout has not reached.
        next_batch_at: monotonic seconds at which it goes on, None when nothing waits.
    """

    job_id: str
    document: dict[str, Any]
    targets: tuple[str, ...]
    config: JobConfig
    created_at: float
    status: JobStatus = JobStatus.IN_PROGRESS
    named: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    asked: dict[str, Any] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    next_batch_at: float | None = None
    last_updated_at: float = 0.0
    completed_at: float | None = None
    reason_code: str = ""
    comment: str = ""
    force_canceled: bool = False
    #: All executions, oldest first, by thing.
    executions: dict[str, list[Execution]] = field(default_factory=dict)

    def latest(self) -> list[Execution]:
        """The latest execution on each thing that has one."""
        return [tries[-1] for tries in self.executions.values()]


@dataclass(frozen=True)
class Delivery:
    """A message that the service sends.

    Attributes:
        thing: whose message it is.
        to_publisher: an answer, which goes to the client that asked and to nobody else, subscribed or not;
            otherwise a notification, which goes to whoever subscribed to its topic.
    """

    thing: str
    topic: str
    payload: bytes
    to_publisher: bool
