# SPDX-License-Identifier: Apache-2.0
"""The section "Downloads" and what the application says during one."""

from __future__ import annotations

import pytest

from aws_fota.config.limits import Settings
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Cancel,
    Disconnected,
    Erased,
    FetchError,
    FetchFailed,
    HttpResponse,
    Input,
    Pause,
    Phase,
    Resume,
    Tell,
    Timer,
    TimerId,
    UpgradeRequested,
    Verified,
    Written,
)
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.record import RecordPhase, decode
from oracle_engine_driver import ETAG, NEW_HASH, OLD_HASH, Driver

FETCH_ALL = Action(ActionId.FETCH, value=0, length=4096)


def whole(length: int | None = 10_000) -> HttpResponse:
    """A server that ignores ranges."""
    return HttpResponse(200, content_length=length, etag=ETAG)


@pytest.mark.parametrize(
    ("response", "reason", "detail"),
    [
        (HttpResponse(206), Reason.CONTENT_RANGE, 0),
        (HttpResponse(206, (1, 4096, 10_000)), Reason.CONTENT_RANGE, 0),
        (HttpResponse(206, (0, 4096, 10_000)), Reason.CONTENT_RANGE, 0),
        (HttpResponse(206, (0, 4095, 10_001)), Reason.SIZE, 10_001),
        (whole(None), Reason.NO_LENGTH, 0),
        (whole(9_999), Reason.SIZE, 9_999),
        (HttpResponse(404), Reason.HTTP_STATUS, 404),
        (HttpResponse(416), Reason.HTTP_STATUS, 416),
        (HttpResponse(204), Reason.HTTP_STATUS, 204),
        (HttpResponse(304), Reason.HTTP_STATUS, 304),
        (HttpResponse(600), Reason.HTTP_STATUS, 600),
    ],
)
def test_a_wrong_response_fails_the_job(response: HttpResponse, reason: Reason, detail: int) -> None:
    driver = Driver().requesting()
    driver.give(response)
    assert driver.actions[:3] == [
        Action(ActionId.ABORT),
        Action(ActionId.PERSIST),
        Action(ActionId.TELL, what=Tell.ERROR, value=reason),
    ]
    assert (driver.engine.reason, driver.engine.detail) == (reason, detail)


def test_a_short_range_is_taken() -> None:
    driver = Driver().requesting()
    driver.give(HttpResponse(206, (0, 99, 10_000), 100, ETAG))
    driver.give(Erased())
    driver.give(Written(101))
    assert driver.engine.job_state.offset == 0, "past the range"
    driver.give(Written(100))
    assert Action(ActionId.FETCH, value=100, length=4096) in driver.actions


@pytest.mark.parametrize(
    ("etag", "kept"),
    [
        (b'"' + b"x" * 62 + b'"', True),
        (b'"' + b"x" * 63 + b'"', False),
        (b'W/"x"', False),
        (b"", False),
        (b'"a b"', False),
        (b'"\x80"', False),
        (None, False),
    ],
)
def test_an_etag_is_kept_where_it_can_be_sent_again(etag: bytes | None, kept: bool) -> None:
    driver = Driver().requesting()
    driver.respond(etag)
    assert driver.engine.etag == (etag if kept else None)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503, 599])
def test_a_server_that_may_recover_is_asked_again(status: int) -> None:
    driver = Driver(Settings(retries_max=3)).requesting()
    waits = []
    for _ in range(3):
        driver.give(HttpResponse(status))
        assert driver.phase is Phase.WAITING
        waits.append(driver.actions[-1].value)
        assert FETCH_ALL in driver.expire(TimerId.DOWNLOAD)
    for wait, most in zip(waits, (2000, 4000, 8000), strict=True):
        assert most // 2 <= wait <= most
    driver.give(HttpResponse(status))
    assert (driver.engine.reason, driver.engine.detail) == (Reason.HTTP_STATUS, status)


def test_every_byte_that_came_gives_new_tries() -> None:
    driver = Driver(Settings(retries_max=1)).receiving()
    for end in (1, 2, 3):
        driver.give(Written(end))
        driver.give(FetchFailed(FetchError.TIMEOUT))
        assert driver.phase is Phase.WAITING
        driver.expire(TimerId.DOWNLOAD)
        driver.respond()
    driver.give(FetchFailed(FetchError.TIMEOUT))
    assert (driver.engine.reason, driver.engine.detail) == (Reason.CONNECTION, FetchError.TIMEOUT)


def test_redirects_are_followed_three_times_and_counted_anew_with_each_range() -> None:
    driver = Driver().requesting()
    for _ in range(2):
        for step in range(3):
            driver.give(HttpResponse(301, location=b"/moved?%d" % step))
            assert driver.actions[0].id is ActionId.ABORT
        assert driver.engine.url.host == "bucket.example.com"
        assert driver.engine.url.path == "/moved?2"
        driver.respond()
        if driver.phase is Phase.ERASING:
            driver.give(Erased())
        driver.give(Written(driver.engine.job_state.range_end))
    for _ in range(4):
        driver.give(HttpResponse(308, location=b"https://elsewhere.example.com/x"))
    assert driver.engine.reason == Reason.REDIRECT


