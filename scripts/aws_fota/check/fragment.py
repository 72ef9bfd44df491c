# SPDX-License-Identifier: Apache-2.0
"""A fix as a Kconfig fragment."""

from __future__ import annotations

from collections.abc import Mapping

from aws_fota.check.verdict import kconfig_line
from aws_fota.config.dotconfig import Scalar

_HEAD = """\
# SPDX-License-Identifier: Apache-2.0
# What `aws-fota check` found too small or wrong. Build with -DEXTRA_CONF_FILE=<this file>.
"""


def is_fragment(content: bytes) -> bool:
    """Whether a file is one that :func:`fragment` made, which may be written again."""
    return content.startswith(_HEAD.encode("utf-8"))


def fragment(lines: Mapping[str, Scalar]) -> str:
    """The text of a fragment that sets `lines`, sorted by symbol."""
    return _HEAD + "".join(f"{kconfig_line(symbol, value)}\n" for symbol, value in sorted(lines.items()))
