# SPDX-License-Identifier: Apache-2.0
"""The rules of single values by ``doc/parser.md``: what each type accepts, and which byte breaks it.

A rule takes a value of the message and returns what it stands for, or raises :class:`Violated`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aws_fota.jobdoc.model import Field, FieldType
from aws_fota.oracle.json_tree import Literal, Number, Text, Value
from aws_fota.oracle.outcome import JobStatus, JobValue, ParseResult, Refusal

Rule = Callable[[Value], JobValue]

U32_MAX = 2**32 - 1
#: The magnitude of the least i32.
I32_MAGNITUDE_MAX = 2**31

LOWERCASE_HEX = "0123456789abcdef"
ANY_HEX = "0123456789abcdefABCDEF"
JOB_ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
JOB_ID_LENGTH_MAX = 64
CLIENT_TOKEN_DIGITS = 8


class Violated(Exception):
    """A value breaks its rule; ``offset`` is the byte that does."""

    def __init__(self, result: ParseResult, offset: int) -> None:
        super().__init__(f"{result.name} at {offset}")
        self.result = result
        self.offset = offset


def text_of(value: Value) -> Text:
    """The value as a string, or *wrong type*."""
    if not isinstance(value, Text):
        raise Violated(ParseResult.WRONG_TYPE, value.start)
    return value


def string(value: Value, max_length: int, control_characters: bool) -> str:
    """A text of at most ``max_length`` bytes of UTF-8; control characters but U+0000 only if asked for."""
    text = text_of(value)
    used = 0
    for character, offset in zip(text.content, text.offsets, strict=True):
        surrogate = "\ud800" <= character <= "\udfff"
        control = character < " " or character == "\x7f"
        if surrogate or character == "\0" or (control and not control_characters):
            raise Violated(ParseResult.WRONG_VALUE, offset)
        used += len(character.encode("utf-8"))
        if used > max_length:
            raise Violated(ParseResult.TOO_LONG, offset)
    return text.content


def word(value: Value, words: Sequence[str]) -> int:
    """The position of the text in ``words``, from 1."""
    text = text_of(value)
    for length, offset in enumerate(text.offsets, start=1):
        if not any(known.startswith(text.content[:length]) for known in words):
            raise Violated(ParseResult.WRONG_VALUE, offset)
    if text.content not in words:
        raise Violated(ParseResult.WRONG_VALUE, text.end)
    return words.index(text.content) + 1


def drawn_from(value: Value, alphabet: str, minimum: int, maximum: int) -> str:
    """``minimum`` to ``maximum`` characters of an alphabet."""
    text = text_of(value)
    for length, (character, offset) in enumerate(zip(text.content, text.offsets, strict=True), start=1):
        if character not in alphabet or length > maximum:
            raise Violated(ParseResult.WRONG_VALUE, offset)
    if len(text.content) < minimum:
        raise Violated(ParseResult.WRONG_VALUE, text.end)
    return text.content


def digest(value: Value, size: int) -> bytes:
    """``size`` bytes as hexadecimal digits of either case."""
    return bytes.fromhex(drawn_from(value, ANY_HEX, 2 * size, 2 * size))


def boolean(value: Value) -> bool:
    """``true`` or ``false``."""
    if not isinstance(value, Literal) or value.meaning is None:
        raise Violated(ParseResult.WRONG_TYPE, value.start)
    return value.meaning


def integer(value: Value, minimum: int, maximum: int, *, signed: bool) -> int:
    """An integer without fraction and exponent, in bounds."""
    if not isinstance(value, Number):
        raise Violated(ParseResult.WRONG_TYPE, value.start)
    negative = value.literal.startswith("-")
    digits_max = I32_MAGNITUDE_MAX if negative and signed else maximum
    magnitude = 0
    for offset, character in enumerate(value.literal, start=value.start):
        if character in ".eE":
            raise Violated(ParseResult.WRONG_TYPE, offset)
        if character != "-":
            magnitude = 10 * magnitude + int(character)
            if magnitude > digits_max:
                raise Violated(ParseResult.OUT_OF_RANGE, offset)
    number = -magnitude if negative else magnitude
    if not minimum <= number <= maximum or (number < 0 and not signed):
        raise Violated(ParseResult.OUT_OF_RANGE, value.end)
    return number


def client_token(value: Value) -> int:
    """The clientToken of a request of this device: a u32 as 8 lowercase hexadecimal digits."""
    return int(drawn_from(value, LOWERCASE_HEX, CLIENT_TOKEN_DIGITS, CLIENT_TOKEN_DIGITS), 16)


def job_id(value: Value) -> str:
    """A jobId by the service's contract."""
    return drawn_from(value, JOB_ID_CHARACTERS, 1, JOB_ID_LENGTH_MAX)


def status(value: Value) -> int:
    """A job execution's status: its number in :class:`JobStatus`."""
    return word(value, [known.name for known in JobStatus if known is not JobStatus.NONE])


def code(value: Value) -> int:
    """The code of a refusal: its number in :class:`Refusal`."""
    return word(value, [known.text for known in Refusal if known is not Refusal.NONE])


def version_number(value: Value) -> int:
    """A job execution's versionNumber."""
    return integer(value, 1, U32_MAX, signed=False)


def rule_of(field: Field) -> Rule:
    """The rule of a field whose type is none of the URL's four; those need the build's limits: see ``url.py``."""
    rules: dict[FieldType, Rule] = {
        FieldType.STRING: lambda value: string(value, field.max_length, field.control_characters),
        FieldType.U32: lambda value: integer(value, field.minimum, field.maximum, signed=False),
        FieldType.I32: lambda value: integer(value, field.minimum, field.maximum, signed=True),
        FieldType.U64: lambda value: integer(value, field.minimum, field.maximum, signed=False),
        FieldType.BOOL: boolean,
        FieldType.ENUM: lambda value: word(value, field.values),
        FieldType.HEX: lambda value: digest(value, field.size),
    }
    return rules[field.type]
