# SPDX-License-Identifier: Apache-2.0
"""What an ``aws_fota.yaml`` says, checked: the input of generator and oracle alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

#: One step of a JSON path: a member's name or an element's index.
PathStep = str | int


def dotted(path: tuple[PathStep, ...]) -> str:
    """A path in one line; a name that the short form could not hold stands in brackets and quotes."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif any(character in ".[]" for character in step):
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text


class FieldType(Enum):
    """The types a field of the job document can have; the value is the word used in the YAML."""

    STRING = "string"
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    BOOL = "bool"
    ENUM = "enum"
    #: An even number of hexadecimal digits, stored as bytes.
    HEX = "hex"
    #: A whole URL, split into scheme, host, port and path with query.
    URL = "url"
    #: The parts of a URL given one by one; they share the URL's destination.
    SCHEME = "scheme"
    HOST = "host"
    PATH = "path"


#: The types that fill a ``struct aws_fota_url`` together.
URL_PARTS = (FieldType.SCHEME, FieldType.HOST, FieldType.PATH)
URL_TYPES = (FieldType.URL, *URL_PARTS)


class Foreign(Enum):
    """What to do with a job whose operation is not ours."""

    OFFER = "offer"
    REJECT = "reject"
    LEAVE = "leave"


@dataclass(frozen=True)
class Field:
    """One described value of the job document."""

    #: The path below ``jobDocument``, for example ``("location", "url")``.
    path: tuple[PathStep, ...]
    type: FieldType
    #: The member of ``struct aws_fota_job`` that it lands in.
    destination: str
    required: bool = False
    #: STRING: the greatest length in bytes of UTF-8, without the terminating NUL.
    max_length: int = 0
    #: U32, I32, U64: inclusive bounds.
    minimum: int = 0
    maximum: int = 0
    #: HEX: how many bytes, so twice as many digits.
    size: int = 0
    #: ENUM: the texts, in order; the first has the value 1, and 0 means absent.
    values: tuple[str, ...] = ()
    #: STRING: whether control characters other than U+0000 are allowed.
    control_characters: bool = False
    #: The line in the YAML, counted from 1; 0 where it came from nowhere.
    line: int = 0

    @property
    def dotted(self) -> str:
        """The path for people, for example ``location.url``, ``steps[0].action`` or ``["a.b"].c``."""
        return dotted(self.path)


@dataclass(frozen=True)
class Options:
    """The module's options that do not come from Kconfig."""

    progress_step_percent: int = 10
    remembered_jobs: int = 8


@dataclass(frozen=True)
class Description:
    """A whole, valid description of the job document."""

    operations: tuple[str, ...]
    foreign: Foreign
    fields: tuple[Field, ...]
    options: Options
    #: The base name of the file it was read from, as generated files name it.
    source: str
    #: That file as the user named it, for messages; nothing that is generated depends on it.
    path: str = field(default="", compare=False)

    @property
    def file(self) -> str:
        """How messages name the file."""
        return self.path or self.source
