# SPDX-License-Identifier: Apache-2.0
"""An MQTT client that sends whatever bytes a test wants, and reads packets one by one."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from aws_fota.emulator.emulator import Emulator

#: Seconds after which a test that waits for something has failed.
PATIENCE = 10.0

_Result = TypeVar("_Result")


def run(test: Coroutine[Any, Any, _Result]) -> _Result:
    """Run one asynchronous test."""
    return asyncio.run(asyncio.wait_for(test, 3 * PATIENCE))


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(2, "big") + raw


def packet(first: int, body: bytes = b"") -> bytes:
    length, header = len(body), bytearray([first])
    while True:
        length, low = divmod(length, 128)
        header.append(low | 0x80 if length else low)
        if not length:
            return bytes(header) + body


def connect(
    client_id: str, *, clean: bool = True, keep_alive: int = 60, will: tuple[str, bytes, int] | None = None
) -> bytes:
    flags = 2 * clean
    tail = b""
    if will:
        flags |= 4 | will[2] << 3
        tail = text(will[0]) + text(will[1])
    return packet(0x10, text("MQTT") + bytes([4, flags]) + keep_alive.to_bytes(2, "big") + text(client_id) + tail)


def subscribe(packet_id: int, *filters: str, qos: int = 1) -> bytes:
    return packet(0x82, packet_id.to_bytes(2, "big") + b"".join(text(it) + bytes([qos]) for it in filters))


def unsubscribe(packet_id: int, *filters: str) -> bytes:
    return packet(0xA2, packet_id.to_bytes(2, "big") + b"".join(text(it) for it in filters))


def publish(topic: str, payload: bytes = b"", *, packet_id: int = 0, retain: bool = False, dup: bool = False) -> bytes:
    qos = 1 if packet_id else 0
    identifier = packet_id.to_bytes(2, "big") if packet_id else b""
    return packet(0x30 | dup << 3 | qos << 1 | retain, text(topic) + identifier + payload)


def puback(packet_id: int) -> bytes:
    return packet(0x40, packet_id.to_bytes(2, "big"))


PINGREQ = packet(0xC0)
DISCONNECT = packet(0xE0)


@dataclass(frozen=True)
class Received:
    """A PUBLISH as the client got it."""

    topic: str
    payload: bytes
    qos: int
    dup: bool
    retain: bool
    packet_id: int

    @property
    def members(self) -> dict[str, Any]:
        members: dict[str, Any] = json.loads(self.payload)
        return members


class RawClient:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, *packets: bytes) -> None:
        self._writer.write(b"".join(packets))

    async def read(self) -> tuple[int, bytes]:
        """The first byte and the body of the next packet; IncompleteReadError when the server closed."""
        first = (await self._reader.readexactly(1))[0]
        length = shift = 0
        while True:
            byte = (await self._reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return first, await self._reader.readexactly(length)

    async def message(self) -> Received:
        """The next packet, which must be a PUBLISH."""
        first, body = await self.read()
        assert first >> 4 == 3, f"packet type {first >> 4}"
        end = 2 + int.from_bytes(body[:2], "big")
        qos = first >> 1 & 3
        packet_id = int.from_bytes(body[end : end + 2], "big") if qos else 0
        payload = body[end + 2 :] if qos else body[end:]
        return Received(body[2:end].decode(), payload, qos, bool(first & 8), bool(first & 1), packet_id)

    async def expect(self, first: int, body: bytes | None = None) -> bytes:
        got, rest = await self.read()
        assert got == first, f"{got:#x} {rest!r}"
        assert body is None or rest == body
        return rest

    async def ask(self, topic: str, members: object = None, *, packet_id: int = 0) -> Received:
        """Publish a request on a Jobs topic; the next packets are its PUBACK, if any, and the answer."""
        payload = b"{}" if members is None else json.dumps(members).encode()
        self.send(publish(topic, payload, packet_id=packet_id))
        if packet_id:
            await self.expect(0x40, packet_id.to_bytes(2, "big"))
        return await self.message()

    async def ended(self) -> bytes:
        """What still comes until the server closes the connection."""
        try:
            return await self._reader.read(-1)
        except ConnectionError:
            return b""

    async def quiet(self) -> None:
        """Nothing was sent before the answer to this ping."""
        self.send(PINGREQ)
        await self.expect(0xD0, b"")

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


class MqttBench:
    """An emulator with the things ``lamp`` and ``door``, and its raw clients."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._clients: list[RawClient] = []

    async def open(self) -> RawClient:
        return self.keep(RawClient(*await asyncio.open_connection("127.0.0.1", self.emulator.mqtt_port)))

    def keep(self, client: RawClient) -> RawClient:
        """Have a client closed at the end."""
        self._clients.append(client)
        return client

    async def client(self, client_id: str = "lamp", **options: Any) -> RawClient:
        client = await self.open()
        client.send(connect(client_id, **options))
        assert (await client.expect(0x20))[1] == 0
        return client

    async def closed(self, client_id: str, after: int = 0) -> str:
        """Waits until a connection is closed; why it was."""
        entry = await self.emulator.trace.wait(
            lambda it: it.kind == "CLOSED" and it.client_id == client_id, PATIENCE, after
        )
        return entry.note

    async def close(self) -> None:
        for client in self._clients:
            await client.close()


@contextlib.asynccontextmanager
async def bench(**options: Any) -> AsyncIterator[MqttBench]:
    async with Emulator(**options) as emulator:
        for thing in ("lamp", "door"):
            emulator.create_thing(thing)
        clients = MqttBench(emulator)
        try:
            yield clients
        finally:
            await clients.close()
