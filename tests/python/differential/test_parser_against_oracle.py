# SPDX-License-Identifier: Apache-2.0
"""The generated parser and the oracle read the same messages: result, field, offset and every output must agree."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.jobdoc.model import FieldType, PathStep
from aws_fota.oracle.outcome import MessageKind, ParseResult
from differential.edge_messages import document_messages, envelope_messages
from differential.message_strategies import messages, single_values, splits
from differential.parser_cases import PARSERS, ParserCase, RunningParsers
from fuzz_targets import REMEMBERED


#: The golden forty is much like that of the tests, and its corpus is put to the oracle anyway.
@pytest.fixture(params=[name for name in PARSERS if name != "golden-forty"], scope="module")
def case(request: pytest.FixtureRequest, parsers: RunningParsers) -> ParserCase:
    return parsers[request.param]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_messages(case: ParserCase, data: st.DataObject) -> None:
    message = data.draw(messages(case.description, case.settings))
    pieces = data.draw(splits(len(message.data)))
    case.agreed(message.kind, message.data, [pieces], message.remembered)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_single_values(case: ParserCase, data: st.DataObject) -> None:
    message = data.draw(single_values(case.description, case.settings))
    case.agreed(message.kind, message.data, [data.draw(splits(len(message.data)))])


@pytest.mark.parametrize("name", [name for name in PARSERS if not name.endswith(("forty-tight", "golden-forty"))])
def test_every_edge_of_the_fields(parsers: RunningParsers, name: str) -> None:
    case = parsers[name]
    for kind, message in document_messages(case.description, case.settings):
        case.agreed(kind, message, (None, [1] * len(message)))


def test_every_edge_of_the_envelope(parsers: RunningParsers) -> None:
    case = parsers["default"]
    for kind, message in envelope_messages():
        for remembered in (frozenset(), REMEMBERED) if kind is MessageKind.PENDING else (frozenset(),):
            case.agreed(kind, message, (None, [1] * len(message)), remembered)


def _nested(path: Sequence[PathStep], value: str) -> str:
    """A job document in which nothing is there but a value and what leads to it."""
    for step in reversed(path):
        value = f"{{{json.dumps(step)}:{value}}}" if isinstance(step, str) else f"[{'null,' * step}{value}]"
    return value


@pytest.mark.parametrize(
    "text",
    [
        # What stands between the halves of a pair parts them.
        r"\ud83dA\ude00",
        r"\ud83d\u0041\ude00",
        r"\ud83d\n\ude00",
        "\\ud83d\u00e9\\ude00",
        r"\ud83d\ud83d\ude00",
        r"\ud83d",
        r"\ude00\ud83d",
        # Nor are two second halves one character.
        r"\ude00\ude00",
    ],
)
def test_a_surrogate_without_its_other_half(case: ParserCase, text: str) -> None:
    field = next(field for field in case.description.fields if field.type is FieldType.STRING)
    document = _nested(field.path, f'"{text}"')
    data = f'{{"execution":{{"jobId":"j","status":"QUEUED","versionNumber":1,"jobDocument":{document}}}}}'.encode()
    expected = case.agreed(MessageKind.EXECUTION, data, (None, [1] * len(data)))
    assert (expected.result, expected.offset) == (ParseResult.WRONG_VALUE, data.index(b"\\u"))
