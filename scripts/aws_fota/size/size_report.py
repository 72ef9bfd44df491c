# SPDX-License-Identifier: Apache-2.0
"""A footprint for people, as a table with bars, and for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from aws_fota.size.budget import Excess
from aws_fota.size.footprint import Footprint, Usage
from aws_fota.size.groups import Group

#: Raised when a program that reads the JSON would have to change.
FORMAT_VERSION = 1

COLUMNS = 100
_BAR = 40
#: Symbols told of those that grew or shrank.
_TOLD = 20


def lines(footprint: Footprint, baseline: Footprint | None) -> Iterator[str]:
    """Table, picture, and what changed since the baseline."""
    how = "" if footprint.mapped else " (no map beside it: by the names of symbols only)"
    yield from _wrapped(f"{footprint.path}{how}")
    if baseline is not None:
        yield from _wrapped(f"since {baseline.path}")
    yield ""
    head = f"{'group':<10}{'flash':>9}{'RAM':>9}{'stack':>9}"
    yield head if baseline is None else f"{head}   since the baseline"
    for group in Group:
        yield _row(group.value, footprint.group(group), None if baseline is None else baseline.group(group))
    yield _row("total", footprint.total, None if baseline is None else baseline.total)
    yield ""
    yield from picture(footprint)
    if baseline is not None:
        yield ""
        yield from growth_lines(footprint, baseline)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, subsequent_indent="  ", break_on_hyphens=False)


def _row(name: str, usage: Usage, before: Usage | None) -> str:
    row = f"{name:<10}{usage.flash:>9}{usage.ram:>9}{usage.stack:>9}"
    if before is None:
        return row
    change = usage - before
    return f"{row}   {change.flash:+} flash, {change.ram:+} RAM"


def picture(footprint: Footprint) -> Iterator[str]:
    """One bar for flash and one for RAM of each group, to one scale."""
    largest = max((max(usage.flash, usage.ram) for usage in map(footprint.group, Group)), default=0)
    for group in Group:
        usage = footprint.group(group)
        for word, bytes_used, mark in (("flash", usage.flash, "#"), ("RAM", usage.ram, "=")):
            if bytes_used:
                # Whatever is there shows.
                length = max(1, round(_BAR * bytes_used / largest))
                yield f"{group.value:<10}{word:<6}{mark * length} {bytes_used}"


def growth(footprint: Footprint, baseline: Footprint) -> list[tuple[Group, str, Usage]]:
    """The symbols that changed, the largest growth first."""
    keys = footprint.symbols.keys() | baseline.symbols.keys()
    changes = [
        (group, name, footprint.symbols.get((group, name), Usage()) - baseline.symbols.get((group, name), Usage()))
        for group, name in keys
    ]
    changed = [change for change in changes if change[2] != Usage()]
    return sorted(changed, key=lambda change: (-change[2].flash - change[2].ram, change[0].value, change[1]))


def growth_lines(footprint: Footprint, baseline: Footprint) -> Iterator[str]:
    """What grew and what shrank, by symbol."""
    changed = growth(footprint, baseline)
    if not changed:
        yield "no symbol changed its size"
        return
    told = changed if len(changed) <= _TOLD else [*changed[: _TOLD // 2], *changed[-_TOLD // 2 :]]
    for group, name, change in told:
        yield f"{change.flash:>+8} flash {change.ram:>+8} RAM  {group.value:<9} {name}"[:COLUMNS]
    if len(told) < len(changed):
        yield f"and {len(changed) - len(told)} symbols between them"


def as_data(footprint: Footprint, baseline: Footprint | None, over: list[Excess]) -> dict[str, Any]:
    """The footprint as JSON has it."""
    data: dict[str, Any] = {
        "version": FORMAT_VERSION,
        "elf": str(footprint.path),
        "machine": footprint.machine,
        "mapped": footprint.mapped,
        "groups": {group.value: vars(footprint.group(group)) for group in Group},
        "total": vars(footprint.total),
        "over": [vars(excess) for excess in over],
        "symbols": [
            {"group": group.value, "name": name, **vars(usage)}
            for (group, name), usage in sorted(
                footprint.symbols.items(), key=lambda item: (item[0][0].value, item[0][1])
            )
        ],
    }
    if baseline is not None:
        data["baseline"] = str(baseline.path)
        data["growth"] = [
            {"group": group.value, "name": name, **vars(change)} for group, name, change in growth(footprint, baseline)
        ]
    return data
