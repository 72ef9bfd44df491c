# SPDX-License-Identifier: Apache-2.0
"""The Range header, as S3 reads it: one range of bytes, or none."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(?:(?P<first>[0-9]+)-(?P<last>[0-9]*)|-(?P<suffix>[0-9]+))")


#: More than any object has. Python refuses to read integers of thousands of digits, which a header has room for.
_ENDLESS = 10**18


class NotSatisfiable(Exception):
    """The range has no byte in common with the object: 416."""


def first_byte(header: str | None) -> int:
    """The byte that a request begins at; 0 without a Range that names it."""
    match = _RANGE.fullmatch(header.strip()) if header is not None else None
    return _position(match["first"]) if match is not None and match["first"] is not None else 0


def requested(header: str | None, size: int) -> tuple[int, int] | None:
    """The part of an object of `size` bytes that is asked for, as ``(start, end)`` with `end` excluded.

    None means the whole object with 200: without the header, with several ranges (S3 does not serve them), and with
    anything that is not a range of bytes (RFC 9110, 14.2).

    Raises:
        NotSatisfiable: the range begins past the end.
    """
    match = _RANGE.fullmatch(header.strip()) if header is not None else None
    if match is None:
        return None
    if match["suffix"] is not None:
        length = min(_position(match["suffix"]), size)
        if length == 0:
            raise NotSatisfiable
        return size - length, size
    first = _position(match["first"])
    last = _position(match["last"]) if match["last"] else size - 1
    if match["last"] and last < first:
        return None
    if first >= size:
        raise NotSatisfiable
    return first, min(last, size - 1) + 1


def _position(digits: str) -> int:
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) <= len(str(_ENDLESS)) else _ENDLESS
