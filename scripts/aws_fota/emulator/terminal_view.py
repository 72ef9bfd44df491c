# SPDX-License-Identifier: Apache-2.0
"""The live view in a terminal: below the lines that scroll by, what the things work on and how far they are."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from aws_fota.emulator.overview import JobRow, Overview, Snapshot

#: Seconds between two pictures at least, and at most: not all that changes is told.
PAUSE_S = 0.2
REFRESH_S = 2.0

#: Rows of the terminal that are left to the lines, to the heads and to the prompt.
RESERVED_ROWS = 10

_STYLES = {"IN_PROGRESS": "cyan", "SUCCEEDED": "green", "COMPLETED": "green", "FAILED": "red", "TIMED_OUT": "red"}


class TerminalView:
    """Draws on a terminal while the context is open.

    Args:
        overview: what is shown.
        console: the terminal.
    """

    def __init__(self, overview: Overview, console: Console | None = None) -> None:
        self._overview = overview
        # The command line holds sys.stdout in its own hands, and rich writes into what it finds at each moment.
        self._console = console or Console()
        self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)

    def line(self, text: str) -> None:
        """Print one line above the view."""
        self._live.console.print(Text(text), soft_wrap=True)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Draw until the context ends; the view is gone then, and the lines stay."""
        with self._live:
            drawing = asyncio.ensure_future(self._draw())
            try:
                yield
            finally:
                drawing.cancel()

    async def _draw(self) -> None:
        while True:
            version = self._overview.version
            rows = max(3, self._console.height - RESERVED_ROWS)
            self._live.update(picture(self._overview.snapshot(), rows), refresh=True)
            await asyncio.sleep(PAUSE_S)
            await self._overview.newer(version, REFRESH_S)


def on_terminal() -> bool:
    """Whether the standard output is a terminal that can be drawn on."""
    return sys.stdout.isatty() and not Console().is_dumb_terminal


def picture(snapshot: Snapshot, rows: int) -> RenderableType:
    """The view of a snapshot, with at most `rows` executions."""
    table = Table(expand=True, box=None, pad_edge=False)
    for name, ratio in (("job", 3), ("thing", 3), ("status", 2), ("progress", 3), ("details", 4)):
        table.add_column(name, ratio=ratio, no_wrap=True, overflow="ellipsis", header_style="bold")
    shown = 0
    for job in snapshot.jobs:
        shown += _add(table, job, rows - shown)
    total = sum(sum(job.counts.values()) for job in snapshot.jobs)
    things, jobs = _counted(snapshot.thing_count, "thing"), _counted(snapshot.job_count, "job")
    head = f"{things}, {snapshot.connected_count} connected, {jobs}"
    parts: list[RenderableType] = [Text(head, style="bold"), table]
    if total > shown:
        parts.append(Text(f"and {total - shown} more", style="dim"))
    return Group(*parts)


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _add(table: Table, job: JobRow, rows: int) -> int:
    """Add the first executions of a job, at most `rows`; how many."""
    added = job.executions[: max(0, rows)]
    for row in added:
        mark = "\u25cf" if row.connected else "\u25cb"
        if row.progress is None:
            progress: RenderableType = Text("")
        else:
            bar = Table.grid(expand=True, padding=(0, 1))
            bar.add_column(ratio=1)
            bar.add_column(width=5, justify="right")
            bar.add_row(ProgressBar(100, row.progress), Text(f"{row.progress} %"))
            progress = bar
        status = Text(row.status, style=_STYLES.get(row.status, ""))
        table.add_row(Text(job.job_id), Text(f"{mark} {row.thing}"), status, progress, Text(row.details))
    return len(added)
