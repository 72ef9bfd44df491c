# SPDX-License-Identifier: Apache-2.0
"""The symbols of an ELF file, with where they lie and which source file each local one is from."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from aws_fota.errors import InputError

_WRITE, _ALLOC, _EXECUTE = 1, 2, 4
_FIX = "name the zephyr.elf of a build, as in build/zephyr/zephyr.elf"


class Memory(Enum):
    """What a symbol takes up."""

    CODE = "code"
    CONSTANT = "constant"
    #: In flash and in RAM.
    DATA = "data"
    BSS = "bss"


@dataclass(frozen=True)
class Symbol:
    """One symbol that takes up memory.

    Attributes:
        address: with the Thumb bit removed.
        size: bytes.
        file: base name of the source file of a local symbol; empty for a global one.
        section: name of its section.
    """

    name: str
    address: int
    size: int
    memory: Memory
    file: str
    section: str


@dataclass(frozen=True)
class Image:
    """What was read of an ELF file.

    Attributes:
        machine: the architecture, as ``EM_ARM``.
        relocatable: addresses are offsets in sections, as in the zephyr.elf of native_sim.
    """

    path: Path
    machine: str
    bits: int
    relocatable: bool
    symbols: tuple[Symbol, ...]


def read(path: Path) -> Image:
    """Read the symbols of an ELF file.

    Raises:
        InputError: it cannot be read, is no ELF file, is damaged, or has no symbols.
    """
    from elftools.common.exceptions import ELFError

    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"\x7fELF":
                raise InputError("is no ELF file", rule="elf", path=path, fix=_FIX)
            return _read(path, stream)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", rule="file", path=path, fix=_FIX) from error
    except (ELFError, struct.error, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"is a damaged ELF file: {words}", rule="elf", path=path, fix="build again") from error


def _read(path: Path, stream: BinaryIO) -> Image:
    from elftools.elf.elffile import ELFFile

    elf = ELFFile(stream)
    table: Any = elf.get_section_by_name(".symtab")
    if table is None or table.num_symbols() <= 1:
        raise InputError("is stripped: it has no symbols", rule="elf", path=path, fix=f"{_FIX}, not a stripped copy")
    sections = [(section.name, _memory(section)) for section in elf.iter_sections()]
    machine = str(elf["e_machine"])
    return Image(path, machine, elf.elfclass, elf["e_type"] == "ET_REL", tuple(_symbols(table, sections, machine)))


def _memory(section: Any) -> Memory | None:
    flags = section["sh_flags"]
    if not flags & _ALLOC:
        return None
    if flags & _EXECUTE:
        return Memory.CODE
    if not flags & _WRITE:
        return Memory.CONSTANT
    return Memory.BSS if section["sh_type"] == "SHT_NOBITS" else Memory.DATA


def _symbols(table: Any, sections: list[tuple[str, Memory | None]], machine: str) -> list[Symbol]:
    found = []
    file = ""
    for symbol in table.iter_symbols():
        info, index = symbol["st_info"], symbol["st_shndx"]
        if info["type"] == "STT_FILE":
            file = symbol.name
        elif isinstance(index, int) and index < len(sections) and symbol["st_size"]:
            section, memory = sections[index]
            if memory is not None and info["type"] in ("STT_OBJECT", "STT_FUNC", "STT_NOTYPE"):
                # Bit 0 of a function's address says that it is Thumb code.
                odd = machine == "EM_ARM" and info["type"] == "STT_FUNC"
                local = file if info["bind"] == "STB_LOCAL" else ""
                address = symbol["st_value"] & ~1 if odd else symbol["st_value"]
                found.append(Symbol(symbol.name, address, symbol["st_size"], memory, local, section))
    return found
