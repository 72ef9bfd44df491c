# SPDX-License-Identifier: Apache-2.0
"""The messages that are counted: answers to ``$next/get`` as AWS IoT Jobs sends them, of exact lengths.

``seed_345``         the job document's first form: protocol, host and path
``url_488``          a plain URL and a digest
``presigned_1314``   a URL signed with a session token
``presigned_2048``   the same, as long as the modem's TLS lets through
``mixed_2048``       members nobody described before and behind the described ones: text with escapes, numbers, lists
``watch_1314``       presigned_1314 read in watch mode
``managed_32768``    a job document of the greatest length, with the steps of a managed template
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_HOST = "fleet-firmware.s3.eu-west-1.amazonaws.com"
_JOB_ID = "c2e4b8a1-5f0d-4a37-9b7e-6d1f3a908c52"
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_TOKEN = "IQoJb3JpZ2luX2VjEJr%2F%2F%2F%2F%2F%2F%2F%2F%2F%2FwEaCWV1LXdlc3QtMSJHMEUCIQDk8fX1v0yGkVwq7Tn3bZ5sRr"
_NOTES = 'Fixes the \\"lost uplink\\" after a cell change\\n\\u2022 battery gauge: 3\\u00b5A less in sleep\\n'


@dataclass(frozen=True)
class Message:
    """One message and what every parser must have read from it.

    Attributes:
        name: as it stands in the figures.
        data: the payload, bytes.
        watch: whether only jobId, status and versionNumber are wanted.
        values: those of ``struct bench_values``, in its order.
    """

    name: str
    data: bytes
    watch: bool
    values: tuple[str, ...]


def all_messages() -> tuple[Message, ...]:
    """The set, the shortest first."""
    seed = _of_length(345, lambda fill: _seed(_hex(fill)))
    presigned = _of_length(1314, lambda fill: _url(_presigned(fill)))
    return (
        _message("seed_345", seed),
        _message("url_488", _of_length(488, lambda fill: _url(_plain(fill), sha256=_DIGEST))),
        _message("presigned_1314", presigned),
        _message("watch_1314", presigned, watch=True),
        _message("presigned_2048", _of_length(2048, lambda fill: _url(_presigned(fill), sha256=_DIGEST))),
        _message("mixed_2048", _of_length(2048, _mixed)),
        _message("managed_32768", _managed(32768)),
    )


def c_source(messages: tuple[Message, ...]) -> str:
    """The table of messages in C."""
    lines = ['#include "subject.h"']
    for index, message in enumerate(messages):
        octets = ",".join(map(str, message.data))
        lines.append(f"static const uint8_t data_{index}[] = {{{octets}}};")
    lines.append("const struct bench_message bench_messages[] = {")
    for index, message in enumerate(messages):
        lines.append(f'{{"{message.name}", data_{index}, sizeof(data_{index}), {str(message.watch).lower()}}},')
    lines += ["};", f"const size_t bench_message_count = {len(messages)};", ""]
    return "\n".join(lines)


def _message(name: str, text: str, *, watch: bool = False) -> Message:
    execution = json.loads(text)["execution"]
    envelope = (execution["jobId"], execution["status"], str(execution["versionNumber"]))
    if watch:
        return Message(name, text.encode(), True, (*envelope, "", "", "0", "0", "0", "", ""))
    document = execution["jobDocument"]
    location = document["location"]
    url = location.get("url") or f"https://{location['host']}/{location['path']}"
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    number = {"http": "1", "https": "2"}[scheme]
    values = (document["operation"], document["fwversion"], str(document["size"]), number, "0", host, f"/{path}")
    return Message(name, text.encode(), False, envelope + values)


def _of_length(length: int, make: Callable[[int], str]) -> str:
    """The text that `make` gives for as much filling as makes it `length` bytes long."""
    fill = length - len(make(0).encode())
    if fill < 0:
        raise ValueError(f"the message without filling is longer than {length} bytes")
    text = make(fill)
    if len(text.encode()) != length:
        raise ValueError(f"the message has {len(text.encode())} bytes, not {length}")
    return text


def _envelope(document: str, *, job_id: str = _JOB_ID, token: str = '"clientToken":"0000002a",') -> str:
    return (
        f'{{{token}"timestamp":1764089132,"execution":{{'
        f'"jobId":"{job_id}","status":"QUEUED","queuedAt":1764089101,"lastUpdatedAt":1764089101,'
        f'"versionNumber":1,"executionNumber":1,"jobDocument":{document}}}}}'
    )


def _seed(name: str) -> str:
    """Short enough for its length only with a short jobId, and as the answer to a request without a clientToken."""
    document = _document({"protocol": "https:", "host": _HOST, "path": f"{name}.bin"})
    return _envelope(_compact(document), job_id="update-7", token="")


def _document(location: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operation": "app_fw_update", "fwversion": "v1.4.2", "size": 262807, **more, "location": location}


def _url(url: str, **more: Any) -> str:
    return _envelope(_compact(_document({"url": url}, **more)))


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def _hex(length: int) -> str:
    return (_DIGEST * (length // len(_DIGEST) + 1))[:length]


def _plain(fill: int) -> str:
    return f"https://{_HOST}/tracker/app_update-{_hex(fill)}.bin"


def _presigned(fill: int) -> str:
    token = (_TOKEN * (fill // len(_TOKEN) + 1))[:fill]
    return (
        f"https://{_HOST}/tracker/1.4.2/app_update.bin?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Date=20261125T164532Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600"
        "&X-Amz-Credential=ASIAQ3EGTVX5EXAMPLE7%2F20261125%2Feu-west-1%2Fs3%2Faws4_request"
        f"&X-Amz-Security-Token={token}&X-Amz-Signature={_DIGEST}"
    )


def _mixed(fill: int) -> str:
    notes = (_NOTES * (fill // len(_NOTES) + 1))[:fill]
    # An escape that the cut went through is filled up with text.
    whole = notes[: notes.rfind("\\")] if "\\" in notes[-6:] else notes
    notes = whole + "." * (len(notes) - len(whole))
    before = {
        "schema": 3,
        "rollout": {"ring": "early", "percent": 12.5, "sites": ["fra", "lyon", "porto"], "force": False},
        "hardware": [{"board": "tracker", "revisions": [1, 2, 3]}, {"board": "tracker-lite", "revisions": [4]}],
        "calibration": [0.0125, -3.5e-3, 1024, 0, -17, 6.02e23, 12, 99.75, 1e-9, 4096, 8192, 16384],
        "approvedBy": None,
    }
    behind = {"contact": "ota@example.com", "window": {"from": "02:00", "to": "04:30", "weekdays": [1, 2, 3, 4]}}
    location = {"protocol": "https:", "host": _HOST, "path": "tracker/1.4.2/app_update.bin"}
    members = [
        _compact(before)[1:-1],
        f'"notes":"{notes}"',
        _compact(_document(location))[1:-1],
        _compact(behind)[1:-1],
    ]
    return _envelope("{" + ",".join(members) + "}")


def _managed(length: int) -> str:
    """A message whose job document alone has `length` bytes."""
    document = _document({"url": _presigned(900)}, sha256=_DIGEST)

    def steps(count: int, fill: int) -> str:
        step = {
            "action": {
                "name": "run-script",
                "type": "runHandler",
                "input": {"handler": "collect.sh", "args": ["--since", "1764089101", "--level", "3"], "path": "/opt/a"},
                "runAsUser": "fota",
            }
        }
        whole = {"version": "1.0", "steps": [step] * count, "comment": "x" * fill, **document}
        return _compact(whole)

    count = (length - len(steps(0, 0))) // (len(steps(2, 0)) - len(steps(1, 0)))
    text = steps(count, 0)
    while len(text) > length:
        count -= 1
        text = steps(count, 0)
    return _envelope(steps(count, length - len(text)))
