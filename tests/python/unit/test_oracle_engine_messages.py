# SPDX-License-Identifier: Apache-2.0
"""Answers, refusals and notifications, in whatever phase they come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Foreign
from aws_fota.oracle import topics
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Cancel,
    Connected,
    Disconnected,
    Erased,
    Phase,
    Subscribed,
    Tell,
    UpgradeRequested,
)
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Backoff
from aws_fota.oracle.outcome import MessageKind
from descriptions import DEFAULT
from oracle_engine_driver import JOBS, THING, Driver, document

ACKNOWLEDGED = [Action(ActionId.ACKNOWLEDGE, packet_id=1)]
LEAVE = replace(DEFAULT, foreign=Foreign.LEAVE)


def kind_of(driver: Driver, topic: str) -> MessageKind:
    return driver.engine.message_kind(topics.parse(THING, (JOBS + topic).encode()))


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("notify", MessageKind.OTHER),
        ("notify-next", MessageKind.WATCH),
        ("get/accepted", MessageKind.PENDING),
        ("get/rejected", MessageKind.REJECTED),
        ("$next/get/accepted", MessageKind.EXECUTION),
        ("$next/get/rejected", MessageKind.REJECTED),
        ("job/get/accepted", MessageKind.WATCH),
        ("job/update/accepted", MessageKind.UPDATED),
        ("job/update/rejected", MessageKind.REJECTED),
        ("start-next/accepted", MessageKind.OTHER),
    ],
)
def test_a_topic_says_what_a_message_is_read_as(topic: str, kind: MessageKind) -> None:
    assert kind_of(Driver().online(), topic) is kind


def test_only_an_awaited_full_description_is_read_with_its_document() -> None:
    driver = Driver()
    assert kind_of(driver, "$next/get/accepted") is MessageKind.WATCH
    driver.online()
    assert kind_of(driver, "$next/get/accepted") is MessageKind.EXECUTION
    driver.give(Disconnected())
    assert kind_of(driver, "$next/get/accepted") is MessageKind.WATCH
    driver.connect()
    driver.describe()
    assert kind_of(driver, "$next/get/accepted") is MessageKind.WATCH
    driver.message("notify-next", {})
    driver.updated("IN_PROGRESS", 2)
    assert driver.last[0] == "job/get"
    assert kind_of(driver, "job/get/accepted") is MessageKind.WATCH


@pytest.mark.parametrize("token", ["00000001", "ffffffff", None])
def test_an_accepted_answer_without_our_token_is_not_ours(token: str | None) -> None:
    driver = Driver().online()
    body = {"execution": {"jobId": "job", "status": "QUEUED", "versionNumber": 1, "jobDocument": document()}}
    if token is not None:
        body["clientToken"] = token
    assert driver.last[1]["clientToken"] == "00000002"
    assert driver.message("$next/get/accepted", body) == ACKNOWLEDGED
    assert driver.phase is Phase.IDLE


def test_a_refusal_without_a_token_is_ours() -> None:
    driver = Driver().online()
    driver.message("$next/get/rejected", {"code": "RequestThrottled"})
    assert driver.engine.state.backoff is Backoff.SHORT


def test_a_refusal_with_another_token_is_not() -> None:
    driver = Driver().online()
    refusal = {"code": "RequestThrottled", "clientToken": "00000001"}
    assert driver.message("$next/get/rejected", refusal) == ACKNOWLEDGED


@pytest.mark.parametrize("topic", ["other/update/accepted", "$next/get/accepted", "get/accepted", "job/get/accepted"])
def test_an_answer_to_something_else_is_not_ours(topic: str) -> None:
    driver = Driver().online()
    driver.describe()
    body = {"clientToken": driver.last[1]["clientToken"], "executionState": {"status": "FAILED", "versionNumber": 3}}
    assert driver.message(topic, body) == ACKNOWLEDGED
    assert driver.phase is Phase.STARTING


def test_a_description_of_another_job_than_asked_for_is_nothing() -> None:
    driver = Driver().receiving()
    driver.message("notify-next", {})
    assert driver.describe("other", "CANCELED") == ACKNOWLEDGED


@pytest.mark.parametrize("member", ["jobId", "status", "versionNumber"])
def test_a_description_with_a_violation_of_the_envelope_waits_for_the_timer(member: str) -> None:
    driver = Driver().online()
    execution: dict[str, Any] = {"jobId": "job", "status": "QUEUED", "versionNumber": 1, "jobDocument": document()}
    assert driver.answer(execution={**execution, member: None}) == ACKNOWLEDGED
    del execution[member]
    assert driver.answer(execution=execution) == ACKNOWLEDGED
    driver.expire()
    assert driver.last[0] == "$next/get"


def test_a_described_member_of_the_document_does_not_hide_that_the_jobid_is_missing() -> None:
    driver = Driver().online()
    execution = {"jobDocument": document(size="ten"), "status": "QUEUED", "versionNumber": 1}
    assert driver.answer(execution=execution) == ACKNOWLEDGED


@pytest.mark.parametrize(
    "code", ["InternalError", "RequestThrottled", "InvalidRequest", "InvalidTopic", "ResourceNotFound"]
)
def test_a_refused_description_of_next_is_asked_for_later(code: str) -> None:
    driver = Driver().online()
    driver.refused(code)
    assert 10_000 <= driver.actions[-1].value <= 20_000
    driver.expire()
    assert driver.last[0] == "$next/get"


def test_a_refused_list_is_asked_for_later() -> None:
    driver = Driver(description=LEAVE).online()
    driver.describe("foreign", jobDocument={"operation": "reboot"})
    driver.refused("RequestThrottled")
    driver.expire()
    assert driver.last[0] == "get"


def test_a_listed_job_that_is_gone_is_not_asked_for_again() -> None:
    driver = Driver(description=LEAVE).online()
    driver.describe("foreign", jobDocument={"operation": "reboot"})
    jobs = {"inProgressJobs": [], "queuedJobs": [{"jobId": "gone"}, {"jobId": "ours"}]}
    driver.answer(**jobs)
    driver.refused("ResourceNotFound")
    driver.answer(**jobs)
    assert driver.last[0] == "ours/get"


# The job worked on, as messages tell of it.


def test_a_notification_of_the_job_raises_its_version_and_never_lowers_it() -> None:
    driver = Driver().receiving()
    for version, known in ((9, 9), (4, 9)):
        driver.message(
            "notify-next", {"execution": {"jobId": "job", "status": "IN_PROGRESS", "versionNumber": version}}
        )
        assert driver.engine.job_state.version == known


def test_a_notification_that_the_job_ended_cancels_it() -> None:
    driver = Driver().receiving()
    driver.message("notify-next", {"execution": {"jobId": "job", "status": "REMOVED", "versionNumber": 3}})
    assert driver.events[-1] is Tell.CANCELLED


def test_a_broken_notification_is_asked_about_when_idle() -> None:
    driver = Driver().online()
    driver.describe_nothing()
    assert not driver.has(ActionId.PUBLISH)
    driver.message("notify-next", b"{")
    assert driver.last[0] == "$next/get"


def test_after_a_reconnect_another_first_job_has_ours_asked_for() -> None:
    driver = Driver().receiving()
    driver.give(Disconnected())
    driver.connect()
    driver.describe("other")
    assert driver.last == ("job/get", {**driver.last[1], "includeJobDocument": False})
    driver.describe("job", "IN_PROGRESS", 8)
    assert (driver.phase, driver.engine.job_state.version) == (Phase.RECEIVING, 8)


def test_a_job_that_ended_while_its_image_awaits_the_reboot_is_erased() -> None:
    driver = Driver().rebooting()
    driver.connect()
    driver.describe_nothing()
    driver.refused("TerminalStateReached")
    assert driver.actions[1:4] == [
        Action(ActionId.PERSIST),
        Action(ActionId.TELL, what=Tell.CANCELLED),
        Action(ActionId.ERASE, value=0),
    ]
    assert driver.phase is Phase.REVERTING
    driver.give(Erased())
    assert (driver.phase, driver.record, driver.events[-1]) == (Phase.IDLE, None, Tell.CANCELLED)
    assert driver.last[0] == "$next/get"


def test_a_job_that_ended_while_it_is_to_be_confirmed_leaves_the_image_to_the_application() -> None:
    driver = Driver().confirming()
    driver.connect()
    driver.describe_nothing()
    driver.refused("TerminalStateReached")
    assert (driver.phase, driver.record, driver.has(ActionId.ERASE)) == (Phase.IDLE, None, False)


# Updates.


def test_an_accepted_update_without_a_state_leaves_the_version_unknown() -> None:
    driver = Driver().online()
    driver.describe(version=3)
    driver.answer()
    assert (driver.phase, driver.engine.job_state.version) == (Phase.REQUESTING, 0)


def test_an_update_that_finds_the_job_ended_cancels_it() -> None:
    driver = Driver().online()
    driver.describe()
    driver.updated("CANCELED", 2)
    assert driver.events == [Tell.CANCELLED]


@pytest.mark.parametrize("code", ["RequestThrottled", "InternalError", "InvalidJson", "InvalidRequest"])
def test_a_refused_update_is_sent_later(code: str) -> None:
    driver = Driver().online()
    driver.describe()
    driver.refused(code)
    assert not driver.has(ActionId.PUBLISH)
    driver.expire()
    assert driver.last_status[0] == "IN_PROGRESS"


def test_a_report_waits_for_the_update_under_way() -> None:
    driver = Driver().online()
    driver.describe()
    driver.give(Cancel())
    assert driver.phase is Phase.REPORTING
    assert not driver.has(ActionId.PUBLISH)
    driver.updated("IN_PROGRESS", 2)
    assert driver.last_status == ("FAILED", {"reason": "cancelled by the application"})
    assert Tell.STARTED not in driver.events


def test_an_update_whose_job_ended_meanwhile_is_not_sent_again() -> None:
    driver = Driver().online()
    driver.describe()
    driver.message("notify-next", {"execution": {"jobId": "job", "status": "CANCELED", "versionNumber": 3}})
    assert (driver.phase, driver.has(ActionId.PUBLISH)) == (Phase.IDLE, False)
    driver.expire()
    assert driver.last[0] == "$next/get"


def test_an_early_success_that_the_cloud_cancelled_is_taken_back() -> None:
    driver = Driver(Settings(report_on_download=True)).applying()
    driver.give(UpgradeRequested())
    driver.refused("InvalidStateTransition", status="CANCELED", versionNumber=9)
    assert Action(ActionId.ERASE, value=0) in driver.actions
    assert (driver.phase, driver.events[-1]) == (Phase.REVERTING, Tell.CANCELLED)
    driver.give(Erased())
    assert (driver.phase, driver.record) == (Phase.IDLE, None)


# The connection.


def test_a_refused_subscription_is_asked_for_again() -> None:
    driver = Driver()
    driver.boot()
    driver.give(Connected())
    driver.give(Subscribed(-1))
    assert not driver.has(ActionId.SUBSCRIBE)
    assert driver.expire()[0].id is ActionId.SUBSCRIBE
    driver.expire()
    assert driver.has(ActionId.SUBSCRIBE), "a lost one too"


def test_a_connection_that_replaces_another_forgets_no_request() -> None:
    driver = Driver().online()
    driver.describe()
    driver.connect()
    driver.describe(status="IN_PROGRESS")
    assert driver.last_status[0] == "IN_PROGRESS"


def test_a_document_that_is_no_object_is_the_one_thing_in_the_envelope_that_fails_a_job() -> None:
    driver = Driver().online()
    driver.answer(execution={"jobId": "job", "status": "QUEUED", "versionNumber": 1, "jobDocument": "text"})
    assert driver.engine.reason == Reason.UNREADABLE
