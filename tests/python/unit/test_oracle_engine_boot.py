# SPDX-License-Identifier: Apache-2.0
"""What a boot makes of the record and of the image that runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aws_fota.config.limits import Settings
from aws_fota.errors import InputError
from aws_fota.oracle import record
from aws_fota.oracle.engine import Engine
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Boot,
    Cancel,
    Confirm,
    Confirmed,
    Connected,
    Disconnected,
    Erased,
    FetchError,
    FetchFailed,
    Phase,
    Revert,
    Tell,
    Timer,
    TimerId,
    Verified,
    Written,
)
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Job
from aws_fota.oracle.outcome import JobStatus
from descriptions import DEFAULT
from oracle_engine_driver import ETAG, NEW_HASH, Driver

JOB = Job(
    job_id="job", version=4, size=10_000, etag=ETAG, persisted=2048, slot_hash=NEW_HASH, retries=1, identity=b"i" * 32
)


def booted(phase: Phase, job: Job = JOB, **found: Any) -> Driver:
    """A device that finds a record written in a phase."""
    driver = Driver()
    driver.record = record.encode(phase, job)
    driver.boot(**found)
    return driver


@pytest.mark.parametrize("broken", [None, b"", b"\x7a\xf0", bytes(256), b"\xff" * 256])
def test_without_a_record_it_begins_idle(broken: bytes | None) -> None:
    driver = Driver()
    assert driver.boot(record=broken) == []
    assert driver.phase is Phase.IDLE


@pytest.mark.parametrize(("persisted", "kept"), [(0, 0), (1, 0), (4095, 0), (4096, 4096), (8191, 4096), (10_000, 8192)])
def test_an_offset_is_rounded_down_to_this_images_steps(persisted: int, kept: int) -> None:
    """An image with smaller steps, or with smaller pages, wrote it: what lies past a step could not be erased alone."""
    driver = Driver(Settings(resume_step=4096))
    driver.record = record.encode(Phase.RECEIVING, replace(JOB, persisted=persisted))
    driver.boot()
    assert (driver.engine.job_state.offset, driver.engine.job_state.persisted) == (kept, kept)


def test_a_torn_record_is_not_trusted() -> None:
    whole = record.encode(Phase.REPORTING, replace(JOB, pending=JobStatus.SUCCEEDED))
    for at in range(len(whole)):
        driver = Driver()
        driver.boot(record=whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert driver.phase is Phase.IDLE, at


@pytest.mark.parametrize("phase", [Phase.APPLYING, Phase.REBOOTING, Phase.REVERTING])
def test_the_new_image_that_runs_confirmed_is_a_success(phase: Phase) -> None:
    driver = booted(phase, running_hash=NEW_HASH)
    assert (driver.phase, driver.engine.job_state.pending) == (Phase.REPORTING, JobStatus.SUCCEEDED)


@pytest.mark.parametrize(("phase", "persists"), [(Phase.APPLYING, True), (Phase.REBOOTING, False)])
def test_the_new_image_that_runs_unconfirmed_is_to_be_confirmed(phase: Phase, persists: bool) -> None:
    driver = booted(phase, running_hash=NEW_HASH, confirmed=False)
    assert (driver.phase, driver.events) == (Phase.CONFIRMING, [Tell.CONFIRM])
    assert driver.has(ActionId.PERSIST) is persists
    assert record.decode(driver.record or b"").phase is record.RecordPhase.REQUESTED  # type: ignore[union-attr]


@pytest.mark.parametrize("phase", [Phase.APPLYING, Phase.REBOOTING])
def test_an_upgrade_that_is_still_pending_awaits_another_reboot(phase: Phase) -> None:
    driver = booted(phase, swap_pending=True)
    assert (driver.phase, driver.events) == (Phase.REBOOTING, [Tell.DONE])
    kept = record.decode(driver.record or b"")
    assert kept is not None
    assert (kept.phase, kept.job.retries) == (record.RecordPhase.REQUESTED, 2)


@pytest.mark.parametrize("phase", [Phase.APPLYING, Phase.REBOOTING])
def test_a_bootloader_that_leaves_the_upgrade_pending_is_no_endless_loop(phase: Phase) -> None:
    """MCUboot keeps an upgrade that it has no room to swap, and an application reboots each time it is told DONE."""
    driver = booted(phase, swap_pending=True)
    for reboots in range(1, 10):
        if driver.events != [Tell.DONE] * reboots:
            break
        driver.boot(swap_pending=True)
    assert driver.events == [Tell.DONE] * 2
    assert driver.phase is Phase.REVERTING
    assert driver.actions == [Action(ActionId.PERSIST), Action(ActionId.ERASE, value=0)]
    driver.boot(swap_pending=True)
    assert driver.actions == [Action(ActionId.ERASE, value=0)]
    driver.give(Erased())
    assert (driver.phase, driver.told[2:]) == (Phase.REPORTING, [(Tell.ERROR, Reason.ROLLED_BACK)])


def test_an_upgrade_that_is_neither_swapped_nor_erased_fails() -> None:
    """To be told DONE again would begin the reboots again."""
    driver = booted(Phase.REBOOTING, replace(JOB, retries=3), swap_pending=True)
    driver.give(Erased(-5))
    assert (driver.phase, driver.told) == (Phase.REPORTING, [(Tell.ERROR, Reason.ROLLED_BACK)])


def test_a_cancelled_upgrade_that_is_still_pending_is_erased() -> None:
    driver = booted(Phase.REVERTING, replace(JOB, reason=Reason.CANCELLED), swap_pending=True)
    assert driver.actions == [Action(ActionId.ERASE, value=0)]
    driver.give(Erased())
    assert driver.engine.reason == Reason.CANCELLED
    assert driver.phase is Phase.REPORTING


@pytest.mark.parametrize(
    ("reason", "reported"), [(0, Reason.ROLLED_BACK), (Reason.APPLICATION, Reason.APPLICATION), (99, 99)]
)
def test_an_upgrade_that_was_requested_and_does_not_run_has_failed(reason: int, reported: int) -> None:
    driver = booted(Phase.REVERTING, replace(JOB, reason=reason))
    assert (driver.phase, driver.engine.reason) == (Phase.REPORTING, reported)
    assert driver.told == [(Tell.ERROR, reported)]


@pytest.mark.parametrize("phase", [Phase.APPLYING, Phase.REBOOTING])
def test_another_image_on_trial_is_asked_about_though_the_upgrade_failed(phase: Phase) -> None:
    """One that came by mcumgr, say: told of the failure only, no application would ever confirm it."""
    driver = booted(phase, replace(JOB, retries=3), running_hash=b"z" * 32, confirmed=False)
    assert driver.told == [(Tell.CONFIRM, 0)]
    assert (driver.phase, driver.engine.reason) == (Phase.REPORTING, Reason.ROLLED_BACK)
    driver.connect()
    driver.describe_nothing()
    driver.updated("FAILED", 5)
    assert driver.told[1:] == [(Tell.FINISHED, JobStatus.FAILED)]


def test_an_upgrade_that_may_not_have_been_requested_is_tried_three_times() -> None:
    for retries in (1, 2):
        driver = booted(Phase.APPLYING, replace(JOB, retries=retries))
        assert (driver.phase, driver.engine.job_state.offset) == (Phase.IDLE, 10_000)
        assert driver.engine.job_state.resumable
    assert booted(Phase.APPLYING, replace(JOB, retries=3)).engine.reason == Reason.ROLLED_BACK


def test_a_whole_image_without_a_digest_is_downloaded_again() -> None:
    """Whatever image mcumgr put into the slot meanwhile would be installed, and reported as the job's."""
    driver = Driver().applying()
    driver.boot()
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=5)
    driver.updated("IN_PROGRESS", 6)
    assert (driver.phase, driver.engine.job_state.offset) == (Phase.REQUESTING, 0)


