# SPDX-License-Identifier: Apache-2.0
"""Figures that a rule compares: how large, how sure, and where from."""

from __future__ import annotations

from dataclasses import dataclass

#: Larger than anything that a rule counts.
UNBOUNDED = 1 << 62


@dataclass(frozen=True)
class Amount:
    """A whole number that lies between `low` and `high`, both inclusive.

    Attributes:
        source: where it came from: file and line, an option, or what it is made of.
        missing: what to give, so that it is known exactly; empty when it is.
    """

    low: int
    high: int
    source: str
    missing: str = ""

    def __add__(self, other: int) -> Amount:
        return Amount(
            self.low + other, self.high if self.high == UNBOUNDED else self.high + other, self.source, self.missing
        )

    @property
    def text(self) -> str:
        """The number for people."""
        if self.low == self.high:
            return str(self.low)
        if self.high == UNBOUNDED and self.source == "not known":
            return "not known"
        return f"at least {self.low}" if self.high == UNBOUNDED else f"{self.low} to {self.high}"


def exactly(value: int, source: str) -> Amount:
    """A number that is known."""
    return Amount(value, value, source)


def unknown(missing: str, low: int = 0, high: int = UNBOUNDED) -> Amount:
    """A number that is not known; `missing` says what would tell it."""
    return Amount(low, high, "not known", missing)


def total(parts: list[tuple[str, Amount]]) -> Amount:
    """The sum of named parts; its source tells each."""
    high = UNBOUNDED if any(part.high == UNBOUNDED for _, part in parts) else sum(part.high for _, part in parts)
    words = " + ".join(f"{part.text} {name}" + _whence(part) for name, part in parts)
    missing = ", ".join(dict.fromkeys(part.missing for _, part in parts if part.missing))
    return Amount(sum(part.low for _, part in parts), high, words, missing)


def largest(parts: list[Amount]) -> Amount:
    """The largest of several numbers."""
    top = max(parts, key=lambda part: (part.high, part.low))
    missing = top.missing or ", ".join(dict.fromkeys(part.missing for part in parts if part.missing))
    return Amount(max(part.low for part in parts), top.high, top.source, missing)


def _whence(part: Amount) -> str:
    return f" ({part.source})" if part.source and part.source != "not known" else ""
