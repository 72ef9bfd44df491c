# SPDX-License-Identifier: Apache-2.0
"""The modes of MCUboot that a tree knows, against those that this module supports and those that it refuses."""

from __future__ import annotations

import re
from pathlib import Path

KCONFIG = Path(__file__).resolve().parents[3] / "zephyr/Kconfig"
#: Those in which slot 0 runs, and slot 1 holds the next image.
SUPPORTED = {"SWAP_USING_MOVE", "SWAP_USING_OFFSET", "SWAP_WITHOUT_SCRATCH", "SWAP_SCRATCH", "OVERWRITE_ONLY"}


def assert_all_are_decided(tree: Path) -> None:
    """In direct-XIP the running image may be in the slot that a download erases: no mode may be forgotten."""
    known, ours = (path.read_text(encoding="utf-8") for path in (tree / "modules/Kconfig.mcuboot", KCONFIG))
    modes = set(re.findall(r"^config MCUBOOT_BOOTLOADER_MODE_(\w+)$", known, re.MULTILINE))
    refused = set(
        re.findall(r"^\tdepends on AWS_FOTA_CORE_ONLY .. !MCUBOOT_BOOTLOADER_MODE_(\w+)$", ours, re.MULTILINE)
    )
    assert "DIRECT_XIP" in modes & refused
    assert not SUPPORTED & refused
    assert modes - {"HAS_NO_DOWNGRADE"} <= SUPPORTED | refused
