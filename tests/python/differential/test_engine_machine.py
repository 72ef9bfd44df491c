# SPDX-License-Identifier: Apache-2.0
"""The generated engine and the oracle in lockstep on random paths, through whatever a device may meet."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from aws_fota.codegen import transitions
from aws_fota.codegen.model import Model
from differential.engine_cases import ENGINE_CASES, EngineCase
from differential.engine_choices import DrawingChooser, SeededChooser
from differential.engine_pair import Pair
from differential.engine_process import EngineProcess, build
from differential.engine_script import Script
from differential.engine_world import World

#: Paths of the random walk, and steps of each.
WALKS = 200
WALK_STEPS = 120


class EngineMachine(RuleBasedStateMachine):
    """The world, with Hypothesis to decide what happens, and to find the shortest way to a difference."""

    case: ClassVar[EngineCase]
    process: ClassVar[EngineProcess]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Script(Pair(self.process, self.case.settings, self.case.description)))

    @rule(data=st.data(), steps=st.integers(1, 20))
    def goes_on(self, data: st.DataObject, steps: int) -> None:
        for _ in range(steps):
            self.world.go_on(DrawingChooser(data))

    @rule(data=st.data())
    def boots(self, data: st.DataObject) -> None:
        self.world.boot(DrawingChooser(data))

    @rule(data=st.data())
    def takes_any_input(self, data: st.DataObject) -> None:
        self.world.any_input(DrawingChooser(data))

    @rule(data=st.data())
    def takes_any_response(self, data: st.DataObject) -> None:
        self.world.any_response(DrawingChooser(data))

    @rule(data=st.data())
    def takes_any_message(self, data: st.DataObject) -> None:
        self.world.any_message(DrawingChooser(data))


class Running:
    """One compiled engine, running."""

    def __init__(self, case: EngineCase, process: EngineProcess) -> None:
        self.case = case
        self.process = process

    def world(self) -> World:
        return World(Script(Pair(self.process, self.case.settings, self.case.description)))


@pytest.fixture(scope="module", params=ENGINE_CASES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    case = ENGINE_CASES[request.param]
    folder: Path = tmp_path_factory.mktemp(request.param)
    with EngineProcess(build(case.description, case.settings, folder)) as process:
        yield Running(case, process)


def test_lockstep_by_rules(running: Running) -> None:
    class Machine(EngineMachine):
        case = running.case
        process = running.process

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_lockstep_on_random_walks(running: Running) -> None:
    """Far more steps than Hypothesis makes in the same time; together they take nearly every row."""
    running.process.rows.clear()
    for seed in range(WALKS):
        choose = SeededChooser(random.Random(seed))
        world = running.world()
        try:
            for _ in range(WALK_STEPS):
                moment = choose.number(0, 99)
                if moment < 84:
                    world.go_on(choose)
                elif moment < 88:
                    world.any_input(choose)
                elif moment < 91:
                    world.any_response(choose)
                elif moment < 98:
                    world.any_message(choose)
                else:
                    world.boot(choose)
        except AssertionError as error:
            raise AssertionError(f"walk {seed}: {error}") from error
    model = Model(running.case.description, running.case.settings)
    rows = transitions.rows(transitions.Features.of(model))
    assert len(running.process.rows) >= 0.85 * len(rows)
