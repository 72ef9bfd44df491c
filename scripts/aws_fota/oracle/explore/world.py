# SPDX-License-Identifier: Apache-2.0
"""What a world consists of: a service with some jobs, a network, a device with its flash, and an application."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import NamedTuple

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, Field, FieldType, Foreign, Options
from aws_fota.oracle.outcome import JobStatus, Refusal
from aws_fota.oracle.topics import TopicKind
from aws_fota.oracle.versions import Version

#: Cells of the slot: an image has this many bytes, and RANGE_SIZE is one.
CELLS = 2
BLANK = ""
#: The image that the device was made with.
FACTORY = "factory"


class Document(Enum):
    """What a job asks for."""

    UPDATE = "update"
    #: The same, and it tells the SHA-256 of the image that its URL led to at first.
    DIGESTED = "update with a digest"
    #: The same, and it tells the SHA-256 of another one.
    MISDIGESTED = "update with a wrong digest"
    FOREIGN = "foreign"
    #: Its text is none that the parser reads.
    UNREADABLE = "unreadable"
    #: It is larger than the slot.
    UNFIT = "unfit"


class Fault(Enum):
    """What can go wrong or come unasked; each costs one of the faults that a world allows on a path."""

    REBOOT = "reboot"
    LOST = "message lost"
    DOUBLED = "message doubled"
    DISCONNECT = "disconnect"
    THROTTLED = "request throttled"
    CLOUD_CANCEL = "job cancelled in the cloud"
    CLOUD_TIMEOUT = "job timed out in the cloud"
    CLOUD_DELETE = "job deleted in the cloud"
    CANCEL = "application cancels"
    PAUSE = "application pauses"
    REFUSED = "bootloader refuses the image"
    FETCH_FAILED = "fetch fails"
    FORBIDDEN = "URL has expired"
    UNAVAILABLE = "server is unavailable"
    NO_RANGES = "server ignores ranges"
    CHANGED = "object changes"
    NO_IF_MATCH = "server ignores If-Match"
    FLASH = "flash fails"
    RECORD = "record cannot be saved"
    UNREAD = "record cannot be read at start"
    OVERWRITTEN = "others write to the slot"
    BOOTLOADER = "upgrade or confirmation fails"


#: What others than the engine write into the slot, while the device is in their hands: an image of their own.
OTHERS = "H0"

#: A record that was damaged for good.
TORN = b"torn"

#: What a network and a power supply do.
BASIC = frozenset({Fault.REBOOT, Fault.LOST, Fault.DOUBLED, Fault.DISCONNECT})


@dataclass(frozen=True)
class Scenario:
    """One bounded world."""

    name: str
    documents: tuple[Document, ...]
    #: Which faults there are.
    allowed: frozenset[Fault]
    #: How many of them there are on one path.
    faults: int
    foreign: Foreign = Foreign.REJECT
    report_on_download: bool = False
    retries_max: int = 1
    #: How many foreign jobs the engine remembers; the YAML allows no fewer than 8.
    remembered_jobs: int = 1
    #: Whether the second job and those after it come while the first is there already.
    created_later: bool = True
    #: Which moods of the application liveness is asked for.
    moods: tuple[Mood, ...] = field(default_factory=lambda: tuple(Mood))

    @property
    def settings(self) -> Settings:
        return Settings(
            range_size=1,
            resume_step=1,
            retries_max=self.retries_max,
            report_on_download=self.report_on_download,
        )

    @property
    def description(self) -> Description:
        fields = (
            Field(("operation",), FieldType.STRING, "operation", True, max_length=16),
            Field(("size",), FieldType.U32, "size", True, maximum=2**32 - 1),
            Field(("version",), FieldType.STRING, "version", True, max_length=16),
            Field(("url",), FieldType.URL, "url", True),
            Field(("sha256",), FieldType.HEX, "sha256", False, size=32),
        )
        options = Options(progress_step_percent=50, remembered_jobs=self.remembered_jobs)
        return Description(("update",), self.foreign, fields, options, "explored.yaml")


class Mood(Enum):
    """How an application answers when a new image is to be confirmed, and when a foreign job is offered."""

    CONFIRMS = "confirms"
    REJECTS = "rejects"
    REBOOTS = "reboots"


class Execution(NamedTuple):
    """One job in the service."""

    #: NONE: it was not created yet.
    status: JobStatus = JobStatus.NONE
    version: int = 0
    #: The final status that the device sent, where it was the device that ended it.
    by_device: JobStatus = JobStatus.NONE
    #: Whether the service ever accepted IN_PROGRESS.
    started: bool = False
    #: Whether the service does not know it any more.
    deleted: bool = False
    #: Whether no record held the final status when the service took it.
    unsaved: bool = False


class Answer(NamedTuple):
    """An answer of the service to the request in flight."""

    topic: TopicKind
    #: The job of the topic, or -1.
    job: int = -1
    #: The job that is described, or -1 for none.
    described: int = -1
    #: Whether the description holds the document.
    full: bool = False
    status: JobStatus = JobStatus.NONE
    version: int = 0
    code: Refusal = Refusal.NONE
    #: The jobs of a list, in their order.
    listed: tuple[int, ...] = ()


class Notice(NamedTuple):
    """A ``notify-next``: the first pending job, or -1."""

    job: int
    status: JobStatus = JobStatus.NONE
    version: int = 0


class Net(NamedTuple):
    """What is on its way to the device."""

    answer: Answer | None = None
    #: A description that cannot be read and came once already, or was overtaken.
    straggler: Answer | None = None
    suback: bool = False
    notices: tuple[Notice, ...] = ()
    notify: bool = False
    #: Whether a notification was lost on a connection that still stands.
    missed: bool = False


class Work(Enum):
    """What the glue can be busy with."""

    ERASE = "erase"
    #: ERASE 0 of a cancelled upgrade.
    WIPE = "wipe"
    FETCH = "fetch"
    RECEIVE = "receive"
    VERIFY = "verify"
    UPGRADE = "request upgrade"
    CONFIRM = "confirm image"
    #: What is not begun, because the record that stands before it could not be saved.
    NO_ERASE = "erase, refused"
    NO_WIPE = "wipe, refused"
    NO_RECEIVE = "receive, refused"
    NO_UPGRADE = "request upgrade, refused"


class Body(NamedTuple):
    """A response whose body was not read yet."""

    object: str
    start: int
    end: int


class Device(NamedTuple):
    """Flash, bootloader and what the glue is at."""

    running: str = FACTORY
    confirmed: bool = True
    #: The object or image that each cell of the secondary slot comes from.
    slot: tuple[str, ...] = (BLANK,) * CELLS
    #: Whether the bootloader was asked to swap.
    pending: bool = False
    #: Whether the engine has booted in the running image, and not only been about to.
    met: bool = True
    #: The image that was reverted last after the engine had met it.
    reverted: str = BLANK
    record: bytes | None = None
    #: Whether the record is an older one than the engine asked for last, or one that it could not read.
    unsaved: bool = False
    #: What the glue was asked for and has not done, oldest first, with its offset.
    work: tuple[tuple[Work, int], ...] = ()
    body: Body | None = None

    @property
    def has_record(self) -> bool:
        """Whether there is a record, and it is the engine's own doing."""
        return self.record not in (None, TORN) and not self.unsaved


