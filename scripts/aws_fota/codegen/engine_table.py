# SPDX-License-Identifier: Apache-2.0
"""The transition table in C: the variables of ``engine_table.h`` and ``engine_table.c``."""

from __future__ import annotations

from typing import Any, NamedTuple

from aws_fota.codegen import engine_words, transitions
from aws_fota.codegen.model import Model
from aws_fota.codegen.transitions import Row

#: Sets of phases that have a name, so that a row stays readable.
_GROUPS = {
    "BOOTED": engine_words.BOOTED,
    "BUSY": engine_words.BUSY,
    "UNREPORTED": engine_words.UNREPORTED,
}


class CRow(NamedTuple):
    """One row as arguments of the macro ROW."""

    event: str
    phases: str
    guard: str
    effect: str
    does: str
    tell: str
    to: str
    then: str


def context(model: Model) -> dict[str, Any]:
    """The template variables of the table: its rows, its words, and what the build has."""
    features = transitions.Features.of(model)
    rows = transitions.rows(features)
    words = engine_words.used(
        guards={row.guard for row in rows},
        effects={row.effect for row in rows},
    )
    return {
        "dues": tuple(engine_words.DUES.items()),
        "features": features,
        "heard_rows": [(name, _phases(phases)) for name, phases in words.heard.items()],
        "phase_groups": [
            ("BOOTED", "0xfffeU"),
            ("BUSY", "(" + _bits(engine_words.BUSY) + ")"),
            ("UNREPORTED", "(BOOTED & ~IN(REPORTING))"),
        ],
        "transition_rows": [_row(row) for row in rows],
        "transition_words": words,
        "transitions": rows,
    }


def _row(row: Row) -> CRow:
    return CRow(
        event=row.event,
        phases=_phases(row.phases),
        guard=row.guard or "ALWAYS",
        effect=row.effect or "NONE",
        does=" | ".join(_deed(name) for name in row.does) or "0",
        tell=f"TELL({row.tell})" if row.tell else "SILENT",
        to=f"TO({row.to})" if row.to else "STAY",
        then=_then(row.then),
    )


def _phases(phases: tuple[str, ...]) -> str:
    for name, group in _GROUPS.items():
        rest = tuple(phase for phase in phases if phase not in group)
        if len(rest) + len(group) == len(phases):
            return " | ".join([*(f"IN({phase})" for phase in rest), name])
    return _bits(phases)


def _bits(phases: tuple[str, ...]) -> str:
    return " | ".join(f"IN({phase})" for phase in phases)


def _deed(name: str) -> str:
    return name if name == "FORGET" or name in engine_words.DUES else f"DO({name})"


def _then(then: str) -> str:
    if not then:
        return "END"
    return then if then.startswith("FAIL(") else f"THEN({then})"
