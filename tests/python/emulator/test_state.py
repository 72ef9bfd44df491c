# SPDX-License-Identifier: Apache-2.0
"""The state that survives: what an emulator knew is what the next one on the same file knows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from jobs_bench import DOCUMENT
from mqtt_bench import PATIENCE, MqttBench, bench, connect, puback, publish, run, subscribe, unsubscribe

from aws_fota.emulator.clock import ManualClock
from aws_fota.emulator.jobs_ledger import JobsLedger
from aws_fota.emulator.jobs_model import ControlError, JobConfig, Status
from aws_fota.emulator.jobs_rollout import AbortRule, Rollout
from aws_fota.emulator.service import JobsService
from aws_fota.emulator.state_file import StateFile
from aws_fota.emulator.state_jobs import JobsKeeper
from aws_fota.errors import AwsFotaError, EnvironmentLacks, InputError

UPDATE = "$aws/things/lamp/jobs/j/update"


class Kept:
    """A Jobs service whose state is kept in a file, without an emulator around it."""

    def __init__(self, path: Path, clock: ManualClock) -> None:
        self.service = JobsService(clock)
        self.file = StateFile(path)
        self.keeper = JobsKeeper(self.file, self.service.ledger)
        self.keeper.load()
        self.service.ledger.observers.append(self.keeper.changed)
        self.service.ledger.timer_observers.append(self.keeper.timed)

    def save(self, *, everything: bool) -> None:
        self.keeper.save(everything=everything)
        self.file.commit()


@contextlib.contextmanager
def kept(path: Path, clock: ManualClock) -> Iterator[Kept]:
    made = Kept(path, clock)
    try:
        yield made
    finally:
        made.file.close()


def facts(ledger: JobsLedger) -> Any:
    """All that a ledger knows, in a form that compares; times to the millisecond, since floats are added up."""

    def rounded(value: Any) -> Any:
        return round(value, 3) if isinstance(value, float) else value

    def members(one: Any) -> dict[str, Any]:
        return {name: rounded(value) for name, value in vars(one).items() if name not in ("executions", "history")}

    jobs = [
        (members(job), {thing: [(members(it), it.history) for it in tries] for thing, tries in job.executions.items()})
        for job in ledger.jobs.values()
    ]
    pending = {thing: [(it.job_id, it.number) for it in ledger.pending(thing)] for thing in ledger.things}
    lists = [members(it) for it in (*ledger.things.values(), *ledger.groups.values())]
    return jobs, pending, lists, rounded(ledger.next_deadline())


CONFIGS = (
    JobConfig(),
    JobConfig(in_progress_timeout_minutes=5, retries={"FAILED": 2, "TIMED_OUT": 1}),
    JobConfig(retries={"ALL": 3}, presigned_expires_s=60, rollout=Rollout(per_minute=1)),
    JobConfig(continuous=True, abort=(AbortRule("ALL", 50.0, 2), AbortRule("REJECTED", 99.5, 3))),
    JobConfig(rollout=Rollout(5, 1, 1.5, succeeded=1)),
)


class Walk:
    """Random operations of devices and operators on a Jobs service."""

    def __init__(self, service: JobsService, clock: ManualClock, chance: random.Random) -> None:
        self._service, self._clock, self._chance = service, clock, chance
        self._count = 0

    def step(self) -> bool:
        """Whether an operator did something, after which everything is to be saved."""
        operator = self._chance.random() < 0.4
        with contextlib.suppress(ControlError):
            self._operate() if operator else self._device()
        self._clock.advance(self._chance.choice((0.25, 1, 45)))
        return operator

    def _operate(self) -> None:
        control, groups, pick = self._service.control, self._service.groups, self._chance.choice
        thing, job = pick("abc"), pick([*self._service.ledger.jobs, "none"])
        force = pick((True, False))
        self._count += 1
        pick(
            (
                lambda: control.create_thing(thing),
                lambda: control.create_job(
                    f"j{self._count % 7}", DOCUMENT, list(self._service.ledger.things), pick(CONFIGS)
                ),
                lambda: control.create_job(f"g{self._count % 3}", DOCUMENT, [thing], pick(CONFIGS), groups=["g"]),
                lambda: control.cancel_job(job, force=force, reason_code="why", comment="because"),
                lambda: control.cancel_execution(job, thing, force=force),
                lambda: control.delete_job(job, force=force),
                lambda: control.delete_execution(job, thing, 1, force=True),
                lambda: control.remove_target(job, thing),
                lambda: control.delete_thing(thing),
                lambda: control.add_targets(job, [thing]),
                lambda: groups.create("g"),
                lambda: groups.add("g", thing),
                lambda: groups.remove("g", thing),
            )
        )()

    def _device(self) -> None:
        thing, pick = self._chance.choice("abc"), self._chance.choice
        job = pick([*self._service.ledger.jobs, "none"])
        status = pick(("IN_PROGRESS", "IN_PROGRESS", "FAILED", "REJECTED", "SUCCEEDED"))
        members: dict[str, Any] = {"statusDetails": {"n": str(self._count)}, "stepTimeoutInMinutes": pick((1, 3, -1))}
        topic = f"{job}/update"
        if pick((True, False)):
            topic = "start-next"
        else:
            members["status"] = status
        self._service.handle(thing, f"$aws/things/{thing}/jobs/{topic}", json.dumps(members).encode())


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happened_is_read_back(seed: int, tmp_path: Path) -> None:
    chance, clock = random.Random(seed), ManualClock()
    clock.advance(1000 * seed)
    for _ in range(6):
        with kept(tmp_path / "state", clock) as one:
            walk = Walk(one.service, clock, chance)
            everything = False
            for _ in range(chance.randrange(60)):
                everything |= walk.step()
                if chance.random() < 0.3:
                    one.save(everything=everything)
                    everything = False
            one.save(everything=True)
            expected = facts(one.service.ledger)
        # Another process has another monotonic clock: the wall's time alone goes on.
        later = ManualClock(clock.wall())
        later.advance(5)
        clock.advance(5)
        with kept(tmp_path / "state", later) as other:
            shift = clock.monotonic() - later.monotonic()
            got = facts(moved(other.service.ledger, shift))
        assert got == expected


def moved(ledger: JobsLedger, seconds: float) -> JobsLedger:
    """The ledger with the times of its monotonic clock moved to another one's."""
    for job in ledger.jobs.values():
        if job.next_batch_at is not None:
            job.next_batch_at += seconds
        for execution in (it for tries in job.executions.values() for it in tries):
            if execution.in_progress_deadline is not None:
                execution.in_progress_deadline += seconds
            if execution.step_deadline is not None:
                execution.step_deadline += seconds
    ledger._timers = [(at + seconds, count, execution) for at, count, execution in ledger._timers]
    return ledger


