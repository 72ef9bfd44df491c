# SPDX-License-Identifier: Apache-2.0
"""Limits of AWS IoT Core's message broker ("Message broker and protocol limits" of the service quotas)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GatewayLimits:
    """What a client may do; seconds, bytes and counts.

    Attributes:
        payload_bytes: payload of one PUBLISH.
        topic_bytes: topic or filter, as UTF-8.
        topic_slashes: slashes in a topic or filter.
        filters_per_subscribe: filters in one SUBSCRIBE.
        subscriptions: subscriptions of one connection.
        client_id_bytes: client id, as UTF-8.
        keep_alive_min_s: what a shorter keep alive counts as.
        keep_alive_max_s: what a longer one, and none, counts as.
        connect_timeout_s: for CONNECT to arrive; AWS gives no number, this one is ours.
        linger_s: for a connection that is being closed to send what is buffered; this one is ours too.
        inflight: QoS 1 messages to one client that wait for their PUBACK; others queue behind them.
        queued: messages that wait for one client, or for it to come back; AWS gives no number, this one is ours.
        send_buffer_bytes: what may wait for a client that does not read; AWS gives no number, this one is ours.
    """

    payload_bytes: int = 128 * 1024
    topic_bytes: int = 256
    topic_slashes: int = 7
    filters_per_subscribe: int = 8
    subscriptions: int = 50
    client_id_bytes: int = 128
    keep_alive_min_s: float = 30.0
    keep_alive_max_s: float = 1200.0
    connect_timeout_s: float = 30.0
    linger_s: float = 5.0
    inflight: int = 100
    queued: int = 1000
    send_buffer_bytes: int = 4 * 1024 * 1024

    @property
    def packet_bytes(self) -> int:
        """The largest remaining length: a PUBLISH's payload and topic, with as much again for a will and a name."""
        return 2 * (self.payload_bytes + self.topic_bytes)

    def topic_fault(self, topic: str) -> str | None:
        """Why a topic or filter is over a limit, None when it is not."""
        if len(topic.encode("utf-8")) > self.topic_bytes:
            return f"a topic has more than {self.topic_bytes} bytes"
        if topic.count("/") > self.topic_slashes:
            return f"a topic has more than {self.topic_slashes} slashes"
        return None

    def silence_s(self, keep_alive_s: int) -> float:
        """How long a client may be silent: one and a half times its keep alive, forced into AWS's range."""
        if keep_alive_s == 0:
            return 1.5 * self.keep_alive_max_s
        return 1.5 * min(max(keep_alive_s, self.keep_alive_min_s), self.keep_alive_max_s)
