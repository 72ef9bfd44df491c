# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the engine: the link, and answers that are lost, refused or not ours."""

from __future__ import annotations

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import Action, ActionId, Phase, Request, Tell, TimerId
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.topics import Topic, TopicKind
from differential.engine_scenarios import ids, repeat, scenario, told
from differential.engine_script import JOB, Script


@scenario
def a_lost_answer_is_asked_for_again(script: Script) -> None:
    script.boot()
    script.step(io.Connected())
    for _ in repeat(script.pair.settings.retries_max - 1):
        assert ActionId.SUBSCRIBE in ids(script.expire())
    assert ids(script.expire()) == [ActionId.TIMER_START]
    assert ActionId.SUBSCRIBE in ids(script.expire())
    script.step(io.Subscribed())
    for _ in repeat(script.pair.settings.retries_max - 1):
        assert ActionId.PUBLISH in ids(script.expire())
    assert ids(script.expire()) == [ActionId.TIMER_START]
    assert script.step(io.Timer(TimerId.DOWNLOAD)).actions == ()
    assert ActionId.PUBLISH in ids(script.expire())
    assert ids(script.describe(nothing=True)) == [ActionId.TIMER_STOP]
    assert script.expire().actions == ()


@scenario
def a_refused_subscription_is_tried_later(script: Script) -> None:
    script.boot()
    assert script.step(io.Subscribed()).actions == ()
    assert script.step(io.Subscribed(-5)).actions == ()
    script.step(io.Connected())
    assert ids(script.step(io.Subscribed(-5))) == [ActionId.TIMER_START]
    assert ActionId.SUBSCRIBE in ids(script.expire())
    script.step(io.Subscribed(-5))
    # The answer to the first one comes after all.
    assert ActionId.PUBLISH in ids(script.step(io.Subscribed()))
    assert script.step(io.Subscribed()).actions == ()


@scenario
def a_connection_that_comes_and_goes(script: Script) -> None:
    script.boot()
    script.connect()
    assert ids(script.step(io.Disconnected())) == [ActionId.TIMER_STOP]
    assert script.step(io.Disconnected()).actions == ()
    script.connect()
    assert ids(script.step(io.Connected())) == [ActionId.SUBSCRIBE, ActionId.TIMER_START]
    script.step(io.Subscribed())
    script.refuse(TopicKind.NEXT_REJECTED, "RequestThrottled")
    assert ids(script.step(io.Disconnected())) == [ActionId.TIMER_STOP]


@scenario
def an_update_in_flight_survives_a_new_connection(script: Script) -> None:
    script.to_starting()
    script.connect()
    script.describe(nothing=True)
    assert script.request is Request.DESCRIBE_JOB
    script.describe(by_id=JOB)
    assert script.request is Request.UPDATE
    script.accept_update()
    assert script.phase is Phase.REQUESTING


@scenario
def refusals_of_an_update(script: Script) -> None:
    script.to_starting()
    for code, status, version, expected in (
        ("VersionMismatch", "QUEUED", 7, b'"expectedVersion":7'),
        ("RequestThrottled", "IN_PROGRESS", 8, b'"expectedVersion":8'),
        ("InternalError", None, None, b'"expectedVersion":8'),
        ("VersionMismatch", None, None, b'"includeJobExecutionState"'),
        ("InvalidStateTransition", "QUEUED", 9, b'"expectedVersion":9'),
        ("InvalidStateTransition", None, None, b'"includeJobExecutionState"'),
    ):
        seen = script.refuse(TopicKind.UPDATE_REJECTED, code, status, version)
        at_once = (code, version) == ("VersionMismatch", 7) and script.pair.settings.retries_max > 1
        assert (script.request is Request.UPDATE) is at_once
        seen = seen if at_once else script.expire()
        assert expected in (seen.payload or b"")
        assert (b"expectedVersion" in (seen.payload or b"")) is (b"expectedVersion" in expected)


@scenario
def mismatches_without_end_are_bounded(script: Script) -> None:
    script.to_starting()
    for attempt in repeat(40):
        if script.request is Request.UPDATE:
            script.refuse(TopicKind.UPDATE_REJECTED, "VersionMismatch", "QUEUED", attempt + 2)
        else:
            assert attempt == script.pair.settings.retries_max
            return
    raise AssertionError("no pause between the attempts")


