# SPDX-License-Identifier: Apache-2.0
"""Flash in a file: the manners of NOR flash, and what survives."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from aws_fota.errors import InputError
from aws_fota.host.slot import ERASED, PAGE_SIZE, Flash, FlashError

SIZE = 4 * PAGE_SIZE


@pytest.fixture
def flash(tmp_path: Path) -> Flash:
    return Flash.create(tmp_path / "flash.bin", SIZE, b"old image")


def test_a_new_file_is_erased_behind_the_primary_image(flash: Flash) -> None:
    assert flash.primary.read() == b"old image".ljust(SIZE, b"\xff")
    assert set(flash.secondary.read()) == {ERASED}
    assert set(flash.state()) == {ERASED}


def test_writes_go_forward_into_erased_bytes(flash: Flash) -> None:
    flash.secondary.write(0, b"abc")
    flash.secondary.write(3, b"def")
    flash.secondary.write(PAGE_SIZE, b"ghi")
    assert flash.secondary.read(0, 6) == b"abcdef"
    assert flash.secondary.read(PAGE_SIZE, 3) == b"ghi"


@pytest.mark.parametrize("offset", [0, 2, 5])
def test_a_write_onto_written_bytes_is_refused_and_changes_nothing(flash: Flash, offset: int) -> None:
    flash.secondary.write(0, b"abcdef")
    with pytest.raises(FlashError) as refused:
        flash.secondary.write(offset, b"xyz")
    assert refused.value.errno == errno.EIO
    assert flash.secondary.read(0, 8) == b"abcdef\xff\xff"


def test_a_write_backwards_is_refused_even_into_erased_bytes(flash: Flash) -> None:
    flash.secondary.write(PAGE_SIZE, b"abc")
    with pytest.raises(FlashError):
        flash.secondary.write(0, b"abc")


def test_written_bytes_are_known_again_by_the_next_process(flash: Flash) -> None:
    flash.secondary.write(0, b"abc")
    flash.close()
    with Flash(flash.path) as again:
        assert again.secondary.read(0, 3) == b"abc"
        with pytest.raises(FlashError):
            again.secondary.write(2, b"xy")
        again.secondary.write(3, b"def")


def test_erasing_keeps_what_lies_before(flash: Flash) -> None:
    flash.secondary.write(0, b"a" * SIZE)
    flash.secondary.erase(2 * PAGE_SIZE)
    assert flash.secondary.read() == b"a" * 2 * PAGE_SIZE + b"\xff" * 2 * PAGE_SIZE
    flash.secondary.write(2 * PAGE_SIZE, b"b")


def test_a_whole_erase_leaves_the_primary_alone(flash: Flash) -> None:
    flash.secondary.erase()
    assert flash.primary.read(0, 9) == b"old image"


@pytest.mark.parametrize("offset", [1, PAGE_SIZE - 1, SIZE + PAGE_SIZE, -PAGE_SIZE])
def test_an_erase_off_a_page_or_outside_is_refused(flash: Flash, offset: int) -> None:
    with pytest.raises(FlashError) as refused:
        flash.secondary.erase(offset)
    assert refused.value.errno == errno.EINVAL


@pytest.mark.parametrize(("offset", "length"), [(SIZE, 1), (SIZE - 1, 2), (-1, 1), (0, SIZE + 1)])
def test_reads_and_writes_outside_the_slot_are_refused(flash: Flash, offset: int, length: int) -> None:
    with pytest.raises(FlashError):
        flash.secondary.read(offset, length)
    with pytest.raises(FlashError):
        flash.secondary.write(offset, b"x" * length)
    assert flash.primary.read(0, 9) == b"old image"


def test_a_swap_exchanges_everything_at_once(flash: Flash) -> None:
    flash.secondary.write(0, b"new image")
    flash.swap(b"state")
    assert flash.primary.read(0, 9) == b"new image"
    assert flash.secondary.read(0, 9) == b"old image"
    assert flash.state().rstrip(b"\xff") == b"state"


def test_the_state_is_replaced_whole(flash: Flash) -> None:
    flash.write_state(b"a long state")
    flash.write_state(b"short")
    assert flash.state() == b"short".ljust(PAGE_SIZE, b"\xff")


@pytest.mark.parametrize("size", [0, -PAGE_SIZE, PAGE_SIZE + 1])
def test_a_slot_is_whole_pages(tmp_path: Path, size: int) -> None:
    with pytest.raises(InputError, match="slot-size"):
        Flash.create(tmp_path / "flash.bin", size)
    assert not (tmp_path / "flash.bin").exists()


def test_an_image_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="do not fit"):
        Flash.create(tmp_path / "flash.bin", PAGE_SIZE, b"x" * (PAGE_SIZE + 1))


@pytest.mark.parametrize("size", [0, PAGE_SIZE, 2 * PAGE_SIZE, 3 * PAGE_SIZE + 1])
def test_another_file_is_not_taken_for_flash(tmp_path: Path, size: int) -> None:
    path = tmp_path / "flash.bin"
    path.write_bytes(b"\xff" * size)
    with pytest.raises(InputError, match=r"flash\.bin: is no flash file"):
        Flash(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"flash\.bin: cannot be read"):
        Flash(tmp_path / "flash.bin")
