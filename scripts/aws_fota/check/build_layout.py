# SPDX-License-Identifier: Apache-2.0
"""What a build folder tells of the flash: the slot for new images, an S1 partition, and the signed image."""

from __future__ import annotations

import re
from pathlib import Path

from aws_fota.check.amounts import Amount, exactly, unknown
from aws_fota.check.inputs import Layout

_SLOT = re.compile(r"slot1_partition: partition@[0-9a-f]+ \{[^}]*?\breg = < (0x[0-9a-f]+) (0x[0-9a-f]+) >", re.DOTALL)
_MANAGED = re.compile(r"^#define PM_MCUBOOT_SECONDARY_SIZE (0x[0-9a-f]+|[0-9]+)$", re.MULTILINE)
_SECOND = re.compile(r"^#define PM_S1_ADDRESS\b", re.MULTILINE)


def layout(application: Path) -> Layout:
    """The layout of an application's build folder: the partition manager's, else the devicetree's."""
    manager = application / "zephyr" / "include" / "generated" / "pm_config.h"
    managed = _text(manager)
    if managed is not None:
        found = _MANAGED.search(managed)
        slot = (
            exactly(int(found[1], 0), f"PM_MCUBOOT_SECONDARY_SIZE, {_place(manager, managed, found)}")
            if found
            else None
        )
        return Layout(
            slot or unknown("an MCUboot secondary slot in the partition manager's layout"),
            _SECOND.search(managed) is not None,
        )
    tree = application / "zephyr" / "zephyr.dts"
    source = _text(tree)
    found = _SLOT.search(source) if source else None
    if source and found:
        slot = exactly(int(found[2], 16), f"slot1_partition, {_place(tree, source, found)}")
        sector, write_block = (
            _of_the_flash(name, tree, source, found.start()) for name in ("erase-block-size", "write-block-size")
        )
        return Layout(slot, False, sector, write_block)
    return Layout(unknown("a slot1_partition in the devicetree"), False)


def signed_image(application: Path) -> int | None:
    """Bytes of the build's signed image; None where there is none yet."""
    path = application / "zephyr" / "zephyr.signed.bin"
    try:
        return path.stat().st_size
    except OSError:
        return None


def _of_the_flash(name: str, tree: Path, source: str, partition: int) -> Amount:
    """A property of the flash whose node holds the one at `partition`."""
    line = re.compile(rf"\b{name} = < (0x[0-9a-f]+) >;")
    around: list[int] = []
    for brace in re.finditer(r"[{}]", source[:partition]):
        if brace[0] == "{":
            around.append(brace.end())
        elif around:
            around.pop()
    for start in reversed(around):
        # A node's properties stand before the nodes in it.
        found = line.search(source, start, source.find("{", start))
        if found:
            return exactly(int(found[1], 16), f"{name}, {_place(tree, source, found)}")
    return unknown(f"the {name} of the slot's flash in the devicetree")


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _place(path: Path, text: str, found: re.Match[str]) -> str:
    return f"{path}:{text.count(chr(10), 0, found.start()) + 1}"
