# SPDX-License-Identifier: Apache-2.0
"""A sequence as text: arrows on the left, words on the right, at most 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aws_fota.report.sequence import LIFELINES, Arrow, Step, printable

COLUMNS = 100
_SPACING = 12
_FIRST = 7
_POSITIONS = {name: _FIRST + i * _SPACING for i, name in enumerate(LIFELINES)}
#: Where the arrows end and the words begin.
_WORDS_FROM = _FIRST + (len(LIFELINES) - 1) * _SPACING + 3


@dataclass(frozen=True)
class Glyphs:
    """The characters that lines are drawn with."""

    lifeline: str
    line: str
    dashed: str
    right: str
    left: str
    alone: str
    loop: str


UNICODE = Glyphs("│", "─", "╌", "▶", "◀", "◆", "┃")
ASCII = Glyphs("|", "-", ".", ">", "<", "*", "#")


def text_diagram(steps: Sequence[Step], encoding: str = "utf-8") -> str:
    """The whole diagram, each line ending in a newline.

    Args:
        steps: what to draw.
        encoding: of the terminal; where it lacks the box characters, ASCII is used.
    """
    try:
        "".join(vars(UNICODE).values()).encode(encoding)
        glyphs = UNICODE
    except (UnicodeEncodeError, LookupError):
        glyphs = ASCII
    text = "".join(f"{line.rstrip()}\n" for line in _lines(steps, glyphs))
    return text if glyphs is UNICODE else text.encode("ascii", "replace").decode("ascii")


def _lines(steps: Sequence[Step], glyphs: Glyphs) -> Iterator[str]:
    for row in range(2):
        yield _headings(row)
    for step in steps:
        if isinstance(step, Arrow):
            yield from _arrow(step, glyphs, "")
            continue
        yield from _beside(_rule(glyphs), step.title, "")
        for arrow in step.arrows:
            yield from _arrow(arrow, glyphs, glyphs.loop)
        yield _rule(glyphs)
    yield _lifelines(glyphs, "")


def _headings(row: int) -> str:
    cells = [" "] * COLUMNS
    for name, position in _POSITIONS.items():
        words = LIFELINES[name][row]
        start = position - len(words) // 2
        cells[start : start + len(words)] = words
    return "".join(cells)


def _lifelines(glyphs: Glyphs, margin: str) -> str:
    cells = [" "] * _WORDS_FROM
    cells[0 : len(margin)] = margin
    for position in _POSITIONS.values():
        cells[position] = glyphs.lifeline
    return "".join(cells)


def _rule(glyphs: Glyphs) -> str:
    return glyphs.loop + glyphs.line * (_WORDS_FROM - 3) + "  "


def _arrow(arrow: Arrow, glyphs: Glyphs, margin: str) -> Iterator[str]:
    cells = list(_lifelines(glyphs, margin))
    source, target = _POSITIONS[arrow.source], _POSITIONS[arrow.target]
    if source == target:
        cells[source] = glyphs.alone
    else:
        low, high = sorted((source, target))
        cells[low + 1 : high] = (glyphs.dashed if arrow.answer else glyphs.line) * (high - low - 1)
        if target > source:
            cells[high - 1] = glyphs.right
        else:
            cells[low + 1] = glyphs.left
    yield from _beside("".join(cells), arrow.label, _lifelines(glyphs, margin))


def _beside(drawn: str, words: str, below: str) -> Iterator[str]:
    rows = textwrap.wrap(printable(words), COLUMNS - _WORDS_FROM, subsequent_indent="  ") or [""]
    yield drawn + rows[0]
    for row in rows[1:]:
        yield below.ljust(_WORDS_FROM) + row
