# SPDX-License-Identifier: Apache-2.0
"""The gateway as a strict MQTT 3.1.1 server with AWS's limits: what it refuses, and that the others go on."""

from __future__ import annotations

import asyncio
import socket

import pytest
from mqtt_bench import DISCONNECT, PATIENCE, PINGREQ, bench, connect, packet, publish, run, subscribe, text, unsubscribe

from aws_fota.emulator.gateway_connection import Connection
from aws_fota.emulator.gateway_limits import GatewayLimits
from aws_fota.emulator.gateway_policy import Identity, OwnThing

KIB_128 = 128 * 1024


def test_connect_ping_and_disconnect() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.open()
            client.send(connect("lamp"))
            await client.expect(0x20, b"\0\0")
            client.send(PINGREQ)
            await client.expect(0xD0, b"")
            client.send(DISCONNECT)
            assert await client.ended() == b""
            assert await mqtt.closed("lamp") == "disconnected by the client"
            assert mqtt.emulator.gateway.connections == {}

    run(test())


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (packet(0x10, text("MQTT") + b"\x05\x02\0\0\0" + text("lamp")), b"\x20\x03\0\x84\0"),
        (packet(0x10, text("MQTT") + b"\x06\x02\0\0\0" + text("lamp")), b"\x20\x02\0\x01"),
        (packet(0x10, text("MQIsdp") + b"\x03\x02\0\0" + text("lamp")), b"\x20\x02\0\x01"),
        (connect("", clean=False), b"\x20\x02\0\x02"),
        (connect("x" * 129), b"\x20\x02\0\x02"),
        (connect("lamp", will=("gone", b"", 2)), b""),
        (connect("lamp", will=("a/b/c/d/e/f/g/h/i", b"", 0)), b""),
        (connect("lamp", will=("$aws/things/door/jobs/get", b"", 0)), b""),
        (packet(0x10, text("MQTT") + b"\x04\x03\0\0" + text("lamp")), b""),
        (packet(0x10, text("HTTP") + b"\x04\x02\0\0" + text("lamp")), b""),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b""),
        (PINGREQ, b""),
        (subscribe(1, "a"), b""),
        (publish("a", b"x"), b""),
        (DISCONNECT, b""),
    ],
    ids=lambda it: it[:12].hex(),
)
def test_a_client_that_does_not_connect_rightly_is_closed(raw: bytes, answer: bytes) -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.open()
            client.send(raw)
            assert await client.ended() == answer
            assert mqtt.emulator.gateway.connections == {}
            await (await mqtt.client("lamp")).quiet()

    run(test())


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (connect("lamp"), "second CONNECT"),
        (b"\x00\x00", "packet type 0"),
        (packet(0x80, b"\0\x01" + text("a") + b"\0"), "flags of packet type 8"),
        (subscribe(1, "a", qos=2), "QoS 2"),
        (subscribe(1, *(f"f{number}" for number in range(9))), "more than 8 filters"),
        (subscribe(1, "a/b/c/d/e/f/g/h/i"), "more than 7 slashes"),
        (subscribe(1, "x" * 257), "more than 256 bytes"),
        (packet(0x34, text("a") + b"\0\x01x"), "QoS 2"),
        (publish("a", b"x" * (KIB_128 + 1)), "payload has more than 131072 bytes"),
        (publish("a/b/c/d/e/f/g/h/i", b"x"), "more than 7 slashes"),
        (publish("ü" * 128 + "x", b"x"), "more than 256 bytes"),
        (publish("$aws/things/door/jobs/get", b"{}"), "may not publish on"),
        (publish("$SYS/x", b"{}"), "may not publish on"),
        (b"\x30\xff\xff\xff\x7f", "over the limit"),
        (packet(0x30, text("a\0")), "U+0000"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_client_that_breaks_a_rule_is_closed_and_others_go_on(raw: bytes, reason: str) -> None:
    async def test() -> None:
        async with bench() as mqtt:
            other = await mqtt.client("door")
            client = await mqtt.client("lamp")
            client.send(raw)
            assert reason in await mqtt.closed("lamp")
            assert await client.ended() == b""
            await other.quiet()

    run(test())


def test_what_is_just_within_the_limits_is_taken() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.client("lamp")
            client.send(subscribe(1, *(f"f{number}" for number in range(8))))
            await client.expect(0x90, b"\0\x01" + b"\x01" * 8)
            client.send(subscribe(2, "a/b/c/d/e/f/g/h", "ü" * 128))
            await client.expect(0x90, b"\0\x02\x01\x01")
            client.send(publish("a/b/c/d/e/f/g/h", b"x" * KIB_128), publish("ü" * 128, b"y"))
            assert (await client.message()).payload == b"x" * KIB_128
            assert (await client.message()).payload == b"y"
            assert (await mqtt.client("x" * 128)) is not None

    run(test())


def test_a_connection_has_at_most_50_subscriptions() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.client("lamp")
            for start in range(0, 48, 8):
                client.send(subscribe(1, *(f"f{start + number}" for number in range(8))))
                await client.expect(0x90)
            client.send(subscribe(2, "f48", "f49", "f50", "f0"))
            await client.expect(0x90, b"\0\x02\x01\x01\x80\x01")
            client.send(unsubscribe(3, "f0"), subscribe(4, "f50"))
            await client.expect(0xB0, b"\0\x03")
            await client.expect(0x90, b"\0\x04\x01")

    run(test())


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("$aws/things/lamp/jobs/#", 1),
        ("$aws/things/lamp/jobs/notify-next", 1),
        ("$aws/things/door/jobs/notify", 0x80),
        ("$aws/things/+/jobs/notify", 0x80),
        ("$aws/#", 0x80),
        ("$SYS/#", 0x80),
        ("#", 1),
        ("door/#", 1),
    ],
)
def test_a_client_subscribes_to_its_own_reserved_topics_only(pattern: str, code: int) -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.client("lamp")
            client.send(subscribe(1, pattern))
            await client.expect(0x90, bytes([0, 1, code]))

    run(test())


