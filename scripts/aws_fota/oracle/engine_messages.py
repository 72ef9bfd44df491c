# SPDX-License-Identifier: Apache-2.0
"""What each message of the service does: the section "Messages" of ``doc/engine.md``."""

from __future__ import annotations

from aws_fota.oracle.engine_io import Message, Phase, Request, Tell
from aws_fota.oracle.engine_judgement import Judgement, has_execution
from aws_fota.oracle.engine_procedures import TERMINAL
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Link
from aws_fota.oracle.outcome import (
    FIRST_FIELD,
    REFUSALS,
    EnvelopeField,
    JobStatus,
    MessageKind,
    Outcome,
    ParseResult,
    Refusal,
)
from aws_fota.oracle.parser import job_hash
from aws_fota.oracle.topics import Topic, TopicKind

#: The request that each answer belongs to.
_ANSWERS = {
    TopicKind.NEXT_ACCEPTED: Request.DESCRIBE_NEXT,
    TopicKind.NEXT_REJECTED: Request.DESCRIBE_NEXT,
    TopicKind.JOB_ACCEPTED: Request.DESCRIBE_JOB,
    TopicKind.JOB_REJECTED: Request.DESCRIBE_JOB,
    TopicKind.LIST_ACCEPTED: Request.LIST,
    TopicKind.LIST_REJECTED: Request.LIST,
    TopicKind.UPDATE_ACCEPTED: Request.UPDATE,
    TopicKind.UPDATE_REJECTED: Request.UPDATE,
}
_REJECTIONS = frozenset(
    {TopicKind.NEXT_REJECTED, TopicKind.JOB_REJECTED, TopicKind.LIST_REJECTED, TopicKind.UPDATE_REJECTED}
)
_DESCRIPTIONS = frozenset({TopicKind.NEXT_ACCEPTED, TopicKind.JOB_ACCEPTED})
_KINDS = {
    TopicKind.NOTIFY_NEXT: MessageKind.WATCH,
    TopicKind.NEXT_ACCEPTED: MessageKind.WATCH,
    TopicKind.JOB_ACCEPTED: MessageKind.WATCH,
    TopicKind.LIST_ACCEPTED: MessageKind.PENDING,
    TopicKind.UPDATE_ACCEPTED: MessageKind.UPDATED,
} | dict.fromkeys(_REJECTIONS, MessageKind.REJECTED)
#: The refusals that say that a job does not live any more.
_NO_LONGER = frozenset({Refusal.RESOURCE_NOT_FOUND, Refusal.TERMINAL_STATE_REACHED})
_EXECUTION_MEMBERS = frozenset({EnvelopeField.JOB_ID, EnvelopeField.STATUS, EnvelopeField.VERSION_NUMBER})


