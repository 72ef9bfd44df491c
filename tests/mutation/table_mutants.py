# SPDX-License-Identifier: Apache-2.0
"""Transition tables with one thing broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from aws_fota.codegen import transitions as data
from aws_fota.codegen.engine_words import DUES, PHASES
from differential.engine_table import Bases, Row, Table

#: Words of a row besides guard, effect, event and phase: FORGET, actions by ``enum aws_fota_action_id``, and what
#: becomes due by ``enum aws_fota_request``.
_ACTIONS = {
    1: "ABORT",
    2: "PERSIST",
    3: "CLEAR",
    5: "ERASE",
    6: "FETCH",
    7: "RECEIVE",
    8: "VERIFY",
    9: "REQUEST_UPGRADE",
    10: "CONFIRM_IMAGE",
}
_REQUESTS = dict(enumerate(DUES, start=2))
#: What is also added where it does not belong. Of work a step yields one at most, and most requests that are due
#: without need make no difference to what the service is told.
_ADDED = {"FORGET", "ABORT", "PERSIST", "CLEAR"}
_TELLS = 10


@dataclass(frozen=True)
class Mutant:
    """One broken table.

    Attributes:
        row: the row that is broken, as data.
        what: what is broken, for people and for the list of explained survivors.
        table: the whole broken table.
    """

    row: data.Row
    what: str
    table: Table

    @property
    def name(self) -> str:
        """The row and what is broken about it."""
        few = " in " + " ".join(self.row.phases) if len(self.row.phases) <= 4 else ""
        condition = f" if {self.row.guard}" if self.row.guard else ""
        return f"{self.row.event}{few}{condition}: {self.what}"


def mutants(rows: Sequence[data.Row], table: Table) -> Iterator[Mutant]:
    """Every mutant of a build: `rows` as data, `table` as its program has it."""
    for number, (row, compiled) in enumerate(zip(rows, table.rows, strict=True)):
        before, after = table.rows[:number], table.rows[number + 1 :]
        yield Mutant(row, "missing", replace(table, rows=(*before, *after)))
        for what, broken in _broken(row, compiled, table.bases):
            yield Mutant(row, what, replace(table, rows=(*before, broken, *after)))
        if number + 1 < len(rows) and _meet(row, rows[number + 1]):
            swapped = (*before, after[0], compiled, *after[1:])
            yield Mutant(row, "behind the next row", replace(table, rows=swapped))


def _meet(row: data.Row, other: data.Row) -> bool:
    return row.event == other.event and bool(set(row.phases) & set(other.phases))


def _broken(row: data.Row, compiled: Row, bases: Bases) -> Iterator[tuple[str, Row]]:
    if row.guard:
        yield "without its condition", replace(compiled, guard=b"")
    if row.effect:
        yield "without its effect", replace(compiled, effect=b"")
    for word, deed in _deeds(bases).items():
        if word in compiled.deeds:
            yield f"without {deed}", replace(compiled, deeds=compiled.deeds - {word})
        elif deed in _ADDED and not row.then:
            yield f"with {deed}", replace(compiled, deeds=compiled.deeds | {word})
    if compiled.tell is not None:
        yield "without its event", replace(compiled, tell=None)
        yield "with another event", replace(compiled, tell=(compiled.tell + 1) % _TELLS)
    if row.to:
        yield "without its phase", replace(compiled, to=None)
        other = "IDLE" if row.to != "IDLE" else "REPORTING"
        yield f"to {other}", replace(compiled, to=PHASES.index(other))
    if row.then:
        yield "without what follows", replace(compiled, then=None)
    for phase in row.phases if len(row.phases) > 1 else ():
        yield f"not in {phase}", replace(compiled, phases=compiled.phases & ~(1 << PHASES.index(phase)))


def _deeds(bases: Bases) -> dict[int, str]:
    """The words of a build that are deeds."""
    actions = {bases.act + number: name for number, name in _ACTIONS.items()}
    return {bases.forget: "FORGET", **actions, **{bases.due + number: name for number, name in _REQUESTS.items()}}
