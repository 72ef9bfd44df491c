# SPDX-License-Identifier: Apache-2.0
"""The parser's table of words, a trie: the names of members, and the texts of enums and schemes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from aws_fota.codegen.naming import c_char

#: Bytes of a word's text: as deep as a trie is built by recursion.
WORD_MAX = 255
#: Lists begin at multiples of so many entries, WORD_LIST_UNIT of parser_tables.h.j2: the least with which all places
#: fit a byte, or the first one.
WORD_LIST_UNITS = (2, 4, 8)
#: What the distances can reach: in an entry of 16 bits one bit says that another branch follows.
TABLE_MAX = 32767
#: In a table of bytes a value must be less than a character, or takes a byte more; a distance must fit a byte.
NARROW_VALUE_MAX = 31
NARROW_DISTANCE_MAX = 255
#: What stands for the first element of an array in a table of bytes: ELEMENT() of parser_tables.h.j2.
NARROW_ELEMENT = 0x30


class DoesNotFit(ValueError):
    """A word or the table is too large; the message says which."""


class Entry(NamedTuple):
    """One entry of the trie, and the one that says how far the next branch is.

    Attributes:
        byte: of the texts; None where one ends.
        value: what a text stands for that ends here.
        distance: from this entry to the next branch, 0 for the last branch.
        is_long: whether the value has an entry of its own.
    """

    byte: int | None
    value: int
    distance: int
    is_long: bool

    @property
    def size(self) -> int:
        """How many entries of the table it takes."""
        return (2 if self.distance else 1) + self.is_long

    @property
    def text(self) -> str:
        """As C initialises it."""
        if self.byte is None:
            plain = "LONG_END" if self.is_long else f"END({self.value})"
        else:
            plain = c_char(self.byte) if 0x20 <= self.byte < 0x7F else str(self.byte)
        first = f"OR({plain}, {self.distance})" if self.distance else plain
        return f"{first}, {self.value}" if self.is_long else first

    @property
    def is_narrow(self) -> bool:
        """Whether a table of bytes can hold it."""
        if self.distance > NARROW_DISTANCE_MAX:
            return False
        return self.byte is None or (0x20 <= self.byte < 0x7F and chr(self.byte) not in '"\\')


class WordList(NamedTuple):
    """The words that can stand in one place.

    Attributes:
        name: of the enumerator that says where it begins.
        comment: which place it is.
        entries: of its trie.
        offset: where it begins in the table, in units.
        unit: entries of a unit.
    """

    name: str
    comment: str
    entries: tuple[Entry, ...]
    offset: int
    unit: int

    @property
    def rows(self) -> Iterator[str]:
        """The entries as C initialises them, the rest of a word in a row, and what fills the last unit."""
        row: list[str] = []
        for entry in self.entries:
            if entry.distance and len(row) > 1:
                yield ", ".join(row)
                row = []
            row.append(entry.text)
            if entry.byte is None:
                yield ", ".join(row)
                row = []
        if self.size % self.unit:
            yield ", ".join("0" * (-self.size % self.unit))

    @property
    def size(self) -> int:
        """How many entries of the table it takes."""
        return sum(entry.size for entry in self.entries)


class _Place(NamedTuple):
    """What is known of a list before it is known how wide the table is."""

    name: str
    comment: str
    words: tuple[tuple[bytes, int], ...]
    of_elements: bool


# The table is measured many times on the way to its form.
@lru_cache(maxsize=512)
def _entries(place: _Place, *, narrow: bool) -> tuple[Entry, ...]:
    """The entries of a list's trie."""
    words = list(place.words)
    if narrow and place.of_elements:
        words = [(bytes([(text[0] + NARROW_ELEMENT) % 256]), value) for text, value in words]
    return tuple(_trie(words, NARROW_VALUE_MAX if narrow else TABLE_MAX))


def _trie(words: list[tuple[bytes, int]], value_max: int) -> list[Entry]:
    """The entries for sorted words: each branch is its byte and what follows it.

    A value above `value_max` takes an entry of its own.
    """
    branches: list[tuple[int | None, int, list[Entry]]] = []
    for first, group in groupby(words, key=lambda word: word[0][:1]):
        members = list(group)
        if first:
            branches.append((first[0], 0, _trie([(text[1:], value) for text, value in members], value_max)))
        else:
            branches.append((None, members[0][1], []))
    entries: list[Entry] = []
    for place, (byte, value, below) in enumerate(branches):
        is_long = value > value_max
        distance = 0 if place == len(branches) - 1 else 2 + is_long + sum(entry.size for entry in below)
        entries += [Entry(byte, value, distance, is_long), *below]
    return entries


class WordTable:
    """The lists. The shortest come first in the table, so that most begin at places that fit a byte."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        # Entries of a table of 16 bits.
        self._size = 0

    def lists(self, unit: int) -> tuple[WordList, ...]:
        """The lists in the order of the table, each at a multiple of `unit` entries."""
        narrow = self.is_narrow
        placed: list[WordList] = []
        offset = 0
        made = [(place, _entries(place, narrow=narrow)) for place in self._places]
        for place, entries in sorted(made, key=lambda one: len(one[1])):
            placed.append(WordList(place.name, place.comment, entries, offset, unit))
            offset += -(-placed[-1].size // unit)
        return tuple(placed)

    @property
    def unit(self) -> int:
        """The one of :data:`WORD_LIST_UNITS` to choose where nothing else needs more than a byte."""
        fitting = (unit for unit in WORD_LIST_UNITS if self.lists(unit)[-1].offset <= 255)
        return next(fitting, WORD_LIST_UNITS[0])

    @property
    def is_narrow(self) -> bool:
        """Whether a table of bytes can hold all of it."""
        return all(entry.is_narrow for place in self._places for entry in _entries(place, narrow=True))

    @property
    def has_long_values(self) -> bool:
        """Whether a value has an entry of its own."""
        return any(entry.is_long for words in self.lists(WORD_LIST_UNITS[0]) for entry in words.entries)

    def add(self, name: str, comment: str, words: Iterable[tuple[bytes, int]], *, of_elements: bool = False) -> str:
        """Add a list and return its name.

        Args:
            of_elements: whether each word is one byte, the index of an array's element.

        Raises:
            DoesNotFit: a word is longer than :data:`WORD_MAX`, or the table than :data:`TABLE_MAX`.
        """
        ordered = sorted(words)
        for text, _ in ordered:
            if len(text) > WORD_MAX:
                raise DoesNotFit(f"'{text.decode()}' has {len(text)} bytes, more than {WORD_MAX}")
        place = _Place(name, comment, tuple(ordered), of_elements)
        self._places.append(place)
        self._size += sum(entry.size for entry in _entries(place, narrow=False))
        # So no distance inside it is greater either.
        if self._size > TABLE_MAX:
            raise DoesNotFit(f"its names and texts need more than {TABLE_MAX} entries")
        return name

    def add_positions(self, name: str, comment: str, texts: Iterable[str]) -> str:
        """Add a list whose words stand for their positions from 1."""
        return self.add(name, comment, [(text.encode(), position) for position, text in enumerate(texts, start=1)])
