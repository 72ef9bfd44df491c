# SPDX-License-Identifier: Apache-2.0
"""Python's own :mod:`json` beside the oracle's reader: on every text the two must agree."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from aws_fota.oracle.json_text import read_text
from aws_fota.oracle.json_tree import Array, Literal, Number, Text, TextRefused, Value
from aws_fota.oracle.outcome import ParseResult


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _plain(value: Value) -> Any:
    """A value in the form that :func:`_by_python` gives it."""
    if isinstance(value, Text):
        return value.content
    if isinstance(value, Number):
        return ("number", value.literal)
    if isinstance(value, Literal):
        return value.meaning
    if isinstance(value, Array):
        return [_plain(element) for element in value.elements]
    return ("object", [(name, _plain(member)) for name, member in value.members])


def _by_python(data: bytes) -> Any:
    """The same text read by Python's json with nothing lost and nothing let through.

    Raises:
        ValueError: it is not JSON in UTF-8 without a byte order mark.
    """
    return json.loads(
        data.decode("utf-8", "strict"),
        object_pairs_hook=lambda pairs: ("object", pairs),
        parse_int=lambda literal: ("number", literal),
        parse_float=lambda literal: ("number", literal),
        parse_constant=_refuse_constant,
    )


def read_witnessed(data: bytes, depth_max: int) -> Value:
    """Read a whole message as :func:`read_text` does, with Python's json as the witness.

    Args:
        data: the message.
        depth_max: how deep objects and arrays may nest; the outermost is depth 1.

    Raises:
        TextRefused: the text is not RFC 8259 JSON in UTF-8, is cut short, or nests deeper than ``depth_max``.
        AssertionError: Python's json judges the text differently, which is a defect of ``json_text.py``.
    """
    try:
        value = read_text(data, depth_max)
    except TextRefused as refused:
        if refused.result is not ParseResult.DEPTH:
            _assert_refused_by_python(data, refused)
        raise
    try:
        theirs = _by_python(data)
    except ValueError as error:
        raise AssertionError(f"json refuses what the oracle accepts: {data!r}: {error}") from error
    if _plain(value) != theirs:
        raise AssertionError(f"json reads something else than the oracle: {data!r}")
    return value


def _assert_refused_by_python(data: bytes, refused: TextRefused) -> None:
    try:
        _by_python(data)
    except ValueError:
        return
    raise AssertionError(f"json accepts what the oracle refuses: {data!r}: {refused}") from refused
