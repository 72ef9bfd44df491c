# SPDX-License-Identifier: Apache-2.0
"""Flash of a linked image by its link map, and the deepest stack by GCC's call graphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from aws_fota.errors import InputError
from aws_fota.size import link_map
from aws_fota.size.elf_file import Memory

#: How an archive of the C library or of the compiler stands in a map: ``.../libc.a(libc_string_memset.c.o)``.
_LIBRARY = re.compile(r"lib(?:c|c_nano|m|gcc|g|g_nano)\.a\(([^)]*)\)$")
_NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]*)"')
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
_FRAME = re.compile(r"(\d+) bytes \(([a-z, ]+)\)")
#: GCC's name for every function called through a pointer.
_INDIRECT = "__indirect_call"


def flash_by_owner(path: Path, ours: Iterable[str]) -> Counter[str]:
    """Bytes of code and constants in an image, by object file.

    Args:
        path: the map that GNU ld wrote.
        ours: names of the object files that count, without their folder.

    Returns:
        Those object files, and the library's functions as ``library NAME``. What else the image has, such as the
        program that calls them, does not count.

    Raises:
        InputError: the map cannot be read, or one of `ours` is not in it.
    """
    wanted = set(ours)
    sizes: Counter[str] = Counter()
    for piece in link_map.read(path).pieces:
        if piece.memory not in (Memory.CODE, Memory.CONSTANT):
            continue
        library = _LIBRARY.search(piece.owner)
        if library:
            sizes[f"library {library[1]}"] += piece.size
        elif (name := Path(piece.owner).name) in wanted:
            sizes[name] += piece.size
    missing = sorted(wanted - sizes.keys())
    if missing:
        raise InputError(f"holds nothing of {', '.join(missing)}", rule="link-map", path=path)
    return sizes


def flash_by_section(path: Path, ours: Iterable[str]) -> Counter[str]:
    """Bytes of code and constants by section, such as ``text.aws_fota_parser_feed``: a function or a table each."""
    wanted = set(ours)
    sizes: Counter[str] = Counter()
    for piece in link_map.read(path).pieces:
        if piece.memory in (Memory.CODE, Memory.CONSTANT) and Path(piece.owner).name in wanted:
            sizes[piece.section.lstrip(".")] += piece.size
    return sizes


def size_of(path: Path, section: str) -> int:
    """Bytes of the one section `section` in a map."""
    sizes = [piece.size for piece in link_map.read(path).pieces if piece.section == section]
    if len(sizes) != 1:
        raise InputError(f"holds {len(sizes)} sections {section}", rule="link-map", path=path)
    return sizes[0]


@dataclass
class CallGraph:
    """Frames and calls of some object files.

    Attributes:
        frames: bytes of stack by function. A static function's title has its file before it.
        calls: what each function calls.
        outside: functions that are called and of which no frame is known: those of the C library.
    """

    frames: dict[str, int] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)

    @property
    def outside(self) -> set[str]:
        called = set().union(*self.calls.values()) if self.calls else set()
        return called - self.frames.keys()

    def deepest(self, function: str) -> tuple[int, tuple[str, ...]]:
        """Bytes on the deepest way down from `function`, its own frame included, and that way.

        Raises:
            InputError: the function is not known, calls itself, or calls through a pointer: then there is no bound.
        """
        if function not in self.frames:
            raise InputError(f"no frame of {function} is known", rule="call-graph")
        return self._below(function, ())

    def _below(self, function: str, way: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        if function in way:
            raise InputError(f"{function} calls itself: {' > '.join((*way, function))}", rule="call-graph")
        if function == _INDIRECT:
            raise InputError(f"{way[-1]} calls through a pointer", rule="call-graph")
        under = [self._below(called, (*way, function)) for called in sorted(self.calls.get(function, ()))]
        size, path = max(under, default=(0, ()))
        return self.frames.get(function, 0) + size, (function, *path)


def call_graph(paths: Iterable[Path]) -> CallGraph:
    """What ``-fcallgraph-info=su`` wrote.

    Raises:
        InputError: a file cannot be read, or a frame has no fixed size.
    """
    graph = CallGraph()
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", rule="call-graph", path=path) from error
        for title, label in _NODE.findall(text):
            frame = _FRAME.search(label)
            if frame is None:
                continue
            if frame[2] not in ("static", "dynamic,bounded"):
                raise InputError(f"the frame of {title} is {frame[2]}", rule="call-graph", path=path)
            graph.frames[title] = int(frame[1])
        for caller, called in _EDGE.findall(text):
            graph.calls.setdefault(caller, set()).add(called)
    return graph
