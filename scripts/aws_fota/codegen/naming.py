# SPDX-License-Identifier: Apache-2.0
"""How things from the YAML are spelled in C: the filters of the templates, and what the checks share with them."""

from __future__ import annotations

import re

from aws_fota.jobdoc.model import Field, PathStep

#: What stands behind ``AWS_FOTA_FIELD_`` for the members of the envelope (templates/include/aws_fota/message.h.j2).
ENVELOPE_MACROS = frozenset(
    {
        "MESSAGE",
        "CLIENT_TOKEN",
        "EXECUTION",
        "JOB_ID",
        "STATUS",
        "VERSION_NUMBER",
        "JOB_DOCUMENT",
        "EXECUTION_STATE",
        "CODE",
        "IN_PROGRESS_JOBS",
        "QUEUED_JOBS",
        "END",
    }
)

#: The longest text that :func:`comment` lets into one line of 100 columns.
COMMENT_MAX = 72

_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_MACRO = re.compile(r"[^A-Z0-9]+")


def macro(text: str) -> str:
    """The part of a macro's or enumerator's name that stands for `text`: upper case, digits, single underscores.

    ``fwVersion`` becomes ``FW_VERSION``. A text without any ASCII letter or digit is spelled by its UTF-8 bytes, so
    that something always stands there. Not injective: the checks of the description refuse what falls together.
    """
    name = _NOT_MACRO.sub("_", _WORD_BOUNDARY.sub("_", text).upper()).strip("_")
    return name or "X" + text.encode("utf-8").hex().upper()


def path_macro(path: tuple[PathStep, ...]) -> str:
    """What stands behind ``AWS_FOTA_FIELD_`` for a path; one that the envelope has already gets ``DOCUMENT_``."""
    name = "_".join(macro(str(step)) for step in path)
    return "DOCUMENT_" + name if name in ENVELOPE_MACROS else name


def field_macro(field: Field) -> str:
    """What stands behind ``AWS_FOTA_FIELD_`` for a field of the job document."""
    return path_macro(field.path)


def c_string(text: str | bytes) -> str:
    """A C string literal, quotes included, of the bytes of `text` in UTF-8: printable ASCII, the rest in octal."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    return '"' + "".join(_escaped(byte, '"') for byte in data) + '"'


def c_char(text: str | bytes | int) -> str:
    """A C character constant, quotes included, of one byte.

    Raises:
        ValueError: `text` is not exactly one byte.
    """
    data = bytes([text]) if isinstance(text, int) else text.encode("utf-8") if isinstance(text, str) else text
    if len(data) != 1:
        raise ValueError(f"{text!r} is not one byte")
    return "'" + _escaped(data[0], "'") + "'"


def _escaped(byte: int, quote: str) -> str:
    character = chr(byte)
    if character in (quote, "\\"):
        return "\\" + character
    if character == "?":
        # Two of them begin a trigraph in C99.
        return "\\?"
    # Three octal digits always, so that a digit that follows is not taken along.
    return character if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


def comment(text: str) -> str:
    """`text` for one line inside a C comment: ASCII, unable to end or begin a comment, at most COMMENT_MAX long."""
    safe = text.encode("ascii", "backslashreplace").decode("ascii")
    safe = "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in safe)
    safe = safe.replace("*/", "*\\/").replace("/*", "/\\*")
    return safe if len(safe) <= COMMENT_MAX else safe[: COMMENT_MAX - 3] + "..."
