# SPDX-License-Identifier: Apache-2.0
"""Mosquitto's command line clients against the gateway: clients that other people wrote, as they are installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from mqtt_bench import PATIENCE

from aws_fota.emulator.certificates import CertificateFolder
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.jobs_model import Status

pytestmark = pytest.mark.skipif(
    not shutil.which("mosquitto_sub"), reason="mosquitto's clients are not installed: apt install mosquitto-clients"
)

JOBS = "$aws/things/lamp/jobs"
DOCUMENT = {"operation": "app_fw_update", "size": 4}


class Clients:
    """An emulator with the things ``lamp`` and ``door``, and what mosquitto's clients are told to reach it."""

    def __init__(self, aws: EmulatorThread, folder: Path) -> None:
        self.aws = aws
        self.emulator = aws.emulator
        self.folder = folder
        self._listening: list[subprocess.Popen[str]] = []

    def plain(self) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.emulator.mqtt_port)]

    def tls(self, thing: str) -> list[str]:
        given = self.folder / "things" / thing
        files = (
            "--cafile",
            str(given / "ca.crt"),
            "--cert",
            str(given / "device.crt"),
            "--key",
            str(given / "device.key"),
        )
        return ["-h", "localhost", "-p", str(self.emulator.tls_port), *files]

    def publish(self, place: Sequence[str], client_id: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = ["mosquitto_pub", *place, "-i", client_id, *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def listen(self, place: Sequence[str], client_id: str, count: int, *options: str) -> subprocess.Popen[str]:
        """A subscriber that ends after `count` messages; it has subscribed when this returns."""
        after = self.aws.call(lambda: self.emulator.trace.entries[-1].number if self.emulator.trace.entries else 0)
        command = ["mosquitto_sub", *place, "-i", client_id, "-C", str(count), "-W", str(round(PATIENCE)), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._listening.append(process)
        self.aws.wait(
            self.emulator.trace.wait(lambda it: it.kind == "SUBACK" and it.client_id == client_id, PATIENCE, after)
        )
        return process

    def close(self) -> None:
        for process in self._listening:
            process.kill()
            process.communicate()


@pytest.fixture(name="clients")
def _clients(tmp_path: Path) -> Iterator[Clients]:
    with EmulatorThread(tls_port=0, certificates=CertificateFolder(tmp_path)) as aws:
        for thing in ("lamp", "door"):
            aws.call(aws.emulator.create_thing, thing)
        clients = Clients(aws, tmp_path)
        try:
            yield clients
        finally:
            clients.close()


def said(process: subprocess.Popen[str]) -> list[str]:
    out, errors = process.communicate(timeout=2 * PATIENCE)
    assert (process.returncode, errors) == (0, "")
    return out.splitlines()


@pytest.mark.parametrize("qos", ["0", "1"])
def test_a_message_goes_from_one_to_the_other(clients: Clients, qos: str) -> None:
    listener = clients.listen(clients.plain(), "listener", 2, "-t", "room/+/light", "-q", qos, "-F", "%t %q %r %p")
    for number in ("1", "2"):
        sent = clients.publish(clients.plain(), "sender", "-t", f"room/{number}/light", "-q", qos, "-m", f"on {number}")
        assert sent.returncode == 0, sent.stderr
    assert said(listener) == [f"room/{number}/light {qos} 0 on {number}" for number in "12"]


def test_a_retained_message_waits_for_subscribers(clients: Clients) -> None:
    for text in ("old", "new"):
        assert clients.publish(clients.plain(), "sender", "-t", "state", "-r", "-q", "1", "-m", text).returncode == 0
    assert said(clients.listen(clients.plain(), "first", 1, "-t", "state", "-F", "%r %p")) == ["1 new"]
    assert clients.publish(clients.plain(), "sender", "-t", "state", "-r", "-n").returncode == 0
    listener = clients.listen(clients.plain(), "second", 1, "-t", "state", "-F", "%r %p")
    clients.publish(clients.plain(), "sender", "-t", "state", "-m", "fresh")
    assert said(listener) == ["0 fresh"]


def test_a_will_is_published_when_its_client_is_lost(clients: Clients) -> None:
    listener = clients.listen(clients.plain(), "listener", 1, "-t", "gone/#", "-q", "1", "-F", "%t %q %p")
    will = ("--will-topic", "gone/lamp", "--will-payload", "lost", "--will-qos", "1")
    left = clients.listen(
        clients.plain(), "leaver", 1, "-t", "x", "--will-topic", "gone/leaver", "--will-payload", "left"
    )
    clients.publish(clients.plain(), "sender", "-t", "x", "-m", "end")
    assert said(left) == ["end"]
    clients.listen(clients.plain(), "lamp", 1, "-t", "x", *will).kill()
    assert said(listener) == ["gone/lamp 1 lost"]


def test_a_persistent_session_keeps_what_came_meanwhile(clients: Clients) -> None:
    listener = clients.listen(clients.plain(), "lamp", 1, "-c", "-t", "mail", "-q", "1")
    clients.publish(clients.plain(), "sender", "-t", "mail", "-q", "1", "-m", "first")
    assert said(listener) == ["first"]
    for text in ("second", "third"):
        clients.publish(clients.plain(), "sender", "-t", "mail", "-q", "1", "-m", text)
    assert said(clients.listen(clients.plain(), "lamp", 2, "-c", "-t", "mail", "-q", "1")) == ["second", "third"]


@pytest.mark.parametrize("tls", [False, True])
def test_a_job_is_done_by_hand(clients: Clients, tls: bool) -> None:
    place = clients.tls("lamp") if tls else clients.plain()
    told = clients.listen(place, "lamp", 1, "-t", f"{JOBS}/notify-next", "-q", "1")
    clients.aws.call(clients.emulator.create_job, "j", DOCUMENT, ["lamp"])
    assert json.loads(said(told)[0])["execution"]["jobDocument"] == DOCUMENT
    for version, status in ((1, "IN_PROGRESS"), (2, "SUCCEEDED")):
        members = json.dumps({"status": status, "expectedVersion": version, "clientToken": "t"})
        sent = clients.publish(place, "lamp", "-t", f"{JOBS}/j/update", "-q", "1", "-m", members)
        assert sent.returncode == 0, sent.stderr
        assert clients.aws.call(clients.emulator.execution, "j", "lamp").status is Status(status)
    stranger = clients.publish(place, "lamp", "-t", "$aws/things/door/jobs/get", "-q", "1", "-m", "{}")
    assert stranger.returncode != 0


@pytest.mark.parametrize("qos", ["0", "1"])
def test_an_answer_goes_to_a_client_that_never_subscribed(clients: Clients, qos: str) -> None:
    """mosquitto_pub leaves before it is answered; its persistent session keeps an answer with QoS 1, and that only."""
    clients.publish(clients.plain(), "lamp", "-c", "-t", f"{JOBS}/get", "-q", qos, "-m", '{"clientToken":"t"}')
    clients.aws.wait(clients.emulator.trace.wait(lambda it: it.kind == "CLOSED" and it.client_id == "lamp", PATIENCE))
    listener = clients.listen(clients.plain(), "lamp", 2 if qos == "1" else 1, "-c", "-t", "x", "-F", "%t")
    clients.publish(clients.plain(), "sender", "-t", "x", "-m", "y")
    assert said(listener) == [*([f"{JOBS}/get/accepted"] if qos == "1" else []), "x"]


def test_a_certificate_is_for_its_thing_only(clients: Clients) -> None:
    taken = clients.publish(clients.tls("lamp"), "door", "-t", "x", "-m", "y", "-q", "1")
    assert taken.returncode != 0
    assert "not authorised" in (taken.stdout + taken.stderr).lower()
    strange = CertificateFolder(clients.folder / "other").issue("lamp")
    files = (
        "--cafile",
        str(clients.folder / "ca.crt"),
        "--cert",
        str(strange / "device.crt"),
        "--key",
        str(strange / "device.key"),
    )
    refused = clients.publish(
        ["-h", "localhost", "-p", str(clients.emulator.tls_port), *files], "lamp", "-t", "x", "-m", "y", "-q", "1"
    )
    assert refused.returncode != 0
    clients.aws.wait(clients.emulator.trace.wait(lambda it: it.kind == "REFUSED", PATIENCE))
    mine = clients.publish(clients.tls("lamp"), "lamp", "-t", "x", "-m", "y", "-q", "1")
    assert (mine.returncode, mine.stderr) == (0, "")


def test_mqtt_5_and_qos_2_are_refused(clients: Clients) -> None:
    five = clients.publish(clients.plain(), "lamp", "-V", "mqttv5", "-t", "x", "-m", "y")
    assert five.returncode != 0
    assert "Unsupported Protocol Version" in five.stderr
    assert clients.publish(clients.plain(), "lamp", "-t", "x", "-m", "y", "-q", "2").returncode != 0
