# SPDX-License-Identifier: Apache-2.0
"""Messages written out for tests of single rules, with the byte that a result is about marked in the text."""

from __future__ import annotations

from collections.abc import Sequence

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, Field, Foreign, Options
from aws_fota.oracle.outcome import MessageKind, Outcome, ParseResult
from aws_fota.oracle.parser import parse

#: Stands before the byte that the result is about.
MARK = "¦"

ENVELOPE = '"jobId":"j","status":"QUEUED","versionNumber":1'


def described(*fields: Field) -> Description:
    """A description of just these fields, whatever an ``aws_fota.yaml`` needs besides."""
    return Description((), Foreign.REJECT, fields, Options(), "test.yaml")


def execution(document: str) -> str:
    """A whole message with a job document."""
    return f'{{"execution":{{{ENVELOPE},"jobDocument":{document}}}}}'


def marked(text: str) -> tuple[bytes, int]:
    """The message without the mark, and the offset of the marked byte."""
    before, mark, behind = text.partition(MARK)
    assert mark, f"no byte is marked in {text}"
    return (before + behind).encode("utf-8"), len(before.encode("utf-8"))


def outcome(
    text: str | bytes,
    kind: MessageKind = MessageKind.EXECUTION,
    fields: Sequence[Field] = (),
    settings: Settings | None = None,
    remembered: frozenset[int] = frozenset(),
) -> Outcome:
    """What the oracle makes of a message."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    return parse(described(*fields), settings or Settings(), kind, data, remembered)


def assert_stands(
    text: str,
    result: ParseResult,
    field: int,
    kind: MessageKind = MessageKind.EXECUTION,
    fields: Sequence[Field] = (),
    settings: Settings | None = None,
) -> Outcome:
    """Assert that the result is about the marked byte and the field; returns all of the outcome."""
    data, offset = marked(text)
    found = outcome(data, kind, fields, settings)
    assert (found.result, found.field, found.offset) == (result, field, offset), data
    return found
