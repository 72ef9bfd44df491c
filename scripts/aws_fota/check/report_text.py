# SPDX-License-Identifier: Apache-2.0
"""A report for people: at most 100 columns, without colour."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping

from aws_fota.check.amounts import Amount
from aws_fota.check.judge import Report
from aws_fota.check.verdict import Library, State, Verdict, kconfig_line
from aws_fota.config.dotconfig import Scalar

COLUMNS = 100

_LABEL = {State.HOLDS: "holds", State.FAILS: "FAILS", State.UNKNOWN: "?"}
_LIBRARY = {
    Library.IN_TREE: "the nRF Connect SDK's library",
    Library.OURS: "the generated module",
}


def lines(report: Report) -> Iterator[str]:
    """The whole report: failures first, then what cannot be known, then what holds."""
    yield from _head(report)
    for state in (State.FAILS, State.UNKNOWN, State.HOLDS):
        verdicts = report.of(state)
        if verdicts:
            yield ""
        for verdict in verdicts:
            yield from _verdict(verdict)
    yield ""
    yield summary(report)


def failures(report: Report, mending: Mapping[str, Scalar], mended: Report) -> Iterator[str]:
    """The rules that fail, and at the end every Kconfig line that mends them.

    Args:
        report: of the build as it is.
        mending, mended: what :func:`aws_fota.check.judge.mend` found for it.
    """
    yield from _head(report)
    failing = report.of(State.FAILS)
    for verdict in failing:
        yield ""
        yield from _verdict(verdict)
    yield ""
    left = len(mended.of(State.FAILS))
    yield f"{len(failing)} of {len(report.verdicts)} rules fail" + (f", {left} with these lines:" if mending else "")
    yield from (f"{'':6}{kconfig_line(symbol, value)}" for symbol, value in sorted(mending.items()))


def _head(report: Report) -> list[str]:
    inputs = report.inputs
    symbols = inputs.symbols
    kind = "" if symbols.complete or not symbols.layers else ", a fragment: what it does not set has its default"
    return _wrapped(f"{symbols.name} with {_LIBRARY[inputs.library]} (CONFIG_{inputs.library.value}){kind}")


def summary(report: Report) -> str:
    """One line of counts."""
    count = Counter(verdict.state for verdict in report.verdicts)
    parts = [f"{count[state]} {'fail' if state is State.FAILS else state.value}" for state in State if count[state]]
    parts = [part.replace("holds", "hold") for part in parts]
    return f"{len(report.verdicts)} rules: {', '.join(parts)}"


def _verdict(verdict: Verdict) -> Iterator[str]:
    rule, found = verdict.rule, verdict.found
    label = f"{_LABEL[verdict.state]:<6}{rule.id:<20}"
    if verdict.state is State.HOLDS:
        yield from _wrapped(f"{label} {_figures(verdict)}", 27)
        return
    yield from _wrapped(f"{label} {rule.statement}", 27)
    if found.unit:
        yield from _wrapped(f"{'':6}needs  {_amount(found.need, found.unit)}", 13)
        yield from _wrapped(f"{'':6}has    {_amount(found.have, found.unit)}", 13)
    else:
        yield from _wrapped(f"{'':6}found  {found.have.source}; {found.need.source}", 13)
    if verdict.state is State.UNKNOWN:
        yield from _wrapped(f"{'':6}give   {verdict.missing}", 13)
        return
    for index, line in enumerate(found.mending.kconfig):
        yield f"{'':6}{'write' if not index else '':<6} {line}"
    if found.mending.words:
        yield from _wrapped(f"{'':6}change {found.mending.words}", 13)
    yield from _wrapped(f"{'':6}source {rule.source}", 13)


def _figures(verdict: Verdict) -> str:
    found = verdict.found
    if not found.unit:
        return f"{found.have.source}"
    return f"{found.need.text} of {_amount(found.have, found.unit)}"


def _amount(amount: Amount, unit: str) -> str:
    if amount.source in ("", "not known"):
        return amount.text if amount.text == "not known" else f"{amount.text} {unit}"
    return f"{amount.text} {unit}: {amount.source}"


def _wrapped(text: str, indent: int = 2) -> list[str]:
    return textwrap.wrap(text, COLUMNS, subsequent_indent=" " * indent, break_on_hyphens=False, drop_whitespace=True)
