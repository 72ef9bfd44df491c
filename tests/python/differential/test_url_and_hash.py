# SPDX-License-Identifier: Apache-2.0
"""The parser's two functions that read no message: ``aws_fota_url_split()`` and ``aws_fota_job_hash()``."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Field, FieldType
from aws_fota.oracle.outcome import ParseResult, Scheme, Url
from aws_fota.oracle.parser import job_hash
from aws_fota.oracle.url import split_url
from differential.parser_cases import ParserCase, RunningParsers
from differential.value_strategies import JOB_IDS, edge_value, valid_value
from fuzz_targets import read_corpus

PROFILE = hypothesis_settings(max_examples=400, deadline=None)

#: The same rules with other buffers, and in parsers with other tables.
NAMES = ("default", "default-tight", "scattered", "golden-arrays")


@pytest.fixture(params=NAMES, scope="module")
def case(request: pytest.FixtureRequest, parsers: RunningParsers) -> ParserCase:
    return parsers[request.param]


def url_texts(settings: Settings) -> st.SearchStrategy[bytes]:
    """URLs, texts that are almost one, and such texts with a byte changed."""
    field = Field(("url",), FieldType.URL, "url")
    spelled = st.one_of(valid_value(field, settings), edge_value(field, settings))
    data = spelled.map(json.loads).map(lambda value: str(value).encode("utf-8", "surrogatepass"))
    damaged = st.builds(
        lambda text, at, byte: text[: at % (len(text) + 1)] + byte + text[at % (len(text) + 1) + 1 :],
        data,
        st.integers(0, 400),
        st.binary(max_size=2),
    )
    return st.one_of(data, data, damaged, st.binary(max_size=20).map(lambda tail: b"http://" + tail))


def test_urls(case: ParserCase) -> None:
    @PROFILE
    @given(url_texts(case.settings))
    def check(text: bytes) -> None:
        assert case.process.split_url(text) == split_url(text, case.settings)

    check()


def test_urls_of_the_fuzz_corpus(case: ParserCase) -> None:
    for text in read_corpus("url"):
        assert case.process.split_url(text) == split_url(text, case.settings), text


def test_every_beginning_of_a_url(case: ParserCase) -> None:
    whole = b"HTTPS://[2001:db8::1]:08443/a"
    found = [case.process.split_url(whole[:length]) for length in range(len(whole) + 1)]
    assert found == [split_url(whole[:length], case.settings) for length in range(len(whole) + 1)]
    assert found[-1] == Url(Scheme.HTTPS, "[2001:db8::1]", 8443, "/a")


@pytest.mark.parametrize("place", [b"http://h%b/p", b"http://h/p%b", b"http://h/?q%b", b"http://%b/p", b"%bttp://h/p"])
def test_each_byte_in_each_part(parsers: RunningParsers, place: bytes) -> None:
    case = parsers["default"]
    for byte in range(256):
        text = place % bytes([byte])
        found = case.process.split_url(text)
        assert found == split_url(text, case.settings), text
        if byte <= 0x20 or byte >= 0x7F:
            # Nothing that could end a request line, or begin another header.
            assert found is ParseResult.WRONG_VALUE, text


@PROFILE
@given(st.one_of(st.sampled_from(JOB_IDS).map(str.encode), st.binary(max_size=80)))
@example(b"")
@example(b"a" * 64)
@example(b"\xff\x80\x7f")
def test_hashes(parsers: RunningParsers, text: bytes) -> None:
    job_id = text.replace(b"\0", b"")
    # The oracle takes jobIds; with Latin-1's beyond ASCII the definition says the same.
    hashed = 0xCBF29CE484222325
    for byte in job_id:
        hashed = (hashed ^ byte) * 0x100000001B3 % 2**64
    if job_id.isascii():
        assert job_hash(job_id.decode("ascii")) == hashed
    assert parsers["default"].process.job_hash(job_id) == hashed
