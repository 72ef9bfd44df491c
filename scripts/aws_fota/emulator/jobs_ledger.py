# SPDX-License-Identifier: Apache-2.0
"""All things, jobs and executions, every change made to them, and the notifications that follow."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from aws_fota.emulator import jobs_documents, jobs_limits, jobs_topics, jobs_views
from aws_fota.emulator.clock import Clock
from aws_fota.emulator.jobs_documents import Signer
from aws_fota.emulator.jobs_model import Change, Delivery, Execution, Job, JobConfig, JobStatus, Status
from aws_fota.emulator.jobs_rollout import BATCH_S
from aws_fota.emulator.jobs_things import Thing, ThingGroup

Observer = Callable[[Change], None]
_Key = tuple[str, int]


class JobsLedger:
    """The state of the Jobs service.

    Whoever changes it calls :meth:`notifications` for the things concerned and delivers what comes back.

    Args:
        clock: the times.
        signer: makes presigned URLs for the placeholders in documents.

    Attributes:
        observers: are told each change of an execution.
        timer_observers: are told whose step timer was set, which is no change of its own.
    """

    def __init__(self, clock: Clock, signer: Signer) -> None:
        self.clock = clock
        self.things: dict[str, Thing] = {}
        self.groups: dict[str, ThingGroup] = {}
        self.jobs: dict[str, Job] = {}
        self.observers: list[Observer] = []
        self.timer_observers: list[Callable[[Execution], None]] = []
        self._signer = signer
        self._pending: dict[str, dict[_Key, Execution]] = {}
        self._told: dict[str, tuple[frozenset[_Key], _Key | None]] = {}
        self._timers: list[tuple[float, int, Execution]] = []
        self._timer_count = itertools.count()
        #: Jobs with things that wait for the rollout.
        self._rolling: dict[str, Job] = {}
        #: Things whose executions an abort has ended since the last notifications.
        self._aborted: list[str] = []

    def pending(self, thing: str) -> list[Execution]:
        """Executions of `thing` that have not ended: those in progress first, then by queue time, then as made."""
        executions = self._pending.get(thing, {}).values()
        return sorted(executions, key=lambda it: (it.status is not Status.IN_PROGRESS, it.queued_at))

    def next_deadline(self) -> float | None:
        """Monotonic seconds at which the first timer ends or the first rollout goes on, None when there is nothing."""
        batches = [job.next_batch_at for job in self._rolling.values() if job.next_batch_at is not None]
        timer = self._next_timer()
        return min(batches if timer is None else [*batches, timer], default=None)

    def _next_timer(self) -> float | None:
        while self._timers:
            at, _, execution = self._timers[0]
            if execution.deadline == at:
                return at
            heapq.heappop(self._timers)
        return None

    def expired(self) -> Iterator[Execution]:
        """Executions whose timer has run out, the earliest first; each must be ended before the next is asked for."""
        while (at := self._next_timer()) is not None and at <= self.clock.monotonic():
            yield self._timers[0][2]

    def execution(self, job_id: str, thing: str, number: int | None = None) -> Execution | None:
        """One execution, the latest when no number is given, None when there is none."""
        job = self.jobs.get(job_id)
        tries = job.executions.get(thing, []) if job else []
        if number is None:
            return tries[-1] if tries else None
        return next((execution for execution in tries if execution.number == number), None)

    def document(self, execution: Execution) -> dict[str, Any]:
        """The job document as it is delivered now: each placeholder is signed anew."""
        job = self.jobs[execution.job_id]
        return self.sign(job.document, job.config)

    def sign(self, document: dict[str, Any], config: JobConfig) -> dict[str, Any]:
        """`document` with its placeholders signed.

        Raises:
            AwsFotaError: whatever the signer raises for a placeholder that it cannot sign.
        """
        return jobs_documents.deliver(document, self._signer, config.presigned_expires_s)

    def add_job(self, job: Job) -> None:
        """Store a job and queue its first execution on each target, as many at once as its rollout allows."""
        job.last_updated_at = job.created_at
        self.jobs[job.job_id] = job
        self._wait(job, job.targets)

    def add_targets(self, job: Job, things: Iterable[str]) -> None:
        """Give a job to more things; to one that had it before once more, unless it is pending there."""
        busy = {*job.waiting, *(one.thing for one in self._open(job))}
        wanted = [thing for thing in things if thing not in busy]
        job.targets = tuple(dict.fromkeys([*job.targets, *wanted]))
        self._wait(job, wanted)

    def drop_target(self, job: Job, thing: str) -> None:
        """Take a thing out of a job: what is pending there becomes REMOVED, what waits never starts."""
        job.targets = tuple(it for it in job.targets if it != thing)
        job.waiting = [it for it in job.waiting if it != thing]
        for execution in self._open(job):
            if execution.thing == thing:
                self.change(execution, Status.REMOVED, None, "removed")
        self._settle(job)

    def due_rollouts(self) -> list[str]:
        """Let each rollout go on whose minute is over; the things that it reached."""
        now = self.clock.monotonic()
        reached = []
        for job in list(self._rolling.values()):
            if job.next_batch_at is not None and job.next_batch_at <= now:
                job.next_batch_at = None
                reached += self._roll_out(job)
        return reached

    def stop_rollout(self, job: Job) -> None:
        """Forget what waits."""
        job.waiting, job.next_batch_at = [], None
        self._rolling.pop(job.job_id, None)

    def remove_job(self, job_id: str) -> None:
        """Forget a job and all its executions."""
        job = self.jobs[job_id]
        self.stop_rollout(job)
        for thing in job.executions:
            for execution in job.executions[thing]:
                if not execution.status.terminal:
                    self._leave_pending(execution)
                    self._record(execution, "deleted")
        del self.jobs[job_id]

    def remove_execution(self, execution: Execution) -> None:
        """Forget one execution."""
        job = self.jobs[execution.job_id]
        if not execution.status.terminal:
            self._leave_pending(execution)
        self._record(execution, "deleted")
        tries = job.executions[execution.thing]
        tries.remove(execution)
        if not tries:
            del job.executions[execution.thing]
        self._settle(job)

    def finish(self, job: Job, status: JobStatus) -> None:
        """End a job."""
        self.stop_rollout(job)
        job.status = status
        job.completed_at = job.last_updated_at = self.clock.wall()

    def change(self, execution: Execution, status: Status, details: dict[str, str] | None, cause: str) -> None:
        """Give an execution a status, and other details unless they are None; versionNumber goes up by one.

        A status that ends it stops its timers, and may queue a retry and complete the job.
        """
        job = self.jobs[execution.job_id]
        now = self.clock.wall()
        if status is Status.IN_PROGRESS and execution.started_at is None:
            execution.started_at = now
            if job.config.in_progress_timeout_minutes is not None:
                minutes = job.config.in_progress_timeout_minutes
                execution.in_progress_deadline = self.clock.monotonic() + 60 * minutes
                self._watch(execution)
        execution.status = status
        if details is not None:
            execution.status_details = dict(details)
        execution.version += 1
        execution.last_updated_at = now
        self._record(execution, cause)
        if status.terminal:
            self._end(job, execution)

    def set_step_timer(self, execution: Execution, minutes: int | None) -> None:
        """Start, renew, cancel (-1) or leave (None) the step timer of an execution that is IN_PROGRESS."""
        if minutes is None or execution.status is not Status.IN_PROGRESS:
            return
        cancel = minutes == jobs_limits.STEP_TIMEOUT_CANCEL
        execution.step_deadline = None if cancel else self.clock.monotonic() + 60 * minutes
        self._watch(execution)
        for observer in self.timer_observers:
            observer(execution)

    def restore(self, things: Iterable[Thing], groups: Iterable[ThingGroup], jobs: Iterable[Job]) -> None:
        """Take up a state that was kept, in place of an empty one; nobody is told what was there before."""
        self.things.update((thing.name, thing) for thing in things)
        self.groups.update((group.name, group) for group in groups)
        self.jobs.update((job.job_id, job) for job in jobs)
        for job in self.jobs.values():
            if job.next_batch_at is not None:
                self._rolling[job.job_id] = job
            for execution in itertools.chain.from_iterable(job.executions.values()):
                if not execution.status.terminal:
                    key = (execution.job_id, execution.number)
                    self._pending.setdefault(execution.thing, {})[key] = execution
                    self._watch(execution)
        for thing in self._pending:
            self._told[thing] = _standing(self.pending(thing))

    def notifications(self, *things: str) -> list[Delivery]:
        """What must be told since the last call.

        ``notify`` when an execution joined or left the pending ones of a thing, ``notify-next`` when another
        execution became the first of them; neither when only the details of one changed.
        """
        deliveries = []
        concerned = dict.fromkeys([*things, *self._aborted])
        self._aborted.clear()
        for thing in concerned:
            pending = self.pending(thing)
            keys, first = _standing(pending)
            told_keys, told_first = self._told.get(thing, (frozenset(), None))
            self._told[thing] = keys, first
            timestamp = self.clock.wall()
            if keys != told_keys:
                payload = jobs_documents.encode(jobs_views.notify(pending, timestamp))
                deliveries.append(Delivery(thing, jobs_topics.notify(thing), payload, to_publisher=False))
            if first != told_first:
                described = jobs_views.next_execution(pending[0], self.document(pending[0])) if pending else None
                payload = jobs_documents.encode(jobs_views.notify_next(described, timestamp))
                deliveries.append(Delivery(thing, jobs_topics.notify_next(thing), payload, to_publisher=False))
        return deliveries

    def _queue(self, job: Job, thing: str) -> None:
        tries = job.executions.setdefault(thing, [])
        now = self.clock.wall()
        execution = Execution(job.job_id, thing, tries[-1].number + 1 if tries else 1, now, now)
        tries.append(execution)
        self._pending.setdefault(thing, {})[job.job_id, execution.number] = execution
        self._record(execution, "created")

    def _end(self, job: Job, execution: Execution) -> None:
        self._leave_pending(execution)
        if job.status is JobStatus.IN_PROGRESS:
            tries = job.executions[execution.thing]
            earlier = [one.status for one in tries if one.number < execution.number]
            if job.config.allows_retry(execution.status, earlier):
                self._queue(job, execution.thing)
            else:
                self._settle(job)

    def _open(self, job: Job) -> list[Execution]:
        return [execution for execution in job.latest() if not execution.status.terminal]

    def _wait(self, job: Job, things: Iterable[str]) -> None:
        job.waiting += things
        if job.next_batch_at is None:
            self._roll_out(job)

    def _roll_out(self, job: Job) -> list[str]:
        succeeded = sum(one.status is Status.SUCCEEDED for one in job.latest())
        batch = job.config.rollout.batch(len(job.executions), succeeded)
        count = len(job.waiting) if batch is None else batch
        reached, job.waiting = job.waiting[:count], job.waiting[count:]
        for thing in reached:
            self._queue(job, thing)
        if batch is not None and (reached or job.waiting):
            # Also with nothing left: a thing that joins now still belongs to this minute.
            job.next_batch_at = self.clock.monotonic() + BATCH_S
            self._rolling[job.job_id] = job
        else:
            self._rolling.pop(job.job_id, None)
        return reached

    def _settle(self, job: Job) -> None:
        """End a job that too many things failed, or that has nothing left to do."""
        if job.status is not JobStatus.IN_PROGRESS:
            return
        if job.config.abort and self._must_abort(job):
            self.finish(job, JobStatus.CANCELED)
            for execution in self._open(job):
                if execution.status is Status.QUEUED:
                    self.change(execution, Status.CANCELED, None, "canceled")
                    self._aborted.append(execution.thing)
        elif not job.config.continuous and not job.waiting and not self._open(job):
            self.finish(job, JobStatus.COMPLETED)

    def _must_abort(self, job: Job) -> bool:
        ended = Counter(one.status.value for one in job.latest() if one.status.terminal)
        return any(rule.holds(ended) for rule in job.config.abort)

    def _leave_pending(self, execution: Execution) -> None:
        execution.in_progress_deadline = execution.step_deadline = None
        del self._pending[execution.thing][execution.job_id, execution.number]

    def _watch(self, execution: Execution) -> None:
        """Note when the execution's timer ends; an entry whose deadline moved is skipped when its time comes."""
        if execution.deadline is not None:
            heapq.heappush(self._timers, (execution.deadline, next(self._timer_count), execution))

    def _record(self, execution: Execution, cause: str) -> None:
        change = Change(
            at=self.clock.wall(),
            job_id=execution.job_id,
            thing=execution.thing,
            execution_number=execution.number,
            status=execution.status,
            status_details=dict(execution.status_details),
            version_number=execution.version,
            cause=cause,
        )
        execution.history.append(change)
        for observer in list(self.observers):
            observer(change)


def _standing(pending: list[Execution]) -> tuple[frozenset[_Key], _Key | None]:
    """What notifications are about: which executions are pending, and which is the first."""
    keys = [(execution.job_id, execution.number) for execution in pending]
    return frozenset(keys), keys[0] if keys else None
