# SPDX-License-Identifier: Apache-2.0
"""The 318 texts of JSONTestSuite, inside a valid job and alone: doc/json-test-suite.md has the decisions."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_fota.oracle.outcome import REFUSALS, MessageKind, Outcome, ParseResult, Scheme, Url
from differential.parser_cases import ParserCase, RunningParsers

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "python" / "data" / "json_test_suite.json"
DECISIONS = ROOT / "doc" / "json-test-suite.md"

#: A longer text is fed byte by byte in one place only.
LONG = 2000


def load() -> dict[str, bytes]:
    """The texts by name: in the file a byte is the character of that number, and the long ones are told by parts."""
    texts: dict[str, bytes] = {}
    for name, written in json.loads(DATA.read_text(encoding="ascii")).items():
        parts = [(written, 1)] if isinstance(written, str) else written
        texts[name] = b"".join(part.encode("latin-1") * times for part, times in parts)
    return texts


TEXTS = load()

#: The texts as whoever decodes them first has them, where that is another text.
DECODED = {
    name: decoded for name, text in TEXTS.items() if (decoded := text.decode("utf-8", "replace").encode()) != text
}

#: Of each text that the RFC leaves open, whether it is accepted.
ACCEPTED = {
    name: decision == "accepted"
    for name, decision in re.findall(
        r"^\| `(i_[^`]+)` \| (accepted|refused) \| .+ \|$", DECISIONS.read_text(encoding="utf-8"), re.MULTILINE
    )
}

_ENVELOPE = b'"jobId":"job-1","status":"QUEUED","versionNumber":7'
_FIELDS = b'"operation":"app_fw_update","fwversion":"v1.0.2","size":181124'
_URL = b'"location":{"url":"https://host.example/fw.bin?x=1"}'
_TOKEN = b'"clientToken":"0123abcd"'

#: Where in the message a text stands: what is before it, and what behind.
PLACES = {
    "first of the job document": (
        b'{"execution":{' + _ENVELOPE + b',"jobDocument":{"u":',
        b"," + _FIELDS + b"," + _URL + b"}}," + _TOKEN + b"}",
    ),
    "amid the job document": (
        b'{"execution":{' + _ENVELOPE + b',"jobDocument":{' + _FIELDS + b',"u":',
        b"," + _URL + b"}}," + _TOKEN + b"}",
    ),
    "last of the job document": (
        b"{" + _TOKEN + b',"execution":{' + _ENVELOPE + b',"jobDocument":{' + _FIELDS + b"," + _URL + b',"u":',
        b"}}}",
    ),
    "in the location": (
        b"{" + _TOKEN + b',"execution":{' + _ENVELOPE + b',"jobDocument":{' + _FIELDS + b',"location":{"u":',
        b',"url":"https://host.example/fw.bin?x=1"}}}}',
    ),
    "in an array": (
        b"{" + _TOKEN + b',"execution":{"u":[0,',
        b"]," + _ENVELOPE + b',"jobDocument":{' + _FIELDS + b"," + _URL + b"}}}",
    ),
    "last of the message": (
        b'{"execution":{' + _ENVELOPE + b',"jobDocument":{' + _FIELDS + b"," + _URL + b"}}," + _TOKEN + b',"u":',
        b"}",
    ),
}


def splits(data: bytes, name: str, *, bytewise: bool) -> Iterator[list[int] | None]:
    """At once, byte by byte, and in pieces that the name decides on."""
    yield None
    if bytewise:
        yield [1] * len(data)
    chosen = random.Random(name)
    for longest in (3, 40):
        lengths: list[int] = []
        while sum(lengths) < len(data) and len(lengths) < LONG:
            lengths.append(min(chosen.randint(0, longest), len(data) - sum(lengths)))
        yield [*lengths, len(data) - sum(lengths)]


def outcomes(case: ParserCase, name: str, text: bytes) -> Iterator[Outcome]:
    """What C and oracle agree on for the text in each of the places."""
    for number, (before, behind) in enumerate(PLACES.values()):
        message = before + text + behind
        bytewise = number == 0 or len(text) < LONG
        yield case.agreed(MessageKind.EXECUTION, message, splits(message, name, bytewise=bytewise))


def alone(case: ParserCase, name: str, text: bytes) -> Outcome:
    """The same for the text as a whole message."""
    return case.agreed(MessageKind.OTHER, text, splits(text, name, bytewise=len(text) < LONG))


def hold_accepted(case: ParserCase, name: str, text: bytes) -> None:
    job = case.oracle(MessageKind.EXECUTION, b"null".join(PLACES["amid the job document"]))
    assert job.result is ParseResult.OK
    assert job.job["url"] == Url(Scheme.HTTPS, "host.example", 0, "/fw.bin?x=1")
    for outcome in outcomes(case, name, text):
        assert outcome == job
    # A value of another type at the root is a violation, but no refusal of the text.
    assert alone(case, name, text).result not in REFUSALS


def hold_refused(case: ParserCase, name: str, text: bytes) -> None:
    for outcome in (*outcomes(case, name, text), alone(case, name, text)):
        assert outcome.result in REFUSALS
        assert outcome == Outcome(outcome.result, 0, outcome.offset)


def test_every_text_is_there() -> None:
    assert Counter(name[0] for name in TEXTS) == {"y": 95, "n": 188, "i": 35}
    assert set(ACCEPTED) == {name for name in TEXTS if name.startswith("i_")}
    assert Counter(name[0] for name in DECODED) == {"n": 12, "i": 13}


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("y_")])
def test_what_must_be_accepted(parsers: RunningParsers, name: str) -> None:
    hold_accepted(parsers["default"], name, TEXTS[name])


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("n_")])
def test_what_must_be_refused(parsers: RunningParsers, name: str) -> None:
    hold_refused(parsers["default"], name, TEXTS[name])


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("i_")])
def test_what_is_left_open(parsers: RunningParsers, name: str) -> None:
    (hold_accepted if ACCEPTED[name] else hold_refused)(parsers["default"], name, TEXTS[name])


@pytest.mark.parametrize("name", DECODED)
def test_texts_that_were_decoded_first(parsers: RunningParsers, name: str) -> None:
    refused = name.startswith("n_") or "utf16" in name.lower().replace("-", "")
    (hold_refused if refused else hold_accepted)(parsers["default"], name, DECODED[name])


@pytest.mark.parametrize("parser", ["forty", "golden-arrays", "smallest"])
def test_other_parsers_refuse_the_same(parsers: RunningParsers, parser: str) -> None:
    case = parsers[parser]
    for name, text in TEXTS.items():
        accepted = ACCEPTED.get(name, name.startswith("y_"))
        if len(text) < LONG:
            assert (alone(case, name, text).result not in REFUSALS) == accepted, name
