# SPDX-License-Identifier: Apache-2.0
"""The transition table in C: the variables of ``engine_table.h`` and ``engine_table.c``.

The table is a text of one-byte words, so that a row costs no more than what it says. What stands for a word is a macro
of ``engine_table.c``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from aws_fota.codegen import engine_words, transitions
from aws_fota.codegen.engine_words import PHASES
from aws_fota.codegen.model import Model
from aws_fota.codegen.transitions import Row


class CRow(NamedTuple):
    """One row: the lines of its words, and for people the phases if they have no name."""

    comment: str
    lines: tuple[str, ...]


class CEvent(NamedTuple):
    """The rows of one event."""

    name: str
    rows: tuple[CRow, ...]


def context(model: Model) -> dict[str, Any]:
    """The template variables of the table: its rows, its words, and what the build has."""
    features = transitions.Features.of(model)
    rows = transitions.rows(features)
    words = engine_words.used(
        guards={row.guard for row in rows},
        effects={row.effect for row in rows},
    )
    sets = _sets(rows)
    return {
        "features": features,
        "phase_sets": [_bits(phases) for phases in sets],
        "transition_events": [
            CEvent(event, tuple(_row(row, sets) for row in rows if row.event == event))
            for event in dict.fromkeys(row.event for row in rows)
        ],
        "transition_words": words,
    }


def _sets(rows: Iterable[Row]) -> tuple[tuple[str, ...], ...]:
    """The sets of more than one phase, without those that are the same in another order."""
    return tuple(dict.fromkeys(_in_order(row.phases) for row in rows if len(row.phases) > 1))


def _in_order(phases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(phases, key=PHASES.index))


def _row(row: Row, sets: tuple[tuple[str, ...], ...]) -> CRow:
    several = len(row.phases) > 1
    head = f"AMONG({sets.index(_in_order(row.phases))})" if several else f"IN({row.phases[0]})"
    words = [
        head,
        *engine_words.guard_words(row.guard),
        *engine_words.effect_words(row.effect),
        *([f"TELL({row.tell})"] if row.tell else []),
        *(["DO(FORGET)"] if "FORGET" in row.does else []),
        *(_deed(name) for name in row.does if name != "FORGET"),
        *([f"TO({row.to})"] if row.to else []),
        *([_then(row.then)] if row.then else []),
    ]
    return CRow(_told(row.phases) if several else "", tuple(_lines(words)))


def _told(phases: tuple[str, ...]) -> str:
    """The phases for people, or which few they are not."""
    others = [phase for phase in PHASES if phase not in phases]
    if len(others) < len(phases):
        return "all but " + ", ".join(others) if others else "all"
    return ", ".join(_in_order(phases))


def _lines(words: Iterable[str]) -> list[str]:
    """The words in lines of no more than 88 characters."""
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > 86:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{word},"
    return lines


def _bits(phases: tuple[str, ...]) -> str:
    others = [phase for phase in PHASES if phase not in phases]
    if len(others) < len(phases):
        return f"0xffffU & ~({_join(others)})" if others else "0xffffU"
    return _join(_in_order(phases))


def _join(phases: Iterable[str]) -> str:
    return " | ".join(f"BIT({phase})" for phase in phases)


def _deed(name: str) -> str:
    request = engine_words.DUES.get(name)
    return f"DUE({request})" if request else f"ACT({name})"


def _then(then: str) -> str:
    return then if then.startswith("FAIL(") else f"THEN({then})"