def test_a_verified_image_is_verified_again_and_not_downloaded() -> None:
    digest = bytes(32)
    driver = Driver().applying(sha256=digest.hex())
    driver.boot()
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=5, sha256=digest.hex())
    driver.updated("IN_PROGRESS", 6)
    assert driver.phase is Phase.VERIFYING
    driver.give(Verified(hash=NEW_HASH, digest=digest))
    assert driver.engine.job_state.retries == 2


@pytest.mark.parametrize("hash", [None, b"z" * 32])
def test_a_hash_that_is_not_known_equals_nothing(hash: bytes | None) -> None:
    assert booted(Phase.REBOOTING, running_hash=hash).engine.reason == Reason.ROLLED_BACK


@pytest.mark.parametrize("pending", [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.REJECTED])
def test_a_report_is_sent_by_whichever_image_runs(pending: JobStatus) -> None:
    job = replace(JOB, pending=pending, reason=Reason.FLASH, detail=5)
    driver = booted(Phase.REPORTING, job)
    assert (driver.phase, driver.told) == (Phase.REPORTING, [])
    driver.connect()
    driver.describe_nothing()
    assert driver.last_status[0] == pending.name
    assert driver.last[1]["expectedVersion"] == 4


@pytest.mark.parametrize("pending", [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.REJECTED])
def test_an_unconfirmed_image_is_asked_about_whatever_is_to_be_reported(pending: JobStatus) -> None:
    """Found by exploring: the record held the report of another job, and nobody was asked about the image."""
    driver = booted(Phase.REPORTING, replace(JOB, pending=pending), confirmed=False)
    assert driver.events == [Tell.CONFIRM]
    driver.give(Confirm())
    driver.give(Confirmed())
    assert (driver.phase, driver.engine.state.confirmed) == (Phase.REPORTING, True)


