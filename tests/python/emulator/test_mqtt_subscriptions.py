# SPDX-License-Identifier: Apache-2.0
"""Topic filters: the standard's examples, and the tree against the rule in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.emulator.mqtt_subscriptions import SubscriptionTree, matches


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
        ("sport/#", "sport", True),
        ("#", "a/b/c", True),
        ("sport/tennis/+", "sport/tennis/player1", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+/+", "/finance", True),
        ("/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$aws/things/a/jobs/notify", False),
        ("+/things/a/jobs/notify", "$aws/things/a/jobs/notify", False),
        ("$aws/#", "$aws/things/a/jobs/notify", True),
        ("$aws/things/+/jobs/notify-next", "$aws/things/a/jobs/notify-next", True),
        ("$aws/things/a/jobs/$next/get/+", "$aws/things/a/jobs/$next/get/accepted", True),
        ("a/b", "a/b", True),
        ("a/b", "A/b", False),
        ("a/b", "a/b/", False),
    ],
)
def test_filters_and_topics(pattern: str, topic: str, expected: bool) -> None:
    assert matches(pattern, topic) is expected


@pytest.mark.parametrize("filters", [{"a/b": 1, "a/+": 0}, {"a/b": 0, "a/+": 1}, {"#": 0, "a/#": 0, "a/b": 1}])
def test_overlapping_filters_give_the_highest_qos(filters: dict[str, int]) -> None:
    tree = SubscriptionTree()
    for pattern, qos in filters.items():
        tree.add("x", pattern, qos)
    assert tree.match("a/b") == {"x": 1}


def in_words(pattern: str, topic: str) -> bool:
    if topic.startswith("$") and pattern[0] in "+#":
        return False
    names, levels = topic.split("/"), pattern.split("/")
    if levels[-1] == "#":
        levels = levels[:-1]
        names = names[: len(levels)]
    return len(names) == len(levels) and all(level in ("+", name) for level, name in zip(levels, names, strict=True))


LEVELS = st.sampled_from(["a", "b", "", "$aws"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join).filter(bool)
FILTERS = st.builds(
    lambda levels, tail: "/".join([*levels, *tail]),
    st.lists(LEVELS | st.just("+"), max_size=4),
    st.sampled_from([[], ["#"]]),
).filter(bool)


@settings(derandomize=True, deadline=None)
@given(
    changes=st.lists(st.tuples(st.booleans(), st.sampled_from("xyz"), FILTERS, st.integers(0, 1)), max_size=20),
    topic=TOPICS,
)
def test_the_tree_does_what_the_rule_says(changes: list[tuple[bool, str, str, int]], topic: str) -> None:
    tree, model = SubscriptionTree(), {}
    for add, client, pattern, qos in changes:
        if add:
            tree.add(client, pattern, qos)
            model[client, pattern] = qos
        else:
            tree.remove(client, pattern)
            model.pop((client, pattern), None)
    expected: dict[str, int] = {}
    for (client, pattern), qos in model.items():
        if in_words(pattern, topic):
            expected[client] = max(qos, expected.get(client, 0))
    assert tree.match(topic) == expected
    for client, pattern in model:
        tree.remove(client, pattern)
    assert tree._root.children == {}
