# SPDX-License-Identifier: Apache-2.0
"""GNU ld's map: which object file each piece of an image is from."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_fota.errors import InputError
from aws_fota.size.elf_file import Memory

#: What stands before the pieces that were kept; those above it were discarded.
_KEPT = "Linker script and memory map"
#: `` .text.name  0xaddress  0xsize  object``, with a line break behind a long name.
_PIECE = re.compile(r"^ (\.[^\s(]+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S[^\n]*)$", re.MULTILINE)
#: Zephyr's sections for objects that are found by iterating begin with ``._`` or ``.z_``.
_PREFIXES = (
    ((".text", ".ramfunc"), Memory.CODE),
    (
        (".rodata", ".srodata", ".z_init", "._log_const", "._settings_handler_static", "._static_thread_data"),
        Memory.CONSTANT,
    ),
    ((".data", ".sdata", "._k_", "._log_dynamic"), Memory.DATA),
    ((".bss", ".sbss", ".noinit", "COMMON"), Memory.BSS),
)


@dataclass(frozen=True)
class Piece:
    """One input section.

    Attributes:
        section: its name, such as ``.text.aws_fota_engine_step``.
        owner: the object file, or ``archive(member)``.
    """

    section: str
    address: int
    size: int
    owner: str

    @property
    def memory(self) -> Memory | None:
        """What it takes up, by its name; None for what takes up nothing of the image, such as debug information."""
        for prefixes, memory in _PREFIXES:
            if self.section.startswith(prefixes):
                return memory
        return None


class LinkMap:
    """The pieces of one image.

    Args:
        pieces: in any order; empty ones are left out.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = sorted((piece for piece in pieces if piece.size), key=lambda piece: piece.address)
        self._starts = [piece.address for piece in self.pieces]

    def at(self, address: int) -> Piece | None:
        """The piece at an address; None where there is none."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        piece = self.pieces[index]
        return piece if address < piece.address + piece.size else None


def read(path: Path) -> LinkMap:
    """Read a map.

    Raises:
        InputError: it cannot be read, or is no map of GNU ld.
    """
    fix = "name the zephyr.map that was linked with the ELF file"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", rule="file", path=path, fix=fix) from error
    _, found, kept = text.partition(_KEPT)
    pieces = [
        Piece(match[1], int(match[2], 16), int(match[3], 16), match[4].strip()) for match in _PIECE.finditer(kept)
    ]
    if not found or not pieces:
        raise InputError("is no map of GNU ld", rule="link-map", path=path, fix=fix)
    return LinkMap([piece for piece in pieces if piece.memory is not None])
