# SPDX-License-Identifier: Apache-2.0
"""One client's connection: bytes, packets, keep alive and faults; what the packets mean is the gateway's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from aws_fota.emulator.gateway_faults import Fault, GatewayFaults, Misfortune
from aws_fota.emulator.gateway_limits import GatewayLimits
from aws_fota.emulator.gateway_session import Session
from aws_fota.emulator.mqtt_decoder import Decoder
from aws_fota.emulator.mqtt_packets import (
    Connack,
    Connect,
    Incoming,
    Outgoing,
    Packet,
    ProtocolError,
    Puback,
    Publish,
    Subscribe,
    Unsubscribe,
    encode,
)
from aws_fota.emulator.output_commit import OutputCommit
from aws_fota.emulator.trace import Trace


class ConnectionOwner(Protocol):
    """What a connection needs of the gateway."""

    limits: GatewayLimits
    faults: GatewayFaults
    trace: Trace
    output: OutputCommit | None

    def received(self, connection: Connection, packet: Incoming) -> None:
        """Carry out a packet.

        Raises:
            ProtocolError: the connection is to be closed.
        """

    def opened(self, connection: Connection) -> None:
        """The connection is there."""

    def ended(self, connection: Connection) -> None:
        """Nothing is carried out or sent on the connection any more."""

    def lost(self, connection: Connection) -> None:
        """The connection is gone, with all that was still to be sent on it."""


class Connection(asyncio.Protocol):
    """The server's end of one connection.

    Attributes:
        client_id: empty until CONNECT was accepted, as is `session`.
        will: what is published when the connection ends without a DISCONNECT.
    """

    def __init__(self, owner: ConnectionOwner) -> None:
        self.client_id = ""
        self.session: Session | None = None
        self.will: Publish | None = None
        self._owner = owner
        self._decoder = Decoder(owner.limits.packet_bytes)
        self._transport: asyncio.Transport | None = None
        self._ended = False
        self._watch: asyncio.TimerHandle | None = None
        self._silence_s = owner.limits.connect_timeout_s
        self._heard = 0.0

    @property
    def open(self) -> bool:
        """Whether packets can still be sent and are still carried out."""
        return not self._ended

    @property
    def certificate(self) -> dict[str, Any] | None:
        """The client's certificate on a TLS connection that asked for one."""
        assert self._transport is not None
        certificate: dict[str, Any] | None = self._transport.get_extra_info("peercert")
        return certificate

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._owner.opened(self)
        self._note("", "OPENED")
        self.listen_for(self._silence_s)

    def data_received(self, data: bytes) -> None:
        try:
            for packet in self._decoder.feed(data):
                if not self.open:
                    return
                self._heard = asyncio.get_running_loop().time()
                self._arrived(packet)
        except ProtocolError as error:
            if error.connect_code is not None and not self.client_id:
                self.send(Connack(error.connect_code))
            self.close(error.reason)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("closed by the client" if exc is None else f"lost: {exc}")
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            # Python 3.10's TLS transport takes one that its peer closed for one that we forgot.
            self._transport.close()
        self._owner.lost(self)

    def listen_for(self, silence_s: float) -> None:
        """Close the connection when no packet comes for longer than this, from now on."""
        self._silence_s = silence_s
        self._heard = asyncio.get_running_loop().time()
        self._watch_silence()

    def send(self, packet: Outgoing) -> None:
        """Send a packet, unless a fault strikes it; nothing happens on a connection that is closed."""
        output = self._owner.output
        if output is not None and output.waiting:
            output.then(lambda: self._send(packet))
        else:
            self._send(packet)

    def _send(self, packet: Outgoing) -> None:
        if not self.open:
            return
        fault = None
        if isinstance(packet, Publish | Puback):
            fault = self._owner.faults.striking(self.client_id, packet, incoming=False)
        if fault is None:
            self._write(packet)
            if isinstance(packet, Publish):
                self._owner.faults.passed(self.client_id, incoming=False)
            return
        self._note_packet("out", packet, fault.misfortune.value)
        if fault.misfortune is Misfortune.CUT and fault.byte is not None:
            self._cut_inside(packet, fault.byte)
        elif fault.misfortune is Misfortune.CORRUPT and isinstance(packet, Publish):
            self._write(replace(packet, payload=fault.corrupted(packet.payload)))
        else:
            self._befall(fault, lambda: self._write(packet))

    def close(self, reason: str) -> None:
        """Close the connection after what was sent; `reason` is for the trace."""
        if self._owner.output is not None:
            self._owner.output.release()
        if not self._ended:
            assert self._transport is not None
            self._end(reason)
            self._transport.close()
            # A client that reads nothing would keep the connection for ever.
            self._watch = asyncio.get_running_loop().call_later(self._owner.limits.linger_s, self._transport.abort)

    def cut(self, reason: str) -> None:
        """Break the connection off without sending what is buffered, also when it is being closed."""
        assert self._transport is not None
        self._end(reason)
        self._transport.abort()

    def _arrived(self, packet: Incoming) -> None:
        fault = None
        if isinstance(packet, Publish | Puback):
            fault = self._owner.faults.striking(self.client_id, packet, incoming=True)
        self._note_packet("in", packet, fault.misfortune.value if fault else "")
        if fault is None:
            self._owner.received(self, packet)
            if isinstance(packet, Publish):
                self._owner.faults.passed(self.client_id, incoming=True)
        elif fault.misfortune is Misfortune.CORRUPT and isinstance(packet, Publish):
            self._owner.received(self, replace(packet, payload=fault.corrupted(packet.payload)))
        else:
            self._befall(fault, lambda: self._carry_out_late(packet))

    def _carry_out_late(self, packet: Incoming) -> None:
        try:
            self._owner.received(self, packet)
        except ProtocolError as error:
            self.close(error.reason)

    def _befall(self, fault: Fault, proceed: Callable[[], None]) -> None:
        def unless_closed() -> None:
            if self.open:
                proceed()

        if fault.misfortune is Misfortune.CUT:
            self.cut("cut on demand")
        elif fault.misfortune in (Misfortune.HOLD, Misfortune.REORDER):
            fault.hold(self.client_id, unless_closed)
        elif fault.misfortune is Misfortune.DELAY:
            asyncio.get_running_loop().call_later(fault.seconds, unless_closed)
        elif fault.misfortune is Misfortune.DUPLICATE:
            unless_closed()
            unless_closed()

    def _cut_inside(self, packet: Outgoing, byte: int) -> None:
        """Break the connection off after the first bytes of a packet."""
        assert self._transport is not None
        self._transport.write(encode(packet)[:byte])
        self.close(f"cut on demand after {byte} bytes of a packet")

    def _write(self, packet: Outgoing) -> None:
        assert self._transport is not None
        self._note_packet("out", packet, "")
        self._transport.write(encode(packet))
        if self._transport.get_write_buffer_size() > self._owner.limits.send_buffer_bytes:
            self.cut("the client does not read what it is sent")

    def _watch_silence(self) -> None:
        """Close the connection if its time is up, else come back when it would be: cheaper than a timer per packet."""
        if self._watch is not None:
            self._watch.cancel()
        loop = asyncio.get_running_loop()
        if loop.time() - self._heard >= self._silence_s:
            self.close(f"silent for {self._silence_s:g} s")
        else:
            self._watch = loop.call_at(self._heard + self._silence_s, self._watch_silence)

    def _end(self, reason: str) -> None:
        if self._ended:
            return
        self._ended = True
        if self._watch is not None:
            self._watch.cancel()
        self._note("", "CLOSED", note=reason)
        self._owner.ended(self)

    def _note_packet(self, direction: str, packet: Packet, note: str) -> None:
        kind = type(packet).__name__.upper()
        if isinstance(packet, Publish):
            self._note(
                direction,
                kind,
                topic=packet.topic,
                payload=packet.payload,
                qos=packet.qos,
                dup=packet.dup,
                packet_id=packet.packet_id,
                note=note,
            )
        elif isinstance(packet, Subscribe):
            topics = ", ".join(pattern for pattern, _ in packet.filters)
            self._note(direction, kind, topic=topics, packet_id=packet.packet_id)
        elif isinstance(packet, Unsubscribe):
            self._note(direction, kind, topic=", ".join(packet.filters), packet_id=packet.packet_id)
        elif isinstance(packet, Connect):
            self._owner.trace.add(packet.client_id, direction, kind)
        elif isinstance(packet, Connack):
            self._note(direction, kind, note=packet.code.name if packet.code else "")
        else:
            self._note(direction, kind, packet_id=getattr(packet, "packet_id", 0), note=note)

    def _note(self, direction: str, kind: str, **members: Any) -> None:
        self._owner.trace.add(self.client_id, direction, kind, **members)