@contextlib.asynccontextmanager
async def emulator_on(path: Path, **options: Any) -> AsyncIterator[MqttBench]:
    async with bench(state=path, **options) as mqtt:
        yield mqtt


def test_jobs_objects_and_urls_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state"
    key, no_text = "a b/\u2028.bin", "\udcff"

    async def first() -> tuple[str, int]:
        async with emulator_on(path) as mqtt:
            mqtt.emulator.upload("firmware", key, b"old")
            mqtt.emulator.upload("firmware", key, b"image")
            mqtt.emulator.upload("firmware", no_text, b"")
            mqtt.emulator.upload("firmware", "gone", b"x", public=True)
            mqtt.emulator.upload("firmware", "public", b"y", public=True)
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            lamp = await mqtt.client()
            answer = await lamp.ask(UPDATE, {"status": "IN_PROGRESS", "statusDetails": {"at": "5"}})
            assert answer.topic == f"{UPDATE}/accepted"
            mqtt.emulator.store.remove("firmware", "gone")
            url = mqtt.emulator.presigned_url("https://s3.eu-west-1.amazonaws.com/firmware/a%20b/%E2%80%A8.bin", 60)
            return url, mqtt.emulator.http_port

    async def second(url: str, port: int) -> None:
        async with emulator_on(path, http_port=port) as mqtt:
            execution = mqtt.emulator.execution("j", "lamp")
            assert (execution.status, execution.version, execution.status_details) == (
                Status.IN_PROGRESS,
                2,
                {"at": "5"},
            )
            assert [change.cause for change in execution.history] == ["created", "device"]
            assert {(it.key, it.data, it.public) for it in mqtt.emulator.store} == {
                (key, b"image", False),
                (no_text, b"", False),
                ("public", b"y", True),
            }
            async with aiohttp.ClientSession() as session, session.get(url) as reply:
                assert (reply.status, await reply.read()) == (200, b"image")
            lamp = await mqtt.client()
            answer = await lamp.ask(UPDATE, {"status": "SUCCEEDED", "expectedVersion": 2})
            assert answer.topic == f"{UPDATE}/accepted"

    run(second(*run(first())))


