# SPDX-License-Identifier: Apache-2.0
"""A thousand devices at once: how many updates of job executions a second the emulator takes, and in how much memory.

The emulator runs in a process of its own, the devices in this one: they connect, describe their job, report progress
one update after the other, each with QoS 1 and with the version that the last answer told, and report SUCCEEDED.
What is lost, doubled or out of order ends the measurement. It runs twice, the second time with a state file.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEVICES = 1000
#: Updates of each device after the one that starts the job, the last one of which ends it.
PROGRESS = 9
#: Seconds that one run may take at most.
PATIENCE = 120.0
JOB = "bench"
REPORT_MAX_BYTES = 64 * 1024 * 1024

KEYS = ("emulator.devices", "emulator.updates_per_s", "emulator.rss_mb")

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Run:
    """What one run came to.

    Attributes:
        seconds: from the first update to the last answer.
        rss_mb: the most memory that the emulator ever took, in MiB.
        cpu_s: what the emulator computed, the connecting of the devices included; it tells more than the rate where
            the machine does other things too.
    """

    seconds: float
    rss_mb: float
    cpu_s: float

    @property
    def updates_per_s(self) -> float:
        return DEVICES * (PROGRESS + 2) / self.seconds

    @property
    def cpu_us_per_update(self) -> float:
        return 1e6 * self.cpu_s / (DEVICES * (PROGRESS + 2))


def measure(folder: Path) -> Mapping[str, Any]:
    """The figures by their names in ``build/bench.json``.

    Args:
        folder: an empty folder, for the state file.

    Raises:
        RuntimeError: an update was lost, doubled or refused, or a job did not end exactly once.
    """
    plain = asyncio.run(_run([]))
    kept = asyncio.run(_run([str(folder / "state")]))
    return {
        "emulator.devices": DEVICES,
        "emulator.updates_per_s": round(plain.updates_per_s),
        "emulator.rss_mb": round(plain.rss_mb, 1),
        "emulator.cpu_us_per_update": round(plain.cpu_us_per_update),
        "emulator.state_cpu_us_per_update": round(kept.cpu_us_per_update),
        "emulator.state_updates_per_s": round(kept.updates_per_s),
        "emulator.state_rss_mb": round(kept.rss_mb, 1),
    }


async def _run(arguments: list[str]) -> Run:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.emulator_process",
        str(DEVICES),
        JOB,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        # The report is one long line.
        limit=REPORT_MAX_BYTES,
    )
    try:
        return await asyncio.wait_for(_measured(process), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _measured(process: asyncio.subprocess.Process) -> Run:
    assert process.stdin is not None and process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("the emulator did not start")
    loop, port = asyncio.get_running_loop(), int(line)
    devices = [Device(f"thing-{number}", loop.create_future()) for number in range(DEVICES)]
    for device in devices:
        await loop.create_connection(lambda it=device: it, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(device.connected for device in devices))
    began = time.perf_counter()
    for device in devices:
        device.start()
    await asyncio.gather(*(device.done for device in devices))
    seconds = time.perf_counter() - began
    process.stdin.write(b"report\n")
    report = json.loads(await process.stdout.readline())
    _check(report["executions"])
    for device in devices:
        device.close()
    return Run(seconds, report["rss_mb"], report["cpu_s"])


def _check(executions: Mapping[str, list[list[Any]]]) -> None:
    """Each job ended once, after exactly the updates that its device sent, in their order."""
    expected = [
        ["QUEUED", 1, ""],
        ["IN_PROGRESS", 2, ""],
        *(["IN_PROGRESS", 3 + number, str(number)] for number in range(PROGRESS)),
        ["SUCCEEDED", 3 + PROGRESS, ""],
    ]
    if len(executions) != DEVICES:
        raise RuntimeError(f"{len(executions)} executions are there instead of {DEVICES}")
    for thing, history in executions.items():
        if history != expected:
            raise RuntimeError(f"the execution of {thing} went through {history}")


class Device(asyncio.Protocol):
    """A client that does only what is needed here, and so takes little of the time that is measured.

    Args:
        thing: its client id.
        done: resolved when its job has ended; fails when something is not as it must be.
    """

    def __init__(self, thing: str, done: asyncio.Future[None]) -> None:
        self.done = done
        self.connected: asyncio.Future[None] = done.get_loop().create_future()
        self._thing = thing
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._sent = 0
        self._version = 1
        self._acknowledged = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._write(0x10, _text("MQTT") + b"\x04\x02\x02\x58" + _text(self._thing))

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("the connection was lost")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            while (packet := self._packet()) is not None:
                self._received(*packet)
        except (AssertionError, LookupError, ValueError) as error:
            self._fail(repr(error))

    def start(self) -> None:
        """Begin with the updates."""
        self._update("IN_PROGRESS", {})

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def _received(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == 2:
            assert body == b"\0\0"
            # The notifications are not what is measured; the job is asked for as devices do.
            self._write(0x30, _text(f"$aws/things/{self._thing}/jobs/$next/get") + b"{}")
        elif kind == 4:
            self._acknowledged = True
        else:
            assert kind == 3
            end = 2 + int.from_bytes(body[:2], "big")
            topic, qos = body[2:end].decode(), first >> 1 & 3
            if qos:
                self._write(0x40, body[end : end + 2])
            self._answered(topic, json.loads(body[end + 2 if qos else end :]))

    def _answered(self, topic: str, answer: dict[str, Any]) -> None:
        assert topic.endswith("/accepted"), f"{topic}: {answer}"
        if not self.connected.done():
            assert answer["execution"]["jobId"] == JOB
            self.connected.set_result(None)
            return
        assert self._acknowledged and answer["clientToken"] == str(self._sent)
        self._version += 1
        assert answer["executionState"]["versionNumber"] == self._version
        if self._sent <= PROGRESS:
            self._update("IN_PROGRESS", {"progress": str(self._sent - 1)})
        elif self._sent == PROGRESS + 1:
            self._update("SUCCEEDED", {})
        elif not self.done.done():
            self.done.set_result(None)

    def _update(self, status: str, details: dict[str, str]) -> None:
        self._sent += 1
        self._acknowledged = False
        members = {
            "status": status,
            "statusDetails": details,
            "expectedVersion": self._version,
            "includeJobExecutionState": True,
            "clientToken": str(self._sent),
        }
        topic = _text(f"$aws/things/{self._thing}/jobs/{JOB}/update")
        self._write(0x32, topic + self._sent.to_bytes(2, "big") + json.dumps(members).encode())

    def _packet(self) -> tuple[int, bytes] | None:
        """The next packet that is there as a whole."""
        length = 0
        for index in range(1, len(self._buffer)):
            byte = self._buffer[index]
            length |= (byte & 0x7F) << 7 * (index - 1)
            if byte < 0x80:
                end = index + 1 + length
                if len(self._buffer) < end:
                    return None
                first, body = self._buffer[0], bytes(self._buffer[index + 1 : end])
                del self._buffer[:end]
                return first, body
        return None

    def _write(self, first: int, body: bytes) -> None:
        assert self._transport is not None
        length, header = len(body), bytearray([first])
        while True:
            length, low = divmod(length, 128)
            header.append(low | 0x80 if length else low)
            if not length:
                break
        self._transport.write(bytes(header) + body)

    def _fail(self, reason: str) -> None:
        for future in (self.connected, self.done):
            if not future.done():
                future.set_exception(RuntimeError(f"{self._thing}: {reason}"))


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(measure(Path(place)), indent=2))
