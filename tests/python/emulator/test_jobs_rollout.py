# SPDX-License-Identifier: Apache-2.0
"""Rollout rates, aborts, groups and continuous jobs."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from aws_fota.emulator.clock import ManualClock
from aws_fota.emulator.jobs_model import ControlError, Delivery, JobConfig, JobStatus, Status
from aws_fota.emulator.jobs_rollout import AbortRule, Rollout
from aws_fota.emulator.service import JobsService

DOCUMENT = {"operation": "app_fw_update"}
THINGS = [f"t{number}" for number in range(5)]


class Fleet:
    """A service with five things."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.service = JobsService(self.clock)
        self.control, self.groups = self.service.control, self.service.groups
        for thing in THINGS:
            self.control.create_thing(thing)

    def update(self, thing: str, status: str, job_id: str = "j") -> list[Delivery]:
        payload = json.dumps({"status": status}).encode()
        answer, *told = self.service.handle(thing, f"$aws/things/{thing}/jobs/{job_id}/update", payload)
        assert answer.topic.endswith("/accepted"), answer.payload
        return told

    def statuses(self, job_id: str = "j") -> dict[str, str]:
        return {it.thing: it.status.value for it in self.control.job(job_id).latest()}

    def reached(self) -> int:
        return len(self.control.job("j").executions)


def told(deliveries: list[Delivery]) -> set[str]:
    return {delivery.thing for delivery in deliveries}


def test_a_rollout_reaches_so_many_things_a_minute() -> None:
    fleet = Fleet()
    first = fleet.control.create_job("j", DOCUMENT, THINGS, JobConfig(rollout=Rollout(per_minute=2)))
    assert told(first) == {"t0", "t1"}
    fleet.clock.advance(59)
    assert fleet.service.tick() == []
    assert fleet.service.next_deadline() == 60
    fleet.clock.advance(1)
    assert told(fleet.service.tick()) == {"t2", "t3"}
    for thing in THINGS[:4]:
        fleet.update(thing, "SUCCEEDED")
    assert fleet.control.job("j").status is JobStatus.IN_PROGRESS
    fleet.clock.advance(60)
    assert told(fleet.service.tick()) == {"t4"}
    fleet.update("t4", "SUCCEEDED")
    assert fleet.control.job("j").status is JobStatus.COMPLETED
    assert fleet.control.job("j").completed_at == fleet.clock.wall()
    assert fleet.service.next_deadline() is None


def test_a_rollout_ends_with_its_job() -> None:
    for end in (fleet_cancel, fleet_delete):
        fleet = Fleet()
        fleet.control.create_job("j", DOCUMENT, THINGS, JobConfig(rollout=Rollout(per_minute=1)))
        end(fleet)
        fleet.clock.advance(3600)
        assert fleet.service.tick() == []
        assert fleet.service.next_deadline() is None


def fleet_cancel(fleet: Fleet) -> None:
    fleet.control.cancel_job("j", reason_code="R1", comment="no")
    job = fleet.control.job("j")
    assert (job.status, job.reason_code, job.comment, job.waiting) == (JobStatus.CANCELED, "R1", "no", [])


def fleet_delete(fleet: Fleet) -> None:
    fleet.control.delete_job("j", force=True)


@pytest.mark.parametrize(
    ("rollout", "notified", "succeeded", "batch"),
    [
        (Rollout(), 0, 0, None),
        (Rollout(per_minute=7), 100, 100, 7),
        (Rollout(None, 10, 2.0, notified=5), 4, 0, 10),
        (Rollout(None, 10, 2.0, notified=5), 5, 0, 20),
        (Rollout(None, 10, 2.0, notified=5), 14, 0, 40),
        (Rollout(None, 10, 1.5, succeeded=2), 99, 3, 15),
        (Rollout(50, 10, 5.0, notified=1), 2, 0, 50),
        (Rollout(1000, 1000, 5.0, notified=1), 10**6, 0, 1000),
    ],
)
def test_exponential_rates(rollout: Rollout, notified: int, succeeded: int, batch: int | None) -> None:
    assert rollout.batch(notified, succeeded) == batch