def test_timers_go_on_while_nobody_runs(tmp_path: Path) -> None:
    path, clock = tmp_path / "state", ManualClock()

    async def first() -> None:
        async with emulator_on(path, clock=clock) as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"], JobConfig(in_progress_timeout_minutes=10))
            lamp = await mqtt.client()
            await lamp.ask(UPDATE, {"status": "IN_PROGRESS"})

    async def second(passed: float, status: Status) -> None:
        async with emulator_on(path, clock=ManualClock(clock.wall() + passed)) as mqtt:
            mqtt.emulator.tick()
            assert mqtt.emulator.execution("j", "lamp").status is status

    run(first())
    run(second(599, Status.IN_PROGRESS))
    run(second(601, Status.TIMED_OUT))


def test_persistent_sessions_and_retained_messages_survive(tmp_path: Path) -> None:
    path = tmp_path / "state"

    async def first() -> None:
        async with emulator_on(path) as mqtt:
            lamp = await mqtt.client(clean=False)
            lamp.send(subscribe(1, "a/#", "b", "c"), unsubscribe(2, "c"))
            await lamp.expect(0x90)
            await lamp.expect(0xB0)
            door = await mqtt.client("door")
            door.send(subscribe(1, "never/kept"))
            await door.expect(0x90)
            door.send(publish("a/1", b"sent", packet_id=1), publish("a/2", b"done", packet_id=2))
            await door.expect(0x40)
            await door.expect(0x40)
            sent, done = await lamp.message(), await lamp.message()
            lamp.send(puback(done.packet_id))
            await lamp.quiet()
            assert (sent.payload, done.payload) == (b"sent", b"done")
            await lamp.close()
            await mqtt.closed("lamp")
            door.send(publish("b", b"queued", packet_id=3), publish("c", b"not wanted", packet_id=4))
            door.send(publish("kept", b"first", packet_id=5, retain=True))
            door.send(publish("kept", b"retained", packet_id=6, retain=True))
            door.send(publish("dropped", b"retained", packet_id=7, retain=True))
            door.send(publish("dropped", b"", packet_id=8, retain=True))
            for _ in range(6):
                await door.expect(0x40)

    async def second(connack: bytes, *expected: tuple[bytes, bool]) -> None:
        async with emulator_on(path) as mqtt:
            lamp = await mqtt.open()
            lamp.send(connect("lamp", clean=False))
            await lamp.expect(0x20, connack)
            for payload, again in expected:
                message = await lamp.message()
                assert (message.payload, message.dup) == (payload, again)
                lamp.send(puback(message.packet_id))
            await lamp.quiet()
            lamp.send(subscribe(1, "#"))
            await lamp.expect(0x90)
            retained = await lamp.message()
            assert (retained.topic, retained.payload, retained.retain) == ("kept", b"retained", True)
            lamp.send(puback(retained.packet_id))
            lamp.send(unsubscribe(2, "#"))
            await lamp.expect(0xB0)
            await lamp.quiet()

    async def ended() -> None:
        async with emulator_on(path) as mqtt:
            await mqtt.client(clean=True)

    run(first())
    run(second(b"\1\0", (b"sent", True), (b"queued", False)))
    run(second(b"\1\0"))
    run(ended())
    run(second(b"\0\0"))


