# SPDX-License-Identifier: Apache-2.0
"""Whole updates of the sample that the real MCUboot installs, refuses or reverts, on a Cortex-M4 that QEMU plays; and
the stand-in for it, which plays its part elsewhere, held against it.

Runs where a Zephyr 4 tree with MCUboot is: ``ZEPHYR_BASE``, or ``~/zephyrproject/zephyr``. `make zephyr` runs it,
`make test` not.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zephyr_build
from ncs_workspace import ROOT
from zephyr_build import NEEDED, TREE, free_port

sys.path.append(str(ROOT / "tests/zephyr/e2e/pytest"))

from bench import NEW
from bootloader_bench import Bootable, BootloaderBench, swap_type, trailers
from mcuboot_flash import PRIMARY, SECONDARY

from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.jobs_model import Execution, Status
from aws_fota.host.image import ImageVersion, generate_key

APPLICATION = ROOT / "tests/zephyr/bootloader"
MCUBOOT = TREE.parent / "bootloader/mcuboot"
#: What the build number tells the application, in src/settings_of_version.c.
FAILS_ITS_TEST = ImageVersion(1, 0, 1, 1)
CRASHES = ImageVersion(1, 0, 1, 2)
#: How often a power cut is tried that comes in the middle of a swap.
CUTS = 10

pytestmark = [
    *NEEDED,
    pytest.mark.skipif(not (MCUBOOT / "boot/zephyr").is_dir(), reason=f"there is no MCUboot at {MCUBOOT}"),
]


def make(folder: Path, mode: str) -> Bootable:
    """Build application and bootloader for a mode of MCUboot, with a key of their own."""
    key = folder / "key.pem"
    generate_key().export_private(str(key))
    port = free_port()
    options = [f"-DSB_CONFIG_MCUBOOT_MODE_{mode}=y", f"-DCONFIG_SAMPLE_BROKER_PORT={port}"]
    options.append(f'-DSB_CONFIG_BOOT_SIGNATURE_KEY_FILE="{key}"')
    zephyr_build.build(folder / "build", APPLICATION, *options, sysbuild=True)
    return Bootable(folder / "build", key, port)


@pytest.fixture(scope="module", params=["SWAP_USING_MOVE", "SWAP_USING_OFFSET"])
def bootable(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bootable:
    return make(tmp_path_factory.mktemp("bootloader"), request.param)


@pytest.fixture(scope="module")
def overwriting(tmp_path_factory: pytest.TempPathFactory) -> Bootable:
    return make(tmp_path_factory.mktemp("overwriting"), "OVERWRITE_ONLY")


@pytest.fixture
def bench(bootable: Bootable, tmp_path: Path) -> Iterator[BootloaderBench]:
    with EmulatorThread(mqtt_port=bootable.port) as aws:
        yield BootloaderBench(bootable, aws, tmp_path)


def download(bench: BootloaderBench, running: str = "none") -> None:
    """Start the device with a job that waits, until it resets into the new image."""
    with bench.start() as device:
        assert swap_type(device) == running
        device.wait_for(r"The new image is in place")
        device.wait_end()


def failed(bench: BootloaderBench, expected: str) -> Execution:
    """What the service holds after another start, in which MCUboot does as `expected`; the stand-in does the same."""
    other = bench.stand_in()
    assert other.reset() == expected
    with bench.start() as device:
        assert swap_type(device) == expected
        execution = bench.ended()
    assert trailers(bench.flash) == trailers(other)
    assert bench.runs(bench.old)
    assert execution.status is Status.FAILED
    return execution


def test_a_confirmed_image_is_reported_and_stays(bench: BootloaderBench) -> None:
    bench.offer(bench.new, NEW, sha256=hashlib.sha256(bench.new).hexdigest())
    download(bench)
    other = bench.stand_in()
    assert other.reset() == "test"
    with bench.start() as device:
        assert swap_type(device) == "test"
        device.wait_for(r"Self-test passed")
        device.wait_for(r"Job job-1 is done: status 3")
    assert bench.ended().status is Status.SUCCEEDED
    other.confirm()
    assert trailers(bench.flash) == trailers(other)
    assert bench.runs(bench.new)
    assert bench.flash.slot(SECONDARY)[: len(bench.old)] == bench.old
    assert other.reset() == "none"
    newer = ImageVersion(1, 0, 2)
    bench.offer(bench.bootable.sign(newer), newer, "job-2")
    download(bench)
    with bench.start() as device:
        assert swap_type(device) == "test"
        device.wait_for(r"Job job-2 is done: status 3")
    assert bench.ended("job-2").status is Status.SUCCEEDED


def test_the_largest_image_that_is_taken_is_installed(bench: BootloaderBench) -> None:
    image = bench.largest(NEW)
    bench.offer(image, NEW)
    download(bench)
    with bench.start() as device:
        assert swap_type(device) == "test"
        device.wait_for(r"Job job-1 is done: status 3")
    assert bench.ended().status is Status.SUCCEEDED
    assert bench.runs(image)


def test_an_image_that_gives_itself_up_is_reverted_and_reported(bench: BootloaderBench) -> None:
    bench.offer(bench.bootable.sign(FAILS_ITS_TEST), FAILS_ITS_TEST)
    download(bench)
    with bench.start() as device:
        assert swap_type(device) == "test"
        device.wait_for(r"Self-test failed")
        device.wait_end()
    assert failed(bench, "revert").status_details["reason"] == "rejected by the application"


def test_an_image_that_crashes_is_reverted_and_reported(bench: BootloaderBench) -> None:
    bench.offer(bench.bootable.sign(CRASHES), CRASHES)
    download(bench)
    other = bench.stand_in()
    assert other.reset() == "test"
    with bench.start() as device:
        assert swap_type(device) == "test"
        device.wait_end()
    assert trailers(bench.flash) == trailers(other)
    assert failed(bench, "revert").status_details["reason"] == "rolled back or refused by the bootloader"


@pytest.mark.parametrize("damage", ["content", "signature"])
def test_an_image_that_the_bootloader_refuses_is_reported(bench: BootloaderBench, damage: str, tmp_path: Path) -> None:
    if damage == "content":
        image = bytearray(bench.new)
        image[len(image) // 2] ^= 1
    else:
        foreign = tmp_path / "foreign.pem"
        generate_key().export_private(str(foreign))
        image = bytearray(bench.bootable.sign(NEW, foreign))
    bench.offer(bytes(image), NEW, sha256=hashlib.sha256(image).hexdigest())
    download(bench)
    other = bench.stand_in()
    assert other.reset(accept=False) == "refused"
    with bench.start() as device:
        device.wait_for(r"Image in the secondary slot is not valid!")
        execution = bench.ended()
    assert [bench.flash.slot(start) for start in (PRIMARY, SECONDARY)] == [
        other.slot(start) for start in (PRIMARY, SECONDARY)
    ]
    assert (execution.status, execution.status_details["reason"]) == (
        Status.FAILED,
        "rolled back or refused by the bootloader",
    )


def test_a_swap_that_a_power_cut_interrupts_is_ended(bench: BootloaderBench) -> None:
    bench.offer(bench.new, NEW)
    download(bench)
    before = bench.flash.path.read_bytes()
    for _ in range(CUTS):
        bench.flash.path.write_bytes(before)
        with bench.start() as device:
            device.wait_for(r"Starting swap")
            while bench.runs(bench.old):
                pass
        if not bench.runs(bench.new):
            break
    else:
        pytest.fail("each swap was over before the power was cut")
    with bench.start() as device:
        device.wait_for(r"Job job-1 is done: status 3")
    assert bench.ended().status is Status.SUCCEEDED
    assert bench.runs(bench.new)


def test_an_image_that_overwrites_the_old_one_counts_as_confirmed(overwriting: Bootable, tmp_path: Path) -> None:
    """There is nothing to go back to, and so no trial: a self-test that fails would fail at each start."""
    with EmulatorThread(mqtt_port=overwriting.port) as aws:
        bench = BootloaderBench(overwriting, aws, tmp_path)
        damaged = bytearray(bench.new)
        damaged[len(damaged) // 2] ^= 1
        bench.offer(bytes(damaged), NEW, "damaged")
        download(bench)
        with bench.start() as device:
            device.wait_for(r"Image in the secondary slot is not valid!")
            refused = bench.ended("damaged")
        assert refused.status is Status.FAILED
        assert refused.status_details["reason"] == "rolled back or refused by the bootloader"
        assert bench.runs(bench.old)
        newer = ImageVersion(1, 0, 2)
        for job_id, version, image in (
            ("job-1", FAILS_ITS_TEST, bench.bootable.sign(FAILS_ITS_TEST)),
            ("job-2", newer, bench.largest(newer)),
        ):
            bench.offer(image, version, job_id)
            download(bench)
            with bench.start() as device:
                assert swap_type(device) == "test"
                device.wait_for(rf"Job {job_id} is done: status 3")
                assert bench.ended(job_id).status is Status.SUCCEEDED
            assert bench.runs(image)
            assert [line for line in device.lines if "Self-test" in line] == []


def test_the_commands_take_the_folder_of_sysbuild(bootable: Bootable, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aws_fota"]
    generated = tmp_path / "generated"
    subprocess.run([*command, "generate", "-d", str(bootable.build), "-o", str(generated)], check=True)
    built = bootable.build / "bootloader/modules/west-aws-fota/generated"
    names = sorted(path.relative_to(generated) for path in generated.rglob("*") if path.is_file())
    assert len(names) > 20
    assert [name for name in names if (generated / name).read_bytes() != (built / name).read_bytes()] == []
    done = subprocess.run(
        [*command, "check", "-d", str(bootable.build), "--format", "json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(bootable.build / "bootloader/zephyr/.config") in done.stdout
