# SPDX-License-Identifier: Apache-2.0
"""What the application asks for while a download runs, and what the sample says in all."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

from bench import THING, Bench
from mcuboot_flash import SECONDARY

from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.jobs_model import Status

README = Path(__file__).resolve().parents[4] / "samples/aws_fota/README.rst"
#: Seconds.
PAUSE = 2.0


def test_a_paused_download_asks_for_nothing_and_goes_on(bench: Bench) -> None:
    stored = bench.upload()
    stored.order(HttpFault(chunk_bytes=1024, chunk_delay_s=0.02, times=None))
    bench.create_job()
    with bench.start(f"-pause-for={PAUSE * 1000:.0f}") as device:
        device.wait_for(r"Paused")
        # A request that was sent before it may still be on its way.
        time.sleep(PAUSE / 4)
        before = len(bench.aws.emulator.http.records)
        time.sleep(PAUSE / 4)
        assert len(bench.aws.emulator.http.records) == before
        assert bench.aws.emulator.execution("job-1", THING).status is Status.IN_PROGRESS
        stored.faults.clear()
        # 8: still AWS_FOTA_PHASE_PAUSED.
        device.wait_for(r"Resuming, phase 8")
        device.wait_for(r"The new image is in place")
        device.wait_end()
    starts = bench.starts
    assert starts[0] == 0 and len(starts) > before
    # It went on where it was: at most the range that was cut short is asked for again.
    assert all(after >= start for start, after in pairwise(starts))
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new


def sample_output() -> list[list[str]]:
    """The blocks of the README that hold the log of a run, without times."""
    blocks = re.findall(
        r"^\.\. code-block:: console\n\n((?:   .*\n|\n)+)", README.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [logged(block.splitlines()) for block in blocks if "<inf>" in block]


def logged(lines: list[str]) -> list[str]:
    """What the sample itself logged: level, module and text; percents in between are one ``...``."""
    found: list[str] = []
    for line in lines:
        entry = re.search(r"(<\w+> (?:broker|device): .*)", line)
        text = entry[1] if entry else line.strip() if line.strip() == "..." else ""
        if re.search(r"device: (?!100 )\d+ %$", text):
            text = "..."
        if text and not (text == "..." and found[-1:] == ["..."]):
            found.append(text)
    return found


def test_the_readme_shows_what_the_sample_says(bench: Bench) -> None:
    bench.upload()
    bench.create_job("update-1")
    with bench.start() as before:
        before.wait_end()
    assert bench.flash.reset() == "test"
    with bench.start() as after:
        after.wait_for(r"is done")
    assert sample_output() == [logged(before.lines), logged(after.lines)]
