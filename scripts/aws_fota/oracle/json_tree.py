# SPDX-License-Identifier: Apache-2.0
"""A JSON text as a tree in which everything knows the byte of the message where it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_fota.oracle.outcome import ParseResult


class TextRefused(Exception):
    """The text is not JSON, ends too early or nests too deeply; ``offset`` is the byte."""

    def __init__(self, result: ParseResult, offset: int) -> None:
        super().__init__(f"{result.name} at {offset}")
        self.result = result
        self.offset = offset


@dataclass(frozen=True)
class Text:
    """A string: its content unescaped, and where in the message each character or its escape begins."""

    start: int
    #: The closing quote.
    end: int
    #: Pairs of escaped surrogates are one character; lone ones stay as they are.
    content: str
    offsets: Sequence[int]


@dataclass(frozen=True)
class Number:
    """A number as it is written; ``end`` is the byte after it."""

    start: int
    end: int
    literal: str


@dataclass(frozen=True)
class Literal:
    """``true``, ``false`` or ``null``."""

    start: int
    meaning: bool | None


@dataclass(frozen=True)
class Array:
    """An array with its elements in order."""

    start: int
    elements: tuple[Value, ...]


@dataclass(frozen=True)
class Object:
    """An object with its members in order, those of one name too."""

    start: int
    members: tuple[tuple[str, Value], ...]


Value = Text | Number | Literal | Array | Object
