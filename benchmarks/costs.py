# SPDX-License-Identifier: Apache-2.0
"""The table of costs in ``README.md``, as the figures have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.comparison import MESSAGES, QUOTED

_HEAD = ("Cortex-M33, `-Os`", "flash", "RAM", "heap", "stack", "345 B", "488 B", "1314 B", "2048 B")


def costs(figures: Mapping[str, Any]) -> str:
    """The table in Markdown, of the figures of the parts ``parser``, ``engine`` and ``peers``."""
    rows = [
        _HEAD,
        ("---", *["---:"] * (len(_HEAD) - 1)),
        (
            "**parser**, built-in description",
            *(figures[f"parser.{name}"] for name in ("flash_picolibc", "ram")),
            0,
            figures["parser.stack"],
            *(figures["parser.m33_instructions"][name] for name in MESSAGES),
        ),
        (
            "jsmn, the same fields",
            figures["peers.jsmn.flash_picolibc"],
            "",
            0,
            figures["peers.jsmn.stack"],
            *(figures["peers.jsmn.m33_instructions"][name] for name in MESSAGES),
        ),
        *((f"{name} ¹", *(cell.replace("-", "–") for cell in row)) for name, row in QUOTED.items()),
        (
            "**engine**, topics, payloads, record",
            *(figures[f"engine.{name}"] for name in ("flash_picolibc", "ram")),
            0,
            figures["engine.stack"],
            *[""] * len(MESSAGES),
        ),
    ]
    return "".join(_row(row) for row in rows)


def differs(readme: Path, figures: Mapping[str, Any]) -> str:
    """What to tell of a README whose table is another one; empty when it is this one."""
    table = costs(figures)
    if table in readme.read_text(encoding="utf-8"):
        return ""
    return f"{readme.name} has another table of costs than was measured here, which is:\n\n{table}"


def _row(cells: Sequence[object]) -> str:
    return "".join(f"| {cell} " if str(cell) else "| " for cell in cells) + "|\n"
