# SPDX-License-Identifier: Apache-2.0
"""What a rule says of a build: holds, fails or cannot be known, with both figures and the way out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from aws_fota.check.amounts import Amount
from aws_fota.config.dotconfig import PREFIX, Scalar

if TYPE_CHECKING:
    from aws_fota.check.inputs import Inputs


class State(Enum):
    """What a rule came to; the value is the word in reports."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "cannot be known"


class Library(Enum):
    """Whose code is judged; the value is its Kconfig symbol."""

    IN_TREE = "AWS_FOTA"
    OURS = "AWS_FOTA_CODEGEN"


BOTH = frozenset(Library)
IN_TREE = frozenset({Library.IN_TREE})
OURS = frozenset({Library.OURS})


@dataclass(frozen=True)
class Mending:
    """The way out of a failure.

    Attributes:
        lines: Kconfig symbols without ``CONFIG_`` and the values that mend it; empty where no option does.
        words: what else to do, or do instead.
    """

    lines: tuple[tuple[str, Scalar], ...] = ()
    words: str = ""

    @property
    def kconfig(self) -> list[str]:
        """The lines as they stand in a Kconfig fragment."""
        return [kconfig_line(symbol, value) for symbol, value in self.lines]


def kconfig_line(symbol: str, value: Scalar) -> str:
    """One line of a Kconfig fragment."""
    shown = {True: "y", False: "n"}[value] if isinstance(value, bool) else value
    return f"{PREFIX}{symbol}={shown}"


@dataclass(frozen=True)
class Comparison:
    """What a rule found: it holds where `need` is at most `have`.

    Attributes:
        unit: of both, such as ``bytes``; empty for a switch, which is 0 or 1.
        mending: what to do when it fails.
    """

    need: Amount
    have: Amount
    unit: str = "bytes"
    mending: Mending = field(default_factory=Mending)

    @property
    def state(self) -> State:
        """Failing is certain only where even the best case does not fit."""
        if self.need.high <= self.have.low:
            return State.HOLDS
        return State.FAILS if self.need.low > self.have.high else State.UNKNOWN


#: What the evaluation of a rule gives; None where the rule does not concern the build.
Found = Comparison | None


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        id: short and stable.
        statement: one sentence that says what must hold.
        source: who says so.
        libraries: whose builds it concerns.
        find: both figures for a build.
    """

    id: str
    statement: str
    source: str
    libraries: frozenset[Library]
    find: Callable[[Inputs], Found]


@dataclass(frozen=True)
class Verdict:
    """One rule and what it came to for one build."""

    rule: Rule
    found: Comparison

    @property
    def state(self) -> State:
        """Holds, fails or cannot be known."""
        return self.found.state

    @property
    def missing(self) -> str:
        """What to give so that it can be known."""
        wanted = (self.found.need.missing, self.found.have.missing)
        return ", ".join(dict.fromkeys(part for part in wanted if part))
