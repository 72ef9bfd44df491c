# SPDX-License-Identifier: Apache-2.0
"""Topics and payloads of what the device sends: the section "What is sent" of ``doc/engine.md``."""

from __future__ import annotations

import hashlib

from aws_fota.oracle import engine_reasons, topics
from aws_fota.oracle.engine import Engine
from aws_fota.oracle.engine_io import Request
from aws_fota.oracle.outcome import FIRST_FIELD, JobStatus, Scheme, Url

#: Longest payload that this device publishes.
PUBLICATION_MAX = 384
#: Longest name of a field in a report, in bytes of JSON.
FIELD_MAX = 128

_DEFAULT_PORTS = {Scheme.HTTP: 80, Scheme.HTTPS: 443}


def subscription_topics(engine: Engine) -> tuple[bytes, bytes]:
    """The two topic filters of a ``SUBSCRIBE``, in their order."""
    jobs = topics.prefix(engine.thing)
    return (f"{jobs}notify-next".encode("ascii"), f"{jobs}notify".encode("ascii"))


def topic(engine: Engine) -> bytes:
    """The topic of the request in flight.

    Raises:
        ValueError: none is in flight that is published.
    """
    rest = {
        Request.DESCRIBE_NEXT: "$next/get",
        Request.DESCRIBE_JOB: f"{engine.job_id}/get",
        Request.LIST: "get",
        Request.UPDATE: f"{engine.job_id}/update",
    }.get(engine.state.request)
    if rest is None:
        raise ValueError("no request is in flight")
    return (topics.prefix(engine.thing) + rest).encode("ascii")


def payload(engine: Engine) -> bytes:
    """The payload of the request in flight.

    Raises:
        ValueError: none is in flight that is published.
    """
    request = engine.state.request
    members = []
    if request is Request.UPDATE:
        members = update_members(engine)
    elif request in (Request.DESCRIBE_NEXT, Request.DESCRIBE_JOB):
        members = [] if engine.state.full else ['"includeJobDocument":false']
    elif request is not Request.LIST:
        raise ValueError("no request is in flight")
    members.append(f'"clientToken":"{engine.state.token:08x}"')
    return ("{" + ",".join(members) + "}").encode("utf-8")


def update_members(engine: Engine) -> list[str]:
    """What an ``UPDATE`` says before its clientToken."""
    status, job = engine.state.asked, engine.job_state
    members = [f'"status":"{status.name}"', f'"statusDetails":{status_details(engine)}']
    if job.version:
        members.append(f'"expectedVersion":{job.version}')
    members.append('"includeJobExecutionState":true')
    minutes = engine.settings.step_timeout_minutes
    if status is JobStatus.IN_PROGRESS and minutes:
        members.append(f'"stepTimeoutInMinutes":{minutes}')
    return members


def status_details(engine: Engine) -> str:
    """``statusDetails`` of the ``UPDATE`` in flight, as a JSON object."""
    status, job = engine.state.asked, engine.job_state
    if status is JobStatus.IN_PROGRESS:
        return f'{{"progress":"{job.percent}"}}'
    if status is JobStatus.SUCCEEDED:
        return '{"progress":"100"}'
    details = f'"reason":"{engine_reasons.text(job.reason)}"'
    if job.reason in engine_reasons.ABOUT_A_FIELD:
        details += field_detail(engine, job.detail)
    elif job.detail:
        details += f',"detail":"{job.detail}"'
    return "{" + details + "}"


def field_detail(engine: Engine, index: int) -> str:
    """The pair that names a field of the job document, or nothing for one of the envelope."""
    described = engine.description.fields
    if not FIRST_FIELD <= index < FIRST_FIELD + len(described):
        return ""
    name = escaped(described[index - FIRST_FIELD].dotted)
    # AWS IoT Jobs refuses control characters in statusDetails.
    sendable = len(name.encode("utf-8")) <= FIELD_MAX and all(" " <= letter != "\x7f" for letter in name)
    return f',"field":"{name}"' if sendable else ""


def escaped(text: str) -> str:
    """A text without control characters for the inside of a JSON string."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def identity_text(url: Url) -> str:
    """The text that names an object: its URL with the port, without the query."""
    port = url.port or _DEFAULT_PORTS.get(url.scheme, 0)
    return f"{url.scheme.name.lower()}://{url.host}:{port}{url.path.partition('?')[0]}"


def identity(url: Url) -> bytes:
    """SHA-256 over :func:`identity_text`."""
    return hashlib.sha256(identity_text(url).encode("ascii")).digest()
