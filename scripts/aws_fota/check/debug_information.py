# SPDX-License-Identifier: Apache-2.0
"""Debug information of an ELF file, also of a relocatable one such as the zephyr.elf of native_sim, in little time.

pyelftools relocates every debug section entry by entry, which takes half a minute for such a file. Only
``.debug_info`` is read here, and nearly all of its relocations are sums of a symbol's value and an addend.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

#: Machine and type of the relocations that store symbol + addend, and the bytes of the sum (the psABI of each).
_SUMS = {
    ("EM_386", 1): "I",
    ("EM_X86_64", 1): "Q",
    ("EM_X86_64", 10): "I",
    ("EM_AARCH64", 257): "Q",
    ("EM_AARCH64", 258): "I",
}


def debug_information(elf: Any) -> Any:
    """What pyelftools reads of the debug information of `elf`, relocated where it is relocatable."""
    with_addends = elf["e_machine"] != "EM_386"
    relocations = elf.get_section_by_name(".rela.debug_info" if with_addends else ".rel.debug_info")
    if elf["e_type"] != "ET_REL" or relocations is None or elf.elfclass != (64 if with_addends else 32):
        return elf.get_dwarf_info()
    order = "<" if elf.little_endian else ">"
    entries = list(_entries(relocations.data(), order, with_addends))
    forms = {kind: _SUMS.get((elf["e_machine"], kind)) for _, _, kind, _ in entries}
    if None in forms.values():
        return elf.get_dwarf_info()
    found = elf.get_dwarf_info(relocate_dwarf_sections=False)
    stream = found.debug_info_sec.stream
    data = bytearray(stream.getbuffer())
    values = _values(elf.get_section(relocations["sh_link"]).data(), order, elf.elfclass)
    for offset, symbol, kind, addend in entries:
        form = f"{order}{forms[kind]}"
        start = struct.unpack_from(form, data, offset)[0] if addend is None else addend
        mask = (1 << (8 * struct.calcsize(form))) - 1
        struct.pack_into(form, data, offset, (values[symbol] + start) & mask)
    stream.seek(0)
    stream.write(data)
    return found


def _entries(data: bytes, order: str, with_addends: bool) -> Iterator[tuple[int, int, int, int | None]]:
    """Offset, symbol, type, and addend unless it is in place (ELF: ``Elf64_Rela``, ``Elf32_Rel``)."""
    if with_addends:
        for offset, info, addend in struct.iter_unpack(f"{order}QQq", data):
            yield offset, info >> 32, info & 0xFFFFFFFF, addend
    else:
        for offset, info in struct.iter_unpack(f"{order}II", data):
            yield offset, info >> 8, info & 0xFF, None


def _values(data: bytes, order: str, bits: int) -> list[int]:
    """The values of symbols by their index (ELF: ``Elf64_Sym``, ``Elf32_Sym``)."""
    layout, value = ("IBBHQQ", 4) if bits == 64 else ("IIIBBH", 1)
    return [entry[value] for entry in struct.iter_unpack(order + layout, data)]
