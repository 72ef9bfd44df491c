# SPDX-License-Identifier: Apache-2.0
"""The bootloader's rules at a reset: swap, revert, refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aws_fota.host.bootloader import Boot, Bootloader
from aws_fota.host.image import ImageVersion, NotAnImage, generate_key, make_image
from aws_fota.host.slot import Flash

OLD = ImageVersion(1, 0, 0)
NEW = ImageVersion(1, 1, 0)
SIZE = 32 * 1024


@pytest.fixture(scope="module")
def key() -> Any:
    return generate_key()


@pytest.fixture
def flash(tmp_path: Path, key: Any) -> Iterator[Flash]:
    with Flash.create(tmp_path / "flash.bin", SIZE, make_image(OLD, 8000, key)) as made:
        yield made


@pytest.fixture
def bootloader(flash: Flash, key: Any) -> Bootloader:
    return Bootloader(flash, key)


def _install(flash: Flash, bootloader: Bootloader, image: bytes) -> None:
    flash.secondary.erase()
    flash.secondary.write(0, image)
    bootloader.request_upgrade()


def test_nothing_asked_for_boots_what_is_there(bootloader: Bootloader) -> None:
    running = bootloader.reset()
    assert (running.what, running.image.version, running.confirmed) == (Boot.NORMAL, OLD, True)


def test_an_image_that_was_not_asked_for_is_left_alone(flash: Flash, bootloader: Bootloader, key: Any) -> None:
    flash.secondary.write(0, make_image(NEW, 9000, key))
    assert bootloader.reset().image.version == OLD


def test_a_test_upgrade_runs_unconfirmed(flash: Flash, bootloader: Bootloader, key: Any) -> None:
    _install(flash, bootloader, make_image(NEW, 9000, key))
    assert bootloader.swap_pending
    running = bootloader.reset()
    assert (running.what, running.image.version, running.confirmed) == (Boot.SWAPPED, NEW, False)
    assert not bootloader.swap_pending


def test_a_confirmed_image_stays(flash: Flash, bootloader: Bootloader, key: Any) -> None:
    _install(flash, bootloader, make_image(NEW, 9000, key))
    bootloader.reset()
    bootloader.confirm()
    running = bootloader.reset()
    assert (running.what, running.image.version, running.confirmed) == (Boot.NORMAL, NEW, True)


def test_an_unconfirmed_image_goes_back(flash: Flash, bootloader: Bootloader, key: Any) -> None:
    before = flash.primary.read()
    _install(flash, bootloader, make_image(NEW, 9000, key))
    bootloader.reset()
    running = bootloader.reset()
    assert (running.what, running.image.version, running.confirmed) == (Boot.REVERTED, OLD, True)
    assert flash.primary.read() == before
    assert bootloader.reset().what is Boot.NORMAL


@pytest.mark.parametrize("kind", ["random", "unsigned", "another key", "damaged"])
def test_an_image_that_is_not_right_is_refused_and_gone(
    flash: Flash, bootloader: Bootloader, key: Any, kind: str
) -> None:
    good = make_image(NEW, 9000, key)
    image = {
        "random": bytes(range(256)) * 30,
        "unsigned": make_image(NEW, 9000, None),
        "another key": make_image(NEW, 9000, generate_key()),
        "damaged": good[:4000] + b"x" + good[4001:],
    }[kind]
    before = flash.primary.read()
    _install(flash, bootloader, image)
    running = bootloader.reset()
    assert (running.what, running.image.version, running.confirmed) == (Boot.REFUSED, OLD, True)
    assert flash.primary.read() == before
    assert set(flash.secondary.read()) == {0xFF}
    assert bootloader.reset().what is Boot.NORMAL


def test_without_a_key_the_hash_decides(flash: Flash) -> None:
    bootloader = Bootloader(flash)
    _install(flash, bootloader, make_image(NEW, 9000, generate_key()))
    assert bootloader.reset().what is Boot.SWAPPED


def test_erasing_takes_the_request_along(flash: Flash, bootloader: Bootloader, key: Any) -> None:
    _install(flash, bootloader, make_image(NEW, 9000, key))
    flash.secondary.erase()
    bootloader.forget_upgrade()
    assert not bootloader.swap_pending
    assert bootloader.reset().what is Boot.NORMAL


def test_the_state_outlives_the_process(flash: Flash, bootloader: Bootloader, key: Any) -> None:
    _install(flash, bootloader, make_image(NEW, 9000, key))
    flash.close()
    with Flash(flash.path) as again:
        later = Bootloader(again, key)
        assert later.swap_pending
        assert later.reset().image.version == NEW
        assert not later.confirmed


def test_a_device_without_an_image_does_not_boot(tmp_path: Path) -> None:
    with Flash.create(tmp_path / "flash.bin", SIZE) as empty, pytest.raises(NotAnImage):
        Bootloader(empty).reset()
