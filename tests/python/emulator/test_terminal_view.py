# SPDX-License-Identifier: Apache-2.0
"""The live view in a terminal, and the lines in place of it."""

from __future__ import annotations

import asyncio
import io

import pytest
from jobs_bench import DOCUMENT
from mqtt_bench import run
from page_bench import page_bench
from rich.console import Console

from aws_fota.emulator.clock import ManualClock
from aws_fota.emulator.command_show import View, in_red
from aws_fota.emulator.overview import LISTED
from aws_fota.emulator.repeats import QUIET_S, Repeats
from aws_fota.emulator.terminal_view import TerminalView, picture


def test_the_picture_shows_jobs_things_and_progress() -> None:
    async def test() -> str:
        async with page_bench() as page:
            page.emulator.create_job("my-job", DOCUMENT, ["lamp", "door"])
            await page.update("lamp", "my-job", "IN_PROGRESS", progress="42", note="[red]not markup")
            console = Console(file=io.StringIO(), width=120, force_terminal=False)
            console.print(picture(page.overview.snapshot(), 1))
            assert isinstance(console.file, io.StringIO)
            return console.file.getvalue()

    lines = run(test()).splitlines()
    assert lines[0].rstrip() == "2 things, 1 connected, 1 job"
    assert all(part in lines[2] for part in ("my-job", "● lamp", "IN_PROGRESS", "42 %", "━"))
    assert lines[3].rstrip() == "and 1 more"


def test_lines_scroll_by_above_the_view() -> None:
    async def test() -> str:
        async with page_bench() as page:
            console = Console(file=io.StringIO(), width=100, force_terminal=True, height=30)
            view = TerminalView(page.overview, console)
            async with view.running():
                page.emulator.create_job("my-job", DOCUMENT, ["lamp"])
                await page.update("lamp", "my-job", "IN_PROGRESS", progress="3")
                await asyncio.sleep(0.5)
                view.line("a line [bold]as it is[/bold]")
            assert isinstance(console.file, io.StringIO)
            return console.file.getvalue()

    drawn = run(test())
    assert "a line [bold]as it is[/bold]" in drawn
    assert "3 %" in drawn
    # The view takes itself away: it ends with a cursor that is shown again.
    assert "\x1b[?25h" in drawn


def test_no_more_is_listed_than_a_page_bears() -> None:
    async def test() -> None:
        async with page_bench() as page:
            names = [f"thing-{number}" for number in range(LISTED + 20)]
            for name in names:
                page.emulator.create_thing(name)
            page.emulator.create_job("j", DOCUMENT, names)
            await page.update("thing-110", "j", "IN_PROGRESS", progress="200")
            snapshot = page.overview.snapshot()
            assert (snapshot.thing_count, len(snapshot.things)) == (LISTED + 22, LISTED)
            assert snapshot.jobs[0].counts == {"QUEUED": LISTED + 19, "IN_PROGRESS": 1}
            first = snapshot.jobs[0].executions[0]
            assert (first.thing, first.progress) == ("thing-110", 100)

    run(test())


def test_what_comes_again_is_said_once_and_counted() -> None:
    clock = ManualClock()
    repeats = Repeats(clock)
    assert repeats.tell("a") == ["a"]
    assert repeats.tell("b") == ["b"]
    assert [repeats.tell("a") for _ in range(3)] == [[], [], []]
    clock.advance(QUIET_S)
    assert repeats.tell("a") == ["a (3 times more)"]
    assert repeats.tell("a") == []


def test_without_a_terminal_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not View.AUTO.live
    assert not View.LINES.live
    assert View.LIVE.live
    assert in_red("x") == "x"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert in_red("x") == "\x1b[1;31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert in_red("x") == "x"
