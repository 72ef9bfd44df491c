# SPDX-License-Identifier: Apache-2.0
"""The ten properties of the engine, each as a script; exploring asks for them in every state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Foreign
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Confirm,
    Confirmed,
    Connected,
    Disconnected,
    Erased,
    FetchError,
    FetchFailed,
    HttpResponse,
    Phase,
    Reject,
    Tell,
    TimerId,
    UpgradeRequested,
    Verified,
    Written,
)
from aws_fota.oracle.engine_state import Link
from aws_fota.oracle.versions import Version
from descriptions import DEFAULT
from oracle_engine_driver import ETAG, NEW_HASH, Driver, document

LEAVE = replace(DEFAULT, foreign=Foreign.LEAVE)
OFFER = replace(DEFAULT, foreign=Foreign.OFFER)
FOREIGN_DOCUMENT = {"operation": "reboot"}


# 1. Every message is acknowledged; only a complete, valid one for this thing changes the job in progress.


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("notify", b"{"),
        ("notify-next", b"\x00"),
        ("notify-next", {"execution": {"jobId": "job"}}),
        ("job/update/accepted", {"executionState": {"status": "CANCELED", "versionNumber": 9}}),
        ("job/update/rejected", b""),
        ("other/get/accepted", {"clientToken": "00000001"}),
        ("start-next/accepted", {"execution": {}}),
    ],
)
def test_p1_whatever_comes_is_acknowledged_and_changes_nothing(topic: str, body: object) -> None:
    driver = Driver().receiving()
    before = driver.engine.job_state.duplicate()
    actions = driver.message(topic, body, packet_id=77)
    assert actions == [Action(ActionId.ACKNOWLEDGE, packet_id=77)]
    assert driver.engine.job_state == before


def test_p1_a_message_of_qos_0_is_not_acknowledged() -> None:
    driver = Driver().receiving()
    assert driver.message("notify", {}, packet_id=0) == []


def test_p1_a_message_before_boot_is_acknowledged() -> None:
    assert Driver().message("notify-next", {}) == [Action(ActionId.ACKNOWLEDGE, packet_id=1)]


# 2. SUCCEEDED only once the image runs and is confirmed; FAILED with the reason where it was reverted or refused.


def test_p2_success_is_reported_after_the_confirmation() -> None:
    driver = Driver().confirming()
    assert driver.told[-1][0] is Tell.CONFIRM
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=5)
    assert driver.phase is Phase.CONFIRMING
    assert Action(ActionId.CONFIRM_IMAGE) in driver.give(Confirm())
    driver.give(Confirmed())
    assert driver.last_status == ("SUCCEEDED", {"progress": "100"})
    driver.updated("SUCCEEDED", 6)
    assert (driver.phase, driver.record) == (Phase.IDLE, None)
    assert driver.told[-1] == (Tell.FINISHED, 3)


def test_p2_a_reverted_image_is_a_failure() -> None:
    driver = Driver().confirming()
    driver.boot()
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=5)
    assert driver.last_status == ("FAILED", {"reason": "rolled back or refused by the bootloader"})


def test_p2_a_refused_image_is_a_failure() -> None:
    driver = Driver().rebooting()
    driver.boot()
    assert driver.phase is Phase.REPORTING
    assert driver.told[-1] == (Tell.ERROR, 25)


def test_p2_an_image_that_the_application_rejected_is_a_failure_once_the_old_one_runs() -> None:
    driver = Driver().confirming()
    driver.give(Reject())
    assert driver.phase is Phase.REVERTING
    driver.boot(running_hash=NEW_HASH, running_version=Version(2, 0, 0), confirmed=False)
    assert driver.phase is Phase.CONFIRMING, "it still runs: the application decides again"
    driver.give(Reject())
    driver.boot()
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=5)
    assert driver.last_status == ("FAILED", {"reason": "rejected by the application"})


def test_p2_a_new_image_that_runs_after_an_unfinished_request_is_known() -> None:
    driver = Driver().applying()
    driver.boot(running_hash=NEW_HASH, confirmed=False)
    assert driver.phase is Phase.CONFIRMING
    driver.boot()
    assert driver.phase is Phase.REPORTING, "the revert fails the job, and the image is not tried again"


def test_p2_report_on_download_restores_the_old_order() -> None:
    driver = Driver(Settings(report_on_download=True)).applying()
    driver.give(UpgradeRequested())
    assert driver.last_status == ("SUCCEEDED", {"progress": "100"})
    driver.updated("SUCCEEDED", 9)
    assert driver.told[-1][0] is Tell.DONE


def test_p2_report_on_download_does_not_have_the_new_image_reboot() -> None:
    driver = Driver(Settings(report_on_download=True)).applying()
    driver.give(UpgradeRequested())
    driver.boot(running_hash=NEW_HASH, confirmed=False)
    assert driver.told[-1][0] is Tell.CONFIRM
    driver.connect()
    driver.describe_nothing()
    driver.updated("SUCCEEDED", 9)
    assert driver.told[-1][0] is Tell.FINISHED


# 3. Every job taken ends in a state of the service that agrees with the device.


def test_p3_a_report_survives_reboots_until_it_is_accepted() -> None:
    driver = Driver().receiving()
    driver.give(FetchFailed(FetchError.FLASH))
    for _ in range(3):
        driver.give(Disconnected())
        driver.boot()
        driver.connect()
        driver.describe_nothing()
        assert driver.last_status[0] == "FAILED"
    driver.updated("FAILED", 9)
    assert (driver.phase, driver.record) == (Phase.IDLE, None)


def test_p3_a_report_that_was_accepted_unheard_is_not_contradicted() -> None:
    driver = Driver().receiving()
    driver.give(FetchFailed(FetchError.FLASH))
    driver.boot()
    driver.connect()
    driver.describe_nothing()
    driver.refused("InvalidStateTransition", status="FAILED", versionNumber=9)
    assert (driver.phase, driver.record) == (Phase.IDLE, None)
    assert driver.last[0] == "$next/get"


@pytest.mark.parametrize("code", ["ResourceNotFound", "TerminalStateReached"])
def test_p3_a_job_that_is_gone_needs_no_report(code: str) -> None:
    driver = Driver().receiving()
    driver.give(FetchFailed(FetchError.FLASH))
    driver.refused(code)
    assert (driver.phase, driver.record) == (Phase.IDLE, None)


# 4. versionNumber is what the service said; bursts are bounded.


def test_p4_every_update_asks_for_the_state_and_expects_the_version_that_was_said() -> None:
    driver = Driver().online()
    driver.describe(version=7)
    assert driver.last[1]["expectedVersion"] == 7
    assert driver.last[1]["includeJobExecutionState"] is True
    driver.updated("IN_PROGRESS", 12)
    driver.respond()
    driver.give(Erased())
    driver.give(Written(4096))
    assert driver.last[1]["expectedVersion"] == 12


def test_p4_a_version_mismatch_is_resolved_from_the_execution_state() -> None:
    driver = Driver().online()
    driver.describe(version=7)
    driver.refused("VersionMismatch", status="IN_PROGRESS", versionNumber=9)
    assert driver.last[1]["expectedVersion"] == 9


@pytest.mark.parametrize("code", ["VersionMismatch", "InvalidStateTransition"])
def test_p4_without_an_execution_state_no_version_is_expected(code: str) -> None:
    driver = Driver().online()
    driver.describe(version=7)
    driver.refused(code)
    assert not driver.has(ActionId.PUBLISH), "not before a wait"
    driver.expire()
    assert "expectedVersion" not in driver.last[1]


def test_p4_a_burst_is_bounded_and_followed_by_a_long_wait() -> None:
    driver = Driver(Settings(retries_max=4)).online()
    waits = []
    for _ in range(4):
        waits.append(driver.actions[-1].value)
        driver.expire()
    assert not driver.has(ActionId.PUBLISH)
    assert 450_000 <= driver.actions[-1].value <= 900_000
    assert len(driver.published) == 4
    for wait, whole in zip(waits, (20_000, 40_000, 80_000, 160_000), strict=True):
        assert whole // 2 <= wait <= whole
    driver.expire()
    assert driver.has(ActionId.PUBLISH), "another burst"


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
