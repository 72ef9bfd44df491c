# SPDX-License-Identifier: Apache-2.0
"""Versions as imgtool writes them: ``[v]major.minor.revision[+build]``, by ``doc/engine.md``."""

from __future__ import annotations

import re
from typing import NamedTuple


class Version(NamedTuple):
    """``struct aws_fota_version``; compares part by part, the build included."""

    major: int
    minor: int
    revision: int
    build: int = 0


#: The greatest value of each part: the sizes of MCUboot's image header.
GREATEST = Version(255, 255, 65535, 4294967295)

_VERSION = re.compile(r"[vV]?([0-9]+)\.([0-9]+)\.([0-9]+)(?:\+([0-9]+))?")


def parse(text: str) -> Version | None:
    """The version that ``text`` is, or None when it is none."""
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    version = Version(*(_number(digits) for digits in match.groups(default="0")))
    return version if all(part <= most for part, most in zip(version, GREATEST, strict=True)) else None


def _number(digits: str) -> int:
    """The value of some digits; what is greater than any part is cut to that, for int() has a limit of its own."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= len(str(GREATEST.build)) else GREATEST.build + 1


def compare(a: Version, b: Version) -> int:
    """Negative, 0 or positive as ``a`` is older than, equal to or newer than ``b``."""
    return (a > b) - (a < b)
