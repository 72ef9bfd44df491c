# SPDX-License-Identifier: Apache-2.0
"""What a device asks of the Jobs service over MQTT, and what it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_fota.emulator import jobs_documents, jobs_limits, jobs_topics, jobs_views
from aws_fota.emulator.jobs_ledger import JobsLedger
from aws_fota.emulator.jobs_model import Delivery, Execution, Refusal, RefusalCode, Status
from aws_fota.emulator.jobs_requests import Payload, UpdateRequest
from aws_fota.emulator.jobs_topics import Operation, Request
from aws_fota.emulator.mqtt_subscriptions import matches


@dataclass
class PlannedRefusal:
    """Requests that are to be refused: the first `times` (None for all) on these topics, after `skip` of them.

    Attributes:
        code: what they are refused with.
        topics: a filter.
        hits: how many were refused so far.
    """

    code: RefusalCode
    topics: str
    skip: int
    times: int | None
    hits: int = 0

    def strikes(self, topic: str) -> bool:
        """Whether a request on `topic` is refused; counts it."""
        if self.times == self.hits or not matches(self.topics, topic):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True


class JobsDevice:
    """The data plane of the Jobs service.

    Args:
        ledger: the state it reads and changes.
    """

    def __init__(self, ledger: JobsLedger) -> None:
        self._ledger = ledger
        self._planned: list[PlannedRefusal] = []

    def refuse_next(
        self, code: RefusalCode, times: int | None = 1, *, topics: str = "$aws/#", skip: int = 0
    ) -> PlannedRefusal:
        """Refuse requests with `code` whatever they ask, as InternalError and RequestThrottled come.

        Args:
            code: what they are refused with.
            times: how many of them, None for all.
            topics: a filter of the topics they are published on.
            skip: how many of those are let through first.

        Returns:
            The order, which counts how often it struck.
        """
        planned = PlannedRefusal(code, topics, skip, times)
        self._planned.append(planned)
        return planned

    def handle(self, thing: str, topic: str, payload: bytes) -> list[Delivery]:
        """Answer a request and tell what it changed.

        Args:
            thing: whose topic it is; the caller has checked that the publisher may use it.
            topic: a topic in the Jobs namespace.
            payload: as published.

        Returns:
            The answer first, for the publisher; then the notifications that follow from it.
        """
        token: str | None = None
        try:
            request = jobs_topics.request_of(topic)
            if request is None:
                raise Refusal(RefusalCode.INVALID_TOPIC, "the topic does not map to an API operation")
            planned = next((it for it in self._planned if it.strikes(topic)), None)
            members = Payload(payload)
            token = members.client_token
            if planned is not None:
                raise Refusal(planned.code, f"refused as {planned.code} on demand")
            if thing not in self._ledger.things:
                raise Refusal(RefusalCode.RESOURCE_NOT_FOUND, f"there is no thing {thing}")
            suffix, answer = "accepted", self._answer(thing, request, members)
        except Refusal as refusal:
            suffix, answer = "rejected", _refused(refusal)
        answer["timestamp"] = int(self._ledger.clock.wall())
        if token is not None:
            answer["clientToken"] = token
        answered = Delivery(thing, f"{topic}/{suffix}", jobs_documents.encode(answer), to_publisher=True)
        return [answered, *self._ledger.notifications(thing)]

    def _answer(self, thing: str, request: Request, payload: Payload) -> dict[str, Any]:
        if request.operation is Operation.PENDING:
            return jobs_views.pending_lists(self._ledger.pending(thing))
        if request.operation is Operation.START_NEXT:
            return self._start_next(thing, payload)
        if request.job_id != jobs_topics.NEXT and not jobs_limits.JOB_ID.fullmatch(request.job_id):
            raise Refusal(RefusalCode.INVALID_REQUEST, "jobId must be 1 to 64 of a-z A-Z 0-9 _ -")
        if request.operation is Operation.DESCRIBE:
            return self._describe(thing, request.job_id, payload)
        return self._update(thing, request.job_id, payload.update())

    def _start_next(self, thing: str, payload: Payload) -> dict[str, Any]:
        asked = payload.start_next()
        pending = self._ledger.pending(thing)
        if not pending:
            return {}
        execution = pending[0]
        if execution.status is Status.QUEUED:
            self._ledger.change(execution, Status.IN_PROGRESS, asked.status_details, "device")
        self._ledger.set_step_timer(execution, asked.step_timeout_minutes)
        return {"execution": self._view(execution, include_document=True)}

    def _describe(self, thing: str, job_id: str, payload: Payload) -> dict[str, Any]:
        asked = payload.describe()
        if job_id == jobs_topics.NEXT:
            pending = self._ledger.pending(thing)
            if not pending:
                return {}
            return {"execution": self._view(pending[0], asked.include_document)}
        execution = self._find(thing, job_id, asked.execution_number)
        if execution.status.terminal:
            message = f"execution {execution.number} of {job_id} ended as {execution.status}"
            raise Refusal(RefusalCode.TERMINAL_STATE_REACHED, message)
        return {"execution": self._view(execution, asked.include_document)}

    def _update(self, thing: str, job_id: str, asked: UpdateRequest) -> dict[str, Any]:
        execution = self._find(thing, job_id, asked.execution_number)
        if execution.status.terminal:
            message = f"execution {execution.number} of {job_id} is {execution.status} and cannot become {asked.status}"
            if jobs_limits.ENDED_UPDATE_IS_INVALID_TRANSITION:
                raise Refusal(RefusalCode.INVALID_STATE_TRANSITION, message, execution)
            raise Refusal(RefusalCode.TERMINAL_STATE_REACHED, message)
        if asked.expected_version is not None and asked.expected_version != execution.version:
            message = f"version {asked.expected_version} was expected, the execution is at {execution.version}"
            raise Refusal(RefusalCode.VERSION_MISMATCH, message, execution)
        self._ledger.change(execution, asked.status, asked.status_details, "device")
        self._ledger.set_step_timer(execution, asked.step_timeout_minutes)
        answer: dict[str, Any] = {}
        if asked.include_state:
            answer["executionState"] = jobs_views.execution_state(execution)
        if asked.include_document:
            answer["jobDocument"] = self._ledger.document(execution)
        return answer

    def _find(self, thing: str, job_id: str, number: int | None) -> Execution:
        execution = self._ledger.execution(job_id, thing, number)
        if execution is None:
            which = f"job {job_id}" if number is None else f"execution {number} of job {job_id}"
            raise Refusal(RefusalCode.RESOURCE_NOT_FOUND, f"there is no {which} for {thing}")
        return execution

    def _view(self, execution: Execution, include_document: bool) -> dict[str, Any]:
        document = self._ledger.document(execution) if include_document else None
        return jobs_views.execution(execution, document, self._ledger.clock.monotonic())


def _refused(refusal: Refusal) -> dict[str, Any]:
    answer: dict[str, Any] = {"code": refusal.code.value, "message": refusal.message}
    if refusal.state is not None:
        answer["executionState"] = jobs_views.execution_state(refusal.state)
    return answer
