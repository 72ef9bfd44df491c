# SPDX-License-Identifier: Apache-2.0
"""A report for programs; ``schemas/check_report.schema.yaml`` describes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_fota.check.amounts import UNBOUNDED, Amount
from aws_fota.check.judge import Report
from aws_fota.check.verdict import Verdict

#: Raised when a program that reads the report would have to change.
FORMAT_VERSION = 1


def as_data(report: Report, jobs: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The report as JSON has it; `jobs` are what was found in job documents."""
    return {
        "version": FORMAT_VERSION,
        "library": report.inputs.library.value,
        "files": [str(layer.path) for layer in report.inputs.symbols.layers],
        "complete": report.inputs.symbols.complete,
        "elf": report.inputs.elf or None,
        "rules": [_verdict(verdict) for verdict in report.verdicts],
        "jobs": list(jobs),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    found = verdict.found
    return {
        "id": verdict.rule.id,
        "state": verdict.state.value,
        "statement": verdict.rule.statement,
        "source": verdict.rule.source,
        "unit": found.unit,
        "need": _amount(found.need),
        "have": _amount(found.have),
        "missing": verdict.missing or None,
        "lines": found.mending.kconfig if verdict.state.name == "FAILS" else [],
        "change": (found.mending.words or None) if verdict.state.name == "FAILS" else None,
    }


def _amount(amount: Amount) -> dict[str, Any]:
    high = None if amount.high >= UNBOUNDED else amount.high
    return {"low": amount.low, "high": high, "source": amount.source}
