# SPDX-License-Identifier: Apache-2.0
"""Figures as text: numbers in one table, and an object of numbers in a table of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def table(title: str, figures: Mapping[str, Any]) -> str:
    """The figures of one part, their keys as they stand in ``build/bench.json``."""
    lines = [title, "=" * len(title)]
    lines += rows({key: value for key, value in figures.items() if not isinstance(value, Mapping)})
    for key, value in figures.items():
        if isinstance(value, Mapping):
            lines += ["", key, *rows(value, indent="  ")]
    return "\n".join([*lines, ""])


def rows(figures: Mapping[str, Any], indent: str = "") -> list[str]:
    """One line each, the numbers below each other."""
    shown = {key: _shown(value) for key, value in figures.items()}
    names = max(map(len, shown), default=0)
    numbers = max((len(text) for key, text in shown.items() if not isinstance(figures[key], str)), default=0)
    return [f"{indent}{key:<{names}}  {text:>{numbers}}" for key, text in shown.items()]


def _shown(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
