# SPDX-License-Identifier: Apache-2.0
"""The command line: ``aws-fota``, ``python -m aws_fota`` and ``west aws-fota``."""

from aws_fota.cli.program import run

__all__ = ["run"]