class Messages(Judgement):
    """Answers and notifications."""

    def message_kind(self, topic: Topic) -> MessageKind:
        """What a message on ``topic`` is to be read as."""
        if topic.kind in _DESCRIPTIONS and self.state.full and self.is_awaited(topic):
            return MessageKind.EXECUTION
        return _KINDS.get(topic.kind, MessageKind.OTHER)

    def is_awaited(self, topic: Topic) -> bool:
        """Whether ``topic`` is one on which the request in flight is answered."""
        request = self.state.request
        if self.state.link is not Link.ONLINE or _ANSWERS.get(topic.kind, Request.NONE) is not request:
            return False
        by_job = request in (Request.DESCRIBE_JOB, Request.UPDATE)
        return request is not Request.NONE and (not by_job or topic.job_id == self.job_state.job_id)

    def is_ours(self, message: Message) -> bool:
        if not self.is_awaited(message.topic):
            return False
        outputs = message.outputs
        if EnvelopeField.CLIENT_TOKEN not in outputs.present:
            return message.topic.kind in _REJECTIONS
        return outputs.client_token == self.state.token

    def message(self, message: Message) -> None:
        kind, outputs = message.topic.kind, message.outputs
        if self.message_kind(message.topic) is MessageKind.EXECUTION:
            self.state.outputs = outputs.job
        if kind is TopicKind.NOTIFY:
            self.notify(outputs)
        elif kind is TopicKind.NOTIFY_NEXT and self.state.phase is Phase.IDLE:
            self.notify_next_in_idle(outputs)
        elif kind is TopicKind.NOTIFY_NEXT:
            if outputs.result is ParseResult.OK:
                self.notify_next_elsewhere(outputs)
        elif kind in _DESCRIPTIONS:
            self.describe_accepted(message)
        elif not self.is_ours(message):
            return
        elif kind in (TopicKind.NEXT_REJECTED, TopicKind.JOB_REJECTED):
            self.describe_rejected(outputs)
        elif kind is TopicKind.LIST_REJECTED:
            self.retry_later()
        elif outputs.result is not ParseResult.OK:
            return
        elif kind is TopicKind.LIST_ACCEPTED:
            self.list_accepted(outputs)
        elif kind is TopicKind.UPDATE_ACCEPTED:
            self.update_accepted(outputs)
        elif kind is TopicKind.UPDATE_REJECTED:
            self.update_rejected(outputs)

    # Notifications.

    def notify(self, outputs: Outcome) -> None:
        state = self.state
        if outputs.result is ParseResult.OK and state.phase is Phase.IDLE and state.left_alone:
            state.list_due = True
            state.passed = 0

    def notify_next_in_idle(self, outputs: Outcome) -> None:
        state, fine = self.state, outputs.result is ParseResult.OK
        if fine and not has_execution(outputs):
            if state.left_alone:
                state.next_due = True
                self.service_is_heard()
        elif fine and job_hash(outputs.job_id) in state.ring:
            state.left_alone = state.list_due = True
            state.passed = 0
        else:
            state.next_due = True
            self.service_is_heard()

    def notify_next_elsewhere(self, outputs: Outcome) -> None:
        job = self.job_state
        if has_execution(outputs) and outputs.job_id == job.job_id:
            if outputs.status in TERMINAL:
                self.ended(outputs.status)
            else:
                job.version = max(job.version, outputs.version_number)
        elif self.state.phase is not Phase.REPORTING:
            self.state.job_due = True
            self.service_is_heard()

    # Descriptions.

    def describe_accepted(self, message: Message) -> None:
        outputs, request = message.outputs, self.state.request
        if outputs.result in REFUSALS:
            if self.is_awaited(message.topic):
                self.description_refused()
            return
        if not self.is_ours(message) or self.description_is_useless(outputs):
            return
        if request is Request.DESCRIBE_JOB and has_execution(outputs) and outputs.job_id != self.job_state.job_id:
            return
        full = self.state.full
        self.answered()
        ended = not has_execution(outputs) or outputs.status in TERMINAL
        if request is Request.DESCRIBE_JOB and ended:
            self.ended(outputs.status)
        elif full and self.state.phase is Phase.IDLE:
            self.described(message, request)
        elif full and self.state.phase is Phase.REFRESHING:
            self.refreshed(message)
        elif self.state.phase is Phase.IDLE:
            self.described_without_document(outputs, request)
        else:
            self.watched(outputs)

    @staticmethod
    def description_is_useless(outputs: Outcome) -> bool:
        """Whether a violation leaves it open which job is described."""
        if outputs.result is ParseResult.OK:
            return False
        in_the_envelope = outputs.field < FIRST_FIELD and outputs.field != EnvelopeField.JOB_DOCUMENT
        return in_the_envelope or not outputs.present >= _EXECUTION_MEMBERS

    def description_refused(self) -> None:
        """The text is none that can be read; neither is the token."""
        state, request = self.state, self.state.request
        if not state.full:
            self.retry_later()
            return
        self.answered()
        if request is Request.DESCRIBE_JOB and state.phase in (Phase.IDLE, Phase.REFRESHING):
            self.fail(JobStatus.FAILED, Reason.UNREADABLE)
        elif request is Request.DESCRIBE_NEXT and state.phase is Phase.IDLE:
            state.unreadable = True
            state.next_due = True

    def described_without_document(self, outputs: Outcome, request: Request) -> None:
        state = self.state
        if request is not Request.DESCRIBE_NEXT or not state.unreadable:
            return
        state.unreadable = False
        if has_execution(outputs) and outputs.status not in TERMINAL:
            if not self.job_state.resumable:
                self.job_state.job_id = outputs.job_id
            state.job_due = True

    def watched(self, outputs: Outcome) -> None:
        job = self.job_state
        if has_execution(outputs) and outputs.job_id == job.job_id:
            if outputs.status in TERMINAL:
                self.ended(outputs.status)
            else:
                job.version = outputs.version_number
        elif self.state.phase is not Phase.REPORTING:
            self.state.job_due = True

    def describe_rejected(self, outputs: Outcome) -> None:
        if self.state.request is Request.DESCRIBE_JOB and outputs.code in _NO_LONGER:
            self.answered()
            self.ended(outputs.status)
        else:
            self.retry_later()

    # Lists and updates.

    def list_accepted(self, outputs: Outcome) -> None:
        self.answered()
        if self.state.phase is Phase.IDLE and not self.job_state.resumable and has_execution(outputs):
            self.job_state.job_id = outputs.job_id
            self.state.job_due = True

    def update_accepted(self, outputs: Outcome) -> None:
        self.answered()
        if self.state.asked is not JobStatus.IN_PROGRESS:
            self.finished()
            return
        if outputs.status in TERMINAL:
            self.ended(outputs.status)
            return
        self.job_state.version = outputs.version_number
        if self.state.phase is Phase.STARTING:
            self.tell(Tell.STARTED)
            self.download()

    def update_rejected(self, outputs: Outcome) -> None:
        job = self.job_state
        if outputs.status in TERMINAL or outputs.code in _NO_LONGER:
            self.answered()
            self.ended(outputs.status)
            return
        mismatched = outputs.code is Refusal.VERSION_MISMATCH
        if self.state.asked is JobStatus.FAILED and mismatched and outputs.status is JobStatus.QUEUED:
            # The report before this one arrived, and the service retries the job.
            self.answered()
            self.finished()
            return
        known = EnvelopeField.VERSION_NUMBER in outputs.present
        if known:
            job.version = outputs.version_number
        elif outputs.code in (Refusal.VERSION_MISMATCH, Refusal.INVALID_STATE_TRANSITION):
            job.version = 0
        if known and mismatched:
            self.retry_now()
        else:
            self.retry_later()
