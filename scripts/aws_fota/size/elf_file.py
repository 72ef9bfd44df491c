# SPDX-License-Identifier: Apache-2.0
"""The symbols of an ELF file, with where they lie and which source file each local one is from."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from aws_fota.errors import InputError

#: Flags of sections, types and binding of symbols (ELF specification, "Sections" and "Symbol Table").
_WRITE, _ALLOC, _EXECUTE = 1, 2, 4
_NOTYPE, _OBJECT, _FUNCTION, _FILE = 0, 1, 2, 4
_LOCAL = 0
_FIX = "name the zephyr.elf of a build, as in build/zephyr/zephyr.elf"


#: What pyelftools raises beside its own error for files that are not what they say.
DAMAGED = (
    struct.error,
    zlib.error,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    OverflowError,
    MemoryError,
)


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
    except (ELFError, *DAMAGED) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"is a damaged ELF file: {words}", rule="elf", path=path, fix="build again") from error


def _read(path: Path, stream: BinaryIO) -> Image:
    from elftools.elf.elffile import ELFFile

    elf = ELFFile(stream)
    check_bounds(elf, stream)
    table: Any = elf.get_section_by_name(".symtab")
    if table is None or table.num_symbols() <= 1:
        raise InputError("is stripped: it has no symbols", rule="elf", path=path, fix=f"{_FIX}, not a stripped copy")
    sections = [(section.name, _memory(section)) for section in elf.iter_sections()]
    machine = str(elf["e_machine"])
    return Image(path, machine, elf.elfclass, elf["e_type"] == "ET_REL", tuple(_symbols(elf, table, sections, machine)))


def check_bounds(elf: Any, stream: BinaryIO) -> None:
    """Refuse a file with a section outside it, before anything as large as that section says is read.

    Raises:
        ValueError: there is one.
    """
    length = stream.seek(0, 2)
    for section in elf.iter_sections():
        if section["sh_type"] != "SHT_NOBITS" and section["sh_offset"] + section["sh_size"] > length:
            raise ValueError(f"section '{section.name}' lies outside the file")


def _memory(section: Any) -> Memory | None:
    flags = section["sh_flags"]
    if not flags & _ALLOC:
        return None
    if flags & _EXECUTE:
        return Memory.CODE
    if not flags & _WRITE:
        return Memory.CONSTANT
    return Memory.BSS if section["sh_type"] == "SHT_NOBITS" else Memory.DATA


def _symbols(elf: Any, table: Any, sections: list[tuple[str, Memory | None]], machine: str) -> Iterator[Symbol]:
    """The symbols that take up memory; read at one go, since an object for each costs seconds in a large image."""
    texts = elf.get_section(table["sh_link"]).data()
    order = "<" if elf.little_endian else ">"
    layout = struct.Struct(order + ("IIIBBH" if elf.elfclass == 32 else "IBBHQQ"))
    data = table.data()
    file = ""
    for entry in layout.iter_unpack(data[: len(data) - len(data) % layout.size]):
        if elf.elfclass == 32:
            name, value, size, info, _, index = entry
        else:
            name, info, _, index, value, size = entry
        kind, local = info & 0xF, info >> 4 == _LOCAL
        if kind == _FILE:
            file = _text(texts, name)
        elif size and kind in (_NOTYPE, _OBJECT, _FUNCTION) and index < len(sections):
            section, memory = sections[index]
            if memory is not None:
                # Bit 0 of a function's address says that it is Thumb code.
                odd = machine == "EM_ARM" and kind == _FUNCTION
                address = value & ~1 if odd else value
                yield Symbol(_text(texts, name), address, size, memory, file if local else "", section)


def _text(texts: bytes, start: int) -> str:
    return texts[start : texts.find(b"\0", start)].decode("utf-8", "replace")
