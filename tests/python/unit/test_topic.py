# SPDX-License-Identifier: Apache-2.0
"""Topics, taken apart by the generated engine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aws_fota.oracle.outcome import MessageKind
from aws_fota.oracle.topics import TopicKind
from differential.engine_pair import THING
from differential.engine_process import EngineProcess
from differential.engine_script import Script
from unit.engine_fixture import running_engine

PREFIX = f"$aws/things/{THING}/jobs/"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    for script in running_engine(tmp_path_factory):
        boot(script)
        yield script.pair.process


def boot(script: Script) -> None:
    script.boot()


def kind_of(engine: EngineProcess, topic: str) -> tuple[TopicKind, str]:
    kind, job_id, _ = engine.topic(topic.encode("utf-8"))
    return TopicKind(kind), job_id.decode("ascii")


@pytest.mark.parametrize(
    ("rest", "kind", "job_id"),
    [
        ("notify", TopicKind.NOTIFY, ""),
        ("notify-next", TopicKind.NOTIFY_NEXT, ""),
        ("get/accepted", TopicKind.LIST_ACCEPTED, ""),
        ("get/rejected", TopicKind.LIST_REJECTED, ""),
        ("$next/get/accepted", TopicKind.NEXT_ACCEPTED, ""),
        ("$next/get/rejected", TopicKind.NEXT_REJECTED, ""),
        ("a/get/accepted", TopicKind.JOB_ACCEPTED, "a"),
        ("a-B_9/get/rejected", TopicKind.JOB_REJECTED, "a-B_9"),
        ("a/update/accepted", TopicKind.UPDATE_ACCEPTED, "a"),
        ("a/update/rejected", TopicKind.UPDATE_REJECTED, "a"),
        ("j" * 64 + "/update/accepted", TopicKind.UPDATE_ACCEPTED, "j" * 64),
        # A job may be called like a request.
        ("get/get/accepted", TopicKind.JOB_ACCEPTED, "get"),
        ("get/update/rejected", TopicKind.UPDATE_REJECTED, "get"),
        ("notify/get/accepted", TopicKind.JOB_ACCEPTED, "notify"),
        ("notify-next/update/accepted", TopicKind.UPDATE_ACCEPTED, "notify-next"),
        ("start-next/accepted", TopicKind.OTHER, ""),
        ("", TopicKind.OTHER, ""),
        ("/", TopicKind.OTHER, ""),
        ("get", TopicKind.OTHER, ""),
        ("get/", TopicKind.OTHER, ""),
        ("get/accepte", TopicKind.OTHER, ""),
        ("get/acceptedx", TopicKind.OTHER, ""),
        ("getx/accepted", TopicKind.OTHER, ""),
        ("notifyx", TopicKind.OTHER, ""),
        ("notif", TopicKind.OTHER, ""),
        ("notify-next/x", TopicKind.OTHER, ""),
        ("$next/update/accepted", TopicKind.OTHER, ""),
        ("$next/get", TopicKind.OTHER, ""),
        ("/get/accepted", TopicKind.OTHER, ""),
        ("a.b/get/accepted", TopicKind.OTHER, ""),
        ("a:b/update/accepted", TopicKind.OTHER, ""),
        ("\u00e9/get/accepted", TopicKind.OTHER, ""),
        ("a\0/get/accepted", TopicKind.OTHER, ""),
        ("a/get/accepted/", TopicKind.OTHER, ""),
        ("a/b/get/accepted", TopicKind.OTHER, ""),
        ("a/get", TopicKind.OTHER, ""),
        ("a/update", TopicKind.OTHER, ""),
        ("j" * 65 + "/get/accepted", TopicKind.OTHER, ""),
    ],
)
def test_topics_of_this_thing(engine: EngineProcess, rest: str, kind: TopicKind, job_id: str) -> None:
    assert kind_of(engine, PREFIX + rest) == (kind, job_id)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "$aws/things/",
        PREFIX[:-1],
        PREFIX.replace(THING, THING + "x") + "notify",
        PREFIX.replace(THING, THING[:-1]) + "notify",
        PREFIX.replace(THING, "") + "notify",
        PREFIX.replace("$aws", "aws") + "notify",
        PREFIX.upper() + "notify",
        "x" + PREFIX + "notify",
        "device/data",
        "$aws/things/" + THING + "/shadow/get/accepted",
    ],
)
def test_topics_of_others(engine: EngineProcess, topic: str) -> None:
    assert kind_of(engine, topic) == (TopicKind.FOREIGN, "")


@hypothesis_settings(max_examples=800, deadline=None)
@given(
    parts=st.lists(
        st.one_of(
            st.sampled_from(["get", "update", "accepted", "rejected", "$next", "notify", "notify-next", "a", "b_1"]),
            st.text("ab/-_$.", max_size=3),
        ),
        max_size=5,
    )
)
def test_any_topic(engine: EngineProcess, parts: list[str]) -> None:
    rest = "/".join(parts)
    patterns = {
        r"notify": TopicKind.NOTIFY,
        r"notify-next": TopicKind.NOTIFY_NEXT,
        r"get/accepted": TopicKind.LIST_ACCEPTED,
        r"get/rejected": TopicKind.LIST_REJECTED,
        r"\$next/get/accepted": TopicKind.NEXT_ACCEPTED,
        r"\$next/get/rejected": TopicKind.NEXT_REJECTED,
        r"([A-Za-z0-9_-]{1,64})/get/accepted": TopicKind.JOB_ACCEPTED,
        r"([A-Za-z0-9_-]{1,64})/get/rejected": TopicKind.JOB_REJECTED,
        r"([A-Za-z0-9_-]{1,64})/update/accepted": TopicKind.UPDATE_ACCEPTED,
        r"([A-Za-z0-9_-]{1,64})/update/rejected": TopicKind.UPDATE_REJECTED,
    }
    expected = (TopicKind.OTHER, "")
    for pattern, kind in patterns.items():
        match = re.fullmatch(pattern, rest)
        if match:
            expected = (kind, match.group(1) if match.groups() else "")
    assert kind_of(engine, PREFIX + rest) == expected


@pytest.mark.parametrize(
    ("rest", "kind"),
    [
        ("notify", MessageKind.OTHER),
        ("notify-next", MessageKind.WATCH),
        ("get/accepted", MessageKind.PENDING),
        ("get/rejected", MessageKind.REJECTED),
        # Nothing is in flight.
        ("$next/get/accepted", MessageKind.WATCH),
        ("$next/get/rejected", MessageKind.REJECTED),
        ("a/get/accepted", MessageKind.WATCH),
        ("a/get/rejected", MessageKind.REJECTED),
        ("a/update/accepted", MessageKind.UPDATED),
        ("a/update/rejected", MessageKind.REJECTED),
        ("a/other", MessageKind.OTHER),
    ],
)
def test_what_a_message_is_read_as(engine: EngineProcess, rest: str, kind: MessageKind) -> None:
    assert engine.topic((PREFIX + rest).encode())[2] is kind


@pytest.mark.parametrize(
    ("thing", "result"),
    [
        ("a", 0),
        ("t" * 128, 0),
        ("A:z_0-9", 0),
        ("", -22),
        ("t" * 129, -22),
        ("a/b", -22),
        ("a b", -22),
        ("a+", -22),
        ("#", -22),
        ("\u00e9", -22),
        ("a@", -22),
        ("a[", -22),
        ("a`", -22),
        ("a{", -22),
    ],
)
def test_thing_names(engine: EngineProcess, thing: str, result: int) -> None:
    try:
        assert engine.init(thing) == result
    finally:
        assert engine.init(THING) == 0
