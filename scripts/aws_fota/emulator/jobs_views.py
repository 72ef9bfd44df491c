# SPDX-License-Identifier: Apache-2.0
"""Jobs and executions as the members of JSON payloads; times in whole seconds since the epoch."""

from __future__ import annotations

from typing import Any

from aws_fota.emulator import jobs_limits
from aws_fota.emulator.jobs_model import Execution, Status


def summary(execution: Execution) -> dict[str, Any]:
    """A JobExecutionSummary."""
    view: dict[str, Any] = {"jobId": execution.job_id, "queuedAt": int(execution.queued_at)}
    if execution.started_at is not None:
        view["startedAt"] = int(execution.started_at)
    view["lastUpdatedAt"] = int(execution.last_updated_at)
    view["versionNumber"] = execution.version
    view["executionNumber"] = execution.number
    return view


def execution_state(execution: Execution) -> dict[str, Any]:
    """A JobExecutionState."""
    return {
        "status": execution.status.value,
        "statusDetails": dict(execution.status_details),
        "versionNumber": execution.version,
    }


def execution(described: Execution, document: dict[str, Any] | None, now: float) -> dict[str, Any]:
    """A JobExecution.

    Args:
        described: the execution.
        document: the document as it is delivered now, None to leave it out.
        now: monotonic seconds, for the time that is left.
    """
    view: dict[str, Any] = {
        "jobId": described.job_id,
        "thingName": described.thing,
        "status": described.status.value,
        "statusDetails": dict(described.status_details),
    }
    view.update(summary(described))
    if described.deadline is not None:
        view["approximateSecondsBeforeTimedOut"] = max(0, int(described.deadline - now))
    if document is not None:
        view["jobDocument"] = document
    return view


def next_execution(described: Execution, document: dict[str, Any]) -> dict[str, Any]:
    """The execution in a notify-next: without the thing's name and the details."""
    return {
        "jobId": described.job_id,
        "status": described.status.value,
        "queuedAt": int(described.queued_at),
        "lastUpdatedAt": int(described.last_updated_at),
        "versionNumber": described.version,
        "executionNumber": described.number,
        "jobDocument": document,
    }


def notify(pending: list[Execution], timestamp: float) -> dict[str, Any]:
    """The payload of a notify: the first pending executions by status, a status without any left out."""
    told = pending[: jobs_limits.NOTIFY_SUMMARIES_MAX]
    jobs: dict[str, list[dict[str, Any]]] = {}
    for status in (Status.IN_PROGRESS, Status.QUEUED):
        summaries = [summary(one) for one in told if one.status is status]
        if summaries:
            jobs[status.value] = summaries
    return {"timestamp": int(timestamp), "jobs": jobs}


def notify_next(described: dict[str, Any] | None, timestamp: float) -> dict[str, Any]:
    """The payload of a notify-next: the timestamp alone when nothing is pending."""
    view: dict[str, Any] = {"timestamp": int(timestamp)}
    if described is not None:
        view["execution"] = described
    return view


def pending_lists(pending: list[Execution]) -> dict[str, Any]:
    """The lists of a ``get/accepted``."""
    return {
        "inProgressJobs": [summary(one) for one in pending if one.status is Status.IN_PROGRESS],
        "queuedJobs": [summary(one) for one in pending if one.status is Status.QUEUED],
    }