@pytest.mark.parametrize(
    ("client_id", "pattern"),
    [
        ("+", "$aws/things/+/jobs/notify-next"),
        ("+/jobs", "$aws/things/+/jobs/#"),
        ("door/jobs", "$aws/things/door/jobs/#"),
        ("door/jobs/j1", "$aws/things/door/jobs/j1/get/accepted"),
    ],
)
def test_a_client_id_that_is_no_name_of_a_thing_opens_no_other_things_topics(client_id: str, pattern: str) -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.client(client_id)
            client.send(subscribe(1, pattern))
            await client.expect(0x90, b"\0\x01\x80")
            client.send(subscribe(2, "door/lamp"), publish("$aws/things/door/jobs/j1/get", b"{}"))
            await client.expect(0x90, b"\0\x02\x01")
            assert await client.ended() == b""
            assert "may not publish" in await mqtt.closed(client_id)

    run(test())


def test_an_earlier_connection_of_the_same_client_id_is_closed() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            earlier = await mqtt.client("lamp")
            later = await mqtt.client("lamp")
            assert await earlier.ended() == b""
            assert await mqtt.closed("lamp") == "its client id connected anew"
            await later.quiet()
            assert list(mqtt.emulator.gateway.connections) == ["lamp"]

    run(test())


def test_a_client_without_an_id_gets_one_of_its_own() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            first, second = await mqtt.client(""), await mqtt.client("")
            await first.quiet()
            await second.quiet()
            assert len(mqtt.emulator.gateway.connections) == 2

    run(test())


def test_nothing_is_carried_out_after_a_disconnect() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.client("lamp")
            client.send(DISCONNECT + publish("a", b"x", retain=True))
            assert await client.ended() == b""
            assert mqtt.emulator.trace.find("PUBLISH") == []

    run(test())


