# SPDX-License-Identifier: Apache-2.0
"""A ``budget.yaml``: the most that groups, and all of the library, may take up."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_fota import resources
from aws_fota.errors import InputError
from aws_fota.size.footprint import Footprint, Usage
from aws_fota.size.groups import Group

TOTAL = "total"
_FIX = "write it as schemas/budget.schema.yaml says"


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
        InputError: it cannot be read, or is not as the schema says.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", rule="file", path=path, fix=_FIX) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        words = getattr(error, "problem", None) or "is no YAML"
        raise InputError(f"cannot be read: {words}", rule="budget", path=path, line=line, fix=_FIX) from error
    _validate(data, path)
    budget: dict[str, dict[str, int]] = {TOTAL: data.get(TOTAL) or {}} | (data.get("groups") or {})
    return budget


def _validate(data: Any, path: Path) -> None:
    logging.getLogger("pykwalify").setLevel(logging.CRITICAL)
    import yaml
    from pykwalify.core import Core

    if not isinstance(data, dict):
        raise InputError("is not a mapping", rule="budget", path=path, line=1, fix=_FIX)
    schema = yaml.safe_load((resources.schemas() / "budget.schema.yaml").read_bytes())
    core = Core(source_data=data, schema_data=schema)
    core.validate(raise_exception=False)
    errors = sorted(str(error) for error in core.validation_errors or ())
    if errors:
        raise InputError(" ".join(errors[0].split()).rstrip("."), rule="budget", path=path, fix=_FIX)


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
