# SPDX-License-Identifier: Apache-2.0
"""Which clients subscribed to a topic: a tree of filter levels, so that a publish costs the depth of its topic."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class _Level:
    children: dict[str, _Level] = field(default_factory=dict)
    subscribers: dict[str, int] = field(default_factory=dict)


class SubscriptionTree:
    """Subscriptions of all clients; the caller has checked the filters."""

    def __init__(self) -> None:
        self._root = _Level()

    def add(self, client_id: str, pattern: str, qos: int) -> None:
        """Subscribe, or change the QoS of a subscription."""
        level = self._root
        for name in pattern.split("/"):
            level = level.children.setdefault(name, _Level())
        level.subscribers[client_id] = qos

    def remove(self, client_id: str, pattern: str) -> None:
        """Unsubscribe; no error when there was no such subscription."""
        path = [("", self._root)]
        for name in pattern.split("/"):
            child = path[-1][1].children.get(name)
            if child is None:
                return
            path.append((name, child))
        path[-1][1].subscribers.pop(client_id, None)
        for (_, parent), (name, level) in zip(path[-2::-1], path[:0:-1], strict=True):
            if level.children or level.subscribers:
                return
            del parent.children[name]

    def match(self, topic: str) -> dict[str, int]:
        """The clients to send a message on `topic` to, each once with the highest QoS of its matching filters."""
        found: dict[str, int] = {}
        levels = topic.split("/")
        # A wildcard at the start does not match topics that begin with $ [MQTT-4.7.2-1].
        self._match(self._root, levels, 0, found, wildcards=not topic.startswith("$"))
        return found

    def _match(self, level: _Level, names: list[str], at: int, found: dict[str, int], *, wildcards: bool) -> None:
        if wildcards and "#" in level.children:
            _merge(level.children["#"], found)
        if at == len(names):
            _merge(level, found)
            return
        for name in (names[at], "+") if wildcards else (names[at],):
            child = level.children.get(name)
            if child is not None:
                self._match(child, names, at + 1, found, wildcards=True)


def matches(pattern: str, topic: str) -> bool:
    """Whether one topic filter matches one topic."""
    tree = SubscriptionTree()
    tree.add("", pattern, 0)
    return bool(tree.match(topic))


def _merge(level: _Level, found: dict[str, int]) -> None:
    for client_id, qos in level.subscribers.items():
        found[client_id] = max(qos, found.get(client_id, 0))
