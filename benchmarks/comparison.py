# SPDX-License-Identifier: Apache-2.0
"""The generated parser beside others, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Bytes and instructions of parsers that are not built here: the Cortex-M33's, GCC 12 at -Os, as this project's design
#: has them, of messages of the same lengths that are not the same. Flash is that of parser, URL split and unescaping
#: with picolibc; then RAM, heap, stack, and the instructions for messages of 345, 488, 1314 and 2048 bytes.
QUOTED = {
    "nRF Connect SDK + cJSON": ("8440", "52", "951-6727", "756-1384", "19787", "23727", "88383", "118097"),
    "coreJSON": ("5088", "12", "0", "400-424", "34416", "44442", "150307", "234703"),
    "jsmn (224 tokens)": ("3792", "12", "0", "3672", "10113", "13341", "79948", "75353"),
    "Zephyr json": ("7272", "12", "0", "576", "13991", "18379", "91377", "79435"),
}
TARGET = ("2000", "64", "0", "160", "5200", "7400", "19800", "31000")
MESSAGES = ("seed_345", "url_488", "presigned_1314", "presigned_2048")
_HEAD = ("flash", "RAM", "heap", "stack", "345 B", "488 B", "1314 B", "2048 B")
#: What was not measured.
_NONE = "-"


def comparison(figures: Mapping[str, Any]) -> str:
    """The table, of the figures of the parts ``parser`` and ``peers``."""
    ours = [figures[f"parser.{name}"] for name in ("flash_picolibc", "ram")]
    ours += [0, figures["parser.stack"], *_counts(figures["parser.m33_instructions"])]
    jsmn = figures["peers.jsmn.m33_instructions"]
    on_host = [_NONE] * 4
    rows = [
        ("Cortex-M33", _HEAD),
        ("this parser", ours),
        ("  at most", TARGET),
        ("jsmn", (figures["peers.jsmn.flash_picolibc"], _NONE, 0, figures["peers.jsmn.stack"], *_counts(jsmn))),
        *((f"{name}, quoted", row) for name, row in QUOTED.items()),
        ("", ()),
        (f"this machine, {figures['parser.host']}", _HEAD),
        ("this parser", [*on_host, *_counts(figures["parser.host_instructions"])]),
        ("jsmn", [*on_host, *_counts(figures["peers.jsmn.host_instructions"])]),
        ("cJSON", [*on_host, *_counts(figures["peers.cjson.host_instructions"])]),
    ]
    return "\n".join(_line(name, cells) for name, cells in rows) + "\n"


def _counts(instructions: Mapping[str, int]) -> list[int]:
    return [instructions[name] for name in MESSAGES]


def _line(name: str, cells: Sequence[object]) -> str:
    return f"{name:<32}{''.join(f'{cell!s:>10}' for cell in cells)}".rstrip()
