# SPDX-License-Identifier: Apache-2.0
"""Versions, read and compared by the generated engine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from differential.engine_process import EngineProcess
from unit.engine_fixture import running_engine

_CANARY = 0xA5
#: What a version that is none leaves of the output.
UNTOUCHED = (_CANARY, _CANARY, _CANARY << 8 | _CANARY, _CANARY << 24 | _CANARY << 16 | _CANARY << 8 | _CANARY)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    for script in running_engine(tmp_path_factory):
        yield script.pair.process


def read(engine: EngineProcess, text: str) -> tuple[int, ...] | None:
    (parsed, _), _ = engine.versions(text.encode("utf-8"), b"0.0.0")
    if not parsed[0]:
        assert parsed[1:] == UNTOUCHED
        return None
    return parsed[1:]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0.0.0", (0, 0, 0, 0)),
        ("1.2.3", (1, 2, 3, 0)),
        ("v1.2.3", (1, 2, 3, 0)),
        ("V1.2.3+4", (1, 2, 3, 4)),
        ("255.255.65535+4294967295", (255, 255, 65535, 2**32 - 1)),
        ("01.002.0003+00004", (1, 2, 3, 4)),
        ("0000000255.0.0", (255, 0, 0, 0)),
        ("256.0.0", None),
        ("0.256.0", None),
        ("0.0.65536", None),
        ("0.0.0+4294967296", None),
        ("0.0.0+42949672950", None),
        ("99999999999999999999.0.0", None),
        ("", None),
        ("v", None),
        ("vv1.2.3", None),
        ("1", None),
        ("1.2", None),
        ("1.2.", None),
        ("1..3", None),
        (".1.2.3", None),
        ("1.2.3.4", None),
        ("1.2.3+", None),
        ("1.2.3+4+5", None),
        ("1.2.3-rc1", None),
        ("1.2.3 ", None),
        (" 1.2.3", None),
        ("-1.2.3", None),
        ("+1.2.3", None),
        ("1.2+3", None),
        ("1.2.3+-4", None),
        ("0x1.2.3", None),
        ("1.2.\u0663", None),
    ],
)
def test_texts(engine: EngineProcess, text: str, parts: tuple[int, ...] | None) -> None:
    assert read(engine, text) == parts


@hypothesis_settings(max_examples=800, deadline=None)
@given(st.one_of(st.text("v0129.+", max_size=24), st.from_regex(r"v?\d{1,4}\.\d{1,4}\.\d{1,6}(\+\d{1,11})?")))
def test_any_text(engine: EngineProcess, text: str) -> None:
    match = re.fullmatch(r"[vV]?([0-9]+)\.([0-9]+)\.([0-9]+)(?:\+([0-9]+))?", text)
    parts = tuple(int(part or 0) for part in match.groups()) if match else None
    if parts and any(part > top for part, top in zip(parts, (255, 255, 65535, 2**32 - 1), strict=True)):
        parts = None
    assert read(engine, text) == parts


PART = st.one_of(st.integers(0, 3), st.integers(0, 255))
VERSION = st.tuples(PART, PART, st.one_of(PART, st.just(65535)), st.one_of(PART, st.just(2**32 - 1)))


@hypothesis_settings(max_examples=500, deadline=None)
@given(VERSION, VERSION)
def test_order(engine: EngineProcess, first: tuple[int, ...], second: tuple[int, ...]) -> None:
    texts = [f"{major}.{minor}.{revision}+{build}".encode() for major, minor, revision, build in (first, second)]
    _, order = engine.versions(*texts)
    assert (order > 0) - (order < 0) == (first > second) - (first < second)
