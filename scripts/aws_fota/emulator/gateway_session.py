# SPDX-License-Identifier: Apache-2.0
"""What the gateway keeps of a client beyond one connection: subscriptions, and QoS 1 messages without their PUBACK."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from aws_fota.emulator.mqtt_packets import Publish


@dataclass(frozen=True)
class Kept:
    """A message that waits; its serial counts up in each session, its packet id is 0 until it is sent."""

    serial: int
    message: Publish


class Keeper(Protocol):
    """Where persistent sessions and retained messages outlive the gateway."""

    def session_changed(self, client_id: str, subscriptions: Mapping[str, int]) -> None:
        """A session was begun, or its subscriptions changed."""

    def session_ended(self, client_id: str) -> None:
        """A session ended, with its messages."""

    def message_kept(self, client_id: str, kept: Kept) -> None:
        """A message waits, or got its packet id."""

    def message_done(self, client_id: str, serial: int) -> None:
        """A message was acknowledged."""

    def retained_changed(self, topic: str, message: Publish | None) -> None:
        """A topic got a retained message, or lost it (None)."""


class Session:
    """One client's session; no I/O.

    Args:
        client_id: whose it is.
        clean: whether it ends with its connection.
        inflight_limit: QoS 1 messages that may wait for their PUBACK.
        queue_limit: messages that may wait behind those; further ones are dropped.
        keeper: where it is kept; None for a session that ends with the gateway.
    """

    def __init__(
        self, client_id: str, *, clean: bool, inflight_limit: int, queue_limit: int, keeper: Keeper | None = None
    ) -> None:
        self.clean = clean
        self.subscriptions: dict[str, int] = {}
        self._client_id = client_id
        self._keeper = keeper
        self._inflight_limit = inflight_limit
        self._queue_limit = queue_limit
        self._inflight: dict[int, Kept] = {}
        self._queue: deque[Kept] = deque()
        self._last_id = 0
        self._last_serial = 0

    def restore(self, subscriptions: Mapping[str, int], kept: Iterable[Kept]) -> None:
        """Take up what was kept of the session, in place of nothing; `kept` in the order of the serials."""
        self.subscriptions.update(subscriptions)
        for one in kept:
            if one.message.packet_id:
                self._inflight[one.message.packet_id] = one
            else:
                self._queue.append(one)
            self._last_serial = one.serial

    def subscribe(self, pattern: str, qos: int) -> None:
        """Add a subscription, or change its QoS."""
        self.subscriptions[pattern] = qos
        self.keep()

    def unsubscribe(self, pattern: str) -> None:
        """Remove a subscription; no error when there is none."""
        self.subscriptions.pop(pattern, None)
        self.keep()

    def keep(self) -> None:
        """Have the session kept."""
        if self._keeper is not None:
            self._keeper.session_changed(self._client_id, self.subscriptions)

    def send(self, message: Publish, *, online: bool) -> Publish | None:
        """What to send now for `message`: itself, with a packet id when it has QoS 1, or nothing.

        A message of QoS 1 is kept until its PUBACK; one of QoS 0 is lost when the client is away.
        """
        if message.qos == 0:
            return message if online else None
        if online and len(self._inflight) < self._inflight_limit:
            return self._take_off(self._next(message))
        if len(self._queue) < self._queue_limit:
            waiting = self._next(message)
            self._queue.append(waiting)
            self._keep(waiting)
        return None

    def acknowledged(self, packet_id: int) -> list[Publish]:
        """A PUBACK came: what to send next. One for an unknown message is ignored."""
        done = self._inflight.pop(packet_id, None)
        if done is not None and self._keeper is not None:
            self._keeper.message_done(self._client_id, done.serial)
        return self._drain()

    def resumed(self) -> list[Publish]:
        """The client is back: what was not acknowledged, again, then what was queued."""
        again = [kept.message.again() for kept in self._inflight.values()]
        return [*again, *self._drain()]

    def _drain(self) -> list[Publish]:
        ready = []
        while self._queue and len(self._inflight) < self._inflight_limit:
            ready.append(self._take_off(self._queue.popleft()))
        return ready

    def _next(self, message: Publish) -> Kept:
        self._last_serial += 1
        return Kept(self._last_serial, message)

    def _take_off(self, kept: Kept) -> Publish:
        packet_id = self._last_id % 0xFFFF + 1
        while packet_id in self._inflight:
            packet_id = packet_id % 0xFFFF + 1
        self._last_id = packet_id
        numbered = Kept(kept.serial, replace(kept.message, packet_id=packet_id))
        self._inflight[packet_id] = numbered
        self._keep(numbered)
        return numbered.message

    def _keep(self, kept: Kept) -> None:
        if self._keeper is not None:
            self._keeper.message_kept(self._client_id, kept)
