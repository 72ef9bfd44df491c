# SPDX-License-Identifier: Apache-2.0
"""Whole updates under random misfortunes, with fixed seeds: what AWS believes in the end is what the device runs.

Each seed draws what goes wrong with messages and downloads, what application and cloud do meanwhile, and when the
power fails. Only what can be seen from outside is checked.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.gateway_faults import Fault, Misfortune
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.jobs_control import ControlError
from aws_fota.emulator.jobs_model import Status
from aws_fota.host.application import Application, Reply, Told
from aws_fota.host.bootloader import Bootloader
from aws_fota.host.device import Device
from aws_fota.host.image import ImageVersion, make_image, read_image
from aws_fota.host.library import Core
from aws_fota.host.slot import Flash
from aws_fota.report.trace import JOBS, MODULE, Trace
from e2e.rig import JOB, THING, WAIT_S, Images, Rig

#: How many seeds; AWS_FOTA_SOAK asks for more of them.
SEEDS = int(os.environ.get("AWS_FOTA_SOAK", "12"))
FIRST = int(os.environ.get("AWS_FOTA_SOAK_FIRST", "0"))

_TOPICS = (
    "$aws/things/+/jobs/#",
    "$aws/things/+/jobs/+/update/+",
    "$aws/things/+/jobs/+/update",
    "$aws/things/+/jobs/+/get/+",
    "$aws/things/+/jobs/notify-next",
)
_FINAL = {status.value for status in Status if status.terminal}


class Moody(Application):
    """Confirms a new image, rejects it, or reboots without a word, as it was drawn."""

    def __init__(self, mood: str) -> None:
        super().__init__(healthy=mood != "sick")
        self._rejects = mood == "rejects"

    def told(self, told: Told) -> Sequence[Reply]:
        if self._rejects and told.event == "CONFIRM":
            return (Reply.REVERT, Reply.REBOOT)
        return super().told(told)


class Soak:
    """One seed."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self.rig = rig
        self.dice = random.Random(seed)
        self.trace = Trace()
        self.image = make_image(ImageVersion(1, 1, 0), 64 * 1024, rig.images.key)
        self.application = Moody(self.dice.choice(["healthy"] * 4 + ["sick", "rejects"]))
        self.held: list[Fault] = []
        self.device: Device | None = None

    def message_fault(self) -> Fault:
        dice = self.dice
        return Fault(
            dice.choice(list(Misfortune)),
            dice.choice((*_TOPICS, None)),
            incoming=dice.random() < 0.5,
            times=dice.randint(1, 3),
            skip=dice.randint(0, 10),
            seconds=dice.choice([0.01, 0.1, 0.3]),
        )

    def download_fault(self) -> HttpFault:
        dice = self.dice
        changed = self.image[:-1] + bytes([self.image[-1] ^ 1])
        fault = dice.choice(
            [
                HttpFault(cut_after=dice.randint(0, 4096)),
                HttpFault(cut_after=dice.randint(0, 4096)),
                HttpFault(status=dice.choice([403, 500, 503, 408, 429])),
                HttpFault(status=dice.choice([404, 412, 403])),
                HttpFault(ignore_range=True),
                HttpFault(ignore_range=True, cut_after=dice.randint(0, 60_000)),
                HttpFault(no_etag=True),
                HttpFault(no_content_range=True),
                HttpFault(no_length=True),
                HttpFault(total=1),
                HttpFault(replace_with=changed),
                HttpFault(chunk_bytes=512, chunk_delay_s=0.005),
            ]
        )
        fault.times = dice.choice([1, 1, 2, 8])
        fault.skip = dice.randint(0, 16)
        return fault

    def switch_on(self) -> None:
        self.device = Device(self.rig.core, self.rig.settings(), self.application, self.trace)
        self.device.start()

    def switch_off(self) -> None:
        device, self.device = self.device, None
        assert device is not None
        device.stop()
        if self.rig.record.exists():
            record = self.rig.record.read_bytes()
            assert len(record) <= 256
            assert b"X-Amz" not in record

    def happen(self) -> None:
        """One thing that somebody does meanwhile."""
        rig, dice = self.rig, self.dice
        assert self.device is not None
        what = dice.choice(["off"] * 3 + ["pause"] * 2 + ["reboot", "cancel", "release", "release", "cloud"])
        if what == "off":
            self.switch_off()
            self.switch_on()
        elif what == "pause":
            self.device.act(Reply.PAUSE)
        elif what == "reboot":
            self.device.act(Reply.REBOOT)
        elif what == "cancel" and dice.random() < 0.5:
            self.device.act(Reply.CANCEL)
        elif what == "release":
            for fault in self.held:
                rig.aws.call(fault.release, backwards=dice.random() < 0.5)
        elif what == "cloud" and dice.random() < 0.4:
            emulator = rig.emulator
            try:
                if dice.random() < 0.5:
                    rig.aws.call(emulator.cancel_execution, JOB, THING, force=True)
                else:
                    rig.aws.call(emulator.remove_target, JOB, THING)
            except ControlError:
                pass  # it has ended already

    def run(self) -> Status:
        rig, dice = self.rig, self.dice
        faults = [self.message_fault() for _ in range(dice.randint(0, 5))]
        self.held = [rig.order(fault) for fault in faults if fault.misfortune is Misfortune.HOLD]
        for fault in faults:
            if fault.misfortune is not Misfortune.HOLD:
                rig.order(fault)
        rig.offer(*(self.download_fault() for _ in range(dice.randint(0, 3))), data=self.image)
        self.switch_on()
        try:
            seen = 0
            for _ in range(dice.randint(0, 4)):
                seen += dice.randint(2, 60)
                wanted = seen
                self.trace.wait(lambda entry, wanted=wanted: entry.number >= wanted, 1.0)
                self.happen()
            rig.aws.call(rig.emulator.gateway.faults.clear)
            return self.end()
        finally:
            if self.device is not None:
                self.switch_off()

    def end(self) -> Status:
        """Wait for it, with a fair network; the status."""
        assert self.device is not None
        deadline = time.monotonic() + 2 * WAIT_S
        while time.monotonic() < deadline:
            self.device.act(Reply.RESUME)
            try:
                status = rig_status(self.rig)
            except TimeoutError:
                # Attempts may be used up, then the slow timer's hour passes: the next connect tries again.
                self.switch_off()
                self.switch_on()
                continue
            if not self.rig.record.exists() and self.settled():
                return status
            self.trace.wait(lambda entry: False, 0.2)
        entries = "\n".join(entry.as_json() for entry in self.trace.entries[-40:])
        raise AssertionError(f"no end: {self.rig.aws.call(self.rig.emulator.execution, JOB, THING)}\n{entries}")

    def settled(self) -> bool:
        """Whether the device runs a confirmed image, with nothing pending."""
        assert self.device is not None
        with Flash(self.rig.flash) as flash:
            bootloader = Bootloader(flash, self.rig.images.key)
            return bootloader.confirmed and not bootloader.swap_pending

    def check(self, status: Status, folder: Path) -> None:
        copy = folder / "after.bin"
        shutil.copy(self.rig.flash, copy)
        with Flash(copy) as flash:
            running = Bootloader(flash, self.rig.images.key).reset()
        runs_new = running.image.hash == read_image(self.image).hash
        assert running.confirmed
        if status is Status.SUCCEEDED:
            assert runs_new
        elif status in (Status.FAILED, Status.REJECTED):
            assert not runs_new
        entries = self.trace.entries
        assert "CRASH" not in {entry.what for entry in entries}
        reports = {
            entry.facts["status"]
            for entry in entries
            if entry.what == "PUBLISH" and entry.source == MODULE and entry.facts.get("status") in _FINAL
        }
        assert len(reports) <= 1, "contradicting reports"
        erases = [entry.number for entry in entries if entry.what == "ERASE"]
        taken = [
            entry.number for entry in entries if entry.source == JOBS and entry.name.endswith(f"/{JOB}/update/accepted")
        ]
        assert not erases or (taken and taken[0] < erases[0]), "written before the job was taken"
        text = self.trace.json_lines()
        assert b"X-Amz" not in text and b"?" not in text


def rig_status(rig: Rig) -> Status:
    """The status of the job once it has ended; TimeoutError when that takes long."""
    return rig.aws.wait(rig.emulator.wait_execution(JOB, THING, timeout=WAIT_S / 3)).status


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_what_aws_believes_is_what_runs(core: Core, images: Images, tmp_path: Path, seed: int) -> None:
    with EmulatorThread() as aws:
        rig = Rig(aws, core, images, tmp_path)
        soak = Soak(rig, seed)
        status = soak.run()
        soak.check(status, tmp_path)
        # A device switched off while it connected: what asyncio (3.11) accepts as it closes, it drops unclosed.
        for _ in range(5):
            aws.call(lambda: None)
