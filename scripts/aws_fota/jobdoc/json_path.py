# SPDX-License-Identifier: Apache-2.0
"""Paths into the job document, as the YAML writes them: ``a.b[0].c``, or a list of names and indices."""

from __future__ import annotations

import re
from typing import Any

from aws_fota.jobdoc.model import PathStep, dotted

#: Bytes of UTF-8 of one member's name: an entry of the generated key table has one byte for its length.
NAME_MAX = 64

#: Bytes of UTF-8 of a whole path, escaped for JSON: a report with the reason and the name of the field stays below
#: AWS_FOTA_PUBLICATION_MAX (templates/include/aws_fota/limits.h.j2).
PATH_MAX = 128

#: The highest index of an array's element: the generated tables hold it in one byte.
INDEX_MAX = 254

#: Digits of an impossible index that a message shows.
_INDEX_DIGITS_SHOWN = 20

#: A name, behind a dot unless it is the first step, or an index.
_STEP = re.compile(r"(?:^|(?<=.)\.)([^.\[\]]+)|\[(0|[1-9][0-9]*)\]", re.DOTALL)

HOW = "write names joined by '.', and indices as in parts[0].url; a list takes names with dots or brackets in them"


class BadPath(ValueError):
    """A path that cannot be taken; its text says why."""


def parse(written: Any) -> tuple[PathStep, ...]:
    """The steps of a path.

    Args:
        written: the value in the YAML, a text or a list of texts and integers.

    Raises:
        BadPath: it is neither, or breaks a rule.
    """
    if isinstance(written, str):
        steps = _split(written)
    elif isinstance(written, list):
        steps = tuple(_item(item) for item in written)
    else:
        raise BadPath(f"'{written}' is neither a text nor a list")
    if not steps:
        raise BadPath("is empty")
    for step in steps:
        _check(step)
    if isinstance(steps[0], int):
        raise BadPath("begins with an index, but the job document is an object")
    text = dotted(steps)
    size = len(text.encode("utf-8")) + text.count('"') + text.count("\\")
    if size > PATH_MAX:
        raise BadPath(f"has {size} bytes as a JSON text, more than {PATH_MAX}")
    return steps


def _split(text: str) -> tuple[PathStep, ...]:
    steps: list[PathStep] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise BadPath(f"'{text}' cannot be read from its character {position + 1} on")
        name, index = match.groups()
        if index is not None and len(index) > _INDEX_DIGITS_SHOWN:
            # Must not reach int(), which has a limit of its own.
            raise BadPath(f"has the index {index[:_INDEX_DIGITS_SHOWN]}..., which is not 0 to {INDEX_MAX}")
        steps.append(name if index is None else int(index))
        position = match.end()
    return tuple(steps)


def _item(item: Any) -> PathStep:
    if isinstance(item, bool) or not isinstance(item, (str, int)):
        raise BadPath(f"'{item}' in the list is neither a name nor an index")
    return item


def _check(step: PathStep) -> None:
    if isinstance(step, int):
        if not 0 <= step <= INDEX_MAX:
            raise BadPath(f"has the index {step}, which is not 0 to {INDEX_MAX}")
        return
    if not step:
        raise BadPath("has an empty name in it")
    size = len(step.encode("utf-8"))
    if size > NAME_MAX:
        raise BadPath(f"has a name of {size} bytes, more than {NAME_MAX}")
    if not step.isprintable():
        # AWS IoT Jobs takes no such character in statusDetails, where a report names the field.
        raise BadPath("has a character in a name that is not printable")
