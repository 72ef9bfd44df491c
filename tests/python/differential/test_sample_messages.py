# SPDX-License-Identifier: Apache-2.0
"""The messages that the project shows and tests with, cut after each of their bytes; and the longest job document."""

from __future__ import annotations

import importlib.util
import random
import re
from pathlib import Path

import pytest

from aws_fota.oracle.outcome import REFUSALS, MessageKind, Outcome, ParseResult, Scheme, Url
from differential.parser_cases import RunningParsers

ROOT = Path(__file__).resolve().parents[3]

#: An answer as the service writes it, around a job document.
ANSWER = (
    b'{"clientToken":"0123abcd","timestamp":1700000000,"execution":{"jobId":"update-1","status":"QUEUED",'
    b'"queuedAt":1700000000,"lastUpdatedAt":1700000000,"versionNumber":1,"executionNumber":1,"jobDocument":%b}}'
)

#: Longest job document, by the service's contract.
DOCUMENT_MAX = 32768
#: A modem's reception buffer.
RECEPTION = 128


def readme_documents() -> list[bytes]:
    """The job documents that the README shows, in both forms."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return [found.encode() for found in re.findall(r"```json\n(.*?)\n```", readme, re.DOTALL) if '"operation"' in found]


def messages_on_target() -> list[tuple[MessageKind, bytes]]:
    """The messages of the ztest, of every kind."""
    path = ROOT / "tests" / "zephyr" / "core" / "vector_messages.py"
    specification = importlib.util.spec_from_file_location("vector_messages", path)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return list(module.MESSAGES)


SAMPLES = [
    *((kind, ANSWER % document) for document in readme_documents() for kind in MessageKind),
    *messages_on_target(),
]


def test_the_samples_are_all_there() -> None:
    assert len(readme_documents()) == 2
    assert {kind for kind, _ in messages_on_target()} == set(MessageKind)


@pytest.mark.parametrize(("kind", "message"), SAMPLES, ids=range(len(SAMPLES)))
def test_every_truncation(parsers: RunningParsers, kind: MessageKind, message: bytes) -> None:
    case = parsers["default"]
    whole = case.agreed(kind, message, (None, [1] * len(message)))
    for length in range(len(message)):
        found = case.agreed(kind, message[:length])
        if whole.result in REFUSALS and length > whole.offset:
            # The byte that refuses the text is there.
            assert found == whole
        elif whole.result not in REFUSALS and length < len(message.rstrip()) and message.startswith(b"{"):
            assert found == Outcome(ParseResult.TRUNCATED, 0, length)


@pytest.mark.parametrize("tail", [b"}", b"{}", b"\0", b"x", b",", b'"', b"\xff", b'"status":"QUEUED"}}'])
def test_a_stale_tail(parsers: RunningParsers, tail: bytes) -> None:
    case = parsers["default"]
    for document in readme_documents():
        message = ANSWER % document
        for gap in (b"", b"\r\n "):
            found = case.agreed(MessageKind.EXECUTION, message + gap + tail, (None, [len(message + gap), len(tail)]))
            assert found == Outcome(ParseResult.SYNTAX, 0, len(message + gap))


def longest_document() -> bytes:
    """A job document of 32 KB whose fields stand at its beginning, in its middle and at its end."""
    chosen = random.Random(0)
    fillers = (
        b'"%d":{"a":[1,-0.5e+3,null,true,{"b":"\\ud83d\\ude00\\n"}]}',
        b'"k%d":"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 text"',
        b'"n%d":[[],{},[123456789012345678901234567890]]',
        b'"\\u0073%d" : "' + b"x" * 300 + b'"',
    )

    def filled(parts: list[bytes], until: int) -> int:
        size = sum(map(len, parts))
        while size < until:
            parts.append(b"," + chosen.choice(fillers) % len(parts))
            size += len(parts[-1])
        return size

    parts = [b'{"operation":"app_fw_update"']
    filled(parts, DOCUMENT_MAX // 2)
    parts.append(b',"size":181124,"sha256":"' + b"9f" * 32 + b'"')
    last = b',"fwversion":"v1.0.2","location":{"url":"https://bucket.s3.eu-west-1.amazonaws.com/app.bin?X-Amz=1"}}'
    size = filled(parts, DOCUMENT_MAX - 1000)
    padding = b',"p":"' + b"p" * (DOCUMENT_MAX - size - len(last) - 7) + b'"'
    return b"".join((*parts, padding, last))


def test_the_longest_document_through_a_small_buffer(parsers: RunningParsers) -> None:
    case = parsers["default"]
    document = longest_document()
    assert len(document) == DOCUMENT_MAX
    message = ANSWER % document

    def pieces(data: bytes) -> list[int]:
        return [min(RECEPTION, len(data) - at) for at in range(0, len(data), RECEPTION)]

    found = case.agreed(MessageKind.EXECUTION, message, (pieces(message), None, [1] * len(message)))
    assert found.result is ParseResult.OK
    assert found.job == {
        "operation": "app_fw_update",
        "version": "v1.0.2",
        "size": 181124,
        "sha256": b"\x9f" * 32,
        "url": Url(Scheme.HTTPS, "bucket.s3.eu-west-1.amazonaws.com", 0, "/app.bin?X-Amz=1"),
    }
    watched = case.agreed(MessageKind.WATCH, message, (pieces(message),))
    assert (watched.result, watched.job_id, watched.job) == (ParseResult.OK, "update-1", {})
    cut = message[:-1]
    assert case.agreed(MessageKind.EXECUTION, cut, (pieces(cut),)) == Outcome(ParseResult.TRUNCATED, 0, len(cut))
    spoiled = message[:-3] + b"]" + message[-3:]
    assert case.agreed(MessageKind.EXECUTION, spoiled, (pieces(spoiled),)) == Outcome(
        ParseResult.SYNTAX, 0, len(message) - 3
    )
    longer = message.replace(b"X-Amz=1", b"X-Amz=1" + b"p" * case.settings.file_path_max_len)
    assert case.agreed(MessageKind.EXECUTION, longer, (pieces(longer),)).result is ParseResult.TOO_LONG
