# SPDX-License-Identifier: Apache-2.0
"""Eclipse paho, a client that is not ours, against the gateway."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from mqtt_bench import PATIENCE
from paho.mqtt.enums import CallbackAPIVersion

from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.gateway_faults import Fault, Misfortune
from aws_fota.emulator.jobs_model import Status

JOBS = "$aws/things/lamp/jobs"
DOCUMENT = {"operation": "app_fw_update", "size": 4}


class Device:
    """A paho client whose callbacks go into queues.

    Args:
        will: topic, payload, QoS and whether it is retained.
        certificates: the folder with what a device is given, for TLS.
    """

    def __init__(
        self,
        port: int,
        client_id: str = "lamp",
        *,
        will: tuple[str, str, int, bool] | None = None,
        certificates: Path | None = None,
        **options: Any,
    ) -> None:
        self.messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, **options)
        self.client.on_message = lambda client, data, message: self.messages.put(message)
        self.client.on_connect = lambda client, data, flags, reason, props: self.events.put(("connected", reason))
        self.client.on_disconnect = lambda client, data, flags, reason, props: self.events.put(("disconnected", reason))
        self.client.on_subscribe = lambda client, data, mid, reasons, props: self.events.put(("subscribed", reasons))
        self.client.reconnect_delay_set(1, 1)
        if will is not None:
            self.client.will_set(*will)
        if certificates is not None:
            files = (certificates / name for name in ("ca.crt", "device.crt", "device.key"))
            self.client.tls_set(*map(str, files))
        self.client.connect("127.0.0.1", port, keepalive=30)
        self.client.loop_start()

    def event(self, name: str) -> Any:
        got, value = self.events.get(timeout=PATIENCE)
        assert got == name
        return value

    def subscribe(self, *filters: str, qos: int = 1) -> Any:
        self.client.subscribe([(it, qos) for it in filters])
        return self.event("subscribed")

    def publish(self, topic: str, payload: str, qos: int = 1) -> None:
        self.client.publish(topic, payload, qos).wait_for_publish(PATIENCE)

    def message(self) -> paho.MQTTMessage:
        return self.messages.get(timeout=PATIENCE)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(name="hosted")
def _hosted() -> Iterator[EmulatorThread]:
    with EmulatorThread() as hosted:
        hosted.call(hosted.emulator.create_thing, "lamp")
        yield hosted


@pytest.fixture(name="device")
def _device(hosted: EmulatorThread) -> Iterator[Device]:
    device = Device(hosted.emulator.mqtt_port)
    assert device.event("connected").value == 0
    yield device
    device.close()


def test_answers_come_without_a_subscription(hosted: EmulatorThread, device: Device) -> None:
    hosted.call(hosted.emulator.create_job, "j", DOCUMENT, ["lamp"])
    for qos in (0, 1):
        device.publish(f"{JOBS}/$next/get", '{"clientToken":"t"}', qos)
        message = device.message()
        assert (message.topic, message.qos) == (f"{JOBS}/$next/get/accepted", qos)
        assert json.loads(message.payload)["execution"]["jobDocument"] == DOCUMENT


def test_an_update_with_qos_1_and_its_notifications(hosted: EmulatorThread, device: Device) -> None:
    assert [code.value for code in device.subscribe(f"{JOBS}/notify-next", "$aws/things/door/jobs/notify")] == [1, 0x80]
    hosted.call(hosted.emulator.create_job, "j", DOCUMENT, ["lamp"])
    assert json.loads(device.message().payload)["execution"]["jobId"] == "j"
    device.publish(f"{JOBS}/j/update", '{"status":"SUCCEEDED"}')
    assert device.message().topic == f"{JOBS}/j/update/accepted"
    assert device.message().topic == f"{JOBS}/notify-next"
    assert hosted.call(hosted.emulator.execution, "j", "lamp").status is Status.SUCCEEDED


def test_an_unacknowledged_update_is_sent_again_after_a_cut(hosted: EmulatorThread) -> None:
    hosted.call(hosted.emulator.create_job, "j", DOCUMENT, ["lamp"])
    fault = Fault(Misfortune.CUT, f"{JOBS}/j/update", incoming=True)
    hosted.call(hosted.emulator.gateway.faults.order, fault)
    device = Device(hosted.emulator.mqtt_port, clean_session=False)
    try:
        device.event("connected")
        info = device.client.publish(f"{JOBS}/j/update", '{"status":"IN_PROGRESS"}', 1)
        device.event("disconnected")
        device.event("connected")
        info.wait_for_publish(PATIENCE)
        assert device.message().topic == f"{JOBS}/j/update/accepted"
        assert hosted.call(hosted.emulator.execution, "j", "lamp").version == 2
    finally:
        device.close()


def test_a_second_client_of_the_same_id_disconnects_the_first(hosted: EmulatorThread, device: Device) -> None:
    device.client.reconnect_delay_set(60, 60)
    second = Device(hosted.emulator.mqtt_port)
    try:
        second.event("connected")
        device.event("disconnected")
        second.publish(f"{JOBS}/get", "{}")
        assert second.message().topic == f"{JOBS}/get/accepted"
    finally:
        second.close()


def test_a_message_of_128_kib_passes_and_a_larger_one_ends_the_connection(device: Device) -> None:
    device.subscribe("big")
    device.publish("big", "x" * 128 * 1024)
    assert len(device.message().payload) == 128 * 1024
    device.client.reconnect_delay_set(60, 60)
    device.client.publish("big", "x" * (128 * 1024 + 1), 0)
    device.event("disconnected")


def test_mqtt_5_is_refused_as_a_version(hosted: EmulatorThread) -> None:
    device = Device(hosted.emulator.mqtt_port, protocol=paho.MQTTv5)
    try:
        name, reason = device.events.get(timeout=PATIENCE)
        assert (name, reason.value) == ("connected", 0x84)
    finally:
        device.close()