@pytest.mark.parametrize(
    ("rule", "ended", "holds"),
    [
        (AbortRule("FAILED", 50, 2), {"FAILED": 1}, False),
        (AbortRule("FAILED", 50, 2), {"FAILED": 1, "SUCCEEDED": 1}, True),
        (AbortRule("FAILED", 50, 2), {"FAILED": 1, "SUCCEEDED": 2}, False),
        (AbortRule("FAILED", 50, 1), {"REJECTED": 9}, False),
        (AbortRule("REJECTED", 50, 1), {"REJECTED": 1}, True),
        (AbortRule("ALL", 60, 5), {"REJECTED": 1, "FAILED": 1, "TIMED_OUT": 1, "SUCCEEDED": 2}, True),
        (AbortRule("ALL", 0, 1), {"SUCCEEDED": 2}, False),
    ],
)
def test_abort_rules(rule: AbortRule, ended: dict[str, int], holds: bool) -> None:
    assert rule.holds(Counter(ended)) is holds


def test_an_abort_cancels_what_is_queued_and_tells_its_things() -> None:
    fleet = Fleet()
    fleet.control.create_job("j", DOCUMENT, THINGS, JobConfig(abort=(AbortRule("FAILED", 40, 2),)))
    fleet.update("t0", "IN_PROGRESS")
    fleet.update("t1", "FAILED")
    assert fleet.control.job("j").status is JobStatus.IN_PROGRESS
    deliveries = fleet.update("t2", "FAILED")
    assert told(deliveries) == {"t2", "t3", "t4"}
    assert fleet.control.job("j").status is JobStatus.CANCELED
    expected = {"t0": "IN_PROGRESS", "t1": "FAILED", "t2": "FAILED", "t3": "CANCELED", "t4": "CANCELED"}
    assert fleet.statuses() == expected
    fleet.update("t0", "SUCCEEDED")
    assert fleet.control.job("j").status is JobStatus.CANCELED


def grouped(*, continuous: bool) -> Fleet:
    fleet = Fleet()
    fleet.groups.create("g")
    for thing in ("t1", "t2"):
        fleet.groups.add("g", thing)
    fleet.control.create_job("j", DOCUMENT, ["t0"], JobConfig(continuous=continuous), groups=["g"])
    return fleet


def test_a_snapshot_job_keeps_the_members_of_its_start() -> None:
    fleet = grouped(continuous=False)
    assert fleet.groups.add("g", "t3") == []
    assert fleet.groups.remove("g", "t1") == []
    assert fleet.statuses() == {"t0": "QUEUED", "t1": "QUEUED", "t2": "QUEUED"}
    for thing in ("t0", "t1", "t2"):
        fleet.update(thing, "SUCCEEDED")
    assert fleet.control.job("j").status is JobStatus.COMPLETED


def test_a_continuous_job_follows_its_group() -> None:
    fleet = grouped(continuous=True)
    assert told(fleet.groups.add("g", "t3")) == {"t3"}
    assert fleet.groups.add("g", "t3") == []
    assert told(fleet.groups.remove("g", "t1")) == {"t1"}
    assert fleet.groups.remove("g", "t1") == []
    assert fleet.statuses() == {"t0": "QUEUED", "t1": "REMOVED", "t2": "QUEUED", "t3": "QUEUED"}
    for thing in ("t0", "t2", "t3"):
        fleet.update(thing, "SUCCEEDED")
    assert fleet.control.job("j").status is JobStatus.IN_PROGRESS
    assert told(fleet.groups.add("g", "t1")) == {"t1"}
    assert fleet.control.execution("j", "t1").number == 2