def test_a_policy_decides_who_connects() -> None:
    class OnlyDoor(OwnThing):
        def may_connect(self, identity: Identity) -> bool:
            return identity.client_id == "door"

    async def test() -> None:
        async with bench(policy=OnlyDoor()) as mqtt:
            client = await mqtt.open()
            client.send(connect("lamp"))
            assert await client.ended() == b"\x20\x02\0\x05"
            await (await mqtt.client("door")).quiet()

    run(test())


def test_a_client_that_is_closed_and_reads_nothing_does_not_stay() -> None:
    async def test() -> None:
        async with bench(limits=GatewayLimits(linger_s=0.05, send_buffer_bytes=10**9)) as mqtt:
            slow = await mqtt.client("lamp")
            slow.send(subscribe(1, "a", qos=0))
            await slow.expect(0x90)
            sender = await mqtt.client("door")
            for _ in range(100):
                sender.send(publish("a", bytes(KIB_128)))
            await sender.quiet()
            slow.send(b"\0")
            await mqtt.closed("lamp")
            while len(mqtt.emulator.gateway._all) > 1:
                await asyncio.sleep(0.01)
            await sender.quiet()

    run(test())


def test_a_connection_made_while_the_gateway_stops_is_cut() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            await mqtt.emulator.gateway.close()
            near, far = socket.socketpair()
            with near:
                loop = asyncio.get_running_loop()
                await loop.connect_accepted_socket(lambda: Connection(mqtt.emulator.gateway), far)
                assert await mqtt.closed("") == "the gateway stops"

    run(test())


def test_a_silent_client_is_closed() -> None:
    limits = GatewayLimits(keep_alive_min_s=0.1, keep_alive_max_s=0.1)

    async def test() -> None:
        async with bench(limits=limits) as mqtt:
            client = await mqtt.client("lamp", keep_alive=1)
            assert await client.ended() == b""
            assert await mqtt.closed("lamp") == "silent for 0.15 s"

    run(test())


def test_bytes_that_never_become_a_packet_do_not_keep_a_client_alive() -> None:
    limits = GatewayLimits(connect_timeout_s=0.1)

    async def test() -> None:
        async with bench(limits=limits) as mqtt:
            client = await mqtt.open()
            client.send(connect("lamp")[:-1])
            assert await client.ended() == b""
            assert await mqtt.closed("") == "silent for 0.1 s"

    run(test())


@pytest.mark.parametrize(
    ("asked", "seconds"), [(0, 1800), (1, 45), (29, 45), (30, 45), (60, 90), (1200, 1800), (65535, 1800)]
)
def test_the_keep_alive_is_forced_into_the_range_of_aws(asked: int, seconds: float) -> None:
    assert GatewayLimits().silence_s(asked) == seconds


def test_a_client_that_does_not_read_is_cut() -> None:
    limits = GatewayLimits(send_buffer_bytes=100_000)

    async def test() -> None:
        async with bench(limits=limits) as mqtt:
            slow = await mqtt.client("lamp")
            slow.send(subscribe(1, "a", qos=0))
            await slow.expect(0x90)
            sender = await mqtt.client("door")
            for _ in range(400):
                sender.send(publish("a", bytes(KIB_128)))
                if "lamp" not in mqtt.emulator.gateway.connections:
                    break
                await sender.quiet()
            assert await mqtt.closed("lamp") == "the client does not read what it is sent"
            await sender.quiet()

    run(test())


def test_the_gateway_stops_with_clients_connected() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            clients = [await mqtt.client("lamp"), await mqtt.open()]
            await mqtt.emulator.trace.wait(lambda it: it.kind == "OPENED", PATIENCE, after=3)
            await mqtt.emulator.gateway.close()
            for client in clients:
                assert await client.ended() == b""

    run(test())
