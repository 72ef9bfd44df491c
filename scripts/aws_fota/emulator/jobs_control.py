# SPDX-License-Identifier: Apache-2.0
"""What an operator asks of the Jobs service: things, and jobs made, cancelled and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_fota.emulator import jobs_documents, jobs_limits
from aws_fota.emulator.jobs_ledger import JobsLedger
from aws_fota.emulator.jobs_model import ControlError, Delivery, Execution, Job, JobConfig, JobStatus, Status


class JobsControl:
    """The control plane of the Jobs service.

    Each method that changes an execution returns the notifications to deliver, and raises :class:`ControlError` with
    the name of AWS's exception when it does not apply; nothing has changed then.

    Args:
        ledger: the state it reads and changes.
    """

    def __init__(self, ledger: JobsLedger) -> None:
        self._ledger = ledger

    def create_thing(self, name: str) -> None:
        """Register a thing; one that is there already stays as it is."""
        if not jobs_limits.THING_NAME.fullmatch(name):
            raise ControlError("InvalidRequest", f"{name!r} is not 1 to 128 of a-z A-Z 0-9 : _ -", field="thingName")
        self._ledger.things.add(name)

    def create_job(
        self, job_id: str, document: Any, things: Sequence[str], config: JobConfig | None = None
    ) -> list[Delivery]:
        """Store a job and queue an execution on each of `things`.

        Raises:
            AwsFotaError: as the class says; also when a placeholder of the document cannot be signed.
        """
        if not jobs_limits.JOB_ID.fullmatch(job_id):
            raise ControlError("InvalidRequest", f"{job_id!r} is not 1 to 64 of a-z A-Z 0-9 _ -", field="jobId")
        if job_id in self._ledger.jobs:
            raise ControlError("ResourceAlreadyExists", f"there is a job {job_id} already", field="jobId")
        targets = tuple(dict.fromkeys(things))
        if not targets:
            raise ControlError("InvalidRequest", "names no thing", field="targets")
        for thing in targets:
            if thing not in self._ledger.things:
                raise ControlError("ResourceNotFound", f"there is no thing {thing}", field="targets")
        checked, configured = jobs_documents.check(document), config or JobConfig()
        self._ledger.sign(checked, configured)
        self._ledger.add_job(job_id, checked, targets, configured)
        return self._ledger.notifications(*targets)

    def cancel_job(self, job_id: str, *, force: bool = False) -> list[Delivery]:
        """Cancel the queued executions of a job, with `force` those in progress too; none is retried."""
        job = self.job(job_id)
        if job.status is not JobStatus.IN_PROGRESS:
            raise ControlError("InvalidRequest", f"the job {job_id} is {job.status} already", field="jobId")
        job.status = JobStatus.CANCELED
        for execution in self._pending(job):
            if force or execution.status is Status.QUEUED:
                self._ledger.change(execution, Status.CANCELED, None, "canceled")
        return self._ledger.notifications(*job.targets)

    def cancel_execution(
        self, job_id: str, thing: str, *, force: bool = False, expected_version: int | None = None
    ) -> list[Delivery]:
        """Cancel the execution of a job on one thing; one in progress only with `force`."""
        execution = self.execution(job_id, thing)
        if execution.status.terminal or (execution.status is Status.IN_PROGRESS and not force):
            raise ControlError("InvalidStateTransition", f"the execution of {job_id} is {execution.status}")
        if expected_version is not None and expected_version != execution.version:
            raise ControlError("VersionConflict", f"the execution of {job_id} is at version {execution.version}")
        self._ledger.change(execution, Status.CANCELED, None, "canceled")
        return self._ledger.notifications(thing)

    def remove_target(self, job_id: str, thing: str) -> list[Delivery]:
        """Take a thing out of a job's targets, as leaving a group does: its pending execution becomes REMOVED."""
        execution = self.execution(job_id, thing)
        if execution.status.terminal:
            raise ControlError("InvalidStateTransition", f"the execution of {job_id} is {execution.status}")
        self._ledger.change(execution, Status.REMOVED, None, "removed")
        return self._ledger.notifications(thing)

    def delete_job(self, job_id: str, *, force: bool = False) -> list[Delivery]:
        """Forget a job and its executions; one that has not ended only with `force`."""
        job = self.job(job_id)
        busy = any(execution.status is Status.IN_PROGRESS for execution in self._pending(job))
        if not force and (job.status is JobStatus.IN_PROGRESS or busy):
            raise ControlError("InvalidStateTransition", f"the job {job_id} has not ended", field="jobId")
        targets = job.targets
        self._ledger.remove_job(job_id)
        return self._ledger.notifications(*targets)

    def job(self, job_id: str) -> Job:
        """One job.

        Raises:
            ControlError: there is none of that id.
        """
        try:
            return self._ledger.jobs[job_id]
        except KeyError:
            raise ControlError("ResourceNotFound", f"there is no job {job_id}", field="jobId") from None

    def execution(self, job_id: str, thing: str, number: int | None = None) -> Execution:
        """One execution, the latest when no number is given.

        Raises:
            ControlError: there is no such job, or no such execution of it.
        """
        self.job(job_id)
        execution = self._ledger.execution(job_id, thing, number)
        if execution is None:
            raise ControlError("ResourceNotFound", f"the job {job_id} has no such execution for {thing}")
        return execution

    def _pending(self, job: Job) -> list[Execution]:
        tries = (tries[-1] for tries in job.executions.values())
        return [execution for execution in tries if not execution.status.terminal]
