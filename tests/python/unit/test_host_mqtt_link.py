# SPDX-License-Identifier: Apache-2.0
"""The MQTT connection of the virtual device, against the emulator's gateway."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from typing import TypeVar

import pytest

from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.mqtt_packets import Publish
from aws_fota.emulator.trace import TraceEntry
from aws_fota.host.mqtt_link import (
    Arrived,
    Connected,
    Disconnected,
    Endpoint,
    LinkEvent,
    MqttLink,
    Subscribed,
    Unreachable,
)

THING = "t-1"
TOPIC = f"$aws/things/{THING}/jobs/notify"
WAIT_S = 20.0

_Event = TypeVar("_Event", bound=LinkEvent)


@pytest.fixture
def aws() -> Iterator[EmulatorThread]:
    with EmulatorThread() as thread:
        thread.call(thread.emulator.create_thing, THING)
        yield thread


class Linked:
    """A link whose events can be awaited."""

    def __init__(self, port: int) -> None:
        self.events: queue.SimpleQueue[LinkEvent] = queue.SimpleQueue()
        self.link = MqttLink(Endpoint("127.0.0.1", port), THING, self.events.put, pause_s=0.01)
        self.link.start()

    def expect(self, kind: type[_Event]) -> _Event:
        event = self.events.get(timeout=WAIT_S)
        assert isinstance(event, kind), event
        return event


@pytest.fixture
def linked(aws: EmulatorThread) -> Iterator[Linked]:
    made = Linked(aws.emulator.mqtt_port)
    yield made
    made.link.stop()


def _seen(aws: EmulatorThread, kind: str) -> list[TraceEntry]:
    return aws.call(aws.emulator.trace.find, kind, client_id=THING)


def _await(aws: EmulatorThread, kind: str) -> TraceEntry:
    return aws.wait(aws.emulator.trace.wait(lambda entry: entry.kind == kind, WAIT_S))


def test_all_filters_go_in_one_packet(aws: EmulatorThread, linked: Linked) -> None:
    number = linked.expect(Connected).number
    linked.link.subscribe(number, [TOPIC, f"{TOPIC}-next"])
    assert linked.expect(Subscribed) == Subscribed(number, granted=True)
    assert len(_seen(aws, "SUBSCRIBE")) == 1


def test_a_refused_filter_is_told(linked: Linked) -> None:
    number = linked.expect(Connected).number
    linked.link.subscribe(number, [TOPIC, "$aws/things/somebody-else/jobs/notify"])
    assert linked.expect(Subscribed) == Subscribed(number, granted=False)


def test_a_message_is_acknowledged_only_when_it_is_asked_for(aws: EmulatorThread, linked: Linked) -> None:
    number = linked.expect(Connected).number
    linked.link.subscribe(number, [TOPIC])
    linked.expect(Subscribed)
    aws.call(aws.emulator.gateway.publish, Publish(TOPIC, b"{}", qos=1))
    arrived = linked.expect(Arrived)
    assert (arrived.number, arrived.topic, arrived.payload) == (number, TOPIC.encode(), b"{}")
    assert arrived.packet_id > 0
    # A later answer shows that no PUBACK was on the way before it.
    linked.link.publish(number, f"$aws/things/{THING}/jobs/get", b"{}")
    answer = linked.expect(Arrived)
    assert not [entry for entry in _seen(aws, "PUBACK") if entry.direction == "in"]
    linked.link.acknowledge(number, arrived.packet_id)
    linked.link.acknowledge(number, answer.packet_id)
    last = aws.wait(
        aws.emulator.trace.wait(
            lambda entry: (entry.kind, entry.direction, entry.packet_id) == ("PUBACK", "in", answer.packet_id), WAIT_S
        )
    )
    acknowledged = [entry.packet_id for entry in _seen(aws, "PUBACK") if entry.direction == "in"]
    assert acknowledged == [arrived.packet_id, last.packet_id]


def test_qos_0_has_no_packet_id(aws: EmulatorThread, linked: Linked) -> None:
    number = linked.expect(Connected).number
    linked.link.subscribe(number, [TOPIC])
    linked.expect(Subscribed)
    aws.call(aws.emulator.gateway.publish, Publish(TOPIC, b"{}"))
    assert linked.expect(Arrived).packet_id == 0


def test_a_lost_connection_is_made_again_with_another_number(aws: EmulatorThread, linked: Linked) -> None:
    first = linked.expect(Connected).number
    assert aws.call(aws.emulator.gateway.cut, THING)
    assert linked.expect(Disconnected).number == first
    assert linked.expect(Connected).number > first


def test_nothing_is_sent_on_behalf_of_an_earlier_connection(aws: EmulatorThread, linked: Linked) -> None:
    first = linked.expect(Connected).number
    aws.call(aws.emulator.gateway.cut, THING)
    linked.expect(Disconnected)
    second = linked.expect(Connected).number
    linked.link.publish(first, f"$aws/things/{THING}/jobs/get", b'{"clientToken":"stale"}')
    linked.link.subscribe(first, [TOPIC])
    linked.link.acknowledge(first, 1)
    linked.link.publish(second, f"$aws/things/{THING}/jobs/get", b'{"clientToken":"fresh"}')
    assert b"fresh" in linked.expect(Arrived).payload
    assert [entry.payload for entry in _seen(aws, "PUBLISH") if entry.direction == "in"] == [b'{"clientToken":"fresh"}']
    assert _seen(aws, "SUBSCRIBE") == []


def test_a_connection_is_tried_for_until_somebody_listens() -> None:
    with EmulatorThread() as gone:
        port = gone.emulator.mqtt_port
    linked = Linked(port)
    try:
        assert "refused" in linked.expect(Unreachable).error
        with EmulatorThread(mqtt_port=port):
            event = linked.events.get(timeout=WAIT_S)
            while isinstance(event, Unreachable):
                event = linked.events.get(timeout=WAIT_S)
            assert isinstance(event, Connected)
        linked.expect(Disconnected)
    finally:
        linked.link.stop()


def test_a_broker_that_refuses_is_no_connection(aws: EmulatorThread) -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker:
        linked = Linked(broker.getsockname()[1])
        connection, _ = broker.accept()
        with connection:
            connection.recv(4096)
            # CONNACK, "not authorized".
            connection.sendall(b"\x20\x02\x00\x05")
            assert linked.expect(Unreachable).error == "refused: Not authorized"
        again, _ = broker.accept()
        again.close()
        linked.link.stop()
    while not linked.events.empty():
        linked.expect(Unreachable)


def test_stopping_disconnects(aws: EmulatorThread) -> None:
    linked = Linked(aws.emulator.mqtt_port)
    linked.expect(Connected)
    linked.link.stop()
    assert _await(aws, "DISCONNECT").client_id == THING
    linked.expect(Disconnected)


def test_a_link_that_was_never_started_can_be_stopped() -> None:
    MqttLink(Endpoint("127.0.0.1", 1), THING, lambda event: None).stop()
