# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests; twister builds the device, the emulator is started before it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from twister_harness import DeviceAdapter

ROOT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "scripts"))

from bench import Bench  # noqa: E402

from aws_fota.emulator.emulator_thread import EmulatorThread  # noqa: E402


@pytest.fixture
def executable(device_object: DeviceAdapter) -> Path:
    """The device that twister built, not started. Zephyr 3.7's harness knows no `unlaunched_dut`."""
    return device_object.device_config.app_build_dir / "zephyr" / "zephyr.exe"


@pytest.fixture
def bench(executable: Path, tmp_path: Path) -> Iterator[Bench]:
    """A device with the old image, not yet started, and an emulator that runs."""
    with EmulatorThread() as aws:
        yield Bench(executable, aws, tmp_path)
