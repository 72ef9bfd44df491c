# SPDX-License-Identifier: Apache-2.0
"""The parser's table of words: the names of members, and the texts of enums and schemes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from aws_fota.codegen.naming import c_char

#: Bytes before a word's text: WORD_HEAD of parser_tables.h.j2.
WORD_HEAD = 3
#: Bytes of a word's text: the size of its entry is one byte.
WORD_MAX = 255 - WORD_HEAD
#: Lists begin at multiples of so many bytes: WORD_LIST_UNIT of parser_tables.h.j2.
WORD_LIST_UNIT = 2
#: Bytes of the table that its 16-bit places can reach.
TABLE_MAX = 65535


class DoesNotFit(ValueError):
    """A word or the table is too large; the message says which."""


class Word(NamedTuple):
    """A text, and the node or value that it stands for.

    Attributes:
        text: the bytes behind those that it shares with the word before.
        value: a node's number, or a value from 1.
        shared: how many bytes it shares.
    """

    text: bytes
    value: int
    shared: int

    @property
    def size(self) -> int:
        """Bytes of its entry."""
        return WORD_HEAD + len(self.text)

    @property
    def entry(self) -> str:
        """Its entry, as initialisers in C."""
        return ", ".join([str(self.shared + 1), str(self.size), str(self.value), *map(_byte, self.text)])


def _byte(byte: int) -> str:
    return c_char(byte) if 0x20 <= byte < 0x7F else str(byte)


class WordList(NamedTuple):
    """The words that can stand in one place.

    Attributes:
        name: of the enumerator that says where it begins.
        comment: which place it is.
        words: sorted, so that those with the same beginning follow each other.
        offset: where it begins in the table, in units of :data:`WORD_LIST_UNIT`.
    """

    name: str
    comment: str
    words: tuple[Word, ...]
    offset: int

    @property
    def end(self) -> str:
        """The zeros behind it: one to end it, others to fill its last unit."""
        used = sum(word.size for word in self.words)
        return ", ".join("0" for _ in range(WORD_LIST_UNIT - used % WORD_LIST_UNIT))

    @property
    def size(self) -> int:
        """In units of :data:`WORD_LIST_UNIT`."""
        return sum(word.size for word in self.words) // WORD_LIST_UNIT + 1


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


class WordTable:
    """The lists, in the order in which they were added."""

    def __init__(self) -> None:
        self.lists: list[WordList] = []
        #: In units of :data:`WORD_LIST_UNIT`.
        self.size = 0

    def add(self, name: str, comment: str, words: Iterable[tuple[bytes, int]]) -> str:
        """Add a list and return its name.

        Raises:
            DoesNotFit: a word is longer than :data:`WORD_MAX`, or the table than :data:`TABLE_MAX`.
        """
        made: list[Word] = []
        before = b""
        for text, value in sorted(words):
            if len(text) > WORD_MAX:
                raise DoesNotFit(f"'{text.decode()}' has {len(text)} bytes, more than {WORD_MAX}")
            shared = _shared(before, text)
            made.append(Word(text[shared:], value, shared))
            before = text
        self.lists.append(WordList(name, comment, tuple(made), self.size))
        self.size += self.lists[-1].size
        if self.size * WORD_LIST_UNIT > TABLE_MAX:
            raise DoesNotFit(f"its names and texts need more than {TABLE_MAX} bytes")
        return name

    def add_positions(self, name: str, comment: str, texts: Iterable[str]) -> str:
        """Add a list whose words stand for their positions from 1."""
        return self.add(name, comment, [(text.encode(), position) for position, text in enumerate(texts, start=1)])


def is_odd(text: str) -> bool:
    """Whether JSON must escape a character of `text`, or it is not ASCII: runs of plain bytes do not reach it."""
    return not text.isascii() or any(character in '"\\' for character in text)
