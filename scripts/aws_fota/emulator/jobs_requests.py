# SPDX-License-Identifier: Apache-2.0
"""Payloads of device requests, checked against the contract and turned into dataclasses."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import Any, NoReturn

from aws_fota.emulator import jobs_limits
from aws_fota.emulator.jobs_model import DEVICE_STATUSES, Refusal, RefusalCode, Status


@dataclass(frozen=True)
class DescribeRequest:
    """``{jobId}/get`` and ``$next/get``."""

    execution_number: int | None
    include_document: bool


@dataclass(frozen=True)
class StartNextRequest:
    """``start-next``."""

    status_details: dict[str, str] | None
    step_timeout_minutes: int | None


@dataclass(frozen=True)
class UpdateRequest:
    """``{jobId}/update``."""

    status: Status
    status_details: dict[str, str] | None
    expected_version: int | None
    execution_number: int | None
    include_state: bool
    include_document: bool
    step_timeout_minutes: int | None


class Payload:
    """The members of one request.

    An empty payload reads as ``{}``: FreeRTOS's jobs demo asks for ``$next`` that way. Members that the contract
    does not name are ignored.

    Args:
        raw: the payload as it arrived.

    Raises:
        Refusal: InvalidJson when it is not UTF-8 JSON, InvalidRequest when it is not an object or its clientToken is
            wrong.
    """

    def __init__(self, raw: bytes) -> None:
        self._members = _object_of(raw)
        self.client_token = self._client_token()

    def describe(self) -> DescribeRequest:
        return DescribeRequest(self._count("executionNumber"), self._flag("includeJobDocument", default=True))

    def start_next(self) -> StartNextRequest:
        return StartNextRequest(self._details(), self._step_timeout())

    def update(self) -> UpdateRequest:
        return UpdateRequest(
            status=self._status(),
            status_details=self._details(),
            expected_version=self._count("expectedVersion"),
            execution_number=self._count("executionNumber"),
            include_state=self._flag("includeJobExecutionState", default=False),
            include_document=self._flag("includeJobDocument", default=False),
            step_timeout_minutes=self._step_timeout(),
        )

    def _client_token(self) -> str | None:
        token = self._members.get("clientToken")
        if token is None:
            return None
        if not isinstance(token, str):
            _invalid("clientToken must be a string")
        if len(_utf8(token, "clientToken")) > jobs_limits.CLIENT_TOKEN_MAX_BYTES:
            _invalid(f"clientToken is longer than {jobs_limits.CLIENT_TOKEN_MAX_BYTES} bytes")
        return token

    def _status(self) -> Status:
        value = self._members.get("status")
        allowed = ", ".join(sorted(DEVICE_STATUSES))
        try:
            status = Status(value)
        except ValueError:
            _invalid(f"status must be one of {allowed}")
        if status not in DEVICE_STATUSES:
            _invalid(f"a device cannot set {status}; status must be one of {allowed}")
        return status

    def _flag(self, name: str, *, default: bool) -> bool:
        value = self._members.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            _invalid(f"{name} must be true or false")
        return value

    def _integer(self, name: str) -> int | None:
        """An integer; also one written as a string, as devices send expectedVersion and as AWS takes it."""
        value = self._members.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 19:
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            _invalid(f"{name} must be an integer")
        return value

    def _count(self, name: str) -> int | None:
        value = self._integer(name)
        if value is not None and value < 0:
            _invalid(f"{name} must not be negative")
        return value

    def _step_timeout(self) -> int | None:
        minutes = self._integer("stepTimeoutInMinutes")
        low, high = jobs_limits.TIMEOUT_MINUTES_MIN, jobs_limits.TIMEOUT_MINUTES_MAX
        if minutes is not None and minutes != jobs_limits.STEP_TIMEOUT_CANCEL and not low <= minutes <= high:
            _invalid(f"stepTimeoutInMinutes must be {low} to {high}, or {jobs_limits.STEP_TIMEOUT_CANCEL} to cancel")
        return minutes

    def _details(self) -> dict[str, str] | None:
        details = self._members.get("statusDetails")
        if details is None:
            return None
        if not isinstance(details, dict):
            _invalid("statusDetails must be an object of strings")
        if len(details) > jobs_limits.DETAIL_PAIRS_MAX:
            _invalid(f"statusDetails has more than {jobs_limits.DETAIL_PAIRS_MAX} pairs")
        for key, value in details.items():
            _check_detail(key, value)
        return details


def _check_detail(key: str, value: Any) -> None:
    if not jobs_limits.DETAIL_KEY.fullmatch(key):
        _invalid("a key of statusDetails must be 1 to 128 of a-z A-Z 0-9 : _ -")
    if not isinstance(value, str):
        _invalid(f"statusDetails.{key} must be a string")
    if not 1 <= len(value) <= jobs_limits.DETAIL_VALUE_MAX_CHARS:
        _invalid(f"statusDetails.{key} must be 1 to {jobs_limits.DETAIL_VALUE_MAX_CHARS} characters")
    _utf8(value, f"statusDetails.{key}")
    if any(unicodedata.category(character).startswith("C") for character in value):
        _invalid(f"statusDetails.{key} holds a control character")


def _object_of(raw: bytes) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        members = json.loads(raw.decode("utf-8"), parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        raise Refusal(RefusalCode.INVALID_JSON, "the payload is not valid UTF-8 encoded JSON") from error
    if not isinstance(members, dict):
        _invalid("the payload must be a JSON object")
    return members


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _utf8(text: str, name: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        _invalid(f"{name} holds a lone surrogate")


def _invalid(message: str) -> NoReturn:
    raise Refusal(RefusalCode.INVALID_REQUEST, message)
