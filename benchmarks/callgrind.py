# SPDX-License-Identifier: Apache-2.0
"""Counting instructions on this machine, with valgrind's callgrind."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from pathlib import Path

from aws_fota.errors import CheckFailed
from benchmarks import toolchain
from benchmarks.cortex_m33 import SOURCES, check_values
from benchmarks.messages import Message, c_source

#: As Debian compiles its libraries.
FLAGS = ("-O2", "-std=c99")
_COUNTED = "bench_parse"
_LINE = re.compile(r"(\w+) (\d+) (\d+)")


def count(
    folder: Path, sources: Sequence[Path], messages: Sequence[Message], *flags: str, libraries: Sequence[str] = ()
) -> dict[tuple[str, int], int]:
    """Instructions of each message, by message and piece size; 0 is a message fed whole.

    Args:
        sources: a subject with ``bench_parse()``, and what it needs.
        libraries: such as ``-lcjson``; their instructions count too.

    Raises:
        CheckFailed: a tool failed, or a message was not read as it should be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "messages.c"
    table.write_text(c_source(tuple(messages)), encoding="utf-8")
    program = folder / "host"
    toolchain.run(
        folder, ["gcc", *FLAGS, *flags, f"-I{SOURCES}", *sources, SOURCES / "host.c", table, "-o", program, *libraries]
    )
    for old in folder.glob("callgrind.out*"):
        old.unlink()
    # Each call of the function is counted by itself, and dumped into a file of its own.
    valgrind = ("valgrind", "--tool=callgrind", f"--toggle-collect={_COUNTED}", f"--dump-after={_COUNTED}")
    lines = toolchain.run(folder, [*valgrind, "--callgrind-out-file=callgrind.out", program]).splitlines()
    by_name = {message.name: message for message in messages}
    counts = {}
    for index, said in enumerate(lines[::2]):
        match = _LINE.fullmatch(said)
        if match is None:
            raise CheckFailed(f"the program said {said[:200]!r}", rule="instructions")
        check_values(by_name.get(match[1]), match[1], int(match[3]), lines[2 * index + 1])
        counts[match[1], int(match[2])] = _total(folder / f"callgrind.out.{index + 1}")
    if {name for name, _ in counts} != by_name.keys():
        raise CheckFailed(f"of {len(messages)} messages only {sorted(counts)} were counted", rule="instructions")
    return counts


def machine() -> str:
    """The instruction set that is counted, such as ``x86_64``."""
    return platform.machine()


def _total(path: Path) -> int:
    match = re.search(r"^(?:totals|summary): (\d+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise CheckFailed("holds no sum", rule="instructions", path=path)
    return int(match[1])
