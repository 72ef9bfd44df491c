# SPDX-License-Identifier: Apache-2.0
"""Which jobs are taken, and what becomes of the others: *described*, *judge*, *refreshed*."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, Foreign, Options
from aws_fota.oracle.engine_io import (
    Accept,
    ActionId,
    Cancel,
    Confirm,
    Confirmed,
    Disconnected,
    HttpResponse,
    Phase,
    Reject,
    Tell,
    Written,
)
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.versions import Version
from descriptions import DEFAULT, SMALLEST
from oracle_engine_driver import Driver

LEAVE = replace(DEFAULT, foreign=Foreign.LEAVE)
OFFER = replace(DEFAULT, foreign=Foreign.OFFER)
REBOOT_JOB = {"operation": "reboot"}


@pytest.mark.parametrize(
    ("members", "status", "details"),
    [
        ({"jobDocument": []}, "FAILED", {"reason": "job document cannot be read"}),
        ({"operation": "reboot"}, "REJECTED", {"reason": "operation is not for this device"}),
        ({"operation": None}, "REJECTED", {"reason": "operation is not for this device"}),
        ({"operation": 7}, "REJECTED", {"reason": "operation is not for this device"}),
        ({"fwversion": "1" * 33}, "REJECTED", {"reason": "field is too long", "field": "fwversion"}),
        ({"size": 2**32}, "REJECTED", {"reason": "field is out of range", "field": "size"}),
        ({"size": 0}, "REJECTED", {"reason": "field is out of range", "field": "size"}),
        ({"size": "10"}, "FAILED", {"reason": "field has a wrong type", "field": "size"}),
        ({"sha256": "0"}, "FAILED", {"reason": "field has a wrong value", "field": "sha256"}),
        ({"size": None}, "FAILED", {"reason": "field is missing", "field": "size"}),
        ({"location": {}}, "FAILED", {"reason": "field is missing", "field": "location.protocol"}),
        (
            {"location": {"url": "https://h/x", "host": "h"}},
            "FAILED",
            {"reason": "field occurs twice", "field": "location.host"},
        ),
        ({"size": 400_001}, "REJECTED", {"reason": "image is larger than the slot", "detail": "400000"}),
        ({"fwversion": "v1.0.0"}, "REJECTED", {"reason": "version is running already"}),
        ({"fwversion": "1.0.0+0"}, "REJECTED", {"reason": "version is running already"}),
        ({"fwversion": "0.9.9"}, "REJECTED", {"reason": "version is older than the running one"}),
    ],
)
def test_a_job_that_is_not_taken_is_reported_with_its_reason(
    members: dict[str, Any], status: str, details: dict[str, str]
) -> None:
    driver = Driver().online()
    if isinstance(members.get("jobDocument"), list):
        execution = {"jobId": "job", "status": "QUEUED", "versionNumber": 1, "jobDocument": []}
        driver.answer(execution=execution)
    else:
        driver.describe(**members)
    assert driver.phase is Phase.REPORTING
    assert driver.last_status == (status, details)


@pytest.mark.parametrize("version", ["1.0", "next", "1.0.0.0", "", "vv1.0.0"])
def test_a_version_that_does_not_parse_equals_nothing(version: str) -> None:
    driver = Driver().online()
    driver.describe(fwversion=version)
    assert driver.phase is Phase.STARTING


def test_an_older_version_is_taken_where_that_is_allowed() -> None:
    driver = Driver(Settings(allow_downgrade=True)).online()
    driver.describe(fwversion="0.1.0")
    assert driver.phase is Phase.STARTING


def test_the_running_version_of_a_job_in_progress_is_a_success() -> None:
    driver = Driver().online()
    driver.describe(status="IN_PROGRESS", fwversion="1.0.0")
    assert driver.last_status == ("SUCCEEDED", {"progress": "100"})


def test_without_a_running_version_none_is_compared() -> None:
    driver = Driver()
    driver.boot(running_version=None)
    driver.connect()
    driver.describe(fwversion="1.0.0")
    assert driver.phase is Phase.STARTING


def test_without_operations_every_document_is_ours() -> None:
    driver = Driver(description=replace(DEFAULT, operations=())).online()
    driver.describe(operation="whatever")
    assert driver.phase is Phase.STARTING


def test_a_description_without_version_or_digest_does() -> None:
    driver = Driver(description=SMALLEST).online()
    driver.describe(jobDocument={"o": "v", "s": 1, "u": "https://h"})
    assert driver.phase is Phase.STARTING
    assert driver.engine.job_state.sha256 is None


def test_an_unconfirmed_image_takes_no_job() -> None:
    driver = Driver()
    driver.boot(confirmed=False)
    assert driver.events == [Tell.CONFIRM]
    driver.connect()
    assert driver.last[1]["includeJobDocument"] is False
    driver.describe()
    assert (driver.phase, driver.has(ActionId.PUBLISH)) == (Phase.IDLE, False)
    driver.give(Confirm())
    driver.give(Confirmed())
    assert "includeJobDocument" not in driver.last[1]
    driver.describe()
    assert driver.phase is Phase.STARTING


def test_a_terminal_description_of_next_is_nothing() -> None:
    driver = Driver().online()
    driver.describe(status="CANCELED")
    assert (driver.phase, driver.has(ActionId.PUBLISH)) == (Phase.IDLE, False)


# Foreign jobs.


def test_a_foreign_job_is_rejected_without_a_word_to_the_application() -> None:
    driver = Driver().online()
    driver.describe(jobDocument=REBOOT_JOB)
    assert driver.told == []
    driver.updated("REJECTED", 2)
    assert driver.events == [Tell.FINISHED]


def test_an_offered_job_that_is_accepted_is_left_to_the_application() -> None:
    driver = Driver(description=OFFER).online()
    driver.describe("foreign", jobDocument=REBOOT_JOB)
    assert (driver.phase, driver.events) == (Phase.OFFERED, [Tell.FOREIGN])
    driver.give(Accept())
    assert driver.phase is Phase.IDLE
    assert driver.last[0] == "get"
    driver.answer(inProgressJobs=[{"jobId": "foreign"}], queuedJobs=[])
    assert not driver.has(ActionId.PUBLISH)
    driver.message("notify", {"jobs": {}})
    assert driver.last[0] == "get"


def test_an_offered_job_that_is_rejected_is_reported() -> None:
    driver = Driver(description=OFFER).online()
    driver.describe(jobDocument=REBOOT_JOB)
    driver.give(Reject())
    assert driver.last_status == ("REJECTED", {"reason": "rejected by the application"})


def test_an_offered_job_that_is_cancelled_is_told_of() -> None:
    driver = Driver(description=OFFER).online()
    driver.describe(jobDocument=REBOOT_JOB)
    driver.message("notify-next", {})
    driver.refused("ResourceNotFound")
    assert (driver.phase, driver.events[-1]) == (Phase.IDLE, Tell.CANCELLED)


def test_an_offer_is_made_once() -> None:
    driver = Driver(description=OFFER).online()
    driver.describe(jobDocument=REBOOT_JOB)
    driver.give(Accept())
    driver.answer(inProgressJobs=[], queuedJobs=[])
    driver.give(Disconnected())
    driver.connect()
    driver.describe(jobDocument=REBOOT_JOB)
    assert driver.events == [Tell.FOREIGN]


def test_more_foreign_jobs_than_are_remembered_are_not_asked_for_in_a_circle() -> None:
    few = replace(LEAVE, options=Options(remembered_jobs=2))
    driver = Driver(description=few).online()
    names = ["a", "b", "c", "d"]
    driver.describe("a", jobDocument=REBOOT_JOB)
    for _ in range(20):
        if not driver.has(ActionId.PUBLISH):
            break
        if driver.last[0] == "get":
            driver.answer(inProgressJobs=[], queuedJobs=[{"jobId": name} for name in names])
        else:
            driver.describe(driver.last[0].partition("/")[0], jobDocument=REBOOT_JOB)
    else:
        pytest.fail("it goes on for ever")
    assert driver.phase is Phase.IDLE


def test_a_late_word_that_nothing_is_pending_hides_no_job() -> None:
    """Found by exploring: left_alone ended, and the notify of the next job was ignored."""
    driver = Driver(description=LEAVE).online()
    driver.describe("foreign", jobDocument=REBOOT_JOB)
    driver.answer(inProgressJobs=[], queuedJobs=[])
    driver.message("notify-next", {})
    driver.describe("foreign", jobDocument=REBOOT_JOB)
    driver.answer(inProgressJobs=[], queuedJobs=[{"jobId": "foreign"}])
    driver.message("notify", {})
    driver.answer(inProgressJobs=[], queuedJobs=[{"jobId": "foreign"}, {"jobId": "ours"}])
    assert driver.last[0] == "ours/get"


def test_a_remembered_job_that_is_first_again_leads_to_a_list() -> None:
    driver = Driver(description=LEAVE).online()
    driver.describe("foreign", jobDocument=REBOOT_JOB)
    driver.answer(inProgressJobs=[], queuedJobs=[])
    again = {"execution": {"jobId": "foreign", "status": "QUEUED", "versionNumber": 1}}
    driver.message("notify-next", again)
    assert driver.last[0] == "get"


# Documents that cannot be read.


@pytest.mark.parametrize("description", [DEFAULT, LEAVE])
def test_the_job_that_was_unreadable_is_failed_and_no_other(description: Description) -> None:
    driver = Driver(description=description).online()
    driver.message("$next/get/accepted", b"{")
    assert driver.last[0] == "$next/get"
    assert driver.last[1]["includeJobDocument"] is False
    driver.describe("ours")
    assert driver.last[0] == "ours/get"
    driver.describe("ours")
    assert driver.phase is Phase.STARTING, "another job is first by now, and it can be read"


# A fresh URL.


def refreshing() -> Driver:
    driver = Driver().receiving()
    driver.give(Written(4096))
    driver.updated("IN_PROGRESS", 3)
    driver.give(HttpResponse(403))
    assert driver.phase is Phase.REFRESHING
    return driver


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"operation": "reboot"}, Reason.FOREIGN),
        ({"size": None}, Reason.FIELD_MISSING),
        ({"size": 400_001}, Reason.TOO_LARGE),
    ],
)
def test_a_refreshed_job_that_does_not_fit_any_more_ends(members: dict[str, Any], reason: Reason) -> None:
    driver = refreshing()
    driver.describe(status="IN_PROGRESS", version=3, **members)
    assert (driver.phase, driver.engine.reason) == (Phase.REPORTING, reason)


def test_a_refreshed_job_of_another_object_starts_over() -> None:
    driver = refreshing()
    driver.describe(status="IN_PROGRESS", version=3, size=20_000)
    assert driver.actions[1].id is ActionId.FETCH
    assert (driver.actions[1].value, driver.engine.etag, driver.engine.size) == (0, None, 20_000)


def test_a_refreshed_job_whose_text_cannot_be_read_fails() -> None:
    driver = refreshing()
    driver.message("job/get/accepted", b"{")
    assert driver.engine.reason == Reason.UNREADABLE


def test_a_refreshed_job_that_ended_is_cancelled() -> None:
    driver = refreshing()
    driver.describe(status="TIMED_OUT", version=4)
    assert driver.events[-1] is Tell.CANCELLED


def test_a_cancel_during_the_refresh_is_reported_though_the_answer_comes() -> None:
    driver = refreshing()
    driver.give(Cancel())
    driver.describe(status="IN_PROGRESS", version=3)
    assert driver.last_status == ("FAILED", {"reason": "cancelled by the application"})


def test_the_versions_of_the_new_image_are_compared_after_it_runs() -> None:
    driver = Driver().confirming()
    driver.give(Confirm())
    driver.give(Confirmed())
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=9)
    driver.updated("SUCCEEDED", 10)
    driver.describe("again", fwversion="2.0.0")
    assert driver.engine.state.running_version == Version(2, 0, 0)
    assert driver.last_status == ("REJECTED", {"reason": "version is running already"})
