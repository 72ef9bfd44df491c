# SPDX-License-Identifier: Apache-2.0
"""Updates that must not succeed: each ends in the right status with its reason, and slot 0 stays what it was."""

from __future__ import annotations

import errno
import hashlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.jobs_model import Status
from aws_fota.host.application import Application, Reply
from aws_fota.host.build_cache import build
from aws_fota.host.image import ImageVersion, generate_key, make_image
from aws_fota.host.library import Core
from aws_fota.host.slot import FlashError, Slot
from aws_fota.jobdoc.load import load
from e2e.rig import JOB, SLOT_SIZE, WAIT_S, Rig, at_percent, wait_told

ALWAYS: dict[str, Any] = {"times": None}


def _refused(rig: Rig, status: Status, reason: str, *, application: Application | None = None, **details: str) -> None:
    """Run the job that was made: it ends like this, and nothing else has changed."""
    rig.start(application)
    execution = rig.settled()
    assert (execution.status, execution.status_details) == (status, {"reason": reason, **details})
    assert not rig.record.exists()
    rig.assert_untouched()


@pytest.mark.parametrize(
    ("faults", "reason", "details"),
    [
        ([HttpFault(no_length=True, **ALWAYS)], "server sent 200 without a length", {}),
        ([HttpFault(no_content_range=True, **ALWAYS)], "server sent a wrong Content-Range", {}),
        ([HttpFault(start=1, **ALWAYS)], "server sent a wrong Content-Range", {}),
        ([HttpFault(start=0, skip=5, **ALWAYS)], "server sent a wrong Content-Range", {}),
        ([HttpFault(total=1000, **ALWAYS)], "object has another size", {"detail": "1000"}),
        (
            [HttpFault(ignore_range=True, skip=5), HttpFault(ignore_range=True, skip=10)],
            "server ignores ranges",
            {},
        ),
        ([HttpFault(status=404, **ALWAYS)], "server refused the download", {"detail": "404"}),
        ([HttpFault(status=404, skip=30, **ALWAYS)], "server refused the download", {"detail": "404"}),
        ([HttpFault(status=403, **ALWAYS)], "server refused the download", {"detail": "403"}),
        ([HttpFault(status=403, skip=30, **ALWAYS)], "server refused the download", {"detail": "403"}),
        ([HttpFault(status=503, **ALWAYS)], "server refused the download", {"detail": "503"}),
        ([HttpFault(status=302, location="ftp://127.0.0.1/app.bin", **ALWAYS)], "redirect refused", {}),
        ([HttpFault(status=302, location="", **ALWAYS)], "redirect refused", {}),
        ([HttpFault(cut_after=0, **ALWAYS)], "download failed too often", {"detail": "4"}),
    ],
)
def test_a_server_that_does_wrong(rig: Rig, faults: list[HttpFault], reason: str, details: dict[str, str]) -> None:
    rig.offer(*faults)
    _refused(rig, Status.FAILED, reason, **details)


def test_a_redirect_in_a_circle(rig: Rig) -> None:
    circle = HttpFault(status=302, location="/mirror/copy.bin", times=None)
    stored = rig.aws.call(rig.emulator.upload, "mirror", "copy.bin", rig.images.new, public=True)
    rig.aws.call(stored.faults.append, circle)
    rig.offer(circle)
    _refused(rig, Status.FAILED, "redirect refused")
    assert [record.status for record in rig.http()] == [302] * 4


def test_a_body_cut_short_at_the_same_byte_each_time(rig: Rig) -> None:
    rig.offer(HttpFault(cut_after=1000, skip=20), HttpFault(cut_after=0, skip=20, times=None))
    _refused(rig, Status.FAILED, "download failed too often", detail="4")
    end = 20 * rig.core.limit("RANGE_SIZE") + 1000
    ranges = [record.range for record in rig.http()]
    assert len([text for text in ranges if text.startswith(f"bytes={end}-")]) == rig.core.limit("RETRIES_MAX")


