# SPDX-License-Identifier: Apache-2.0
"""What a full description of a job leads to: *described*, *judge* and *refreshed* of ``doc/engine.md``."""

from __future__ import annotations

from aws_fota.jobdoc.model import Foreign
from aws_fota.oracle.engine_downloads import Downloads
from aws_fota.oracle.engine_io import Message, Phase, Request, Tell
from aws_fota.oracle.engine_procedures import TERMINAL
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Job
from aws_fota.oracle.outcome import FIRST_FIELD, EnvelopeField, JobStatus, Outcome, ParseResult, Scheme
from aws_fota.oracle.parser import job_hash
from aws_fota.oracle.versions import Version
from aws_fota.oracle.versions import parse as parse_version

#: How a violation of a field of the job document is reported.
_VIOLATIONS = {
    ParseResult.TOO_LONG: (JobStatus.REJECTED, Reason.FIELD_TOO_LONG),
    ParseResult.OUT_OF_RANGE: (JobStatus.REJECTED, Reason.FIELD_OUT_OF_RANGE),
    ParseResult.WRONG_TYPE: (JobStatus.FAILED, Reason.FIELD_WRONG_TYPE),
    ParseResult.WRONG_VALUE: (JobStatus.FAILED, Reason.FIELD_WRONG_VALUE),
    ParseResult.DUPLICATE: (JobStatus.FAILED, Reason.FIELD_DUPLICATE),
    ParseResult.MISSING: (JobStatus.FAILED, Reason.FIELD_MISSING),
}


def has_execution(outputs: Outcome) -> bool:
    """Whether a description or ``notify-next`` names an execution."""
    return EnvelopeField.JOB_ID in outputs.present


class Judgement(Downloads):
    """Taking jobs, or not."""

    def described(self, message: Message, request: Request) -> None:
        """A full description while ``IDLE``."""
        outputs, state = message.outputs, self.state
        if not has_execution(outputs):
            state.left_alone = False
            if self.job_state.resumable:
                self.cancelled()
        elif outputs.status in TERMINAL:
            return
        elif self.job_state.resumable and request is Request.DESCRIBE_NEXT and outputs.job_id != self.job_state.job_id:
            state.job_due = True
        else:
            self.judge(message, request)

    def judge(self, message: Message, request: Request) -> None:
        outputs, known = message.outputs, self.job_state
        keep = known.resumable and known.job_id == outputs.job_id
        job = known if keep else Job(job_id=outputs.job_id)
        job.version = outputs.version_number
        job.resumable = False
        job.pending = JobStatus.NONE
        job.reason = job.detail = 0
        job.slot_hash = None
        job.came_from_next = request is Request.DESCRIBE_NEXT
        self.job_state = job
        if self.document_is_unreadable(outputs):
            self.fail(JobStatus.FAILED, Reason.UNREADABLE)
        elif self.is_foreign(outputs):
            self.foreign()
        elif self.fails_its_rules(outputs) or self.version_does_not_fit(outputs):
            return
        else:
            self.take(message, keep)

    @staticmethod
    def document_is_unreadable(outputs: Outcome) -> bool:
        return outputs.result is not ParseResult.OK and outputs.field == EnvelopeField.JOB_DOCUMENT

    def is_foreign(self, outputs: Outcome) -> bool:
        if not self.description.operations:
            return False
        index = next(
            FIRST_FIELD + position
            for position, described in enumerate(self.description.fields)
            if described.destination == "operation"
        )
        return index not in outputs.present or outputs.job["operation"] not in self.description.operations

    def foreign(self) -> None:
        offered = self.description.foreign is Foreign.OFFER
        if self.description.foreign is Foreign.REJECT:
            self.fail(JobStatus.REJECTED, Reason.FOREIGN, quietly=True)
        elif offered and job_hash(self.job_state.job_id) not in self.state.ring:
            self.state.phase = Phase.OFFERED
            self.tell(Tell.FOREIGN)
        else:
            self.leave_alone()

    def fails_its_rules(self, outputs: Outcome) -> bool:
        """Rules 3 to 5: those that a fresh description is held against too."""
        size = self.size_of(outputs)
        if outputs.result is not ParseResult.OK:
            status, reason = _VIOLATIONS[outputs.result]
            self.fail(status, reason, outputs.field)
        elif self.url.scheme is Scheme.HTTP and not self.settings.allow_http:
            self.fail(JobStatus.REJECTED, Reason.CLEARTEXT)
        elif size > self.state.slot_size:
            self.fail(JobStatus.REJECTED, Reason.TOO_LARGE, self.state.slot_size)
        else:
            return False
        return True

    def version_does_not_fit(self, outputs: Outcome) -> bool:
        """Rules 6 and 7."""
        running, wanted = self.state.running_version, self.version_of(outputs)
        if running is None or wanted is None:
            return False
        if wanted == running:
            if outputs.status is JobStatus.IN_PROGRESS:
                self.succeed()
            else:
                self.fail(JobStatus.REJECTED, Reason.SAME_VERSION)
            return True
        if wanted < running and not self.settings.allow_downgrade:
            self.fail(JobStatus.REJECTED, Reason.DOWNGRADE)
            return True
        return False

    def take(self, message: Message, keep: bool) -> None:
        """Rule 8: the job is ours and fits."""
        job = self.job_state
        if keep and self.is_same_object(message) and job.etag is not None:
            job.erased = False
            job.resumed = True
        else:
            job.offset = job.persisted = 0
            job.etag = None
            self.take_object(message)
        self.state.phase = Phase.STARTING
        self.state.update_due = True

    def refreshed(self, message: Message) -> None:
        """A full description of the job in ``REFRESHING``, which is still to be done."""
        job, outputs = self.job_state, message.outputs
        job.version = outputs.version_number
        if self.document_is_unreadable(outputs):
            self.fail(JobStatus.FAILED, Reason.UNREADABLE)
        elif self.is_foreign(outputs):
            self.fail(JobStatus.FAILED, Reason.FOREIGN)
        elif not self.fails_its_rules(outputs):
            if not self.is_same_object(message) or job.etag is None:
                job.offset = job.persisted = 0
                job.etag = None
                job.erased = job.resumed = False
                self.take_object(message)
            self.download()

    def is_same_object(self, message: Message) -> bool:
        job, outputs = self.job_state, message.outputs
        wanted = (self.size_of(outputs), self.sha256_of(outputs), message.identity)
        # Without a digest nothing tells whether a slot that was full before the reboot still holds this object.
        provable = job.sha256 is not None or job.offset < job.size
        return wanted == (job.size, job.sha256, job.identity) and provable

    def take_object(self, message: Message) -> None:
        job, outputs = self.job_state, message.outputs
        job.size = self.size_of(outputs)
        job.sha256 = self.sha256_of(outputs)
        job.identity = message.identity or bytes(32)

    @staticmethod
    def size_of(outputs: Outcome) -> int:
        size = outputs.job.get("size", 0)
        return size if isinstance(size, int) else 0

    @staticmethod
    def sha256_of(outputs: Outcome) -> bytes | None:
        digest = outputs.job.get("sha256")
        return digest if isinstance(digest, bytes) else None

    @staticmethod
    def version_of(outputs: Outcome) -> Version | None:
        text = outputs.job.get("version")
        return parse_version(text) if isinstance(text, str) else None
