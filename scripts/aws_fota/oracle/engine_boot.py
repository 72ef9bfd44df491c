# SPDX-License-Identifier: Apache-2.0
"""What the engine makes of the record and of the image that runs: ``BOOT`` of ``doc/engine.md``."""

from __future__ import annotations

from aws_fota.oracle.engine_downloads import UPGRADE_TRIES
from aws_fota.oracle.engine_io import ActionId, Boot, Phase, Tell
from aws_fota.oracle.engine_messages import Messages
from aws_fota.oracle.engine_procedures import MASK32
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.record import RecordPhase, decode


class Boots(Messages):
    """Beginning, or going on."""

    def boot(self, boot: Boot) -> None:
        """Fill a state that is all new."""
        state = self.state
        state.running_hash = boot.running_hash
        state.running_version = boot.running_version
        state.confirmed = boot.confirmed
        state.slot_size = boot.slot_size
        state.token = boot.seed & MASK32
        state.random = state.token or 1
        state.phase = Phase.IDLE
        record = None if boot.record is None else decode(boot.record)
        if record is not None:
            self.job_state = record.job
            # The image that wrote it may have saved more often: its pages, or what was still in a buffer, are unknown.
            self.job_state.persisted -= self.job_state.persisted % self.settings.resume_step
            self.job_state.offset = self.job_state.persisted
            self.go_on(record.phase, boot.swap_pending)
        if not state.confirmed and not self.has_told:
            self.tell(Tell.CONFIRM)

    def go_on(self, was: RecordPhase, swap_pending: bool) -> None:
        state, job = self.state, self.job_state
        if was is RecordPhase.REPORTING:
            state.phase = Phase.REPORTING
            state.update_due = True
        elif was is RecordPhase.DOWNLOADING:
            job.resumable = True
        elif self.runs_the_slot_image:
            self.new_image_runs(was)
        elif swap_pending:
            self.swap_is_pending(was)
        elif was is RecordPhase.REQUESTED and job.reason >= Reason.ENDED:
            self.clear()
            self.forget()
        elif was is RecordPhase.REQUESTED:
            self.fail(JobStatus.FAILED, job.reason or Reason.ROLLED_BACK, quietly=not state.confirmed)
        elif job.retries >= UPGRADE_TRIES:
            self.fail(JobStatus.FAILED, Reason.ROLLED_BACK, quietly=not state.confirmed)
        else:
            job.resumable = True
            job.offset = job.size

    def new_image_runs(self, was: RecordPhase) -> None:
        if self.state.confirmed:
            self.succeed()
            return
        job = self.job_state
        if was is RecordPhase.REQUESTED and job.reason >= Reason.CANCELLED and job.retries < UPGRADE_TRIES:
            # Power went before the slot was erased. Nobody wants this trial: a reboot ends it.
            job.retries += 1
            self.state.phase = Phase.REVERTING
            self.persist()
            self.tell(Tell.DONE)
            return
        self.state.phase = Phase.CONFIRMING
        if was is RecordPhase.VERIFIED:
            self.persist()

    def swap_is_pending(self, was: RecordPhase) -> None:
        job = self.job_state
        if was is RecordPhase.REQUESTED and job.reason:
            self.state.phase = Phase.REVERTING
            self.work(ActionId.ERASE)
            return
        self.persist()
        if job.retries >= UPGRADE_TRIES:
            # It had its turn before each boot. An application that reboots when it is told would do so forever.
            job.reason = Reason.ROLLED_BACK
            self.state.phase = Phase.REVERTING
            self.work(ActionId.ERASE)
            return
        job.retries += 1
        self.state.phase = Phase.REBOOTING
        self.tell(Tell.DONE)
