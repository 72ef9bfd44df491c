# SPDX-License-Identifier: Apache-2.0
"""The procedures that downloads, messages and boots share, and what a step gathers on its way.

Methods carry the names that ``doc/engine.md`` gives the procedures.
"""

from __future__ import annotations

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, Foreign
from aws_fota.oracle.engine_io import Action, ActionId, Phase, Request, Subject, Tell, TimerId
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Backoff, Job, Link, State
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.parser import job_hash

MASK32 = 0xFFFFFFFF
#: The lines of the table of actions, in their order.
LINES = ("acknowledge", "abort", "record", "tell", "work", "send", "request timer", "download timer")

#: The statuses of the service that nothing follows.
TERMINAL = frozenset(JobStatus) - {JobStatus.NONE, JobStatus.QUEUED, JobStatus.IN_PROGRESS}
#: Where an ABORT has something to stop when a job fails or is cancelled.
WITH_WORK = frozenset({Phase.REQUESTING, Phase.ERASING, Phase.RECEIVING, Phase.VERIFYING})


class Procedures:
    """State, settings, and the actions of the step under way."""

    def __init__(self, settings: Settings, description: Description) -> None:
        self.settings = settings
        self.description = description
        #: Whether a foreign job can be left alone at all.
        self.leaves_jobs_alone = bool(description.operations) and description.foreign is not Foreign.REJECT
        self.state = State()
        self.job_state = Job()
        #: The job that the last TELL was about.
        self.told = Subject()
        self._lines: dict[str, Action] = {}

    # What a step gathers.

    def do(self, line: str, action: Action) -> None:
        """Take an action into the step; each line of the table is used once."""
        if line in self._lines:
            raise AssertionError(f"two actions for '{line}': {self._lines[line]}, {action}")
        self._lines[line] = action

    def abort(self) -> None:
        self.do("abort", Action(ActionId.ABORT))

    def persist(self) -> None:
        self.do("record", Action(ActionId.PERSIST))

    def clear(self) -> None:
        self.do("record", Action(ActionId.CLEAR))

    def tell(self, event: Tell, value: int = 0) -> None:
        self.do("tell", Action(ActionId.TELL, what=event, value=value))
        job = self.job_state
        self.told = Subject(job.job_id, job.reason, job.detail)

    @property
    def has_told(self) -> bool:
        """Whether this step tells the application something."""
        return "tell" in self._lines

    def work(self, id: ActionId, value: int = 0, length: int = 0) -> None:
        self.do("work", Action(id, value=value, length=length))

    def start_request_timer(self, milliseconds: int) -> None:
        self.do("request timer", Action(ActionId.TIMER_START, what=TimerId.REQUEST, value=milliseconds))

    def start_download_timer(self, milliseconds: int) -> None:
        self.do("download timer", Action(ActionId.TIMER_START, what=TimerId.DOWNLOAD, value=milliseconds))

    # Jobs that end.

    def forget(self) -> None:
        self.job_state = Job()
        self.state.update_due = False
        self.state.job_due = False

    def fail(self, status: JobStatus, reason: int, detail: int = 0, *, quietly: bool = False) -> None:
        job = self.job_state
        if self.state.phase in WITH_WORK:
            self.abort()
        job.pending, job.reason, job.detail = status, reason, detail
        self.persist()
        if not quietly:
            self.tell(Tell.ERROR, reason)
        self.state.phase = Phase.REPORTING
        self.state.update_due = True

    def succeed(self) -> None:
        job = self.job_state
        if job.reason >= Reason.ENDED:
            self.close()
            return
        job.pending, job.reason, job.detail = JobStatus.SUCCEEDED, Reason.NONE, 0
        self.persist()
        self.state.phase = Phase.REPORTING
        self.state.update_due = True

    @property
    def runs_the_slot_image(self) -> bool:
        """Whether the running image is the one that was in the slot; both hashes must be there."""
        return self.job_state.slot_hash is not None and self.job_state.slot_hash == self.state.running_hash

    @property
    def awaits_its_reboot(self) -> bool:
        job = self.job_state
        return (
            self.settings.report_on_download
            and job.pending is JobStatus.SUCCEEDED
            and job.slot_hash is not None
            and not self.runs_the_slot_image
        )

    def finished(self) -> None:
        if self.awaits_its_reboot:
            self.tell(Tell.DONE)
        else:
            self.tell(Tell.FINISHED, self.job_state.pending)
        self.close()

    def ended(self, told: JobStatus = JobStatus.NONE) -> None:
        """The job lives no more in the service, which told a status or none."""
        phase = self.state.phase
        if phase is Phase.REPORTING:
            if self.awaits_its_reboot and told not in (JobStatus.NONE, JobStatus.SUCCEEDED):
                self.undo(Reason.ENDED)
            else:
                self.finished()
        elif phase is Phase.IDLE:
            self.ended_in_idle()
        elif phase in (Phase.REBOOTING, Phase.APPLYING):
            self.undo(Reason.ENDED)
        elif phase is Phase.REVERTING:
            self.ended_while_reverting()
        else:
            self.cancelled()

    def ended_in_idle(self) -> None:
        job = self.job_state
        if job.resumable:
            self.cancelled()
            return
        self.forget()
        if self.leaves_jobs_alone:
            self.remembered(job_hash(job.job_id))
        else:
            self.state.next_due = True

    def ended_while_reverting(self) -> None:
        if self.job_state.reason < Reason.ENDED:
            self.job_state.retries = 0
            self.revert(Reason.ENDED)
            self.tell(Tell.CANCELLED)

    def cancelled(self) -> None:
        if self.state.phase in WITH_WORK:
            self.abort()
        self.tell(Tell.CANCELLED)
        self.close()

    def close(self) -> None:
        """The job is over, and nothing of it is left to be done or said."""
        self.clear()
        self.forget()
        self.state.phase = Phase.IDLE
        self.state.next_due = True

    def revert(self, reason: Reason) -> None:
        self.job_state.reason = reason
        self.state.phase = Phase.REVERTING
        self.persist()

    def undo(self, reason: Reason) -> None:
        """The image that the bootloader was asked for is wanted no more; the record stays until it is erased."""
        self.job_state.retries = 0
        self.revert(reason)
        self.work(ActionId.ERASE)
        if reason is Reason.ENDED:
            self.tell(Tell.CANCELLED)

    def leave_alone(self) -> None:
        job = self.job_state
        if job.came_from_next:
            self.state.left_alone = True
        self.forget()
        self.state.phase = Phase.IDLE
        self.remembered(job_hash(job.job_id))

    def remembered(self, hashed: int) -> None:
        state, most = self.state, self.description.options.remembered_jobs
        if hashed not in state.ring:
            state.ring = (*state.ring, hashed)[-most:]
        state.passed += 1
        if state.passed <= most:
            state.list_due = True

    # Requests.

    def answered(self) -> None:
        self.state.request = Request.NONE
        self.state.attempts = 0

    def restore_flag(self) -> None:
        """What was in flight is wanted again."""
        state = self.state
        if state.request is Request.DESCRIBE_NEXT:
            state.next_due = True
        elif state.request is Request.DESCRIBE_JOB:
            state.job_due = True
        elif state.request is Request.UPDATE:
            state.update_due = True
        elif state.request is Request.LIST:
            state.list_due = True
        state.request = Request.NONE

    def retry_now(self) -> None:
        self.restore_flag()
        if self.state.attempts >= self.settings.retries_max:
            self.state.backoff = Backoff.SLOW
            self.start_request_timer(self.jitter(self.settings.slow_retry_seconds * 1000))

    def retry_later(self) -> None:
        self.retry_now()
        if self.state.backoff is not Backoff.SLOW:
            self.state.backoff = Backoff.SHORT
            self.start_request_timer(self.wait(self.settings.answer_timeout_seconds, self.state.attempts))

    def disconnected(self) -> None:
        self.restore_flag()
        self.state.link = Link.OFFLINE
        self.state.backoff = Backoff.NONE
        self.state.attempts = 0

    def connected(self) -> None:
        self.disconnected()
        self.state.link = Link.SUBSCRIBING

    def subscribed(self, error: int) -> None:
        state = self.state
        if state.link is not Link.SUBSCRIBING:
            return
        if error:
            self.retry_later()
            return
        state.link = Link.ONLINE
        state.backoff = Backoff.NONE
        state.next_due = True
        self.answered()

    def request_timer_expired(self) -> None:
        state = self.state
        if state.backoff is not Backoff.NONE:
            if state.backoff is Backoff.SLOW:
                state.attempts = 0
            state.backoff = Backoff.NONE
        elif state.request is not Request.NONE:
            self.retry_now()

    def service_is_heard(self) -> None:
        """A notification asks for a request: a slow backoff does not hold it up."""
        if self.state.backoff is Backoff.SLOW:
            self.state.backoff = Backoff.NONE
            self.state.attempts = 0

    # Time.

    def wait(self, base_seconds: int, attempt: int) -> int:
        """Milliseconds to wait: ``base_seconds`` doubled with each attempt after the first, capped, with jitter."""
        seconds = min(base_seconds * 2 ** (attempt - 1), self.settings.backoff_max_seconds)
        return self.jitter(seconds * 1000)

    def jitter(self, milliseconds: int) -> int:
        """Between the half and the whole, by one step of xorshift32."""
        x = self.state.random
        x ^= x << 13 & MASK32
        x ^= x >> 17
        x ^= x << 5 & MASK32
        self.state.random = x
        return milliseconds // 2 + x % (milliseconds // 2 + 1)
