# SPDX-License-Identifier: Apache-2.0
"""The transition table of a compiled engine, taken apart and put together again, for tests that break it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

#: ``enum aws_fota_word``: where events and rows begin.
_ON = 0x80
_IN = 0xC0
_AMONG = 0xD0
#: Bytes that follow a word which looks at a member of the engine, or sets it.
_OPERANDS = 2


class Bases(NamedTuple):
    """The numbers in ``enum aws_fota_word`` from which on the kinds of words stand in a build."""

    set: int
    forget: int
    act: int
    due: int
    tell: int
    to: int
    then: int


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        event: number in ``enum aws_fota_event``.
        phases: one bit for each ``enum aws_fota_phase``.
        guard: its words.
        effect: its words.
        tell: number in ``enum aws_fota_tell``, or none.
        deeds: words of FORGET, the actions and the requests that become due, in the order of their numbers.
        to: number in ``enum aws_fota_phase``, or none.
        then: number in ``enum aws_fota_event`` or above, or none.
    """

    event: int
    phases: int
    guard: bytes = b""
    effect: bytes = b""
    tell: int | None = None
    deeds: frozenset[int] = frozenset()
    to: int | None = None
    then: int | None = None


@dataclass(frozen=True)
class Table:
    """A table: its rows in order, and the numbers of its build."""

    rows: tuple[Row, ...]
    bases: Bases

    @classmethod
    def decode(cls, rules: bytes, sets: Sequence[int], bases: Bases) -> Table:
        """Take a table apart."""
        rows = []
        event = 0
        at = 0
        while at < len(rules):
            if rules[at] < _IN:
                event = rules[at] - _ON
                at += 1
                continue
            end = next(place for place in range(at + 1, len(rules)) if rules[place] >= _ON)
            head = rules[at]
            phases = sets[head - _AMONG] if head >= _AMONG else 1 << head - _IN
            rows.append(_row(event, phases, rules[at + 1 : end], bases))
            at = end
        return cls(tuple(rows), bases)

    def encode(self) -> tuple[bytes, list[int]]:
        """Put a table together: its words and its sets of phases. Rows of one event stand together."""
        sets: list[int] = []
        rules = bytearray()
        for event, rows in groupby(self.rows, key=lambda row: row.event):
            rules.append(_ON + event)
            for row in rows:
                if row.phases not in sets:
                    sets.append(row.phases)
                rules.append(_AMONG + sets.index(row.phases))
                rules += self._words(row)
        rules.append(_ON)
        return bytes(rules), sets

    def _words(self, row: Row) -> bytes:
        bases = self.bases
        words = bytearray(row.guard + row.effect)
        words += bytes([bases.tell + row.tell] if row.tell is not None else [])
        words += bytes(sorted(row.deeds))
        words += bytes([bases.to + row.to] if row.to is not None else [])
        words += bytes([bases.then, row.then] if row.then is not None else [])
        return bytes(words)


def _row(event: int, phases: int, words: bytes, bases: Bases) -> Row:
    guard = bytearray()
    effect = bytearray()
    deeds = set()
    tell = to = then = None
    at = 0
    while at < len(words):
        word = words[at]
        size = 1
        if word == bases.then:
            size = 2
            then = words[at + 1]
        elif word >= bases.to:
            to = word - bases.to
        elif bases.tell <= word:
            tell = word - bases.tell
        elif bases.forget <= word:
            deeds.add(word)
        elif word >= bases.set:
            # The one behind it counts a member up.
            size += _OPERANDS if word == bases.set else int(word == bases.set + 1)
            effect += words[at : at + size]
        else:
            # Two words look at a member, at least a number and below it.
            size += _OPERANDS if word <= 1 else 0
            guard += words[at : at + size]
        at += size
    return Row(event, phases, bytes(guard), bytes(effect), tell, frozenset(deeds), to, then)
