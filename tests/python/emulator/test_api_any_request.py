# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent to the API is answered in AWS's way, and the next request is served."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from api_bench import ApiBench, Reply, api_bench
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.emulator import storage_signature
from aws_fota.emulator.emulator import OPERATOR

METHODS = st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"])
SEGMENTS = st.sampled_from(
    [
        *("jobs", "things", "lamp", "j", "$next", "cancel", "targets", "job-document", "executionNumber", "1"),
        *("thing-groups", "addThingToThingGroup", "endpoint", "fota", "a", "..", "", "%00", "%FF", "%2F", "ü"),
    ]
)
NAMES = st.sampled_from(
    [
        *("maxResults", "nextToken", "status", "force", "expectedVersion", "includeJobDocument", "endpointType"),
        *("uploads", "uploadId", "partNumber", "delete", "list-type", "max-keys", "prefix", "delimiter", "marker"),
        *("location", "continuation-token", "encoding-type", "AWSAccessKeyId", "X-Amz-Date", "x"),
    ]
)
VALUES = st.one_of(st.sampled_from(["", "0", "1", "-1", "true", "url", "/", "2", "9" * 30]), st.text(max_size=5))
MEMBERS = st.sampled_from(
    [
        *("targets", "document", "status", "statusDetails", "description", "timeoutConfig", "criteriaList", "merge"),
        *("inProgressTimeoutInMinutes", "abortConfig", "attributePayload", "attributes", "thingName"),
    ]
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            MEMBERS,
            inner,
            max_size=4,
        ),
    ),
    max_leaves=6,
)
BODIES = st.one_of(
    st.binary(max_size=20),
    JSON.map(lambda it: json.dumps(it).encode()),
    st.sampled_from([b"", b"<Delete><Object><Key>a</Key></Object></Delete>", b"<CompleteMultipartUpload/>"]),
)


@pytest.fixture(name="aws", scope="module")
def _aws() -> Iterator[ApiBench]:
    with api_bench() as bench:
        bench.job("j", "lamp")
        bench.aws.call(bench.emulator.upload, "fota", "a", b"it")
        yield bench


def told(reply: Reply, method: str) -> None:
    """It is an answer of AWS's: no defect, and a refusal has a name."""
    assert reply.status in (200, 204, 206, 304) or 400 <= reply.status < 500 or reply.status == 501, reply
    if reply.status >= 400 and method != "HEAD":
        assert reply.code, reply


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    service=st.sampled_from(["iot", "iot", "iot-jobs-data", "s3", "sts"]),
    method=METHODS,
    segments=st.lists(SEGMENTS, max_size=5),
    query=st.lists(st.tuples(NAMES, VALUES), max_size=3),
    body=BODIES,
    signed=st.integers(0, 9),
)
def test_any_request_is_answered(
    service: str,
    method: str,
    segments: list[str],
    query: list[tuple[str, str]],
    body: bytes,
    signed: int,
    aws: ApiBench,
) -> None:
    path = "/" + "/".join(one if "%" in one else quote(one, safe="$") for one in segments)
    text = "&".join(f"{name}={quote(value.encode('utf-8', 'replace'), safe='')}" for name, value in query)
    told(aws.raw(service, method, f"{path}?{text}" if text else path, body, signed=signed > 0), method)


def test_it_still_serves(aws: ApiBench) -> None:
    aws.thing("after")
    assert "after" in [it["thingName"] for it in aws.iot.list_things(maxResults=250)["things"]]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PUT /fota/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"PUT /fota/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=lambda it: repr(it[:30]),
)
def test_what_is_no_http_is_refused_and_the_others_go_on(
    sent: bytes, aws: ApiBench, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", aws.emulator.api_port or 0), timeout=30) as raw:
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        answer = raw.recv(65536)
    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400", b"HTTP/1.1 403")), answer
    assert aws.s3.get_object(Bucket="fota", Key="a")["Body"].read() is not None
    assert "Traceback" not in caplog.text and len(caplog.messages) <= 1
    assert all(len(line) < 120 for line in caplog.messages)


def test_a_body_that_is_malformed_is_no_defect(aws: ApiBench, caplog: pytest.LogCaptureFixture) -> None:
    now = aws.emulator.clock.wall()
    host = f"127.0.0.1:{aws.emulator.api_port}"
    query = storage_signature.presigned_query(OPERATOR, host, "/fota/b", now, 60, method="PUT")
    head = f"PUT /fota/b?{query} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", aws.emulator.api_port or 0), timeout=30) as raw:
        raw.sendall(head.encode() + b"2\r\nit\r\nzz\r\n")
        assert b" 400 " in raw.recv(65536).partition(b"\r\n")[0]
    assert aws.emulator.store.get("fota", "b") is None
    assert "Traceback" not in caplog.text


def test_connections_that_are_half_open_hold_nobody_up(aws: ApiBench) -> None:
    waiting = [socket.create_connection(("127.0.0.1", aws.emulator.api_port or 0), timeout=30) for _ in range(50)]
    try:
        for one in waiting:
            one.sendall(b"PUT /fota/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        assert aws.s3.head_bucket(Bucket="fota")["BucketRegion"] == "eu-west-1"
    finally:
        for one in waiting:
            one.close()
    assert aws.emulator.store.get("fota", "slow") is None
