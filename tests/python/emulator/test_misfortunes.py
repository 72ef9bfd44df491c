# SPDX-License-Identifier: Apache-2.0
"""What scenarios order besides dropping and delaying: reordered, corrupted, cut inside, refused, restarted."""

from __future__ import annotations

import asyncio

import pytest
from mqtt_bench import bench, publish, run

from aws_fota.emulator.clock import ShiftedClock
from aws_fota.emulator.gateway_faults import Fault, Misfortune
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.http_range import first_byte
from aws_fota.emulator.jobs_model import RefusalCode
from aws_fota.scenario.library import find, names
from aws_fota.scenario.orders import order_all

JOBS = "$aws/things/lamp/jobs"


def test_a_reordered_answer_is_overtaken_by_as_many_as_ordered() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.gateway.faults.order(Fault(Misfortune.REORDER, f"{JOBS}/get/accepted", behind=2))
            client = await mqtt.client()
            client.send(*(publish(f"{JOBS}/get", b'{"clientToken":"%d"}' % number) for number in (1, 2, 3, 4)))
            assert [(await client.message()).members["clientToken"] for _ in range(4)] == ["2", "3", "1", "4"]

    run(test())


def test_a_reordered_request_is_overtaken() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.gateway.faults.order(Fault(Misfortune.REORDER, f"{JOBS}/get", incoming=True))
            client, other = await mqtt.client(), await mqtt.client("door")
            client.send(publish(f"{JOBS}/get", b'{"clientToken":"1"}'))
            await other.ask("$aws/things/door/jobs/get")
            await client.quiet()
            client.send(publish(f"{JOBS}/get", b'{"clientToken":"2"}'))
            assert [(await client.message()).members["clientToken"] for _ in range(2)] == ["2", "1"]

    run(test())


@pytest.mark.parametrize(
    ("byte", "expected"),
    [(0, b"\x9ebc"), (1, b"a\x9dc"), (None, b"a\x9dc"), (-1, b"ab\x9c"), (3, b"abc"), (-4, b"abc")],
)
@pytest.mark.parametrize("incoming", [True, False])
def test_one_byte_of_a_message_is_inverted(byte: int | None, expected: bytes, incoming: bool) -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.gateway.faults.order(Fault(Misfortune.CORRUPT, "t", incoming=incoming, byte=byte))
            client = await mqtt.client()
            client.send(bytes.fromhex("8206000100017401"))
            await client.expect(0x90)
            client.send(publish("t", b"abc"), publish("t", b"abc"))
            assert [(await client.message()).payload for _ in range(2)] == [expected, b"abc"]

    run(test())


def test_a_connection_is_cut_inside_a_packet() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.gateway.faults.order(Fault(Misfortune.CUT, f"{JOBS}/get/accepted", byte=10))
            client = await mqtt.client()
            client.send(publish(f"{JOBS}/get", b"{}"))
            assert len(await client.ended()) == 10
            assert await mqtt.closed("lamp") == "cut on demand after 10 bytes of a packet"

    run(test())


def test_requests_of_one_kind_are_refused_with_their_token() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.create_job("j", {}, ["lamp"])
            device = mqtt.emulator.service.device
            order = device.refuse_next(RefusalCode.REQUEST_THROTTLED, topics=f"{JOBS}/+/update", skip=1)
            client = await mqtt.client()
            answers = [
                await client.ask(f"{JOBS}/get", {"clientToken": "a"}),
                await client.ask(f"{JOBS}/j/update", {"status": "IN_PROGRESS", "clientToken": "b"}),
                await client.ask(f"{JOBS}/j/update", {"status": "SUCCEEDED", "clientToken": "c"}),
                await client.ask(f"{JOBS}/j/update", {"status": "IN_PROGRESS", "clientToken": "d"}),
            ]
            assert [answer.topic.rpartition("/")[2] for answer in answers] == [
                "accepted",
                "accepted",
                "rejected",
                "accepted",
            ]
            assert (answers[2].members["code"], answers[2].members["clientToken"]) == ("RequestThrottled", "c")
            assert order.hits == 1

    run(test())


def test_a_restart_keeps_ports_and_state() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            emulator = mqtt.emulator
            emulator.create_job("j", {}, ["lamp"])
            ports = emulator.mqtt_port, emulator.http_port
            client = await mqtt.client()
            restart = asyncio.ensure_future(emulator.restart(0.1))
            await client.ended()
            with pytest.raises(OSError):
                await mqtt.open()
            await restart
            assert (emulator.mqtt_port, emulator.http_port) == ports
            again = await mqtt.client()
            assert (await again.ask(f"{JOBS}/get")).members["queuedJobs"][0]["jobId"] == "j"

    run(test())


def test_a_fault_waits_for_its_place_in_the_object() -> None:
    fault = HttpFault(status=500, from_offset=100, skip=1)
    assert [fault.strikes(offset) for offset in (0, 99, 100, 99, 100, 100)] == [False, False, False, False, True, False]


def test_where_a_request_begins() -> None:
    ranges = (None, "bytes=5-9", "bytes=7-", "bytes=-3", "bytes=1-2,4-5", "lines=3-4")
    assert [first_byte(header) for header in ranges] == [0, 5, 7, 0, 0, 0]


def test_a_clock_is_moved_forward() -> None:
    clock = ShiftedClock()
    before = clock.wall(), clock.monotonic()
    clock.advance(3600)
    assert clock.wall() - before[0] >= 3600
    assert clock.monotonic() - before[1] >= 3600


def test_every_scenario_of_the_library_can_be_ordered() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            for name in names():
                scenario = find(name)
                stored = mqtt.emulator.upload("firmware", f"{name}.bin", bytes(1000))
                orders = order_all(mqtt.emulator, scenario, "lamp", stored)
                assert [order.entry for order in orders] == [*scenario.downloads, *scenario.messages]
                assert not any(order.fault.hits for order in orders)

    run(test())
