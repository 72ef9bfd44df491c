# SPDX-License-Identifier: Apache-2.0
"""AWS IoT Jobs as far as a world needs it, from the service's contract; no part of it is the engine's."""

from __future__ import annotations

from typing import NamedTuple

from aws_fota.oracle.engine_io import Request
from aws_fota.oracle.explore.world import Answer, Execution, Notice, World
from aws_fota.oracle.outcome import JobStatus, Refusal
from aws_fota.oracle.topics import TopicKind

#: Notifications that are on their way at once; one more loses the oldest.
NOTICES_MAX = 2

PENDING = (JobStatus.IN_PROGRESS, JobStatus.QUEUED)


class Asked(NamedTuple):
    """A request of the device."""

    request: Request
    #: -1 for those without one.
    job: int = -1
    full: bool = False
    status: JobStatus = JobStatus.NONE
    #: 0 for none.
    expected_version: int = 0


def pending_jobs(jobs: tuple[Execution, ...]) -> tuple[int, ...]:
    """The jobs that are not ended: those in progress before those queued, each in the order of creation."""
    return tuple(job for status in PENDING for job, execution in enumerate(jobs) if execution.status is status)


def first_pending(jobs: tuple[Execution, ...]) -> int:
    """The job that ``$next`` is, or -1."""
    return next(iter(pending_jobs(jobs)), -1)


def with_jobs(world: World, jobs: tuple[Execution, ...], online: bool) -> World:
    """The world after a change in the service, with the notifications that it leads to."""
    net = world.net
    changed = pending_jobs(jobs) != pending_jobs(world.jobs)
    if online and changed:
        net = net._replace(notify=True)
    first = first_pending(jobs)
    if online and first != first_pending(world.jobs):
        notice = Notice(-1) if first < 0 else Notice(first, jobs[first].status, jobs[first].version)
        notices = (*(other for other in net.notices if other != notice), notice)
        net = net._replace(notices=notices[-NOTICES_MAX:], missed=net.missed or len(notices) > NOTICES_MAX)
    return world._replace(jobs=jobs, net=net)


def changed_job(jobs: tuple[Execution, ...], job: int, execution: Execution) -> tuple[Execution, ...]:
    """The jobs with one of them replaced."""
    return (*jobs[:job], execution, *jobs[job + 1 :])


def ended_by_cloud(world: World, job: int, status: JobStatus, online: bool) -> World:
    """The world after the service ended a job on its own."""
    execution = world.jobs[job]
    ended = execution._replace(status=status, version=execution.version + 1, deleted=status is JobStatus.REMOVED)
    return with_jobs(world, changed_job(world.jobs, job, ended), online)


def process(world: World, asked: Asked) -> tuple[World, Answer]:
    """The world after the service took a request, and the answer."""
    if asked.request is Request.UPDATE:
        return update(world, asked)
    if asked.request is Request.LIST:
        return world, Answer(TopicKind.LIST_ACCEPTED, listed=pending_jobs(world.jobs))
    if asked.request is Request.DESCRIBE_NEXT:
        return world, described(world, TopicKind.NEXT_ACCEPTED, -1, first_pending(world.jobs), asked.full)
    execution = world.jobs[asked.job]
    if execution.deleted:
        return world, Answer(TopicKind.JOB_REJECTED, asked.job, code=Refusal.RESOURCE_NOT_FOUND)
    # Some ended jobs can still be described, others are refused: both are read in the field.
    if execution.status not in PENDING and execution.status is not JobStatus.TIMED_OUT:
        return world, Answer(TopicKind.JOB_REJECTED, asked.job, code=Refusal.TERMINAL_STATE_REACHED)
    return world, described(world, TopicKind.JOB_ACCEPTED, asked.job, asked.job, asked.full)


def described(world: World, topic: TopicKind, asked: int, job: int, full: bool) -> Answer:
    if job < 0:
        return Answer(topic, asked, full=full)
    execution = world.jobs[job]
    return Answer(topic, asked, job, full, execution.status, execution.version)


def update(world: World, asked: Asked) -> tuple[World, Answer]:
    job, execution = asked.job, world.jobs[asked.job]
    if execution.deleted:
        return world, Answer(TopicKind.UPDATE_REJECTED, job, code=Refusal.RESOURCE_NOT_FOUND)
    told = Answer(TopicKind.UPDATE_REJECTED, job, status=execution.status, version=execution.version)
    if execution.status not in PENDING:
        return world, told._replace(code=Refusal.INVALID_STATE_TRANSITION)
    if asked.expected_version not in (0, execution.version):
        return world, told._replace(code=Refusal.VERSION_MISMATCH)
    final = asked.status if asked.status is not JobStatus.IN_PROGRESS else JobStatus.NONE
    after = Execution(
        asked.status,
        execution.version + 1,
        final,
        execution.started or asked.status is JobStatus.IN_PROGRESS,
        unsaved=final is not JobStatus.NONE and world.device.unsaved,
    )
    world = with_jobs(world, changed_job(world.jobs, job, after), online=True)
    return world, Answer(TopicKind.UPDATE_ACCEPTED, job, status=after.status, version=after.version)
