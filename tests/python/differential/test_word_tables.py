# SPDX-License-Identifier: Apache-2.0
"""What the width of the table of words depends on: elements of arrays and large node numbers, on both sides."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aws_fota.codegen.parser_tables import tables
from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, Field, FieldType, Foreign, Options
from aws_fota.oracle.outcome import MessageKind, ParseResult
from differential.parser_cases import ParserCase
from differential.parser_process import ParserProcess, build

_ALWAYS = (
    Field(("operation",), FieldType.STRING, "operation", max_length=16, required=True),
    Field(("size",), FieldType.U32, "size", maximum=2**32 - 1, required=True),
    Field(("url",), FieldType.URL, "url", required=True),
)
_VALUES = {"operation": "app_fw_update", "size": 1, "url": "https://h/p"}


def _described(fields: Sequence[Field]) -> Description:
    return Description(("app_fw_update",), Foreign.REJECT, (*_ALWAYS, *fields), Options(), "words.yaml")


def _number(path: tuple[str | int, ...], destination: str) -> Field:
    return Field(path, FieldType.U32, destination, maximum=2**32 - 1)


def _running(description: Description, folder: Path) -> Iterator[ParserCase]:
    settings = Settings()
    with ParserProcess(build(description, settings, folder), description) as process:
        yield ParserCase(description, settings, process)


def _read(case: ParserCase, **values: object) -> dict[str, object]:
    document = json.dumps({**_VALUES, **values})
    text = f'{{"execution":{{"jobId":"j","status":"QUEUED","versionNumber":1,"jobDocument":{document}}}}}'.encode()
    outcome = case.agreed(MessageKind.EXECUTION, text, (None, [1] * len(text)))
    assert outcome.result is ParseResult.OK
    return dict(outcome.job)


@pytest.mark.parametrize(
    ("index", "word_type"), [(2, "uint8_t"), (43, "uint8_t"), (44, "uint16_t"), (207, "uint16_t"), (254, "uint8_t")]
)
def test_an_element_by_its_index(index: int, word_type: str, tmp_path: Path) -> None:
    description = _described([_number(("list", 0), "first"), _number(("list", index), "another")])
    assert tables(description).word_type == word_type
    for case in _running(description, tmp_path):
        # Counting stops at 255, and goes through every byte before.
        for length in (index, index + 1, 300):
            job = _read(case, list=list(range(1000, 1000 + length)))
            assert job["first"] == 1000
            assert job.get("another", 0) == (1000 + index if length > index else 0)


def test_more_members_than_a_character_can_stand_for(tmp_path: Path) -> None:
    names = [f"{first}{second}" for first in string.ascii_letters[:23] for second in string.digits]
    # One name that begins another has its value before a branch.
    names.append("a")
    description = _described([_number((name,), f"m_{name}") for name in names])
    assert tables(description).word_type == "uint8_t"
    assert tables(description).uses.long_values
    for case in _running(description, tmp_path):
        values = {name: number for number, name in enumerate(names, start=1)}
        job = _read(case, **values)
        assert {name: job[f"m_{name}"] for name in names} == values
        _read(case, b="skipped", a10="skipped", z0="skipped", a=7)


@pytest.mark.parametrize(
    ("count", "name_size", "text_max", "unit", "parameter_type"),
    [
        (60, 10, 255, 8, "uint8_t"),
        # Lists beyond what a byte can say begin at multiples of 2 again, as they do where a text needs more anyway.
        (100, 20, 255, 2, "uint16_t"),
        (60, 10, 256, 2, "uint16_t"),
        (4, 10, 32768, 2, "uint16_t"),
    ],
)
def test_where_lists_begin_and_how_long_a_text_may_be(
    count: int, name_size: int, text_max: int, unit: int, parameter_type: str, tmp_path: Path
) -> None:
    paths = [
        (
            f"group{number // 3}",
            "".join(string.ascii_lowercase[(7 * number + 3 * place**2) % 26] for place in range(name_size)),
        )
        for number in range(count)
    ]
    numbers = [_number(path, f"m_{number}") for number, path in enumerate(paths)]
    text = Field(("text",), FieldType.STRING, "text", max_length=text_max)
    description = _described([*numbers, text])
    made = tables(description)
    assert (made.word_list_unit, made.parameter_type) == (unit, parameter_type)
    groups: dict[str, dict[str, int]] = {}
    for number, (group, name) in enumerate(paths):
        groups.setdefault(group, {})[name] = number
    for case in _running(description, tmp_path):
        job = _read(case, **groups, text="t" * text_max)
        assert [job[f"m_{number}"] for number in range(count)] == list(range(count))
        assert job["text"] == "t" * text_max
        document = json.dumps({**_VALUES, "text": "t" * (text_max + 1)})
        message = f'{{"execution":{{"jobDocument":{document}}}}}'.encode()
        outcome = case.agreed(MessageKind.EXECUTION, message, (None, [1] * len(message)))
        assert (outcome.result, outcome.offset) == (ParseResult.TOO_LONG, message.rindex(b"t"))
