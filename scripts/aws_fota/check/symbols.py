# SPDX-License-Identifier: Apache-2.0
"""What Kconfig says in one build: values with the place each came from, and what is only assumed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_fota.check.amounts import UNBOUNDED, Amount, exactly, unknown
from aws_fota.check.known_symbols import CHOICES, KNOWN, KNOWN_SWITCHES
from aws_fota.check.verdict import Mending
from aws_fota.config.dotconfig import PREFIX, DotConfig, Scalar
from aws_fota.config.limits import LIMITS

_OURS = {limit.symbol: limit for limit in LIMITS}

#: What a fix is called as a source.
PROPOSED = "the fix"


@dataclass(frozen=True)
class Symbols:
    """The symbols of one build.

    Attributes:
        layers: files from the bottom up; a later one wins.
        complete: whether the bottom one is a whole ``.config``, in which a symbol that is not there has no value.
        ours: whether the limits with our module's defaults and bounds are meant, not those of the in-tree library.
        proposed: values that a fix would set, above all files.
    """

    layers: tuple[DotConfig, ...]
    complete: bool
    ours: bool
    proposed: Mapping[str, Scalar] = field(default_factory=dict)

    def with_proposed(self, lines: Mapping[str, Scalar]) -> Symbols:
        """The same build after a fix."""
        return dataclasses.replace(self, proposed={**self.proposed, **lines})

    def value(self, symbol: str) -> tuple[Scalar, str] | None:
        """Value and place of a symbol that something sets."""
        if symbol in self.proposed:
            return self.proposed[symbol], PROPOSED
        for layer in reversed(self.layers):
            if symbol in layer.values:
                found = layer.values[symbol]
                return found.value, f"{layer.path}:{found.line}"
        return None

    def present(self, symbol: str) -> bool:
        """Whether something sets it."""
        return self.value(symbol) is not None

    def number(self, symbol: str) -> Amount:
        """A symbol's number; not known where nothing tells it."""
        chosen = self._chosen(symbol)
        if chosen is not None:
            return chosen
        found = self.value(symbol)
        if found is not None:
            value, where = found
            if isinstance(value, int) and not isinstance(value, bool):
                return exactly(value, where)
            return unknown(f"a number for {PREFIX}{symbol} ({where})")
        if self.ours and symbol in _OURS:
            return exactly(_OURS[symbol].default, "default")
        known = KNOWN.get(symbol)
        if known is None or known.default is None or self.complete:
            return unknown(f"{PREFIX}{symbol}, which {self.name} does not set")
        return exactly(known.default, f"default in {known.where}")

    def is_on(self, symbol: str) -> bool:
        """Whether a switch is y, as far as is known."""
        found = self.value(symbol)
        if found is not None:
            return found[0] is True
        return KNOWN_SWITCHES.get(symbol, False) and not self.complete

    def text(self, symbol: str) -> str:
        """A symbol's text; empty where nothing sets it."""
        found = self.value(symbol)
        return found[0] if found is not None and isinstance(found[0], str) else ""

    def bounds(self, symbol: str) -> tuple[int, int]:
        """The smallest and the greatest value that Kconfig lets the symbol have."""
        if self.ours and symbol in _OURS:
            return _OURS[symbol].minimum, _OURS[symbol].maximum
        known = KNOWN.get(symbol)
        return (known.minimum, known.maximum) if known else (0, UNBOUNDED)

    @property
    def name(self) -> str:
        """The files, for people."""
        return " with ".join(str(layer.path) for layer in self.layers) or "the built-in limits"

    def raising(self, symbol: str, needed: Amount, otherwise: str, *, multiple: int = 1) -> Mending:
        """Setting `symbol` to what is needed; `otherwise` where Kconfig does not let it be so much.

        Args:
            needed: its upper bound is taken, unless there is none.
            multiple: the value is rounded up to one.
        """
        wanted = needed.low if needed.high == UNBOUNDED else needed.high
        wanted = max(wanted, self.bounds(symbol)[0])
        wanted += -wanted % multiple
        most = self.bounds(symbol)[1]
        if wanted > most:
            return Mending(words=f"{PREFIX}{symbol} can be at most {most}: {otherwise}")
        return Mending(((symbol, wanted),))

    def _chosen(self, symbol: str) -> Amount | None:
        """The number that the highest layer's member of a choice stands for."""
        choices = CHOICES.get(symbol, ())
        for number in choices:
            if self.proposed.get(f"{symbol}_{number}") is True:
                return exactly(number, PROPOSED)
        for layer in reversed(self.layers):
            if symbol in layer.values:
                return None
            for number in choices:
                member = layer.values.get(f"{symbol}_{number}")
                if member is not None and member.value is True:
                    return exactly(number, f"{layer.path}:{member.line}")
        return None
