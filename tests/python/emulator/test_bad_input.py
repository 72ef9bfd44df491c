# SPDX-License-Identifier: Apache-2.0
"""Bad input: it is refused, told once, and everybody else goes on as if nothing had happened."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mqtt_bench import PATIENCE, MqttBench, RawClient, bench, connect, publish, run, text

from aws_fota.emulator import http_log, listening, trace
from aws_fota.emulator.certificates import CertificateFolder
from aws_fota.emulator.gateway_limits import GatewayLimits
from aws_fota.emulator.happenings import Happenings
from aws_fota.emulator.overview import Overview
from aws_fota.emulator.page_server import PageServer

GET = "$aws/things/door/jobs/get"


class Watched:
    """An emulator with the client ``door``, who must not notice anything, and the lines that people are told."""

    def __init__(self, mqtt: MqttBench, door: RawClient, lines: list[str]) -> None:
        self.mqtt, self.door, self.lines = mqtt, door, lines

    async def line(self, part: str) -> None:
        """There is one line with `part`, and it stays one."""
        for _ in range(round(PATIENCE / 0.02)):
            if any(part in line for line in self.lines):
                break
            await asyncio.sleep(0.02)
        await self.goes_on()
        assert len([line for line in self.lines if part in line]) == 1, self.lines

    async def goes_on(self) -> None:
        answer = await asyncio.wait_for(self.door.ask(GET, packet_id=1), PATIENCE)
        assert answer.topic == f"{GET}/accepted"


@contextlib.asynccontextmanager
async def watched(**options: Any) -> AsyncIterator[Watched]:
    async with bench(**options) as mqtt:
        lines: list[str] = []
        Happenings(mqtt.emulator, lines.append)
        yield Watched(mqtt, await mqtt.client("door"), lines)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "a client was refused: "),
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "a client was refused: "),
        (b"\0" * 100, "a client was refused: "),
        (b"\x10\xff\xff\xff\x7f", "is over the limit"),
        (connect("lamp")[:-2] + b"\xc3\x28", "is not UTF-8"),
        (connect("\x1b]0;owned\x07") + b"\x30\0", "\\x1b]0;owned\\x07 disconnected: a packet ends inside a field"),
        (connect("lamp") + publish("$aws/things/door/jobs/get"), "may not publish on $aws/things/door/jobs/get"),
        (connect("lamp") + publish("x", b"x" * (128 * 1024 + 1)), "more than 131072 bytes"),
        (connect("lamp") + publish("/".join("123456789")), "more than 7 slashes"),
    ],
)
def test_a_client_that_talks_nonsense_is_refused_and_told_once(sent: bytes, told: str) -> None:
    async def test() -> None:
        async with watched() as it:
            client = await it.mqtt.open()
            client.send(sent)
            await client.ended()
            await it.line(told)

    run(test())


def test_mqtt_5_is_refused_in_its_own_words() -> None:
    async def test() -> None:
        async with watched() as it:
            client = await it.mqtt.open()
            client.send(b"\x10\x11" + text("MQTT") + b"\x05\x02\0\x3c\0" + text("lamp"))
            await client.expect(0x20, b"\0\x84\0")
            assert await client.ended() == b""
            await it.line("MQTT 5 is not served")

    run(test())


def test_connections_that_say_nothing_are_closed() -> None:
    async def test() -> None:
        async with watched(limits=GatewayLimits(connect_timeout_s=0.3)) as it:
            silent = [await it.mqtt.open() for _ in range(20)]
            for client in silent:
                client.send(b"\x10")
            for client in silent:
                assert await client.ended() == b""
            await it.line("silent for 0.3 s")

    run(test())


def test_a_handshake_that_does_not_come_to_an_end_is_given_up(tmp_path: Path) -> None:
    async def test() -> None:
        options = {"tls_port": 0, "certificates": CertificateFolder(tmp_path)}
        async with watched(limits=GatewayLimits(connect_timeout_s=0.3), **options) as it:
            port = it.mqtt.emulator.tls_port
            silent = it.mqtt.keep(RawClient(*await asyncio.open_connection("127.0.0.1", port)))
            silent.send(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03")
            assert await silent.ended() == b""
            await it.line("TLS: no handshake within 0.3 s")
            gone = RawClient(*await asyncio.open_connection("127.0.0.1", port))
            gone.send(b"\x16\x03\x01")
            await gone.close()
            await it.line("TLS: the client broke the handshake off")

    run(test())


def test_a_flood_of_messages_holds_nobody_up() -> None:
    async def test() -> None:
        async with watched() as it:
            flood = [await it.mqtt.client(f"flood-{number}") for number in range(4)]
            for client in flood:
                client.send(publish("nobody/listens", b"x" * 100) * 5000)
            for _ in range(10):
                await it.goes_on()
            for client in flood:
                await client.quiet()

    run(test())


def test_a_flood_of_large_messages_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "KEPT_BYTES", 1_000_000)

    async def test() -> None:
        async with watched() as it:
            client = await it.mqtt.client("lamp")
            for number in range(40):
                client.send(publish("nobody/listens", number.to_bytes(1, "big") * 100_000))
            await client.quiet()
            kept = [entry for entry in it.mqtt.emulator.trace.entries if entry.payload]
            assert 8 <= len(kept) <= 10
            assert kept[-1].payload[0] == 39
            await it.goes_on()

    run(test())


def test_a_flood_of_connections_holds_nobody_up() -> None:
    async def test() -> None:
        async with watched() as it:
            sockets = [socket.create_connection(("127.0.0.1", it.mqtt.emulator.mqtt_port)) for _ in range(90)]
            await it.goes_on()
            for one in sockets:
                one.close()
            await it.goes_on()
            assert not [line for line in it.lines if "refused" in line]

    run(test())


def test_a_flood_of_the_same_refusal_is_one_line() -> None:
    async def test() -> None:
        async with watched() as it:
            for _ in range(50):
                client = await it.mqtt.open()
                client.send(publish("x"))
                await client.ended()
            await it.line("the first packet is not a CONNECT")

    run(test())


def test_who_takes_a_client_id_disconnects_the_earlier_one() -> None:
    async def test() -> None:
        async with watched() as it:
            first = await it.mqtt.client("lamp")
            second = await it.mqtt.client("lamp")
            assert await first.ended() == b""
            await second.quiet()
            await it.line("lamp disconnected: its client id connected anew")

    run(test())


@pytest.mark.parametrize("turns", range(5))
@pytest.mark.parametrize("tls", [False, True])
def test_a_connection_that_is_accepted_while_the_gateway_closes_is_closed(
    turns: int, tls: bool, tmp_path: Path
) -> None:
    """With asyncio of Python 3.11 the accepted socket was forgotten, which a ResourceWarning tells."""

    async def test() -> None:
        options: dict[str, Any] = {"tls_port": 0, "certificates": CertificateFolder(tmp_path)} if tls else {}
        async with bench(**options) as mqtt:
            port = mqtt.emulator.tls_port if tls else mqtt.emulator.mqtt_port
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
            for _ in range(turns):
                await asyncio.sleep(0)
            await mqtt.emulator.gateway.close()
            for client in clients:
                client.settimeout(PATIENCE)
                with contextlib.suppress(ConnectionError):
                    assert await asyncio.to_thread(client.recv, 1) == b""
                client.close()

    run(test())
    # What was forgotten is told when it is collected; pytest makes an error of that.
    gc.collect()


@pytest.mark.parametrize("sent", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGE"])
def test_an_http_connection_without_a_whole_request_is_closed(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "IDLE_S", 0.2)

    async def test() -> None:
        async with watched(api_port=0) as it:
            page = PageServer(Overview(it.mqtt.emulator))
            for port in (it.mqtt.emulator.http_port, it.mqtt.emulator.api_port, await page.listen(0)):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(sent)
                await asyncio.wait_for(reader.read(), PATIENCE)
                writer.close()
            await it.goes_on()
            await page.close()

    run(test())


def test_what_is_no_http_is_logged_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(http_log.LOGGER, "filters", [http_log._OneLine()])

    async def test() -> None:
        async with watched() as it:
            for number in range(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", it.mqtt.emulator.http_port)
                writer.write(b"GET http://[::%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
                await asyncio.wait_for(reader.read(), PATIENCE)
                writer.close()
            await it.goes_on()

    run(test())
    assert [message for message in caplog.messages if "no HTTP" in message] == [
        "Error handling request from 127.0.0.1: it is no HTTP (InvalidURLError)"
    ]
