# SPDX-License-Identifier: Apache-2.0
"""The one parser of the command line, for ``aws-fota`` and for ``west aws-fota`` alike."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from aws_fota import __version__
from aws_fota.cli.commands import COMMANDS, Command

DESCRIPTION = "Firmware updates for Zephyr devices through AWS IoT Jobs: generate the C module, and try it on a laptop."


class CommandParser(argparse.ArgumentParser):
    """The parser of one command, which asks the command's module for its options only when it is used."""

    command: Command | None = None

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        command, self.command = self.command, None
        if command is not None:
            try:
                command.load().add_arguments(self)
            except ModuleNotFoundError as error:
                # west parses by itself, where nobody else would tell what is missing.
                from aws_fota.cli.program import ended_by

                raise SystemExit(ended_by(error, "--debug" in sys.argv)) from error
        return super().parse_known_args(args, namespace)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Give `parser` all commands, and the options that belong to all of them."""
    parser.add_argument("--version", action="version", version=f"aws-fota {__version__}")
    _add_debug(parser, default=False)
    commands = parser.add_subparsers(
        dest="aws_fota_command", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    for name, command in COMMANDS.items():
        child = commands.add_parser(name, help=command.summary, description=command.summary, allow_abbrev=False)
        # An option before the command must outlive the default of the same option behind it.
        _add_debug(child, default=argparse.SUPPRESS)
        child.command = command


def parser() -> argparse.ArgumentParser:
    """The parser of ``aws-fota``."""
    result = argparse.ArgumentParser(prog="aws-fota", description=DESCRIPTION, allow_abbrev=False)
    add_commands(result)
    return result


def _add_debug(parser: argparse.ArgumentParser, default: Any) -> None:
    parser.add_argument("--debug", action="store_true", default=default, help="show the traceback of an error")
