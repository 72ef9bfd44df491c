# SPDX-License-Identifier: Apache-2.0
"""One device, its flash, and the local AWS around it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from mcuboot_flash import McubootFlash
from native_process import PATIENCE, NativeProcess

from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.jobs_model import Execution
from aws_fota.emulator.storage_objects import StoredObject
from aws_fota.host.image import ImageVersion, make_image

THING = "device-1"
OLD = ImageVersion(1, 0, 0)
NEW = ImageVersion(1, 0, 1)
#: Several persisted boundaries and many ranges, and done in seconds.
IMAGE_BYTES = 100_000


class Bench:
    """What a test works with.

    Args:
        executable: the device.
        aws: the emulator, running.
        folder: where flash and log are kept.
    """

    def __init__(self, executable: Path, aws: EmulatorThread, folder: Path) -> None:
        self.executable = executable
        self.aws = aws
        self.folder = folder
        self.old = make_image(OLD, IMAGE_BYTES, None)
        self.new = make_image(NEW, IMAGE_BYTES, None)
        self.flash = McubootFlash(folder / "flash.bin", self.old)
        #: What the device is told with each start.
        self.options = [f"-port={aws.emulator.mqtt_port}"]
        aws.call(aws.emulator.create_thing, THING)

    def upload(self, data: bytes | None = None) -> StoredObject:
        """Store the new image, or other data."""
        return self.aws.call(self.aws.emulator.upload, "firmware", "fw.bin", self.new if data is None else data)

    def document(self, **changes: Any) -> dict[str, Any]:
        """The document of a job with the new image by a presigned URL."""
        url = "https://firmware.s3.eu-west-1.amazonaws.com/fw.bin"
        document: dict[str, Any] = {
            "operation": "app_fw_update",
            "fwversion": str(NEW),
            "size": len(self.new),
            "location": {"url": f"${{aws:iot:s3-presigned-url:{url}}}"},
        }
        return {**document, **changes}

    def create_job(self, job_id: str = "job-1", **changes: Any) -> None:
        """Create a job for the device."""
        self.aws.call(self.aws.emulator.create_job, job_id, self.document(**changes), [THING])

    def start(self, *arguments: str) -> NativeProcess:
        """Start the device on its flash."""
        return NativeProcess(
            self.executable,
            [f"-flash={self.flash.path}", *self.options, *arguments],
            self.folder / "device.log",
        )

    @property
    def starts(self) -> list[int]:
        """The first byte of each range that was asked for."""
        return [int(record.range.removeprefix("bytes=").split("-")[0]) for record in self.aws.emulator.http.records]

    def asked_no_more(self) -> int:
        """How many ranges were asked for, now that no more are."""
        # The request that was under way is noted when its connection ends.
        time.sleep(0.5)
        asked = len(self.starts)
        time.sleep(0.5)
        assert len(self.starts) == asked
        return asked

    def ended(self, job_id: str = "job-1") -> Execution:
        """The execution, once the service holds a final status of it."""
        return self.aws.wait(self.aws.emulator.wait_execution(job_id, THING, timeout=PATIENCE))
