# SPDX-License-Identifier: Apache-2.0
"""The generated engine and the oracle on paths that take every row of the transition table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from aws_fota.codegen import transitions
from aws_fota.codegen.model import Model
from differential import engine_scenarios
from differential.engine_cases import ENGINE_CASES, EngineCase
from differential.engine_pair import Pair
from differential.engine_process import EngineProcess, build
from differential.engine_script import Script


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
