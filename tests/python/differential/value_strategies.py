# SPDX-License-Identifier: Apache-2.0
"""Spelled JSON values near the edges of each type of ``aws_fota.yaml`` and of the envelope's members."""

from __future__ import annotations

import string as ascii
from functools import cache

from hypothesis import strategies as st

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Field, FieldType
from aws_fota.oracle.outcome import JobStatus, Refusal
from differential.json_spelling import quoted, spellings

Bytes = st.SearchStrategy[bytes]
Texts = st.SearchStrategy[str]

JOB_IDS = ("a", "job-1", "Job_2", "x" * 64, "0123456789-_")
STATUSES = tuple(status.name for status in JobStatus if status)
CODES = tuple(code.text for code in Refusal if code)

#: Single characters that some rule treats in a way of its own.
ODD_CHARACTERS = (
    *'\0\x01\t\n\r\x1f !"#%/:?@[\\]^`{|}~\x7f\x80\xa0é\u07ff\u0800\u017f\u212a€\ud7ff\ue000\ufeff\uffff',
    *("\U00010000", "\U0001f600", "\U0010ffff", "\ud800", "\udbff", "\udc00", "\udfff"),
)

#: Numbers that are fine text, and whether they are integers is another matter.
NUMBERS = (
    b"0", b"-0", b"1", b"-1", b"9", b"10", b"1.0", b"0.0", b"-0.0", b"1e0", b"1E5", b"0e-1", b"-1e+2", b"2147483647",
    b"2147483648", b"-2147483648", b"-2147483649", b"4294967295", b"4294967296", b"-4294967296",
    b"18446744073709551615", b"18446744073709551616", b"-18446744073709551616", b"99999999999999999999.5",
    b"1" + b"0" * 60, b"-" + b"9" * 30, b"0.1e-999999", b"1E400",
)  # fmt: skip

#: One value of each JSON type.
TYPES = (b"null", b"true", b"false", b"0", b"1", b'""', b'"x"', b"[]", b"{}", b'[{"a":[null]}]', b'{"a":{"a":1}}')

#: Texts that json readers are known to differ on; those that are not JSON must be refused wherever they stand.
NASTY = (
    b"01", b"-", b"+1", b".5", b"1.", b"1e", b"1e+", b"0x1", b"1_0", b"--1", b"NaN", b"Infinity", b"-Infinity",
    b"nan", b"True", b"nul", b"nulL", b"truefalse", b"'a'", b'"\\x41"', b'"\\u12"', b'"\\u12G4"', b'"\\uD83D\\u12"',
    b'"\\', b'"a\nb"', b'"a\x00b"', b'"a\tb"', b'"\x7f"', b'"\xc3\xa9"', b'"\xc3"', b'"\xc0\xaf"', b'"\xe0\x80\x80"',
    b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xf5"', b'"\x80"', b'"\xff"', b"\xef\xbb\xbf1", b"[1,]", b"[,1]",
    b"[1 2]", b"{,}", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{1:2}", b'{"a" "b"}', b"[}", b"{]", b"/**/1", b"//\n1",
    b"1\x0b", b"1\x0c", b"1\xc2\xa0", b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\uDBFF\\uDFFF"', b'"\\u0000"',
    b'{"a":1,"a":2}', b'{"":{"":[]}}', b'"\\/\\b\\f"', b'"\x01"', b'"\x1f"', b'"\xf0\x8f\xbf\xbf"', b"1e5e5", b"1.5.5",
)  # fmt: skip


def _edit(text: str, how: int, at: int, odd: str) -> bytes:
    at %= len(text) + 1
    return quoted((text[:at] + odd + text[at:], text[:at] + odd + text[at + 1 :], text[:at])[how])


def _edited(texts: Texts) -> Bytes:
    """Texts of an odd character more, or in place of another, or cut."""
    return st.builds(_edit, texts, st.integers(0, 2), st.integers(0, 4095), st.sampled_from(ODD_CHARACTERS))


def _spelled(texts: tuple[str, ...]) -> Bytes:
    return spellings(st.sampled_from(texts))


