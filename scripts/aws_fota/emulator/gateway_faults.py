# SPDX-License-Identifier: Apache-2.0
"""Misfortunes that are ordered: messages dropped, delayed, doubled, reordered, corrupted, and connections cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from aws_fota.emulator.mqtt_packets import Puback, Publish
from aws_fota.emulator.mqtt_subscriptions import matches


class Misfortune(Enum):
    """What happens to a packet, spelled as in the trace.

    A packet from a device that is dropped never arrived: it is neither answered nor acknowledged. One to a device is
    not sent; with QoS 1 it waits for its PUBACK all the same. The connection is cut before anything is done, or, with
    :attr:`Fault.byte`, after so many bytes of the packet were sent. What is held waits for :meth:`Fault.release`, what
    is reordered for later packets of the same client in the same direction.
    """

    DROP = "dropped"
    DELAY = "delayed"
    DUPLICATE = "duplicated"
    HOLD = "held"
    REORDER = "reordered"
    CORRUPT = "corrupted"
    CUT = "cut"


@dataclass
class Fault:
    """One order; it befalls the packets that match, after the first `skip` of them, `times` times.

    Attributes:
        topic: filter of the topics of PUBLISH packets that it is about; None for PUBACK packets, which have none.
        incoming: whether it is about packets from devices, and not about those to them.
        client_id: the only client concerned, None for all.
        wanted: a further condition on a PUBLISH.
        times: how often, None for ever.
        seconds: of a delay.
        behind: how many later PUBLISH packets overtake one that is reordered.
        byte: of CORRUPT, which byte of the payload gets its bits inverted, from the end when negative, None for the
            middle one; of CUT, how many bytes of a packet to a device are sent first.
        hits: how often it struck so far.
    """

    misfortune: Misfortune
    topic: str | None
    incoming: bool = False
    client_id: str | None = None
    wanted: Callable[[Publish], bool] | None = None
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    behind: int = 1
    byte: int | None = None
    hits: int = 0
    _held: list[Callable[[], None]] = field(default_factory=list, repr=False)
    _held_of: str = field(default="", repr=False)
    _to_pass: int = field(default=0, repr=False)

    def strikes(self, client_id: str, packet: Publish | Puback, *, incoming: bool) -> bool:
        """Whether this packet is struck; counts it."""
        if self.incoming is not incoming or self.client_id not in (None, client_id) or self.times == self.hits:
            return False
        if isinstance(packet, Puback):
            matching = self.topic is None
        else:
            matching = self.topic is not None and matches(self.topic, packet.topic)
            matching = matching and (self.wanted is None or self.wanted(packet))
        if not matching:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True

    def hold(self, client_id: str, proceed: Callable[[], None]) -> None:
        """Keep a client's packet back until :meth:`release`, or, reordered, until enough others of it have passed."""
        self._held.append(proceed)
        self._held_of = client_id
        self._to_pass = self.behind

    def passed(self, client_id: str, *, incoming: bool) -> None:
        """Take note of a PUBLISH that nothing struck."""
        if self.misfortune is not Misfortune.REORDER or not self._held:
            return
        if self.incoming is incoming and self._held_of == client_id:
            self._to_pass -= 1
            if self._to_pass <= 0:
                self.release()

    def corrupted(self, payload: bytes) -> bytes:
        """The payload with the bits of one byte inverted; an empty one stays empty."""
        at = len(payload) // 2 if self.byte is None else self.byte
        at = at + len(payload) if at < 0 else at
        return bytes(one ^ 0xFF if place == at else one for place, one in enumerate(payload))

    def release(self, *, backwards: bool = False) -> None:
        """Let what is held proceed, in order or in the reverse of it."""
        held, self._held = self._held, []
        for proceed in reversed(held) if backwards else held:
            proceed()


class GatewayFaults:
    """The orders in force; the first one that strikes a packet decides."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> Fault:
        """Put an order in force, and return it."""
        self._orders.append(fault)
        return fault

    def clear(self) -> None:
        """End all orders; what is held proceeds."""
        orders, self._orders = self._orders, []
        for fault in orders:
            fault.release()

    def striking(self, client_id: str, packet: Publish | Puback, *, incoming: bool) -> Fault | None:
        """The order that this packet falls under, if any."""
        return next((it for it in self._orders if it.strikes(client_id, packet, incoming=incoming)), None)

    def passed(self, client_id: str, *, incoming: bool) -> None:
        """A PUBLISH that nothing struck has gone its way: what it overtook may follow."""
        for fault in self._orders:
            fault.passed(client_id, incoming=incoming)
