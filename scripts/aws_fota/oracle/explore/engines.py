# SPDX-License-Identifier: Apache-2.0
"""Engines as numbers: each distinct state is kept once, and each step from it is taken once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description
from aws_fota.oracle.engine import Engine
from aws_fota.oracle.engine_io import Action, Input, Phase, Request
from aws_fota.oracle.engine_state import NO_OUTPUTS, Job, State, job_values, state_values
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.record import encode

#: Where the fields of the last full description are still read.
_READS_OUTPUTS = frozenset(
    {
        Phase.OFFERED,
        Phase.STARTING,
        Phase.REQUESTING,
        Phase.ERASING,
        Phase.RECEIVING,
        Phase.WAITING,
        Phase.PAUSED,
    }
)


@dataclass(frozen=True)
class View:
    """One state of the engine, to be read only."""

    state: State
    job: Job


class Engines:
    """The states of one build's engine that were met, by number.

    What cannot be told apart by anything that follows is made equal: the random state (it decides milliseconds only),
    the token (0 is the last one sent; every other one is not) and what belongs to a request or job that is over.
    """

    def __init__(self, settings: Settings, description: Description) -> None:
        self.engine = Engine(settings, description, "thing")
        self.views: list[View] = []
        self._numbers: dict[Any, int] = {}
        self._steps: dict[tuple[int, int], tuple[int, tuple[Action, ...]]] = {}
        self._records: dict[int, bytes] = {}
        self._versions: dict[tuple[int, int], int] = {}
        #: Keeps inputs alive, so that their id() stays theirs.
        self._inputs: dict[int, Input] = {}
        self.unbooted = self.number(State(), Job())

    @property
    def steps_taken(self) -> int:
        """How many distinct steps were taken."""
        return len(self._steps)

    def number(self, state: State, job: Job) -> int:
        """The number of a state, which is canonical afterwards."""
        state.token = 0
        state.random = 1
        if state.request not in (Request.DESCRIBE_NEXT, Request.DESCRIBE_JOB):
            state.full = False
        if state.request is not Request.UPDATE:
            state.asked = JobStatus.NONE
        if state.phase not in _READS_OUTPUTS:
            state.outputs = NO_OUTPUTS
        if state.phase is not Phase.OFFERED:
            job.came_from_next = False
        key = (*state_values(state)[:-1], frozenset(state.outputs.items()), job_values(job))
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(self.views)
            self.views.append(View(state, job))
        return known

    def step(self, number: int, input: Input) -> tuple[int, tuple[Action, ...]]:
        """The state after an input, and the actions.

        Args:
            number: the state before.
            input: an object that is kept for as long as equal inputs are used.
        """
        taken = self._steps.get((number, id(input)))
        if taken is None:
            self._inputs[id(input)] = input
            taken = self._steps[number, id(input)] = self.try_step(number, input)
        return taken

    def try_step(self, number: int, input: Input) -> tuple[int, tuple[Action, ...]]:
        """The same, for an input that is not kept."""
        view, engine = self.views[number], self.engine
        engine.state, engine.job_state = view.state.duplicate(), view.job.duplicate()
        actions = tuple(engine.step(input))
        return self.number(engine.state, engine.job_state), actions

    def record(self, number: int) -> bytes:
        """What a PERSIST in this state writes."""
        known = self._records.get(number)
        if known is None:
            view = self.views[number]
            known = self._records[number] = encode(view.state.phase, view.job)
        return known

    def with_version(self, number: int, version: int) -> int:
        """The same state with another versionNumber of its job."""
        known = self._versions.get((number, version))
        if known is None:
            view = self.views[number]
            job = view.job.duplicate()
            job.version = version
            known = self._versions[number, version] = self.number(view.state.duplicate(), job)
        return known
