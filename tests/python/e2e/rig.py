# SPDX-License-Identifier: Apache-2.0
"""A local AWS, one device and its files, for one test: no port and no file is shared with another."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_fota.emulator import jobs_documents
from aws_fota.emulator.emulator import Emulator
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.gateway_faults import Fault
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.http_server import HttpRecord
from aws_fota.emulator.jobs_model import Execution
from aws_fota.host.application import Application
from aws_fota.host.bootloader import Boot, Bootloader
from aws_fota.host.device import Device
from aws_fota.host.device_settings import DeviceSettings
from aws_fota.host.image import ImageVersion, generate_key, make_image, read_image
from aws_fota.host.library import Core
from aws_fota.host.mqtt_link import Endpoint
from aws_fota.host.slot import Flash
from aws_fota.report.trace import Entry

#: Seconds that a test waits for something that should come at once; never waited for in full when all is well.
WAIT_S = 30.0
#: The engine's waits are of seconds and minutes: let them pass fifty times faster.
TIME_SCALE = 0.02

THING = "device-1"
JOB = "update-1"
BUCKET = "firmware"
KEY = "app.bin"
SLOT_SIZE = 512 * 1024


@dataclass(frozen=True)
class Images:
    """Signed images that all tests of a run share; whoever needs another makes it."""

    key: Any
    old: bytes
    new: bytes

    def same_size(self, version: ImageVersion) -> bytes:
        """Another image as long as the new one; the length of a signature varies, so it may take some tries."""
        while True:
            image = make_image(version, 256 * 1024, self.key)
            if len(image) == len(self.new):
                return image


def make_images() -> Images:
    """Version 1.0.0 runs, 1.1.0 has 256 KiB of content."""
    key = generate_key()
    return Images(
        key,
        make_image(ImageVersion(1, 0, 0), 100_000, key),
        make_image(ImageVersion(1, 1, 0), 256 * 1024, key),
    )


class Rig:
    """What a test works with; made by the fixture ``rig``."""

    def __init__(self, aws: EmulatorThread, core: Core, images: Images, folder: Path) -> None:
        self.aws = aws
        self.emulator: Emulator = aws.emulator
        self.core = core
        self.images = images
        self.flash = folder / "flash.bin"
        self.record = folder / "record.bin"
        self._folder = folder
        self._devices: list[Device] = []
        Flash.create(self.flash, SLOT_SIZE, images.old).close()
        aws.call(self.emulator.create_thing, THING)

    def upload(self, data: bytes, *faults: HttpFault, key: str = KEY) -> None:
        """Store an object, and order what goes wrong with it."""
        stored = self.aws.call(self.emulator.upload, BUCKET, key, data)
        self.aws.call(stored.faults.extend, faults)

    def document(self, data: bytes, key: str = KEY, **changes: Any) -> dict[str, Any]:
        """The document that offers `data`; a change to None leaves the member out."""
        url = jobs_documents.placeholder(f"https://s3.eu-west-1.amazonaws.com/{BUCKET}/{key}")
        members = {
            "operation": "app_fw_update",
            "fwversion": "v1.1.0",
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "location": {"url": url},
            **changes,
        }
        return {name: value for name, value in members.items() if value is not None}

    def create_job(self, document: dict[str, Any], job_id: str = JOB) -> None:
        """Make a job for the device."""
        self.aws.call(self.emulator.create_job, job_id, document, [THING])

    def offer(self, *faults: HttpFault, data: bytes | None = None, **changes: Any) -> None:
        """Upload an image, by default the new one, and make the job for it."""
        content = self.images.new if data is None else data
        self.upload(content, *faults)
        self.create_job(self.document(content, **changes))

    def order(self, fault: Fault) -> Fault:
        """Order a misfortune of the gateway's."""
        return self.aws.call(self.emulator.gateway.faults.order, fault)

    def settings(self) -> DeviceSettings:
        """What makes the device."""
        return DeviceSettings(
            THING,
            Endpoint(self.emulator.host, self.emulator.mqtt_port),
            self.flash,
            self.record,
            self.images.key,
            time_scale=TIME_SCALE,
            http_timeout_s=WAIT_S,
        )

    def start(self, application: Application | None = None, settings: DeviceSettings | None = None) -> Device:
        """Switch the device on; the rig switches it off."""
        device = Device(self.core, settings or self.settings(), application)
        self._devices.append(device)
        device.start()
        return device

    def stop(self) -> None:
        """Switch all devices off; whatever one of them failed with is raised."""
        while self._devices:
            self._devices.pop().stop()

    def ended(self, job_id: str = JOB) -> Execution:
        """The execution, as soon as it has ended."""
        return self.wait_execution(lambda execution: execution.status.terminal, job_id)

    def settled(self, job_id: str = JOB) -> Execution:
        """The execution, as soon as it has ended and the device knows it; the device is off then."""
        execution, device = self.ended(job_id), self._devices[-1]
        final = device.trace.wait(
            lambda entry: (
                entry.name.endswith(f"/{job_id}/update") and entry.facts.get("status") == execution.status.value
            ),
            WAIT_S,
        )
        assert final is not None, f"{execution.status} was not what the device reported"
        wait_told(device, "FINISHED", final.number, status=execution.status.value)
        self.stop()
        return execution

    def wait_execution(self, wanted: Callable[[Execution], bool], job_id: str = JOB) -> Execution:
        """The execution, as soon as it is as `wanted`."""
        return self.aws.wait(self.emulator.wait_execution(job_id, THING, timeout=WAIT_S, wanted=wanted))

    def http(self) -> list[HttpRecord]:
        """The requests to the download server so far."""
        return self.aws.call(lambda: list(self.emulator.http.records))

    def assert_untouched(self) -> None:
        """Slot 0 is what it was, and the next reset boots it, whatever lies in slot 1."""
        copy = self._folder / "copy.bin"
        shutil.copy(self.flash, copy)
        with Flash(copy) as flash:
            assert flash.primary.read().startswith(self.images.old)
            running = Bootloader(flash, self.images.key).reset()
            assert running.what is Boot.NORMAL
            assert running.confirmed
            assert running.image.version == ImageVersion(1, 0, 0)

    def assert_installed(self, image: bytes) -> None:
        """`image` runs, is confirmed, and stays; no record is left."""
        with Flash(self.flash) as flash:
            bootloader = Bootloader(flash, self.images.key)
            assert bootloader.confirmed
            assert not bootloader.swap_pending
            assert read_image(flash.primary.read()) == read_image(image)
            assert flash.primary.read().startswith(image)
        assert not self.record.exists()


def told(event: str, **facts: str | int) -> Callable[[Entry], bool]:
    """A condition on trace entries: the application was told `event`, with these facts."""
    return lambda entry: entry.what == "TELL" and entry.name == event and facts.items() <= entry.facts.items()


def wait_told(device: Device, event: str, after: int = 0, **facts: str | int) -> Entry:
    """The entry that tells the application `event`, there or to come."""
    entry = device.trace.wait(told(event, **facts), WAIT_S, after)
    assert entry is not None, f"never told {event} {facts}: {device.trace.entries[-5:]}"
    return entry


def at_percent(percent: int) -> Callable[[Entry], bool]:
    """A condition on trace entries: the download is at least so far."""
    return lambda entry: entry.what == "TELL" and int(entry.facts.get("percent", -1)) >= percent
