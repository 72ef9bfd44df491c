# SPDX-License-Identifier: Apache-2.0
"""What one message of AWS IoT Jobs yields: the oracle's side of ``message.h`` and ``parser.h``.

The names and numbers are the interface that C and oracle share; nothing else is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class MessageKind(IntEnum):
    """``enum aws_fota_message_kind``: what a message is read as."""

    OTHER = 0
    EXECUTION = 1
    WATCH = 2
    PENDING = 3
    UPDATED = 4
    REJECTED = 5


class ParseResult(IntEnum):
    """``enum aws_fota_parse_result``: how parsing a message ended."""

    OK = 0
    SYNTAX = 1
    TRUNCATED = 2
    DEPTH = 3
    TOO_LONG = 4
    OUT_OF_RANGE = 5
    WRONG_TYPE = 6
    WRONG_VALUE = 7
    DUPLICATE = 8
    MISSING = 9


#: The results that refuse the text itself; after them there is no output.
REFUSALS = frozenset({ParseResult.SYNTAX, ParseResult.TRUNCATED, ParseResult.DEPTH})


class EnvelopeField(IntEnum):
    """The indices of ``enum aws_fota_field`` that every description shares."""

    MESSAGE = 0
    CLIENT_TOKEN = 1
    EXECUTION = 2
    JOB_ID = 3
    STATUS = 4
    VERSION_NUMBER = 5
    JOB_DOCUMENT = 6
    EXECUTION_STATE = 7
    CODE = 8
    IN_PROGRESS_JOBS = 9
    QUEUED_JOBS = 10


#: The index of the first field of ``aws_fota.yaml``; the others follow in their order.
FIRST_FIELD = 16


class Scheme(IntEnum):
    """``enum aws_fota_scheme``."""

    NONE = 0
    HTTP = 1
    HTTPS = 2


class JobStatus(IntEnum):
    """``enum aws_fota_job_status``: the service's eight texts, which are the names but the first."""

    NONE = 0
    QUEUED = 1
    IN_PROGRESS = 2
    SUCCEEDED = 3
    FAILED = 4
    TIMED_OUT = 5
    REJECTED = 6
    REMOVED = 7
    CANCELED = 8


class Refusal(IntEnum):
    """``enum aws_fota_refusal``: the service's codes of a refused request."""

    NONE = 0
    INVALID_TOPIC = 1
    INVALID_JSON = 2
    INVALID_REQUEST = 3
    INVALID_STATE_TRANSITION = 4
    RESOURCE_NOT_FOUND = 5
    VERSION_MISMATCH = 6
    INTERNAL_ERROR = 7
    REQUEST_THROTTLED = 8
    TERMINAL_STATE_REACHED = 9

    @property
    def text(self) -> str:
        """The code as the service writes it, for example ``InvalidTopic``."""
        return "".join(word.capitalize() for word in self.name.split("_"))


@dataclass(frozen=True)
class Url:
    """``struct aws_fota_url``: the parts of a URL; what was not given is 0 or empty."""

    scheme: Scheme = Scheme.NONE
    #: Host name, IPv4 address, or IPv6 address in brackets.
    host: str = ""
    #: 0 is the scheme's default.
    port: int = 0
    #: With the query; begins with ``/``.
    path: str = ""


#: What a field of the job document can hold, by its type: str for string, int for integers and an enum's position
#: from 1, bool, bytes for hex, Url for the four types that fill one.
JobValue = str | int | bool | bytes | Url


@dataclass(frozen=True)
class Outcome:
    """Result and outputs of one message; what the message did not hold is 0 or empty."""

    result: ParseResult = ParseResult.OK
    #: Index of the field that the result is about: :class:`EnvelopeField`, or :data:`FIRST_FIELD` onwards.
    field: int = 0
    #: Byte of the message that the result is about.
    offset: int = 0
    client_token: int = 0
    job_id: str = ""
    status: JobStatus = JobStatus.NONE
    version_number: int = 0
    code: Refusal = Refusal.NONE
    #: Indices of the members that were there and obeyed their rule.
    present: frozenset[int] = frozenset()
    #: Destination in ``struct aws_fota_job`` to value, for the fields in :attr:`present`.
    job: Mapping[str, JobValue] = dataclasses.field(default_factory=dict)
