# SPDX-License-Identifier: Apache-2.0
"""Transition tables with one thing broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from aws_fota.codegen import engine_words
from aws_fota.codegen import transitions as data
from aws_fota.codegen.engine_words import DUES, PHASES, Words
from differential.engine_process import Row

#: Bits of `does`: FORGET, the actions, the requests that become due.
_DEEDS = {
    0: "FORGET",
    1: "ABORT",
    2: "PERSIST",
    3: "CLEAR",
    5: "ERASE",
    6: "FETCH",
    7: "RECEIVE",
    8: "VERIFY",
    9: "REQUEST_UPGRADE",
    10: "CONFIRM_IMAGE",
    **{11 + number: name for number, name in enumerate(DUES)},
}
#: What is also added where it does not belong. Of work a step yields one at most, and most requests that are due
#: without need make no difference to what the service is told.
_ADDED = {0, 1, 2, 3}
_TELLS = 10


@dataclass(frozen=True)
class Mutant:
    """One broken table.

    Attributes:
        row: the row that is broken, as data.
        what: what is broken, for people and for the list of explained survivors.
        table: all rows.
    """

    row: data.Row
    what: str
    table: tuple[Row, ...]

    @property
    def name(self) -> str:
        """The row and what is broken about it."""
        few = " in " + " ".join(self.row.phases) if len(self.row.phases) <= 4 else ""
        condition = f" if {self.row.guard}" if self.row.guard else ""
        return f"{self.row.event}{few}{condition}: {self.what}"


def mutants(rows: Sequence[data.Row], table: Sequence[Row], words: Words) -> Iterator[Mutant]:
    """Every mutant of a build: `rows` as data, `table` as its program has it."""
    for number, (row, compiled) in enumerate(zip(rows, table, strict=True)):
        for what, broken in _broken(row, compiled, words):
            yield Mutant(row, what, (*table[:number], broken, *table[number + 1 :]))
        if number + 1 < len(rows) and _meet(row, rows[number + 1]):
            swapped = (*table[:number], table[number + 1], compiled, *table[number + 2 :])
            yield Mutant(row, "behind the next row", swapped)


def _meet(row: data.Row, other: data.Row) -> bool:
    return row.event == other.event and bool(set(row.phases) & set(other.phases))


def _broken(row: data.Row, compiled: Row, words: Words) -> Iterator[tuple[str, Row]]:
    yield "missing", replace(compiled, event=list(words.events).index("NONE"))
    if row.guard:
        yield "without its condition", replace(compiled, guard=0)
    if row.effect:
        yield "without its effect", replace(compiled, effect=0)
    for bit, deed in _DEEDS.items():
        if compiled.does >> bit & 1:
            yield f"without {deed}", replace(compiled, does=compiled.does & ~(1 << bit))
        elif bit in _ADDED and not row.then:
            yield f"with {deed}", replace(compiled, does=compiled.does | 1 << bit)
    if row.tell:
        yield "without its event", replace(compiled, tell=0)
        yield "with another event", replace(compiled, tell=compiled.tell % _TELLS + 1)
    if row.to:
        yield "without its phase", replace(compiled, to=0)
        other = "IDLE" if row.to != "IDLE" else "REPORTING"
        yield f"to {other}", replace(compiled, to=PHASES.index(other))
    if row.then:
        yield "without what follows", replace(compiled, then=0)
    for phase in row.phases if len(row.phases) > 1 else ():
        yield f"not in {phase}", replace(compiled, phases=compiled.phases & ~(1 << PHASES.index(phase)))


def words_of(rows: Sequence[data.Row]) -> Words:
    """The words of a build with these rows."""
    return engine_words.used({row.guard for row in rows}, {row.effect for row in rows})
