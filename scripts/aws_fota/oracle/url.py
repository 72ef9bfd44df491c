# SPDX-License-Identifier: Apache-2.0
"""URLs, and the parts of them that a job document gives one by one, by the rules of ``doc/parser.md``.

Like the grammar of JSON this one is LL(1): each function knows which characters may come next, so the one it refuses
is the first after which no continuation obeys the rule.
"""

from __future__ import annotations

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import FieldType
from aws_fota.oracle.json_tree import Text
from aws_fota.oracle.outcome import ParseResult, Scheme, Url
from aws_fota.oracle.values import Rule, Violated, text_of

LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
HOST_CHARACTERS = LETTERS_AND_DIGITS + "._-"
IPV6_CHARACTERS = "0123456789abcdefABCDEF:."
IPV6_LENGTH_MIN = 2
#: The longest textual form: six groups of four digits and an IPv4 address.
IPV6_LENGTH_MAX = 45
PORT_DIGITS_MAX = 5
PORT_MAX = 65535
#: Printable ASCII without the space and the fragment's sign.
PATH_CHARACTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "#")


class _Splitter:
    """A text and the character up to which it has been read."""

    def __init__(self, text: Text, settings: Settings) -> None:
        self.text = text
        self.settings = settings
        self.at = 0

    def next_character(self) -> str:
        """The character that comes next; empty at the end."""
        return self.text.content[self.at : self.at + 1]

    def violation(self, result: ParseResult) -> Violated:
        """One that stands at the next character, or at the closing quote."""
        at_end = self.at == len(self.text.content)
        return Violated(result, self.text.end if at_end else self.text.offsets[self.at])

    def take(self, allowed: str) -> str:
        """The next character, which must be one of ``allowed``."""
        character = self.next_character()
        if character == "" or character not in allowed:
            raise self.violation(ParseResult.WRONG_VALUE)
        self.at += 1
        return character

    def finish(self) -> None:
        """Refuse whatever still comes."""
        if self.next_character() != "":
            raise self.violation(ParseResult.WRONG_VALUE)

    def scheme(self) -> Scheme:
        """``http`` or ``https`` in any case."""
        for either_case in ("hH", "tT", "tT", "pP"):
            self.take(either_case)
        if self.next_character() in ("s", "S"):
            self.at += 1
            return Scheme.HTTPS
        return Scheme.HTTP

    def host(self) -> str:
        """A host name, an IPv4 address, or an IPv6 address in brackets."""
        host = ""
        if self.next_character() == "[":
            return self.ipv6()
        while not host or (self.next_character() != "" and self.next_character() in HOST_CHARACTERS):
            host = self.grow(host, self.take(HOST_CHARACTERS), self.settings.hostname_max_len)
        return host

    def ipv6(self) -> str:
        """The characters of an IPv6 address in brackets."""
        host = self.take("[")
        while not host.endswith("]"):
            length = len(host) - 1
            allowed = IPV6_CHARACTERS if length < IPV6_LENGTH_MAX else ""
            if length >= IPV6_LENGTH_MIN:
                allowed += "]"
            host = self.grow(host, self.take(allowed), self.settings.hostname_max_len)
        return host

    def grow(self, taken: str, character: str, maximum: int) -> str:
        """``taken`` with the character that was just read, if it fits."""
        if len(taken) == maximum:
            self.at -= 1
            raise self.violation(ParseResult.TOO_LONG)
        return taken + character

    def optional_port(self) -> int:
        """``[":" port]``: 0 without one."""
        if self.next_character() != ":":
            return 0
        self.at += 1
        digits = self.take(self.port_digits(""))
        while self.next_character() != "" and self.next_character() in "0123456789":
            digits += self.take(self.port_digits(digits))
        if int(digits) == 0:
            raise self.violation(ParseResult.WRONG_VALUE)
        return int(digits)

    @staticmethod
    def port_digits(digits: str) -> str:
        """The digits that may follow ``digits``: those that leave or can still become a port."""
        room = PORT_DIGITS_MAX - len(digits) - 1
        if room < 0:
            return ""
        return "".join(
            digit for digit in "0123456789" if int(digits + digit) <= PORT_MAX and (int(digits + digit) > 0 or room > 0)
        )

    def path(self, path: str) -> str:
        """The rest of the text behind ``path``."""
        while self.next_character() != "":
            path = self.grow(path, self.take(PATH_CHARACTERS), self.settings.file_path_max_len)
        return path

    def path_of_url(self) -> str:
        """Path and query behind an authority."""
        following = self.next_character()
        if following not in ("", "/", "?"):
            raise self.violation(ParseResult.WRONG_VALUE)
        return self.path("" if following == "/" else "/")


def whole(text: Text, settings: Settings) -> Url:
    """The type *url*: ``scheme "://" authority [path] ["?" query]``."""
    splitter = _Splitter(text, settings)
    scheme = splitter.scheme()
    for sign in "://":
        splitter.take(sign)
    host = splitter.host()
    port = splitter.optional_port()
    return Url(scheme, host, port, splitter.path_of_url())


def scheme_part(text: Text, settings: Settings) -> Url:
    """The type *scheme*: ``http`` or ``https``, with or without a colon."""
    splitter = _Splitter(text, settings)
    scheme = splitter.scheme()
    if splitter.next_character() == ":":
        splitter.at += 1
    splitter.finish()
    return Url(scheme=scheme)


def host_part(text: Text, settings: Settings) -> Url:
    """The type *host*: an authority."""
    splitter = _Splitter(text, settings)
    host = splitter.host()
    port = splitter.optional_port()
    splitter.finish()
    return Url(host=host, port=port)


def path_part(text: Text, settings: Settings) -> Url:
    """The type *path*: path and query, to begin with ``/`` or to get one."""
    splitter = _Splitter(text, settings)
    return Url(path=splitter.path("" if splitter.next_character() == "/" else "/"))


def rule_of(type: FieldType, settings: Settings) -> Rule:
    """The rule of one of the four types that fill a URL."""
    part = {
        FieldType.URL: whole,
        FieldType.SCHEME: scheme_part,
        FieldType.HOST: host_part,
        FieldType.PATH: path_part,
    }[type]
    return lambda value: part(text_of(value), settings)


def split_url(text: bytes, settings: Settings) -> Url | ParseResult:
    """Split a URL that comes from elsewhere than a message, by the same rules.

    Args:
        text: the URL.
        settings: gives the greatest lengths of host and path.

    Returns:
        The parts, or the first rule broken: ``TOO_LONG`` or ``WRONG_VALUE``.
    """
    # Latin-1 keeps one character a byte; beyond ASCII no URL has one.
    content = text.decode("latin-1")
    try:
        return whole(Text(-1, len(content), content, range(len(content))), settings)
    except Violated as violated:
        return violated.result
