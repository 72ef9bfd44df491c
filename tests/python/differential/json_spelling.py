# SPDX-License-Identifier: Apache-2.0
"""Ways to write one JSON text: a tree of spelled values, its white space, and the spellings of a string."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

from hypothesis import strategies as st

SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

#: White space between two signs; each message cycles through one of these.
GAPS = ((b"",), (b" ",), (b"", b"\n", b"", b" \t"), (b"\r\n", b"", b"\n  "), (b"", b"", b"", b"", b"   "))


@dataclass
class Spelled:
    """A value whose bytes are fixed."""

    text: bytes


@dataclass
class Members:
    """An object; the names are spelled already."""

    members: list[tuple[bytes, Node]] = field(default_factory=list)


@dataclass
class Elements:
    """An array."""

    elements: list[Node] = field(default_factory=list)


Node = Spelled | Members | Elements


def render(node: Node, gaps: tuple[bytes, ...] = GAPS[0]) -> bytes:
    """The text of a tree, with white space wherever JSON allows it."""
    spaces = cycle(gaps)
    return b"".join((next(spaces), *_signs(node, spaces), next(spaces)))


def _signs(node: Node, spaces: Iterator[bytes]) -> Iterator[bytes]:
    if isinstance(node, Spelled):
        yield node.text
        return
    is_object = isinstance(node, Members)
    yield b"{" if is_object else b"["
    yield next(spaces)
    items = node.members if isinstance(node, Members) else [(b"", element) for element in node.elements]
    for position, (name, value) in enumerate(items):
        if position:
            yield b","
            yield next(spaces)
        if is_object:
            yield name
            yield next(spaces)
            yield b":"
            yield next(spaces)
        yield from _signs(value, spaces)
        yield next(spaces)
    yield b"}" if is_object else b"]"


def containers(node: Node) -> list[Members | Elements]:
    """Every object and array of a tree, the outermost first."""
    if isinstance(node, Spelled):
        return []
    below = [value for _, value in node.members] if isinstance(node, Members) else node.elements
    return [node, *(container for value in below for container in containers(value))]


def escaped(character: str, upper: bool = False) -> str:
    """A character as ``\\uXXXX``, as two of them beyond U+FFFF."""
    code = ord(character)
    units = [code] if code < 0x10000 else [0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF)]
    return "".join(f"\\u{unit:04X}" if upper else f"\\u{unit:04x}" for unit in units)


def quoted(text: str, at: frozenset[int] = frozenset(), *, upper: bool = False, short: bool = True) -> bytes:
    """A string: escaped where it has to be, and at the characters ``at`` by choice; a lone surrogate always is."""
    spelled = ""
    for index, character in enumerate(text):
        has_to = character < " " or character in '"\\' or "\ud800" <= character <= "\udfff"
        if short and character in SHORT_ESCAPES and (has_to or index in at):
            spelled += SHORT_ESCAPES[character]
        elif has_to or index in at:
            spelled += escaped(character, upper)
        else:
            spelled += character
    return b'"' + spelled.encode("utf-8") + b'"'


#: A way to write a string, see :func:`spelled`.
WAYS = st.integers(0, 2**12 - 1)


def spelled(text: str, way: int) -> bytes:
    """One of many ways to write a string; every second is the plain one."""
    how, places = way % 8, way // 8
    if how < 4 or not text:
        return quoted(text)
    last = len(text) - 1
    few = frozenset({places % (last + 1), places // 16 % (last + 1)})
    if how == 4:
        return quoted(text, few)
    if how == 5:
        # The last character often decides.
        return quoted(text, few | {last}, upper=True, short=False)
    return quoted(text, frozenset(range(last + 1)), short=how == 6)


def spellings(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """Ways to write strings."""
    return st.builds(spelled, texts, WAYS)
