# SPDX-License-Identifier: Apache-2.0
"""What an operator asks of the Jobs service: things, and jobs made, cancelled and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_fota.emulator import jobs_documents, jobs_limits
from aws_fota.emulator.jobs_ledger import JobsLedger
from aws_fota.emulator.jobs_model import ControlError, Delivery, Execution, Job, JobConfig, JobStatus, Status
from aws_fota.emulator.jobs_things import Thing


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
        self._ledger.things.setdefault(name, Thing(name))

    def delete_thing(self, name: str) -> list[Delivery]:
        """Forget a thing; its pending executions become REMOVED."""
        self.thing(name)
        for job in list(self._ledger.jobs.values()):
            if name in job.targets:
                self._ledger.drop_target(job, name)
        for group in self._ledger.groups.values():
            if name in group.things:
                group.things.remove(name)
        del self._ledger.things[name]
        return self._ledger.notifications(name)

    def create_job(
        self,
        job_id: str,
        document: Any,
        things: Sequence[str],
        config: JobConfig | None = None,
        *,
        groups: Sequence[str] = (),
        asked: dict[str, Any] | None = None,
    ) -> list[Delivery]:
        """Store a job and queue an execution on each of `things` and of the members of `groups`.

        Args:
            asked: what :attr:`Job.asked` holds.

        Raises:
            AwsFotaError: as the class says; also when a placeholder of the document cannot be signed.
        """
        if not jobs_limits.JOB_ID.fullmatch(job_id):
            raise ControlError("InvalidRequest", f"{job_id!r} is not 1 to 64 of a-z A-Z 0-9 _ -", field="jobId")
        if job_id in self._ledger.jobs:
            raise ControlError("ResourceAlreadyExists", f"there is a job {job_id} already", field="jobId")
        if not things and not groups:
            raise ControlError("InvalidRequest", "names no thing", field="targets")
        targets = self._targets(things, groups)
        checked, configured = jobs_documents.check(document), config or JobConfig()
        self._ledger.sign(checked, configured)
        now = self._ledger.clock.wall()
        job = Job(job_id, checked, targets, configured, now, named=tuple(things), asked=asked or {})
        job.groups = tuple(dict.fromkeys(groups))
        self._ledger.add_job(job)
        return self._ledger.notifications(*targets)

    def add_targets(self, job_id: str, things: Sequence[str], groups: Sequence[str] = ()) -> list[Delivery]:
        """Give a job to more things."""
        job = self.job(job_id)
        if job.status is not JobStatus.IN_PROGRESS:
            raise ControlError("InvalidRequest", f"the job {job_id} is {job.status}", field="jobId")
        targets = self._targets(things, groups)
        job.named = tuple(dict.fromkeys([*job.named, *things]))
        job.groups = tuple(dict.fromkeys([*job.groups, *groups]))
        self._ledger.add_targets(job, targets)
        return self._ledger.notifications(*targets)

    def update_job(self, job_id: str, config: JobConfig, asked: dict[str, Any]) -> None:
        """Give a job that goes on another configuration; timers that run keep their time."""
        job = self.job(job_id)
        if job.status is not JobStatus.IN_PROGRESS:
            raise ControlError("InvalidRequest", f"the job {job_id} is {job.status}", field="jobId")
        job.config, job.asked = config, asked
        job.last_updated_at = self._ledger.clock.wall()

    def _targets(self, things: Sequence[str], groups: Sequence[str]) -> tuple[str, ...]:
        for name in groups:
            if name not in self._ledger.groups:
                raise ControlError("ResourceNotFound", f"there is no thing group {name}", field="targets")
        members = (thing for name in groups for thing in self._ledger.groups[name].things)
        targets = tuple(dict.fromkeys([*things, *members]))
        for thing in targets:
            if thing not in self._ledger.things:
                raise ControlError("ResourceNotFound", f"there is no thing {thing}", field="targets")
        return targets

    def cancel_job(
        self, job_id: str, *, force: bool = False, reason_code: str = "", comment: str = ""
    ) -> list[Delivery]:
        """Cancel the queued executions of a job, with `force` those in progress too; none is retried."""
        job = self.job(job_id)
        if job.status is not JobStatus.IN_PROGRESS:
            raise ControlError("InvalidRequest", f"the job {job_id} is {job.status} already", field="jobId")
        self._ledger.finish(job, JobStatus.CANCELED)
        job.force_canceled, job.reason_code, job.comment = force, reason_code, comment
        for execution in self._pending(job):
            if force or execution.status is Status.QUEUED:
                execution.force_canceled = force
                self._ledger.change(execution, Status.CANCELED, None, "canceled")
        return self._ledger.notifications(*job.targets)

    def cancel_execution(
        self,
        job_id: str,
        thing: str,
        *,
        force: bool = False,
        expected_version: int | None = None,
        status_details: dict[str, str] | None = None,
    ) -> list[Delivery]:
        """Cancel the execution of a job on one thing; one in progress only with `force`."""
        execution = self.execution(job_id, thing)
        if execution.status.terminal or (execution.status is Status.IN_PROGRESS and not force):
            raise ControlError("InvalidStateTransition", f"the execution of {job_id} is {execution.status}")
        if expected_version is not None and expected_version != execution.version:
            raise ControlError("VersionConflict", f"the execution of {job_id} is at version {execution.version}")
        execution.force_canceled = force
        self._ledger.change(execution, Status.CANCELED, status_details, "canceled")
        return self._ledger.notifications(thing)

    def delete_execution(self, job_id: str, thing: str, number: int, *, force: bool = False) -> list[Delivery]:
        """Forget one execution; one that has not ended only with `force`."""
        execution = self.execution(job_id, thing, number)
        if not execution.status.terminal and not force:
            raise ControlError("InvalidStateTransition", f"the execution of {job_id} is {execution.status}")
        self._ledger.remove_execution(execution)
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

    def thing(self, name: str) -> Thing:
        """One thing.

        Raises:
            ControlError: there is none of that name.
        """
        try:
            return self._ledger.things[name]
        except KeyError:
            raise ControlError("ResourceNotFound", f"there is no thing {name}", field="thingName") from None

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
        return [execution for execution in job.latest() if not execution.status.terminal]
