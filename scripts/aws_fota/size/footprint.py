# SPDX-License-Identifier: Apache-2.0
"""What the library takes up in one image, by group and by symbol."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aws_fota.errors import InputError
from aws_fota.size import elf_file, groups, link_map
from aws_fota.size.elf_file import Image, Memory
from aws_fota.size.groups import Group
from aws_fota.size.link_map import LinkMap, Piece

#: What the linker keeps of an object beside its symbols: literal texts and padding.
REST = "(texts and padding)"

#: What the name of a function's own section begins with (gcc and clang, -ffunction-sections).
_FUNCTION = ".text."

_STACK = re.compile(r"(^|_)stack(_area)?(\.[0-9]+)?$")


@dataclass(frozen=True)
class Usage:
    """Bytes of one symbol or group.

    Attributes:
        flash: code, constants and the initial values of data.
        ram: data and zeroed memory, thread stacks included.
        stack: the thread stacks among it.
    """

    flash: int = 0
    ram: int = 0
    stack: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.flash + other.flash, self.ram + other.ram, self.stack + other.stack)

    def __sub__(self, other: Usage) -> Usage:
        return Usage(self.flash - other.flash, self.ram - other.ram, self.stack - other.stack)


@dataclass(frozen=True)
class Footprint:
    """One image.

    Attributes:
        symbols: by group and symbol, the symbols of one name in one group together.
        mapped: whether a map told whose each symbol is; without one only names did.
    """

    path: Path
    machine: str
    bits: int
    symbols: dict[tuple[Group, str], Usage]
    mapped: bool

    def group(self, group: Group) -> Usage:
        """What a group takes up."""
        return sum((usage for (of, _), usage in self.symbols.items() if of is group), Usage())

    @property
    def total(self) -> Usage:
        """What the library takes up."""
        return sum(self.symbols.values(), Usage())


def measure(elf: Path, map_file: Path | None = None) -> Footprint:
    """Measure an ELF file.

    Args:
        map_file: the map that was linked with it; None for the one beside it, if there is one.

    Raises:
        InputError: a file cannot be used, or the image has no part of either library.
    """
    image = elf_file.read(elf)
    beside = elf.with_suffix(".map")
    if map_file is None and beside.is_file() and beside != elf:
        map_file = beside
    if map_file is None:
        parts = _named(image)
    else:
        linked = link_map.read(map_file)
        _refuse_another_map(image, linked, map_file)
        parts = _mapped(image, linked)
    symbols: dict[tuple[Group, str], Usage] = defaultdict(Usage)
    for group, name, size, memory in parts:
        symbols[group, name] += _usage(name, size, memory)
    if not symbols:
        raise InputError(
            "has no symbol of the generated module nor of the nRF Connect SDK's library",
            rule="elf",
            path=elf,
            fix="name the zephyr.elf of an application that uses one"
            + ("" if map_file is None else f", and the map that was linked with it, not {map_file}"),
        )
    return Footprint(elf, image.machine, image.bits, dict(symbols), map_file is not None)


def _refuse_another_map(image: Image, linked: LinkMap, path: Path) -> None:
    """Refuse a map that was not linked with the image: its functions lie elsewhere, or have another size.

    With one section for each function, as Zephyr builds, a function ``f`` is a piece ``.text.f``. Where it lies tells
    what belongs together; in a relocatable file, in which addresses say nothing, how large it is.
    """
    pieces: dict[str, set[int]] = defaultdict(set)
    for piece in linked.pieces:
        if piece.section.startswith(_FUNCTION):
            pieces[piece.section].add(piece.size if image.relocatable else piece.address)
    functions: dict[str, set[int]] = defaultdict(set)
    for symbol in image.symbols:
        section = f"{_FUNCTION}{symbol.name}"
        if symbol.memory is Memory.CODE and (section in pieces or symbol.section == section):
            functions[section].add(symbol.size if image.relocatable else symbol.address)
    for section, found in sorted(functions.items()):
        if not found & pieces[section]:
            raise InputError(
                f"was not linked with {image.path}: '{section.removeprefix(_FUNCTION)}' is another one there",
                rule="link-map",
                path=path,
                fix="name the zephyr.map of the same build, or build again",
            )


_Part = tuple[Group, str, int, Memory]


def _usage(name: str, size: int, memory: Memory) -> Usage:
    flash = size if memory is not Memory.BSS else 0
    ram = size if memory in (Memory.DATA, Memory.BSS) else 0
    return Usage(flash, ram, ram if _STACK.search(name) else 0)


def _named(image: Image) -> Iterator[_Part]:
    in_tree = any(symbol.file == "aws_fota.c" for symbol in image.symbols)
    for symbol in image.symbols:
        group = groups.by_name(symbol.name, symbol.file, symbol.memory)
        if group is not None:
            # The in-tree library has no glue of its own: its API is in the file that holds its engine.
            group = Group.ENGINE if in_tree and group is Group.GLUE else group
            yield group, _plain(symbol.name), symbol.size, symbol.memory


def _mapped(image: Image, linked: LinkMap) -> Iterator[_Part]:
    """Symbols by the object that the map says they are from, and what is left of each object's sections."""
    left = {piece: piece.size for piece in linked.pieces if _group(piece) is not None}
    if image.relocatable:
        yield from _of_sections(image, linked)
        return
    seen: set[tuple[int, int]] = set()
    for symbol in image.symbols:
        place = linked.at(symbol.address)
        # Two names of one place take it up once.
        if place is None or place not in left or (symbol.address, symbol.size) in seen:
            continue
        seen.add((symbol.address, symbol.size))
        left[place] -= symbol.size
        yield _part(place, _plain(symbol.name), symbol.size)
    for piece, rest in left.items():
        if rest > 0:
            yield _part(piece, f"{groups.source(piece.owner)} {REST}", rest)


def _of_sections(image: Image, linked: LinkMap) -> Iterator[_Part]:
    """The pieces themselves: addresses begin at 0 in each section of a relocatable file, and say nothing."""
    count = Counter(piece.section for piece in linked.pieces)
    symbols: dict[str, list[str]] = defaultdict(list)
    for symbol in image.symbols:
        symbols[symbol.section].append(symbol.name)
    for piece in linked.pieces:
        if _group(piece) is not None:
            names = symbols[piece.section] if count[piece.section] == 1 else []
            # A section's name says which symbol is in it, but for those that go to memory of their own.
            yield _part(piece, _plain(names[0]) if len(names) == 1 else _section_symbol(piece), piece.size)


def _group(piece: Piece) -> Group | None:
    memory = piece.memory
    return None if memory is None else groups.by_owner(piece.owner, memory)


def _part(piece: Piece, name: str, size: int) -> _Part:
    group, memory = _group(piece), piece.memory
    assert group is not None and memory is not None
    return group, name, size, memory


def _section_symbol(piece: Piece) -> str:
    """``aws_fota_engine_step`` of ``.text.aws_fota_engine_step``; literal texts are the object's."""
    _, _, name = piece.section[1:].partition(".")
    if not name or ".str" in f".{name}":
        return f"{groups.source(piece.owner)} {REST}"
    return _plain(name)


def _plain(name: str) -> str:
    """A name without the number that a compiler puts behind a local static or a part of a function."""
    return re.sub(r"(\.(constprop|isra|part|cold|lto_priv))?(\.[0-9]+)*$", "", name)
