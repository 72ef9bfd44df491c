# SPDX-License-Identifier: Apache-2.0
"""Where the generated core says that the download of a record goes on, against what the engine then asks for."""

from __future__ import annotations

import struct

import pytest

from aws_fota.codegen.model import Model
from aws_fota.config.limits import RESUME_STEP, Settings
from aws_fota.host.build_cache import build
from aws_fota.host.library import Core
from aws_fota.jobdoc.load import load
from differential.engine_script import SIZE, record

STEP = RESUME_STEP.default


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    return Core(build(Model(load(), Settings()), cache=tmp_path_factory.mktemp("cache")))


def resumed(core: Core, stored: bytes) -> int:
    # A block of exactly the length.
    block = core.ffi.new("uint8_t[]", stored)
    return int(core.lib.aws_fota_record_resume_offset(block, len(stored)))


@pytest.mark.parametrize(
    ("stored", "offset"),
    [
        (0, 0),
        (STEP - 1, 0),
        (STEP, STEP),
        # Written by an image with another step.
        (2 * STEP - 1, STEP),
        (2 * STEP, 2 * STEP),
        (SIZE, SIZE - SIZE % STEP),
    ],
)
def test_a_download_goes_on_at_a_boundary_of_this_image(core: Core, stored: int, offset: int) -> None:
    assert resumed(core, record(1, offset=stored)) == offset


@pytest.mark.parametrize("phase", [2, 3, 4])
def test_elsewhere_nothing_is_downloaded(core: Core, phase: int) -> None:
    assert resumed(core, record(phase, status=3 if phase == 4 else 0, offset=STEP)) == 0


def test_what_is_no_record_says_nothing(core: Core) -> None:
    whole = record(1, offset=STEP)
    for length in range(len(whole)):
        assert resumed(core, whole[:length]) == 0
    for place in range(len(whole)):
        assert resumed(core, whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :]) == 0
    assert resumed(core, b"\xff" * len(whole)) == 0
    past_the_size = record(1, offset=SIZE + STEP)
    assert struct.unpack_from("<I", past_the_size, 20)[0] == SIZE + STEP
    assert resumed(core, past_the_size) == 0
