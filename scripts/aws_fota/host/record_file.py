# SPDX-License-Identifier: Apache-2.0
"""The record that survives a reboot, in a file."""

from __future__ import annotations

from pathlib import Path

from aws_fota.errors import InputError
from aws_fota.output import write_atomically


class RecordFile:
    """Stores the record; whatever ends the process, the file holds the old or the new one.

    Args:
        path: the file; there need not be one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> bytes | None:
        """What was stored, or None.

        Raises:
            InputError: the file is there and cannot be read.
        """
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", rule="record-file", path=self.path) from error

    def store(self, record: bytes) -> None:
        """Replace the record.

        Raises:
            InputError: the file cannot be written.
        """
        write_atomically(self.path, record)

    def clear(self) -> None:
        """Remove the record, if there is one."""
        self.path.unlink(missing_ok=True)
