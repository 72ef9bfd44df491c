# SPDX-License-Identifier: Apache-2.0
"""Characters at every border of UTF-8, and those that a table of words must not take for its own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from aws_fota.oracle.outcome import MessageKind, ParseResult
from differential.parser_cases import ParserCase, RunningParsers

#: Where the second byte of some form begins or ends, and what is no such byte at all.
SECOND_BYTES = (0x00, 0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF)
TAILS = (b"", b"\x80", b"\xbf", b"\x80\x80", b"\xbf\xbf", b"\xbf\xc0", b"\x7f")


def _is_text(data: bytes) -> bool:
    """Whether JSON may have these bytes between quotes, by Python's own decoder."""
    try:
        return all(character >= " " and character not in '"\\' for character in data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize("name", ["default", "forty"])
def test_every_first_byte_with_every_border_of_the_second(parsers: RunningParsers, name: str) -> None:
    process = parsers[name].process
    for first in range(0x80, 0x100):
        for second in SECOND_BYTES:
            for tail in TAILS:
                character = bytes((first, second)) + tail
                result = process.parse(MessageKind.OTHER, b'["' + character + b'"]').result
                refused = result in (ParseResult.SYNTAX, ParseResult.TRUNCATED)
                assert refused is not _is_text(character), character


def _with_controls(before: str, after: str) -> Iterator[bytes]:
    """A text with each control character in one place, escaped and raw."""
    for code in (*range(0x20), 0x7F, 0x80, 0xFF):
        yield f"{before}\\u{code:04x}{after}".encode()
        yield before.encode() + chr(code).encode("latin-1") + after.encode()


@pytest.mark.parametrize("name", ["default", "forty"])
@pytest.mark.parametrize(
    "word",
    ["clientToken", "execution", "executionState", "code", "inProgressJobs", "queuedJobs", "jobId", "jobDocument"],
)
def test_a_name_that_a_control_character_follows(parsers: RunningParsers, name: str, word: str) -> None:
    # What a name stands for is a small number in the table, right behind its last character.
    case = parsers[name]
    for message in (
        *_with_controls(f'{{"{word}', '":0}'),
        *_with_controls(f'{{"execution":{{"{word}', '":0}}'),
        *_with_controls(f'{{"{word[:-1]}', f'{word[-1]}":0}}'),
    ):
        case.agreed(MessageKind.EXECUTION, message, (None, [1] * len(message)))


@pytest.mark.parametrize("name", ["default", "forty"])
def test_a_text_of_an_enum_that_a_control_character_follows(parsers: RunningParsers, name: str) -> None:
    for status in ("QUEUED", "IN_PROGRESS", "CANCELED"):
        for message in _with_controls(f'{{"executionState":{{"status":"{status}', '"}}'):
            parsers[name].agreed(MessageKind.UPDATED, message, (None, [1] * len(message)))


@pytest.mark.parametrize(
    "key", ["a", 'a"', 'a"b', 'a"b\\', 'a"b\\c', 'a"b\\c"', 'a"b\\c\\', 'a\\"b\\c', "a\\"], ids=lambda key: key
)
def test_a_name_with_what_ends_a_string_or_escapes(parsers: RunningParsers, key: str) -> None:
    # 'a"b\\c' is described: where it goes on with a quote, the quote that is not escaped ends the name all the same.
    case: ParserCase = parsers["forty"]
    document = json.dumps({"größe.x[0]": {"\U0001f600": {key: "text", "b\\c": 1}}}, ensure_ascii=False)
    execution = f'{{"jobId":"j","status":"QUEUED","versionNumber":1,"jobDocument":{document}}}'
    message = f'{{"execution":{execution}}}'.encode()
    found = case.agreed(MessageKind.EXECUTION, message, (None, [1] * len(message)))
    # The required fields are not there, but all of it is JSON.
    assert found.result is ParseResult.MISSING
    assert found.job.get("odd_names", "") == ("text" if key == 'a"b\\c' else "")