def test_two_fresh_urls_are_asked_for_between_two_pieces() -> None:
    driver = Driver().receiving()
    driver.give(Written(4096))
    driver.updated("IN_PROGRESS", 3)
    for _ in range(2):
        driver.give(HttpResponse(403))
        driver.describe(status="IN_PROGRESS", version=3)
    driver.give(HttpResponse(403))
    assert (driver.engine.reason, driver.engine.detail) == (Reason.HTTP_STATUS, 403)


def test_an_object_that_changes_too_often_fails() -> None:
    driver = Driver(Settings(retries_max=2)).requesting()
    for _ in range(2):
        assert FETCH_ALL in driver.give(HttpResponse(412))
    driver.give(HttpResponse(412))
    assert driver.engine.reason == Reason.OBJECT_CHANGED


# Servers that ignore ranges.


def test_a_whole_object_is_streamed() -> None:
    driver = Driver().requesting()
    driver.give(whole())
    driver.give(Erased())
    for end in (4096, 8192, 10_000):
        driver.give(Written(end))
    assert driver.phase is Phase.VERIFYING
    assert not driver.has(ActionId.PERSIST), "nothing of it is resumed after a reboot"


def test_a_streamed_object_starts_over_after_an_interruption() -> None:
    driver = Driver().requesting()
    driver.give(whole())
    driver.give(Erased())
    driver.give(Written(4096))
    driver.give(FetchFailed(FetchError.CLOSED))
    driver.updated("IN_PROGRESS", 3)
    # Whole objects are asked for with a fresh URL.
    driver.expire(TimerId.DOWNLOAD)
    assert driver.phase is Phase.REFRESHING
    assert FETCH_ALL in driver.describe(status="IN_PROGRESS", version=3)
    driver.give(whole())
    assert Action(ActionId.ERASE, value=0) in driver.actions


def test_a_server_that_stops_keeping_to_ranges_is_begun_with_once_more() -> None:
    driver = Driver().receiving()
    driver.give(Written(4096))
    assert FETCH_ALL in driver.give(whole())
    driver.respond()
    driver.give(Erased())
    driver.give(Written(4096))
    driver.give(whole())
    assert driver.engine.reason == Reason.NO_RANGES


@pytest.mark.parametrize("phase", ["requesting", "receiving"])
@pytest.mark.parametrize(
    ("error", "reason"), [(FetchError.SIZE, Reason.SIZE), (FetchError.IMAGE, Reason.IMAGE)], ids=["size", "image"]
)
def test_an_object_that_the_downloading_library_refuses_fails_the_job(
    phase: str, error: FetchError, reason: Reason
) -> None:
    driver = getattr(Driver(), phase)()
    driver.give(FetchFailed(error))
    assert (driver.engine.phase, driver.engine.reason, driver.engine.detail) == (Phase.REPORTING, reason, 0)


# The flash.


@pytest.mark.parametrize(
    ("phase", "input", "detail"),
    [
        ("requesting", FetchFailed(FetchError.FLASH), 0),
        ("receiving", FetchFailed(FetchError.FLASH), 0),
    ],
)
def test_a_flash_that_cannot_be_written_fails_the_job(phase: str, input: Input, detail: int) -> None:
    driver = getattr(Driver(), phase)()
    driver.give(input)
    assert (driver.engine.reason, driver.engine.detail) == (Reason.FLASH, detail)


def test_a_flash_that_cannot_be_erased_fails_the_job() -> None:
    driver = Driver().requesting()
    driver.respond()
    driver.give(Erased(-5))
    assert (driver.engine.reason, driver.engine.detail) == (Reason.FLASH, 5)


def test_the_offset_is_persisted_at_each_boundary_and_not_between() -> None:
    driver = Driver(Settings(resume_step=1000)).receiving()
    persisted = []
    for end in (999, 1000, 1001, 2999, 4000):
        driver.give(Written(end))
        record = decode(driver.record or b"")
        assert record is not None
        persisted.append((driver.has(ActionId.PERSIST), record.job.persisted))
    assert persisted == [(False, 0), (True, 1000), (False, 1000), (True, 2000), (True, 4000)]


# Verified, and applied.


def test_an_image_that_runs_already_is_a_success() -> None:
    driver = Driver().receiving().download()
    driver.give(Verified(hash=OLD_HASH))
    assert driver.phase is Phase.REPORTING
    assert driver.engine.job_state.pending.name == "SUCCEEDED"


def test_an_upgrade_that_cannot_be_requested_fails_the_job() -> None:
    driver = Driver().applying()
    driver.give(UpgradeRequested(-22))
    assert (driver.engine.reason, driver.engine.detail) == (Reason.UPGRADE, 22)


# The application.


