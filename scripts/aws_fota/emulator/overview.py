# SPDX-License-Identifier: Apache-2.0
"""What the terminal and the page show of an emulator: its things, its jobs with their progress, and the last lines."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from dataclasses import dataclass

from aws_fota.emulator.emulator import Emulator
from aws_fota.emulator.happenings import printable
from aws_fota.emulator.jobs_model import Execution, Job, Status

#: Lines that are kept; executions of a job and things that are listed, the liveliest first.
LINES = 200
LISTED = 100


@dataclass(frozen=True)
class ExecutionRow:
    """One execution; `progress` in percent, None when its device does not say."""

    thing: str
    connected: bool
    status: str
    version: int
    attempt: int
    progress: int | None
    details: str
    updated_at: float


@dataclass(frozen=True)
class JobRow:
    """One job; `executions` holds the first of them, `counts` is of all, by status."""

    job_id: str
    status: str
    created_at: float
    counts: dict[str, int]
    targets: int
    executions: list[ExecutionRow]


@dataclass(frozen=True)
class ThingRow:
    """One thing and what it works on, empty for nothing."""

    name: str
    connected: bool
    job_id: str
    status: str
    progress: int | None


@dataclass(frozen=True)
class Snapshot:
    """All of it at one moment; `at` is in seconds since the epoch."""

    at: float
    things: list[ThingRow]
    thing_count: int
    connected_count: int
    jobs: list[JobRow]
    job_count: int
    lines: list[str]


class Overview:
    """A snapshot on demand, and a word when there is a new one.

    Args:
        emulator: what is looked at.

    Attributes:
        version: goes up with everything that is noticed.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.lines: deque[str] = deque(maxlen=LINES)
        self.version = 0
        self._emulator = emulator
        self._changed = asyncio.Event()
        emulator.trace.listeners.append(lambda entry: self._note() if entry.kind in ("CONNACK", "CLOSED") else None)
        emulator.service.ledger.observers.append(lambda change: self._note())

    def tell(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)
        self._note()

    async def newer(self, version: int, timeout_s: float) -> None:
        """Wait until there is something newer than `version`, at most `timeout_s` seconds."""
        if self.version == version:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), timeout_s)

    def snapshot(self) -> Snapshot:
        """What there is to see now."""
        ledger, connections = self._emulator.service.ledger, self._emulator.gateway.connections
        names = sorted(ledger.things, key=lambda it: (not ledger.pending(it), it not in connections, it))
        jobs = sorted(ledger.jobs.values(), key=lambda it: -it.created_at)
        return Snapshot(
            at=self._emulator.clock.wall(),
            things=[self._thing(name) for name in names[:LISTED]],
            thing_count=len(names),
            connected_count=sum(name in connections for name in names),
            jobs=[self._job(job) for job in jobs[:LISTED]],
            job_count=len(jobs),
            lines=list(self.lines),
        )

    def _note(self) -> None:
        self.version += 1
        # Whoever waits is woken once, and waits for the next one then.
        self._changed.set()
        self._changed = asyncio.Event()

    def _thing(self, name: str) -> ThingRow:
        pending = self._emulator.service.ledger.pending(name)
        connected = name in self._emulator.gateway.connections
        if not pending:
            return ThingRow(name, connected, "", "", None)
        first = pending[0]
        return ThingRow(name, connected, first.job_id, first.status.value, progress_of(first))

    def _job(self, job: Job) -> JobRow:
        latest = job.latest()
        counts = Counter(execution.status.value for execution in latest)
        shown = sorted(latest, key=_liveliness)[:LISTED]
        rows = [self._execution(execution) for execution in shown]
        return JobRow(job.job_id, job.status.value, job.created_at, dict(counts), len(job.targets), rows)

    def _execution(self, execution: Execution) -> ExecutionRow:
        details = {name: value for name, value in execution.status_details.items() if name != "progress"}
        return ExecutionRow(
            thing=execution.thing,
            connected=execution.thing in self._emulator.gateway.connections,
            status=execution.status.value,
            version=execution.version,
            attempt=execution.number,
            progress=progress_of(execution),
            details=printable(", ".join(f"{name}: {value}" for name, value in details.items())),
            updated_at=execution.last_updated_at,
        )


def progress_of(execution: Execution) -> int | None:
    """The percentage in an execution's statusDetails, None when there is none."""
    if execution.status is Status.SUCCEEDED:
        return 100
    text = execution.status_details.get("progress", "").removesuffix("%")
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return min(int(text), 100)
    return None


def _liveliness(execution: Execution) -> tuple[int, float]:
    order = (Status.IN_PROGRESS, Status.QUEUED)
    rank = order.index(execution.status) if execution.status in order else len(order)
    return rank, -execution.last_updated_at
