# SPDX-License-Identifier: Apache-2.0
"""From bytes to MQTT 3.1.1 packets, without I/O: fed pieces of any size, strict about every one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aws_fota.emulator.mqtt_packets import (
    Connect,
    ConnectCode,
    Disconnect,
    Incoming,
    Kind,
    Pingreq,
    ProtocolError,
    Puback,
    Publish,
    Subscribe,
    Unsubscribe,
)

#: The protocol level of MQTT 3.1.1.
LEVEL = 4


class Decoder:
    """Reads what one client sends.

    Args:
        max_length: the largest remaining length; a longer packet is refused as soon as it is announced.
    """

    def __init__(self, max_length: int) -> None:
        self._max_length = max_length
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Incoming]:
        """The packets that are complete now.

        Raises:
            ProtocolError: the packet after the last one yielded is malformed; nothing may be fed any more.
        """
        self._buffer += data
        while (framed := self._framed()) is not None:
            first, body = framed
            yield _decode(first, body)

    def _framed(self) -> tuple[int, bytes] | None:
        """The first byte and the body of the next packet, None while it is not complete."""
        if self._buffer:
            _check_first(self._buffer[0])
        length = 0
        for index in range(1, min(len(self._buffer), 5)):
            byte = self._buffer[index]
            length |= (byte & 0x7F) << 7 * (index - 1)
            if length > self._max_length:
                raise ProtocolError(f"a packet of {length} bytes or more is over the limit of {self._max_length}")
            if byte < 0x80:
                end = index + 1 + length
                if len(self._buffer) < end:
                    return None
                first, body = self._buffer[0], bytes(self._buffer[index + 1 : end])
                del self._buffer[:end]
                return first, body
        if len(self._buffer) >= 5:
            raise ProtocolError("the remaining length has more than four bytes")
        return None


class _Body:
    """What is left of a packet's body."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if self.left < count:
            raise ProtocolError("a packet ends inside a field")
        self._at += count
        return self._data[self._at - count : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def blob(self) -> bytes:
        return self.take(self.u16())

    def text(self) -> str:
        try:
            text = self.blob().decode("utf-8")
        except UnicodeDecodeError as error:
            raise ProtocolError("a string is not UTF-8 [MQTT-1.5.3-1]") from error
        if "\0" in text:
            raise ProtocolError("a string holds U+0000 [MQTT-1.5.3-2]")
        return text

    def packet_id(self) -> int:
        packet_id = self.u16()
        if packet_id == 0:
            raise ProtocolError("a packet identifier is 0 [MQTT-2.3.1-1]")
        return packet_id

    def end(self) -> None:
        if self.left:
            raise ProtocolError(f"a packet has {self.left} bytes too many")


def check_filter(pattern: str) -> None:
    """Refuse a topic filter that is empty or whose wildcards are not whole levels.

    Raises:
        ProtocolError: it is not a topic filter.
    """
    if not pattern:
        raise ProtocolError("a topic filter is empty [MQTT-4.7.3-1]")
    levels = pattern.split("/")
    for index, level in enumerate(levels):
        if "#" in level and (level != "#" or index != len(levels) - 1):
            raise ProtocolError("# is not the last level of a topic filter [MQTT-4.7.1-2]")
        if "+" in level and level != "+":
            raise ProtocolError("+ is not a whole level of a topic filter [MQTT-4.7.1-3]")


def _check_first(first: int) -> None:
    """Refuse a packet by its first byte, so that nobody waits for the rest of one that will be refused."""
    kind, flags = first >> 4, first & 0x0F
    if kind == Kind.PUBLISH:
        if flags & 6 == 6:
            raise ProtocolError("a PUBLISH has QoS 3 [MQTT-3.3.1-4]")
        if flags & 14 == 8:
            raise ProtocolError("a PUBLISH of QoS 0 has DUP set [MQTT-3.3.1-2]")
    elif kind not in _DECODERS:
        raise ProtocolError(f"a client cannot send packet type {kind} to a server without QoS 2")
    elif flags != _DECODERS[kind][1]:
        raise ProtocolError(f"the flags of packet type {kind} are {flags:#x} [MQTT-2.2.2-2]")


def _decode(first: int, raw: bytes) -> Incoming:
    kind, body = first >> 4, _Body(raw)
    packet = _publish(first & 0x0F, body) if kind == Kind.PUBLISH else _DECODERS[kind][0](body)
    body.end()
    return packet


def _publish(flags: int, body: _Body) -> Publish:
    dup, qos, retain = bool(flags & 8), flags >> 1 & 3, bool(flags & 1)
    topic = body.text()
    if not topic or "#" in topic or "+" in topic:
        raise ProtocolError("a PUBLISH goes to no topic or to a wildcard [MQTT-3.3.2-2]")
    packet_id = body.packet_id() if qos else 0
    return Publish(topic, body.take(body.left), qos, retain, dup, packet_id)


def _connect(body: _Body) -> Connect:
    name, level = body.text(), body.byte()
    if (name, level) == ("MQTT", 5):
        raise ProtocolError("MQTT 5 is not served, only 3.1.1", ConnectCode.UNSUPPORTED_PROTOCOL_VERSION)
    if (name, level) == ("MQIsdp", 3) or (name == "MQTT" and level != LEVEL):
        raise ProtocolError(f"protocol level {level} is not MQTT 3.1.1", ConnectCode.WRONG_PROTOCOL_VERSION)
    if name != "MQTT":
        raise ProtocolError("the protocol is not MQTT [MQTT-3.1.2-1]")
    flags, keep_alive_s = body.byte(), body.u16()
    if flags & 1:
        raise ProtocolError("the reserved flag of a CONNECT is set [MQTT-3.1.2-3]")
    client_id = body.text()
    will = _will(flags, body)
    has_name, has_password = bool(flags & 0x80), bool(flags & 0x40)
    if has_password and not has_name:
        raise ProtocolError("a CONNECT has a password and no user name [MQTT-3.1.2-22]")
    username = body.text() if has_name else None
    password = body.blob() if has_password else None
    return Connect(client_id, bool(flags & 2), keep_alive_s, will, username, password)


def _will(flags: int, body: _Body) -> Publish | None:
    qos, retain = flags >> 3 & 3, bool(flags & 0x20)
    if not flags & 4:
        if qos or retain:
            raise ProtocolError("a CONNECT without a will has a will's flags [MQTT-3.1.2-13]")
        return None
    if qos == 3:
        raise ProtocolError("a will has QoS 3 [MQTT-3.1.2-14]")
    topic = body.text()
    if not topic or "#" in topic or "+" in topic:
        raise ProtocolError("a will goes to no topic or to a wildcard")
    return Publish(topic, body.blob(), qos, retain)


def _subscribe(body: _Body) -> Subscribe:
    packet_id = body.packet_id()
    filters = []
    while body.left:
        pattern, qos = body.text(), body.byte()
        check_filter(pattern)
        if qos > 2:
            raise ProtocolError("a SUBSCRIBE asks for more than QoS 2 [MQTT-3.8.3-4]")
        filters.append((pattern, qos))
    if not filters:
        raise ProtocolError("a SUBSCRIBE has no topic filter [MQTT-3.8.3-3]")
    return Subscribe(packet_id, tuple(filters))


def _unsubscribe(body: _Body) -> Unsubscribe:
    packet_id = body.packet_id()
    filters = []
    while body.left:
        pattern = body.text()
        check_filter(pattern)
        filters.append(pattern)
    if not filters:
        raise ProtocolError("an UNSUBSCRIBE has no topic filter [MQTT-3.10.3-2]")
    return Unsubscribe(packet_id, tuple(filters))


#: Per packet type its decoder and the only value of its flags.
_DECODERS: dict[int, tuple[Callable[[_Body], Incoming], int]] = {
    Kind.CONNECT: (_connect, 0),
    Kind.PUBACK: (lambda body: Puback(body.packet_id()), 0),
    Kind.SUBSCRIBE: (_subscribe, 2),
    Kind.UNSUBSCRIBE: (_unsubscribe, 2),
    Kind.PINGREQ: (lambda body: Pingreq(), 0),
    Kind.DISCONNECT: (lambda body: Disconnect(), 0),
}
