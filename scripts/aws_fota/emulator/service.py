# SPDX-License-Identifier: Apache-2.0
"""AWS IoT Jobs without sockets: a request goes in, the messages to deliver come out."""

from __future__ import annotations

from aws_fota.emulator.clock import Clock
from aws_fota.emulator.jobs_control import JobsControl
from aws_fota.emulator.jobs_device import JobsDevice
from aws_fota.emulator.jobs_documents import Signer
from aws_fota.emulator.jobs_groups import JobsGroups
from aws_fota.emulator.jobs_ledger import JobsLedger
from aws_fota.emulator.jobs_model import Delivery, Status


def unsigned(url: str, _expires_s: int) -> str:
    """The signer of a service without storage: the URL stays as it is."""
    return url


class JobsService:
    """The Jobs service: one state, asked by devices, by operators and by the clock.

    Args:
        clock: the times; nothing else tells the service what time it is.
        signer: makes presigned URLs for the placeholders in documents.

    Attributes:
        ledger: the state, and its observers.
        control: the control plane.
        groups: the groups of things.
        device: the data plane.
    """

    def __init__(self, clock: Clock, signer: Signer = unsigned) -> None:
        self.clock = clock
        self.ledger = JobsLedger(clock, signer)
        self.control = JobsControl(self.ledger)
        self.groups = JobsGroups(self.ledger)
        self.device = JobsDevice(self.ledger)

    def handle(self, thing: str, topic: str, payload: bytes) -> list[Delivery]:
        """What :meth:`tick` has to tell first, then the answer to a device's request: :meth:`JobsDevice.handle`."""
        return [*self.tick(), *self.device.handle(thing, topic, payload)]

    def next_deadline(self) -> float | None:
        """Monotonic seconds at which :meth:`tick` has something to do, None when no timer runs."""
        return self.ledger.next_deadline()

    def tick(self) -> list[Delivery]:
        """Time out the executions whose timer has run out, let rollouts go on, and tell of both."""
        things = []
        for execution in self.ledger.expired():
            self.ledger.change(execution, Status.TIMED_OUT, None, "timer")
            things.append(execution.thing)
        things += self.ledger.due_rollouts()
        return self.ledger.notifications(*things)
