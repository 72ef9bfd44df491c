# SPDX-License-Identifier: Apache-2.0
"""The emulator's state in a file: read when it starts, and written before anything that follows from it goes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_fota.emulator.output_commit import OutputCommit
from aws_fota.emulator.state_file import StateFile
from aws_fota.emulator.state_jobs import JobsKeeper
from aws_fota.emulator.state_objects import ObjectsKeeper
from aws_fota.emulator.state_sessions import SessionsKeeper

if TYPE_CHECKING:
    from aws_fota.emulator.gateway import Gateway
    from aws_fota.emulator.jobs_ledger import JobsLedger
    from aws_fota.emulator.jobs_model import Change, Execution
    from aws_fota.emulator.storage_objects import ObjectStore


class State:
    """Binds the parts of an emulator to a state file, in a running event loop.

    Args:
        path: the file; made when it is not there.
        ledger: empty; gets what the file has.
        store: the same.
        gateway: the same; what it sends waits for the file.

    Raises:
        InputError: the file cannot be used; see :class:`StateFile`.

    Attributes:
        output: holds back what is to go out.
    """

    def __init__(self, path: Path, ledger: JobsLedger, store: ObjectStore, gateway: Gateway) -> None:
        self._file = StateFile(path)
        try:
            self.output = OutputCommit(self._commit)
            self._everything = True
            self._jobs = JobsKeeper(self._file, ledger)
            self._objects = ObjectsKeeper(self._file, store)
            sessions = SessionsKeeper(self._file, self.output)
            self._jobs.load()
            self._objects.load()
            gateway.restore(sessions.sessions(), sessions.retained_messages(), sessions, self.output)
        except BaseException:
            self._file.close()
            raise
        ledger.observers.append(self._execution_changed)
        ledger.timer_observers.append(self._timer_set)

    def setting(self, name: str, otherwise: str) -> str:
        """A text that is kept under a name; `otherwise`, kept from now on, when there is none."""
        for (value,) in self._file.rows("SELECT value FROM settings WHERE name = ?", (name,)):
            return str(value)
        self._file.execute("INSERT INTO settings VALUES (?, ?)", (name, otherwise))
        self.output.changed()
        return otherwise

    def changed(self) -> None:
        """An operator may have changed anything."""
        self._everything = True
        self.output.changed()

    def close(self) -> None:
        """Commit what is to be, and close the file."""
        self.changed()
        self.output.release()
        self._file.close()

    def _execution_changed(self, change: Change) -> None:
        self._jobs.changed(change)
        self.output.changed()

    def _timer_set(self, execution: Execution) -> None:
        self._jobs.timed(execution)
        self.output.changed()

    def _commit(self) -> None:
        self._jobs.save(everything=self._everything)
        self._objects.save()
        self._everything = False
        self._file.commit()
