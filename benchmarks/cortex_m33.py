# SPDX-License-Identifier: Apache-2.0
"""Counting instructions on a Cortex-M33: an image without an operating system, in QEMU with ``-icount``.

An instruction takes 2**10 ns of the machine's time, a timer of the machine counts 20 MHz, so that a difference of two
readings tells the number of instructions without rest; a loop of a known number of instructions proves it on every run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_fota.errors import CheckFailed
from benchmarks import toolchain
from benchmarks.messages import Message, c_source

SOURCES = Path(__file__).resolve().parent / "c"
_NANOSECONDS_PER_TICK = 50
_NANOSECONDS_PER_INSTRUCTION = 1 << 10
_QEMU = ("qemu-system-arm", "-M", "mps2-an505", "-nographic", "-monitor", "none", "-serial", "null")
_QEMU_COUNTS = ("-icount", "shift=10", "-semihosting-config", "enable=on,target=native,chardev=report")
#: Turns of two instructions each in machine.c.
_TURNS = (1, 1001, 100001)
_LINE = re.compile(r"(\w+) (\d+) (\d+) (\d+) (\d+)")


@dataclass(frozen=True)
class Count:
    """One message read once.

    Attributes:
        instructions: retired ones, from the first call of the parser to the return of the last.
        stack: bytes of stack that were touched, those of the caller of the parser included.
    """

    instructions: int
    stack: int


def compile_objects(folder: Path, sources: Sequence[Path], *flags: str) -> list[Path]:
    """Compile for the Cortex-M33 into ``folder/objects``, with a call graph beside each object."""
    (folder / "objects").mkdir(parents=True, exist_ok=True)
    made = []
    for source in sources:
        target = folder / "objects" / f"{source.stem}.o"
        flags_of_all = (*toolchain.CORTEX_M33, *flags, "-fcallgraph-info=su")
        toolchain.run(folder, [toolchain.CROSS_COMPILER, *flags_of_all, "-c", source, "-o", target])
        made.append(target)
    return made


def count(
    folder: Path, subject: Sequence[Path], messages: Sequence[Message], *flags: str
) -> dict[tuple[str, int], Count]:
    """Link `subject`, objects with ``bench_parse()``, with the machine and let it read each message.

    Returns:
        By message and piece size; 0 is a message fed whole.

    Raises:
        CheckFailed: a tool failed, a message was not read as it should be, or the counter does not count instructions.
    """
    table = folder / "messages.c"
    table.write_text(c_source(tuple(messages)), encoding="utf-8")
    ours = compile_objects(folder, [SOURCES / "machine.c", table], *flags, f"-I{SOURCES}")
    image = folder / "machine.elf"
    link = ("-nostartfiles", "-Wl,--gc-sections", "-T", SOURCES / "machine.ld", f"-Wl,-Map={image.stem}.map")
    command = [toolchain.CROSS_COMPILER, *toolchain.CORTEX_M33, *flags, *link, *subject, *ours, "-o", image]
    toolchain.run(folder, command)
    report = folder / "machine.txt"
    report.unlink(missing_ok=True)
    toolchain.run(folder, [*_QEMU, *_QEMU_COUNTS, "-chardev", f"file,id=report,path={report.name}", "-kernel", image])
    return read_report(report.read_text(encoding="utf-8"), messages)


def read_report(report: str, messages: Sequence[Message]) -> dict[tuple[str, int], Count]:
    """Check what machine.c said, and turn its ticks into instructions."""
    lines = iter(report.splitlines())
    turns = {}
    for expected in _TURNS:
        name, number, ticks, _, _ = _words(next(lines, ""))
        if (name, number) != ("turns", expected):
            raise CheckFailed(f"the machine said nothing of {expected} turns", rule="instructions")
        turns[expected] = _instructions(ticks)
    if [turns[n] - turns[1] for n in _TURNS] != [2 * (n - 1) for n in _TURNS]:
        raise CheckFailed(f"loops of 2 instructions a turn were counted as {turns}", rule="instructions")
    # What the call and the readings themselves take.
    around = turns[1] - 2
    by_name = {message.name: message for message in messages}
    counts = {}
    for line in lines:
        name, piece, ticks, stack, result = _words(line)
        check_values(by_name.get(name), name, result, next(lines, ""))
        counts[name, piece] = Count(_instructions(ticks) - around, stack)
    if {name for name, _ in counts} != by_name.keys():
        raise CheckFailed(f"of {len(messages)} messages only {sorted(counts)} were counted", rule="instructions")
    return counts


def check_values(message: Message | None, name: str, result: int, values: str) -> None:
    """Whether a parser read what the message holds.

    Raises:
        CheckFailed: it did not; counting it would be worth nothing.
    """
    if message is None or result != 0 or values.split(" ") != ["values", *message.values]:
        raise CheckFailed(
            f"{name} was read with the result {result} as something else: {values[:200]}", rule="instructions"
        )


def _instructions(ticks: int) -> int:
    return round(ticks * _NANOSECONDS_PER_TICK / _NANOSECONDS_PER_INSTRUCTION)


def _words(line: str) -> tuple[str, int, int, int, int]:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise CheckFailed(f"the machine said {line[:200]!r}", rule="instructions")
    return match[1], int(match[2]), int(match[3]), int(match[4]), int(match[5])
