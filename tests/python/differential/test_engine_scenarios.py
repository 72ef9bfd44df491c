# SPDX-License-Identifier: Apache-2.0
"""The generated engine and the oracle on paths that take every row of the transition table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from aws_fota.codegen import engine_words, transitions
from aws_fota.codegen.model import Model
from differential import engine_scenarios
from differential.engine_cases import ENGINE_CASES, EngineCase
from differential.engine_pair import Pair
from differential.engine_process import EngineProcess, build
from differential.engine_script import Script
from differential.engine_table import Table


@dataclass(frozen=True)
class Built:
    """One compiled engine."""

    case: EngineCase
    program: Path

    def script(self, process: EngineProcess) -> Script:
        return Script(Pair(process, self.case.settings, self.case.description))


@pytest.fixture(scope="module", params=ENGINE_CASES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    case = ENGINE_CASES[request.param]
    return Built(case, build(case.description, case.settings, tmp_path_factory.mktemp(request.param)))


@pytest.fixture
def process(built: Built) -> Iterator[EngineProcess]:
    with ExitStack() as running:
        yield running.enter_context(EngineProcess(built.program))


@pytest.mark.parametrize("name", engine_scenarios.load())
def test_scenario(built: Built, process: EngineProcess, name: str) -> None:
    engine_scenarios.load()[name](built.script(process))


def test_the_scenarios_take_every_row(built: Built, process: EngineProcess) -> None:
    for scenario in engine_scenarios.load().values():
        scenario(built.script(process))
    rows = transitions.rows(transitions.Features.of(Model(built.case.description, built.case.settings)))
    missed = [row for number, row in enumerate(rows) if number not in process.rows]
    assert not missed


def test_the_compiled_table_says_what_the_data_says(built: Built, process: EngineProcess) -> None:
    """And it can be put together again, as the mutation run does with broken ones."""
    rows = transitions.rows(transitions.Features.of(Model(built.case.description, built.case.settings)))
    table = process.table()
    events, phases = list(engine_words.EVENTS), engine_words.PHASES
    for row, compiled in zip(rows, table.rows, strict=True):
        assert events[compiled.event] == row.event
        assert {phase for number, phase in enumerate(phases) if compiled.phases >> number & 1} == set(row.phases)
        assert (phases[compiled.to] if compiled.to is not None else "") == row.to
        assert (bool(compiled.guard), bool(compiled.effect)) == (bool(row.guard), bool(row.effect))
        assert (compiled.tell is not None, len(compiled.deeds)) == (bool(row.tell), len(row.does))
        assert (compiled.then is not None) == bool(row.then)
    assert Table.decode(*table.encode(), table.bases) == table
