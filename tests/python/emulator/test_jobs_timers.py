# SPDX-License-Identifier: Apache-2.0
"""The in-progress timer and the step timer, on a clock that the test moves."""

from __future__ import annotations

import pytest
from jobs_bench import JobsBench, notified

from aws_fota.emulator.clock import ManualClock
from aws_fota.emulator.jobs_model import JobConfig, JobStatus, Status


def status(bench: JobsBench, number: int | None = None) -> Status:
    return bench.control.execution("j1", "lamp", number).status


def test_a_queued_execution_never_times_out() -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(in_progress_timeout_minutes=1))
    assert bench.service.next_deadline() is None
    bench.clock.advance(1e6)
    assert bench.service.tick() == []


def test_the_in_progress_timer_is_fixed_at_the_start() -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(in_progress_timeout_minutes=2))
    bench.update("j1", "IN_PROGRESS")
    bench.clock.advance(100)
    bench.update("j1", "IN_PROGRESS", statusDetails={"progress": "1"})
    assert bench.service.next_deadline() == 120
    assert bench.next()["approximateSecondsBeforeTimedOut"] == 20
    bench.clock.advance(19.5)
    assert bench.service.tick() == []
    assert status(bench) is Status.IN_PROGRESS
    bench.clock.advance(0.5)
    assert set(notified(bench.service.tick())) == {"notify", "notify-next"}
    assert status(bench) is Status.TIMED_OUT
    history = bench.control.execution("j1", "lamp").history
    assert (history[-1].cause, history[-1].version_number) == ("timer", 4)
    assert bench.control.job("j1").status is JobStatus.COMPLETED
    assert bench.service.next_deadline() is None


def test_the_step_timer_is_renewed_by_an_update_that_gives_it() -> None:
    bench = JobsBench()
    bench.create()
    bench.update("j1", "IN_PROGRESS", stepTimeoutInMinutes=1)
    bench.clock.advance(50)
    bench.update("j1", "IN_PROGRESS", stepTimeoutInMinutes=1)
    assert bench.service.next_deadline() == 110
    bench.clock.advance(50)
    bench.update("j1", "IN_PROGRESS")
    assert bench.service.next_deadline() == 110
    bench.clock.advance(10)
    bench.service.tick()
    assert status(bench) is Status.TIMED_OUT


def test_minus_one_cancels_the_step_timer_only() -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(in_progress_timeout_minutes=10))
    bench.update("j1", "IN_PROGRESS", stepTimeoutInMinutes=1)
    assert bench.service.next_deadline() == 60
    bench.update("j1", "IN_PROGRESS", stepTimeoutInMinutes=-1)
    assert bench.service.next_deadline() == 600


def test_the_step_timer_never_lasts_past_the_in_progress_timer() -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(in_progress_timeout_minutes=2))
    bench.update("j1", "IN_PROGRESS", stepTimeoutInMinutes=60)
    assert bench.next()["approximateSecondsBeforeTimedOut"] == 120


def test_start_next_renews_the_step_timer_of_one_in_progress() -> None:
    bench = JobsBench()
    bench.create()
    bench.ask("start-next", {"stepTimeoutInMinutes": 1})
    bench.clock.advance(30)
    bench.ask("start-next", {"stepTimeoutInMinutes": 1})
    assert bench.service.next_deadline() == 90


@pytest.mark.parametrize("final", ["SUCCEEDED", "FAILED", "REJECTED"])
def test_an_end_stops_both_timers(final: str) -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(in_progress_timeout_minutes=5))
    bench.update("j1", "IN_PROGRESS", stepTimeoutInMinutes=1)
    bench.update("j1", final, stepTimeoutInMinutes=1)
    assert bench.service.next_deadline() is None
    bench.clock.advance(1e4)
    assert bench.service.tick() == []
    assert status(bench) is Status(final)


def test_a_timed_out_execution_is_retried_with_timers_of_its_own() -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(in_progress_timeout_minutes=1, retries={"TIMED_OUT": 1}))
    bench.update("j1", "IN_PROGRESS")
    bench.clock.advance(60)
    assert notified(bench.service.tick())["notify-next"]["execution"]["executionNumber"] == 2
    assert (status(bench, 1), status(bench, 2)) == (Status.TIMED_OUT, Status.QUEUED)
    assert bench.service.next_deadline() is None
    bench.update("j1", "IN_PROGRESS")
    assert bench.service.next_deadline() == 120
    bench.clock.advance(60)
    bench.service.tick()
    assert status(bench) is Status.TIMED_OUT
    assert bench.next() is None


def test_a_request_after_the_deadline_finds_the_execution_timed_out() -> None:
    bench = JobsBench()
    bench.create()
    bench.update("j1", "IN_PROGRESS", stepTimeoutInMinutes=1)
    bench.clock.advance(61)
    deliveries = bench.deliveries("j1/update", {"status": "SUCCEEDED"})
    assert [it.topic.rsplit("/", 1)[1] for it in deliveries] == ["notify", "notify-next", "rejected"]
    assert bench.update("j1", "SUCCEEDED")[1]["executionState"]["status"] == "TIMED_OUT"


def test_several_timers_run_out_in_their_order() -> None:
    bench = JobsBench()
    for job_id, minutes in (("a", 3), ("b", 1), ("c", 2)):
        bench.create(job_id)
        bench.update(job_id, "IN_PROGRESS", stepTimeoutInMinutes=minutes)
    seen = []
    bench.service.ledger.observers.append(lambda change: seen.append(change.job_id))
    bench.clock.advance(1000)
    bench.service.tick()
    assert seen == ["b", "c", "a"]


def test_a_manual_clock_only_goes_forward() -> None:
    clock = ManualClock()
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
