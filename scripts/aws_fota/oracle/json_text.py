# SPDX-License-Identifier: Apache-2.0
"""JSON text by RFC 8259, read with the byte offset of everything in it.

Each function below reads one production of the RFC's grammar. The grammar is LL(1), also down in numbers, escapes and
UTF-8: what may come next is known before a byte is read. So the byte that a function refuses is exactly the first one
after which no continuation is valid, and a text that ends where a byte is needed is exactly one that was cut short.
"""

from __future__ import annotations

import re
from typing import NoReturn

from aws_fota.oracle.json_tree import Array, Literal, Number, Object, Text, TextRefused, Value
from aws_fota.oracle.outcome import ParseResult

WHITE_SPACE = b" \t\n\r"
DIGITS = b"0123456789"
DIGITS_1_TO_9 = b"123456789"
HEX_DIGITS = b"0123456789ABCDEFabcdef"

#: What stands behind a backslash, but for ``u``, and what it means.
ESCAPES = {
    ord('"'): 0x22,
    ord("\\"): 0x5C,
    ord("/"): 0x2F,
    ord("b"): 0x08,
    ord("f"): 0x0C,
    ord("n"): 0x0A,
    ord("r"): 0x0D,
    ord("t"): 0x09,
}

#: First byte, rest and meaning of each word.
LITERALS: dict[int, tuple[bytes, bool | None]] = {
    ord("t"): (b"rue", True),
    ord("f"): (b"alse", False),
    ord("n"): (b"ull", None),
}

_PLAIN_RUN = re.compile(rb"[\x20-\x21\x23-\x5B\x5D-\x7F]+")


def _utf8_tails() -> dict[int, tuple[tuple[int, int], ...]]:
    """For each lead byte the bounds of the bytes that follow it, from the ABNF of RFC 3629, section 4."""
    tail = (0x80, 0xBF)
    tails: dict[int, tuple[tuple[int, int], ...]] = dict.fromkeys(range(0xC2, 0xE0), (tail,))
    tails[0xE0] = ((0xA0, 0xBF), tail)
    tails.update(dict.fromkeys((*range(0xE1, 0xED), 0xEE, 0xEF), (tail, tail)))
    tails[0xED] = ((0x80, 0x9F), tail)
    tails[0xF0] = ((0x90, 0xBF), tail, tail)
    tails.update(dict.fromkeys(range(0xF1, 0xF4), (tail, tail, tail)))
    tails[0xF4] = ((0x80, 0x8F), tail, tail)
    return tails


UTF8_TAILS = _utf8_tails()


