# SPDX-License-Identifier: Apache-2.0
"""The topics of AWS IoT Jobs, ``$aws/things/{thing}/jobs/...``: read, and written."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple


class TopicKind(IntEnum):
    """``enum aws_fota_topic_kind``."""

    #: Not a Jobs topic of this thing.
    FOREIGN = 0
    #: A Jobs topic of this thing that the engine has no use for.
    OTHER = 1
    NOTIFY = 2
    NOTIFY_NEXT = 3
    LIST_ACCEPTED = 4
    LIST_REJECTED = 5
    NEXT_ACCEPTED = 6
    NEXT_REJECTED = 7
    JOB_ACCEPTED = 8
    JOB_REJECTED = 9
    UPDATE_ACCEPTED = 10
    UPDATE_REJECTED = 11


class Topic(NamedTuple):
    """``struct aws_fota_topic``: a topic, taken apart."""

    kind: TopicKind
    #: Empty for the kinds without one.
    job_id: str = ""


THING = re.compile(r"[A-Za-z0-9:_-]{1,128}")
JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

_WITHOUT_JOB = {
    "notify": TopicKind.NOTIFY,
    "notify-next": TopicKind.NOTIFY_NEXT,
    "get/accepted": TopicKind.LIST_ACCEPTED,
    "get/rejected": TopicKind.LIST_REJECTED,
    "$next/get/accepted": TopicKind.NEXT_ACCEPTED,
    "$next/get/rejected": TopicKind.NEXT_REJECTED,
}
_WITH_JOB = {
    "get/accepted": TopicKind.JOB_ACCEPTED,
    "get/rejected": TopicKind.JOB_REJECTED,
    "update/accepted": TopicKind.UPDATE_ACCEPTED,
    "update/rejected": TopicKind.UPDATE_REJECTED,
}


def prefix(thing: str) -> str:
    """What every Jobs topic of ``thing`` begins with."""
    return f"$aws/things/{thing}/jobs/"


def parse(thing: str, topic: bytes) -> Topic:
    """Take the topic of a message apart."""
    text = topic.decode("latin-1")
    if not text.startswith(prefix(thing)):
        return Topic(TopicKind.FOREIGN)
    rest = text[len(prefix(thing)) :]
    if rest in _WITHOUT_JOB:
        return Topic(_WITHOUT_JOB[rest])
    job_id, _, verb = rest.partition("/")
    if verb in _WITH_JOB and JOB_ID.fullmatch(job_id):
        return Topic(_WITH_JOB[verb], job_id)
    return Topic(TopicKind.OTHER)


def format(thing: str, topic: Topic) -> bytes:
    """The topic whose parts these are.

    Raises:
        ValueError: several topics have these parts (FOREIGN, OTHER).
    """
    for texts, job in ((_WITHOUT_JOB, ""), (_WITH_JOB, topic.job_id + "/")):
        for text, kind in texts.items():
            if kind is topic.kind:
                return (prefix(thing) + job + text).encode("ascii")
    raise ValueError(f"{topic.kind.name} is no single topic")
