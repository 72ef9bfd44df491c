# SPDX-License-Identifier: Apache-2.0
"""Splitting URLs, and the byte at which one breaks its rule: doc/parser.md, "Types"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Field, FieldType
from aws_fota.oracle.outcome import FIRST_FIELD, ParseResult, Scheme, Url
from aws_fota.oracle.url import split_url
from job_messages import assert_stands, execution, marked, outcome

TIGHT = Settings(hostname_max_len=16, file_path_max_len=16)


def stored(type: FieldType, spelled: str, settings: Settings | None = None) -> Url | None:
    """The URL or the part that a field of this type stores; None when it refuses the value."""
    described = Field(("v",), type, "url")
    # Written as a raw string of JSON: what is to be escaped is escaped in the test.
    found = outcome(execution(f'{{"v":"{spelled}"}}'), fields=[described], settings=settings)
    url = found.job.get("url")
    assert (url is None) is (FIRST_FIELD not in found.present)
    assert url is None or isinstance(url, Url)
    return url


def assert_violates(type: FieldType, spelled: str, result: ParseResult, settings: Settings | None = None) -> None:
    described = Field(("v",), type, "url")
    found = assert_stands(execution(f'{{"v":"{spelled}"}}'), result, FIRST_FIELD, fields=[described], settings=settings)
    assert "url" not in found.job


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://h", Url(Scheme.HTTP, "h", 0, "/")),
        ("https://h/", Url(Scheme.HTTPS, "h", 0, "/")),
        ("HTTPS://Ex-am_ple.COM/a", Url(Scheme.HTTPS, "Ex-am_ple.COM", 0, "/a")),
        ("hTtP://10.0.0.1:8080/a/b", Url(Scheme.HTTP, "10.0.0.1", 8080, "/a/b")),
        ("http://h:1", Url(Scheme.HTTP, "h", 1, "/")),
        ("http://h:65535/", Url(Scheme.HTTP, "h", 65535, "/")),
        ("http://h:00080/", Url(Scheme.HTTP, "h", 80, "/")),
        ("https://h:443/", Url(Scheme.HTTPS, "h", 443, "/")),
        ("http://h?q=1", Url(Scheme.HTTP, "h", 0, "/?q=1")),
        ("http://h:5?q", Url(Scheme.HTTP, "h", 5, "/?q")),
        ("http://h/?", Url(Scheme.HTTP, "h", 0, "/?")),
        ("http://h?", Url(Scheme.HTTP, "h", 0, "/?")),
        ("http://h//key", Url(Scheme.HTTP, "h", 0, "//key")),
        ("http://h/a?b?c/d:@!$&'()*+,;=[]|{}^`<>~", Url(Scheme.HTTP, "h", 0, "/a?b?c/d:@!$&'()*+,;=[]|{}^`<>~")),
        ("http://h/%00%2f%zz%", Url(Scheme.HTTP, "h", 0, "/%00%2f%zz%")),
        ("http://h/../.", Url(Scheme.HTTP, "h", 0, "/../.")),
        ("http://[::1]", Url(Scheme.HTTP, "[::1]", 0, "/")),
        ("http://[2001:DB8::1]:8443/a", Url(Scheme.HTTP, "[2001:DB8::1]", 8443, "/a")),
        ("http://[::]?q", Url(Scheme.HTTP, "[::]", 0, "/?q")),
        ("http://[" + "f" * 45 + "]/", Url(Scheme.HTTP, "[" + "f" * 45 + "]", 0, "/")),
        ("http://-/", Url(Scheme.HTTP, "-", 0, "/")),
        ("http://..", Url(Scheme.HTTP, "..", 0, "/")),
        ("http://" + "h" * 255, Url(Scheme.HTTP, "h" * 255, 0, "/")),
        ("http://h/" + "p" * 2046, Url(Scheme.HTTP, "h", 0, "/" + "p" * 2046)),
    ],
)
def test_a_url_is_split(text: str, expected: Url) -> None:
    assert split_url(text.encode("ascii"), Settings()) == expected
    assert stored(FieldType.URL, text) == expected


@pytest.mark.parametrize(
    "spelled",
    [
        # Scheme.
        "¦", "h¦", "http¦", "¦ftp://h", "¦://h", "¦//h", "¦s3://b/k", "http¦x://h", "https¦s://h", "htt¦://h",
        "¦ http://h", "http¦ ://h",
        "¦é", "http¦\u017f://h", "¦\uff48ttp://h", "http:¦", "http:/¦", "http:/¦h", "http:¦h", "https:¦\\\\h",
        "HTT¦Q://h",
        # Host.
        "http://¦", "http://¦/", "http://¦/path", "http://¦?q", "http://¦:80/", "http://¦#", "http://u¦@h/",
        "http://u:¦p@h/",
        "http://¦@h", "http://h¦ /", "http://h¦\\\\x", "http://h¦%41", "http://h¦é", "http://¦é", "http://h¦,",
        "http://h¦~", "http://h¦!",
        "http://h¦\\u0000", "http://h¦\\r\\n", "http://h¦\\ud83d\\ude00", "http://h¦\\ud800", "http://h¦[::1]",
        "http://h¦#f", "http://h¦;",
        # IPv6.
        "http://[¦", "http://[¦]", "http://[:¦]", "http://[1¦]/", "http://[::1¦", "http://[::¦g]", "http://[::1]¦x",
        "http://[fe80::1¦%eth0]",
        "http://[¦[::1]]", "http://¦]", "http://[" + "f" * 45 + "¦f]", "http://[" + "f" * 45 + "¦", "http://[::1]¦]",
        "http://[::1¦/]",
        "http://[::1]¦@", "http://[¦ ::1]", "http://[::1]¦%25", "http://[¦v1.a]",
        # Port.
        "http://h:¦", "http://h:¦/", "http://h:¦?q", "http://h:¦-1", "http://h:¦+1", "http://h:0¦", "http://h:0¦/",
        "http://h:0000¦",
        "http://h:0000¦0", "http://h:6553¦6", "http://h:6554¦0", "http://h:7000¦0", "http://h:12345¦6",
        "http://h:00080¦1", "http://h:8¦a",
        "http://h:80¦:80", "http://h:80¦ /", "http://h:80¦#", "http://h:¦:", "http://[::1]:¦", "http://h:80¦é",
        "http://h:80¦.",
        # Path and query.
        "http://h/a¦ b", "http://h/¦#", "http://h/a¦#f", "http://h?q¦#f", "http://h/¦é", "http://h/a¦\\r\\nX: y",
        "http://h/¦\\n", "http://h/a¦\x7f",
        "http://h/a¦\\u007f", "http://h/a¦\\u0000", "http://h/a¦\\u0020", "http://h/a?b¦ ", "http://h/¦\\ud800",
        "http://h/¦\\ud83d\\ude00", "http://h?¦ ",
    ],
)  # fmt: skip
def test_a_url_breaks_its_rule_at_the_first_character_that_nothing_can_mend(spelled: str) -> None:
    assert_violates(FieldType.URL, spelled, ParseResult.WRONG_VALUE)


@pytest.mark.parametrize(
    "spelled",
    [
        "http://" + "h" * 16 + "¦h", "http://" + "h" * 16 + "¦hé", "http://" + "h" * 16 + "¦.com:80/",
        "http://[" + "f" * 15 + "¦]",
        "http://[" + "f" * 15 + "¦f", "http://h/" + "p" * 15 + "¦p", "http://h/" + "p" * 15 + "¦/",
        "http://h?" + "q" * 14 + "¦q",
        "http://h/" + "p" * 14 + "?¦?", "http://h/" + "p" * 15 + "¦\\u0070", "http://h" + "/" * 16 + "¦//",
        "http://h/" + "p" * 15 + "¦p#",
    ],
)  # fmt: skip
def test_host_and_path_are_too_long_at_the_character_that_does_not_fit(spelled: str) -> None:
    assert_violates(FieldType.URL, spelled, ParseResult.TOO_LONG, TIGHT)
    data, _ = marked(spelled)
    if b"\\" not in data and data.isascii():
        assert split_url(data, TIGHT) is ParseResult.TOO_LONG


def test_what_just_fits_is_stored() -> None:
    assert stored(FieldType.URL, "http://" + "h" * 16 + "/" + "p" * 15, TIGHT) == Url(
        Scheme.HTTP, "h" * 16, 0, "/" + "p" * 15
    )
    assert stored(FieldType.URL, "http://[" + "f" * 14 + "]:65535?" + "q" * 14, TIGHT) == Url(
        Scheme.HTTP, "[" + "f" * 14 + "]", 65535, "/?" + "q" * 14
    )
    assert stored(FieldType.PATH, "p" * 15, TIGHT) == Url(path="/" + "p" * 15)


def test_a_forbidden_character_is_a_wrong_value_where_it_would_not_fit_either() -> None:
    assert_violates(FieldType.URL, "http://" + "h" * 16 + "¦é", ParseResult.WRONG_VALUE, TIGHT)
    assert_violates(FieldType.URL, "http://h/" + "p" * 15 + "¦ ", ParseResult.WRONG_VALUE, TIGHT)
    loose = Settings(hostname_max_len=46)
    assert_violates(FieldType.URL, "http://[" + "f" * 45 + "¦f", ParseResult.WRONG_VALUE, loose)
    assert_violates(FieldType.URL, "http://[" + "f" * 45 + "¦]", ParseResult.TOO_LONG, loose)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_scheme_may_have_a_colon_and_any_case(scheme: str) -> None:
    expected = Url(scheme=Scheme[scheme.upper()])
    for spelled in (scheme, scheme.upper(), scheme.title(), f"{scheme}:", f"\\u0068{scheme[1:]}"):
        assert stored(FieldType.SCHEME, spelled) == expected


@pytest.mark.parametrize(
    "spelled",
    ["¦", "htt¦", "http:¦:", "http:¦/", "https¦x", "http¦ ", "¦ftp", "¦:", "https¦s", "http¦\u017f", "http¦\\u0000"],
)
def test_a_scheme_of_another_form_is_a_wrong_value(spelled: str) -> None:
    assert_violates(FieldType.SCHEME, spelled, ParseResult.WRONG_VALUE)


def test_a_host_may_have_a_port() -> None:
    assert stored(FieldType.HOST, "a.b") == Url(host="a.b")
    assert stored(FieldType.HOST, "a.b:443") == Url(host="a.b", port=443)
    assert stored(FieldType.HOST, "[::1]:00001") == Url(host="[::1]", port=1)


@pytest.mark.parametrize(
    "spelled", ["¦", "h¦/", "h¦?", "h:80¦/", "h:¦", "¦:80", "u¦@h", "http:¦//h", "[::1]¦/", "h¦ ", "h:0¦"]
)
def test_a_host_of_another_form_is_a_wrong_value(spelled: str) -> None:
    assert_violates(FieldType.HOST, spelled, ParseResult.WRONG_VALUE)


@pytest.mark.parametrize(
    ("spelled", "path"),
    [
        ("", "/"), ("/", "/"), ("a", "/a"), ("/a", "/a"), ("//key", "//key"), ("a//b", "/a//b"), ("?q", "/?q"),
        ("?", "/?"),
        ("a?b", "/a?b"), ("http://x", "/http://x"), ("\\/a", "/a"), ("\\u002fa", "/a"), ("a\\\"b", '/a"b'),
        ("~", "/~"), ("!", "/!"),
    ],
)  # fmt: skip
def test_a_path_begins_with_one_slash_more_or_as_it_is(spelled: str, path: str) -> None:
    assert stored(FieldType.PATH, spelled) == Url(path=path)


def test_a_path_of_another_form_is_refused() -> None:
    for spelled in ("¦#", "a¦ ", "¦é", "/¦\\n", "a¦\\u0000", "¦\\ud800"):
        assert_violates(FieldType.PATH, spelled, ParseResult.WRONG_VALUE)
    assert_violates(FieldType.PATH, "/" + "p" * 15 + "¦p", ParseResult.TOO_LONG, TIGHT)
    assert_violates(FieldType.PATH, "p" * 15 + "¦p", ParseResult.TOO_LONG, TIGHT)


# The grammar once more, as expressions. A character is the first after which no continuation obeys the rule when no
# end makes a whole of the text up to it, and some end of the text before it.
PORT = r":(?=0*[1-9])(?:[0-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
AUTHORITY = rf"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]{{2,45}}\])(?:{PORT})?"
REST = r"(?:[/?][!-\"$-~]*)?"
GRAMMARS: dict[FieldType, Callable[[str], object]] = {
    FieldType.URL: re.compile(rf"[hH][tT][tT][pP][sS]?://{AUTHORITY}{REST}").fullmatch,
    FieldType.HOST: re.compile(AUTHORITY).fullmatch,
    FieldType.SCHEME: re.compile(r"[hH][tT][tT][pP][sS]?:?").fullmatch,
}
ENDS = {
    FieldType.URL: [*("http://h"[start:] for start in range(9)), "://h", "//h", "0]", "00]", "]"],
    FieldType.HOST: ["", "h", "0]", "00]", "]"],
    FieldType.SCHEME: ["http"[start:] for start in range(5)],
}
BEGINS = {
    FieldType.URL: ["", "http:", "http://", "http://h:6", "https://[:"],
    FieldType.HOST: ["", "h", "h:6", "[:"],
    FieldType.SCHEME: ["", "ht", "http"],
}
PIECES = {
    FieldType.URL: ["http", "s", ":", "/", "?", "h", "[", "]", "0", "65536", "x", "#"],
    FieldType.HOST: ["h", ":", "0", "6553", "6", "[", "]", "/", "1", "f" * 44],
    FieldType.SCHEME: ["h", "T", "t", "P", "s", ":", "/"],
}


def _is_viable(type: FieldType, text: str) -> bool:
    ends = [end + digit for end in ENDS[type] for digit in ("", "1")]
    return any(GRAMMARS[type](text + end) for end in ends)


@pytest.mark.parametrize("type", GRAMMARS)
def test_the_rules_agree_with_their_grammar(type: FieldType) -> None:
    described = Field(("v",), type, "url")
    opening = execution('{"v":"¦"}').index("¦")
    verdicts = set()
    begins = BEGINS[type]
    texts = {begin + "".join(pieces) for begin in begins for pieces in itertools.product(PIECES[type], repeat=3)}
    for text in sorted(texts):
        found = outcome(execution(f'{{"v":"{text}"}}'), fields=[described])
        verdicts.add(found.result)
        if GRAMMARS[type](text):
            assert found.result is ParseResult.OK, text
            continue
        first = next((end for end in range(len(text)) if not _is_viable(type, text[: end + 1])), len(text))
        assert (found.result, found.offset - opening) == (ParseResult.WRONG_VALUE, first), text
    assert verdicts == {ParseResult.OK, ParseResult.WRONG_VALUE}


def test_a_url_from_elsewhere_is_bytes() -> None:
    assert split_url(b"", Settings()) is ParseResult.WRONG_VALUE
    assert split_url(b"http://h/\xc3\xa9", Settings()) is ParseResult.WRONG_VALUE
    assert split_url(b"http://h/\xff", Settings()) is ParseResult.WRONG_VALUE
    assert split_url(b"http://h/a\0", Settings()) is ParseResult.WRONG_VALUE
    assert split_url(b"http://h/\r\n", Settings()) is ParseResult.WRONG_VALUE
    assert split_url(b"http://h", Settings(allow_http=False)) == Url(Scheme.HTTP, "h", 0, "/")