# The record's job, which is looked for before any other.


def test_the_records_job_is_asked_for_where_another_is_first() -> None:
    driver = booted(Phase.RECEIVING)
    driver.connect()
    driver.describe("other")
    assert driver.last == ("job/get", {"clientToken": driver.last[1]["clientToken"]})
    driver.describe("job", "IN_PROGRESS", 4)
    assert driver.phase is Phase.STARTING


@pytest.mark.parametrize("code", ["ResourceNotFound", "TerminalStateReached"])
def test_the_records_job_that_is_gone_is_told_of(code: str) -> None:
    driver = booted(Phase.RECEIVING)
    driver.connect()
    driver.describe("other")
    driver.refused(code)
    assert (driver.phase, driver.events, driver.record) == (Phase.IDLE, [Tell.CANCELLED], None)
    driver.describe("other")
    assert driver.engine.job_id == "other"


def test_the_records_job_is_told_of_where_nothing_is_pending() -> None:
    driver = booted(Phase.RECEIVING)
    driver.connect()
    driver.describe_nothing()
    assert (driver.events, driver.record) == ([Tell.CANCELLED], None)


def test_the_records_job_that_cannot_be_read_any_more_fails() -> None:
    driver = booted(Phase.RECEIVING)
    driver.connect()
    driver.message("$next/get/accepted", b"{")
    driver.describe("other")
    assert driver.last[0] == "job/get"
    driver.message("job/get/accepted", b"{")
    assert (driver.engine.job_id, driver.engine.reason) == ("job", Reason.UNREADABLE)


# Confirming and rejecting.


def test_a_confirmation_that_fails_can_be_asked_for_again() -> None:
    driver = Driver().confirming()
    driver.give(Confirm())
    driver.give(Confirmed(-5))
    assert (driver.phase, driver.told[-1]) == (Phase.CONFIRMING, (Tell.ERROR, Reason.CONFIRM))
    driver.give(Confirm())
    driver.give(Confirmed())
    assert driver.phase is Phase.REPORTING


def test_an_image_that_was_rejected_can_still_be_confirmed() -> None:
    driver = Driver().confirming()
    driver.give(Revert())
    driver.give(Confirm())
    driver.give(Confirmed())
    assert (driver.phase, driver.engine.reason) == (Phase.REPORTING, 0)


def test_a_cancel_while_confirming_rejects_the_image() -> None:
    driver = Driver().confirming()
    driver.give(Cancel())
    assert (driver.phase, driver.has(ActionId.ERASE)) == (Phase.REVERTING, False)
    driver.give(Erased())
    assert driver.phase is Phase.REVERTING


def test_a_confirmed_image_is_not_confirmed_again() -> None:
    driver = Driver().rebooting()
    assert driver.give(Confirm()) == []
    driver.give(Cancel())
    assert driver.give(Confirmed()) == []
    assert driver.phase is Phase.REVERTING


def test_a_second_boot_begins_anew() -> None:
    driver = Driver().receiving()
    driver.give(FetchFailed(FetchError.CONNECT))
    driver.record = None
    assert driver.boot() == []
    assert driver.engine.phase is Phase.IDLE
    assert driver.give(Disconnected()) == []


def test_before_a_boot_nothing_happens() -> None:
    driver = Driver()
    for input in (Connected(), Timer(TimerId.REQUEST), Written(1), Confirm()):
        assert driver.give(input) == []
    assert driver.phase is Phase.UNBOOTED


@pytest.mark.parametrize("thing", ["", "t" * 129, "thing/1", "thing 1", "ding\u00e9", "thing\n"])
def test_a_thing_name_must_be_one(thing: str) -> None:
    with pytest.raises(InputError, match="is no thing name"):
        Engine(Settings(), DEFAULT, thing)


def test_a_seed_of_zero_still_gives_random_waits() -> None:
    driver = Driver()
    driver.give(Boot(slot_size=1, seed=0))
    assert driver.engine.state.random == 1
