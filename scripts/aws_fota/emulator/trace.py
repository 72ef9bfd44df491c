# SPDX-License-Identifier: Apache-2.0
"""What went over the gateway's connections, for traces, sequence diagrams and tests that wait for something."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from aws_fota.emulator.clock import Clock

#: The query of a URL: from a ``?`` that a name and ``=`` follow, to the end of the JSON string or the next space.
_QUERY = re.compile(rb"\?[A-Za-z0-9_.~%-]+=[^\"\s<>]*")

#: Entries that are kept unless told otherwise, and bytes of their payloads; the oldest are dropped.
KEPT = 100_000
KEPT_BYTES = 64 * 1024 * 1024


def without_queries(data: bytes) -> bytes:
    """`data` with the query of every URL replaced, since a presigned URL is a credential."""
    return _QUERY.sub(b"?(query)", data)


@dataclass(frozen=True)
class TraceEntry:
    """One packet, or one end of a connection.

    Attributes:
        number: counted from 1 in the order of happening.
        at: seconds of the injected monotonic clock.
        client_id: empty before the client has said it.
        direction: ``in`` from a device, ``out`` to it, empty for what is neither.
        kind: the packet's name, such as ``PUBLISH``, or ``OPENED`` and ``CLOSED``.
        payload: with the queries of URLs replaced.
        size: bytes of the payload as it was sent.
        note: what was done to it (``lost``, ``dropped``, ...), or why a connection was closed.
    """

    number: int
    at: float
    client_id: str
    direction: str
    kind: str
    topic: str = ""
    payload: bytes = b""
    size: int = 0
    qos: int = 0
    dup: bool = False
    packet_id: int = 0
    note: str = ""


class Trace:
    """The entries so far; must be used from one event loop only.

    Args:
        clock: gives the entries their time.
        kept: entries that are kept.
    """

    def __init__(self, clock: Clock, kept: int = KEPT) -> None:
        self.entries: deque[TraceEntry] = deque()
        self._kept = kept
        self._bytes = 0
        self.listeners: list[Callable[[TraceEntry], None]] = []
        self._clock = clock
        self._count = 0

    def add(
        self,
        client_id: str,
        direction: str,
        kind: str,
        *,
        topic: str = "",
        payload: bytes = b"",
        qos: int = 0,
        dup: bool = False,
        packet_id: int = 0,
        note: str = "",
    ) -> None:
        """Note that something happened now."""
        self._count += 1
        entry = TraceEntry(
            self._count,
            self._clock.monotonic(),
            client_id,
            direction,
            kind,
            topic,
            without_queries(payload),
            len(payload),
            qos,
            dup,
            packet_id,
            note,
        )
        self.entries.append(entry)
        self._bytes += len(entry.payload)
        while len(self.entries) > self._kept or self._bytes > KEPT_BYTES:
            self._bytes -= len(self.entries.popleft().payload)
        for listener in list(self.listeners):
            listener(entry)

    def find(
        self, kind: str, *, client_id: str | None = None, topic: str | None = None, direction: str | None = None
    ) -> list[TraceEntry]:
        """The entries of one kind, narrowed by what else is given."""
        return [
            entry
            for entry in self.entries
            if entry.kind == kind
            and client_id in (None, entry.client_id)
            and topic in (None, entry.topic)
            and direction in (None, entry.direction)
        ]

    async def wait(self, wanted: Callable[[TraceEntry], bool], timeout: float, after: int = 0) -> TraceEntry:
        """The first entry, kept or to come, that is `wanted` and whose number is greater than `after`.

        Raises:
            asyncio.TimeoutError: there is none within `timeout` seconds.
        """
        for entry in self.entries:
            if entry.number > after and wanted(entry):
                return entry
        found: asyncio.Future[TraceEntry] = asyncio.get_running_loop().create_future()

        def listen(entry: TraceEntry) -> None:
            if not found.done() and entry.number > after and wanted(entry):
                found.set_result(entry)

        self.listeners.append(listen)
        try:
            return await asyncio.wait_for(found, timeout)
        finally:
            self.listeners.remove(listen)
