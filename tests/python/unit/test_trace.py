# SPDX-License-Identifier: Apache-2.0
"""The trace: its lines, its waiting, and what must never be in it."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from aws_fota.report.trace import JOBS, MODULE, STORAGE, Trace, summary, without_query

SIGNED = "https://b.s3.amazonaws.com/app.bin?X-Amz-Credential=AKIA&X-Amz-Signature=0123"


def test_a_trace_is_a_head_and_one_line_for_each_entry() -> None:
    trace = Trace()
    trace.note(MODULE, JOBS, "PUBLISH", "$aws/things/t/jobs/$next/get", {"bytes": 26})
    trace.note(JOBS, MODULE, "SUBACK")
    head, first, second = (json.loads(line) for line in trace.json_lines().splitlines())
    assert head["format"] == 1
    assert {name: first[name] for name in ("n", "from", "to", "what", "name", "bytes")} == {
        "n": 1,
        "from": "module",
        "to": "jobs",
        "what": "PUBLISH",
        "name": "$aws/things/t/jobs/$next/get",
        "bytes": 26,
    }
    assert (second["n"], "name" in second) == (2, False)
    assert 0 <= first["t"] <= second["t"]


@pytest.mark.parametrize(
    "facts",
    [{"location": SIGNED}, {"location": "/app.bin?X-Amz-Signature=0123"}, {"error": f"cannot reach {SIGNED}: no"}],
)
def test_no_query_enters_a_trace(facts: dict[str, str]) -> None:
    trace = Trace()
    trace.note(MODULE, STORAGE, "GET", SIGNED, facts)
    assert b"X-Amz" not in trace.json_lines()
    assert "/app.bin" in trace.entries[0].name
    assert all("?" not in str(value) for value in trace.entries[0].facts.values())


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (SIGNED, "https://b.s3.amazonaws.com/app.bin"),
        (f'"{SIGNED}","size":3', '"https://b.s3.amazonaws.com/app.bin","size":3'),
        ("why? because", "why because"),
        ("$aws/things/t/jobs/notify", "$aws/things/t/jobs/notify"),
    ],
)
def test_a_query_is_everything_up_to_a_space_or_quote(text: str, clean: str) -> None:
    assert without_query(text) == clean


def test_a_summary_tells_what_a_payload_is_about_and_no_url() -> None:
    payload = {
        "execution": {
            "jobId": "j",
            "status": "QUEUED",
            "versionNumber": 1,
            "jobDocument": {
                "operation": "app_fw_update",
                "fwversion": "v1.1.0",
                "size": 3,
                "location": {"url": SIGNED},
            },
        },
        "timestamp": 5,
        "clientToken": "00000001",
    }
    text = json.dumps(payload).encode()
    assert summary(text) == {
        "jobId": "j",
        "status": "QUEUED",
        "versionNumber": 1,
        "operation": "app_fw_update",
        "fwversion": "v1.1.0",
        "size": 3,
        "bytes": len(text),
    }


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_summary_of_what_is_not_json_says_so(payload: bytes) -> None:
    assert summary(payload) == {"text": "not JSON", "bytes": len(payload)}


@pytest.mark.parametrize("payload", [b"3", b"[]", b'"text"', b'[{"jobId": [1]}]'])
def test_a_summary_of_other_json_is_its_size(payload: bytes) -> None:
    assert summary(payload) == {"bytes": len(payload)}


def test_a_long_text_is_shortened_in_a_summary() -> None:
    assert summary(json.dumps({"reason": "x" * 500}).encode())["reason"] == "x" * 80


def test_waiting_finds_what_was_and_what_will_be() -> None:
    trace = Trace()
    trace.note(MODULE, JOBS, "CONNECT")
    first = trace.wait(lambda entry: entry.what == "CONNECT", 0)
    assert first is not None
    assert trace.wait(lambda entry: entry.what == "CONNECT", 0, after=first.number) is None
    found: list[Any] = []
    waiter = threading.Thread(target=lambda: found.append(trace.wait(lambda entry: entry.what == "SUBACK", 20)))
    waiter.start()
    trace.note(JOBS, MODULE, "PUBLISH")
    trace.note(JOBS, MODULE, "SUBACK")
    waiter.join()
    assert found[0].number == 3