def test_a_200_of_another_size(rig: Rig) -> None:
    size = len(rig.images.new)
    rig.offer(HttpFault(ignore_range=True, times=None), size=size - 1)
    _refused(rig, Status.FAILED, "object has another size", detail=str(size))


def test_an_object_of_another_size(rig: Rig) -> None:
    size = len(rig.images.new)
    rig.offer(size=size + 1)
    _refused(rig, Status.FAILED, "object has another size", detail=str(size))


def test_an_object_that_is_not_there(rig: Rig) -> None:
    rig.create_job(rig.document(rig.images.new))
    _refused(rig, Status.FAILED, "server refused the download", detail="404")


def test_nobody_listens_at_the_url(rig: Rig) -> None:
    with EmulatorThread() as gone:
        port = gone.emulator.http_port
    rig.create_job(rig.document(rig.images.new, location={"url": f"http://127.0.0.1:{port}/app.bin"}))
    _refused(rig, Status.FAILED, "download failed too often", detail="1")


def test_an_object_that_changes_midway_is_never_mixed(rig: Rig) -> None:
    other = rig.images.same_size(ImageVersion(1, 1, 1))
    rig.offer(HttpFault(replace_with=other, skip=20))
    _refused(rig, Status.FAILED, "sha256 differs")


def test_an_object_that_changes_all_the_time(rig: Rig) -> None:
    images = [rig.images.new[:-1] + bytes([last]) for last in range(12)]
    rig.offer(*(HttpFault(replace_with=image, skip=2 * i + 3) for i, image in enumerate(images)))
    _refused(rig, Status.FAILED, "object changed too often")


def test_a_wrong_digest(rig: Rig) -> None:
    rig.offer(sha256=hashlib.sha256(b"something else").hexdigest())
    _refused(rig, Status.FAILED, "sha256 differs")


def test_bytes_that_are_no_image(rig: Rig) -> None:
    rig.offer(data=bytes(range(256)) * 100)
    _refused(rig, Status.FAILED, "not a bootable image")


def test_an_image_that_is_damaged(rig: Rig) -> None:
    rig.offer(data=rig.images.new[:5000] + b"damaged" + rig.images.new[5007:])
    _refused(rig, Status.FAILED, "not a bootable image")


@pytest.mark.parametrize("key", [lambda: None, generate_key], ids=["unsigned", "another key"])
def test_an_image_that_the_bootloader_refuses(rig: Rig, key: Callable[[], Any]) -> None:
    rig.offer(data=make_image(ImageVersion(1, 1, 0), 50_000, key()))
    _refused(rig, Status.FAILED, "rolled back or refused by the bootloader")


def test_an_image_that_fails_its_self_test_is_reverted(rig: Rig) -> None:
    rig.offer()
    _refused(
        rig,
        Status.FAILED,
        "rolled back or refused by the bootloader",
        application=Application(healthy=False),
    )


@pytest.mark.parametrize(
    ("changes", "reason", "details"),
    [
        ({"operation": "reboot"}, "operation is not for this device", {}),
        ({"fwversion": "v1.0.0"}, "version is running already", {}),
        ({"fwversion": "0.9.9"}, "version is older than the running one", {}),
        ({"size": SLOT_SIZE + 1}, "image is larger than the slot", {"detail": str(SLOT_SIZE)}),
        ({"fwversion": "x" * 33}, "field is too long", {"field": "fwversion"}),
        ({"size": 0}, "field is out of range", {"field": "size"}),
    ],
)
def test_a_job_that_does_not_fit_is_rejected(
    rig: Rig, changes: dict[str, Any], reason: str, details: dict[str, str]
) -> None:
    rig.offer(**changes)
    _refused(rig, Status.REJECTED, reason, **details)
    assert rig.http() == []


