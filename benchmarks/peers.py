# SPDX-License-Identifier: Apache-2.0
"""The same work done by other parsers, as far as Debian has them: the same messages, the same members, a URL split.

    peers.jsmn.flash_picolibc            bytes on a Cortex-M33, with what reads the members from jsmn's tokens
    peers.jsmn.stack                     bytes that were touched in QEMU, 224 tokens included
    peers.jsmn.m33_instructions          by message; none for those of more tokens
    peers.jsmn.host_instructions, peers.cjson.host_instructions   by message, on this machine

comparison.py puts them beside the generated parser, and beside what can only be quoted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import callgrind, cortex_m33, footprint, toolchain
from benchmarks.messages import all_messages
from benchmarks.parser import by_message

KEYS = (
    "peers.jsmn.flash_picolibc",
    "peers.jsmn.stack",
    "peers.jsmn.m33_instructions",
    "peers.jsmn.host_instructions",
    "peers.cjson.host_instructions",
)
#: Messages of more tokens than jsmn gets.
_TOO_MANY_TOKENS = ("managed_32768",)


def measure(folder: Path) -> dict[str, Any]:
    """The figures, with everything that is built left in `folder`."""
    c = cortex_m33.SOURCES
    flags = (toolchain.PICOLIBC, f"-I{c}", "-idirafter", "/usr/include")
    few = tuple(message for message in all_messages() if message.name not in _TOO_MANY_TOKENS)
    objects = cortex_m33.compile_objects(folder / "jsmn", [c / "subject_jsmn.c", c / "peer.c"], *flags)
    counts = cortex_m33.count(folder / "jsmn", objects, few, *flags)
    link = ("-nostartfiles", "-Wl,--gc-sections", "-Wl,--entry=bench_parse", "-Wl,-Map=jsmn.map")
    command = [toolchain.CROSS_COMPILER, *toolchain.CORTEX_M33, toolchain.PICOLIBC, *link, *objects]
    toolchain.run(folder / "jsmn", [*command, "-o", "jsmn.elf"])
    flash = footprint.flash_by_owner(folder / "jsmn" / "jsmn.map", [path.name for path in objects])
    jsmn = callgrind.count(folder / "jsmn_host", [c / "subject_jsmn.c", c / "peer.c"], few)
    cjson = callgrind.count(
        folder / "cjson_host", [c / "subject_cjson.c", c / "peer.c"], all_messages(), libraries=["-lcjson"]
    )
    instructions = {key: count.instructions for key, count in counts.items()}
    return {
        "peers.jsmn.flash_picolibc": sum(flash.values()),
        "peers.jsmn.stack": max(count.stack for count in counts.values()),
        "peers.jsmn.m33_instructions": by_message(few, instructions, per_byte=False),
        "peers.jsmn.host_instructions": by_message(few, jsmn, per_byte=False),
        "peers.cjson.host_instructions": by_message(all_messages(), cjson, per_byte=False),
    }
