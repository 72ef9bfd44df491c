# SPDX-License-Identifier: Apache-2.0
"""What happens in an emulator, in lines for people; what comes again and again is said once and then counted."""

from __future__ import annotations

from collections.abc import Callable

from aws_fota.emulator.emulator import Emulator
from aws_fota.emulator.http_server import HttpRecord
from aws_fota.emulator.jobs_model import Change
from aws_fota.emulator.repeats import Repeats
from aws_fota.emulator.trace import TraceEntry

#: How a connection that never became a client's ends without anybody's fault.
_FAULTLESS = ("closed by the client", "the gateway stops")


class Happenings:
    """Tells of connections, of refusals, of each change of an execution and of each failed request.

    Args:
        emulator: what is listened to.
        inform: is told one line, without anything that a terminal would act on.
    """

    def __init__(self, emulator: Emulator, inform: Callable[[str], None]) -> None:
        self._inform = inform
        self._repeats = Repeats(emulator.clock)
        emulator.trace.listeners.append(self._connection)
        emulator.service.ledger.observers.append(self._execution)
        emulator.http.listeners.append(self._request)

    def _connection(self, entry: TraceEntry) -> None:
        client = printable(entry.client_id)
        if entry.kind == "CONNACK" and not entry.note:
            self._inform(f"{client} connected")
        elif entry.kind == "CLOSED" and entry.client_id:
            self._inform(f"{client} disconnected: {printable(entry.note)}")
        elif entry.kind == "REFUSED" or (entry.kind == "CLOSED" and entry.note not in _FAULTLESS):
            self._refused(f"a client was refused: {printable(entry.note)}")

    def _execution(self, change: Change) -> None:
        if change.cause == "deleted":
            self._inform(f"{change.thing} {change.job_id} deleted")
            return
        details = " ".join(f"{name}={value}" for name, value in change.status_details.items())
        text = f"{change.thing} {change.job_id} {change.status} (version {change.version_number}) {details}"
        self._inform(printable(text.rstrip()))

    def _request(self, record: HttpRecord) -> None:
        if record.status >= 400 or not record.complete:
            self._refused(printable(f"{record.method} {record.path} {record.range} -> {record.status} {record.note}"))

    def _refused(self, line: str) -> None:
        for told in self._repeats.tell(line):
            self._inform(told)


def printable(text: str) -> str:
    """`text` from outside without what a terminal would act on."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
