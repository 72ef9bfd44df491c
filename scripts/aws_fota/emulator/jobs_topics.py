# SPDX-License-Identifier: Apache-2.0
"""The topics of AWS IoT Jobs, read and written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

PREFIX = "$aws/things/"
NEXT = "$next"


class Operation(Enum):
    """What a device asks for."""

    PENDING = "get"
    START_NEXT = "start-next"
    DESCRIBE = "describe"
    UPDATE = "update"


@dataclass(frozen=True)
class Request:
    """A topic that maps to an operation; `job_id` is empty where the topic has none and may be ``$next``."""

    operation: Operation
    job_id: str = ""


def thing_of(topic: str) -> str | None:
    """The thing of a topic in the Jobs namespace, None for any other topic."""
    if not topic.startswith(PREFIX):
        return None
    thing, _, rest = topic[len(PREFIX) :].partition("/")
    return thing if thing and (rest == "jobs" or rest.startswith("jobs/")) else None


def request_of(topic: str) -> Request | None:
    """The operation that a topic of the Jobs namespace asks for, None when it maps to none."""
    levels = topic.split("/")[4:]
    if levels == ["get"]:
        return Request(Operation.PENDING)
    if levels == ["start-next"]:
        return Request(Operation.START_NEXT)
    if len(levels) == 2 and levels[0] and levels[1] == "get":
        return Request(Operation.DESCRIBE, levels[0])
    if len(levels) == 2 and levels[0] not in ("", NEXT) and levels[1] == "update":
        return Request(Operation.UPDATE, levels[0])
    return None


def notify(thing: str) -> str:
    """Where changes of the list of pending executions are told."""
    return f"{PREFIX}{thing}/jobs/notify"


def notify_next(thing: str) -> str:
    """Where a change of the first pending execution is told."""
    return f"{PREFIX}{thing}/jobs/notify-next"
