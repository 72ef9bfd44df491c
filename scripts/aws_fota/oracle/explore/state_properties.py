# SPDX-License-Identifier: Apache-2.0
"""What must hold of each report to the service, of each state between two steps, and of a world at rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from aws_fota.oracle.engine_io import Phase
from aws_fota.oracle.engine_procedures import TERMINAL
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Link
from aws_fota.oracle.explore.engines import View
from aws_fota.oracle.explore.service import PENDING, Asked
from aws_fota.oracle.explore.world import (
    Document,
    Scenario,
    World,
    belongs_to,
    whole_image,
)
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.record import RecordPhase, decode

#: The reasons that lie in the document or in the object.
_BLAME = frozenset(
    {*range(Reason.FOREIGN, Reason.TOO_LARGE + 1), Reason.CONTENT_RANGE, Reason.NO_LENGTH, Reason.SIZE}
    | {Reason.REDIRECT, Reason.DIGEST, Reason.IMAGE}
)


class Report(NamedTuple):
    """An update of a job as it reaches the service."""

    scenario: Scenario
    world: World
    asked: Asked
    #: What the engine holds as the reason.
    reason: int


ReportCheck = Callable[[Report], str]


def p2_success_means_that_the_image_runs(report: Report) -> str:
    if report.asked.status is not JobStatus.SUCCEEDED:
        return ""
    device, job = report.world.device, report.asked.job
    runs = belongs_to(device.running, job) and device.confirmed
    applied = belongs_to(whole_image(device.slot), job) or belongs_to(device.running, job)
    tried = report.scenario.report_on_download and applied
    return "" if runs or tried else f"SUCCEEDED while {device.running} runs"


def p2_failure_means_that_it_does_not(report: Report) -> str:
    if report.asked.status not in (JobStatus.FAILED, JobStatus.REJECTED):
        return ""
    device, job = report.world.device, report.asked.job
    if belongs_to(device.running, job):
        return f"{report.asked.status.name} while {device.running} runs"
    if device.pending and belongs_to(whole_image(device.slot), job):
        return f"{report.asked.status.name} while {whole_image(device.slot)} is going to be installed"
    return ""


def p3_no_report_contradicts_another(report: Report) -> str:
    """But where success is claimed before the reboot: what no record holds is not known after it."""
    execution = report.world.jobs[report.asked.job]
    said = execution.by_device
    if said is JobStatus.NONE or said is report.asked.status:
        return ""
    if report.scenario.report_on_download and execution.unsaved:
        return ""
    return f"{report.asked.status.name} after {said.name}"


def p4_the_version_is_one_that_the_service_said(report: Report) -> str:
    known = report.world.jobs[report.asked.job].version
    expected = report.asked.expected_version
    return f"expects version {expected}, and the service never was past {known}" if expected > known else ""


def p6_what_differs_from_its_digest_fails(report: Report) -> str:
    if report.scenario.documents[report.asked.job] is not Document.MISDIGESTED:
        return ""
    right = report.asked.status in (JobStatus.IN_PROGRESS, JobStatus.FAILED)
    return "" if right else f"an image with another digest is reported {report.asked.status.name}"


def p8_a_foreign_job_is_never_failed(report: Report) -> str:
    if report.scenario.documents[report.asked.job] is not Document.FOREIGN:
        return ""
    return "" if report.asked.status is JobStatus.REJECTED else f"a foreign job is reported {report.asked.status.name}"


def p8_what_does_not_fit_is_rejected(report: Report) -> str:
    expected = {
        Document.UNFIT: JobStatus.REJECTED,
        Document.UNREADABLE: JobStatus.FAILED,
    }.get(report.scenario.documents[report.asked.job])
    if expected is None or report.asked.status is expected:
        return ""
    return f"a job that is {report.scenario.documents[report.asked.job].value} is reported {report.asked.status.name}"


def p8_a_fine_job_is_not_blamed(report: Report) -> str:
    """What is wrong with a document or an object is only said of one with which something is."""
    document, changed = report.scenario.documents[report.asked.job], report.world.objects[report.asked.job] > 0
    fine = document is Document.UPDATE or (document is Document.DIGESTED and not changed)
    failed = report.asked.status in (JobStatus.FAILED, JobStatus.REJECTED)
    return f"a fine job is blamed with reason {report.reason}" if fine and failed and report.reason in _BLAME else ""


REPORT_CHECKS: tuple[ReportCheck, ...] = (
    p2_success_means_that_the_image_runs,
    p2_failure_means_that_it_does_not,
    p3_no_report_contradicts_another,
    p4_the_version_is_one_that_the_service_said,
    p6_what_differs_from_its_digest_fails,
    p8_a_foreign_job_is_never_failed,
    p8_what_does_not_fit_is_rejected,
    p8_a_fine_job_is_not_blamed,
)


class Snapshot(NamedTuple):
    """A state of the world between two steps."""

    scenario: Scenario
    world: World
    view: View


StateCheck = Callable[[Snapshot], str]


def p2_a_failed_image_stays_out(snapshot: Snapshot) -> str:
    device = snapshot.world.device
    for job, execution in enumerate(snapshot.world.jobs):
        if execution.by_device in (JobStatus.FAILED, JobStatus.REJECTED) and belongs_to(device.running, job):
            return f"{device.running} runs, and its job was reported {execution.by_device.name}"
    return ""


def p3_what_is_to_be_reported_is_in_the_record(snapshot: Snapshot) -> str:
    view = snapshot.view
    if view.state.phase is not Phase.REPORTING or snapshot.world.device.unsaved:
        return ""
    record = decode(snapshot.world.device.record or b"")
    kept = record is not None and record.phase is RecordPhase.REPORTING
    if kept and record is not None and (record.job.job_id, record.job.pending) == (view.job.job_id, view.job.pending):
        return ""
    return "a final status is pending that a reboot would forget"


def p3_an_idle_engine_has_no_record(snapshot: Snapshot) -> str:
    """But for the job that is still to be found again, and where the record could not be removed, or not be read."""
    view, device = snapshot.view, snapshot.world.device
    if view.state.phase is not Phase.IDLE or view.job.resumable or not device.has_record:
        return ""
    return "a record is left behind"


def p7_the_image_of_an_ended_job_is_not_forgotten(snapshot: Snapshot) -> str:
    """What the bootloader will install of a job that the cloud ended, the record knows: a reboot may come at once."""
    scenario, world = snapshot.scenario, snapshot.world
    if scenario.report_on_download or not world.device.pending or world.device.record is not None:
        return ""
    image = whole_image(world.device.slot)
    for job, execution in enumerate(world.jobs):
        by_cloud = execution.status in TERMINAL and execution.by_device is JobStatus.NONE
        if by_cloud and belongs_to(image, job):
            return f"{image} is going to be installed, its job is {execution.status.name}, and no record tells"
    return ""


STATE_CHECKS: tuple[StateCheck, ...] = (
    p2_a_failed_image_stays_out,
    p3_what_is_to_be_reported_is_in_the_record,
    p3_an_idle_engine_has_no_record,
    p7_the_image_of_an_ended_job_is_not_forgotten,
)


def p3_disagreement_at_rest(snapshot: Snapshot) -> str:
    """What is wrong where nothing happens any more: jobs that are not done, or a device that differs."""
    scenario, world, view = snapshot
    state, device = view.state, world.device
    if state.phase is not Phase.IDLE or state.link is not Link.ONLINE or device.has_record or device.work:
        return f"rests in {state.phase.name}, {state.link.name}"
    if not device.confirmed:
        return "rests with an unconfirmed image"
    for job, execution in enumerate(world.jobs):
        ours = scenario.documents[job] is not Document.FOREIGN or scenario.foreign.value == "reject"
        if execution.status in PENDING and ours:
            return f"rests with job {'ABCDEFGH'[job]} {execution.status.name}"
        succeeded = execution.by_device is JobStatus.SUCCEEDED
        later = any(belongs_to(device.running, other) for other in range(job + 1, len(world.jobs)))
        if succeeded and not scenario.report_on_download and not later and not belongs_to(device.running, job):
            return f"job {'ABCDEFGH'[job]} SUCCEEDED, and {device.running} runs"
    return ""
