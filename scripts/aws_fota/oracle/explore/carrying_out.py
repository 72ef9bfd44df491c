# SPDX-License-Identifier: Apache-2.0
"""Steps of the engine in a world: the input goes in, the actions are carried out, with whatever can come between."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from aws_fota.oracle.engine_io import Action, ActionId, Boot, Input, Message, Phase, Request, Tell, Timer, TimerId
from aws_fota.oracle.engine_state import Link
from aws_fota.oracle.explore import messages, service
from aws_fota.oracle.explore.engines import Engines, View
from aws_fota.oracle.explore.service import Asked
from aws_fota.oracle.explore.state_properties import REPORT_CHECKS, Report
from aws_fota.oracle.explore.step_properties import ENGINE_CHECKS, WORK_CHECKS
from aws_fota.oracle.explore.step_properties import Step as CheckedStep
from aws_fota.oracle.explore.world import (
    BLANK,
    CELLS,
    TORN,
    Answer,
    App,
    Device,
    Fault,
    Net,
    Scenario,
    Work,
    World,
    image_hash,
    image_version,
    job_name,
    job_number,
    whole_image,
)
from aws_fota.oracle.outcome import Refusal
from aws_fota.oracle.topics import TopicKind

_ABORTABLE = (Work.ERASE, Work.FETCH, Work.RECEIVE, Work.VERIFY, Work.NO_ERASE, Work.NO_RECEIVE)
#: What is not begun where the record of the same step could not be saved.
_WITHOUT_RECORD = {
    Work.ERASE: Work.NO_ERASE,
    Work.WIPE: Work.NO_WIPE,
    Work.RECEIVE: Work.NO_RECEIVE,
    Work.UPGRADE: Work.NO_UPGRADE,
}
_WORK = {
    ActionId.FETCH: Work.FETCH,
    ActionId.RECEIVE: Work.RECEIVE,
    ActionId.VERIFY: Work.VERIFY,
    ActionId.REQUEST_UPGRADE: Work.UPGRADE,
    ActionId.CONFIRM_IMAGE: Work.CONFIRM,
}
_ASKING_FOR_WORK = frozenset({*_WORK, ActionId.ERASE})
_REJECTED_ON = {
    Request.DESCRIBE_NEXT: TopicKind.NEXT_REJECTED,
    Request.DESCRIBE_JOB: TopicKind.JOB_REJECTED,
    Request.LIST: TopicKind.LIST_REJECTED,
    Request.UPDATE: TopicKind.UPDATE_REJECTED,
}


class Outcome(NamedTuple):
    """Where a world can come to."""

    world: World
    #: What went wrong on the way.
    faults: tuple[Fault, ...] = ()


class Step(NamedTuple):
    """One step of the engine, checked."""

    engine: int
    actions: tuple[Action, ...]
    #: Name and text of the first property that does not hold in it.
    complaint: tuple[str, str] | None
    asks_for_work: bool


class Violated(Exception):
    """A property does not hold.

    Args:
        property: its name.
        text: what is wrong.
    """

    def __init__(self, property: str, text: str) -> None:
        super().__init__(property, text)
        self.property = property
        self.text = text


@cache
def boot_input(record: bytes | None, running: str, confirmed: bool, pending: bool) -> Boot:
    """What the glue finds at start."""
    return Boot(
        slot_size=CELLS,
        seed=0,
        record=record,
        running_hash=image_hash(running),
        running_version=image_version(running),
        confirmed=confirmed,
        swap_pending=pending,
    )


_TIMER_REQUEST = Timer(TimerId.REQUEST)


class Carrier:
    """Takes steps in the worlds of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.engines = Engines(scenario.settings, scenario.description)
        #: The faults that can still happen on the path that is gone on.
        self.allowed = scenario.allowed
        self._steps: dict[tuple[int, int], Step] = {}

    def view(self, world: World) -> View:
        return self.engines.views[world.engine]

    def online(self, world: World) -> bool:
        """Whether the service reaches the device."""
        return world.net.suback or self.view(world).state.link is Link.ONLINE

    def step(self, world: World, input: Input) -> Iterator[Outcome]:
        """Every way in which a step can be carried out."""
        taken = self._steps.get((world.engine, id(input)))
        if taken is None:
            taken = self._steps[world.engine, id(input)] = self.first_step(world, input)
        engine, actions, complaint, asks_for_work = taken
        if complaint is not None:
            raise Violated(*complaint)
        if asks_for_work:
            self.check_work(world, input, engine, actions)
        done = world._replace(engine=engine)
        for position, action in enumerate(actions):
            if action.id in (ActionId.PERSIST, ActionId.CLEAR):
                if Fault.REBOOT in self.allowed:
                    # Between two actions of one step: what was to be kept is not.
                    yield Outcome(self.off(done), (Fault.REBOOT,))
                if Fault.RECORD in self.allowed:
                    yield from self.without_record(done, actions[position + 1 :])
            done = self.carried_out(done, action)
        yield from self.sent(done, actions)

    def sent(self, world: World, actions: tuple[Action, ...]) -> Iterator[Outcome]:
        """All is carried out but what is to be published."""
        if any(action.id is ActionId.PUBLISH for action in actions):
            yield from self.published(world)
        else:
            yield Outcome(world)

    def without_record(self, world: World, actions: tuple[Action, ...]) -> Iterator[Outcome]:
        """The rest of a step whose record could not be saved, or not be removed."""
        done = world._replace(device=world.device._replace(unsaved=True))
        for action in actions:
            before = len(done.device.work)
            done = self.carried_out(done, action)
            if len(done.device.work) > before:
                work, offset = done.device.work[-1]
                refused = (*done.device.work[:-1], (_WITHOUT_RECORD.get(work, work), offset))
                done = done._replace(device=done.device._replace(work=refused))
        for outcome in self.sent(done, actions):
            yield outcome._replace(faults=(Fault.RECORD, *outcome.faults))

    def first_step(self, world: World, input: Input) -> Step:
        """A step that was not taken before from this state of the engine."""
        engine, actions = self.engines.step(world.engine, input)
        step = self.described_step(world, input, engine, actions)
        complaints = ((check.__name__, check(step)) for check in ENGINE_CHECKS)
        complaint = next((complaint for complaint in complaints if complaint[1]), None)
        if isinstance(input, Message) and input.topic.kind is TopicKind.NOTIFY_NEXT:
            complaint = complaint or self.doubled(engine, input)
        return Step(engine, actions, complaint, any(action.id in _ASKING_FOR_WORK for action in actions))

    def doubled(self, engine: int, input: Message) -> tuple[str, str] | None:
        """What is wrong when a notification comes once more right away."""
        once, twice = self.engines.views[engine], self.engines.views[self.engines.step(engine, input)[0]]
        if (once.state.phase, once.job) == (twice.state.phase, twice.job):
            return None
        return "p10_duplicates_change_nothing", f"{input.topic.kind.name} doubled changes the job"

    def described_step(self, world: World, input: Input, engine: int, actions: tuple[Action, ...]) -> CheckedStep:
        views = self.engines.views
        return CheckedStep(self.scenario, world, views[world.engine], input, views[engine], actions)

    def check_work(self, world: World, input: Input, engine: int, actions: tuple[Action, ...]) -> None:
        step = self.described_step(world, input, engine, actions)
        for check in WORK_CHECKS:
            complaint = check(step)
            if complaint:
                raise Violated(check.__name__, complaint)

    def carried_out(self, world: World, action: Action) -> World:
        device, app = world.device, world.app
        if action.id is ActionId.PERSIST:
            return world._replace(device=device._replace(record=self.engines.record(world.engine), unsaved=False))
        if action.id is ActionId.CLEAR:
            return world._replace(device=device._replace(record=None, unsaved=False))
        if action.id is ActionId.ABORT:
            work = device.work[:-1] if device.work and device.work[-1][0] in _ABORTABLE else device.work
            return world._replace(device=device._replace(work=work, body=None))
        if action.id is ActionId.ERASE:
            erases = self.view(world).state.phase is Phase.ERASING
            item = (Work.ERASE if erases else Work.WIPE, action.value)
            return world._replace(device=device._replace(work=(*device.work, item)))
        if action.id in _WORK:
            return world._replace(device=device._replace(work=(*device.work, (_WORK[action.id], action.value))))
        if action.id is ActionId.TELL and action.what == Tell.CONFIRM:
            return world._replace(app=app._replace(told_confirm=True))
        if action.id is ActionId.TELL and action.what == Tell.DONE:
            return world._replace(app=app._replace(told_done=True))
        if action.id is ActionId.SUBSCRIBE:
            return world._replace(net=world.net._replace(suback=True))
        return world

    def published(self, world: World) -> Iterator[Outcome]:
        """The request reaches the service and its answer the device, or one of the two is lost."""
        allowed = self.allowed
        asked = self.asked(world)
        silent = world._replace(net=world.net._replace(answer=None))
        if Fault.LOST in allowed:
            yield Outcome(silent, (Fault.LOST,))
        if Fault.THROTTLED in allowed:
            refusal = Answer(_REJECTED_ON[asked.request], asked.job, code=Refusal.REQUEST_THROTTLED)
            yield Outcome(world._replace(net=world.net._replace(answer=refusal)), (Fault.THROTTLED,))
        if asked.request is Request.UPDATE:
            self.check_report(world, asked)
        processed, answer = service.process(silent, asked)
        if Fault.LOST in allowed and processed != silent:
            yield Outcome(processed, (Fault.LOST,))
        yield Outcome(processed._replace(net=processed.net._replace(answer=answer)))

    def check_report(self, world: World, asked: Asked) -> None:
        report = Report(self.scenario, world, asked, self.view(world).job.reason)
        for check in REPORT_CHECKS:
            complaint = check(report)
            if complaint:
                raise Violated(check.__name__, complaint)

    def asked(self, world: World) -> Asked:
        """The request in flight."""
        state, job = self.view(world).state, self.view(world).job
        if state.request in (Request.DESCRIBE_NEXT, Request.LIST):
            return Asked(state.request, full=state.full)
        if not job.job_id:
            raise Violated("interface_of_a_step", f"{state.request.name} without a jobId")
        return Asked(state.request, job_number(job.job_id), state.full, state.asked, job.version)

    def message(self, world: World, answer: Answer, fresh: bool = True) -> Input:
        """An answer as the device reads it now."""
        state = self.view(world).state
        by_job = state.request is Request.DESCRIBE_JOB
        full = state.full and (not by_job or (answer.job >= 0 and job_name(answer.job) == self.view(world).job.job_id))
        return messages.answer(answer, self.scenario.documents, state.ring, full, fresh)

    def check_that_late_answers_are_nothing(self, world: World, answer: Answer) -> None:
        """An answer that comes once more, or after its request was given up, changes nothing.

        This is why worlds have no such answers in their networks. Only a description that cannot be read has no token
        to tell it by; those are let in, as stragglers.
        """
        if messages.is_unreadable(answer, self.scenario.documents):
            return
        for engine, fresh in ((world.engine, False), (self.engines.step(world.engine, _TIMER_REQUEST)[0], False)):
            there = world._replace(engine=engine)
            after, actions = self.engines.step(engine, self.message(there, answer, fresh))
            if after != engine or any(action.id is not ActionId.ACKNOWLEDGE for action in actions):
                raise Violated("p10_duplicates_change_nothing", f"a late {answer} changes the engine")

    # Reboots.

    def off(self, world: World) -> World:
        """The device stops; what is not in flash is lost."""
        device = world.device._replace(work=(), body=None, unsaved=False)
        return World(self.engines.unbooted, device, world.jobs, world.objects, Net(), App())

    def boots(self, world: World) -> Iterator[Outcome]:
        """The device starts again; the bootloader does its part first."""
        device = world.device
        image = whole_image(device.slot)
        if device.pending and image != BLANK:
            yield from self.boot(world._replace(device=swapped(device)._replace(confirmed=False, pending=False)))
            if Fault.REFUSED in self.allowed:
                for pending in (False, True):
                    for outcome in self.boot(world._replace(device=device._replace(pending=pending))):
                        yield Outcome(outcome.world, (Fault.REFUSED, *outcome.faults))
        elif not device.confirmed:
            reverted = device.running if device.met else device.reverted
            yield from self.boot(world._replace(device=swapped(device)._replace(confirmed=True, reverted=reverted)))
        else:
            yield from self.boot(world._replace(device=device._replace(pending=False)))

    def boot(self, world: World) -> Iterator[Outcome]:
        """The application starts, and with it the engine."""
        device = world.device
        yield from self.start(world, device.record)
        # An upgrade that the bootloader keeps, and that no record tells of, is as good as the application's own.
        if Fault.UNREAD in self.allowed and device.record is not None and not device.pending:
            # Damaged for good, or not read this once: what it says may come up at a later start.
            # That an image was reverted, nothing else would tell.
            for kept, found in ((TORN, TORN), (device.record, None)):
                unread = world._replace(device=device._replace(record=kept, unsaved=True, reverted=BLANK))
                for outcome in self.start(unread, found):
                    yield outcome._replace(faults=(Fault.UNREAD, *outcome.faults))

    def start(self, world: World, record: bytes | None) -> Iterator[Outcome]:
        """The engine's first step, with the record that the glue found."""
        device = world.device
        for outcome in self.step(world, boot_input(record, device.running, device.confirmed, device.pending)):
            # An image that no record says anything of was not met.
            after = outcome.world.device
            met = Fault.REBOOT not in outcome.faults and not after.unsaved and after.record != TORN
            yield outcome._replace(world=outcome.world._replace(device=after._replace(met=met)))


def swapped(device: Device) -> Device:
    """The device after the bootloader has swapped the images."""
    return device._replace(running=whole_image(device.slot), slot=(device.running,) * CELLS, met=False)
