# SPDX-License-Identifier: Apache-2.0
"""Whole updates of the sample on a Cortex-M4 that QEMU plays, over Zephyr's own network stack, and what they take of
stacks and of the heap of Mbed TLS: doc/memory.md says it, and this measures it again.

Runs where a Zephyr 4 tree is: ``ZEPHYR_BASE``, or ``~/zephyrproject/zephyr``. `make zephyr` runs it, `make test` not.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import zephyr_build
from ncs_workspace import ROOT
from zephyr_build import NEEDED, free_port

sys.path.append(str(ROOT / "tests/zephyr/e2e/pytest"))

from bench import THING
from cortex_m_bench import HOST, CortexMBench, heap, stacks, wait_measured
from long_chain import LongChain
from mcuboot_flash import PRIMARY, SECONDARY

from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.jobs_model import Status

APPLICATION = ROOT / "tests/zephyr/cortex_m"
DOCUMENT = ROOT / "doc/memory.md"
#: The most that a stack may be filled, in percent: what was not measured, such as another cipher, has the rest.
FILLED = 70
#: The same of the heap, whose users do not change with the compiler.
HEAP_FILLED = 90
#: Bytes between one measurement and another: an interrupt at the deepest place, a certificate's serial number.
ALIKE = 256
#: Threads that the document tells of.
THREADS = ("aws_fota", "aws_fota_download", "main")

pytestmark = NEEDED


@dataclass(frozen=True)
class Device:
    """An image, and the port of the local AWS that is built into it."""

    executable: Path
    port: int


def build(folder: Path, *options: str) -> Device:
    """Build the application for the local AWS at some port."""
    port = free_port()
    zephyr_build.build(folder, APPLICATION, f"-DCONFIG_SAMPLE_BROKER_PORT={port}", *options)
    return Device(folder / "zephyr/zephyr.elf", port)


def measured(bench: CortexMBench) -> tuple[dict[str, tuple[int, int]], tuple[int, int]]:
    """Make one whole update.

    Returns:
        By thread, what of its stack was ever used, and its size; the same of the heap of Mbed TLS.
    """
    aws = bench.aws
    aws.call(aws.emulator.upload, "firmware", "fw.bin", bench.new, public=True)
    bench.create_job(sha256=hashlib.sha256(bench.new).hexdigest())
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
        device.wait_end()
    used = stacks(device)
    most = heap(device)
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new
    assert bench.flash.reset() == "test"
    with bench.start() as device:
        device.wait_for(r"Self-test passed")
        device.wait_for(r"Job job-1 is done: status 3")
        wait_measured(device)
    assert bench.ended().status is Status.SUCCEEDED
    assert bench.flash.confirmed()
    assert bench.flash.slot(PRIMARY)[: len(bench.new)] == bench.new
    again = stacks(device)
    return {name: max(used[name], again[name]) for name in used}, max(most, heap(device))


def told(column: int) -> dict[str, int]:
    """A column of the document's table, by the code in the first one."""
    rows = re.findall(r"^\| `(\w+)`[^|]*\|(.*)\|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: int(re.sub(r"\D", "", cells.split("|")[column]) or 0) for name, cells in rows}


def assert_fits(used: dict[str, tuple[int, int]], column: int) -> None:
    """Each thread has room to spare, and the document tells what it takes."""
    for name in THREADS:
        most, size = used[name]
        assert most * 100 <= size * FILLED, f"{name}: {most} of {size} bytes"
        assert abs(most - told(column)[name]) <= ALIKE, f"{name}: {most} bytes, {DOCUMENT.name} says otherwise"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LongChain:
    return LongChain(tmp_path_factory.mktemp("authority"), HOST)


@pytest.fixture(scope="module")
def with_tls(authority: LongChain, tmp_path_factory: pytest.TempPathFactory) -> Device:
    credentials = f'-DCONFIG_SAMPLE_CREDENTIALS="{authority.issue(THING)}"'
    return build(tmp_path_factory.mktemp("cortex_m_tls") / "build", "-DCORTEX_M_TLS=y", credentials)


@pytest.fixture(scope="module")
def without_tls(tmp_path_factory: pytest.TempPathFactory) -> Device:
    return build(tmp_path_factory.mktemp("cortex_m") / "build")


@pytest.fixture
def bench(without_tls: Device, tmp_path: Path) -> Iterator[CortexMBench]:
    with EmulatorThread(mqtt_port=without_tls.port) as aws:
        yield CortexMBench(without_tls.executable, aws, tmp_path)


@pytest.fixture
def secure_bench(with_tls: Device, authority: LongChain, tmp_path: Path) -> Iterator[CortexMBench]:
    with EmulatorThread(tls_port=with_tls.port, https_port=0, certificates=authority) as aws:
        yield CortexMBench(with_tls.executable, aws, tmp_path)


def test_an_update_without_tls(bench: CortexMBench) -> None:
    used, _ = measured(bench)
    assert_fits(used, column=0)


def test_an_update_with_tls_and_a_chain_of_four_certificates(secure_bench: CortexMBench) -> None:
    used, (most, size) = measured(secure_bench)
    assert secure_bench.storage.startswith("https:")
    assert_fits(used, column=1)
    assert most * 100 <= size * HEAP_FILLED, f"{most} of {size} bytes"
    assert abs(most - told(1)["heap"]) <= ALIKE, f"{most} bytes, {DOCUMENT.name} says otherwise"
