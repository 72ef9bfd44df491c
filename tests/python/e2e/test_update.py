# SPDX-License-Identifier: Apache-2.0
"""Updates that succeed: the straight one, and those that something came in between of."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from aws_fota.emulator.gateway_faults import Fault, Misfortune
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.jobs_model import JobConfig, Status
from aws_fota.host.application import Application, Reply, Told
from aws_fota.host.image import ImageVersion, make_image
from e2e.rig import JOB, THING, WAIT_S, Rig, at_percent, wait_told

#: A download that takes long enough for something to happen in the middle of it.
SLOW = HttpFault(chunk_delay_s=0.005, times=None)


def _slow(**changes: int) -> HttpFault:
    return HttpFault(chunk_delay_s=0.005, times=None, **changes)


def _starts(rig: Rig) -> list[int]:
    """The first byte of each range that was asked for."""
    return [int(record.range.removeprefix("bytes=").partition("-")[0]) for record in rig.http()]


def test_a_whole_update(rig: Rig) -> None:
    rig.offer()
    rig.start()
    execution = rig.settled()
    assert execution.status is Status.SUCCEEDED
    assert execution.status_details == {"progress": "100"}
    rig.assert_installed(rig.images.new)
    size = rig.core.limit("RANGE_SIZE")
    assert _starts(rig) == list(range(0, len(rig.images.new), size))
    assert {record.status for record in rig.http()} == {206}


def test_the_job_is_reported_only_when_the_new_image_is_confirmed(rig: Rig) -> None:
    rig.offer()
    device = rig.start()
    wait_told(device, "FINISHED")
    what = [(entry.what, entry.facts.get("status")) for entry in device.trace.entries if entry.source == "module"]
    assert what.index(("CONFIRM_IMAGE", None)) < what.index(("PUBLISH", "SUCCEEDED"))
    swapped = next(entry for entry in device.trace.entries if entry.facts.get("version") == "1.1.0")
    confirmed = next(entry for entry in device.trace.entries if entry.what == "CONFIRM_IMAGE")
    assert swapped.number < confirmed.number


def test_no_query_of_a_url_is_in_the_trace(rig: Rig) -> None:
    rig.offer()
    device = rig.start()
    wait_told(device, "FINISHED")
    text = device.trace.json_lines()
    assert b"/firmware/app.bin" in text
    assert b"X-Amz" not in text
    assert b"?" not in text


def test_a_document_without_a_digest_is_enough(rig: Rig) -> None:
    rig.offer(sha256=None)
    rig.start()
    assert rig.ended().status is Status.SUCCEEDED


def test_a_document_with_the_parts_of_a_url(rig: Rig) -> None:
    stored = rig.aws.call(rig.emulator.upload, "firmware", "a b.bin", rig.images.new, public=True)
    host = f"{rig.emulator.host}:{rig.emulator.http_port}"
    location = {"protocol": "http:", "host": host, "path": stored.path}
    rig.create_job(rig.document(rig.images.new, location=location))
    rig.start()
    assert rig.ended().status is Status.SUCCEEDED


def test_a_server_that_ignores_ranges_is_taken_as_a_stream(rig: Rig) -> None:
    rig.offer(HttpFault(ignore_range=True, times=None))
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    assert [record.status for record in rig.http()] == [200]
    rig.assert_installed(rig.images.new)


def test_a_server_that_stops_keeping_to_ranges_is_started_over_as_a_stream(rig: Rig) -> None:
    rig.offer(HttpFault(ignore_range=True, skip=5, times=None))
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    assert [record.status for record in rig.http()] == [206] * 5 + [200] * 2
    rig.assert_installed(rig.images.new)


def test_two_jobs_one_after_the_other(rig: Rig) -> None:
    later = make_image(ImageVersion(1, 2, 0), 30_000, rig.images.key)
    rig.offer()
    rig.upload(later, key="later.bin")
    rig.create_job(rig.document(later, "later.bin", fwversion="v1.2.0"), "update-2")
    rig.start()
    assert rig.ended().status is Status.SUCCEEDED
    assert rig.settled("update-2").status is Status.SUCCEEDED
    rig.assert_installed(later)


def test_a_job_made_while_the_device_is_connected(rig: Rig) -> None:
    device = rig.start()
    nothing = device.trace.wait(lambda entry: entry.name.endswith("$next/get/accepted"), WAIT_S)
    assert nothing is not None
    rig.offer()
    assert rig.ended().status is Status.SUCCEEDED


def test_an_image_that_runs_already_succeeds_when_in_progress(rig: Rig) -> None:
    rig.offer(data=rig.images.old, fwversion="v1.0.0-other")
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    rig.assert_untouched()


def test_the_url_expires_once(rig: Rig) -> None:
    rig.offer(HttpFault(status=403, skip=20))
    rig.start()
    assert rig.ended().status is Status.SUCCEEDED
    statuses = [record.status for record in rig.http()]
    assert statuses.count(403) == 1
    # It went on where it was, with a URL signed anew.
    assert statuses.count(206) == -(-len(rig.images.new) // rig.core.limit("RANGE_SIZE"))


def test_a_redirect_is_followed(rig: Rig) -> None:
    stored = rig.aws.call(rig.emulator.upload, "mirror", "copy.bin", rig.images.new, public=True)
    elsewhere = rig.aws.call(rig.emulator.object_url, stored)
    rig.offer(HttpFault(location=elsewhere, times=None))
    rig.start()
    assert rig.ended().status is Status.SUCCEEDED
    paths = [record.path for record in rig.http()]
    assert paths[0] == "/firmware/app.bin"
    assert set(paths[1:]) == {"/mirror/copy.bin"}


def test_a_redirect_to_a_path(rig: Rig) -> None:
    rig.aws.call(rig.emulator.upload, "mirror", "copy.bin", rig.images.new, public=True)
    rig.offer(HttpFault(location="/mirror/copy.bin", status=307))
    rig.start()
    assert rig.ended().status is Status.SUCCEEDED


def test_a_connection_cut_once_resumes_at_the_last_byte(rig: Rig) -> None:
    rig.offer(HttpFault(cut_after=1000, skip=10))
    rig.start()
    assert rig.ended().status is Status.SUCCEEDED
    size = rig.core.limit("RANGE_SIZE")
    assert _starts(rig)[11] == 10 * size + 1000


def test_a_busy_server_is_tried_again(rig: Rig) -> None:
    rig.offer(HttpFault(status=503, times=3, skip=5))
    rig.start()
    assert rig.ended().status is Status.SUCCEEDED
    assert [record.status for record in rig.http()].count(503) == 3


def test_an_object_replaced_midway_is_read_from_the_start(rig: Rig) -> None:
    other = rig.images.same_size(ImageVersion(1, 1, 1))
    rig.offer(HttpFault(replace_with=other, skip=20), sha256=hashlib.sha256(other).hexdigest())
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    statuses = [record.status for record in rig.http()]
    assert statuses.count(412) == 1
    assert _starts(rig)[statuses.index(412) + 1] == 0
    rig.assert_installed(other)


def test_mqtt_is_lost_in_the_middle(rig: Rig) -> None:
    rig.offer(_slow())
    device = rig.start()
    assert device.trace.wait(at_percent(30), WAIT_S) is not None
    assert rig.aws.call(rig.emulator.gateway.cut, THING)
    lost = device.trace.wait(lambda entry: entry.what == "DISCONNECTED", WAIT_S)
    assert lost is not None
    assert device.trace.wait(lambda entry: entry.what == "SUBACK", WAIT_S, lost.number) is not None
    assert rig.ended().status is Status.SUCCEEDED
    # The download went on without it.
    assert _starts(rig) == list(range(0, len(rig.images.new), rig.core.limit("RANGE_SIZE")))


def test_mqtt_is_lost_while_the_final_status_is_under_way(rig: Rig) -> None:
    def final(packet: object) -> bool:
        return b'"SUCCEEDED"' in getattr(packet, "payload", b"")

    fault = rig.order(Fault(Misfortune.CUT, "$aws/things/+/jobs/+/update", incoming=True, wanted=final))
    rig.offer()
    device = rig.start()
    assert rig.ended().status is Status.SUCCEEDED
    wait_told(device, "FINISHED", status="SUCCEEDED")
    assert fault.hits == 1


def test_a_lost_answer_to_in_progress_is_made_up_for(rig: Rig) -> None:
    fault = rig.order(Fault(Misfortune.DROP, "$aws/things/+/jobs/+/update/accepted"))
    rig.offer()
    device = rig.start()
    execution = rig.ended()
    assert execution.status is Status.SUCCEEDED
    assert fault.hits == 1
    # The second try expected the version that the first had changed, and took the right one from the refusal.
    refused = [entry for entry in device.trace.entries if entry.facts.get("code") == "VersionMismatch"]
    assert len(refused) >= 1


def test_a_lost_answer_to_the_final_status_ends_the_job_all_the_same(rig: Rig) -> None:
    def final(packet: object) -> bool:
        return b'"SUCCEEDED"' in getattr(packet, "payload", b"")

    fault = rig.order(Fault(Misfortune.DROP, "$aws/things/+/jobs/+/update/accepted", wanted=final))
    rig.offer()
    device = rig.start()
    wait_told(device, "FINISHED", status="SUCCEEDED")
    assert fault.hits == 1
    assert rig.settled().status is Status.SUCCEEDED
    rig.assert_installed(rig.images.new)


@pytest.mark.parametrize("misfortune", [Misfortune.DUPLICATE, Misfortune.DELAY])
def test_messages_that_come_twice_or_late(rig: Rig, misfortune: Misfortune) -> None:
    rig.order(Fault(misfortune, "$aws/things/#", times=None, seconds=0.05))
    rig.offer()
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    rig.assert_installed(rig.images.new)


def test_a_pause_keeps_what_was_written(rig: Rig) -> None:
    rig.offer(_slow())
    device = rig.start()
    assert device.trace.wait(at_percent(20), WAIT_S) is not None
    device.act(Reply.PAUSE)
    paused = device.trace.wait(lambda entry: entry.what == "PAUSE", WAIT_S)
    assert paused is not None
    asked = sum(entry.what == "GET" for entry in device.trace.entries)
    device.act(Reply.RESUME)
    assert rig.ended().status is Status.SUCCEEDED
    starts = _starts(rig)
    assert all(later >= earlier for earlier, later in itertools.pairwise(starts))
    assert starts[asked] > 0


def test_a_killed_device_resumes_where_the_record_says(rig: Rig, tmp_path: Path) -> None:
    rig.offer(_slow())
    script = Path(__file__).with_name("device_process.py")
    arguments = [rig.flash, rig.record, tmp_path / "key.pem", rig.emulator.host, rig.emulator.mqtt_port, THING]
    rig.images.key.export_private(str(tmp_path / "key.pem"))
    process = subprocess.Popen([sys.executable, str(script), *map(str, arguments)])
    try:
        rig.wait_execution(lambda execution: int(execution.status_details.get("progress", "0")) >= 50)
    finally:
        process.kill()
        process.wait()
    asked = len(rig.http())
    before = rig.record.read_bytes()
    boundary = int.from_bytes(before[20:24], "little")
    assert boundary >= 0.4 * len(rig.images.new)
    assert boundary % rig.core.limit("RESUME_STEP") == 0
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    # The cut connection may be recorded late, but only requests of this boot begin at the boundary.
    starts = _starts(rig)[asked:]
    assert boundary in starts[:2]
    assert min(starts[starts.index(boundary) :]) == boundary
    rig.assert_installed(rig.images.new)


class NeverReboots(Application):
    """Leaves the reboot to somebody else."""

    def told(self, told: Told) -> Sequence[Reply]:
        return () if told.event == "DONE" else super().told(told)


def test_a_device_switched_off_before_its_reboot_installs_what_it_verified(rig: Rig) -> None:
    rig.offer()
    wait_told(rig.start(NeverReboots()), "DONE")
    rig.stop()
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    rig.assert_installed(rig.images.new)


def test_a_job_that_failed_is_tried_again_by_the_service(rig: Rig) -> None:
    rig.upload(rig.images.new, HttpFault(status=404))
    document = rig.document(rig.images.new)
    rig.aws.call(rig.emulator.create_job, JOB, document, [THING], JobConfig(retries={"FAILED": 1}))
    rig.start()
    execution = rig.wait_execution(lambda execution: execution.number == 2 and execution.status.terminal)
    assert execution.status is Status.SUCCEEDED


def test_a_lost_answer_to_a_failure_does_not_spend_the_services_retry(rig: Rig) -> None:
    def final(packet: object) -> bool:
        return b'"FAILED"' in getattr(packet, "payload", b"")

    fault = rig.order(Fault(Misfortune.DROP, "$aws/things/+/jobs/+/update/accepted", wanted=final))
    rig.upload(rig.images.new, HttpFault(status=404))
    document = rig.document(rig.images.new)
    rig.aws.call(rig.emulator.create_job, JOB, document, [THING], JobConfig(retries={"FAILED": 1}))
    device = rig.start()
    execution = rig.wait_execution(lambda execution: execution.number == 2 and execution.status.terminal)
    assert fault.hits == 1
    assert execution.status is Status.SUCCEEDED
    wait_told(device, "FINISHED", status="SUCCEEDED")
    told = [entry.facts for entry in device.trace.entries if entry.what == "TELL" and entry.name == "FINISHED"]
    assert [facts.get("status") for facts in told] == ["FAILED", "SUCCEEDED"]
    assert {facts.get("jobId") for facts in told} == {JOB}
