# SPDX-License-Identifier: Apache-2.0
"""What a session notes in the trace, and in which words."""

from __future__ import annotations

from collections.abc import Sequence

from aws_fota.host.application import Told
from aws_fota.host.bootloader import Running
from aws_fota.host.fetcher import Request
from aws_fota.host.inputs import HttpResponse
from aws_fota.report.trace import APPLICATION, BOOTLOADER, JOBS, MODULE, STORAGE, Trace, summary


class SessionTrace:
    """Words for a trace, one method for each thing that happens.

    Args:
        trace: where they go.
    """

    def __init__(self, trace: Trace) -> None:
        self._note = trace.note

    def booted(self, running: Running) -> None:
        facts = {"version": str(running.image.version), "confirmed": "yes" if running.confirmed else "no"}
        self._note(BOOTLOADER, MODULE, "BOOT", running.what.value, facts)

    def replied(self, reply: str) -> None:
        self._note(APPLICATION, BOOTLOADER if reply == "REBOOT" else MODULE, reply)

    def told(self, told: Told) -> None:
        facts: dict[str, str | int] = {}
        if told.event == "PROGRESS":
            facts["percent"] = told.value
        elif told.name:
            facts["reason" if told.event == "ERROR" else "status"] = told.name
        if told.job_id:
            facts["jobId"] = told.job_id
        self._note(MODULE, APPLICATION, "TELL", told.event, facts)

    def connected(self) -> None:
        self._note(MODULE, JOBS, "CONNECT")

    def unreachable(self, error: str) -> None:
        self._note(MODULE, JOBS, "UNREACHABLE", facts={"error": error})

    def disconnected(self) -> None:
        self._note(JOBS, MODULE, "DISCONNECTED")

    def subscribe(self, filters: Sequence[str]) -> None:
        self._note(MODULE, JOBS, "SUBSCRIBE", ", ".join(filters))

    def subscribed(self, granted: bool) -> None:
        self._note(JOBS, MODULE, "SUBACK", facts={"granted": "yes" if granted else "no"})

    def publish(self, topic: str, payload: bytes) -> None:
        self._note(MODULE, JOBS, "PUBLISH", topic, summary(payload))

    def arrived(self, topic: str, payload: bytes) -> None:
        self._note(JOBS, MODULE, "PUBLISH", topic, summary(payload))

    def acknowledged(self, packet_id: int) -> None:
        self._note(MODULE, JOBS, "PUBACK", facts={"packet": packet_id})

    def refused(self, result: str, field: int, offset: int) -> None:
        self._note(MODULE, MODULE, "PARSE", facts={"result": result, "field": field, "offset": offset})

    def request(self, request: Request) -> None:
        facts = {"range": f"{request.offset}-{request.offset + request.length - 1}"}
        if request.etag is not None:
            facts["ifMatch"] = request.etag
        self._note(MODULE, STORAGE, "GET", str(request.url), facts)

    def response(self, response: HttpResponse) -> None:
        facts: dict[str, str | int] = {"status": response.status}
        if response.content_range is not None:
            start, end, total = response.content_range
            facts |= {"range": f"{start}-{end}", "total": total}
        if response.length is not None:
            facts["length"] = response.length
        if response.etag is not None:
            facts["etag"] = response.etag.decode("latin-1")
        if response.location is not None:
            facts["location"] = response.location.decode("latin-1")
        self._note(STORAGE, MODULE, "RESPONSE", facts=facts)

    def fetch_failed(self, error: str) -> None:
        self._note(STORAGE, MODULE, "FETCH_FAILED", facts={"error": error})

    def flash_failed(self, message: str) -> None:
        self._note(MODULE, MODULE, "FLASH_FAILED", facts={"error": message})

    def erase(self, offset: int) -> None:
        self._note(MODULE, MODULE, "ERASE", facts={"offset": offset})

    def verified(self, digest: bytes, verdict: str) -> None:
        self._note(MODULE, MODULE, "VERIFY", facts={"sha256": digest.hex(), "verdict": verdict})

    def upgrade_requested(self) -> None:
        self._note(MODULE, BOOTLOADER, "REQUEST_UPGRADE")

    def confirmed(self) -> None:
        self._note(MODULE, BOOTLOADER, "CONFIRM_IMAGE")

    def persisted(self, length: int) -> None:
        self._note(MODULE, MODULE, "PERSIST", facts={"bytes": length})

    def cleared(self) -> None:
        self._note(MODULE, MODULE, "CLEAR")
