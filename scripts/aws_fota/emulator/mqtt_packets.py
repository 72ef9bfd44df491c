# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1.1 control packets as a server sees them, and the bytes of those that it sends.

Numbers such as [MQTT-3.8.3-3] are the conformance statements of the OASIS standard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum


class Kind(IntEnum):
    """The upper half of a packet's first byte."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class ConnectCode(IntEnum):
    """Return codes of CONNACK."""

    ACCEPTED = 0
    WRONG_PROTOCOL_VERSION = 1
    IDENTIFIER_REJECTED = 2
    SERVER_UNAVAILABLE = 3
    BAD_CREDENTIALS = 4
    NOT_AUTHORIZED = 5
    #: The reason code of MQTT 5, in a CONNACK of MQTT 5: clients of that version understand no other.
    UNSUPPORTED_PROTOCOL_VERSION = 0x84


#: The return code of SUBACK for a filter that is not granted.
SUBSCRIPTION_REFUSED = 0x80


class ProtocolError(Exception):
    """Bytes or packets that break the standard or a limit: the connection is closed.

    Args:
        reason: what is wrong, for the trace.
        connect_code: what a CONNACK says first, None to close without a word.
    """

    def __init__(self, reason: str, connect_code: ConnectCode | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.connect_code = connect_code


@dataclass(frozen=True)
class Publish:
    """PUBLISH, in both directions; `packet_id` is 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int = 0

    def again(self) -> Publish:
        """The same message as it is sent a second time."""
        return replace(self, dup=self.qos > 0)


@dataclass(frozen=True)
class Connect:
    """CONNECT; `keep_alive_s` is 0 for none, `will` the message that is published when the client is lost."""

    client_id: str
    clean_session: bool
    keep_alive_s: int
    will: Publish | None = None
    username: str | None = None
    password: bytes | None = None


@dataclass(frozen=True)
class Connack:
    """CONNACK."""

    code: ConnectCode
    session_present: bool = False


@dataclass(frozen=True)
class Puback:
    """PUBACK, in both directions."""

    packet_id: int


@dataclass(frozen=True)
class Subscribe:
    """SUBSCRIBE: filters with the QoS asked for, 0 to 2."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Suback:
    """SUBACK: for each filter the QoS granted, or 0x80."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True)
class Unsubscribe:
    """UNSUBSCRIBE."""

    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True)
class Unsuback:
    """UNSUBACK."""

    packet_id: int


@dataclass(frozen=True)
class Pingreq:
    """PINGREQ."""


@dataclass(frozen=True)
class Pingresp:
    """PINGRESP."""


@dataclass(frozen=True)
class Disconnect:
    """DISCONNECT."""


Incoming = Connect | Publish | Puback | Subscribe | Unsubscribe | Pingreq | Disconnect
Outgoing = Connack | Publish | Puback | Suback | Unsuback | Pingresp
Packet = Incoming | Outgoing


def encode(packet: Outgoing) -> bytes:
    """The bytes of a packet that the server sends."""
    if isinstance(packet, Publish):
        flags = packet.dup << 3 | packet.qos << 1 | packet.retain
        packet_id = _u16(packet.packet_id) if packet.qos else b""
        return _framed(Kind.PUBLISH, flags, _text(packet.topic) + packet_id + packet.payload)
    if isinstance(packet, Connack):
        if packet.code is ConnectCode.UNSUPPORTED_PROTOCOL_VERSION:
            return _framed(Kind.CONNACK, 0, bytes([0, packet.code, 0]))
        return _framed(Kind.CONNACK, 0, bytes([packet.session_present, packet.code]))
    if isinstance(packet, Puback):
        return _framed(Kind.PUBACK, 0, _u16(packet.packet_id))
    if isinstance(packet, Suback):
        return _framed(Kind.SUBACK, 0, _u16(packet.packet_id) + bytes(packet.codes))
    if isinstance(packet, Unsuback):
        return _framed(Kind.UNSUBACK, 0, _u16(packet.packet_id))
    return _framed(Kind.PINGRESP, 0, b"")


def _framed(kind: Kind, flags: int, body: bytes) -> bytes:
    length = len(body)
    header = bytearray([kind << 4 | flags])
    while True:
        length, low = divmod(length, 128)
        header.append(low | 0x80 if length else low)
        if not length:
            return bytes(header) + body


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def _text(value: str) -> bytes:
    raw = value.encode("utf-8")
    return _u16(len(raw)) + raw
