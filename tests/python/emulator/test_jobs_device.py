# SPDX-License-Identifier: Apache-2.0
"""What a device is told about its executions, and what its updates do to them."""

from __future__ import annotations

import pytest
from jobs_bench import DOCUMENT, JobsBench

from aws_fota.emulator import jobs_limits
from aws_fota.emulator.jobs_model import RefusalCode, Status

NOW = 1_600_000_000


def test_describe_next_tells_everything_about_the_first_pending_execution() -> None:
    bench = JobsBench()
    bench.create()
    assert bench.ask("$next/get", {"clientToken": "t"}) == (
        "accepted",
        {
            "execution": {
                "jobId": "j1",
                "thingName": "lamp",
                "status": "QUEUED",
                "statusDetails": {},
                "queuedAt": NOW,
                "lastUpdatedAt": NOW,
                "versionNumber": 1,
                "executionNumber": 1,
                "jobDocument": DOCUMENT,
            },
            "timestamp": NOW,
            "clientToken": "t",
        },
    )


def test_describe_next_without_a_pending_execution_has_no_execution() -> None:
    assert JobsBench().ask("$next/get") == ("accepted", {"timestamp": NOW})


def test_describe_by_id_can_leave_the_document_out() -> None:
    bench = JobsBench()
    bench.create()
    full = bench.ask("j1/get")[1]["execution"]
    short = bench.ask("j1/get", {"includeJobDocument": False})[1]["execution"]
    assert full["jobDocument"] == DOCUMENT
    assert short == {key: value for key, value in full.items() if key != "jobDocument"}


def test_describe_of_an_unknown_job_or_execution_is_not_found() -> None:
    bench = JobsBench()
    bench.create()
    assert bench.ask("j2/get")[1]["code"] == "ResourceNotFound"
    assert bench.ask("j1/get", {"executionNumber": 2})[1]["code"] == "ResourceNotFound"
    assert bench.ask("j1/get", {"executionNumber": 1})[0] == "accepted"
    assert bench.update("j2", "FAILED")[1]["code"] == "ResourceNotFound"


def test_a_thing_that_is_not_registered_is_not_found() -> None:
    assert JobsBench().ask("get", thing="stranger")[1]["code"] == "ResourceNotFound"


def test_describe_of_an_ended_execution_is_refused_as_terminal() -> None:
    bench = JobsBench()
    bench.create()
    bench.update("j1", "SUCCEEDED")
    verdict, answer = bench.ask("j1/get", {"clientToken": "t"})
    assert (verdict, answer["code"], answer["clientToken"]) == ("rejected", "TerminalStateReached", "t")


def test_get_lists_those_in_progress_and_those_queued() -> None:
    bench = JobsBench()
    bench.create("a")
    bench.clock.advance(5)
    bench.create("b")
    bench.update("b", "IN_PROGRESS")
    assert bench.ask("get") == (
        "accepted",
        {
            "inProgressJobs": [
                {
                    "jobId": "b",
                    "queuedAt": NOW + 5,
                    "startedAt": NOW + 5,
                    "lastUpdatedAt": NOW + 5,
                    "versionNumber": 2,
                    "executionNumber": 1,
                }
            ],
            "queuedJobs": [
                {"jobId": "a", "queuedAt": NOW, "lastUpdatedAt": NOW, "versionNumber": 1, "executionNumber": 1}
            ],
            "timestamp": NOW + 5,
        },
    )


def test_get_without_jobs_lists_nothing() -> None:
    assert JobsBench().ask("get") == ("accepted", {"inProgressJobs": [], "queuedJobs": [], "timestamp": NOW})


def test_start_next_starts_the_first_queued_execution_with_its_details() -> None:
    bench = JobsBench()
    bench.create()
    bench.clock.advance(7)
    verdict, answer = bench.ask("start-next", {"statusDetails": {"step": "1"}, "stepTimeoutInMinutes": 2})
    execution = answer["execution"]
    assert verdict == "accepted"
    assert (execution["status"], execution["statusDetails"]) == ("IN_PROGRESS", {"step": "1"})
    assert (execution["versionNumber"], execution["startedAt"]) == (2, NOW + 7)
    assert execution["approximateSecondsBeforeTimedOut"] == 120
    assert execution["jobDocument"] == DOCUMENT


def test_start_next_leaves_the_details_of_one_in_progress() -> None:
    bench = JobsBench()
    bench.create()
    bench.ask("start-next", {"statusDetails": {"step": "1"}})
    execution = bench.ask("start-next", {"statusDetails": {"step": "2"}})[1]["execution"]
    assert (execution["statusDetails"], execution["versionNumber"]) == ({"step": "1"}, 2)


def test_start_next_with_nothing_pending_has_no_execution() -> None:
    assert JobsBench().ask("start-next") == ("accepted", {"timestamp": NOW})


def test_an_update_tells_state_and_document_only_when_asked() -> None:
    bench = JobsBench()
    bench.create()
    assert bench.update("j1", "IN_PROGRESS") == ("accepted", {"timestamp": NOW})
    asked = {"includeJobExecutionState": True, "includeJobDocument": True, "clientToken": "t"}
    assert bench.update("j1", "IN_PROGRESS", statusDetails={"progress": "10"}, **asked) == (
        "accepted",
        {
            "executionState": {"status": "IN_PROGRESS", "statusDetails": {"progress": "10"}, "versionNumber": 3},
            "jobDocument": DOCUMENT,
            "timestamp": NOW,
            "clientToken": "t",
        },
    )


