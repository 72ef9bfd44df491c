# SPDX-License-Identifier: Apache-2.0
"""paho-mqtt against the gateway: wills, retained messages, sessions, and TLS with a client certificate."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_paho_client import JOBS, PATIENCE, Device

from aws_fota.emulator.certificates import CertificateFolder
from aws_fota.emulator.emulator_thread import EmulatorThread


@pytest.fixture(name="hosted")
def _hosted(tmp_path: Path) -> Iterator[EmulatorThread]:
    with EmulatorThread(tls_port=0, certificates=CertificateFolder(tmp_path)) as hosted:
        for thing in ("lamp", "door"):
            hosted.call(hosted.emulator.create_thing, thing)
        yield hosted


def over_tls(hosted: EmulatorThread, folder: Path, thing: str, client_id: str) -> Device:
    """A client with the certificate of a thing, whatever client id it takes."""
    assert hosted.emulator.tls_port is not None
    return Device(hosted.emulator.tls_port, client_id, certificates=folder / "things" / thing)


def test_a_will_comes_when_its_client_is_lost_and_not_when_it_leaves(hosted: EmulatorThread) -> None:
    watcher = Device(hosted.emulator.mqtt_port, "watcher")
    watcher.event("connected")
    watcher.subscribe("gone/#")
    for name, leaves in (("leaver", True), ("lamp", False)):
        device = Device(hosted.emulator.mqtt_port, name, will=(f"gone/{name}", "lost", 1, True))
        device.event("connected")
        if not leaves:
            device.client.reconnect_delay_set(60, 60)
            assert hosted.call(hosted.emulator.gateway.cut, name)
            device.event("disconnected")
        device.close()
    message = watcher.message()
    assert (message.topic, message.payload, message.qos, message.retain) == ("gone/lamp", b"lost", 1, False)
    # It was to be retained: who subscribes later gets it too.
    watcher.subscribe("gone/lamp")
    message = watcher.message()
    assert (message.topic, message.payload, message.retain) == ("gone/lamp", b"lost", True)
    watcher.close()


def test_a_session_that_is_not_clean_gets_what_came_meanwhile(hosted: EmulatorThread) -> None:
    first = Device(hosted.emulator.mqtt_port, "lamp", clean_session=False)
    first.event("connected")
    first.subscribe("mail")
    first.close()
    sender = Device(hosted.emulator.mqtt_port, "sender")
    sender.event("connected")
    for text in ("one", "two"):
        sender.publish("mail", text)
    sender.publish("mail", "lost with QoS 0", qos=0)
    again = Device(hosted.emulator.mqtt_port, "lamp", clean_session=False)
    again.event("connected")
    sender.publish("mail", "three")
    assert [again.message().payload for _ in range(3)] == [b"one", b"two", b"three"]
    for device in (sender, again):
        device.close()


def test_a_thing_is_served_over_tls(hosted: EmulatorThread, tmp_path: Path) -> None:
    device = over_tls(hosted, tmp_path, "lamp", "lamp")
    assert device.event("connected").value == 0
    device.publish(f"{JOBS}/get", "{}")
    assert device.message().topic == f"{JOBS}/get/accepted"
    codes = device.subscribe(f"{JOBS}/notify", "$aws/things/door/jobs/notify", "room/light")
    assert [code.value for code in codes] == [1, 0x80, 1]
    device.client.reconnect_delay_set(60, 60)
    device.client.publish("$aws/things/door/jobs/get", "{}", 1)
    device.event("disconnected")
    device.close()


def test_a_certificate_of_another_thing_does_not_connect(hosted: EmulatorThread, tmp_path: Path) -> None:
    device = over_tls(hosted, tmp_path, "door", "lamp")
    device.client.reconnect_delay_set(60, 60)
    assert device.event("connected").getName() == "Not authorized"
    device.close()


# paho leaves it to the garbage collector to close a socket whose handshake failed.
@pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_is_not_trusted_is_not_talked_to(hosted: EmulatorThread, tmp_path: Path) -> None:
    CertificateFolder(tmp_path / "other").issue("lamp")
    with pytest.raises(ssl.SSLCertVerificationError):
        over_tls(hosted, tmp_path / "other", "lamp", "lamp")
    refused = hosted.wait(hosted.emulator.trace.wait(lambda it: it.kind == "REFUSED", PATIENCE))
    assert refused.note.startswith("TLS: ")