class _Reader:
    """A text and the place up to which it has been read."""

    def __init__(self, data: bytes, depth_max: int) -> None:
        self.data = data
        self.at = 0
        self.depth = 0
        self.depth_max = depth_max

    def next_byte(self) -> int | None:
        """The byte that comes next, or None at the end."""
        return self.data[self.at] if self.at < len(self.data) else None

    def refuse(self) -> NoReturn:
        """Refuse the byte that comes next, or the end of the text."""
        result = ParseResult.TRUNCATED if self.at == len(self.data) else ParseResult.SYNTAX
        raise TextRefused(result, self.at)

    def take(self, allowed: bytes) -> int:
        """The next byte, which must be one of ``allowed``."""
        byte = self.next_byte()
        if byte is None or byte not in allowed:
            self.refuse()
        self.at += 1
        return byte

    def skip(self, allowed: bytes) -> None:
        """Pass over any number of ``allowed`` bytes."""
        while self.at < len(self.data) and self.data[self.at] in allowed:
            self.at += 1

    def document(self) -> Value:
        """``JSON-text = ws value ws``"""
        self.skip(WHITE_SPACE)
        value = self.value()
        self.skip(WHITE_SPACE)
        if self.next_byte() is not None:
            self.refuse()
        return value

    def value(self) -> Value:
        byte = self.next_byte()
        if byte == ord('"'):
            return self.string()
        if byte == ord("{"):
            return self.object()
        if byte == ord("["):
            return self.array()
        if byte is not None and byte in b"-" + DIGITS:
            return self.number()
        return self.literal()

    def descend(self) -> None:
        if self.depth == self.depth_max:
            raise TextRefused(ParseResult.DEPTH, self.at)
        self.depth += 1
        self.at += 1

    def object(self) -> Object:
        """``object = { [ member *( , member ) ] }`` with white space around each sign"""
        start = self.at
        self.descend()
        members: list[tuple[str, Value]] = []
        self.skip(WHITE_SPACE)
        if self.next_byte() == ord("}"):
            self.at += 1
        else:
            members.append(self.member())
            while self.take(b",}") == ord(","):
                self.skip(WHITE_SPACE)
                members.append(self.member())
        self.depth -= 1
        return Object(start, tuple(members))

    def member(self) -> tuple[str, Value]:
        """``member = string : value`` with the white space behind it"""
        if self.next_byte() != ord('"'):
            self.refuse()
        name = self.string().content
        self.skip(WHITE_SPACE)
        self.take(b":")
        self.skip(WHITE_SPACE)
        value = self.value()
        self.skip(WHITE_SPACE)
        return name, value

    def array(self) -> Array:
        """``array = "[" [ value *( , value ) ] "]"`` with white space around each sign"""
        start = self.at
        self.descend()
        elements: list[Value] = []
        self.skip(WHITE_SPACE)
        if self.next_byte() == ord("]"):
            self.at += 1
        else:
            elements.append(self.element())
            while self.take(b",]") == ord(","):
                self.skip(WHITE_SPACE)
                elements.append(self.element())
        self.depth -= 1
        return Array(start, tuple(elements))

    def element(self) -> Value:
        """A value with the white space behind it"""
        value = self.value()
        self.skip(WHITE_SPACE)
        return value

    def literal(self) -> Literal:
        start = self.at
        initial = self.take(bytes(LITERALS))
        rest, meaning = LITERALS[initial]
        for byte in rest:
            self.take(bytes([byte]))
        return Literal(start, meaning)

    def number(self) -> Number:
        """``number = [ - ] ( 0 | digit1-9 *digit ) [ . 1*digit ] [ e [ + | - ] 1*digit ]``"""
        start = self.at
        if self.next_byte() == ord("-"):
            self.at += 1
        if self.take(DIGITS) != ord("0"):
            self.skip(DIGITS)
        if self.next_byte() == ord("."):
            self.at += 1
            self.take(DIGITS)
            self.skip(DIGITS)
        if self.next_byte() in (ord("e"), ord("E")):
            self.at += 1
            if self.next_byte() in (ord("+"), ord("-")):
                self.at += 1
            self.take(DIGITS)
            self.skip(DIGITS)
        return Number(start, self.at, self.data[start : self.at].decode("ascii"))

    def string(self) -> Text:
        start = self.at
        self.at += 1
        characters: list[str] = []
        offsets: list[int] = []
        while True:
            plain = _PLAIN_RUN.match(self.data, self.at)
            if plain:
                characters.extend(plain[0].decode("ascii"))
                offsets.extend(range(plain.start(), plain.end()))
                self.at = plain.end()
            at = self.at
            byte = self.next_byte()
            if byte == ord('"'):
                self.at += 1
                return Text(start, at, *_joined_surrogates(characters, offsets))
            characters.append(chr(self.escape()) if byte == ord("\\") else self.multibyte())
            offsets.append(at)

    def escape(self) -> int:
        """The code unit that an escape stands for."""
        self.at += 1
        letter = self.take(bytes(ESCAPES) + b"u")
        if letter != ord("u"):
            return ESCAPES[letter]
        return int(bytes(self.take(HEX_DIGITS) for _ in range(4)), 16)

    def multibyte(self) -> str:
        """A character beyond ASCII; whatever else could come next has no place in a string."""
        start = self.at
        byte = self.next_byte()
        if byte is None or byte not in UTF8_TAILS:
            self.refuse()
        self.at += 1
        for first, last in UTF8_TAILS[byte]:
            self.take(bytes(range(first, last + 1)))
        return self.data[start : self.at].decode("utf-8")


def _joined_surrogates(characters: list[str], offsets: list[int]) -> tuple[str, list[int]]:
    """Make one character of an escaped high surrogate and the escaped low one right behind it."""
    joined: list[str] = []
    joined_offsets: list[int] = []
    for character, offset in zip(characters, offsets, strict=True):
        if joined and "\ud800" <= joined[-1] <= "\udbff" and "\udc00" <= character <= "\udfff":
            high, low = ord(joined[-1]) - 0xD800, ord(character) - 0xDC00
            joined[-1] = chr(0x10000 + (high << 10) + low)
        else:
            joined.append(character)
            joined_offsets.append(offset)
    return "".join(joined), joined_offsets


def read_text(data: bytes, depth_max: int) -> Value:
    """Read a whole message.

    Args:
        data: the message.
        depth_max: how deep objects and arrays may nest; the outermost is depth 1.

    Raises:
        TextRefused: the text is not RFC 8259 JSON in UTF-8, is cut short, or nests deeper than ``depth_max``.
    """
    return _Reader(data, depth_max).document()
