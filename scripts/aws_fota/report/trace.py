# SPDX-License-Identifier: Apache-2.0
"""What happened in one update, as a device sees it: entries, their JSON lines, and a way to wait for one.

A presigned URL's query is a credential. Every text that enters a trace loses it here, so that nothing made from a
trace can show one.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_fota import __version__

#: Of the JSON lines; raised when a reader of an earlier one could misunderstand it.
FORMAT_VERSION = 1

#: Who takes part: the device's application, the generated module, and those it talks to.
APPLICATION = "application"
MODULE = "module"
JOBS = "jobs"
STORAGE = "storage"
BOOTLOADER = "bootloader"

_QUERY = re.compile(r"\?[^\s\"'<>\\]*")

#: Members of payloads that say what a message is about, at any depth. URLs are not among them.
_TELLING = frozenset(
    {
        "code",
        "detail",
        "expectedVersion",
        "field",
        "fwversion",
        "jobId",
        "operation",
        "progress",
        "reason",
        "size",
        "status",
        "versionNumber",
    }
)
_LONGEST_TEXT = 80


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    Attributes:
        number: counted from 1.
        at: seconds since the trace began.
        source: who did it.
        target: to whom; the same as `source` for what one does alone.
        what: the packet, request or step, for example ``PUBLISH`` or ``GET``.
        name: the topic, or the URL without its query.
        facts: what else is worth knowing, by name.
    """

    number: int
    at: float
    source: str
    target: str
    what: str
    name: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)

    def as_json(self) -> str:
        """One line of JSON, without the newline."""
        line: dict[str, Any] = {"n": self.number, "t": round(self.at, 6), "from": self.source, "to": self.target}
        line["what"] = self.what
        if self.name:
            line["name"] = self.name
        return json.dumps(line | dict(self.facts), ensure_ascii=False)


class Trace:
    """Entries in their order; any thread may add to it, and any may wait."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._entries: list[Entry] = []
        self._changed = threading.Condition()

    def note(
        self,
        source: str,
        target: str,
        what: str,
        name: str = "",
        facts: Mapping[str, str | int] | None = None,
    ) -> None:
        """Add an entry for now; queries of URLs are taken out."""
        clean = {key: without_query(value) if isinstance(value, str) else value for key, value in (facts or {}).items()}
        with self._changed:
            at = time.monotonic() - self._start
            self._entries.append(Entry(len(self._entries) + 1, at, source, target, what, without_query(name), clean))
            self._changed.notify_all()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything so far."""
        with self._changed:
            return tuple(self._entries)

    def wait(self, wanted: Callable[[Entry], bool], timeout: float, after: int = 0) -> Entry | None:
        """The first entry past number `after`, there or to come, that is `wanted`; None after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        seen = after
        with self._changed:
            while True:
                for entry in self._entries[seen:]:
                    if wanted(entry):
                        return entry
                seen = max(seen, len(self._entries))
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return next((entry for entry in self._entries[seen:] if wanted(entry)), None)

    def json_lines(self) -> bytes:
        """The whole trace: a line that names the format, then one line for each entry."""
        head = json.dumps({"format": FORMAT_VERSION, "generator": f"west-aws-fota {__version__}", "unit": "seconds"})
        return "".join(f"{line}\n" for line in (head, *(entry.as_json() for entry in self.entries))).encode("utf-8")


def without_query(text: str) -> str:
    """`text` with everything gone from each ``?`` to the next space or quote."""
    return _QUERY.sub("", text)


def summary(payload: bytes) -> dict[str, str | int]:
    """What a payload of AWS IoT Jobs says, in a few flat facts, and its size in ``bytes``.

    A name that occurs twice keeps its first value, and lists show their first element only.
    """
    facts: dict[str, str | int] = {}
    try:
        _collect(json.loads(payload), facts)
    except (ValueError, RecursionError):
        facts["text"] = "not JSON"
    return facts | {"bytes": len(payload)}


def _collect(value: Any, facts: dict[str, str | int]) -> None:
    if isinstance(value, list):
        for element in value[:1]:
            _collect(element, facts)
    elif isinstance(value, dict):
        for key, member in value.items():
            if isinstance(member, (dict, list)):
                _collect(member, facts)
            elif key in _TELLING and isinstance(member, (str, int)):
                facts.setdefault(key, member[:_LONGEST_TEXT] if isinstance(member, str) else member)
