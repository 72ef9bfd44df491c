# SPDX-License-Identifier: Apache-2.0
"""``west aws-fota``: the same command line as ``aws-fota``, in a west workspace."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from west.commands import CommandError, WestCommand

# west appends this folder to sys.path; the package beside this file comes before one that is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent))


class AwsFota(WestCommand):
    """The west command; everything else is in the package, and imported when it is needed."""

    def __init__(self) -> None:
        super().__init__(
            "aws-fota",
            "firmware updates through AWS IoT Jobs",
            "Firmware updates for Zephyr devices through AWS IoT Jobs: generate the C module, and try it on a laptop.",
        )

    def do_add_parser(self, parser_adder: Any) -> argparse.ArgumentParser:
        """Add the parser of ``aws-fota`` with all its commands."""
        from aws_fota.cli.parser import add_commands

        parser: argparse.ArgumentParser = parser_adder.add_parser(
            self.name, help=self.help, description=self.description, allow_abbrev=False
        )
        add_commands(parser)
        return parser

    def do_run(self, args: argparse.Namespace, unknown: list[str]) -> None:
        """Run the command.

        Raises:
            CommandError: it did not succeed; what is wrong was told already.
        """
        from aws_fota.cli.program import execute

        # `west -q` silences what is said to people this way, and not the results that are printed.
        args.inform = self.inf
        manifest = self.config.get("manifest.path")
        if self.topdir and manifest and Path.cwd() == Path(self.topdir):
            # Nothing belongs into the top folder itself; what was generated lies in the manifest repository.
            args.home = Path(self.topdir, manifest)
        code = execute(args)
        if code:
            raise CommandError(code)  # type: ignore[no-untyped-call]
