# SPDX-License-Identifier: Apache-2.0
"""Holding a build against all rules, and finding what mends it."""

from __future__ import annotations

from dataclasses import dataclass

from aws_fota.check.inputs import Inputs
from aws_fota.check.rules import RULES
from aws_fota.check.verdict import State, Verdict
from aws_fota.config.dotconfig import Scalar

#: A fix may make another one necessary, a longer file name a larger stack, and one rule tells one limit at a time;
#: chains are shorter than this.
_ROUNDS = 40


@dataclass(frozen=True)
class Report:
    """What the rules say of one build."""

    inputs: Inputs
    verdicts: tuple[Verdict, ...]

    def of(self, state: State) -> list[Verdict]:
        """The verdicts with one outcome."""
        return [verdict for verdict in self.verdicts if verdict.state is state]

    @property
    def fixable(self) -> list[Verdict]:
        """The failures that Kconfig lines mend."""
        return [verdict for verdict in self.of(State.FAILS) if verdict.found.mending.lines]


def judge(inputs: Inputs) -> Report:
    """Hold a build against every rule that concerns its library."""
    verdicts = []
    for rule in RULES:
        if inputs.library in rule.libraries:
            found = rule.find(inputs)
            if found is not None:
                verdicts.append(Verdict(rule, found))
    return Report(inputs, tuple(verdicts))


def mend(inputs: Inputs) -> tuple[dict[str, Scalar], Report]:
    """The Kconfig lines that mend all that options can mend.

    Returns:
        Symbol to value, and the report of the build with them.
    """
    lines: dict[str, Scalar] = {}
    report = judge(inputs)
    for _ in range(_ROUNDS):
        fresh = {
            symbol: value
            for verdict in report.fixable
            for symbol, value in verdict.found.mending.lines
            if lines.get(symbol) != value
        }
        if not fresh:
            break
        lines.update(fresh)
        report = judge(inputs.with_proposed(lines))
    return lines, report
