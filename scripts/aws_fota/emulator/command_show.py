# SPDX-License-Identifier: Apache-2.0
"""How ``emulate`` shows what happens: in lines, in a live view on a terminal, and on a page."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Callable
from enum import Enum

from aws_fota.emulator.emulator import Emulator
from aws_fota.emulator.happenings import Happenings
from aws_fota.emulator.overview import Overview
from aws_fota.errors import EnvironmentLacks

Inform = Callable[[str], None]


class View(str, Enum):
    """What the terminal shows, spelled as on the command line."""

    AUTO = "auto"
    LIVE = "live"
    LINES = "lines"

    @property
    def live(self) -> bool:
        """Whether there is to be a live view.

        Raises:
            EnvironmentLacks: it was asked for, and rich is missing.
        """
        if self is View.LINES:
            return False
        if importlib.util.find_spec("rich") is None:
            if self is View.LIVE:
                raise EnvironmentLacks(
                    "the Python package 'rich' is missing",
                    rule="python-package",
                    field="--view",
                    fix="pip install 'west-aws-fota[emulator]', or leave --view out",
                )
            return False
        from aws_fota.emulator.terminal_view import on_terminal

        return self is View.LIVE or on_terminal()


@contextlib.asynccontextmanager
async def shown(emulator: Emulator, view: View, page_port: int | None, inform: Inform) -> AsyncIterator[None]:
    """Show what happens while the context is open.

    Args:
        view: of the terminal.
        page_port: of the page, None for no page.
        inform: tells people one line, where there is no live view.

    Raises:
        InputError: the port cannot be used.
        EnvironmentLacks: the live view was asked for, and rich is missing.
    """
    overview = Overview(emulator)
    async with contextlib.AsyncExitStack() as exits:
        if page_port is not None:
            from aws_fota.emulator import page_server

            page = page_server.PageServer(overview)
            exits.push_async_callback(page.close)
            inform(f"{'page:':<14}http://{page_server.HOST}:{await page.listen(page_port)}/")
        show = inform
        if view.live:
            from aws_fota.emulator.terminal_view import TerminalView

            terminal = TerminalView(overview)
            await exits.enter_async_context(terminal.running())
            show = terminal.line

        def tell(line: str) -> None:
            overview.tell(line)
            show(line)

        Happenings(emulator, tell)
        yield


def in_red(text: str) -> str:
    """`text` in red where the standard output is a terminal with colours, else as it is."""
    colours = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
    return f"\x1b[1;31m{text}\x1b[0m" if colours else text