@scenario
def an_update_tells_that_the_job_ended(script: Script) -> None:
    for answer in (
        lambda: script.refuse(TopicKind.UPDATE_REJECTED, "InvalidStateTransition", "CANCELED", 4),
        lambda: script.refuse(TopicKind.UPDATE_REJECTED, "ResourceNotFound"),
        lambda: script.refuse(TopicKind.UPDATE_REJECTED, "TerminalStateReached"),
        lambda: script.accept_update("TIMED_OUT"),
    ):
        script.to_starting()
        assert told(answer()) == [(Tell.CANCELLED, 0)]
        assert script.phase is Phase.IDLE


@scenario
def an_update_without_state_leaves_the_version_unknown(script: Script) -> None:
    script.to_starting()
    script.accept_update(None)
    script.step(io.Cancel())
    assert b"expectedVersion" not in (script.pair.seen.payload or b"expectedVersion")


@scenario
def a_lost_update_of_a_job_that_ended_is_forgotten(script: Script) -> None:
    script.to_starting()
    script.notify_next(status="CANCELED", versionNumber=3)
    assert (script.phase, script.request) == (Phase.IDLE, Request.UPDATE)
    script.expire()
    if script.request is Request.NONE:
        script.expire()
    assert script.request is Request.DESCRIBE_NEXT
    script.describe(nothing=True)
    assert script.request is Request.NONE


@scenario
def messages_that_are_not_ours(script: Script) -> None:
    script.to_starting()
    before = script.pair.seen
    state = {"executionState": {"status": "CANCELED", "versionNumber": 9}}
    for topic, members, token in (
        (Topic(TopicKind.UPDATE_ACCEPTED, "other"), state, True),
        (Topic(TopicKind.UPDATE_ACCEPTED, JOB), state, "00000000"),
        (Topic(TopicKind.UPDATE_ACCEPTED, JOB), state, "other"),
        (Topic(TopicKind.UPDATE_ACCEPTED, JOB), state, False),
        (Topic(TopicKind.UPDATE_REJECTED, JOB), {"code": "ResourceNotFound"}, "00000000"),
        (Topic(TopicKind.JOB_REJECTED, JOB), {"code": "ResourceNotFound"}, True),
        (Topic(TopicKind.NEXT_ACCEPTED), {"execution": script.execution()}, True),
        (Topic(TopicKind.LIST_ACCEPTED), {"queuedJobs": [{"jobId": "x"}]}, True),
        (Topic(TopicKind.LIST_REJECTED), {"code": "InternalError"}, True),
        (Topic(TopicKind.NOTIFY), {}, False),
    ):
        seen = script.say(topic, members, token=token, packet_id=3)
        assert seen.actions == (Action(ActionId.ACKNOWLEDGE, packet_id=3),)
        assert (seen.phase, seen.record) == (before.phase, before.record)
    for topic in (
        b"$aws/things/other/jobs/notify-next",
        b"$aws/things/thing-1:a_b/jobs/notify-next/x",
        b"$aws/things/thing-1:a_b/jobs/x/update",
        b"any/topic",
        b"",
    ):
        assert script.text(topic, b"{}").actions == ()
    # A broken answer is no answer.
    topic = Topic(TopicKind.UPDATE_ACCEPTED, JOB)
    assert script.text(topic, b"{").actions == ()
    assert script.text(Topic(TopicKind.UPDATE_REJECTED, JOB), b"{").actions == ()


@scenario
def updates_are_refused_in_every_phase(script: Script) -> None:
    """An update that is under way when the phase changes, or was lost and is sent again."""
    for way in (script.to_starting, script.to_receiving, script.to_verifying, script.to_applying):
        way()
        if script.phase is not Phase.STARTING:
            script.boot()
            continue
        script.refuse(TopicKind.UPDATE_REJECTED, "InternalError")
        script.expire()
        script.step(io.Cancel())
        script.refuse(TopicKind.UPDATE_REJECTED, "VersionMismatch", "IN_PROGRESS", 50)
        while script.request is not Request.UPDATE:
            script.expire()
        assert b'"expectedVersion":50' in (script.pair.seen.payload or b"")
        script.refuse(TopicKind.UPDATE_REJECTED, "InvalidStateTransition")
        script.expire()
        assert b"expectedVersion" not in (script.pair.seen.payload or b"expectedVersion")