def texts_around(length: int) -> tuple[str, ...]:
    """Texts of up to four bytes more than ``length`` bytes of UTF-8, whose last character has one to four bytes."""
    tails = ("", "z", "é", "€", "\U0001f600")
    lengths = sorted({0, length // 2, *range(max(0, length - 3), length + 5)})
    return tuple(
        "a" * (total - len(tail.encode())) + tail for total in lengths for tail in tails if total >= len(tail.encode())
    )


def integers_around(field: Field) -> list[int]:
    """Integers about the bounds of a field and those of each type."""
    edges = {field.minimum, field.maximum, 0, 1, -1, 7, 2**31 - 1, -(2**31), 2**32 - 1, 2**64 - 1}
    near = {edge + step for edge in edges for step in (-1, 0, 1, 10)}
    near |= {10 * field.maximum, 10 * field.maximum + 9, 10 * field.minimum, -field.maximum, field.maximum // 10}
    return sorted(near)


def _integers(field: Field, *, inside: bool) -> Bytes:
    near = integers_around(field)
    allowed = [number for number in near if field.minimum <= number <= field.maximum]
    if inside:
        drawn = st.one_of(st.sampled_from(allowed), st.integers(field.minimum, field.maximum))
        return drawn.map(lambda number: str(number).encode())
    exact = st.one_of(st.sampled_from(near), st.integers(-(2**70), 2**70)).map(lambda number: str(number).encode())
    with_tail = st.builds(
        lambda number, tail: number + tail, exact, st.sampled_from((b".0", b".5", b"e0", b"E+1", b"e-2"))
    )
    return st.one_of(exact, exact, with_tail, st.sampled_from(NUMBERS))


def _hex(digits: int, alphabets: Texts) -> Texts:
    def write(number: int, alphabet: str) -> str:
        return "".join(alphabet[int(digit, 16)] for digit in f"{number:0{digits}x}")

    return st.builds(write, st.integers(0, 16**digits - 1), alphabets)


def hosts_around(settings: Settings) -> tuple[str, ...]:
    """Hosts, good and bad, and ones about as long as their buffer."""
    longest = settings.hostname_max_len
    ipv6 = "2001:db8::1", "::", "::1", ":", "", "f" * 45, "f" * 46, "::ffff:10.0.0.1", "::g", "fe80::1%25en0"
    near = tuple(letter * (longest + step) for letter in "h" for step in (-1, 0, 1))
    brackets = tuple(f"[{'1' * (longest + step - 2)}]" for step in (-1, 0, 1) if longest + step - 2 > 1)
    plain = "h", "example.com", "10.0.0.1", "b_u-c.ket.s3.eu-west-1.amazonaws.com", "-", ".", "A.B"
    broken = "", "a b", "a@b", "u:p@h", "h\\", "[::1", "::1]", "[[::1]]", "[::1]x", "h%41", "hé", "h,"
    return plain + near + brackets + tuple(f"[{address}]" for address in ipv6) + broken


GOOD_HOSTS = ("h", "example.com", "10.0.0.1", "[::1]", "A-b_c.D", "[0:0:0:0:0]")
PORTS = (
    "", "", "", ":80", ":443", ":1", ":65535", ":00001", ":8080", ":0", ":", ":65536", ":00000", ":0000", ":99999",
    ":123456", ":000080", ":-1", ":+1", ":8 0", ":a", "::", ":80:", ":65540", ":655350",
)  # fmt: skip
SCHEMES = ("http", "https", "HTTP", "hTtPs", "httpS", "ftp", "htt", "httpss", "", "http\u017f", "s3", "xhttps", " http")
PATHS = (
    "", "/", "/a", "//key", "/a//b", "/a?x=1&y=%2F", "?q", "?", "/?", "/a?b?c", "/%00%zz", "/..", "/a#f", "#f",
    "/a b", "/é", "/a\r\nX: y", "/a\x7f", "/{}|^`\"<>\\", "a", "a/b", "~", "/\ud800",
)  # fmt: skip


def paths_around(settings: Settings) -> tuple[str, ...]:
    """Paths about as long as their buffer."""
    longest = settings.file_path_max_len
    return tuple(
        start + "p" * (longest + step - len(start)) for start in ("/", "", "/k?", "?", "//") for step in (-2, -1, 0, 1)
    )


def _good_paths(settings: Settings) -> tuple[str, ...]:
    longest = settings.file_path_max_len
    return "/", "/a", "//key", "/a?x=1%2F", "/" + "p" * (longest - 1), "/k?" + "q" * (longest - 3)


def _urls(settings: Settings, *, good: bool) -> Bytes:
    if good:
        parts = st.builds(
            lambda scheme, host, port, path: f"{scheme}://{host}{port}{path}",
            st.sampled_from(("http", "https", "HTTPS")),
            st.sampled_from(GOOD_HOSTS),
            st.sampled_from(("", "", ":1", ":65535", ":00443")),
            st.sampled_from(("", "?q", *_good_paths(settings))),
        )
        return spellings(parts)
    hosts, paths = st.sampled_from(hosts_around(settings)), st.sampled_from((*PATHS, *paths_around(settings)))
    signs = st.sampled_from(("://", ":/", "//", ":", "", ":///", "://@"))
    good_start = st.sampled_from(("http://", "HTTPS://"))
    good_host, good_path = st.sampled_from(GOOD_HOSTS), st.sampled_from(_good_paths(settings))
    broken = st.one_of(
        # One part in question, two parts, or each.
        st.tuples(st.sampled_from(SCHEMES), signs, good_host).map("".join),
        st.tuples(good_start, hosts, st.sampled_from(PORTS)).map("".join),
        st.tuples(good_start, good_host, st.sampled_from(PORTS), good_path).map("".join),
        st.tuples(good_start, good_host, st.sampled_from(paths_around(settings))).map("".join),
        st.tuples(good_start, good_host, paths).map("".join),
        st.tuples(st.sampled_from(SCHEMES), signs, hosts, st.sampled_from(PORTS), paths).map("".join),
    )
    return st.one_of(spellings(broken), _edited(broken))


@cache
def valid_value(field: Field, settings: Settings) -> Bytes:
    """Values that obey a field's rule."""
    if field.type is FieldType.STRING:
        texts = [text for text in texts_around(field.max_length) if len(text.encode()) <= field.max_length]
        return _spelled(tuple(texts))
    if field.type in (FieldType.U32, FieldType.I32, FieldType.U64):
        return _integers(field, inside=True)
    if field.type is FieldType.BOOL:
        return st.sampled_from((b"true", b"false"))
    if field.type is FieldType.ENUM:
        return _spelled(field.values)
    if field.type is FieldType.HEX:
        return spellings(_hex(2 * field.size, st.sampled_from(("0123456789abcdef", "0123456789ABCDEF"))))
    if field.type is FieldType.SCHEME:
        return _spelled(("http", "https", "http:", "https:", "HTTPS:", "Http"))
    if field.type is FieldType.HOST:
        ports = st.sampled_from(("", ":80", ":00001"))
        hosts = st.builds(lambda host, port: host + port, st.sampled_from(GOOD_HOSTS), ports)
        return spellings(hosts)
    if field.type is FieldType.PATH:
        return _spelled((*_good_paths(settings), "", "a/b", "?q"))
    return _urls(settings, good=True)


@cache
def edge_value(field: Field, settings: Settings) -> Bytes:
    """Values about a field's rule, inside and outside, and of other types."""
    near: Bytes
    if field.type is FieldType.STRING:
        texts = texts_around(field.max_length)
        near = st.one_of(_spelled(texts), _edited(st.sampled_from(texts)))
    elif field.type in (FieldType.U32, FieldType.I32, FieldType.U64):
        near = _integers(field, inside=False)
    elif field.type is FieldType.ENUM:
        near = words(field.values)
    elif field.type is FieldType.HEX:
        near = digits(2 * field.size)
    elif field.type is FieldType.SCHEME:
        near = words(("http", "https", "http:", "https:", "HTTP:", "https::", "https:/", *SCHEMES))
    elif field.type is FieldType.HOST:
        hosts = st.builds(
            lambda host, port: host + port, st.sampled_from(hosts_around(settings)), st.sampled_from(PORTS)
        )
        near = st.one_of(spellings(hosts), _edited(hosts))
    elif field.type is FieldType.PATH:
        near = words((*PATHS, *paths_around(settings)))
    elif field.type is FieldType.URL:
        near = _urls(settings, good=False)
    else:
        near = st.sampled_from((b"true", b"false", b'"true"', b"1", b"null"))
    return st.one_of(near, near, near, st.sampled_from(TYPES))


@cache
def words(texts: tuple[str, ...]) -> Bytes:
    """Texts of a list, beginnings of them, in another case, with something behind, or edited."""
    some = st.sampled_from(texts)
    return st.one_of(
        spellings(some),
        st.builds(lambda text, cut: quoted(text[: cut % (len(text) + 1)]), some, st.integers(0, 64)),
        some.map(lambda text: quoted(text.swapcase())),
        some.map(lambda text: quoted(text + text[-1:])),
        _edited(some),
    )


@cache
def digits(count: int) -> Bytes:
    """About ``count`` hexadecimal digits."""
    lengths = st.sampled_from((count, count, count - 1, count + 1, count // 2, 0))
    text = st.builds(
        lambda length, alphabet: (alphabet * (length // len(alphabet) + 1))[:length],
        lengths,
        st.sampled_from(("0123456789abcdef", "ABCDEF0123456789", ascii.hexdigits, "0g")),
    )
    return st.one_of(spellings(text), _edited(text))


@cache
def job_ids() -> tuple[Bytes, Bytes]:
    """Valid jobIds, and those about the rule."""
    odd = ("", "x" * 63, "x" * 65, "a b", "a.b", "a/b", "é", "a" * 64 + "!", *JOB_IDS)
    return _spelled(JOB_IDS), st.one_of(_spelled(odd), _spelled(JOB_IDS), _edited(st.sampled_from(JOB_IDS)))


@cache
def client_tokens() -> tuple[Bytes, Bytes]:
    """Valid clientTokens, and those about the rule."""
    return spellings(_hex(8, st.just("0123456789abcdef"))), st.one_of(digits(8), words(("0123456789", "DEADBEEF")))


@cache
def version_numbers() -> tuple[Bytes, Bytes]:
    """Valid versionNumbers, and those about the rule."""
    field = Field(("versionNumber",), FieldType.U32, "", minimum=1, maximum=2**32 - 1)
    return _integers(field, inside=True), _integers(field, inside=False)
