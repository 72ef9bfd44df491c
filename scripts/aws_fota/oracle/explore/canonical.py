# SPDX-License-Identifier: Apache-2.0
"""Worlds that differ in nothing that matters, made equal: versionNumbers count on, and only their order is read."""

from __future__ import annotations

from functools import cache

from aws_fota.oracle.engine_io import Phase
from aws_fota.oracle.explore import service
from aws_fota.oracle.explore.engines import Engines
from aws_fota.oracle.explore.world import Device, Execution, World, job_name
from aws_fota.oracle.record import RecordPhase, decode, encode

#: Where the record holds the versionNumber, and the first byte of the jobId.
_VERSION_AT = slice(12, 16)
_JOB_ID_AT = slice(124, 125)


def canonical(engines: Engines, world: World) -> World:
    """The same world with the smallest versionNumbers of the same order, for only order and equality matter."""
    view = engines.views[world.engine]
    for job, execution in enumerate(world.jobs):
        name = job_name(job)
        if execution.version == 0:
            continue
        versions = {execution.version, 0}
        if view.job.job_id == name:
            versions.add(view.job.version)
        record = device_record(world.device, name)
        versions.add(record)
        versions.update(notice.version for notice in world.net.notices if notice.job == job)
        answers = [answer for answer in (world.net.answer, world.net.straggler) if answer is not None]
        versions.update(answer.version for answer in answers if job in (answer.job, answer.described))
        rank = {version: position for position, version in enumerate(sorted(versions))}
        if all(version == position for version, position in rank.items()):
            continue
        world = renumbered(engines, world, job, rank, record)
        view = engines.views[world.engine]
    return world


def device_record(device: Device, name: str) -> int:
    """The versionNumber in the record, when it is of the job."""
    if device.record is None or device.record[_JOB_ID_AT] != name.encode():
        return 0
    return int.from_bytes(device.record[_VERSION_AT], "little")


def renumbered(engines: Engines, world: World, job: int, rank: dict[int, int], record: int) -> World:
    name = job_name(job)
    engine, device, net = world.engine, world.device, world.net
    if engines.views[engine].job.job_id == name:
        engine = engines.with_version(engine, rank[engines.views[engine].job.version])
    if record:
        device = device._replace(record=with_record_version(device.record or b"", rank[record]))
    notices = tuple(
        notice._replace(version=rank[notice.version]) if notice.job == job else notice for notice in net.notices
    )
    answers = [
        answer._replace(version=rank[answer.version])
        if answer is not None and job in (answer.job, answer.described)
        else answer
        for answer in (net.answer, net.straggler)
    ]
    execution: Execution = world.jobs[job]._replace(version=rank[world.jobs[job].version])
    return world._replace(
        engine=engine,
        device=device,
        jobs=service.changed_job(world.jobs, job, execution),
        net=net._replace(notices=notices, answer=answers[0], straggler=answers[1]),
    )


@cache
def with_record_version(record: bytes, version: int) -> bytes:
    """The same record with another versionNumber."""
    known = decode(record)
    assert known is not None
    job = known.job.duplicate()
    job.version = version
    phases = {
        RecordPhase.DOWNLOADING: Phase.RECEIVING,
        RecordPhase.VERIFIED: Phase.APPLYING,
        RecordPhase.REQUESTED: Phase.REVERTING,
        RecordPhase.REPORTING: Phase.REPORTING,
    }
    return encode(phases[known.phase], job)
