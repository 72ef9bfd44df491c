# SPDX-License-Identifier: Apache-2.0
"""Going through every reachable state of a scenario, with as few faults as each needs, and asking for liveness."""

from __future__ import annotations

import gc
from collections import deque
from dataclasses import dataclass, field

from aws_fota.oracle.explore.canonical import canonical
from aws_fota.oracle.explore.carrying_out import Violated
from aws_fota.oracle.explore.glue import Move
from aws_fota.oracle.explore.moves import Moves, fair_move, fair_moves
from aws_fota.oracle.explore.state_properties import STATE_CHECKS, Snapshot, p3_disagreement_at_rest
from aws_fota.oracle.explore.strays import stray_violations
from aws_fota.oracle.explore.world import Mood, Scenario, World

#: Fair paths end at rest here.
_REST = -1
#: The state was not gone on from, because a property does not hold there.
_BROKEN = -2


@dataclass(frozen=True)
class Violation:
    """A property that does not hold, with one of the shortest ways to it."""

    property: str
    text: str
    #: The moves that lead to it.
    trace: tuple[str, ...]


@dataclass
class Findings:
    """What exploring one scenario yields."""

    scenario: Scenario
    states: int = 0
    transitions: int = 0
    #: Distinct states of the engine alone, and distinct steps.
    engine_states: int = 0
    engine_steps: int = 0
    #: At most one of each property.
    violations: list[Violation] = field(default_factory=list)


