# SPDX-License-Identifier: Apache-2.0
"""How things from the YAML are written in C: the filters of the templates."""

from __future__ import annotations

from aws_fota.jobdoc.c_names import path_macro
from aws_fota.jobdoc.model import Field

#: The longest text that :func:`comment` lets into one line of 100 columns.
COMMENT_MAX = 72


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
