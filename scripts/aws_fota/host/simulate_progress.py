# SPDX-License-Identifier: Apache-2.0
"""How far a simulated update is: a bar on a terminal, plain lines elsewhere. All of it goes to stderr."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from aws_fota.report.sequence_words import label
from aws_fota.report.trace import Entry

#: Percent between two lines.
_STEP = 10


class ProgressDisplay:
    """Shows a trace's entries as they come; use it in a ``with``.

    Args:
        color: whether a terminal may get colours.
    """

    def __init__(self, *, color: bool = True) -> None:
        self._console = Console(stderr=True, color_system="auto" if color else None, highlight=False)
        self._bar: Progress | None = None
        self._shown = -_STEP
        if self._console.is_terminal:
            columns = (TextColumn("{task.description:<24}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=self._console)
            self._task = self._bar.add_task("connecting", total=100)

    def show(self, entry: Entry) -> None:
        """Take the next entry."""
        if entry.what == "TELL" and entry.name == "PROGRESS":
            self._advance(int(entry.facts.get("percent", 0)))
        elif entry.what in ("TELL", "BOOT", "VERIFY", "DISCONNECTED", "FETCH_FAILED"):
            if self._bar is not None:
                self._bar.update(self._task, description=_phase(entry))
            if self._bar is None or entry.what in ("BOOT", "DISCONNECTED", "FETCH_FAILED"):
                self._console.print(label(entry), soft_wrap=True, markup=False)

    def _advance(self, percent: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=percent, description="downloading")
        elif percent >= self._shown + _STEP or percent == 100:
            self._shown = percent - percent % _STEP
            self._console.print(f"downloading: {percent}%", soft_wrap=True)

    def __enter__(self) -> ProgressDisplay:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _phase(entry: Entry) -> str:
    """A word or two that fit before a bar."""
    if entry.what == "TELL":
        return entry.name.lower().replace("_", " ")
    return {"BOOT": "booted", "VERIFY": "verifying", "DISCONNECTED": "reconnecting"}.get(entry.what, "trying again")
