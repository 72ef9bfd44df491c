# SPDX-License-Identifier: Apache-2.0
"""The control plane's operations on jobs and their executions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from aws_fota.emulator import jobs_documents
from aws_fota.emulator.api_arns import Arns
from aws_fota.emulator.api_errors import ApiError
from aws_fota.emulator.api_job_settings import (
    CHANGEABLE,
    TOLD,
    config_of,
    document_of,
    refuse_unsupported,
    targets_of,
)
from aws_fota.emulator.api_pages import page
from aws_fota.emulator.jobs_model import Delivery, Execution, Job, Status
from aws_fota.emulator.service import JobsService
from aws_fota.emulator.storage_objects import ObjectStore

Members = dict[str, Any]
Operation = Callable[[Members], Members]

#: How jobProcessDetails counts the statuses of executions.
_COUNTS = {
    Status.CANCELED: "numberOfCanceledThings",
    Status.SUCCEEDED: "numberOfSucceededThings",
    Status.FAILED: "numberOfFailedThings",
    Status.REJECTED: "numberOfRejectedThings",
    Status.QUEUED: "numberOfQueuedThings",
    Status.IN_PROGRESS: "numberOfInProgressThings",
    Status.REMOVED: "numberOfRemovedThings",
    Status.TIMED_OUT: "numberOfTimedOutThings",
}


class JobsApi:
    """The operations, by name in :attr:`operations`.

    Args:
        service: the state.
        store: where a documentSource is read from.
        deliver: sends notifications.
        own: whether a host and port, as they stand in a URL, are this emulator's.
    """

    def __init__(
        self,
        service: JobsService,
        store: ObjectStore,
        deliver: Callable[[list[Delivery]], None],
        arns: Arns,
        own: Callable[[str], bool],
    ) -> None:
        self._control = service.control
        self._ledger = service.ledger
        self._clock = service.clock
        self._store = store
        self._deliver = deliver
        self._arns = arns
        self._own = own
        self.operations: dict[str, Operation] = {
            "CreateJob": self._create_job,
            "UpdateJob": self._update_job,
            "AssociateTargetsWithJob": self._associate_targets,
            "DescribeJob": self._describe_job,
            "GetJobDocument": self._job_document,
            "ListJobs": self._list_jobs,
            "CancelJob": self._cancel_job,
            "DeleteJob": self._delete_job,
            "DescribeJobExecution": self._describe_execution,
            "ListJobExecutionsForJob": self._executions_of_job,
            "ListJobExecutionsForThing": self._executions_of_thing,
            "CancelJobExecution": self._cancel_execution,
            "DeleteJobExecution": self._delete_execution,
        }

    def _create_job(self, members: Members) -> Members:
        refuse_unsupported(members)
        job_id = members["jobId"]
        if job_id in self._ledger.jobs:
            raise ApiError(
                "ResourceAlreadyExistsException",
                f"Job {job_id} already exists.",
                members={"resourceId": job_id, "resourceArn": self._arns.job(job_id)},
            )
        things, groups = targets_of(members, self._arns)
        document = document_of(members, self._store, self._own)
        asked = {name: members[name] for name in TOLD if name in members}
        self._deliver(
            self._control.create_job(job_id, document, things, config_of(members), groups=groups, asked=asked)
        )
        return self._named(self._control.job(job_id))

    def _update_job(self, members: Members) -> Members:
        refuse_unsupported(members)
        job = self._control.job(members["jobId"])
        asked = {**job.asked, **{name: members[name] for name in CHANGEABLE if name in members}}
        self._control.update_job(job.job_id, config_of(asked), asked)
        return {}

    def _associate_targets(self, members: Members) -> Members:
        refuse_unsupported(members)
        job = self._control.job(members["jobId"])
        if not job.config.continuous:
            raise ApiError("InvalidRequestException", "targets are added to continuous jobs only")
        things, groups = targets_of(members, self._arns)
        deliveries = self._control.add_targets(job.job_id, things, groups)
        job.asked["targets"] = list(dict.fromkeys([*self._targets(job), *members["targets"]]))
        job.comment = members.get("comment", job.comment)
        self._deliver(deliveries)
        return self._named(job)

    def _describe_job(self, members: Members) -> Members:
        job = self._control.job(members["jobId"])
        told = {name: value for name, value in job.asked.items() if name in CHANGEABLE}
        counts = Counter(one.status for one in job.latest())
        details: Members = {name: counts[status] for status, name in _COUNTS.items()}
        if job.waiting:
            details["processingTargets"] = [self._arns.thing(thing) for thing in job.waiting]
        return {
            "documentSource": job.asked.get("documentSource"),
            "job": {
                **self._summary(job),
                **told,
                "targets": self._targets(job),
                "forceCanceled": job.force_canceled or None,
                "reasonCode": job.reason_code or None,
                "comment": job.comment or None,
                "jobProcessDetails": details,
            },
        }

    def _job_document(self, members: Members) -> Members:
        return {"document": jobs_documents.encode(self._control.job(members["jobId"]).document).decode()}

    def _list_jobs(self, members: Members) -> Members:
        refuse_unsupported(members)
        jobs = list(self._ledger.jobs.values())
        if "status" in members:
            jobs = [job for job in jobs if job.status.value == members["status"]]
        if "targetSelection" in members:
            jobs = [job for job in jobs if job.config.continuous == (members["targetSelection"] == "CONTINUOUS")]
        for name in ("thingGroupName", "thingGroupId"):
            if name in members:
                groups = {one.name: one for one in self._ledger.groups.values()}
                named = {one.name if name == "thingGroupName" else one.group_id: one.name for one in groups.values()}
                jobs = [job for job in jobs if named.get(members[name]) in job.groups]
        shown, token = page(jobs, lambda it: [-it.created_at, it.job_id], members)
        return {"jobs": [self._summary(job) for job in shown], "nextToken": token}

    def _cancel_job(self, members: Members) -> Members:
        deliveries = self._control.cancel_job(
            members["jobId"],
            force=members.get("force", False),
            reason_code=members.get("reasonCode", ""),
            comment=members.get("comment", ""),
        )
        self._deliver(deliveries)
        return self._named(self._control.job(members["jobId"]))

    def _delete_job(self, members: Members) -> Members:
        refuse_unsupported(members)
        self._deliver(self._control.delete_job(members["jobId"], force=members.get("force", False)))
        return {}

    def _describe_execution(self, members: Members) -> Members:
        self._control.thing(members["thingName"])
        found = self._control.execution(members["jobId"], members["thingName"], members.get("executionNumber"))
        left = None if found.deadline is None else max(0, int(found.deadline - self._clock.monotonic()))
        return {
            "execution": {
                "jobId": found.job_id,
                "status": found.status.value,
                "forceCanceled": found.force_canceled or None,
                "statusDetails": {"detailsMap": dict(found.status_details)} if found.status_details else None,
                "thingArn": self._arns.thing(found.thing),
                "queuedAt": _seconds(found.queued_at),
                "startedAt": _seconds(found.started_at),
                "lastUpdatedAt": _seconds(found.last_updated_at),
                "executionNumber": found.number,
                "versionNumber": found.version,
                "approximateSecondsBeforeTimedOut": left,
            }
        }

    def _executions_of_job(self, members: Members) -> Members:
        job = self._control.job(members["jobId"])
        found = [one for tries in job.executions.values() for one in tries if _is_wanted(one, members)]
        shown, token = page(found, lambda it: [it.thing, it.number], members)
        summaries = [
            {"thingArn": self._arns.thing(one.thing), "jobExecutionSummary": _execution_summary(one)} for one in shown
        ]
        return {"executionSummaries": summaries, "nextToken": token}

    def _executions_of_thing(self, members: Members) -> Members:
        refuse_unsupported(members)
        thing = self._control.thing(members["thingName"])
        found = [
            one
            for job in self._ledger.jobs.values()
            for one in job.executions.get(thing.name, [])
            if _is_wanted(one, members) and members.get("jobId") in (None, job.job_id)
        ]
        shown, token = page(found, lambda it: [-it.queued_at, it.job_id, it.number], members)
        summaries = [{"jobId": one.job_id, "jobExecutionSummary": _execution_summary(one)} for one in shown]
        return {"executionSummaries": summaries, "nextToken": token}

    def _cancel_execution(self, members: Members) -> Members:
        deliveries = self._control.cancel_execution(
            members["jobId"],
            members["thingName"],
            force=members.get("force", False),
            expected_version=members.get("expectedVersion"),
            status_details=members.get("statusDetails"),
        )
        self._deliver(deliveries)
        return {}

    def _delete_execution(self, members: Members) -> Members:
        refuse_unsupported(members)
        deliveries = self._control.delete_execution(
            members["jobId"], members["thingName"], members["executionNumber"], force=members.get("force", False)
        )
        self._deliver(deliveries)
        return {}

    def _targets(self, job: Job) -> list[str]:
        told: list[str] | None = job.asked.get("targets")
        return told if told is not None else [self._arns.thing(thing) for thing in job.targets]

    def _named(self, job: Job) -> Members:
        return {
            "jobArn": self._arns.job(job.job_id),
            "jobId": job.job_id,
            "description": job.asked.get("description"),
        }

    def _summary(self, job: Job) -> Members:
        return {
            "jobArn": self._arns.job(job.job_id),
            "jobId": job.job_id,
            "targetSelection": "CONTINUOUS" if job.config.continuous else "SNAPSHOT",
            "status": job.status.value,
            "createdAt": _seconds(job.created_at),
            "lastUpdatedAt": _seconds(job.last_updated_at),
            "completedAt": _seconds(job.completed_at),
            "isConcurrent": False,
        }


def _is_wanted(execution: Execution, members: Members) -> bool:
    return members.get("status") in (None, execution.status.value)


def _execution_summary(execution: Execution) -> Members:
    return {
        "status": execution.status.value,
        "queuedAt": _seconds(execution.queued_at),
        "startedAt": _seconds(execution.started_at),
        "lastUpdatedAt": _seconds(execution.last_updated_at),
        "executionNumber": execution.number,
        "retryAttempt": execution.number - 1,
    }


def _seconds(at: float | None) -> float | None:
    """A time as the control plane writes it: with milliseconds."""
    return None if at is None else round(at, 3)