def _to_the_slow_wait(script: Script) -> None:
    """Let the requests in flight get lost until the engine waits long."""
    while script.request is not Request.NONE:
        script.expire()
    assert script.pair.engine.state.attempts == script.pair.settings.retries_max


@scenario
def a_hint_at_a_cancel_ends_the_slow_wait(script: Script) -> None:
    for hint in ({"jobId": "other"}, {"nothing": True}):
        script.to_requesting()
        script.step(io.Cancel())
        # A final report goes on waiting: there is nothing to look into.
        _to_the_slow_wait(script)
        assert script.notify_next(**hint).actions == ()
        script.to_requesting()
        script.connect()
        _to_the_slow_wait(script)
        assert script.phase is Phase.REQUESTING
        # Its own state is no reason to ask.
        assert script.notify_next(status="IN_PROGRESS", versionNumber=90).actions == ()
        script.notify_next(**hint)
        assert script.request is Request.DESCRIBE_NEXT
        script.describe(jobId="other", jobDocument=None)
        assert script.request is Request.DESCRIBE_JOB
        assert told(script.describe(by_id=JOB, jobDocument=None, status="CANCELED")) == [(Tell.CANCELLED, 0)]


@scenario
def a_new_job_ends_the_slow_wait_and_nothing_the_short_one(script: Script) -> None:
    script.boot()
    script.connect()
    if script.pair.settings.retries_max > 1:
        script.refuse(TopicKind.NEXT_REJECTED, "RequestThrottled")
        assert script.notify_next().actions == ()
        script.expire()
    _to_the_slow_wait(script)
    assert script.notify_next(nothing=True).actions == ()
    script.notify_next()
    assert script.request is Request.DESCRIBE_NEXT
    # A whole burst begins.
    assert script.pair.engine.state.attempts == 1


@scenario
def a_failure_that_the_service_retries_is_not_reported_twice(script: Script) -> None:
    script.to_requesting()
    script.step(io.Cancel())
    # The report arrived, its answer did not, and the service queued the job again.
    while script.request is not Request.UPDATE or script.pair.engine.state.attempts == 1:
        script.expire()
    seen = script.refuse(TopicKind.UPDATE_REJECTED, "VersionMismatch", "QUEUED", 12)
    assert told(seen) == [(Tell.FINISHED, JobStatus.FAILED)]
    assert seen.told == (JOB, 27, 0)
    assert (script.phase, script.request) == (Phase.IDLE, Request.DESCRIBE_NEXT)
    script.describe(versionNumber=12)
    assert script.phase is Phase.STARTING
    assert b'"expectedVersion":12' in (script.pair.seen.payload or b"")


@scenario
def a_mismatch_of_a_job_at_work_reports_the_failure_again(script: Script) -> None:
    script.to_requesting()
    script.step(io.Cancel())
    script.refuse(TopicKind.UPDATE_REJECTED, "VersionMismatch", "IN_PROGRESS", 12)
    assert script.phase is Phase.REPORTING
    script.to_starting(status="IN_PROGRESS")
    script.refuse(TopicKind.UPDATE_REJECTED, "VersionMismatch", "QUEUED", 13)
    assert script.phase is Phase.STARTING


@scenario
def the_application_learns_which_job_it_is_told_about(script: Script) -> None:
    script.to_requesting()
    assert script.pair.seen.told == (JOB, 0, 0)
    seen = script.status(404)
    assert (told(seen), seen.told) == ([(Tell.ERROR, 13)], (JOB, 13, 404))
    seen = script.accept_update("FAILED")
    assert (told(seen), seen.told) == ([(Tell.FINISHED, JobStatus.FAILED)], (JOB, 13, 404))
    assert (seen.job_id, seen.reason, seen.detail) == ("", 0, 0)
    script.to_requesting()
    seen = script.notify_next(status="CANCELED", versionNumber=90)
    assert (told(seen), seen.told) == ([(Tell.CANCELLED, 0)], (JOB, 0, 0))
    assert script.boot().told == ("", 0, 0)
