# SPDX-License-Identifier: Apache-2.0
"""Versions as imgtool writes them."""

from __future__ import annotations

import pytest

from aws_fota.oracle.versions import Version, compare, parse


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.2.3", (1, 2, 3, 0)),
        ("v1.2.3", (1, 2, 3, 0)),
        ("V1.2.3+4", (1, 2, 3, 4)),
        ("0.0.0", (0, 0, 0, 0)),
        ("255.255.65535+4294967295", (255, 255, 65535, 4294967295)),
        ("001.02.0003+0000000000004", (1, 2, 3, 4)),
        ("0" * 5000 + "1.2.3", (1, 2, 3, 0)),
    ],
)
def test_a_version(text: str, version: tuple[int, int, int, int]) -> None:
    assert parse(text) == version


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v",
        "1",
        "1.2",
        "1.2.3.4",
        "1.2.3+",
        "1.2.3+4+5",
        "+1.2.3",
        "-1.2.3",
        "1.-2.3",
        " 1.2.3",
        "1.2.3 ",
        "1.2.3\n",
        "vv1.2.3",
        "1..3",
        "1.2.3-rc1",
        "1.2.x",
        "256.0.0",
        "0.256.0",
        "0.0.65536",
        "0.0.0+4294967296",
        "9" * 5000 + ".0.0",
        "\u0661.2.3",
        "1.2.3+0x4",
    ],
)
def test_none(text: str) -> None:
    assert parse(text) is None


def test_versions_are_in_the_order_of_their_parts() -> None:
    texts = ["0.0.1", "0.1.0", "0.1.0+1", "0.1.1", "1.0.0", "1.0.0+7", "1.0.10", "1.2.0", "10.0.0"]
    versions = [parse(text) for text in texts]
    for earlier, a in enumerate(versions):
        for later, b in enumerate(versions):
            assert a is not None
            assert b is not None
            assert compare(a, b) == (earlier > later) - (earlier < later)


def test_the_default_build_is_zero() -> None:
    assert parse("1.0.0") == parse("v1.0.0+0") == Version(1, 0, 0)
