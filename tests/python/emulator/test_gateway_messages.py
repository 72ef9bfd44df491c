# SPDX-License-Identifier: Apache-2.0
"""Ordinary messages between clients: QoS, acknowledgements, retained messages, wills, persistent sessions."""

from __future__ import annotations

from mqtt_bench import DISCONNECT, MqttBench, RawClient, bench, puback, publish, run, subscribe, unsubscribe

from aws_fota.emulator.gateway_limits import GatewayLimits
from aws_fota.emulator.gateway_session import Session
from aws_fota.emulator.mqtt_packets import Publish


async def subscribed(mqtt: MqttBench, client_id: str, *filters: str, qos: int = 1, **options: bool) -> RawClient:
    client = await mqtt.client(client_id, **options)
    client.send(subscribe(1, *filters, qos=qos))
    await client.expect(0x90)
    return client


def test_a_message_arrives_with_the_lower_qos() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            zero = await subscribed(mqtt, "zero", "t", qos=0)
            one = await subscribed(mqtt, "one", "t", qos=1)
            sender = await mqtt.client("lamp")
            sender.send(publish("t", b"a"), publish("t", b"b", packet_id=9))
            await sender.expect(0x40, b"\0\x09")
            assert [(it.payload, it.qos) for it in (await zero.message(), await zero.message())] == [
                (b"a", 0),
                (b"b", 0),
            ]
            first, second = await one.message(), await one.message()
            assert [(first.payload, first.qos), (second.payload, second.qos)] == [(b"a", 0), (b"b", 1)]
            assert not second.dup and second.packet_id > 0
            one.send(puback(second.packet_id), puback(999))
            await one.quiet()

    run(test())


def test_overlapping_filters_bring_a_message_once() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await subscribed(mqtt, "lamp", "a/#", "a/+", "a/b", "#")
            client.send(publish("a/b", b"x"))
            assert (await client.message()).topic == "a/b"
            await client.quiet()

    run(test())


def test_after_unsubscribe_nothing_comes() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await subscribed(mqtt, "lamp", "a", "b")
            client.send(unsubscribe(2, "a", "never"))
            await client.expect(0xB0, b"\0\x02")
            client.send(publish("a"), publish("b"))
            assert (await client.message()).topic == "b"
            await client.quiet()

    run(test())


def test_messages_of_one_sender_keep_their_order() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await subscribed(mqtt, "lamp", "n", qos=0)
            sender = await mqtt.client("door")
            sender.send(*(publish("n", str(number).encode()) for number in range(500)))
            assert [int((await client.message()).payload) for _ in range(500)] == list(range(500))

    run(test())


def test_a_retained_message_is_kept_until_it_is_emptied() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            sender = await subscribed(mqtt, "lamp", "r/#")
            sender.send(publish("r/a", b"1", retain=True), publish("r/a", b"2", retain=True, packet_id=5))
            assert not (await sender.message()).retain
            await sender.expect(0x40)
            assert not (await sender.message()).retain
            later = await mqtt.client("door")
            later.send(subscribe(1, "r/+"))
            await later.expect(0x90)
            message = await later.message()
            assert (message.payload, message.retain, message.qos) == (b"2", True, 1)
            later.send(puback(message.packet_id), subscribe(2, "r/#", qos=0))
            await later.expect(0x90)
            message = await later.message()
            assert (message.payload, message.retain, message.qos) == (b"2", True, 0)
            sender.send(publish("r/a", retain=True))
            assert (await later.message()).payload == b""
            last = await subscribed(mqtt, "last", "r/+")
            await last.quiet()

    run(test())


def test_a_will_is_published_when_a_client_is_lost_and_not_when_it_leaves() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            watcher = await subscribed(mqtt, "door", "gone/#")
            leaving = await mqtt.client("leaving", will=("gone/leaving", b"x", 1))
            leaving.send(DISCONNECT)
            await leaving.ended()
            await mqtt.client("lost", will=("gone/lost", b"bye", 1))
            assert mqtt.emulator.gateway.cut("lost")
            message = await watcher.message()
            assert (message.topic, message.payload, message.qos) == ("gone/lost", b"bye", 1)
            assert not mqtt.emulator.gateway.cut("lost")
            await mqtt.client("twin", will=("gone/twin", b"1", 0))
            await mqtt.client("twin", will=("gone/twin", b"2", 0))
            assert (await watcher.message()).payload == b"1"
            await watcher.quiet()

    run(test())


def test_a_clean_session_forgets_its_subscriptions() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await subscribed(mqtt, "lamp", "a")
            client.send(DISCONNECT)
            await client.ended()
            assert mqtt.emulator.gateway._tree.match("a") == {}
            again = await mqtt.client("lamp")
            again.send(publish("a"))
            await again.quiet()

    run(test())


def test_a_persistent_session_keeps_subscriptions_and_messages() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await subscribed(mqtt, "lamp", "a", clean=False)
            sender = await mqtt.client("door")
            sender.send(publish("a", b"seen", packet_id=1))
            await sender.expect(0x40)
            unacknowledged = await client.message()
            client.send(DISCONNECT)
            await client.ended()
            sender.send(publish("a", b"missed", packet_id=2), publish("a", b"qos 0"))
            await sender.expect(0x40)
            await sender.quiet()
            again = await mqtt.open()
            again.send(b"\x10\x10\0\x04MQTT\x04\0\0\x3c\0\x04lamp")
            await again.expect(0x20, b"\x01\0")
            first, second = await again.message(), await again.message()
            assert (first.payload, first.dup, first.packet_id) == (b"seen", True, unacknowledged.packet_id)
            assert (second.payload, second.dup) == (b"missed", False)
            again.send(puback(first.packet_id), puback(second.packet_id), DISCONNECT)
            await again.ended()
            clean = await mqtt.client("lamp", clean=True)
            clean.send(publish("a", b"x"))
            await clean.quiet()

    run(test())


def test_messages_beyond_the_window_wait_for_a_puback() -> None:
    async def test() -> None:
        async with bench(limits=GatewayLimits(inflight=2)) as mqtt:
            client = await subscribed(mqtt, "lamp", "a")
            client.send(*(publish("a", bytes([number]), packet_id=number) for number in (1, 2, 3, 4)))
            ids = []
            for expected in (1, 2):
                await client.expect(0x40)
                message = await client.message()
                assert message.payload == bytes([expected])
                ids.append(message.packet_id)
            await client.expect(0x40)
            await client.expect(0x40)
            await client.quiet()
            client.send(puback(ids[1]))
            assert (await client.message()).payload == b"\x03"
            client.send(puback(ids[0]))
            assert (await client.message()).payload == b"\x04"

    run(test())


def test_a_session_never_uses_a_packet_id_twice_nor_0() -> None:
    session = Session("lamp", clean=False, inflight_limit=0xFFFF, queue_limit=1)
    sent = [session.send(Publish("a", b"", 1), online=True) for _ in range(0xFFFF)]
    assert {it.packet_id for it in sent if it} == set(range(1, 0x10000))
    assert session.send(Publish("a", b"queued", 1), online=True) is None
    assert session.send(Publish("a", b"dropped", 1), online=True) is None
    assert [(it.payload, it.packet_id) for it in session.acknowledged(77)] == [(b"queued", 77)]
    assert session.acknowledged(78) == []
