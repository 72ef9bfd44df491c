# SPDX-License-Identifier: Apache-2.0
"""The Jobs data plane over HTTP: the same requests that devices make over MQTT, in other clothes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aws_fota.emulator import jobs_documents, jobs_topics
from aws_fota.emulator.api_errors import ApiError
from aws_fota.emulator.jobs_model import RefusalCode

Members = dict[str, Any]

#: The exceptions by the codes of MQTT. For VersionMismatch, botocore's model has no exception, though the service
#: describes the error; its name and status were read in one place only.
_EXCEPTIONS = {
    RefusalCode.INVALID_TOPIC: ("InvalidRequestException", 0),
    RefusalCode.INVALID_JSON: ("InvalidRequestException", 0),
    RefusalCode.INVALID_REQUEST: ("InvalidRequestException", 0),
    RefusalCode.INVALID_STATE_TRANSITION: ("InvalidStateTransitionException", 0),
    RefusalCode.RESOURCE_NOT_FOUND: ("ResourceNotFoundException", 0),
    RefusalCode.VERSION_MISMATCH: ("VersionMismatchException", 409),
    RefusalCode.INTERNAL_ERROR: ("ServiceUnavailableException", 0),
    RefusalCode.REQUEST_THROTTLED: ("ThrottlingException", 0),
    RefusalCode.TERMINAL_STATE_REACHED: ("TerminalStateException", 0),
}


class JobsDataApi:
    """The operations, by name in :attr:`operations`.

    Args:
        ask: answers a device's request: from its thing, topic and payload to the payload of the answer.
    """

    def __init__(self, ask: Callable[[str, str, bytes], bytes]) -> None:
        self._ask = ask
        self.operations: dict[str, Callable[[Members], Members]] = {
            "GetPendingJobExecutions": self._pending,
            "StartNextPendingJobExecution": self._start_next,
            "DescribeJobExecution": self._describe,
            "UpdateJobExecution": self._update,
        }

    def _pending(self, members: Members) -> Members:
        return self._asked(members, "get")

    def _start_next(self, members: Members) -> Members:
        return _with_text(self._asked(members, "start-next"))

    def _describe(self, members: Members) -> Members:
        return _with_text(self._asked(members, f"{members['jobId']}/get"))

    def _update(self, members: Members) -> Members:
        answer = self._asked(members, f"{members['jobId']}/update")
        if "jobDocument" in answer:
            answer["jobDocument"] = jobs_documents.encode(answer["jobDocument"]).decode()
        return answer

    def _asked(self, members: Members, operation: str) -> Members:
        thing = members["thingName"]
        payload = {name: value for name, value in members.items() if name not in ("thingName", "jobId")}
        topic = f"{jobs_topics.PREFIX}{thing}/jobs/{operation}"
        answer: Members = json.loads(self._ask(thing, topic, json.dumps(payload).encode()))
        if "code" in answer:
            name, status = _EXCEPTIONS[RefusalCode(answer["code"])]
            raise ApiError(name, answer["message"], status)
        answer.pop("timestamp")
        return answer


def _with_text(answer: Members) -> Members:
    """Over HTTP the document in an execution is text, and not the JSON itself."""
    execution = answer.get("execution", {})
    if "jobDocument" in execution:
        execution["jobDocument"] = jobs_documents.encode(execution["jobDocument"]).decode()
    return answer