class App(NamedTuple):
    """What the application knows since the device booted."""

    told_confirm: bool = False
    told_done: bool = False


class World(NamedTuple):
    """One state of everything; the engine is a number of :class:`~aws_fota.oracle.explore.engines.Engines`."""

    engine: int
    device: Device
    jobs: tuple[Execution, ...]
    #: How often each job's object has changed.
    objects: tuple[int, ...]
    net: Net
    app: App


def job_name(job: int) -> str:
    """The jobId of a job."""
    return "ABCDEFGH"[job]


def job_number(name: str) -> int:
    """The job of a jobId."""
    return "ABCDEFGH".index(name)


def object_of(job: int, change: int) -> str:
    """The image that a job's URL leads to."""
    return f"{job_name(job)}{change}"


def belongs_to(image: str, job: int) -> bool:
    """Whether an image was one that a job's URL led to."""
    return image != FACTORY and image[:1] == job_name(job)


@cache
def image_hash(image: str) -> bytes:
    """The hash TLV of an image."""
    return hashlib.sha256(image.encode()).digest()


@cache
def etag_of(image: str) -> bytes:
    """The ETag of an object."""
    return f'"{image}"'.encode()


@cache
def slot_digest(slot: tuple[str, ...]) -> bytes:
    """The SHA-256 over what a slot holds."""
    return hashlib.sha256(" ".join(slot).encode()).digest()


def document_digest(document: Document, job: int) -> bytes | None:
    """The SHA-256 that a job tells, if it does."""
    if document is Document.DIGESTED:
        return slot_digest((object_of(job, 0),) * CELLS)
    return slot_digest(("another",)) if document is Document.MISDIGESTED else None


@cache
def image_version(image: str) -> Version:
    """The version in an image's header; a later job's is newer."""
    return Version(1, 0, 0) if image == FACTORY else Version(2 + job_number(image[0]), 0, 0)


def whole_image(slot: tuple[str, ...]) -> str:
    """The image that a slot holds from its first to its last byte, or BLANK."""
    return slot[0] if len(set(slot)) == 1 else BLANK
