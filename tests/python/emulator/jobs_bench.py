# SPDX-License-Identifier: Apache-2.0
"""A Jobs service on a clock that stands still, and short ways to ask it."""

from __future__ import annotations

import json
from typing import Any

from aws_fota.emulator.clock import ManualClock
from aws_fota.emulator.jobs_model import Delivery
from aws_fota.emulator.service import JobsService

DOCUMENT = {"operation": "app_fw_update", "size": 181124}


class JobsBench:
    """One service and one thing, ``lamp``."""

    def __init__(self, signer: Any = None) -> None:
        self.clock = ManualClock(wall=1_600_000_000.25)
        self.service = JobsService(self.clock, signer) if signer else JobsService(self.clock)
        self.control = self.service.control
        self.control.create_thing("lamp")

    def create(self, job_id: str = "j1", **options: Any) -> list[Delivery]:
        return self.control.create_job(job_id, DOCUMENT, ["lamp"], **options)

    def ask(self, topic: str, payload: object = None, thing: str = "lamp") -> tuple[str, dict[str, Any]]:
        """The verdict (``accepted`` or ``rejected``) and the members of the answer; notifications are dropped."""
        return read(self.deliveries(topic, payload, thing)[0])

    def deliveries(self, topic: str, payload: object = None, thing: str = "lamp") -> list[Delivery]:
        raw = payload if isinstance(payload, bytes) else json.dumps({} if payload is None else payload).encode()
        return self.service.handle(thing, f"$aws/things/{thing}/jobs/{topic}", raw)

    def update(self, job_id: str, status: str, **members: object) -> tuple[str, dict[str, Any]]:
        return self.ask(f"{job_id}/update", {"status": status, **members})

    def next(self) -> dict[str, Any] | None:
        verdict, answer = self.ask("$next/get")
        assert verdict == "accepted"
        return answer.get("execution")


def read(delivery: Delivery) -> tuple[str, dict[str, Any]]:
    return delivery.topic.rsplit("/", 1)[1], json.loads(delivery.payload)


def notified(deliveries: list[Delivery]) -> dict[str, dict[str, Any]]:
    """The notifications by the last level of their topic, each at most once."""
    found = [read(delivery) for delivery in deliveries if not delivery.to_publisher]
    assert len({name for name, _ in found}) == len(found)
    return dict(found)