@pytest.mark.parametrize(
    ("changes", "reason", "details"),
    [
        ({"size": "many"}, "field has a wrong type", {"field": "size"}),
        ({"size": None}, "field is missing", {"field": "size"}),
        ({"location": {"url": "ftp://127.0.0.1/app.bin"}}, "field has a wrong value", {"field": "location.url"}),
        (
            {"location": {"url": "http://127.0.0.1/a", "path": "a"}},
            "field occurs twice",
            {"field": "location.path"},
        ),
        ({"location": {}}, "field is missing", {"field": "location.protocol"}),
    ],
)
def test_a_document_that_is_wrong_fails(
    rig: Rig, changes: dict[str, Any], reason: str, details: dict[str, str]
) -> None:
    rig.offer(**changes)
    _refused(rig, Status.FAILED, reason, **details)
    assert rig.http() == []


def test_cleartext_where_it_is_not_allowed(rig: Rig) -> None:
    rig.core = Core(build(Model(load(), Settings(allow_http=False))))
    rig.offer()
    _refused(rig, Status.REJECTED, "http is not allowed")
    assert rig.http() == []


def test_the_application_cancels(rig: Rig) -> None:
    rig.offer(HttpFault(chunk_delay_s=0.005, times=None))
    device = rig.start()
    assert device.trace.wait(at_percent(20), WAIT_S) is not None
    device.act(Reply.CANCEL)
    execution = rig.settled()
    assert (execution.status, execution.status_details["reason"]) == (Status.FAILED, "cancelled by the application")
    rig.assert_untouched()


def test_a_cancel_in_the_cloud_stops_the_download_within_a_step(rig: Rig) -> None:
    rig.offer(HttpFault(chunk_delay_s=0.005, times=None))
    device = rig.start()
    assert device.trace.wait(at_percent(20), WAIT_S) is not None
    rig.aws.call(rig.emulator.cancel_job, JOB, force=True)
    cancelled = wait_told(device, "CANCELLED")
    idle = device.trace.wait(lambda entry: entry.name.endswith("$next/get/accepted"), WAIT_S, cancelled.number)
    assert idle is not None
    entries = device.trace.entries
    assert not [entry for entry in entries if entry.number > cancelled.number and entry.what in ("GET", "RESPONSE")]
    reports = [entry for entry in entries if entry.what == "PUBLISH" and entry.facts.get("status") == "FAILED"]
    assert reports == []
    rig.stop()
    assert rig.ended().status is Status.CANCELED
    assert not rig.record.exists()
    rig.assert_untouched()


def test_a_cancel_while_the_device_is_off_is_seen_when_it_is_on_again(rig: Rig) -> None:
    rig.offer(HttpFault(chunk_delay_s=0.005, times=None))
    device = rig.start()
    assert device.trace.wait(at_percent(40), WAIT_S) is not None
    rig.stop()
    assert rig.record.exists()
    rig.aws.call(rig.emulator.cancel_job, JOB, force=True)
    asked = len(rig.http())
    again = rig.start()
    wait_told(again, "CANCELLED")
    rig.stop()
    assert not rig.record.exists()
    assert not [entry for entry in again.trace.entries if entry.what == "GET"]
    assert len(rig.http()) <= asked + 1
    rig.assert_untouched()


@pytest.mark.parametrize(
    ("method", "after", "details"),
    [("write", 20, {}), ("erase", 0, {"detail": str(errno.EIO)})],
    ids=["write", "erase"],
)
def test_a_flash_that_refuses(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, method: str, after: int, details: dict[str, str]
) -> None:
    calls = itertools.count()
    good = getattr(Slot, method)

    def worn(slot: Slot, *arguments: Any) -> None:
        if next(calls) >= after:
            raise FlashError(errno.EIO, "worn out")
        good(slot, *arguments)

    monkeypatch.setattr(Slot, method, worn)
    rig.offer()
    rig.start()
    execution = rig.settled()
    monkeypatch.undo()
    assert execution.status is Status.FAILED
    assert execution.status_details == {"reason": "flash could not be written", **details}
    rig.assert_untouched()
