# SPDX-License-Identifier: Apache-2.0
"""What end-to-end tests share: the compiled core and the signed images, nothing that one could change."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.host.build_cache import build
from aws_fota.host.library import Core
from aws_fota.jobdoc.load import load
from e2e.rig import Images, Rig, make_images


@pytest.fixture(scope="session")
def core() -> Core:
    """With AWS_FOTA_SANITIZE=1, and LD_PRELOAD as `Compiler.preload()` says, every byte that C touches is checked."""
    return Core(build(Model(load(), Settings()), sanitize=os.environ.get("AWS_FOTA_SANITIZE") == "1"))


@pytest.fixture(scope="session")
def images() -> Images:
    return make_images()


@pytest.fixture
def rig(core: Core, images: Images, tmp_path: Path) -> Iterator[Rig]:
    with EmulatorThread() as aws:
        made = Rig(aws, core, images, tmp_path)
        try:
            yield made
        finally:
            made.stop()
