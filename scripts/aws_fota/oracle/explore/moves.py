# SPDX-License-Identifier: Apache-2.0
"""What can happen next in a world, and what a fair network and an answering application let happen next."""

from __future__ import annotations

from collections.abc import Iterator

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import Phase, Request, TimerId
from aws_fota.oracle.engine_state import Backoff, Link
from aws_fota.oracle.explore import messages, service
from aws_fota.oracle.explore.glue import EIO, GlueMoves, Kind, Move
from aws_fota.oracle.explore.world import (
    CELLS,
    OTHERS,
    App,
    Device,
    Document,
    Execution,
    Fault,
    Mood,
    Net,
    Work,
    World,
)
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.parser import job_hash

_CONNECTED, _DISCONNECTED = io.Connected(), io.Disconnected()
_SUBSCRIBED, _NOT_SUBSCRIBED = io.Subscribed(0), io.Subscribed(EIO)
_REQUEST_TIMER, _DOWNLOAD_TIMER = io.Timer(TimerId.REQUEST), io.Timer(TimerId.DOWNLOAD)
_ACCEPT, _REJECT, _CANCEL = io.Accept(), io.Reject(), io.Cancel()
_CONFIRM, _REVERT = io.Confirm(), io.Revert()
_PAUSE, _RESUME = io.Pause(), io.Resume()

_CLOUD = {
    Fault.CLOUD_CANCEL: JobStatus.CANCELED,
    Fault.CLOUD_TIMEOUT: JobStatus.TIMED_OUT,
    Fault.CLOUD_DELETE: JobStatus.REMOVED,
}
_CAN_BE_CANCELLED = frozenset(Phase) - {Phase.UNBOOTED, Phase.IDLE, Phase.OFFERED, Phase.REVERTING, Phase.REPORTING}


class Moves(GlueMoves):
    """The moves of one scenario."""

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
            yield from self.overwriting(world)
            return
        yield from self.answers(world)
        yield from self.notifications(world)
        yield from self.connection(world)
        yield from self.work(world)
        yield from self.application(world)
        yield from self.timers(world)
        yield from self.cloud(world)
        yield from self.stops(Kind.OTHER, "reboot", world, Fault.REBOOT)

    def overwriting(self, world: World) -> Iterator[Move]:
        """Before the engine starts, another image or a tool writes to the slot, in part or in whole."""
        device = world.device
        if self.allows(Fault.OVERWRITTEN) and device.confirmed and not device.pending:
            for count in range(1, CELLS + 1):
                slot = (OTHERS,) * count + device.slot[count:]
                there = world._replace(device=device._replace(slot=slot))
                yield Move(Kind.OTHER, f"others write {count} to the slot", there, (Fault.OVERWRITTEN,))

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
                    yield from self.takes(Kind.REJECT, "application gives the image up", world, _REVERT)
            elif phase is Phase.REVERTING:
                # By the bootloader's own function, as applications of the nRF Connect SDK do.
                yield from self.takes(Kind.OTHER, "application confirms unasked", world, _CONFIRM)
            if app.told_confirm or phase is Phase.REVERTING:
                yield from self.stops(Kind.REBOOT, "application reboots", world)
        elif app.told_done and (device.pending or phase in (Phase.REBOOTING, Phase.REVERTING)):
            # In REVERTING an erase failed, which the next start sees to; the upgrade was perhaps never requested.
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
