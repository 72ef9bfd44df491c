# SPDX-License-Identifier: Apache-2.0
"""What goes into the engine and what comes out of it: ``engine.h`` in Python, name for name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from aws_fota.oracle.outcome import Outcome
from aws_fota.oracle.topics import Topic
from aws_fota.oracle.versions import GREATEST, Version


class Phase(IntEnum):
    """``enum aws_fota_phase``: where an update stands."""

    UNBOOTED = 0
    IDLE = 1
    OFFERED = 2
    STARTING = 3
    REQUESTING = 4
    ERASING = 5
    RECEIVING = 6
    WAITING = 7
    PAUSED = 8
    REFRESHING = 9
    VERIFYING = 10
    APPLYING = 11
    REBOOTING = 12
    CONFIRMING = 13
    REVERTING = 14
    REPORTING = 15


class Request(IntEnum):
    """``enum aws_fota_request``: the request in flight."""

    NONE = 0
    SUBSCRIBE = 1
    DESCRIBE_NEXT = 2
    DESCRIBE_JOB = 3
    UPDATE = 4
    LIST = 5


class TimerId(IntEnum):
    """``enum aws_fota_timer``."""

    REQUEST = 0
    DOWNLOAD = 1


class FetchError(IntEnum):
    """``enum aws_fota_fetch_error``: why a fetch failed."""

    CONNECT = 1
    TLS = 2
    TIMEOUT = 3
    CLOSED = 4
    PROTOCOL = 5
    FLASH = 6
    SIZE = 7
    IMAGE = 8
    NO_BODY = 9


class ActionId(IntEnum):
    """``enum aws_fota_action_id``, in the order in which a step yields them."""

    ACKNOWLEDGE = 0
    ABORT = 1
    PERSIST = 2
    CLEAR = 3
    TELL = 4
    ERASE = 5
    FETCH = 6
    RECEIVE = 7
    VERIFY = 8
    REQUEST_UPGRADE = 9
    CONFIRM_IMAGE = 10
    SUBSCRIBE = 11
    PUBLISH = 12
    TIMER_START = 13
    TIMER_STOP = 14


class Tell(IntEnum):
    """``enum aws_fota_tell``: what the application is told."""

    STARTED = 0
    ERASE_PENDING = 1
    ERASE_DONE = 2
    #: Value: percent.
    PROGRESS = 3
    DONE = 4
    #: Value: the reason.
    ERROR = 5
    CANCELLED = 6
    FOREIGN = 7
    CONFIRM = 8
    #: Value: the job's status.
    FINISHED = 9


class Action(NamedTuple):
    """``struct aws_fota_action``: one thing to be done."""

    id: ActionId
    #: TELL: :class:`Tell`; TIMER_*: :class:`TimerId`.
    what: int = 0
    #: ACKNOWLEDGE: packet identifier.
    packet_id: int = 0
    #: TELL: its value; ERASE, FETCH: offset in bytes; TIMER_START: milliseconds.
    value: int = 0
    #: FETCH: bytes to ask for.
    length: int = 0


class Subject(NamedTuple):
    """``struct aws_fota_subject``: the job that the application is told about."""

    job_id: str = ""
    reason: int = 0
    detail: int = 0


@dataclass(frozen=True)
class Boot:
    """What the glue found at start."""

    slot_size: int
    #: Random number for jitter and clientToken.
    seed: int
    #: The record as it was stored.
    record: bytes | None = None
    #: Hash TLV of the running image, 32 bytes.
    running_hash: bytes | None = None
    running_version: Version | None = None
    confirmed: bool = True
    #: Whether the bootloader will still swap at the next reset.
    swap_pending: bool = False


@dataclass(frozen=True)
class Connected:
    """The MQTT connection stands."""


@dataclass(frozen=True)
class Subscribed:
    """The SUBACK came."""

    #: Negative errno, or 0.
    error: int = 0


@dataclass(frozen=True)
class Disconnected:
    """The MQTT connection is gone."""


@dataclass(frozen=True)
class Message:
    """A message on a Jobs topic was read to its end."""

    topic: Topic
    #: What :meth:`Engine.message_kind` said it is to be read as, read.
    outputs: Outcome
    #: 0 for QoS 0.
    packet_id: int = 0
    #: SHA-256 that names the object; there with the kind EXECUTION and result OK.
    identity: bytes | None = None


@dataclass(frozen=True)
class Timer:
    """A timer expired."""

    timer: TimerId


@dataclass(frozen=True)
class HttpResponse:
    """The headers of a response."""

    status: int
    #: First and last byte and total of Content-Range, where it was there, well-formed and with a known total.
    content_range: tuple[int, int, int] | None = None
    content_length: int | None = None
    etag: bytes | None = None
    location: bytes | None = None


@dataclass(frozen=True)
class FetchFailed:
    """A fetch or its body ended too early."""

    error: FetchError


@dataclass(frozen=True)
class Erased:
    """The slot is blank from the offset on."""

    #: Negative errno, or 0.
    error: int = 0


@dataclass(frozen=True)
class Written:
    """The slot is written up to here."""

    #: Offset in bytes of the first byte that is not.
    end: int


@dataclass(frozen=True)
class Verified:
    """What stands in the secondary slot."""

    #: Negative errno, or 0.
    error: int = 0
    #: SHA-256 of the first bytes of the slot, as many as the job's size.
    digest: bytes = bytes(32)
    #: Whether header and TLVs are those of an image for the bootloader.
    image_valid: bool = True
    #: Hash TLV of that image.
    hash: bytes | None = None
    #: Version in its header.
    version: Version = GREATEST


@dataclass(frozen=True)
class UpgradeRequested:
    """The bootloader was asked for the upgrade."""

    #: Negative errno, or 0.
    error: int = 0


@dataclass(frozen=True)
class Confirmed:
    """The running image was marked as confirmed."""

    #: Negative errno, or 0.
    error: int = 0


@dataclass(frozen=True)
class Accept:
    """The application takes the foreign job."""


@dataclass(frozen=True)
class Reject:
    """The application does not want the foreign job."""


@dataclass(frozen=True)
class Confirm:
    """The application keeps the running image."""


@dataclass(frozen=True)
class Revert:
    """The application does not want the running image."""


@dataclass(frozen=True)
class Cancel:
    """The application wants no update now."""


@dataclass(frozen=True)
class Pause:
    """The application wants no download now."""


@dataclass(frozen=True)
class Resume:
    """The application lets downloads go on."""


Input = (
    Boot
    | Connected
    | Subscribed
    | Disconnected
    | Message
    | Timer
    | HttpResponse
    | FetchFailed
    | Erased
    | Written
    | Verified
    | UpgradeRequested
    | Confirmed
    | Accept
    | Reject
    | Confirm
    | Revert
    | Cancel
    | Pause
    | Resume
)
