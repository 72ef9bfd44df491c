# SPDX-License-Identifier: Apache-2.0
"""Whole updates: what the device does, what the service holds in the end, and what stands in flash."""

from __future__ import annotations

import hashlib
from itertools import pairwise

from bench import IMAGE_BYTES, THING, Bench
from mcuboot_flash import PRIMARY, SECONDARY, SWAP_INFO_AT

from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.jobs_model import Status

#: CONFIG_AWS_FOTA_RANGE_SIZE.
RANGE = 4096


def test_a_whole_update(bench: Bench) -> None:
    bench.upload()
    bench.create_job(sha256=hashlib.sha256(bench.new).hexdigest())
    with bench.start() as device:
        device.wait_for(r"Update job-1 begins")
        device.wait_for(r"100 %")
        device.wait_for(r"The new image is in place")
        assert device.wait_end() == 1
    assert bench.aws.emulator.execution("job-1", THING).status is Status.IN_PROGRESS
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new
    assert bench.flash.reset() == "test"
    with bench.start() as device:
        device.wait_for(r"Self-test passed")
        device.wait_for(r"Job job-1 is done: status 3")
        execution = bench.ended()
    assert (execution.status, execution.status_details) == (Status.SUCCEEDED, {"progress": "100"})
    assert {(record.status, record.note) for record in bench.aws.emulator.http.records} == {(206, "")}
    assert bench.flash.confirmed()
    assert bench.flash.reset() == "none"
    assert bench.flash.slot(PRIMARY)[: len(bench.new)] == bench.new


def test_an_image_that_gives_itself_up_is_reverted_and_reported(bench: Bench) -> None:
    bench.upload()
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
        device.wait_end()
    assert bench.flash.reset() == "test"
    with bench.start("-self-test-fails") as device:
        device.wait_for(r"Self-test failed")
        device.wait_end()
    assert bench.flash.reset() == "revert"
    with bench.start():
        execution = bench.ended()
    assert execution.status is Status.FAILED
    assert execution.status_details["reason"] == "rejected by the application"
    assert bench.flash.slot(PRIMARY)[: len(bench.old)] == bench.old


def test_an_image_that_the_bootloader_refuses_is_reported(bench: Bench) -> None:
    bench.upload()
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
        device.wait_end()
    assert bench.flash.reset(accept=False) == "refused"
    with bench.start():
        execution = bench.ended()
    assert execution.status is Status.FAILED
    assert execution.status_details["reason"] == "rolled back or refused by the bootloader"


def test_a_killed_download_goes_on_where_it_was_saved(bench: Bench) -> None:
    stored = bench.upload()
    stored.order(HttpFault(chunk_bytes=1024, chunk_delay_s=0.02, times=None))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"5\d %")
    stored.faults.clear()
    # What lies past the saved offset, and is to be erased before anything is written there.
    bench.flash.spoil(SECONDARY, 65536)
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
        device.wait_end()
    starts = bench.starts
    back = [after for before, after in pairwise(starts) if after <= before]
    assert len(back) == 1 and back[0] >= 32768 and back[0] % 16384 == 0
    slot = bench.flash.slot(SECONDARY)
    assert slot[: len(bench.new)] == bench.new
    assert set(slot[len(bench.new) : -SWAP_INFO_AT]) == {0xFF}


def test_a_cancelled_job_stops_the_download(bench: Bench) -> None:
    stored = bench.upload()
    stored.order(HttpFault(chunk_bytes=1024, chunk_delay_s=0.02, times=None))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"2\d %")
        bench.aws.call(bench.aws.emulator.cancel_job, "job-1", force=True)
        device.wait_for(r"The job was cancelled")
        assert bench.asked_no_more() < IMAGE_BYTES // RANGE
    assert not bench.flash.pending()
    assert bench.aws.emulator.execution("job-1", THING).status is Status.CANCELED


def test_a_foreign_job_is_rejected_and_hides_nothing(bench: Bench) -> None:
    bench.upload()
    bench.create_job("reboot-1", operation="reboot")
    bench.create_job("job-1")
    with bench.start() as device:
        rejected = bench.ended("reboot-1")
        device.wait_for(r"Update job-1 begins")
        device.wait_for(r"The new image is in place")
    assert rejected.status is Status.REJECTED
    assert rejected.status_details["reason"] == "operation is not for this device"


def test_a_wrong_digest_is_reported_and_nothing_installed(bench: Bench) -> None:
    bench.upload()
    bench.create_job(sha256="0" * 64)
    with bench.start() as device:
        execution = bench.ended()
        device.wait_for(r"The job failed: reason 22")
    assert execution.status is Status.FAILED
    assert execution.status_details["reason"] == "sha256 differs"
    assert not bench.flash.pending()


def test_a_server_without_ranges_is_streamed_from(bench: Bench) -> None:
    bench.upload().order(HttpFault(ignore_range=True, times=None))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
    assert [record.status for record in bench.aws.emulator.http.records] == [200]
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new


def test_a_connection_that_is_cut_again_and_again(bench: Bench) -> None:
    bench.upload().order(HttpFault(cut_after=3000, times=3, skip=2))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new


def test_an_image_that_does_not_fit_is_rejected(bench: Bench) -> None:
    bench.upload()
    bench.create_job(size=10_000_000)
    with bench.start():
        execution = bench.ended()
    assert execution.status is Status.REJECTED
    assert execution.status_details["reason"] == "image is larger than the slot"
