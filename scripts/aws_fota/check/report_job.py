# SPDX-License-Identifier: Apache-2.0
"""What a device makes of a job document, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from aws_fota.check.job_file import Judgement, device_fields, excerpt, foreign_operation
from aws_fota.check.report_text import COLUMNS
from aws_fota.jobdoc.model import Description
from aws_fota.oracle.outcome import ParseResult

_WORDS = {
    ParseResult.OK: "is fine",
    ParseResult.SYNTAX: "is not JSON",
    ParseResult.TRUNCATED: "ends too early",
    ParseResult.DEPTH: "nests too deep",
    ParseResult.TOO_LONG: "is too long",
    ParseResult.OUT_OF_RANGE: "is out of range",
    ParseResult.WRONG_TYPE: "has the wrong type",
    ParseResult.WRONG_VALUE: "has a value that its rule forbids",
    ParseResult.DUPLICATE: "is there twice",
    ParseResult.MISSING: "is missing",
}


def lines(judgement: Judgement, description: Description) -> Iterator[str]:
    """Result, first wrong byte and fields."""
    name, result = judgement.file.name, judgement.result
    judges = " and ".join(judgement.judges)
    if result is ParseResult.OK:
        yield from _wrapped(f"holds {name}: a job that the device takes ({judges})")
    else:
        where = "" if judgement.offset is None else f", byte {judgement.offset}"
        yield from _wrapped(f"FAILS {name}: {judgement.field} {_WORDS[result]} ({result.name}{where}; {judges})")
        yield from excerpt(judgement)
    if judgement.note:
        yield from _wrapped(f"      {judgement.note}")
    for field, value in device_fields(judgement):
        yield from _wrapped(f"      {field:<12} {value}")
    foreign = foreign_operation(judgement, description)
    if foreign:
        yield from _wrapped(f"      note: {foreign}")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, subsequent_indent=" " * 8, break_on_hyphens=False)
