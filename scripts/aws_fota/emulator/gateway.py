# SPDX-License-Identifier: Apache-2.0
"""AWS IoT's device gateway: it terminates MQTT 3.1.1 itself, and answers Jobs requests to the client that published.

Why the MQTT server is written here and not taken from a library: amqtt 0.12.1, subclassed, was tried first. It takes
a SUBSCRIBE with wrong flags and QoS 7 (and grants 7), goes on in the middle of a packet after a malformed one, never
closes a connection whose keep alive ran out, waits for the 256 MiB that a header announces, starts a task per packet,
and walks all filters of all clients for each message (671 publishes a second with 1000 clients, in one process with
them). Strictness and faults are what this gateway is for, and they sit in the parts that a subclass would have to
replace. Of the codecs without I/O, mqtt-codec does not build on Python 3.11, and no other was found that installs.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from aws_fota.emulator import jobs_topics
from aws_fota.emulator.gateway_connection import Connection
from aws_fota.emulator.gateway_faults import GatewayFaults
from aws_fota.emulator.gateway_limits import GatewayLimits
from aws_fota.emulator.gateway_policy import Identity, OwnThing, Policy
from aws_fota.emulator.gateway_session import Keeper, Kept, Session
from aws_fota.emulator.jobs_model import Delivery
from aws_fota.emulator.listening import listen, stop_listening
from aws_fota.emulator.mqtt_packets import (
    SUBSCRIPTION_REFUSED,
    Connack,
    Connect,
    ConnectCode,
    Disconnect,
    Incoming,
    Pingresp,
    ProtocolError,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from aws_fota.emulator.mqtt_subscriptions import SubscriptionTree, matches
from aws_fota.emulator.output_commit import OutputCommit
from aws_fota.emulator.tls_handshake import TlsHandshakes
from aws_fota.emulator.trace import Trace

#: Answers a request on a Jobs topic: thing, topic, payload.
JobsHandler = Callable[[str, str, bytes], list[Delivery]]


class Gateway:
    """The broker side of MQTT; must be used from one event loop only.

    Args:
        jobs: answers what is published on Jobs topics.
        trace: where every packet is noted.
        policy: what a client may do.
        limits: AWS's limits, or a test's own.

    Attributes:
        faults: misfortunes to order.
        connections: the open ones by client id.
        output: what is sent waits for it; None when nothing is kept.
    """

    def __init__(
        self, jobs: JobsHandler, trace: Trace, *, policy: Policy | None = None, limits: GatewayLimits | None = None
    ) -> None:
        self.trace = trace
        self.limits = limits or GatewayLimits()
        self.faults = GatewayFaults()
        self.connections: dict[str, Connection] = {}
        self._jobs = jobs
        self._policy = policy or OwnThing()
        self._all: set[Connection] = set()
        self._sessions: dict[str, Session] = {}
        self._tree = SubscriptionTree()
        self._retained: dict[str, Publish] = {}
        self._servers: list[asyncio.Server] = []
        self._handshakes: list[TlsHandshakes] = []
        self._anonymous = itertools.count(1)
        self._closing = False
        self._keeper: Keeper | None = None
        self.output: OutputCommit | None = None

    def restore(
        self,
        sessions: Mapping[str, tuple[Mapping[str, int], Iterable[Kept]]],
        retained: Iterable[Publish],
        keeper: Keeper,
        output: OutputCommit,
    ) -> None:
        """Take up what was kept of an earlier gateway, and have the same kept of this one from now on.

        Args:
            sessions: subscriptions and messages by client id.
            retained: the retained messages.
            keeper: where they are kept.
            output: what is sent waits until it is.
        """
        self._keeper, self.output = keeper, output
        for client_id, (subscriptions, kept) in sessions.items():
            session = self._sessions[client_id] = self._new_session(client_id, clean=False)
            session.restore(subscriptions, kept)
            for pattern, qos in session.subscriptions.items():
                self._tree.add(client_id, pattern, qos)
        self._retained.update((message.topic, message) for message in retained)

    async def listen(self, host: str, port: int, *, option: str, tls: ssl.SSLContext | None = None) -> int:
        """Accept connections on one more port; 0 takes a free one.

        Args:
            option: the command line option to name when the port is taken.
            tls: makes it a TLS port.

        Returns:
            The port.

        Raises:
            InputError: the address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        self._closing = False
        protocol: Callable[[], asyncio.Protocol] = partial(Connection, self)
        if tls is not None:
            handshakes = TlsHandshakes(tls, self.limits.connect_timeout_s, protocol, self._refused)
            self._handshakes.append(handshakes)
            protocol = handshakes.protocol
        server, bound = await listen(lambda free: loop.create_server(protocol, host, free), host, port, option)
        self._servers.append(server)
        return bound

    async def close(self) -> None:
        """End: stop listening, close all connections and forget the faults; no will is published."""
        await self.interrupt()
        self.faults.clear()

    async def interrupt(self) -> None:
        """Stop listening and close all connections until :meth:`listen`; sessions and faults stay."""
        self._closing = True
        await stop_listening(self._servers)
        for handshakes in self._handshakes:
            await handshakes.close()
        self._handshakes.clear()
        for connection in list(self._all):
            connection.will = None
            connection.cut("the gateway stops")
        for _ in range(10):
            # A connection is gone a few turns of the event loop after it was cut, with TLS later than without.
            if self._all:
                await asyncio.sleep(0)

    def _refused(self, reason: str) -> None:
        self.trace.add("", "", "REFUSED", note=reason)

    def cut(self, client_id: str) -> bool:
        """Break a client's connection off; whether there was one."""
        connection = self.connections.get(client_id)
        if connection is not None:
            connection.cut("cut on demand")
        return connection is not None

    def publish(self, message: Publish) -> None:
        """Send a message to everyone who subscribed to its topic, and keep it if it is to be retained."""
        if message.retain:
            if message.payload:
                self._retained[message.topic] = message
            else:
                self._retained.pop(message.topic, None)
            if self._keeper is not None:
                self._keeper.retained_changed(message.topic, self._retained.get(message.topic))
        for client_id, qos in self._tree.match(message.topic).items():
            self._send(client_id, replace(message, qos=min(qos, message.qos), retain=False, dup=False, packet_id=0))

    def notify(self, deliveries: list[Delivery]) -> None:
        """Send the notifications among `deliveries` to their subscribers, with QoS 1 as far as they asked for it."""
        for delivery in deliveries:
            if not delivery.to_publisher:
                self.publish(Publish(delivery.topic, delivery.payload, qos=1))

    def received(self, connection: Connection, packet: Incoming) -> None:
        """Carry out one packet; see :class:`ConnectionOwner`."""
        if isinstance(packet, Connect):
            self._connect(connection, packet)
        elif connection.session is None:
            raise ProtocolError("the first packet is not a CONNECT [MQTT-3.1.0-1]")
        elif isinstance(packet, Publish):
            self._published(connection, packet)
        elif isinstance(packet, Puback):
            for message in connection.session.acknowledged(packet.packet_id):
                connection.send(message)
        elif isinstance(packet, Subscribe):
            self._subscribe(connection, connection.session, packet)
        elif isinstance(packet, Unsubscribe):
            for pattern in packet.filters:
                connection.session.unsubscribe(pattern)
                self._tree.remove(connection.client_id, pattern)
            connection.send(Unsuback(packet.packet_id))
        elif isinstance(packet, Disconnect):
            connection.will = None
            connection.close("disconnected by the client")
        else:
            connection.send(Pingresp())

    def opened(self, connection: Connection) -> None:
        """Know a connection; see :class:`ConnectionOwner`."""
        self._all.add(connection)
        if self._closing:
            connection.cut("the gateway stops")

    def ended(self, connection: Connection) -> None:
        """End a client's connection; see :class:`ConnectionOwner`."""
        client_id, session = connection.client_id, connection.session
        if session is None:
            return
        del self.connections[client_id]
        if session.clean:
            self._end_session(client_id)
        if connection.will is not None:
            self._route(connection.will, answer_to=None)

    def lost(self, connection: Connection) -> None:
        """Forget a connection; see :class:`ConnectionOwner`."""
        self._all.discard(connection)

    def _connect(self, connection: Connection, packet: Connect) -> None:
        if connection.session is not None:
            raise ProtocolError("a second CONNECT [MQTT-3.1.0-2]")
        client_id = packet.client_id
        if not client_id and packet.clean_session:
            client_id = f"anonymous-{next(self._anonymous)}"
        if not client_id or len(client_id.encode("utf-8")) > self.limits.client_id_bytes:
            raise ProtocolError("the client id is empty or too long", ConnectCode.IDENTIFIER_REJECTED)
        identity = Identity(client_id, connection.certificate)
        if not self._policy.may_connect(identity):
            raise ProtocolError(f"the client {client_id} may not connect", ConnectCode.NOT_AUTHORIZED)
        if packet.will is not None:
            self._check(identity, packet.will)
        earlier = self.connections.get(client_id)
        if earlier is not None:
            earlier.close("its client id connected anew")
        session = self._sessions.get(client_id)
        if session is None or packet.clean_session or session.clean:
            self._end_session(client_id)
            session, present = self._new_session(client_id, clean=packet.clean_session), False
            session.keep()
        else:
            present = True
        connection.client_id, connection.session, connection.will = client_id, session, packet.will
        self._sessions[client_id] = session
        self.connections[client_id] = connection
        connection.listen_for(self.limits.silence_s(packet.keep_alive_s))
        connection.send(Connack(ConnectCode.ACCEPTED, present))
        for message in session.resumed():
            connection.send(message)

    def _new_session(self, client_id: str, *, clean: bool) -> Session:
        return Session(
            client_id,
            clean=clean,
            inflight_limit=self.limits.inflight,
            queue_limit=self.limits.queued,
            keeper=None if clean else self._keeper,
        )

    def _end_session(self, client_id: str) -> None:
        session = self._sessions.pop(client_id, None)
        if session is None:
            return
        for pattern in session.subscriptions:
            self._tree.remove(client_id, pattern)
        if self._keeper is not None and not session.clean:
            self._keeper.session_ended(client_id)

    def _check(self, identity: Identity, message: Publish) -> None:
        if message.qos == 2:
            raise ProtocolError("QoS 2 is not supported")
        if len(message.payload) > self.limits.payload_bytes:
            raise ProtocolError(f"a payload has more than {self.limits.payload_bytes} bytes")
        fault = self.limits.topic_fault(message.topic)
        if fault:
            raise ProtocolError(fault)
        if not self._policy.may_publish(identity, message.topic):
            raise ProtocolError(f"the client may not publish on {message.topic}")

    def _published(self, connection: Connection, packet: Publish) -> None:
        self._check(Identity(connection.client_id, connection.certificate), packet)
        if packet.qos:
            if self.output is not None:
                # A PUBACK says that the message is in safe hands.
                self.output.changed()
            connection.send(Puback(packet.packet_id))
        self._route(packet, answer_to=connection.client_id)

    def _route(self, message: Publish, *, answer_to: str | None) -> None:
        """Hand a message to the Jobs service or to its subscribers; reserved topics of other services have neither."""
        thing = jobs_topics.thing_of(message.topic)
        if thing is not None:
            deliveries = self._jobs(thing, message.topic, message.payload)
            for delivery in deliveries:
                if delivery.to_publisher and answer_to is not None:
                    self._send(answer_to, Publish(delivery.topic, delivery.payload, message.qos))
            self.notify(deliveries)
        elif not message.topic.startswith("$"):
            self.publish(message)

    def _subscribe(self, connection: Connection, session: Session, packet: Subscribe) -> None:
        if len(packet.filters) > self.limits.filters_per_subscribe:
            raise ProtocolError(f"a SUBSCRIBE has more than {self.limits.filters_per_subscribe} filters")
        for pattern, qos in packet.filters:
            if qos == 2:
                raise ProtocolError("QoS 2 is not supported")
            fault = self.limits.topic_fault(pattern)
            if fault:
                raise ProtocolError(fault)
        codes = [self._grant(connection, session, pattern, qos) for pattern, qos in packet.filters]
        connection.send(Suback(packet.packet_id, tuple(codes)))
        for (pattern, qos), code in zip(packet.filters, codes, strict=True):
            if code != SUBSCRIPTION_REFUSED:
                for message in [it for topic, it in self._retained.items() if matches(pattern, topic)]:
                    self._send(connection.client_id, replace(message, qos=min(qos, message.qos)))

    def _grant(self, connection: Connection, session: Session, pattern: str, qos: int) -> int:
        identity = Identity(connection.client_id, connection.certificate)
        full = len(session.subscriptions) >= self.limits.subscriptions and pattern not in session.subscriptions
        if full or not self._policy.may_subscribe(identity, pattern):
            return SUBSCRIPTION_REFUSED
        session.subscribe(pattern, qos)
        self._tree.add(connection.client_id, pattern, qos)
        return qos

    def _send(self, client_id: str, message: Publish) -> None:
        connection = self.connections.get(client_id)
        session = self._sessions.get(client_id)
        if session is None:
            return
        ready = session.send(message, online=connection is not None)
        if ready is not None and connection is not None:
            connection.send(ready)
