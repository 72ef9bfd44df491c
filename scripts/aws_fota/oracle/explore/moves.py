# SPDX-License-Identifier: Apache-2.0
"""What can happen next in a world, and what a fair network and an answering application let happen next."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import FetchError, Input, Phase, Request, TimerId
from aws_fota.oracle.engine_state import Backoff, Link
from aws_fota.oracle.explore import messages, service
from aws_fota.oracle.explore.carrying_out import Carrier, Outcome, Violated
from aws_fota.oracle.explore.world import (
    BLANK,
    CELLS,
    App,
    Body,
    Device,
    Document,
    Execution,
    Fault,
    Mood,
    Net,
    Scenario,
    Work,
    World,
    etag_of,
    image_hash,
    job_number,
    object_of,
    whole_image,
)
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.parser import job_hash

EIO = -5


class Kind(IntEnum):
    """Kinds of moves; of those that can happen, a fair world takes the smallest first."""

    ANSWER = 0
    SUBACK = 1
    WORK = 2
    NOTICE = 3
    NOTIFY = 4
    STRAGGLER = 5
    CONNECT = 6
    RESUME = 7
    ACCEPT = 8
    REJECT = 9
    CONFIRM = 10
    REBOOT = 11
    TIMER = 12
    #: A connection on which a notification was lost does not stand for ever.
    RENEW = 13
    #: Never by itself: fair worlds do not need it.
    OTHER = 14


class Move(NamedTuple):
    """Something that can happen."""

    kind: Kind
    text: str
    world: World
    faults: tuple[Fault, ...] = ()


_CONNECTED, _DISCONNECTED = io.Connected(), io.Disconnected()
_SUBSCRIBED, _NOT_SUBSCRIBED = io.Subscribed(0), io.Subscribed(EIO)
_REQUEST_TIMER, _DOWNLOAD_TIMER = io.Timer(TimerId.REQUEST), io.Timer(TimerId.DOWNLOAD)
_ACCEPT, _REJECT, _CONFIRM, _CANCEL = io.Accept(), io.Reject(), io.Confirm(), io.Cancel()
_PAUSE, _RESUME = io.Pause(), io.Resume()
_ERASED, _NOT_ERASED = io.Erased(0), io.Erased(EIO)
_WRITTEN = [io.Written(end) for end in range(CELLS + 1)]
_CLOSED, _FLASH_FAILED = io.FetchFailed(FetchError.CLOSED), io.FetchFailed(FetchError.FLASH)
_FORBIDDEN, _UNAVAILABLE, _PRECONDITION = io.HttpResponse(403), io.HttpResponse(503), io.HttpResponse(412)
_REQUESTED, _NOT_REQUESTED = io.UpgradeRequested(0), io.UpgradeRequested(EIO)
_CONFIRMED, _NOT_CONFIRMED = io.Confirmed(0), io.Confirmed(EIO)
_UNVERIFIED, _NO_IMAGE = io.Verified(error=EIO), io.Verified(image_valid=False)

_CLOUD = {
    Fault.CLOUD_CANCEL: JobStatus.CANCELED,
    Fault.CLOUD_TIMEOUT: JobStatus.TIMED_OUT,
    Fault.CLOUD_DELETE: JobStatus.REMOVED,
}
_CAN_BE_CANCELLED = frozenset(Phase) - {Phase.UNBOOTED, Phase.IDLE, Phase.OFFERED, Phase.REVERTING, Phase.REPORTING}


class Moves:
    """The moves of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.carrier = Carrier(scenario)
        self._inputs: dict[object, Input] = {}

    def first(self) -> Iterator[Move]:
        """The worlds in which it begins."""
        jobs = tuple(
            Execution(JobStatus.QUEUED, 1) if position == 0 or not self.scenario.created_later else Execution()
            for position in range(len(self.scenario.documents))
        )
        world = World(self.carrier.engines.unbooted, Device(), jobs, (0,) * len(jobs), Net(), App())
        yield Move(Kind.REBOOT, "the device is switched on", world)

    def of(self, world: World, faults: int) -> Iterator[Move]:
        """Everything that can happen in a world in which so many faults can still happen."""
        self.carrier.allowed = self.scenario.allowed if faults > 0 else frozenset()
        if world.engine == self.carrier.engines.unbooted:
            yield from self.moves(Kind.REBOOT, "the device boots", self.carrier.boots(world))
            return
        yield from self.answers(world)
        yield from self.notifications(world)
        yield from self.connection(world)
        yield from self.work(world)
        yield from self.application(world)
        yield from self.timers(world)
        yield from self.cloud(world)
        yield from self.stops(Kind.OTHER, "reboot", world, Fault.REBOOT)

    def stops(self, kind: Kind, text: str, world: World, *faults: Fault) -> Iterator[Move]:
        """The device stops, where such a fault is allowed."""
        if all(self.allows(fault) for fault in faults):
            yield Move(kind, text, self.carrier.off(world), faults)

    def allows(self, fault: Fault) -> bool:
        return fault in self.carrier.allowed

    def moves(self, kind: Kind, text: str, outcomes: Iterator[Outcome], *faults: Fault) -> Iterator[Move]:
        for outcome in outcomes:
            yield Move(kind, text, outcome.world, (*faults, *outcome.faults))

    def takes(self, kind: Kind, text: str, world: World, input: Input, *faults: Fault) -> Iterator[Move]:
        """An input reaches the engine."""
        return self.moves(kind, text, self.carrier.step(world, input), *faults)

    # Messages.

    def answers(self, world: World) -> Iterator[Move]:
        net = world.net
        if net.answer is not None:
            there = world._replace(net=net._replace(answer=None))
            if messages.is_unreadable(net.answer, self.scenario.documents) and self.allows(Fault.DOUBLED):
                kept = there._replace(net=there.net._replace(straggler=net.answer))
                input = self.carrier.message(kept, net.answer)
                yield from self.takes(Kind.OTHER, "unreadable answer, doubled", kept, input, Fault.DOUBLED)
                yield from self.takes(Kind.OTHER, "timer before the answer", kept, _REQUEST_TIMER, Fault.DOUBLED)
            input = self.carrier.message(there, net.answer)
            for move in self.takes(Kind.ANSWER, f"{net.answer.topic.name} comes", there, input):
                if Fault.REBOOT not in move.faults:
                    self.carrier.check_that_late_answers_are_nothing(move.world, net.answer)
                yield move
        if net.straggler is not None and self.carrier.view(world).state.link is Link.ONLINE:
            there = world._replace(net=net._replace(straggler=None))
            input = self.carrier.message(there, net.straggler)
            yield from self.takes(Kind.STRAGGLER, "unreadable answer comes late", there, input)

    def notifications(self, world: World) -> Iterator[Move]:
        net = world.net
        if not self.carrier.online(world):
            return
        for notice in net.notices:
            rest = tuple(other for other in net.notices if other != notice)
            there = world._replace(net=net._replace(notices=rest))
            yield from self.takes(Kind.NOTICE, f"notify-next {notice.job}", there, messages.notify_next(notice))
            if self.allows(Fault.DOUBLED):
                input = messages.notify_next(notice)
                yield from self.takes(Kind.OTHER, "notify-next, doubled", world, input, Fault.DOUBLED)
            if self.allows(Fault.LOST):
                lost = world._replace(net=net._replace(notices=rest, missed=True))
                yield Move(Kind.OTHER, "notify-next is lost", lost, (Fault.LOST,))
        if net.notify:
            there = world._replace(net=net._replace(notify=False))
            yield from self.takes(Kind.NOTIFY, "notify", there, messages.notify())

    def connection(self, world: World) -> Iterator[Move]:
        link, net = self.carrier.view(world).state.link, world.net
        if link is Link.OFFLINE:
            yield from self.takes(Kind.CONNECT, "connected", world, _CONNECTED)
            return
        if net.suback:
            there = world._replace(net=net._replace(suback=False))
            yield from self.takes(Kind.SUBACK, "subscribed", there, _SUBSCRIBED)
            if self.allows(Fault.THROTTLED):
                yield from self.takes(Kind.OTHER, "not subscribed", there, _NOT_SUBSCRIBED, Fault.THROTTLED)
            if self.allows(Fault.LOST):
                yield Move(Kind.OTHER, "suback is lost", there, (Fault.LOST,))
        alone = world._replace(net=Net())
        if net.missed:
            yield from self.takes(Kind.RENEW, "disconnected after a loss", alone, _DISCONNECTED)
        elif self.allows(Fault.DISCONNECT):
            yield from self.takes(Kind.OTHER, "disconnected", alone, _DISCONNECTED, Fault.DISCONNECT)

    # The glue.

    def work(self, world: World) -> Iterator[Move]:
        if not world.device.work:
            return
        (work, offset), rest = world.device.work[0], world.device.work[1:]
        there = world._replace(device=world.device._replace(work=rest))
        yield from {
            Work.ERASE: self.erase,
            Work.WIPE: self.erase,
            Work.FETCH: self.fetch,
            Work.RECEIVE: self.receive,
            Work.VERIFY: self.verify,
            Work.UPGRADE: self.upgrade,
            Work.CONFIRM: self.confirm,
        }[work](there, offset)

    def done(self, text: str, world: World, input: Input) -> Iterator[Move]:
        """Work is done, and the engine hears of it, or the device reboots just before."""
        yield from self.takes(Kind.WORK, text, world, input)
        yield from self.stops(Kind.OTHER, f"{text}, then reboot", world, Fault.REBOOT)

    def erase(self, world: World, offset: int) -> Iterator[Move]:
        device = world.device
        blank = device._replace(slot=device.slot[:offset] + (BLANK,) * (CELLS - offset), pending=False)
        yield from self.done(f"erased from {offset}", world._replace(device=blank), _ERASED)
        # The bootloader's request stands behind the image, in the part of the slot that is erased last.
        half = device._replace(slot=(*device.slot[:offset], BLANK, *device.slot[offset + 1 :]))
        yield from self.stops(Kind.OTHER, "reboot while erasing", world._replace(device=half), Fault.REBOOT)
        if self.allows(Fault.FLASH):
            yield from self.takes(Kind.OTHER, "erasing fails", world, _NOT_ERASED, Fault.FLASH)

    def fetch(self, world: World, offset: int) -> Iterator[Move]:
        job = self.carrier.view(world).job
        number = job_number(job.job_id)
        image = object_of(number, world.objects[number])
        if job.etag is not None and job.etag != etag_of(image):
            yield from self.takes(Kind.WORK, "412", world, _PRECONDITION)
            if self.allows(Fault.NO_IF_MATCH):
                yield from self.partial_content(Kind.OTHER, world, image, offset, Fault.NO_IF_MATCH)
        else:
            yield from self.partial_content(Kind.WORK, world, image, offset)
        if self.allows(Fault.NO_RANGES):
            input = self.kept(io.HttpResponse(200, None, CELLS, etag_of(image)))
            whole = self.holding(world, Body(image, 0, CELLS))
            yield from self.takes(Kind.OTHER, "200", whole, input, Fault.NO_RANGES)
        for fault, answer in (
            (Fault.FETCH_FAILED, _CLOSED),
            (Fault.FORBIDDEN, _FORBIDDEN),
            (Fault.UNAVAILABLE, _UNAVAILABLE),
        ):
            if self.allows(fault):
                yield from self.takes(Kind.OTHER, fault.value, world, answer, fault)

    def partial_content(self, kind: Kind, world: World, image: str, offset: int, *faults: Fault) -> Iterator[Move]:
        input = self.kept(io.HttpResponse(206, (offset, offset, CELLS), 1, etag_of(image)))
        return self.takes(kind, "206", self.holding(world, Body(image, offset, offset + 1)), input, *faults)

    @staticmethod
    def holding(world: World, body: Body) -> World:
        return world._replace(device=world.device._replace(body=body))

    def kept(self, input: Input) -> Input:
        """One object for all equal inputs, as :class:`Engines` asks for."""
        return self._inputs.setdefault(input, input)

    def receive(self, world: World, offset: int) -> Iterator[Move]:
        device, body = world.device, world.device.body
        assert body is not None
        if device.slot[body.start] != BLANK:
            raise Violated("p5_written_flash_is_blank_before", f"writes over {device.slot} at {body.start}")
        written = (*device.slot[: body.start], body.object, *device.slot[body.start + 1 :])
        if body.start + 1 == body.end:
            after = device._replace(slot=written, body=None)
        else:
            more = ((Work.RECEIVE, offset), *device.work)
            after = device._replace(slot=written, body=body._replace(start=body.start + 1), work=more)
        yield from self.done(f"written to {body.start + 1}", world._replace(device=after), _WRITTEN[body.start + 1])
        stopped = world._replace(device=device._replace(body=None))
        for fault, answer in ((Fault.FETCH_FAILED, _CLOSED), (Fault.FLASH, _FLASH_FAILED)):
            if self.allows(fault):
                yield from self.takes(Kind.OTHER, f"receiving: {fault.value}", stopped, answer, fault)

    def verify(self, world: World, offset: int) -> Iterator[Move]:
        image = whole_image(world.device.slot)
        result = _NO_IMAGE if image == BLANK else self.kept(io.Verified(hash=image_hash(image)))
        yield from self.takes(Kind.WORK, "verified", world, result)
        if self.allows(Fault.FLASH):
            yield from self.takes(Kind.OTHER, "verifying fails", world, _UNVERIFIED, Fault.FLASH)

    def upgrade(self, world: World, offset: int) -> Iterator[Move]:
        asked = world._replace(device=world.device._replace(pending=True))
        yield from self.done("upgrade requested", asked, _REQUESTED)
        if self.allows(Fault.BOOTLOADER):
            yield from self.takes(Kind.OTHER, "upgrade cannot be requested", world, _NOT_REQUESTED, Fault.BOOTLOADER)

    def confirm(self, world: World, offset: int) -> Iterator[Move]:
        confirmed = world._replace(device=world.device._replace(confirmed=True))
        yield from self.done("confirmed", confirmed, _CONFIRMED)
        if self.allows(Fault.BOOTLOADER):
            yield from self.takes(Kind.OTHER, "cannot be confirmed", world, _NOT_CONFIRMED, Fault.BOOTLOADER)

    # The application, time, and the cloud.

    def application(self, world: World) -> Iterator[Move]:
        state, device, app = self.carrier.view(world).state, world.device, world.app
        phase = state.phase
        if state.paused:
            yield from self.takes(Kind.RESUME, "application resumes", world, _RESUME)
        elif self.allows(Fault.PAUSE) and phase is not Phase.IDLE:
            yield from self.takes(Kind.OTHER, "application pauses", world, _PAUSE, Fault.PAUSE)
        if phase is Phase.OFFERED:
            yield from self.takes(Kind.ACCEPT, "application accepts the job", world, _ACCEPT)
            yield from self.takes(Kind.REJECT, "application rejects the job", world, _REJECT)
        confirming = (Work.CONFIRM, 0) in device.work
        if not device.confirmed and not confirming:
            if app.told_confirm:
                yield from self.takes(Kind.CONFIRM, "application confirms", world, _CONFIRM)
                if phase is Phase.CONFIRMING:
                    yield from self.takes(Kind.REJECT, "application rejects the image", world, _REJECT)
            if app.told_confirm or phase is Phase.REVERTING:
                yield from self.stops(Kind.REBOOT, "application reboots", world)
        elif app.told_done and (device.pending or phase is Phase.REBOOTING):
            yield from self.stops(Kind.REBOOT, "application reboots", world)
        if self.allows(Fault.CANCEL) and phase in _CAN_BE_CANCELLED:
            yield from self.takes(Kind.OTHER, "application cancels", world, _CANCEL, Fault.CANCEL)

    def timers(self, world: World) -> Iterator[Move]:
        state = self.carrier.view(world).state
        if state.phase is Phase.WAITING:
            yield from self.takes(Kind.TIMER, "download timer", world, _DOWNLOAD_TIMER)
        nothing_comes = world.net.answer is None and not world.net.suback
        waits = state.request is not Request.NONE or state.backoff is not Backoff.NONE
        if waits and nothing_comes:
            yield from self.takes(Kind.TIMER, "request timer", world, _REQUEST_TIMER)

    def cloud(self, world: World) -> Iterator[Move]:
        online = self.carrier.online(world)
        view = self.carrier.view(world)
        for job, execution in enumerate(world.jobs):
            if execution.status is JobStatus.NONE:
                created = service.changed_job(world.jobs, job, Execution(JobStatus.QUEUED, 1))
                yield Move(Kind.OTHER, f"job {job} is created", service.with_jobs(world, created, online))
                break
            if execution.status not in service.PENDING:
                continue
            for fault, status in _CLOUD.items():
                in_progress = execution.status is JobStatus.IN_PROGRESS
                if self.allows(fault) and (in_progress or fault is not Fault.CLOUD_TIMEOUT):
                    ended = service.ended_by_cloud(world, job, status, online)
                    yield Move(Kind.OTHER, f"job {job}: {fault.value}", ended, (fault,))
            if self.scenario.documents[job] is Document.FOREIGN and self.is_left_alone(world, job):
                ended = service.ended_by_cloud(world, job, JobStatus.SUCCEEDED, online)
                yield Move(Kind.OTHER, f"application is done with job {job}", ended)
            if self.allows(Fault.CHANGED) and view.job.job_id == "ABCDEFGH"[job] and world.objects[job] == 0:
                objects = (*world.objects[:job], 1, *world.objects[job + 1 :])
                yield Move(Kind.OTHER, "object changes", world._replace(objects=objects), (Fault.CHANGED,))

    def is_left_alone(self, world: World, job: int) -> bool:
        return job_hash("ABCDEFGH"[job]) in self.carrier.view(world).state.ring


#: What an application does not do in a mood.
_REFUSED = {
    Mood.CONFIRMS: frozenset({Kind.REJECT}),
    Mood.REJECTS: frozenset({Kind.CONFIRM, Kind.ACCEPT}),
    Mood.REBOOTS: frozenset({Kind.CONFIRM, Kind.REJECT}),
}


def fair_moves(moves: list[Move]) -> list[Move]:
    """Those that a fair network and an answering application let happen, in the order in which they do."""
    fair = [move for move in moves if not move.faults and move.kind is not Kind.OTHER]
    return sorted(fair, key=lambda move: move.kind)


def fair_move(fair: list[Move], mood: Mood) -> Move | None:
    """Which of the fair moves happens next, or None at rest."""
    return next((move for move in fair if move.kind not in _REFUSED[mood]), None)