def test_details_stay_unless_given_and_are_replaced_whole() -> None:
    bench = JobsBench()
    bench.create()
    bench.update("j1", "IN_PROGRESS", statusDetails={"a": "1", "b": "2"})
    bench.update("j1", "IN_PROGRESS")
    assert bench.control.execution("j1", "lamp").status_details == {"a": "1", "b": "2"}
    bench.update("j1", "IN_PROGRESS", statusDetails={"b": "3"})
    assert bench.control.execution("j1", "lamp").status_details == {"b": "3"}
    bench.update("j1", "SUCCEEDED", statusDetails={})
    assert bench.control.execution("j1", "lamp").status_details == {}


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "REJECTED"])
@pytest.mark.parametrize("started", [False, True])
def test_a_device_ends_an_execution_from_either_pending_status(status: str, started: bool) -> None:
    bench = JobsBench()
    bench.create()
    if started:
        bench.update("j1", "IN_PROGRESS")
    assert bench.update("j1", status)[0] == "accepted"
    assert bench.control.execution("j1", "lamp").status is Status(status)
    assert bench.next() is None


@pytest.mark.parametrize("expected", [1, "1"])
def test_the_expected_version_must_be_the_current_one(expected: object) -> None:
    bench = JobsBench()
    bench.create()
    bench.update("j1", "IN_PROGRESS", statusDetails={"progress": "1"})
    verdict, answer = bench.update("j1", "SUCCEEDED", expectedVersion=expected)
    assert (verdict, answer["code"]) == ("rejected", "VersionMismatch")
    assert answer["executionState"] == {
        "status": "IN_PROGRESS",
        "statusDetails": {"progress": "1"},
        "versionNumber": 2,
    }
    assert bench.update("j1", "SUCCEEDED", expectedVersion=2)[0] == "accepted"


@pytest.mark.parametrize("status", ["IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"])
def test_an_ended_execution_takes_no_update_whatever_version_is_expected(status: str) -> None:
    bench = JobsBench()
    bench.create()
    bench.update("j1", "SUCCEEDED", statusDetails={"progress": "100"})
    for expected in ({}, {"expectedVersion": 1}, {"expectedVersion": 2}):
        verdict, answer = bench.update("j1", status, **expected)
        assert (verdict, answer["code"]) == ("rejected", "InvalidStateTransition")
        assert answer["executionState"] == {
            "status": "SUCCEEDED",
            "statusDetails": {"progress": "100"},
            "versionNumber": 2,
        }


def test_how_an_update_of_an_ended_execution_is_refused_is_one_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_limits, "ENDED_UPDATE_IS_INVALID_TRANSITION", False)
    bench = JobsBench()
    bench.create()
    bench.update("j1", "SUCCEEDED")
    answer = bench.update("j1", "FAILED")[1]
    assert (answer["code"], "executionState" in answer) == ("TerminalStateReached", False)


@pytest.mark.parametrize("code", [RefusalCode.REQUEST_THROTTLED, RefusalCode.INTERNAL_ERROR])
def test_the_service_refuses_on_demand_and_then_goes_on(code: RefusalCode) -> None:
    bench = JobsBench()
    bench.create()
    bench.service.device.refuse_next(code, times=2)
    assert bench.update("j1", "IN_PROGRESS")[1]["code"] == code
    assert bench.ask("get")[1]["code"] == code
    assert bench.control.execution("j1", "lamp").version == 1
    assert bench.update("j1", "IN_PROGRESS")[0] == "accepted"


def test_all_nine_codes_are_spelled_as_in_the_contract() -> None:
    assert {str(code) for code in RefusalCode} == {
        "InvalidTopic",
        "InvalidJson",
        "InvalidRequest",
        "InvalidStateTransition",
        "ResourceNotFound",
        "VersionMismatch",
        "InternalError",
        "RequestThrottled",
        "TerminalStateReached",
    }


def test_the_history_holds_every_change() -> None:
    bench = JobsBench()
    seen = []
    bench.service.ledger.observers.append(seen.append)
    bench.create()
    bench.update("j1", "IN_PROGRESS", statusDetails={"progress": "0"})
    bench.clock.advance(3)
    bench.update("j1", "IN_PROGRESS", statusDetails={"progress": "50"})
    bench.update("j1", "FAILED", statusDetails={"reason": "no"})
    history = bench.control.execution("j1", "lamp").history
    assert [(it.status, dict(it.status_details), it.version_number, it.cause, it.at) for it in history] == [
        ("QUEUED", {}, 1, "created", NOW + 0.25),
        ("IN_PROGRESS", {"progress": "0"}, 2, "device", NOW + 0.25),
        ("IN_PROGRESS", {"progress": "50"}, 3, "device", NOW + 3.25),
        ("FAILED", {"reason": "no"}, 4, "device", NOW + 3.25),
    ]
    assert seen == history
