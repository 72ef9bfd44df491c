# SPDX-License-Identifier: Apache-2.0
"""What goes into the engine and what comes out, as Python has it: the values of ``aws_fota/engine.h``."""

from __future__ import annotations

from dataclasses import dataclass

from aws_fota.host.image import ImageVersion


@dataclass(frozen=True)
class Boot:
    """``AWS_FOTA_INPUT_BOOT``; hashes have 32 bytes, `slot_size` is bytes."""

    record: bytes | None
    running_hash: bytes | None
    version: ImageVersion | None
    confirmed: bool
    swap_pending: bool
    slot_size: int
    seed: int


@dataclass(frozen=True)
class Message:
    """``AWS_FOTA_INPUT_MESSAGE``.

    Attributes:
        topic: the whole topic.
        result: ``enum aws_fota_parse_result``.
        field: ``enum aws_fota_field`` of the violation.
        packet_id: 0 for QoS 0.
        identity: SHA-256 over scheme, host, port and path of the job's URL, or None.
    """

    topic: bytes
    result: int
    field: int = 0
    packet_id: int = 0
    identity: bytes | None = None


@dataclass(frozen=True)
class HttpResponse:
    """``AWS_FOTA_INPUT_HTTP_RESPONSE``.

    Attributes:
        content_range: first byte, last byte and total; None where the header is absent, malformed or without a total.
        length: Content-Length in bytes, or None.
    """

    status: int
    content_range: tuple[int, int, int] | None = None
    length: int | None = None
    etag: bytes | None = None
    location: bytes | None = None


@dataclass(frozen=True)
class Verified:
    """``AWS_FOTA_INPUT_VERIFIED``; `error` is a negative errno or 0, digests have 32 bytes, an image has a version."""

    error: int
    digest: bytes | None
    image_valid: bool
    hash: bytes | None
    version: ImageVersion | None


@dataclass(frozen=True)
class Timer:
    """``AWS_FOTA_INPUT_TIMER``: ``REQUEST`` or ``DOWNLOAD`` expired."""

    timer: str


@dataclass(frozen=True)
class Result:
    """An answer that holds an error only.

    Attributes:
        name: ``SUBSCRIBED``, ``ERASED``, ``UPGRADE_REQUESTED`` or ``CONFIRMED``.
        error: a negative errno, or 0.
    """

    name: str
    error: int = 0


@dataclass(frozen=True)
class FetchFailed:
    """``AWS_FOTA_INPUT_FETCH_FAILED``: a name of ``enum aws_fota_fetch_error``, such as ``CLOSED``."""

    error: str


@dataclass(frozen=True)
class Written:
    """``AWS_FOTA_INPUT_WRITTEN``: the slot is written up to `end` bytes."""

    end: int


@dataclass(frozen=True)
class Plain:
    """An input without a value.

    Attributes:
        name: ``CONNECTED``, ``DISCONNECTED``, ``ACCEPT``, ``REJECT``, ``CONFIRM``, ``REVERT``, ``CANCEL``, ``PAUSE`` or
            ``RESUME``.
    """

    name: str


Input = Boot | Message | HttpResponse | Verified | Timer | Result | FetchFailed | Written | Plain


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        name: of ``enum aws_fota_action_id``, for example ``PUBLISH``.
        what: ``TELL``: name of ``enum aws_fota_tell``; timers: name of ``enum aws_fota_timer``; else empty.
        packet_id: ``ACKNOWLEDGE``.
        value: ``TELL``: its value; ``ERASE``, ``FETCH``: offset in bytes; ``TIMER_START``: milliseconds.
        length: ``FETCH``: bytes to ask for.
    """

    name: str
    what: str = ""
    packet_id: int = 0
    value: int = 0
    length: int = 0


@dataclass(frozen=True)
class Url:
    """``struct aws_fota_url``; its text form holds no query, so that it can be shown.

    Attributes:
        scheme: ``http``, ``https``, or empty where there is no URL.
        port: 0 for the scheme's default.
        path: with the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}{self.path.partition('?')[0]}" if self.scheme else ""


#: A member of ``struct aws_fota_job``: text, a number (an enum's position too), bytes of hex digits, or a URL.
JobValue = str | int | bool | bytes | Url


@dataclass(frozen=True)
class Parsed:
    """Result and outputs of one message, as the C parser left them.

    Attributes:
        result: ``enum aws_fota_parse_result``.
        field: ``enum aws_fota_field``.
        present: the indices whose bit is set.
        job: every member of ``struct aws_fota_job`` by name.
    """

    result: int
    field: int
    offset: int
    client_token: int
    job_id: str
    status: int
    version_number: int
    code: int
    present: frozenset[int]
    job: dict[str, JobValue]
