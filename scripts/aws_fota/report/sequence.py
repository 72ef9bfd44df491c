# SPDX-License-Identifier: Apache-2.0
"""The messages of an update in the order they went, with repeated range requests folded into one loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aws_fota.report.sequence_words import label, many_label
from aws_fota.report.trace import APPLICATION, BOOTLOADER, JOBS, MODULE, STORAGE, Entry

#: The lifelines, from left to right, with their names in two lines.
LIFELINES = {
    APPLICATION: ("device", "application"),
    MODULE: ("aws_fota", "module"),
    JOBS: ("AWS IoT Jobs", "(MQTT)"),
    STORAGE: ("S3", "(HTTP)"),
    BOOTLOADER: ("MCUboot", "bootloader"),
}

#: Fewer ranges in a row than this are drawn one by one.
_FOLDED_FROM = 3


@dataclass(frozen=True)
class Arrow:
    """One message, or a step that somebody does alone when `source` is `target`; `answer` draws it dashed."""

    source: str
    target: str
    label: str
    answer: bool = False


@dataclass(frozen=True)
class Loop:
    """Messages that went again and again."""

    title: str
    arrows: tuple[Arrow, ...]


Step = Arrow | Loop


def printable(words: str) -> str:
    """`words` without anything that would move a cursor or that XML cannot hold: it came from elsewhere."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in words)


def sequence(entries: Iterable[Entry]) -> tuple[Step, ...]:
    """What is worth drawing of a trace."""
    steps: list[Step] = []
    run: list[Entry] = []
    for entry in entries:
        if not label(entry):
            continue
        if _repeats(entry):
            run.append(entry)
        else:
            steps.extend(_folded(run))
            run = []
            steps.append(_arrow(entry))
    return (*steps, *_folded(run))


def _repeats(entry: Entry) -> bool:
    """Whether an entry is part of what goes on while range after range arrives."""
    if entry.what == "TELL":
        return entry.name == "PROGRESS"
    if entry.what == "PUBLISH":
        reports = entry.name.endswith("/update") and entry.facts.get("status") == "IN_PROGRESS"
        return reports or entry.name.endswith("/update/accepted")
    return entry.what == "GET" or (entry.what == "RESPONSE" and entry.facts.get("status") == 206)


def _folded(run: Sequence[Entry]) -> list[Step]:
    gets = [i for i, entry in enumerate(run) if entry.what == "GET"]
    if len(gets) < _FOLDED_FROM:
        return [_arrow(entry) for entry in run]
    before, looped = run[: gets[0]], run[gets[0] :]
    alike: dict[tuple[str, ...], list[Entry]] = {}
    for entry in looped:
        alike.setdefault(_kind(entry), []).append(entry)
    sizes = Counter(_length(entry) for entry in looped if entry.what == "GET")
    title = f"{len(gets)} times: GET of {sizes.most_common(1)[0][0]} bytes"
    arrows = tuple(
        Arrow(group[0].source, group[0].target, many_label(group, len(gets)), _answers(group[0]))
        for group in alike.values()
    )
    return [*(_arrow(entry) for entry in before), Loop(title, arrows)]


def _kind(entry: Entry) -> tuple[str, ...]:
    return (entry.what, entry.source, entry.name)


def _length(entry: Entry) -> int:
    start, _, end = str(entry.facts.get("range", "0-0")).partition("-")
    return int(end) - int(start) + 1


def _arrow(entry: Entry) -> Arrow:
    return Arrow(entry.source, entry.target, label(entry), _answers(entry))


def _answers(entry: Entry) -> bool:
    return entry.what in ("SUBACK", "RESPONSE") or (
        entry.what == "PUBLISH" and entry.name.endswith(("/accepted", "/rejected"))
    )
