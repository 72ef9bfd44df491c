# SPDX-License-Identifier: Apache-2.0
"""A killed emulator loses nothing that it accepted: kill -9 under load, again and again on the same file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from pathlib import Path

from killable import JOB
from mqtt_bench import PATIENCE, RawClient, connect, publish, run, subscribe

import aws_fota
from aws_fota.emulator.clock import SystemClock
from aws_fota.emulator.service import JobsService
from aws_fota.emulator.state_file import StateFile
from aws_fota.emulator.state_jobs import JobsKeeper

THINGS = 20
ROUNDS = 5


class Killed:
    """One life of the process, and what its clients were promised in it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, first: int) -> None:
        self._process = process
        self._port = port
        self.next = first
        #: Per thing the numbers of the updates that were accepted, with their versions.
        self.accepted: dict[str, list[tuple[int, int]]] = {f"thing-{number}": [] for number in range(THINGS)}
        #: Numbers of the messages for an absent client whose PUBACK came.
        self.acknowledged: list[int] = []
        self._clients: list[RawClient] = []

    async def open(self, client_id: str, *, clean: bool = True) -> RawClient:
        client = RawClient(*await asyncio.open_connection("127.0.0.1", self._port))
        self._clients.append(client)
        client.send(connect(client_id, clean=clean))
        await client.expect(0x20)
        return client

    def number(self) -> int:
        self.next += 1
        return self.next

    async def update(self, thing: str) -> None:
        """Update the execution of a thing until the process is gone."""
        topic = f"$aws/things/{thing}/jobs/{JOB}/update"
        # On a busy machine the process may be gone before the client is connected.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            client = await self.open(thing)
            while True:
                number = self.number()
                details = {"n": str(number)}
                members = {"status": "IN_PROGRESS", "statusDetails": details, "includeJobExecutionState": True}
                answer = await client.ask(topic, members)
                assert answer.topic == f"{topic}/accepted"
                self.accepted[thing].append((number, answer.members["executionState"]["versionNumber"]))

    async def publish(self) -> None:
        """Publish to a client that is away until the process is gone."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            client = await self.open("publisher")
            while True:
                number = self.number()
                client.send(publish("for/absent", str(number).encode(), packet_id=1))
                await client.expect(0x40)
                self.acknowledged.append(number)
                await asyncio.sleep(0.005)

    async def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        assert await self._process.wait() == -signal.SIGKILL

    async def close(self) -> None:
        """Close what is left of the connections."""
        for client in self._clients:
            await client.close()


async def live(path: Path, first: int) -> Killed:
    environment = {**os.environ, "PYTHONPATH": str(Path(aws_fota.__file__).parents[1])}
    program = Path(__file__).with_name("killable.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), str(path), str(THINGS), stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    return Killed(process, int(await asyncio.wait_for(process.stdout.readline(), PATIENCE)), first)


async def life(path: Path, first: int, seconds: float) -> Killed:
    killed = await live(path, first)
    absent = await killed.open("absent", clean=False)
    absent.send(subscribe(1, "for/absent"))
    while (await absent.read())[0] != 0x90:
        pass  # What waited for it comes first; it never acknowledges anything.
    await absent.close()
    clients = [asyncio.create_task(killed.update(thing)) for thing in killed.accepted]
    clients.append(asyncio.create_task(killed.publish()))
    await asyncio.sleep(seconds)
    await killed.kill()
    await asyncio.gather(*clients)
    await killed.close()
    return killed


def check(path: Path, killed: Killed) -> None:
    """All that was promised is in the file."""
    service = JobsService(SystemClock())
    file = StateFile(path)
    JobsKeeper(file, service.ledger).load()
    waiting = {int(payload) for (payload,) in file.rows("SELECT payload FROM messages WHERE client_id = 'absent'")}
    file.close()
    assert set(killed.acknowledged) <= waiting
    for thing, accepted in killed.accepted.items():
        execution = service.control.execution(JOB, thing)
        kept = {
            (int(change.status_details["n"]), change.version_number)
            for change in execution.history
            if change.cause == "device"
        }
        assert set(accepted) <= kept
        versions = [change.version_number for change in execution.history]
        assert versions == list(range(1, execution.version + 1))
        if accepted:
            # At most the one update that was on its way is there without its answer.
            assert execution.version - accepted[-1][1] <= 1


def test_a_killed_emulator_loses_no_accepted_update(tmp_path: Path) -> None:
    path, chance = tmp_path / "state", random.Random()

    async def test() -> int:
        first = updates = 0
        for _ in range(ROUNDS):
            killed = await life(path, first, chance.uniform(0.05, 0.6))
            first = killed.next
            check(path, killed)
            updates += sum(len(accepted) for accepted in killed.accepted.values())
        return updates

    assert run(test()) > ROUNDS * THINGS
