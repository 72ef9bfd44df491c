# SPDX-License-Identifier: Apache-2.0
"""Which commands there are. The module of a command is imported when that command runs, and not before."""

from __future__ import annotations

import argparse
import importlib
from typing import NamedTuple, Protocol, cast


class CommandModule(Protocol):
    """What the module of a command has."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options to its parser."""

    def run(self, args: argparse.Namespace) -> int:
        """Carry the command out.

        Returns:
            An exit code, as in :class:`aws_fota.errors.ExitCode`.

        Raises:
            AwsFotaError: whatever the user can mend.
        """


class Command(NamedTuple):
    """One command.

    Attributes:
        summary: one line for the list of commands.
        module: where it is implemented.
        extra: the optional dependencies of the distribution that it needs, if any.
    """

    summary: str
    module: str
    extra: str = ""

    def load(self) -> CommandModule:
        """The module; importing it costs what the command needs."""
        return cast(CommandModule, importlib.import_module(self.module))


COMMANDS = {
    "generate": Command("write the C module for a build, or check the one that is there", "aws_fota.cli.generate"),
    "emulate": Command(
        "run the local AWS with one image and one job, until Ctrl-C", "aws_fota.emulator.command", "emulator"
    ),
    "check": Command("tell what would fail before any device does", "aws_fota.cli.check"),
    "size": Command("tell what the module takes up in an image, against a budget", "aws_fota.cli.size"),
    "simulate": Command("take a virtual device through one whole update", "aws_fota.host.simulate", "emulator,host"),
}
