# SPDX-License-Identifier: Apache-2.0
"""The file in which the emulator's state survives: an SQLite database that one emulator at a time holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aws_fota.errors import EnvironmentLacks, InputError

#: What makes an SQLite database one of ours ("AFot").
APPLICATION_ID = 0x41466F74

#: Goes up by one with each change of the tables that an earlier version could not read.
VERSION = 1

_SCHEMA = f"""
BEGIN;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs (place INTEGER PRIMARY KEY, job_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE TABLE executions (job_id TEXT, thing TEXT, number INTEGER, body TEXT NOT NULL,
    PRIMARY KEY (job_id, thing, number)) WITHOUT ROWID;
CREATE TABLE changes (job_id TEXT, thing TEXT, number INTEGER, version INTEGER, body TEXT NOT NULL,
    PRIMARY KEY (job_id, thing, number, version)) WITHOUT ROWID;
CREATE TABLE objects (bucket BLOB, key BLOB, body TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (bucket, key));
CREATE TABLE retained (topic TEXT PRIMARY KEY, qos INTEGER NOT NULL, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (client_id TEXT PRIMARY KEY, subscriptions TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE messages (client_id TEXT, serial INTEGER, packet_id INTEGER NOT NULL, topic TEXT NOT NULL,
    retain INTEGER NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (client_id, serial)) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
COMMIT;
"""


class StateFile:
    """An open state file; what is executed between two commits is there as a whole or not at all.

    The write-ahead log makes that hold however the process ends. It is handed to the disk when it is folded back, so
    that a machine that loses its power may lose the last seconds, never more than those.

    Args:
        path: made when it is not there.

    Raises:
        InputError: it is damaged, another program's, of a later version, or another emulator has it open.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        except sqlite3.Error as error:
            raise self._refusal(f"cannot be opened: {error}") from error
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise self._reason(error) from error
        except BaseException:
            self._connection.close()
            raise

    def execute(self, statement: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        """Carry out one statement; what it changes waits for :meth:`commit`.

        Raises:
            EnvironmentLacks: the file cannot be written any more.
        """
        try:
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN")
            return self._connection.execute(statement, tuple(values))
        except sqlite3.DatabaseError as error:
            raise self._lost(error) from error

    def rows(self, statement: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """What a query finds.

        Raises:
            InputError: the file is damaged.
        """
        try:
            return self._connection.execute(statement, tuple(values)).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._reason(error) from error

    def commit(self) -> None:
        """Make what was executed last.

        Raises:
            EnvironmentLacks: the file cannot be written any more.
        """
        try:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise self._lost(error) from error

    def close(self) -> None:
        """Close the file; what was not committed is gone."""
        self._connection.close()

    def damaged(self, what: str) -> InputError:
        """The error for a file whose content makes no sense."""
        return self._refusal(f"is damaged: {what}")

    def _open(self) -> None:
        ask = self._connection.execute
        # Nothing is written into a file before it is known to be ours.
        ask("PRAGMA locking_mode = EXCLUSIVE")
        application = ask("PRAGMA application_id").fetchone()[0]
        version = ask("PRAGMA user_version").fetchone()[0]
        tables = ask("SELECT count(*) FROM sqlite_master").fetchone()[0]
        new = not (application or version or tables)
        if not new and application != APPLICATION_ID:
            raise self._refusal("is a database of another program")
        if not new and version != VERSION:
            raise self._refusal(f"has format {version}, this version of west-aws-fota reads format {VERSION}")
        ask("PRAGMA journal_mode = WAL")
        ask("PRAGMA synchronous = NORMAL")
        if new:
            self._connection.executescript(_SCHEMA)
        found = ask("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise self.damaged(str(found))

    def _reason(self, error: sqlite3.DatabaseError) -> InputError:
        text = str(error)
        if "locked" in text:
            return self._refusal("is in use by another emulator", "end that one, or name another file with --state")
        if "not a database" in text:
            return self._refusal("is not a state file of the emulator")
        if "malformed" in text:
            return self.damaged(text)
        return self._refusal(f"cannot be used: {text}")

    def _refusal(self, message: str, fix: str = "name another file with --state, a new one starts empty") -> InputError:
        return InputError(message, rule="state", path=self.path, field="--state", fix=fix)

    def _lost(self, error: sqlite3.DatabaseError) -> EnvironmentLacks:
        return EnvironmentLacks(
            f"cannot be written any more: {error}; what was answered until now is in it",
            rule="state",
            path=self.path,
            field="--state",
            fix="make room on the disk and start again",
        )
