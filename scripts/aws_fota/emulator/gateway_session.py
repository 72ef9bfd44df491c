# SPDX-License-Identifier: Apache-2.0
"""What the gateway keeps of a client beyond one connection: subscriptions, and QoS 1 messages without their PUBACK."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from aws_fota.emulator.mqtt_packets import Publish


class Session:
    """One client's session; no I/O.

    Args:
        clean: whether it ends with its connection.
        inflight_limit: QoS 1 messages that may wait for their PUBACK.
        queue_limit: messages that may wait behind those; further ones are dropped.
    """

    def __init__(self, *, clean: bool, inflight_limit: int, queue_limit: int) -> None:
        self.clean = clean
        self.subscriptions: dict[str, int] = {}
        self._inflight_limit = inflight_limit
        self._queue_limit = queue_limit
        self._inflight: dict[int, Publish] = {}
        self._queue: deque[Publish] = deque()
        self._last_id = 0

    def send(self, message: Publish, *, online: bool) -> Publish | None:
        """What to send now for `message`: itself, with a packet id when it has QoS 1, or nothing.

        A message of QoS 1 is kept until its PUBACK; one of QoS 0 is lost when the client is away.
        """
        if message.qos == 0:
            return message if online else None
        if online and len(self._inflight) < self._inflight_limit:
            return self._take_off(message)
        if len(self._queue) < self._queue_limit:
            self._queue.append(message)
        return None

    def acknowledged(self, packet_id: int) -> list[Publish]:
        """A PUBACK came: what to send next. One for an unknown message is ignored."""
        self._inflight.pop(packet_id, None)
        return self._drain()

    def resumed(self) -> list[Publish]:
        """The client is back: what was not acknowledged, again, then what was queued."""
        again = [message.again() for message in self._inflight.values()]
        return [*again, *self._drain()]

    def _drain(self) -> list[Publish]:
        ready = []
        while self._queue and len(self._inflight) < self._inflight_limit:
            ready.append(self._take_off(self._queue.popleft()))
        return ready

    def _take_off(self, message: Publish) -> Publish:
        packet_id = self._last_id % 0xFFFF + 1
        while packet_id in self._inflight:
            packet_id = packet_id % 0xFFFF + 1
        self._last_id = packet_id
        numbered = replace(message, packet_id=packet_id)
        self._inflight[packet_id] = numbered
        return numbered