def test_nothing_is_told_before_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that has its answer finds it in the file, opened by somebody else at that very moment."""
    path = tmp_path / "state"
    order: list[str] = []
    commit = StateFile.commit

    def noted(file: StateFile) -> None:
        commit(file)
        order.append("commit")

    monkeypatch.setattr(StateFile, "commit", noted)

    async def test() -> None:
        async with emulator_on(path) as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            lamp = await mqtt.client()
            mqtt.emulator.trace.listeners.append(
                lambda entry: order.append(entry.kind) if entry.direction == "out" else None
            )
            await lamp.quiet()
            order.clear()
            await lamp.ask(UPDATE, {"status": "IN_PROGRESS"}, packet_id=1)
            assert order == ["commit", "PUBACK", "PUBLISH"]

    run(test())


def test_nothing_goes_out_when_it_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"

    async def test() -> None:
        async with emulator_on(path) as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            lamp = await mqtt.client()
            await lamp.ask(UPDATE, {"status": "IN_PROGRESS"})

            def full(file: StateFile) -> None:
                raise file._lost(sqlite3.OperationalError("database or disk is full"))

            monkeypatch.setattr(StateFile, "commit", full)
            lamp.send(publish(UPDATE, b'{"status":"SUCCEEDED"}'))
            error = await asyncio.wait_for(mqtt.emulator.failed(), PATIENCE)
            assert isinstance(error, EnvironmentLacks)
            with pytest.raises(AwsFotaError, match="disk is full"):
                mqtt.emulator.commit()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(lamp.read(), 0.2)
        monkeypatch.undo()
        async with emulator_on(path) as mqtt:
            assert mqtt.emulator.execution("j", "lamp").version == 2

    run(test())


def test_a_defect_in_the_keeping_ends_the_emulator_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        with pytest.raises(RecursionError):
            async with emulator_on(tmp_path / "state") as mqtt:
                mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
                lamp = await mqtt.client()
                await lamp.ask(UPDATE, {"status": "IN_PROGRESS"})

                def defective(file: StateFile) -> None:
                    raise RecursionError

                monkeypatch.setattr(StateFile, "commit", defective)
                lamp.send(publish(UPDATE, b'{"status":"SUCCEEDED"}'))
                await asyncio.wait_for(mqtt.emulator.failed(), PATIENCE)

    run(test())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE jobs SET body = '{'",
        "UPDATE jobs SET body = '[]'",
        "UPDATE jobs SET body = replace(body, 'COMPLETED', 'LOST')",
        "DELETE FROM jobs",
        "DELETE FROM executions",
        "UPDATE executions SET body = '{}'",
        "UPDATE changes SET body = '0'",
        "UPDATE settings SET value = '{\"a\": 1}' WHERE name = 'things'",
        "UPDATE settings SET value = '7' WHERE name = 'buckets'",
        "UPDATE objects SET body = '{\"colour\": 1}'",
        "UPDATE sessions SET subscriptions = '[]'",
        "DELETE FROM sessions",
        "DROP TABLE messages",
    ],
)
def test_a_file_whose_content_makes_no_sense_is_refused(statement: str, tmp_path: Path) -> None:
    path = tmp_path / "state"

    async def fill() -> None:
        async with emulator_on(path) as mqtt:
            mqtt.emulator.upload("firmware", "a", b"x")
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            lamp = await mqtt.client(clean=False)
            lamp.send(subscribe(1, "a"))
            await lamp.expect(0x90)
            await lamp.ask(UPDATE, {"status": "SUCCEEDED"})
            door = await mqtt.client("door")
            await lamp.close()
            await mqtt.closed("lamp")
            door.send(publish("a", b"queued", packet_id=1))
            await door.expect(0x40)

    async def again() -> None:
        async with emulator_on(path):
            raise AssertionError("it was taken")

    run(fill())
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(statement)
    with pytest.raises(InputError) as caught:
        run(again())
    assert (caught.value.path, caught.value.rule) == (str(path), "state")
    # The file was let go: whoever wants to look into it can.
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM settings").fetchone()[0] > 0
