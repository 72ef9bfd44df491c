# SPDX-License-Identifier: Apache-2.0
"""The rule on an ELF file: what is linked is what the configuration says."""

from __future__ import annotations

from aws_fota.check.amounts import exactly
from aws_fota.check.inputs import Inputs, Linked
from aws_fota.check.verdict import BOTH, Comparison, Found, Mending, Rule
from aws_fota.config.dotconfig import PREFIX


def _stale(inputs: Inputs) -> Found:
    """How many linked limits differ from what the files say."""
    if not inputs.elf:
        return None
    differing = [words for found in inputs.linked if (words := _difference(inputs, found))]
    words = "; ".join(differing) or f"{len(inputs.linked)} linked limits compared"
    return Comparison(
        exactly(len(differing), words),
        exactly(0, inputs.elf),
        "differences",
        Mending(words="build again: the ELF file is older than its configuration"),
    )


def _difference(inputs: Inputs, found: Linked) -> str:
    """How a linked limit differs from what the files say; empty where it does not."""
    if found.described is not None:
        if found.described == found.value:
            return ""
        return f"{found.symbol} takes {found.described} elements and {found.value} are linked"
    configured = inputs.symbols.number(found.symbol)
    if configured.missing or configured.low == found.value:
        return ""
    return f"{PREFIX}{found.symbol} is {configured.low} ({configured.source}) and {found.value} linked"


RULES = (
    Rule(
        "stale-build",
        "The ELF file has the limits that its configuration says",
        "the sizes of the linked buffers",
        BOTH,
        _stale,
    ),
)
