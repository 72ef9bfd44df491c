# SPDX-License-Identifier: Apache-2.0
"""When notify and notify-next are sent, what they hold, and the order of pending executions."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from jobs_bench import DOCUMENT, JobsBench, notified

from aws_fota.emulator.jobs_model import ControlError, Delivery, JobConfig

NOW = 1_600_000_000


def test_a_first_job_is_told_on_both_topics_to_subscribers() -> None:
    deliveries = JobsBench().create()
    assert [delivery.topic for delivery in deliveries] == [
        "$aws/things/lamp/jobs/notify",
        "$aws/things/lamp/jobs/notify-next",
    ]
    assert not any(delivery.to_publisher for delivery in deliveries)
    summary = {"jobId": "j1", "queuedAt": NOW, "lastUpdatedAt": NOW, "versionNumber": 1, "executionNumber": 1}
    assert notified(deliveries) == {
        "notify": {"timestamp": NOW, "jobs": {"QUEUED": [summary]}},
        "notify-next": {
            "timestamp": NOW,
            "execution": {**summary, "status": "QUEUED", "jobDocument": DOCUMENT},
        },
    }


def test_a_second_job_does_not_change_the_first() -> None:
    bench = JobsBench()
    bench.create("a")
    found = notified(bench.create("b"))
    assert set(found) == {"notify"}
    assert [summary["jobId"] for summary in found["notify"]["jobs"]["QUEUED"]] == ["a", "b"]


def test_starting_or_detailing_the_first_is_not_told() -> None:
    bench = JobsBench()
    bench.create()
    for members in ({"status": "IN_PROGRESS"}, {"status": "IN_PROGRESS", "statusDetails": {"progress": "5"}}):
        assert notified(bench.deliveries("j1/update", members)) == {}


def test_starting_the_second_makes_it_the_first() -> None:
    bench = JobsBench()
    bench.create("a")
    bench.create("b")
    found = notified(bench.deliveries("b/update", {"status": "IN_PROGRESS"}))
    assert set(found) == {"notify-next"}
    assert found["notify-next"]["execution"]["jobId"] == "b"
    assert found["notify-next"]["execution"]["status"] == "IN_PROGRESS"


def test_ending_the_first_tells_of_the_next() -> None:
    bench = JobsBench()
    bench.create("a")
    bench.create("b")
    found = notified(bench.deliveries("a/update", {"status": "SUCCEEDED"}))
    assert found["notify-next"]["execution"]["jobId"] == "b"
    assert [summary["jobId"] for summary in found["notify"]["jobs"]["QUEUED"]] == ["b"]


def test_ending_the_second_leaves_the_first() -> None:
    bench = JobsBench()
    bench.create("a")
    bench.create("b")
    assert set(notified(bench.deliveries("b/update", {"status": "REJECTED"}))) == {"notify"}


def test_ending_the_last_tells_that_nothing_is_pending() -> None:
    bench = JobsBench()
    bench.create()
    assert notified(bench.deliveries("j1/update", {"status": "SUCCEEDED"})) == {
        "notify": {"timestamp": NOW, "jobs": {}},
        "notify-next": {"timestamp": NOW},
    }


def test_a_refused_update_is_not_told() -> None:
    bench = JobsBench()
    bench.create()
    assert notified(bench.deliveries("j1/update", {"status": "SUCCEEDED", "expectedVersion": 9})) == {}


def test_the_answer_comes_before_the_notifications() -> None:
    bench = JobsBench()
    bench.create()
    assert [it.to_publisher for it in bench.deliveries("j1/update", {"status": "FAILED"})] == [True, False, False]


def test_notify_holds_at_most_15_summaries() -> None:
    bench = JobsBench()
    for number in range(20):
        deliveries = bench.create(f"j{number}")
    listed = notified(deliveries)["notify"]["jobs"]["QUEUED"]
    assert [summary["jobId"] for summary in listed] == [f"j{number}" for number in range(15)]


def test_one_in_progress_comes_first_then_the_oldest() -> None:
    bench = JobsBench()
    for job_id in ("c", "b", "a"):
        bench.create(job_id)
        bench.clock.advance(1)
    assert [it.job_id for it in bench.service.ledger.pending("lamp")] == ["c", "b", "a"]
    bench.update("a", "IN_PROGRESS")
    bench.update("b", "IN_PROGRESS")
    assert [it.job_id for it in bench.service.ledger.pending("lamp")] == ["b", "a", "c"]


def test_jobs_of_the_same_second_keep_the_order_of_their_making() -> None:
    bench = JobsBench()
    for job_id in ("z", "m", "a"):
        bench.create(job_id)
    assert [it.job_id for it in bench.service.ledger.pending("lamp")] == ["z", "m", "a"]


def test_each_thing_is_told_of_its_own() -> None:
    bench = JobsBench()
    bench.control.create_thing("door")
    deliveries = bench.control.create_job("j", DOCUMENT, ["door", "lamp"])
    assert [(it.thing, it.topic.rsplit("/", 1)[1]) for it in deliveries] == [
        ("door", "notify"),
        ("door", "notify-next"),
        ("lamp", "notify"),
        ("lamp", "notify-next"),
    ]
    assert {it.thing for it in bench.deliveries("j/update", {"status": "FAILED"})} == {"lamp"}


class Subscriber(RuleBasedStateMachine):
    """A device that believes its notifications knows at all times which execution is next, and which are pending."""

    @initialize()
    def start(self) -> None:
        self.bench = JobsBench()
        self.told_next: tuple[str, int] | None = None
        self.told_pending: list[str] = []
        self.jobs = 0

    def hear(self, deliveries: list[Delivery]) -> None:
        for name, payload in notified(deliveries).items():
            if name == "notify":
                summaries = [it for group in payload["jobs"].values() for it in group]
                pending = sorted(f"{it['jobId']}#{it['executionNumber']}" for it in summaries)
                assert pending != self.told_pending
                self.told_pending = pending
            else:
                execution = payload.get("execution")
                first = (execution["jobId"], execution["executionNumber"]) if execution else None
                assert first != self.told_next
                self.told_next = first

    @rule(retries=st.integers(0, 2), minutes=st.none() | st.integers(1, 3))
    def create(self, retries: int, minutes: int | None) -> None:
        if self.jobs < 8:
            self.jobs += 1
            config = JobConfig(minutes, {"ALL": retries} if retries else {})
            self.hear(self.bench.create(f"j{self.jobs}", config=config))

    @rule(job=st.integers(1, 8), status=st.sampled_from(["IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"]))
    def update(self, job: int, status: str) -> None:
        self.hear(self.bench.deliveries(f"j{job}/update", {"status": status, "stepTimeoutInMinutes": 2}))

    @rule()
    def start_next(self) -> None:
        self.hear(self.bench.deliveries("start-next"))

    @rule(job=st.integers(1, 8), force=st.booleans(), action=st.sampled_from(["cancel_job", "delete_job"]))
    def control(self, job: int, force: bool, action: str) -> None:
        try:
            self.hear(getattr(self.bench.control, action)(f"j{job}", force=force))
        except ControlError as error:
            assert error.code in ("ResourceNotFound", "InvalidRequest", "InvalidStateTransition")

    @rule(seconds=st.integers(1, 200))
    def wait(self, seconds: int) -> None:
        self.bench.clock.advance(seconds)
        self.hear(self.bench.service.tick())

    @invariant()
    def believes_what_is_so(self) -> None:
        execution = self.bench.next()
        assert self.told_next == ((execution["jobId"], execution["executionNumber"]) if execution else None)
        listed = self.bench.ask("get")[1]
        pending = sorted(
            f"{it['jobId']}#{it['executionNumber']}" for it in listed["inProgressJobs"] + listed["queuedJobs"]
        )
        assert self.told_pending == pending

    @invariant()
    def versions_count_up_and_ends_are_final(self) -> None:
        for job in self.bench.service.ledger.jobs.values():
            for execution in job.executions["lamp"]:
                history = execution.history
                assert [it.version_number for it in history] == list(range(1, len(history) + 1))
                assert not any(it.status.terminal for it in history[:-1])
                if execution.status.terminal:
                    assert execution.deadline is None


TestSubscriber = pytest.mark.filterwarnings("error")(Subscriber.TestCase)
TestSubscriber.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=25)
