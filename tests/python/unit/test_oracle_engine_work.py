# SPDX-License-Identifier: Apache-2.0
"""Properties 5 to 10 of the engine, each as a script; exploring asks for them in every state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Foreign
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Connected,
    Disconnected,
    Erased,
    FetchError,
    FetchFailed,
    HttpResponse,
    Phase,
    Tell,
    TimerId,
    Verified,
    Written,
)
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Link
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.versions import Version
from descriptions import DEFAULT
from oracle_engine_driver import ETAG, NEW_HASH, Driver, document

LEAVE = replace(DEFAULT, foreign=Foreign.LEAVE)
FOREIGN_DOCUMENT = {"operation": "reboot"}


# 5. One download at a time, resumed where that is safe.


def test_p5_a_broken_download_goes_on_at_the_last_written_byte() -> None:
    driver = Driver().receiving()
    driver.give(Written(1000))
    driver.give(FetchFailed(FetchError.CLOSED))
    assert driver.phase is Phase.WAITING
    assert Action(ActionId.FETCH, value=1000, length=4096) in driver.expire(TimerId.DOWNLOAD)
    assert driver.engine.etag == ETAG


def test_p5_after_a_reboot_it_goes_on_at_the_persisted_boundary() -> None:
    driver = Driver(Settings(resume_step=2048)).receiving()
    driver.give(Written(3000))
    driver.boot()
    driver.connect()
    url = {"url": "https://bucket.example.com/fw.bin?signature=2"}
    driver.describe(status="IN_PROGRESS", version=2, location=url)
    assert driver.updated("IN_PROGRESS", 3)[-2] == Action(ActionId.FETCH, value=2048, length=4096)
    assert driver.engine.etag == ETAG
    assert Action(ActionId.ERASE, value=2048) in driver.respond(), "what lies past the boundary is erased"


def test_p5_what_a_reboot_left_in_the_slot_is_downloaded_once_more_where_the_digest_differs() -> None:
    """Found by review: the job failed, though its object was right and only the slot had been written over."""
    sha256 = b"x" * 32
    driver = Driver(Settings(resume_step=2048)).receiving(sha256=sha256.hex())
    driver.give(Written(3000))
    driver.boot()
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=2, sha256=sha256.hex())
    driver.updated("IN_PROGRESS", 3)
    for attempt in range(2):
        driver.respond()
        driver.give(Erased())
        driver.download()
        driver.give(Verified(digest=b"y" * 32, hash=NEW_HASH))
        if attempt == 0:
            assert (driver.phase, driver.last[0]) == (Phase.REFRESHING, "job/get")
            driver.describe(status="IN_PROGRESS", version=9, sha256=sha256.hex())
            assert Action(ActionId.FETCH, value=0, length=4096) in driver.actions
    assert (driver.phase, driver.engine.reason) == (Phase.REPORTING, Reason.DIGEST)


@pytest.mark.parametrize(
    "changed",
    [
        {"size": 10_001},
        {"sha256": "00" * 32},
        {"location": {"url": "https://bucket.example.com/other.bin?signature=1"}},
        {"location": {"url": "https://bucket.example.com:444/fw.bin?signature=1"}},
        {"location": {"url": "http://bucket.example.com/fw.bin?signature=1"}},
    ],
)
def test_p5_after_a_reboot_another_object_is_downloaded_from_its_first_byte(changed: dict[str, object]) -> None:
    driver = Driver(Settings(resume_step=2048)).receiving()
    driver.give(Written(3000))
    driver.boot()
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=2, **changed)
    driver.updated("IN_PROGRESS", 3)
    assert driver.actions[-2] == Action(ActionId.FETCH, value=0, length=4096)
    assert driver.engine.etag is None


def test_p5_an_object_without_an_etag_is_not_resumed() -> None:
    driver = Driver(Settings(resume_step=2048)).requesting()
    driver.respond(etag=None)
    driver.give(Erased())
    driver.give(Written(3000))
    driver.boot()
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=2)
    driver.updated("IN_PROGRESS", 3)
    assert driver.actions[-2] == Action(ActionId.FETCH, value=0, length=4096)


def test_p5_a_403_asks_for_a_fresh_url_and_goes_on() -> None:
    driver = Driver().receiving()
    driver.give(Written(4096))
    driver.updated("IN_PROGRESS", 3)
    driver.give(HttpResponse(403))
    assert driver.phase is Phase.REFRESHING
    assert driver.last == ("job/get", {"clientToken": driver.last[1]["clientToken"]})
    driver.describe(status="IN_PROGRESS", version=3, location={"url": "https://bucket.example.com/fw.bin?signature=2"})
    assert Action(ActionId.FETCH, value=4096, length=4096) in driver.actions
    assert driver.engine.url.path == "/fw.bin?signature=2"


@pytest.mark.parametrize("etag", [b'"two"', None, b'W/"one"'])
def test_p5_a_changed_object_starts_over(etag: bytes | None) -> None:
    driver = Driver().receiving()
    driver.give(Written(4096))
    driver.respond(etag)
    assert Action(ActionId.FETCH, value=0, length=4096) in driver.actions
    assert driver.engine.etag is None
    assert Action(ActionId.ERASE, value=0) in driver.respond(b'"two"')


# 6. Nothing is written before IN_PROGRESS was accepted; nothing is applied before it is right.


def test_p6_the_flash_is_touched_after_the_service_accepted() -> None:
    driver = Driver().online()
    driver.describe()
    assert driver.phase is Phase.STARTING
    assert not driver.has(ActionId.ERASE, ActionId.FETCH, ActionId.RECEIVE)
    driver.updated("IN_PROGRESS", 2)
    assert driver.has(ActionId.FETCH)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (Verified(digest=b"y" * 32, hash=NEW_HASH), "sha256 differs"),
        (Verified(digest=b"x" * 32, image_valid=False, hash=NEW_HASH), "not a bootable image"),
        (Verified(digest=b"x" * 32), "not a bootable image"),
        (Verified(-5), "flash could not be written"),
    ],
)
def test_p6_what_is_not_right_is_not_applied(result: Verified, reason: str) -> None:
    driver = Driver().receiving(sha256=(b"x" * 32).hex()).download()
    driver.give(result)
    assert not driver.has(ActionId.REQUEST_UPGRADE)
    assert driver.engine.phase is Phase.REPORTING
    while driver.last[1].get("status") != "FAILED":
        driver.updated("IN_PROGRESS", 9)
    assert driver.last_status[1]["reason"] == reason


@pytest.mark.parametrize("allowed", [False, True])
def test_an_image_older_than_its_document_says_is_rejected(allowed: bool) -> None:
    """Found by review: a document that lied went around ALLOW_DOWNGRADE."""
    driver = Driver(Settings(allow_downgrade=allowed)).receiving(fwversion="v9.0.0").download()
    driver.give(Verified(hash=NEW_HASH, version=Version(0, 9, 0)))
    assert driver.has(ActionId.REQUEST_UPGRADE) is allowed
    if not allowed:
        job = driver.engine.job_state
        assert (driver.phase, job.pending, job.reason) == (Phase.REPORTING, JobStatus.REJECTED, Reason.DOWNGRADE)


# 7. A job that ended in the cloud stops the download within one step.


@pytest.mark.parametrize("phase", ["requesting", "receiving"])
def test_p7_a_cancelled_job_stops_and_the_application_is_told(phase: str) -> None:
    driver = getattr(Driver(), phase)()
    driver.message("notify-next", {"timestamp": 1})
    assert driver.last[0] == "job/get"
    driver.refused("TerminalStateReached")
    assert driver.actions[1:4] == [
        Action(ActionId.ABORT),
        Action(ActionId.CLEAR),
        Action(ActionId.TELL, what=Tell.CANCELLED),
    ]
    assert driver.phase is Phase.IDLE


def test_p7_a_progress_report_that_is_refused_stops_it_too() -> None:
    driver = Driver().receiving()
    driver.give(Written(4096))
    driver.refused("InvalidStateTransition", status="TIMED_OUT", versionNumber=9)
    assert driver.has(ActionId.ABORT)
    assert driver.told[-1][0] is Tell.CANCELLED


# 8. Foreign jobs, and jobs that do not fit: test_oracle_engine_judgement.py has the rest.


def test_p8_a_job_left_alone_does_not_hide_those_behind_it() -> None:
    driver = Driver(description=LEAVE).online()
    driver.describe("foreign", jobDocument=FOREIGN_DOCUMENT)
    assert driver.last[0] == "get"
    driver.answer(inProgressJobs=[], queuedJobs=[{"jobId": "foreign"}, {"jobId": "ours"}])
    assert driver.last[0] == "ours/get"
    driver.describe("ours")
    assert driver.phase is Phase.STARTING


# 9. Progress, at most once per step.


def test_p9_progress_is_reported_once_a_step() -> None:
    driver = Driver(Settings(range_size=100, step_timeout_minutes=15)).receiving(size=1000)
    reports = []
    for end in range(50, 1001, 50):
        driver.give(Written(end))
        if driver.has(ActionId.PUBLISH):
            reports.append((end, driver.last_status[1]["progress"], driver.last[1]["stepTimeoutInMinutes"]))
            driver.updated("IN_PROGRESS", 9)
        if driver.phase is Phase.REQUESTING:
            driver.respond()
    assert reports == [(end, str(end // 10), 15) for end in range(100, 1000, 100)]
    assert [value for event, value in driver.told if event is Tell.PROGRESS] == list(range(5, 101, 5))


# 10. After each connect: subscribe, then describe $next; a duplicate changes nothing.


def test_p10_each_connect_subscribes_and_describes_next() -> None:
    driver = Driver().receiving()
    for _ in range(2):
        driver.give(Disconnected())
        assert driver.give(Connected())[0] == Action(ActionId.SUBSCRIBE)
        driver.connect()
        assert driver.last[0] == "$next/get"
        assert driver.last[1]["includeJobDocument"] is False
        assert driver.engine.state.link is Link.ONLINE


def test_p10_a_duplicate_notification_changes_nothing() -> None:
    driver = Driver().receiving()
    again = {"execution": {"jobId": "job", "status": "IN_PROGRESS", "versionNumber": 2, "jobDocument": document()}}
    assert driver.message("notify-next", again) == [Action(ActionId.ACKNOWLEDGE, packet_id=1)]
    assert driver.phase is Phase.RECEIVING
