# SPDX-License-Identifier: Apache-2.0
"""A bench whose device begins each start in the real MCUboot, which lies in the same memory as the flash."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import NEW, OLD
from cortex_m_bench import PSRAM_BYTES, CortexMBench
from mcuboot_flash import (
    COPY_DONE_AT,
    FLASH_SIZE,
    IMAGE_OK_AT,
    MAGIC_AT,
    PRIMARY,
    SECONDARY,
    SLOT_SIZE,
    SWAP_INFO_AT,
    McubootFlash,
)
from native_process import NativeProcess

from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.host.image import ImageVersion

#: Where MCUboot is linked to: behind the flash.
BOOTLOADER = FLASH_SIZE
#: A Cortex-M begins with the stack pointer and the entry that stand at address 0.
VECTORS = 8

_SWAP = re.compile(r"Image index: 0, Swap type: (\w+)$")
_FLAGS = {"magic": slice(-MAGIC_AT, None)} | {
    name: slice(-at, 1 - at)
    for name, at in (("image_ok", IMAGE_OK_AT), ("copy_done", COPY_DONE_AT), ("swap_info", SWAP_INFO_AT))
}


@dataclass(frozen=True)
class Bootable:
    """What was built.

    Attributes:
        build: the build folder of sysbuild.
        key: what the bootloader trusts.
        port: that of the local AWS, which is built in.
    """

    build: Path
    key: Path
    port: int

    @property
    def application(self) -> Path:
        """The program without a signature."""
        return self.build / "bootloader/zephyr/zephyr.bin"

    @property
    def configuration(self) -> str:
        """The application's ``.config``."""
        return (self.build / "bootloader/zephyr/.config").read_text(encoding="utf-8")

    @property
    def mcuboot(self) -> bytes:
        """The bootloader."""
        return (self.build / "mcuboot/zephyr/zephyr.bin").read_bytes()

    def sign(self, version: ImageVersion, key: Path | None = None, padding: int = 0) -> bytes:
        """The application as an image.

        Args:
            version: that of the image.
            key: what signs it, if not the key that is trusted.
            padding: bytes to add to the application.
        """
        with tempfile.TemporaryDirectory(prefix="aws-fota-image-") as folder:
            plain, signed = Path(folder, "plain.bin"), Path(folder, "signed.bin")
            plain.write_bytes(self.application.read_bytes() + bytes(padding))
            command = [sys.executable, "-m", "imgtool.main", "sign", "--key", str(key or self.key)]
            command += ["--version", str(version), "--header-size", "0x200", "--slot-size", "0x69000", "--align", "4"]
            if "CONFIG_MCUBOOT_IMGTOOL_OVERWRITE_ONLY=y" in self.configuration:
                command.append("--overwrite-only")
            subprocess.run([*command, str(plain), str(signed)], check=True, capture_output=True)
            return signed.read_bytes()


class BootloaderBench(CortexMBench):
    """A bench with the real bootloader.

    Args:
        bootable: what was built.
        aws: the emulator, running.
        folder: where flash and log are kept.
    """

    def __init__(self, bootable: Bootable, aws: EmulatorThread, folder: Path) -> None:
        start = folder / "start.bin"
        start.write_bytes(bootable.mcuboot[:VECTORS])
        super().__init__(start, aws, folder)
        self.bootable = bootable
        self.old = bootable.sign(OLD)
        self.new = bootable.sign(NEW)
        self.flash = McubootFlash(self.flash.path, self.old)
        with self.flash.path.open("r+b") as file:
            file.seek(BOOTLOADER)
            file.write(bootable.mcuboot)
            file.truncate(PSRAM_BYTES)

    def offer(self, image: bytes, version: ImageVersion, job_id: str = "job-1", **changes: Any) -> None:
        """Store an image, and create a job with it."""
        self.aws.call(self.aws.emulator.upload, "firmware", "fw.bin", image, public=True)
        self.create_job(job_id, fwversion=str(version), size=len(image), **changes)

    def runs(self, image: bytes) -> bool:
        """Whether that image is the one in the primary slot."""
        with self.flash.path.open("rb") as file:
            file.seek(PRIMARY)
            return file.read(len(image)) == image

    def largest(self, version: ImageVersion) -> bytes:
        """An image of as many bytes as the device says that it takes, when it rejects one that has too many."""
        self.create_job("too-large", size=2 * SLOT_SIZE)
        with self.start():
            rejected = self.ended("too-large")
        limit = int(rejected.status_details["detail"])
        padding = limit - len(self.new)
        # Signatures differ in length.
        while len(image := self.bootable.sign(version, padding=padding)) != limit:
            padding += limit - len(image)
        return image

    def stand_in(self) -> McubootFlash:
        """The stand-in for the bootloader, on a copy of the flash as it is now."""
        other = copy(self.flash)
        other.path = Path(shutil.copyfile(self.flash.path, self.folder / "stand_in.bin"))
        return other


def swap_type(device: NativeProcess) -> str:
    """What MCUboot says that it does in this run."""
    return device.wait_for(_SWAP.pattern)[1]


def trailer(slot: bytes) -> dict[str, str]:
    """What stands in the trailer of a slot, in hexadecimal."""
    return {name: slot[place].hex() for name, place in _FLAGS.items()}


def trailers(flash: McubootFlash) -> list[dict[str, str]]:
    """Those of the primary slot and of the secondary one."""
    return [trailer(flash.slot(start)) for start in (PRIMARY, SECONDARY)]
