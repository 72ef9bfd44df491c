# SPDX-License-Identifier: Apache-2.0
"""Topics and payloads of device requests: each rule of the contract, from both sides."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jobs_bench import JobsBench

from aws_fota.emulator import jobs_topics
from aws_fota.emulator.jobs_topics import Operation, Request


@pytest.mark.parametrize(
    ("levels", "request_"),
    [
        ("get", Request(Operation.PENDING)),
        ("start-next", Request(Operation.START_NEXT)),
        ("$next/get", Request(Operation.DESCRIBE, "$next")),
        ("j/get", Request(Operation.DESCRIBE, "j")),
        ("j/update", Request(Operation.UPDATE, "j")),
        ("$next/update", None),
        ("get/accepted", None),
        ("j/update/rejected", None),
        ("j/start", None),
        ("notify", None),
        ("/get", None),
        ("/update", None),
        ("", None),
    ],
)
def test_each_topic_maps_to_its_operation(levels: str, request_: Request | None) -> None:
    assert jobs_topics.request_of(f"$aws/things/lamp/jobs/{levels}") == request_


@pytest.mark.parametrize(
    ("topic", "thing"),
    [
        ("$aws/things/lamp/jobs/get", "lamp"),
        ("$aws/things/lamp/jobs", "lamp"),
        ("$aws/things/lamp/jobs/", "lamp"),
        ("$aws/things/lamp/jobsx/get", None),
        ("$aws/things/lamp/shadow/get", None),
        ("$aws/things//jobs/get", None),
        ("$aws/things/lamp", None),
        ("aws/things/lamp/jobs/get", None),
    ],
)
def test_the_thing_of_a_topic(topic: str, thing: str | None) -> None:
    assert jobs_topics.thing_of(topic) == thing


def test_a_topic_without_an_operation_is_an_invalid_topic() -> None:
    delivery = JobsBench().deliveries("j/frobnicate", {"clientToken": "t"})[0]
    assert delivery.topic == "$aws/things/lamp/jobs/j/frobnicate/rejected"
    assert json.loads(delivery.payload)["code"] == "InvalidTopic"


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\xff{}",
        b'{"a":NaN}',
        b'{"a":1}{}',
        b'{"a":Infinity}',
        b"[" * 100_000,
        b'{"a":"\xc0\x80"}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_utf8_json_is_invalid_json(raw: bytes) -> None:
    verdict, answer = JobsBench().ask("get", raw)
    assert (verdict, answer["code"]) == ("rejected", "InvalidJson")
    assert answer["timestamp"] == 1_600_000_000
    assert "clientToken" not in answer


@pytest.mark.parametrize("raw", [b"[]", b"1", b'"x"', b"null"])
def test_what_is_not_an_object_is_an_invalid_request(raw: bytes) -> None:
    assert JobsBench().ask("get", raw)[1]["code"] == "InvalidRequest"


def test_an_empty_payload_is_an_empty_object() -> None:
    assert JobsBench().ask("$next/get", b"") == ("accepted", {"timestamp": 1_600_000_000})


@pytest.mark.parametrize("token", ["", "x" * 64, "ü" * 32])
def test_the_client_token_comes_back(token: str) -> None:
    bench = JobsBench()
    assert bench.ask("get", {"clientToken": token})[1]["clientToken"] == token
    verdict, answer = bench.ask("none/get", {"clientToken": token})
    assert (verdict, answer["clientToken"]) == ("rejected", token)


@pytest.mark.parametrize("token", ["x" * 65, "ü" * 33, 7, {}, True])
def test_a_wrong_client_token_is_refused_and_not_echoed(token: object) -> None:
    verdict, answer = JobsBench().ask("get", {"clientToken": token})
    assert (verdict, answer["code"]) == ("rejected", "InvalidRequest")
    assert "clientToken" not in answer


WRONG_UPDATES = [
    {},
    {"status": None},
    {"status": "QUEUED"},
    {"status": "TIMED_OUT"},
    {"status": "REMOVED"},
    {"status": "CANCELED"},
    {"status": "in_progress"},
    {"status": 1},
    {"status": []},
    {"status": "FAILED", "expectedVersion": "one"},
    {"status": "FAILED", "expectedVersion": -1},
    {"status": "FAILED", "expectedVersion": 1.0},
    {"status": "FAILED", "expectedVersion": True},
    {"status": "FAILED", "expectedVersion": "9" * 20},
    {"status": "FAILED", "executionNumber": []},
    {"status": "FAILED", "includeJobExecutionState": "true"},
    {"status": "FAILED", "includeJobDocument": 1},
    {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 0},
    {"status": "IN_PROGRESS", "stepTimeoutInMinutes": -2},
    {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 10081},
    {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 1.5},
    {"status": "FAILED", "statusDetails": []},
    {"status": "FAILED", "statusDetails": {"": "x"}},
    {"status": "FAILED", "statusDetails": {"a b": "x"}},
    {"status": "FAILED", "statusDetails": {"k" * 129: "x"}},
    {"status": "FAILED", "statusDetails": {"k": ""}},
    {"status": "FAILED", "statusDetails": {"k": "x" * 1025}},
    {"status": "FAILED", "statusDetails": {"k": "a\nb"}},
    {"status": "FAILED", "statusDetails": {"k": "\x7f"}},
    {"status": "FAILED", "statusDetails": {"k": "\ud800"}},
    {"status": "FAILED", "statusDetails": {"k": 1}},
    {"status": "FAILED", "statusDetails": {f"k{i}": "x" for i in range(11)}},
]


@pytest.mark.parametrize("members", WRONG_UPDATES, ids=lambda members: json.dumps(members)[:50])
def test_a_wrong_update_is_an_invalid_request_and_changes_nothing(members: dict[str, object]) -> None:
    bench = JobsBench()
    bench.create()
    deliveries = bench.deliveries("j1/update", members)
    assert [delivery.topic.rsplit("/", 1)[1] for delivery in deliveries] == ["rejected"]
    answer = json.loads(deliveries[0].payload)
    assert (answer["code"], "executionState" in answer) == ("InvalidRequest", False)
    assert answer["message"]
    assert len(bench.control.execution("j1", "lamp").history) == 1


@pytest.mark.parametrize(
    "members",
    [
        {"statusDetails": {"k:_-9" * 25 + "abc": "x" * 1024}},
        {"statusDetails": {f"k{i}": "ü x" for i in range(10)}},
        {"statusDetails": {}},
        {"statusDetails": None, "expectedVersion": None},
        {"expectedVersion": "1"},
        {"expectedVersion": 1, "executionNumber": 1},
        {"stepTimeoutInMinutes": 1},
        {"stepTimeoutInMinutes": 10080},
        {"stepTimeoutInMinutes": -1},
        {"unknown": [{}]},
    ],
    ids=lambda members: json.dumps(members)[:50],
)
def test_an_update_at_the_edge_of_the_rules_is_taken(members: dict[str, object]) -> None:
    bench = JobsBench()
    bench.create()
    assert bench.update("j1", "IN_PROGRESS", **members)[0] == "accepted"


@pytest.mark.parametrize("job_id", ["x" * 65, "a.b", "a b", "$nex", "ä"])
def test_a_job_id_that_cannot_be_one_is_an_invalid_request(job_id: str) -> None:
    bench = JobsBench()
    assert bench.ask(f"{job_id}/get")[1]["code"] == "InvalidRequest"
    assert bench.update(job_id, "FAILED")[1]["code"] == "InvalidRequest"


@settings(derandomize=True, deadline=None)
@given(
    levels=st.text(max_size=40),
    raw=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.dictionaries(
            st.sampled_from(["status", "statusDetails", "clientToken", "expectedVersion"]), inner
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_whatever_is_published_gets_one_well_formed_answer(levels: str, raw: bytes) -> None:
    bench = JobsBench()
    bench.create()
    for topic in (levels, "get", "j1/update", "$next/get", "start-next"):
        answers = [it for it in bench.deliveries(topic, raw) if it.to_publisher]
        assert len(answers) == 1
        assert answers[0].topic.startswith(f"$aws/things/lamp/jobs/{topic}/")
        answer = json.loads(answers[0].payload)
        assert answers[0].topic.endswith("/rejected") == ("code" in answer)
        assert answer["timestamp"] == 1_600_000_000
