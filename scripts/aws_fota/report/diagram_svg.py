# SPDX-License-Identifier: Apache-2.0
"""A sequence as an SVG file: self-contained, black on white, its text set so that nothing overlaps.

Labels are set in a monospaced font, whose width is known to within a few percent on every system, and wrapped to the
room between two lifelines.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from xml.sax.saxutils import escape

from aws_fota.report.sequence import LIFELINES, Arrow, Loop, Step, printable

#: Pixels. The widest common monospaced fonts take 0.61 of their size for a character.
_FONT = 11
_CHARACTER = _FONT * 0.61
_LINE = 14
_GAP = 236
_MARGIN = 110
_HEADING_TOP = 48
_HEADING_HEIGHT = 40
_HEADING_WIDTH = 150
_BETWEEN = 12
_SELF_WIDTH = 18

_POSITIONS = {name: _MARGIN + i * _GAP for i, name in enumerate(LIFELINES)}
_WIDTH = 2 * _MARGIN + (len(LIFELINES) - 1) * _GAP
_EDGE = 14
_PAPER = "#fff"
_LOOP_PAPER = "#f6f8e8"

_STYLE = f"""
text {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, "Courier New", monospace; font-size: {_FONT}px; fill: #111; }}
.title {{ font-size: 15px; font-weight: bold; }}
.name {{ font-size: 12px; font-weight: bold; text-anchor: middle; }}
.label {{ text-anchor: middle; }}
.left-of {{ text-anchor: end; }}
.loop-title {{ font-weight: bold; }}
.box {{ fill: #eef2f7; stroke: #33506f; }}
.life {{ stroke: #9aa7b5; stroke-dasharray: 2 3; }}
.arrow {{ stroke: #111; fill: none; }}
.answer {{ stroke-dasharray: 6 4; }}
.loop {{ fill: {_LOOP_PAPER}; stroke: #7c8a2e; }}
.paper {{ fill: {_PAPER}; }}
"""


class _Drawing:
    def __init__(self) -> None:
        self.y: float = _HEADING_TOP + _HEADING_HEIGHT + _BETWEEN
        self.below: list[str] = []
        self.above: list[str] = []

    def step(self, step: Step) -> None:
        if isinstance(step, Loop):
            self._loop(step)
        else:
            self._arrow(step, _PAPER)

    def _loop(self, loop: Loop) -> None:
        top = self.y
        self.y += _LINE + _BETWEEN
        self.above.append(_text(_EDGE + 8, top + _LINE, f"loop {loop.title}", "loop-title"))
        for arrow in loop.arrows:
            self._arrow(arrow, _LOOP_PAPER)
        width, height = _WIDTH - 2 * _EDGE, self.y - top
        self.below.append(f'<rect class="loop" x="{_EDGE}" y="{top:g}" width="{width}" height="{height:g}" rx="4"/>')
        self.y += _BETWEEN

    def _arrow(self, arrow: Arrow, paper: str) -> None:
        source, target = _POSITIONS[arrow.source], _POSITIONS[arrow.target]
        if source == target:
            self._alone(arrow.label, source)
            return
        rows = _wrapped(arrow.label, abs(target - source) - 20)
        self._rows(rows, (source + target) / 2, paper)
        kind = "arrow answer" if arrow.answer else "arrow"
        end = target - 1 if target > source else target + 1
        self.above.append(f'<path class="{kind}" marker-end="url(#head)" d="M {source} {self.y:g} H {end}"/>')
        self.y += _BETWEEN

    def _alone(self, words: str, at: int) -> None:
        rows = _wrapped(words, _GAP - _SELF_WIDTH - 26)
        top = self.y + 4
        height = max(len(rows) * _LINE, 16)
        # There is no room to the right of the last lifeline.
        side, anchor = (-1, "left-of") if at == max(_POSITIONS.values()) else (1, "")
        self.above.append(
            f'<path class="arrow" marker-end="url(#head)" '
            f'd="M {at} {top:g} h {side * _SELF_WIDTH} v {height} H {at + side}"/>'
        )
        for i, row in enumerate(rows):
            self.above.append(_text(at + side * (_SELF_WIDTH + 8), top + 11 + i * _LINE, row, anchor))
        self.y = top + height + _BETWEEN

    def _rows(self, rows: Sequence[str], centre: float, paper: str) -> None:
        for row in rows:
            width = len(row) * _CHARACTER + 6
            x = centre - width / 2
            # Paper behind the words, so that a lifeline does not run through them.
            self.above.append(f'<rect fill="{paper}" x="{x:.1f}" y="{self.y:g}" width="{width:.1f}" height="{_LINE}"/>')
            self.above.append(_text(centre, self.y + _FONT, row, "label"))
            self.y += _LINE
        self.y += 3


def svg_diagram(steps: Sequence[Step], title: str) -> bytes:
    """The drawing as an SVG 1.1 document."""
    drawing = _Drawing()
    for step in steps:
        drawing.step(step)
    bottom = drawing.y + _BETWEEN
    height = bottom + 16
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:g}" '
        f'viewBox="0 0 {_WIDTH} {height:g}" role="img">',
        f"<title>{escape(printable(title))}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M 0 0 L 8 4 L 0 8 z" fill="#111"/></marker></defs>',
        f'<rect class="paper" width="{_WIDTH}" height="{height:g}"/>',
        _text(_EDGE, 26, title, "title"),
        *drawing.below,
        *(_lifeline(name, bottom) for name in LIFELINES),
        *drawing.above,
        "</svg>",
        "",
    ]
    return "\n".join(parts).encode("utf-8")


def _lifeline(name: str, bottom: float) -> str:
    x = _POSITIONS[name]
    first, second = LIFELINES[name]
    top = _HEADING_TOP
    return "\n".join(
        (
            f'<path class="life" d="M {x} {top + _HEADING_HEIGHT} V {bottom:g}"/>',
            f'<rect class="box" x="{x - _HEADING_WIDTH // 2}" y="{top}" width="{_HEADING_WIDTH}" '
            f'height="{_HEADING_HEIGHT}" rx="4"/>',
            _text(x, top + 17, first, "name"),
            _text(x, top + 32, second, "name"),
        )
    )


def _wrapped(words: str, room: float) -> list[str]:
    return textwrap.wrap(words, max(int(room / _CHARACTER), 8)) or [""]


def _text(x: float, y: float, words: str, kind: str) -> str:
    kind_attribute = f' class="{kind}"' if kind else ""
    return f'<text{kind_attribute} x="{x:.1f}" y="{y:.1f}">{escape(printable(words))}</text>'
