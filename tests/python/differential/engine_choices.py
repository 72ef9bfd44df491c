# SPDX-License-Identifier: Apache-2.0
"""What a service, a server, a bootloader and an application may say at any moment: the likely, and the hostile."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import FetchError, TimerId
from aws_fota.oracle.outcome import JobStatus, Refusal
from aws_fota.oracle.topics import Topic, TopicKind
from aws_fota.oracle.versions import Version
from differential.engine_script import DIGEST, ETAG, JOB, NEW_HASH, OLD_HASH, SIZE, SLOT_SIZE, document, record

U32_MAX = 2**32 - 1

T = TypeVar("T")


class Chooser(Protocol):
    """Who decides: Hypothesis, or a seeded generator."""

    def one(self, options: Sequence[T]) -> T:
        """One of the options, the likely ones stand in it several times."""

    def number(self, low: int, high: int) -> int:
        """A number from `low` to `high`."""


@dataclass
class DrawingChooser:
    """Hypothesis decides, and shrinks what fails."""

    data: st.DataObject

    def one(self, options: Sequence[T]) -> T:
        return options[self.number(0, len(options) - 1)]

    def number(self, low: int, high: int) -> int:
        return self.data.draw(st.integers(low, high))


@dataclass
class SeededChooser:
    """A generator decides, the same way each time."""

    generator: random.Random

    def one(self, options: Sequence[T]) -> T:
        return self.generator.choice(options)

    def number(self, low: int, high: int) -> int:
        return self.generator.randint(low, high)


JOB_IDS = [JOB, "job-2", "foreign-1", "foreign-2", "A_b-9" * 12]
STATUSES = ["QUEUED", "IN_PROGRESS"] * 4 + [status.name for status in JobStatus if status]
CODES = [code.text for code in Refusal if code] + ["VersionMismatch"] * 3
HASHES = [OLD_HASH, NEW_HASH, bytes(32), None]
NUMBERS = [0, 1, 100, 300, SIZE, SIZE - 1, SLOT_SIZE, U32_MAX, 2**31]
ERRORS = [0, 0, 0, 0, -5, -(2**31), 3]
ETAGS = [ETAG] * 4 + [b'"two"', b'W/"x"', b"W/", b"", b"\x80", b'"' + b"e" * 62 + b'"', b"e" * 65, None]
LOCATIONS = [
    b"https://other.example/x?y=1",
    b"http://other.example/x",
    b"/path",
    b"//host/x",
    b"/sp ace",
    b"ftp://x/",
    b"",
    b"https://[::1]:8443/",
    b"https://h:65536/",
    b"/" + b"a" * 8192,
    None,
]
URLS = [
    "https://host.example/fw.bin?X=1",
    "https://host.example/fw.bin?X=2",
    "https://host.example/other",
    "http://h/f",
]
SIZES = [20000, 20000, 9000, SIZE, SLOT_SIZE + 1, 1, 0, -1, 2**32, 1.5, "7", None]
#: Whether a message has the right clientToken, or another one, or none.
TOKENS: list[bool | str] = [True] * 8 + [False, "00000000", "text"]
PACKET_IDS = [0, 0, 1, 65535]
KINDS = [kind for kind in TopicKind if kind > TopicKind.OTHER]
BROKEN_TEXTS = [b"", b"{", b"{]", b"[]", b"nil", b'{"a":' + b"[" * 70, b'{"clientToken":1}', b"\xff"]
RUNNING_VERSIONS = [None, Version(1, 0, 0, 0), Version(2, 0, 0, 0), Version(255, 255, 65535, U32_MAX)]
HTTP_STATUSES = [206, 200, 302, 307, 403, 404, 408, 412, 416, 425, 429, 500, 599, 600, 0]


def good_document(choose: Chooser) -> dict[str, Any]:
    """A document of a job that fits, of few enough ranges to be downloaded often."""
    return document(size=choose.one([20000, 20000, 9000]), location={"url": choose.one(URLS[:3])})


def any_document(choose: Chooser) -> Any:
    """A job document, good or not."""
    kind = choose.number(0, 5)
    if kind < 2:
        return good_document(choose)
    if kind == 5:
        return choose.one([[], None, "text", {}])
    return document(
        operation=choose.one(["app_fw_update"] * 4 + ["another", "reboot", "x" * 33, 5, None]),
        fwversion=choose.one(["2.0.0", "1.0.0", "v1.0.0+0", "0.9.0", "text", "", None, "9" * 40]),
        size=choose.one(SIZES),
        sha256=choose.one([DIGEST.hex(), "00" * 32, "xyz", None]),
        location={"url": choose.one(URLS)},
    )


def any_execution(choose: Chooser) -> dict[str, Any]:
    """The members of an execution; one that is None is left out."""
    made = {
        "jobId": choose.one(JOB_IDS),
        "status": choose.one(STATUSES),
        "versionNumber": choose.one([1, 2, 3, 4, 9, 0, U32_MAX]),
        "jobDocument": any_document(choose),
    }
    return {name: value for name, value in made.items() if value is not None}


def any_state(choose: Chooser) -> dict[str, Any]:
    """A member `executionState`, or none."""
    state = {"status": choose.one(STATUSES), "versionNumber": choose.one([1, 2, 9, U32_MAX])}
    return choose.one([{}, {"executionState": state}, {"executionState": {"status": state["status"]}}])


def any_list(choose: Chooser) -> dict[str, Any]:
    """A list of pending jobs."""
    names = [*JOB_IDS, *(f"list-{number}" for number in range(20))]
    return {
        member: [{"jobId": choose.one(names)} for _ in range(choose.number(0, 3))]
        for member in ("inProgressJobs", "queuedJobs")
    }


def any_topic(choose: Chooser, own: str) -> Topic:
    """A topic; where it has a jobId, often `own`."""
    kind = choose.one(KINDS)
    if kind < TopicKind.JOB_ACCEPTED:
        return Topic(kind)
    return Topic(kind, own if own and choose.number(0, 1) else choose.one(JOB_IDS))


def any_record(choose: Chooser) -> bytes | None:
    """What the storage may hold at boot."""
    kind = choose.number(0, 9)
    if kind == 0:
        return None
    if kind == 1:
        return bytes(choose.number(0, 255) for _ in range(choose.number(0, 40)))
    whole = record(
        choose.one([1, 1, 2, 2, 3, 3, 4, 4, 0, 5]),
        job_id=choose.one([JOB.encode()] * 3 + [b"job-2", b"", b"a/b", b"x" * 64, b"x" * 65]),
        etag=choose.one([ETAG] * 3 + [b"", b"e" * 64, b"e" * 65, b"a b"]),
        flags=choose.one([3, 3, 3, 2, 1, 0, 255]),
        status=choose.one([3, 4, 6, 0, 2, 255]),
        reason=choose.one([0, 0, 0, 3, 8, 10, 13, 25, 26, 27, 28, 29, 127, 127, 255]),
        retries=choose.one([0, 1, 2, 3, 255]),
        version=choose.one([0, 1, 5, U32_MAX]),
        size=choose.one([20000, 20000, 20000, 0, 1, U32_MAX]),
        offset=choose.one([0, 16384, 16384, 1, 20000, U32_MAX]),
        detail=choose.one([0, 15, 16, 17, 23, 24, 1000, U32_MAX]),
        slot_hash=choose.one([NEW_HASH, OLD_HASH, bytes(32)]),
        format=choose.one([1, 1, 1, 2, 255, 0]),
        appended=choose.one([b"", b"", b"later fields"]),
    )
    if kind > 3:
        return whole
    if kind == 2:
        return whole[: choose.number(0, len(whole))]
    place = choose.number(0, len(whole) - 1)
    return whole[:place] + bytes([whole[place] ^ choose.number(1, 255)]) + whole[place + 1 :]


def any_response(choose: Chooser) -> io.HttpResponse:
    """The headers of a response, seldom those that were asked for."""
    numbers = (choose.one(NUMBERS), choose.one(NUMBERS), choose.one(NUMBERS))
    return io.HttpResponse(
        choose.one(HTTP_STATUSES),
        content_range=choose.one([None, numbers]),
        content_length=choose.one([None, *NUMBERS]),
        etag=choose.one(ETAGS),
        location=choose.one(LOCATIONS),
    )


def any_input(choose: Chooser) -> io.Input:
    """An input that comes from elsewhere than the service or the server."""
    plain: list[io.Input] = [io.Connected(), io.Disconnected(), io.Accept(), io.Reject(), io.Confirm(), io.Cancel()]
    return choose.one(
        [
            *plain,
            io.Revert(),
            io.Pause(),
            io.Resume(),
            io.Timer(choose.one(list(TimerId))),
            io.Subscribed(choose.one(ERRORS)),
            io.Erased(choose.one(ERRORS)),
            io.UpgradeRequested(choose.one(ERRORS)),
            io.Confirmed(choose.one(ERRORS)),
            io.FetchFailed(choose.one(list(FetchError))),
            io.Written(choose.one(NUMBERS)),
            io.Verified(
                error=choose.one(ERRORS),
                digest=choose.one([DIGEST, DIGEST, bytes(32)]),
                image_valid=choose.one([True, True, False]),
                hash=choose.one(HASHES),
                version=choose.one([version for version in RUNNING_VERSIONS if version is not None]),
            ),
        ]
    )
