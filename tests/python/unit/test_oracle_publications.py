# SPDX-License-Identifier: Apache-2.0
"""What is sent, byte by byte."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Field, FieldType
from aws_fota.oracle import publications
from aws_fota.oracle.engine_io import Request
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.outcome import FIRST_FIELD, JobStatus, Scheme, Url
from descriptions import DEFAULT
from oracle_engine_driver import Driver


def sent(driver: Driver) -> tuple[bytes, bytes]:
    return publications.topic(driver.engine), publications.payload(driver.engine)


def update(status: JobStatus, settings: Settings | None = None, **job: object) -> bytes:
    """The payload of an update of a job with these values."""
    driver = Driver(settings).online()
    state, values = driver.engine.state, driver.engine.job_state
    state.request, state.asked, state.token = Request.UPDATE, status, 0xA
    for name, value in {"job_id": "job", "size": 200, **job}.items():
        setattr(values, name, value)
    return publications.payload(driver.engine)


def test_the_requests() -> None:
    driver = Driver().online()
    jobs = b"$aws/things/thing-1/jobs/"
    assert sent(driver) == (jobs + b"$next/get", b'{"clientToken":"00000002"}')
    driver.message("$next/get/accepted", b"{")
    assert sent(driver) == (jobs + b"$next/get", b'{"includeJobDocument":false,"clientToken":"00000003"}')
    driver.describe("the-job")
    assert sent(driver) == (jobs + b"the-job/get", b'{"clientToken":"00000004"}')
    driver.describe("the-job", version=3)
    assert sent(driver) == (
        jobs + b"the-job/update",
        b'{"status":"IN_PROGRESS","statusDetails":{"progress":"0"},"expectedVersion":3,'
        b'"includeJobExecutionState":true,"clientToken":"00000005"}',
    )


def test_a_list() -> None:
    driver = Driver().online()
    driver.engine.state.request = Request.LIST
    assert sent(driver) == (b"$aws/things/thing-1/jobs/get", b'{"clientToken":"00000002"}')


@pytest.mark.parametrize(
    ("status", "job", "members"),
    [
        (JobStatus.IN_PROGRESS, {"offset": 84}, b'"statusDetails":{"progress":"42"}'),
        (JobStatus.IN_PROGRESS, {"offset": 199}, b'"statusDetails":{"progress":"99"}'),
        (JobStatus.IN_PROGRESS, {"size": 0}, b'"statusDetails":{"progress":"100"}'),
        (JobStatus.SUCCEEDED, {}, b'"statusDetails":{"progress":"100"}'),
        (
            JobStatus.FAILED,
            {"reason": Reason.HTTP_STATUS, "detail": 404},
            b'"statusDetails":{"reason":"server refused the download","detail":"404"}',
        ),
        (JobStatus.FAILED, {"reason": Reason.DIGEST}, b'"statusDetails":{"reason":"sha256 differs"}'),
        (
            JobStatus.REJECTED,
            {"reason": Reason.FIELD_TOO_LONG, "detail": FIRST_FIELD + 1},
            b'"statusDetails":{"reason":"field is too long","field":"fwversion"}',
        ),
        (
            JobStatus.FAILED,
            {"reason": Reason.FIELD_MISSING, "detail": 3},
            b'"statusDetails":{"reason":"field is missing"}',
        ),
        (
            JobStatus.FAILED,
            {"reason": Reason.FIELD_MISSING, "detail": FIRST_FIELD + len(DEFAULT.fields)},
            b'"statusDetails":{"reason":"field is missing"}',
        ),
        (JobStatus.FAILED, {"reason": 200, "detail": 7}, b'"statusDetails":{"reason":"unknown reason","detail":"7"}'),
        (JobStatus.FAILED, {"reason": 0}, b'"statusDetails":{"reason":"unknown reason"}'),
        (JobStatus.FAILED, {"reason": Reason.CONFIRM}, b'"statusDetails":{"reason":"unknown reason"}'),
    ],
)
def test_an_update_tells_its_details(status: JobStatus, job: dict[str, object], members: bytes) -> None:
    expected = b'{"status":"' + status.name.encode() + b'",' + members
    assert update(status, **job) == expected + b',"includeJobExecutionState":true,"clientToken":"0000000a"}'


def test_a_step_timeout_goes_with_in_progress_only() -> None:
    settings = Settings(step_timeout_minutes=10080)
    minutes = b'"includeJobExecutionState":true,"stepTimeoutInMinutes":10080,"clientToken"'
    assert minutes in update(JobStatus.IN_PROGRESS, settings)
    assert b"stepTimeout" not in update(JobStatus.SUCCEEDED, settings)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (('a"b\\c', 0), r'"field":"a\"b\\c[0]"'),
        (("größe",), '"field":"größe"'),
        (("x" * 128,), '"field":"' + "x" * 128 + '"'),
        (("x" * 129,), None),
        (('"' * 65,), None),
        (("a\tb",), None),
        (("a\x7fb",), None),
    ],
)
def test_a_field_is_named_where_its_name_can_be_sent(path: tuple[str | int, ...], field: str | None) -> None:
    odd = Field(path, FieldType.BOOL, "odd")
    driver = Driver(description=replace(DEFAULT, fields=(*DEFAULT.fields, odd))).online()
    state, job = driver.engine.state, driver.engine.job_state
    state.request, state.asked = Request.UPDATE, JobStatus.FAILED
    job.reason, job.detail = Reason.FIELD_WRONG_TYPE, FIRST_FIELD + len(DEFAULT.fields)
    payload = publications.payload(driver.engine)
    json.loads(payload)
    assert (field is None) == (b'"field"' not in payload)
    assert (field or "").encode() in payload


def test_the_longest_payload_fits() -> None:
    """The longest reason about a field, with the longest name that is sent and the greatest numbers."""
    name = ("\\" * 64,)
    driver = Driver(description=replace(DEFAULT, fields=(*DEFAULT.fields, Field(name, FieldType.BOOL, "odd")))).online()
    state, job = driver.engine.state, driver.engine.job_state
    state.request, state.asked = Request.UPDATE, JobStatus.REJECTED
    job.version, job.detail = 2**32 - 1, FIRST_FIELD + len(DEFAULT.fields)
    for reason in range(29):
        job.reason = reason
        assert len(publications.payload(driver.engine)) <= publications.PUBLICATION_MAX


@pytest.mark.parametrize("request_in_flight", [Request.NONE, Request.SUBSCRIBE])
def test_without_a_request_nothing_is_sent(request_in_flight: Request) -> None:
    driver = Driver().online()
    driver.engine.state.request = request_in_flight
    with pytest.raises(ValueError, match="no request"):
        publications.topic(driver.engine)
    with pytest.raises(ValueError, match="no request"):
        publications.payload(driver.engine)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (Url(Scheme.HTTPS, "h", 0, "/p?q?r"), "https://h:443/p"),
        (Url(Scheme.HTTP, "h", 0, "/"), "http://h:80/"),
        (Url(Scheme.HTTP, "[::1]", 8080, "//p%2F"), "http://[::1]:8080//p%2F"),
        (Url(Scheme.HTTPS, "H.example", 65535, "/?"), "https://H.example:65535/"),
    ],
)
def test_an_object_is_named_by_its_url_without_the_query(url: Url, text: str) -> None:
    assert publications.identity_text(url) == text
    assert publications.identity(url) == hashlib.sha256(text.encode()).digest()
