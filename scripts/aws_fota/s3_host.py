# SPDX-License-Identifier: Apache-2.0
"""Hosts of Amazon S3, as they stand in URLs: path style and virtual-hosted style.

Amazon S3 user guide, "Virtual hosting of buckets", and its endpoints with a region or without, with dual stack, FIPS
and acceleration, and in China.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# A bucket's name may have ".s3." in it: the last one counts.
_HOST = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?:[.-](?:accelerate|dualstack|fips))*(?:[.-](?P<region>[a-z0-9-]+))?\.amazonaws\.com(?:\.cn)?"
)


class S3Host(NamedTuple):
    """What a host says.

    Attributes:
        bucket: empty in path style.
        region: empty where none is named.
    """

    bucket: str
    region: str


def parse(host: str) -> S3Host | None:
    """Take a host without a port apart; None for one that is not of S3."""
    match = _HOST.fullmatch(host.lower())
    return S3Host(match["bucket"] or "", match["region"] or "") if match else None
