# SPDX-License-Identifier: Apache-2.0
"""What the firmware around the module does: it is told of an update's steps and answers some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Told:
    """What the application is told.

    Attributes:
        event: name of ``enum aws_fota_tell``.
        value: percent of ``PROGRESS``.
        name: reason of ``ERROR``, status of ``FINISHED``; else empty.
        job_id: the job it is about; empty without one.
    """

    event: str
    value: int = 0
    name: str = ""
    job_id: str = ""


class Reply(Enum):
    """What an application answers; all but the reboot are inputs of the engine by the same name."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    CONFIRM = "CONFIRM"
    REVERT = "REVERT"
    CANCEL = "CANCEL"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    REBOOT = "REBOOT"


class Application:
    """Reboots into a new image, tests it, and confirms it; the smallest application that takes updates.

    Args:
        healthy: what the self-test of a new image finds. A sick image reboots without being confirmed.
        foreign: the answer to a job of another operation.
    """

    def __init__(self, *, healthy: bool = True, foreign: Reply = Reply.REJECT) -> None:
        self._healthy = healthy
        self._foreign = foreign

    def told(self, told: Told) -> Sequence[Reply]:
        """Take an event; the replies are carried out in their order, after the step that told it."""
        if told.event == "DONE":
            return (Reply.REBOOT,)
        if told.event == "CONFIRM":
            return (Reply.CONFIRM if self._healthy else Reply.REBOOT,)
        if told.event == "FOREIGN":
            return (self._foreign,)
        return ()
