# SPDX-License-Identifier: Apache-2.0
"""The emulator as a whole: its ports, its threads, its clean end."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import urllib.request

import pytest
from mqtt_bench import PATIENCE, bench, run

from aws_fota.emulator import listening
from aws_fota.emulator.clock import ManualClock
from aws_fota.emulator.emulator import Emulator
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.jobs_model import ControlError, Status
from aws_fota.errors import ExitCode, InputError

DOCUMENT = {"operation": "app_fw_update"}


def test_free_ports_are_taken_and_given_back() -> None:
    async def test() -> tuple[int, int]:
        async with Emulator() as emulator:
            assert emulator.host == "127.0.0.1"
            assert emulator.mqtt_port != emulator.http_port
            return emulator.mqtt_port, emulator.http_port

    for port in run(test()):
        with socket.create_server(("127.0.0.1", port)):
            pass


@pytest.mark.parametrize("option", ["mqtt_port", "http_port"])
def test_a_port_in_use_is_named_with_its_option(option: str) -> None:
    async def test(port: int) -> None:
        async with Emulator(**{option: port}):
            raise AssertionError("it listens")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError) as caught:
            run(test(port))
    flag = f"--{option.replace('_', '-')}"
    assert str(caught.value).startswith(f"{flag}: port {port} of 127.0.0.1 cannot be used: ")
    assert f"choose another port with {flag}" in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_here_is_refused(host: str) -> None:
    async def test() -> None:
        async with Emulator(host=host):
            raise AssertionError("it listens")

    with pytest.raises(InputError, match=rf"^--host: {re.escape(host)} is no address of this machine: "):
        run(test())


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_addresses(host: str, loopback: bool) -> None:
    assert listening.is_loopback(host) is loopback


def test_the_address_to_connect_to_is_never_all_addresses() -> None:
    assert listening.reachable("127.0.0.1") == "127.0.0.1"
    assert listening.reachable("board.local") == "board.local"
    for host in ("0.0.0.0", "::"):
        assert listening.reachable(host) not in ("", host)


@pytest.mark.parametrize(
    ("host", "port", "expected"), [("h", 8080, "h:8080"), ("h", 80, "h"), ("::1", 1, "[::1]:1"), ("::1", 80, "[::1]")]
)
def test_authorities(host: str, port: int, expected: str) -> None:
    assert listening.authority(host, port) == expected


def test_waiting_for_an_execution() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            emulator = mqtt.emulator
            with pytest.raises(ControlError):
                await emulator.wait_execution("j", "lamp", timeout=PATIENCE)
            emulator.create_job("j", DOCUMENT, ["lamp", "door"])
            with pytest.raises(asyncio.TimeoutError):
                await emulator.wait_execution("j", "lamp", timeout=0)
            started = asyncio.create_task(
                emulator.wait_execution(
                    "j", "lamp", timeout=PATIENCE, wanted=lambda it: it.status is Status.IN_PROGRESS
                )
            )
            ended = asyncio.create_task(emulator.wait_execution("j", "lamp", timeout=PATIENCE))
            await asyncio.sleep(0)
            client = await mqtt.client("door")
            await client.ask("$aws/things/door/jobs/j/update", {"status": "FAILED"})
            assert not started.done() and not ended.done()
            client = await mqtt.client("lamp")
            await client.ask("$aws/things/lamp/jobs/start-next")
            assert (await started).status is Status.IN_PROGRESS
            emulator.cancel_execution("j", "lamp", force=True)
            assert (await ended).status is Status.CANCELED
            assert (await emulator.wait_execution("j", "lamp", timeout=0)).status is Status.CANCELED
            assert emulator.service.ledger.observers == []

    run(test())


def test_operators_changes_pass_through_the_emulator() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            emulator = mqtt.emulator
            emulator.create_job("a", DOCUMENT, ["lamp"])
            emulator.remove_target("a", "lamp")
            assert emulator.execution("a", "lamp").status is Status.REMOVED
            emulator.create_job("b", DOCUMENT, ["lamp"])
            emulator.delete_job("b", force=True)
            with pytest.raises(ControlError):
                emulator.execution("b", "lamp")

    run(test())


def test_a_job_with_a_url_that_is_not_of_s3_is_refused() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            document = {"url": "${aws:iot:s3-presigned-url:https://example.com/a}"}
            with pytest.raises(InputError, match="is not S3's address"):
                mqtt.emulator.create_job("j", document, ["lamp"])

    run(test())


def test_an_execution_times_out_without_anybody_asking() -> None:
    clock = ManualClock()

    async def test() -> None:
        async with bench(clock=clock) as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            client = await mqtt.client()
            await client.ask("$aws/things/lamp/jobs/start-next", {"stepTimeoutInMinutes": 1})
            clock.advance(59.95)
            # A request makes the emulator look at the clock anew: 0.05 s are left.
            await client.ask("$aws/things/lamp/jobs/get")
            clock.advance(0.05)
            execution = await mqtt.emulator.wait_execution("j", "lamp", timeout=PATIENCE)
            assert execution.status is Status.TIMED_OUT

    run(test())


def test_a_thread_hosts_the_emulator_for_synchronous_callers() -> None:
    before = threading.active_count()
    with EmulatorThread() as hosted:
        hosted.call(hosted.emulator.create_thing, "lamp")
        hosted.call(hosted.emulator.create_job, "j", DOCUMENT, ["lamp"])
        stored = hosted.call(hosted.emulator.upload, "fota", "a.bin", b"hello", public=True)
        with urllib.request.urlopen(hosted.emulator.object_url(stored), timeout=PATIENCE) as reply:
            assert reply.read() == b"hello"
        hosted.call(hosted.emulator.cancel_job, "j")
        execution = hosted.wait(hosted.emulator.wait_execution("j", "lamp", timeout=PATIENCE))
        assert execution.status is Status.CANCELED
        with pytest.raises(ControlError):
            hosted.call(hosted.emulator.cancel_job, "j")
        port = hosted.emulator.mqtt_port
    assert threading.active_count() == before
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_thread_that_cannot_start_says_why_and_ends() -> None:
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="--mqtt-port"):
        EmulatorThread(mqtt_port=taken.getsockname()[1]).__enter__()
    assert threading.active_count() == before


def test_the_thread_ends_when_its_user_fails() -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), EmulatorThread():
        raise ZeroDivisionError
    assert threading.active_count() == before
