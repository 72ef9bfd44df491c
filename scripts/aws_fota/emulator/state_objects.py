# SPDX-License-Identifier: Apache-2.0
"""Buckets and objects in the state file."""

from __future__ import annotations

import json
from dataclasses import fields

from aws_fota.emulator.state_file import StateFile
from aws_fota.emulator.storage_objects import ObjectStore, StoredObject

#: Members that have a column of their own, or that are a test's orders and end with it.
_APART = ("bucket", "key", "data", "faults")


class ObjectsKeeper:
    """Writes what changed in a store, and reads it back.

    Args:
        file: the state file.
        store: the objects.
    """

    def __init__(self, file: StateFile, store: ObjectStore) -> None:
        self._file = file
        self._store = store
        self._saved: dict[tuple[str, str], StoredObject] = {}
        self._saved_buckets = ""

    def load(self) -> None:
        """Fill the store, which is empty, with what is in the file.

        Raises:
            InputError: the file is damaged.
        """
        try:
            self._saved_buckets = dict(self._file.rows("SELECT name, value FROM settings")).get("buckets", "{}")
            self._store.buckets.update(json.loads(self._saved_buckets))
            for bucket, key, body, data in self._file.rows("SELECT bucket, key, body, data FROM objects"):
                stored = StoredObject(_decoded(bucket), _decoded(key), data, **json.loads(body))
                self._store.restore(stored)
                self._saved[stored.bucket, stored.key] = stored
        except (ValueError, TypeError, AttributeError) as error:
            raise self._file.damaged(f"what it says of objects makes no sense ({type(error).__name__})") from error

    def save(self) -> None:
        """Write the objects that were put or removed since the last time."""
        buckets = json.dumps(self._store.buckets)
        if buckets != self._saved_buckets:
            self._file.execute("INSERT OR REPLACE INTO settings VALUES ('buckets', ?)", (buckets,))
            self._saved_buckets = buckets
        present = {(stored.bucket, stored.key): stored for stored in self._store}
        for place, stored in present.items():
            if self._saved.get(place) is not stored:
                members = [it.name for it in fields(stored) if it.name not in _APART]
                body = json.dumps({name: getattr(stored, name) for name in members})
                values = (_encoded(stored.bucket), _encoded(stored.key), body, stored.data)
                self._file.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", values)
        for bucket, key in self._saved.keys() - present.keys():
            self._file.execute("DELETE FROM objects WHERE bucket = ? AND key = ?", (_encoded(bucket), _encoded(key)))
        self._saved = present


def _encoded(name: str) -> bytes:
    """A key may hold bytes that are no UTF-8, which a column of text would not take."""
    return name.encode("utf-8", "surrogateescape")


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
