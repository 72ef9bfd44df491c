# SPDX-License-Identifier: Apache-2.0
"""A bench whose device is a Cortex-M4 that QEMU plays, with the flash in a file and its network card at the loopback
interface of this machine."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

from bench import Bench
from native_process import PATIENCE, NativeProcess

from aws_fota.emulator.emulator_thread import EmulatorThread

#: What the device knows the loopback interface of this machine by, in QEMU's network of user mode.
HOST = "10.0.2.2"
#: The board's PSRAM, whose first bytes are the flash.
PSRAM_BYTES = 16 << 20

_STACK = re.compile(r"^stack (\S+): (\d+) of (\d+)$")
_HEAP = re.compile(r"^heap: (\d+) in (\d+) blocks of (\d+)$")
_MEASURED = "measured"
#: Mbed TLS keeps so much beside each block on a machine of 32 bits: ``memory_header`` in memory_buffer_alloc.c.
_BLOCK_HEADER = 32


class CortexMBench(Bench):
    """A bench with a device whose broker is built in.

    Args:
        executable: the image, ``zephyr.elf``.
        aws: the emulator, running.
        folder: where flash and log are kept.
    """

    def __init__(self, executable: Path, aws: EmulatorThread, folder: Path) -> None:
        super().__init__(executable, aws, folder)
        os.truncate(self.flash.path, PSRAM_BYTES)
        self.storage = aws.emulator.storage_url.replace("127.0.0.1", HOST)

    def document(self, **changes: Any) -> dict[str, Any]:
        """The document of a job with the new image by a URL that the device can reach."""
        return super().document(**{"location": {"url": f"{self.storage}/firmware/fw.bin"}, **changes})

    def start(self, *arguments: str) -> NativeProcess:
        """Start the device on its flash; it ends with a reset."""
        qemu = shutil.which("qemu-system-arm")
        assert qemu is not None
        memory = f"memory-backend-file,id=psram,size={PSRAM_BYTES},mem-path={self.flash.path},share=on"
        machine = ["-machine", "mps2-an386,memory-backend=psram", "-object", memory, "-no-reboot"]
        console = ["-display", "none", "-monitor", "none", "-serial", "stdio"]
        network = ["-nic", "user,model=lan9118"]
        return NativeProcess(
            Path(qemu),
            [*machine, *console, *network, "-kernel", str(self.executable), *arguments],
            self.folder / "device.log",
        )


def stacks(device: NativeProcess) -> dict[str, tuple[int, int]]:
    """By thread, the bytes of the stack that were ever used, and its size; as told last."""
    found = (_STACK.match(line) for line in device.lines)
    return {match[1]: (int(match[2]), int(match[3])) for match in found if match}


def heap(device: NativeProcess) -> tuple[int, int]:
    """The bytes that Mbed TLS needed at most, its headers included, and the size of its heap; zeros without TLS."""
    used = size = 0
    for match in filter(None, map(_HEAP.match, device.lines)):
        used, size = int(match[1]) + int(match[2]) * _BLOCK_HEADER, int(match[3])
    return used, size


def wait_measured(device: NativeProcess) -> None:
    """Wait until all was measured that happened so far."""
    before = device.lines.count(_MEASURED)
    deadline = time.monotonic() + PATIENCE
    # What is being told may have begun before.
    while device.lines.count(_MEASURED) < before + 2:
        assert time.monotonic() < deadline, "the device measures nothing any more:\n" + "\n".join(device.lines)
        time.sleep(0.1)
