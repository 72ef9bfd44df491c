# SPDX-License-Identifier: Apache-2.0
"""The command line: ``aws-fota``, ``python -m aws_fota`` and ``west aws-fota``."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["run"]


def run(argv: Sequence[str] | None = None) -> int:
    """The console script: :func:`aws_fota.cli.program.run`, imported only now so that Ctrl-C can end that too."""
    try:
        from aws_fota.cli.program import run as run_program
    except KeyboardInterrupt:
        return 130
    return run_program(argv)
