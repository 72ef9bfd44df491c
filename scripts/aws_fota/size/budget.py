# SPDX-License-Identifier: Apache-2.0
"""A ``budget.yaml``: the most that groups, and all of the library, may take up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aws_fota.size.footprint import Footprint, Usage
from aws_fota.size.groups import Group
from aws_fota.yamlfile import schema, source
from aws_fota.yamlfile.findings import Findings

TOTAL = "total"
SCHEMA = "budget.schema.yaml"


@dataclass(frozen=True)
class Excess:
    """One entry that is over its budget: `used` of at most `allowed` bytes."""

    group: str
    memory: str
    used: int
    allowed: int


def read(path: Path) -> dict[str, dict[str, int]]:
    """The budget in a file: ``total`` or a group to ``flash``, ``ram`` or ``stack`` to bytes.

    Raises:
        InputError, ErrorList: it cannot be read, or is not as the schema says; each with its line.
    """
    read = source.read(path)
    findings = Findings(read)
    findings.errors.extend(schema.violations(read, SCHEMA))
    findings.raise_any()
    budget: dict[str, dict[str, int]] = {TOTAL: read.data.get(TOTAL) or {}} | (read.data.get("groups") or {})
    return budget


def excesses(footprint: Footprint, budget: dict[str, dict[str, int]]) -> list[Excess]:
    """What is over budget, in the order of the budget."""
    found = []
    for name, allowed in budget.items():
        usage = footprint.total if name == TOTAL else footprint.group(Group(name))
        for memory, most in allowed.items():
            used = _of(usage, memory)
            if used > most:
                found.append(Excess(name, memory, used, most))
    return found


def _of(usage: Usage, memory: str) -> int:
    return {"flash": usage.flash, "ram": usage.ram, "stack": usage.stack}[memory]
