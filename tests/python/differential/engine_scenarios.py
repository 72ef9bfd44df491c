# SPDX-License-Identifier: Apache-2.0
"""Paths through the engine that together take every row of its transition table, with what doc/engine.md promises.

Each runs on the pair of engines, so that every step of it is compared as well. They stand in the modules below.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable

from aws_fota.oracle.engine_io import ActionId, Tell
from differential.engine_process import Snapshot
from differential.engine_script import Script

Scenario = Callable[[Script], None]

#: Every scenario that :func:`load` found, by its name.
SCENARIOS: dict[str, Scenario] = {}

_MODULES = ("start", "reboot", "link", "jobs", "foreign", "download", "image", "phases")


def load() -> dict[str, Scenario]:
    """Every scenario, by its name."""
    for name in _MODULES:
        importlib.import_module(f"differential.engine_scenarios_{name}")
    return SCENARIOS


def scenario(function: Scenario) -> Scenario:
    """Adds a function to :data:`SCENARIOS`."""
    SCENARIOS[function.__name__] = function
    return function


def ids(snapshot: Snapshot) -> list[ActionId]:
    """What a step asked for, without its values."""
    return [action.id for action in snapshot.actions]


def can(script: Script, *wanted: str) -> bool:
    """Whether the build has what a scenario is about: ``offer``, ``leave``, ``reject``, ``any``, ``early``."""
    foreign = script.pair.description.foreign.value if script.pair.description.operations else "any"
    early = "early" if script.pair.settings.report_on_download else "late"
    return bool({foreign, early} & set(wanted))


def told(snapshot: Snapshot) -> list[tuple[Tell, int]]:
    return [(Tell(action.what), action.value) for action in snapshot.actions if action.id is ActionId.TELL]


def repeat(times: int) -> Iterable[int]:
    return range(times)


def describes(script: Script, destination: str) -> bool:
    """Whether the job document of the build has such a field."""
    return any(field.destination == destination for field in script.pair.description.fields)
