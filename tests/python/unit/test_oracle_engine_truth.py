# SPDX-License-Identifier: Apache-2.0
"""Properties 1 to 4 of the engine, each as a script; exploring asks for them in every state."""

from __future__ import annotations

import pytest

from aws_fota.config.limits import Settings
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Cancel,
    Confirm,
    Confirmed,
    Disconnected,
    Erased,
    FetchError,
    FetchFailed,
    Phase,
    Revert,
    Tell,
    UpgradeRequested,
    Written,
)
from aws_fota.oracle.versions import Version
from oracle_engine_driver import NEW_HASH, Driver

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
    driver.give(Revert())
    assert driver.phase is Phase.REVERTING
    driver.boot(running_hash=NEW_HASH, running_version=Version(2, 0, 0), confirmed=False)
    assert driver.phase is Phase.CONFIRMING, "it still runs: the application decides again"
    driver.give(Revert())
    driver.boot()
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=5)
    assert driver.last_status == ("FAILED", {"reason": "rejected by the application"})


def ended_before_the_reboot() -> Driver:
    """The job ended in the cloud while its image waits for the reboot."""
    driver = Driver().rebooting()
    driver.connect()
    driver.describe_nothing()
    driver.refused("TerminalStateReached")
    return driver


def test_p7_a_reboot_before_the_slot_is_erased_does_not_revive_a_job_that_ended() -> None:
    """Found by review: the record was gone before the slot was erased, and the image was asked to be confirmed."""
    driver = ended_before_the_reboot()
    driver.boot(running_hash=NEW_HASH, running_version=Version(2, 0, 0), confirmed=False)
    assert (driver.phase, driver.events[-1]) == (Phase.REVERTING, Tell.DONE), "a reboot ends the trial"
    driver.boot()
    assert (driver.phase, driver.record, driver.events[-1]) == (Phase.IDLE, None, Tell.DONE)


def test_p7_a_slot_that_is_still_to_be_swapped_is_erased_at_the_next_start() -> None:
    driver = ended_before_the_reboot()
    driver.boot(swap_pending=True)
    assert driver.actions == [Action(ActionId.ERASE, value=0)]
    driver.give(Erased(-5))
    assert (driver.phase, driver.events[-1]) == (Phase.REVERTING, Tell.DONE)
    driver.boot(swap_pending=True)
    driver.give(Erased())
    assert (driver.phase, driver.record) == (Phase.IDLE, None)


def test_p7_the_image_of_a_job_that_ended_is_not_reported_even_when_it_is_kept() -> None:
    driver = ended_before_the_reboot()
    driver.boot(running_hash=NEW_HASH, confirmed=False)
    driver.connect()
    driver.describe_nothing()
    driver.refused("TerminalStateReached")
    assert (driver.phase, driver.events[-1]) == (Phase.REVERTING, Tell.DONE), "it was told that the job ended"
    driver.give(Confirm())
    driver.give(Confirmed())
    assert (driver.phase, driver.record, driver.last[0]) == (Phase.IDLE, None, "$next/get")
    driver = ended_before_the_reboot()
    driver.boot(running_hash=NEW_HASH, confirmed=True)
    assert (driver.phase, driver.record) == (Phase.IDLE, None)


def test_p7_a_trial_that_no_reboot_ends_is_left_to_the_application() -> None:
    driver = ended_before_the_reboot()
    for _ in range(3):
        driver.boot(running_hash=NEW_HASH, confirmed=False)
        assert driver.phase is Phase.REVERTING
    driver.boot(running_hash=NEW_HASH, confirmed=False)
    assert (driver.phase, driver.events[-1]) == (Phase.CONFIRMING, Tell.CONFIRM)


def test_p7_a_job_that_ends_while_its_cancelled_image_is_being_erased_is_not_reported() -> None:
    driver = Driver().rebooting()
    driver.connect()
    driver.give(Cancel())
    driver.message("notify-next", {"execution": {"jobId": "job", "status": "CANCELED", "versionNumber": 30}})
    assert (driver.phase, driver.events[-1], driver.has(ActionId.PERSIST)) == (Phase.REVERTING, Tell.CANCELLED, True)
    assert not driver.has(ActionId.ERASE), "it is under way"
    driver.boot(running_hash=NEW_HASH, confirmed=False)
    assert driver.events[-1] is Tell.DONE
    driver.boot()
    assert (driver.phase, driver.record) == (Phase.IDLE, None)


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