class Search:
    """The states of one scenario that were met."""

    def __init__(self, scenario: Scenario) -> None:
        self.moves = Moves(scenario)
        self.findings = Findings(scenario)
        self.numbers: dict[World, int] = {}
        self.worlds: list[World] = []
        #: How each state was reached first: from where, and by what.
        self.reached: list[tuple[int, str]] = []
        self.expanded = bytearray()
        #: Where each state comes to next in a fair world, by the application's mood.
        self.fair: dict[Mood, list[int]] = {mood: [] for mood in scenario.moods}
        #: One queue for each number of faults: what can be reached with fewer is reached with fewer.
        self.queues: list[deque[int]] = [deque() for _ in range(scenario.faults + 1)]
        #: One object for all equal parts of worlds, by the part's place: tuples of different types can be equal.
        self._parts: list[dict[object, object]] = [{} for _ in World._fields]

    def run(self) -> Findings:
        """Explore."""
        # Nothing here is garbage before the end, so that looking for some takes a quarter of the time.
        gc.disable()
        try:
            return self.explored()
        finally:
            gc.enable()

    def explored(self) -> Findings:
        for move in self.moves.first():
            self.reach(move, -1, 0)
        for used, queue in enumerate(self.queues):
            while queue:
                number = queue.popleft()
                if not self.expanded[number]:
                    self.expanded[number] = True
                    self.expand(number, used)
        for mood in self.fair:
            self.check_liveness(mood)
        engines = self.moves.carrier.engines
        self.findings.engine_states = len(engines.views)
        self.findings.engine_steps = engines.steps_taken
        self.check_strays()
        self.findings.states = len(self.worlds)
        return self.findings

    def reach(self, move: Move, origin: int, used: int) -> int | None:
        """The number of the state that a move leads to, or None where that takes too many faults."""
        used += len(move.faults)
        if used >= len(self.queues):
            return None
        self.findings.transitions += 1
        world = canonical(self.moves.carrier.engines, move.world)
        number = self.numbers.get(world)
        if number is None:
            number = len(self.worlds)
            world = World(*(known.setdefault(part, part) for known, part in zip(self._parts, world, strict=True)))  # type: ignore
            self.numbers[world] = number
            self.worlds.append(world)
            self.reached.append((origin, move.text + "".join(f" [{fault.value}]" for fault in move.faults)))
            self.expanded.append(False)
            for following in self.fair.values():
                following.append(_BROKEN)
            self.queues[used].append(number)
        elif not self.expanded[number]:
            # The way that is gone through first is the one with the fewest faults.
            self.queues[used].append(number)
        return number

    def expand(self, number: int, used: int) -> None:
        """Go on from a state in every way."""
        world = self.worlds[number]
        snapshot = Snapshot(self.findings.scenario, world, self.moves.carrier.view(world))
        try:
            for check in STATE_CHECKS:
                complaint = check(snapshot)
                if complaint:
                    raise Violated(check.__name__, complaint)
            moves = list(self.moves.of(world, len(self.queues) - 1 - used))
        except Violated as violated:
            self.note(violated.property, violated.text, number)
            return
        reached = {id(move): self.reach(move, number, used) for move in moves}
        fair = fair_moves(moves)
        for mood, following in self.fair.items():
            move = fair_move(fair, mood)
            next_number = _REST if move is None else reached[id(move)]
            if next_number is None:
                raise AssertionError("a fair move costs a fault")
            following[number] = next_number

    def check_strays(self) -> None:
        """In every state of the engine, what nobody waits for changes nothing."""
        for property, text, engine in stray_violations(self.moves.carrier.engines):
            reached = (number for number, world in enumerate(self.worlds) if world.engine == engine)
            if all(known.property != property for known in self.findings.violations):
                self.note(property, text, next(reached, -1))

    def check_liveness(self, mood: Mood) -> None:
        """From every state, the fair way on comes to rest, with the service and the device at one."""
        following = self.fair[mood]
        settled = bytearray(len(following))
        for start in range(len(following)):
            path, number = [], start
            on_path = set()
            while number >= 0 and not settled[number] and number not in on_path:
                on_path.add(number)
                path.append(number)
                number = following[number]
            if number >= 0 and number in on_path:
                self.note(f"p3_liveness_{mood.value}", "goes round and round", start, path[path.index(number) :])
            elif number == _REST:
                self.check_rest(mood, path[-1], start)
            for passed in path:
                settled[passed] = True

    def check_rest(self, mood: Mood, rest: int, start: int) -> None:
        world = self.worlds[rest]
        snapshot = Snapshot(self.findings.scenario, world, self.moves.carrier.view(world))
        complaint = p3_disagreement_at_rest(snapshot)
        if complaint:
            self.note(f"p3_liveness_{mood.value}", complaint, rest)

    def note(self, property: str, text: str, number: int, beyond: list[int] | None = None) -> None:
        """Keep the first violation of each property."""
        if any(known.property == property for known in self.findings.violations):
            return
        trace = self.trace(number) + [f"... {self.describe(other)}" for other in beyond or []]
        self.findings.violations.append(Violation(property, text, tuple(trace)))

    def trace(self, number: int) -> list[str]:
        """How a state is reached: each move with the state that it leads to."""
        lines: list[str] = []
        while number >= 0:
            origin, text = self.reached[number]
            lines.append(f"{text}: {self.describe(number)}")
            number = origin
        return lines[::-1]

    def describe(self, number: int) -> str:
        """A state in a few words."""
        world = self.worlds[number]
        view, device = self.moves.carrier.view(world), world.device
        state, job = view.state, view.job
        flags = "".join(
            sign
            for sign, there in (
                ("n", state.next_due),
                ("j", state.job_due),
                ("u", state.update_due),
                ("l", state.list_due),
            )
            if there
        )
        jobs = ",".join(f"{execution.status.name}v{execution.version}" for execution in world.jobs)
        return (
            f"{state.phase.name} {state.link.name} {state.request.name}{'!' if state.full else ''}"
            f" backoff={state.backoff.name} due={flags or '-'} job={job.job_id or '-'}v{job.version} {job.offset}"
            f" | runs {device.running}{'' if device.confirmed else '?'} slot={','.join(device.slot)}"
            f"{' pending' if device.pending else ''}{' record' if device.record else ''} | {jobs}"
        )
