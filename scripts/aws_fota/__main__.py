# SPDX-License-Identifier: Apache-2.0
"""``python -m aws_fota``: the same command line as ``aws-fota``."""

import sys

from aws_fota.cli import run

if __name__ == "__main__":
    sys.exit(run())