def test_a_pause_keeps_what_was_written() -> None:
    driver = Driver().receiving()
    driver.give(Written(1000))
    assert driver.give(Pause())[0].id is ActionId.ABORT
    assert driver.phase is Phase.PAUSED
    assert driver.give(Resume()) == [Action(ActionId.FETCH, value=1000, length=4096)]
    driver.respond()
    assert driver.phase is Phase.RECEIVING, "what follows the offset is still blank"


def test_a_pause_while_erasing_waits_for_the_erasing() -> None:
    driver = Driver().requesting()
    driver.respond()
    assert driver.give(Pause()) == []
    driver.give(Erased())
    assert (driver.phase, driver.has(ActionId.ABORT)) == (Phase.PAUSED, True)


def test_a_pause_leaves_the_wait_for_another_try_to_its_timer() -> None:
    driver = Driver().receiving()
    for tries in range(1, driver.engine.settings.retries_max + 1):
        driver.give(FetchFailed(FetchError.CONNECT))
        for _ in range(10):
            assert (driver.give(Pause()), driver.give(Resume())) == ([], [])
        assert (driver.phase, driver.engine.job_state.tries) == (Phase.WAITING, tries)
        driver.give(Pause())
        driver.give(Timer(TimerId.DOWNLOAD))
        assert driver.phase is Phase.PAUSED
        assert driver.give(Resume())[0].id is ActionId.FETCH


def test_a_pause_before_the_download_holds_it_back() -> None:
    driver = Driver().online()
    driver.describe()
    driver.give(Pause())
    driver.updated("IN_PROGRESS", 2)
    assert (driver.phase, driver.events) == (Phase.PAUSED, [Tell.STARTED])


def test_a_pause_of_a_streamed_object_starts_over() -> None:
    driver = Driver().requesting()
    driver.give(whole())
    driver.give(Erased())
    driver.give(Written(4096))
    driver.give(Pause())
    assert FETCH_ALL in driver.give(Resume())


@pytest.mark.parametrize("phase", ["requesting", "receiving"])
def test_a_cancel_stops_the_download_and_is_reported(phase: str) -> None:
    driver = getattr(Driver(), phase)()
    driver.give(Cancel())
    assert driver.actions[0].id is ActionId.ABORT
    assert driver.last_status == ("FAILED", {"reason": "cancelled by the application"})


@pytest.mark.parametrize("phase", ["applying", "rebooting"])
def test_a_cancel_before_the_reboot_is_reported_once_nothing_can_be_installed(phase: str) -> None:
    """A reboot between the record and the erasing let the image of a failed job be installed."""
    driver = getattr(Driver(), phase)()
    assert [action for action in driver.give(Cancel()) if action.id is not ActionId.PUBLISH] == [
        Action(ActionId.PERSIST),
        Action(ActionId.ERASE, value=0),
    ]
    record = decode(driver.record or b"")
    assert record is not None
    assert (driver.phase, record.phase) == (Phase.REVERTING, RecordPhase.REQUESTED)
    driver.give(Erased())
    assert (driver.phase, driver.engine.reason) == (Phase.REPORTING, Reason.CANCELLED)


def test_a_cancel_that_a_reboot_overtakes_is_carried_out_by_another_reboot() -> None:
    """The application was asked to confirm the image of an update that it had cancelled."""
    driver = Driver().rebooting()
    driver.give(Cancel())
    driver.boot(running_hash=NEW_HASH, confirmed=False)
    assert (driver.phase, driver.events[-1]) == (Phase.REVERTING, Tell.DONE)
    driver.boot()
    assert (driver.phase, driver.engine.reason) == (Phase.REPORTING, Reason.CANCELLED)


def test_a_cancel_whose_erasing_fails_is_carried_out_at_the_next_start() -> None:
    driver = Driver().rebooting()
    driver.give(Cancel())
    for _ in range(2):
        driver.give(Erased(-5))
        assert (driver.phase, driver.events[-1]) == (Phase.REVERTING, Tell.DONE)
        driver.boot(swap_pending=True)
        assert (driver.phase, driver.has(ActionId.ERASE)) == (Phase.REVERTING, True)
    driver.give(Erased())
    assert (driver.phase, driver.engine.reason) == (Phase.REPORTING, Reason.CANCELLED)


def test_a_slot_that_cannot_be_erased_does_not_make_the_device_reboot_for_ever() -> None:
    driver = Driver().rebooting()
    driver.give(Cancel())
    for _ in range(9):
        driver.give(Erased(-5))
    assert driver.events.count(Tell.DONE) == 1 + 3
    assert (driver.phase, driver.engine.reason) == (Phase.REPORTING, Reason.CANCELLED)


def test_a_download_goes_on_without_a_connection_to_the_service() -> None:
    driver = Driver().receiving()
    driver.give(Disconnected())
    driver.download()
    assert driver.phase is Phase.VERIFYING
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=2)
    assert driver.last_status == ("IN_PROGRESS", {"progress": "100"})
