# SPDX-License-Identifier: Apache-2.0
"""The MQTT connection of one device: connects, and connects again. Decides nothing about updates.

Each connection is a fresh client of paho's with a clean session: nothing that was queued for an earlier connection
can be sent on a later one. A PUBACK is sent only when it is asked for.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

_QOS = 1


@dataclass(frozen=True)
class Endpoint:
    """Where to connect to; `tls` makes it a TLS connection."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Connected:
    """The broker accepted a connection; `number` names it in what follows."""

    number: int


@dataclass(frozen=True)
class Disconnected:
    """A connection ended."""

    number: int


@dataclass(frozen=True)
class Subscribed:
    """The broker answered a SUBSCRIBE; `granted` when it took every filter."""

    number: int
    granted: bool


@dataclass(frozen=True)
class Arrived:
    """A message; `packet_id` is 0 for QoS 0."""

    number: int
    topic: bytes
    payload: bytes
    packet_id: int


@dataclass(frozen=True)
class Unreachable:
    """A connection could not be made; another attempt follows."""

    error: str


LinkEvent = Connected | Disconnected | Subscribed | Arrived | Unreachable


class MqttLink:
    """Keeps a connection up until it is stopped.

    Args:
        endpoint: where to connect to.
        client_id: the thing name.
        post: takes events; called from the link's own thread.
        pause_s: seconds between two attempts.
        keepalive_s: seconds, as in CONNECT.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        client_id: str,
        post: Callable[[LinkEvent], None],
        *,
        pause_s: float = 1.0,
        keepalive_s: int = 60,
    ) -> None:
        self._endpoint = endpoint
        self._client_id = client_id
        self._post = post
        self._pause_s = pause_s
        self._keepalive_s = keepalive_s
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._client: paho.Client | None = None
        self._number = 0
        self._thread = threading.Thread(target=self._run, name="aws-fota-mqtt", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """Disconnect, and wait for the thread to end."""
        self._stopping.set()
        with self._lock:
            client = self._client
        if client is not None:
            client.disconnect()
        if self._thread.is_alive():
            self._thread.join()

    def subscribe(self, number: int, filters: Sequence[str]) -> None:
        """Subscribe to all `filters` in one packet, on connection `number` if it is still there."""
        client = self._on(number)
        if client is not None:
            client.subscribe([(pattern, _QOS) for pattern in filters])

    def publish(self, number: int, topic: str, payload: bytes) -> None:
        """Publish with QoS 1, on connection `number` if it is still there."""
        client = self._on(number)
        if client is not None:
            client.publish(topic, payload, _QOS)

    def acknowledge(self, number: int, packet_id: int) -> None:
        """Send the PUBACK of a message that arrived on connection `number`."""
        client = self._on(number)
        if client is not None:
            client.ack(packet_id, _QOS)

    def _on(self, number: int) -> paho.Client | None:
        with self._lock:
            return self._client if number == self._number else None

    def _run(self) -> None:
        while not self._stopping.is_set():
            number, client = self._fresh()
            accepted = threading.Event()
            self._listen(client, number, accepted)
            try:
                client.connect(self._endpoint.host, self._endpoint.port, self._keepalive_s)
                if self._stopping.is_set():
                    client.disconnect()
                client.loop_forever()
            except (OSError, ValueError) as error:
                if not accepted.is_set():
                    self._post(Unreachable(str(error)))
            if accepted.is_set():
                self._post(Disconnected(number))
            self._stopping.wait(self._pause_s)

    def _fresh(self) -> tuple[int, paho.Client]:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=True,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if self._endpoint.tls is not None:
            client.tls_set_context(self._endpoint.tls)
        with self._lock:
            self._number += 1
            self._client = client
            return self._number, client

    def _listen(self, client: paho.Client, number: int, accepted: threading.Event) -> None:
        def on_connect(client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
            if reason.is_failure:
                self._post(Unreachable(f"refused: {reason}"))
            else:
                accepted.set()
                self._post(Connected(number))

        def on_subscribe(client: Any, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
            self._post(Subscribed(number, not any(reason.is_failure for reason in reasons)))

        def on_message(client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
            packet_id = message.mid if message.qos else 0
            self._post(Arrived(number, message.topic.encode("utf-8"), bytes(message.payload), packet_id))

        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.on_message = on_message