def test_a_thing_stays_that_is_targeted_by_itself_or_by_another_group() -> None:
    fleet = grouped(continuous=True)
    fleet.groups.create("h")
    fleet.groups.add("h", "t1")
    fleet.groups.add("g", "t0")
    fleet.control.add_targets("j", [], ["h"])
    fleet.groups.remove("g", "t0")
    fleet.groups.remove("g", "t1")
    assert fleet.statuses() == {"t0": "QUEUED", "t1": "QUEUED", "t2": "QUEUED"}
    assert told(fleet.groups.delete("h")) == {"t1"}
    assert fleet.statuses()["t1"] == "REMOVED"
    assert fleet.groups.delete("h") == []


def test_a_thing_that_joins_waits_for_the_rollout() -> None:
    fleet = Fleet()
    fleet.groups.create("g")
    rate = JobConfig(continuous=True, rollout=Rollout(per_minute=1))
    fleet.control.create_job("j", DOCUMENT, ["t0"], rate, groups=["g"])
    assert fleet.groups.add("g", "t1") == []
    assert fleet.reached() == 1
    fleet.clock.advance(60)
    assert told(fleet.service.tick()) == {"t1"}


def test_targets_are_added_to_a_job_that_goes_on() -> None:
    fleet = Fleet()
    fleet.control.create_job("j", DOCUMENT, ["t0"])
    assert told(fleet.control.add_targets("j", ["t0", "t1"])) == {"t1"}
    fleet.control.cancel_job("j")
    with pytest.raises(ControlError, match="is CANCELED"):
        fleet.control.add_targets("j", ["t2"])


def test_a_deleted_thing_leaves_its_jobs_and_groups() -> None:
    fleet = grouped(continuous=False)
    fleet.update("t1", "IN_PROGRESS")
    for thing in ("t0", "t2"):
        fleet.update(thing, "SUCCEEDED")
    assert told(fleet.control.delete_thing("t1")) == {"t1"}
    assert fleet.statuses() == {"t0": "SUCCEEDED", "t1": "REMOVED", "t2": "SUCCEEDED"}
    assert fleet.control.job("j").status is JobStatus.COMPLETED
    assert fleet.groups.group("g").things == ["t2"]
    with pytest.raises(ControlError, match="there is no thing t1"):
        fleet.control.delete_thing("t1")


def test_one_execution_is_deleted() -> None:
    fleet = Fleet()
    fleet.control.create_job("j", DOCUMENT, ["t0", "t1"])
    with pytest.raises(ControlError) as caught:
        fleet.control.delete_execution("j", "t0", 1)
    assert caught.value.code == "InvalidStateTransition"
    assert told(fleet.control.delete_execution("j", "t0", 1, force=True)) == {"t0"}
    fleet.update("t1", "SUCCEEDED")
    assert fleet.control.job("j").status is JobStatus.COMPLETED
    assert fleet.control.delete_execution("j", "t1", 1) == []
    assert fleet.control.job("j").executions == {}


def test_a_retry_after_a_deleted_try_has_a_number_of_its_own() -> None:
    fleet = Fleet()
    fleet.control.create_job("j", DOCUMENT, ["t0"], JobConfig(retries={"FAILED": 3}))
    fleet.update("t0", "FAILED")
    fleet.control.delete_execution("j", "t0", 1)
    fleet.update("t0", "FAILED")
    assert [one.number for one in fleet.control.job("j").executions["t0"]] == [2, 3]
    assert fleet.control.execution("j", "t0").status is Status.QUEUED


def test_unknown_names_are_refused() -> None:
    fleet = Fleet()
    fleet.groups.create("g")
    for call in (
        lambda: fleet.groups.add("none", "t0"),
        lambda: fleet.groups.add("g", "none"),
        lambda: fleet.groups.remove("g", "none"),
        lambda: fleet.control.create_job("j", DOCUMENT, [], groups=["none"]),
    ):
        with pytest.raises(ControlError) as caught:
            call()
        assert caught.value.code == "ResourceNotFound"
    with pytest.raises(ControlError, match="1 to 128"):
        fleet.groups.create("a b")
