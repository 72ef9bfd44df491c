# SPDX-License-Identifier: Apache-2.0
"""Topics, taken apart and put together."""

from __future__ import annotations

import pytest

from aws_fota.oracle.topics import Topic, TopicKind, format, parse

THING = "thing:1"
JOBS = b"$aws/things/thing:1/jobs/"


@pytest.mark.parametrize(
    ("rest", "topic"),
    [
        (b"notify", Topic(TopicKind.NOTIFY)),
        (b"notify-next", Topic(TopicKind.NOTIFY_NEXT)),
        (b"get/accepted", Topic(TopicKind.LIST_ACCEPTED)),
        (b"get/rejected", Topic(TopicKind.LIST_REJECTED)),
        (b"$next/get/accepted", Topic(TopicKind.NEXT_ACCEPTED)),
        (b"$next/get/rejected", Topic(TopicKind.NEXT_REJECTED)),
        (b"a-B_9/get/accepted", Topic(TopicKind.JOB_ACCEPTED, "a-B_9")),
        (b"get/get/rejected", Topic(TopicKind.JOB_REJECTED, "get")),
        (b"j" * 64 + b"/update/accepted", Topic(TopicKind.UPDATE_ACCEPTED, "j" * 64)),
        (b"notify/update/rejected", Topic(TopicKind.UPDATE_REJECTED, "notify")),
    ],
)
def test_a_topic_of_use(rest: bytes, topic: Topic) -> None:
    assert parse(THING, JOBS + rest) == topic
    assert format(THING, topic) == JOBS + rest


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"get",
        b"$next/get",
        b"$next/update/accepted",
        b"start-next/accepted",
        b"notify-next/",
        b"notify-nex",
        b"Notify",
        b"/get/accepted",
        b"j" * 65 + b"/get/accepted",
        b"a.b/get/accepted",
        b"a/b/get/accepted",
        b"job\x00/get/accepted",
        b"j\xc3\xb6b/get/accepted",
        b"job/get/accepted\n",
        b"job/delete/accepted",
        b"job\n/get/accepted",
    ],
)
def test_a_jobs_topic_of_no_use(rest: bytes) -> None:
    assert parse(THING, JOBS + rest) == Topic(TopicKind.OTHER)


@pytest.mark.parametrize(
    "topic",
    [
        b"",
        b"$aws/things/thing:1/jobs",
        b"$aws/things/thing:2/jobs/notify",
        b"$aws/things/thing:11/jobs/notify",
        b"$aws/things/thing:1/shadow/get/accepted",
        b"x$aws/things/thing:1/jobs/notify",
        b"$AWS/things/thing:1/jobs/notify",
        b"\xff\xfe",
    ],
)
def test_a_topic_that_is_not_ours(topic: bytes) -> None:
    assert parse(THING, topic) == Topic(TopicKind.FOREIGN)


@pytest.mark.parametrize("kind", [TopicKind.FOREIGN, TopicKind.OTHER])
def test_no_topic_is_written_for_what_is_many(kind: TopicKind) -> None:
    with pytest.raises(ValueError, match=kind.name):
        format(THING, Topic(kind))
