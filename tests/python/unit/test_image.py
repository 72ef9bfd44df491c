# SPDX-License-Identifier: Apache-2.0
"""Images: what imgtool makes is read, what is broken is refused with its reason."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from aws_fota.host.image import (
    MADE_HEADER_SIZE,
    ImageVersion,
    NotAnImage,
    generate_key,
    make_image,
    read_image,
    signature_matches,
)

VERSION = ImageVersion(1, 2, 3, 4)


@pytest.fixture(scope="module")
def key() -> Any:
    return generate_key()


@pytest.fixture(scope="module")
def image(key: Any) -> bytes:
    return make_image(VERSION, 5000, key)


def test_what_imgtool_made_is_read(image: bytes) -> None:
    read = read_image(image)
    assert read.version == VERSION
    assert read.length == len(image)
    assert len(read.hash) == 32
    assert read.signed


def test_what_follows_the_image_does_not_matter(image: bytes) -> None:
    assert read_image(image + b"\xff" * 10_000) == read_image(image)


def test_the_content_depends_on_the_version_only(image: bytes) -> None:
    content = slice(MADE_HEADER_SIZE, MADE_HEADER_SIZE + 5000)
    assert make_image(VERSION, 5000, generate_key())[content] == image[content]
    assert make_image(ImageVersion(1, 2, 4), 5000, None)[content] != image[content]


def test_the_signature_is_checked_with_the_key(image: bytes, key: Any) -> None:
    assert signature_matches(image, key)
    assert signature_matches(image + b"\xff" * 100, key)
    assert not signature_matches(image, generate_key())
    assert not signature_matches(make_image(VERSION, 5000, None), key)


def test_an_image_without_a_signature_says_so() -> None:
    assert not read_image(make_image(VERSION, 5000, None)).signed


@pytest.mark.parametrize("at", [20, MADE_HEADER_SIZE, MADE_HEADER_SIZE + 4999])
def test_a_changed_byte_is_found(image: bytes, at: int) -> None:
    broken = bytearray(image)
    broken[at] ^= 1
    with pytest.raises(NotAnImage, match="is damaged"):
        read_image(bytes(broken))


def test_every_cut_is_refused(image: bytes) -> None:
    for length in (0, 1, 31, 32, MADE_HEADER_SIZE, 5000, len(image) - 200, len(image) - 1):
        with pytest.raises(NotAnImage):
            read_image(image[:length])


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (0, 0x12345678, "magic"),
        (8, 0, "header of 0 bytes"),
        (12, 0xFFFFFFFF, "ends before its TLVs"),
        (12, 4999, "no TLVs where its header says"),
    ],
)
def test_a_wrong_header_is_refused(image: bytes, offset: int, value: int, message: str) -> None:
    broken = bytearray(image)
    size = 2 if offset == 8 else 4
    broken[offset : offset + size] = value.to_bytes(size, "little")
    with pytest.raises(NotAnImage, match=message):
        read_image(bytes(broken))


def test_tlvs_that_run_past_their_area_are_refused(image: bytes) -> None:
    broken = bytearray(image)
    first = MADE_HEADER_SIZE + 5000 + 4
    struct.pack_into("<H", broken, first + 2, 0xFFFF)
    with pytest.raises(NotAnImage, match="cut short"):
        read_image(bytes(broken))


def test_an_image_without_its_hash_is_refused(image: bytes) -> None:
    broken = bytearray(image)
    first = MADE_HEADER_SIZE + 5000 + 4
    struct.pack_into("<H", broken, first, 0x7FFF)
    with pytest.raises(NotAnImage, match="no SHA-256 TLV"):
        read_image(bytes(broken))


def test_the_error_names_file_and_way_out() -> None:
    with pytest.raises(NotAnImage, match=r"^app\.bin: .*imgtool sign.*\[image\]$"):
        read_image(b"x" * 100, Path("app.bin"))


def test_versions_compare_by_their_parts() -> None:
    assert ImageVersion(1, 9, 0) < ImageVersion(1, 10, 0) < ImageVersion(1, 10, 0, 1)
    assert [str(version) for version in (ImageVersion(1, 2, 3), VERSION)] == ["1.2.3", "1.2.3+4"]
