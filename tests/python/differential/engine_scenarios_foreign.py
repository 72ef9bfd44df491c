# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the engine: jobs of other operations."""

from __future__ import annotations

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import ActionId, Phase, Request, Tell
from aws_fota.oracle.topics import Topic, TopicKind
from differential.engine_scenarios import can, ids, repeat, scenario, told
from differential.engine_script import JOB, Script, document


@scenario
def a_foreign_job(script: Script) -> None:
    for strange in ({"operation": "reboot"}, {"operation": None}, {"operation": 1}, {"operation": "x" * 40}):
        script.boot()
        script.connect()
        seen = script.describe(jobDocument=document(**strange))
        if can(script, "reject"):
            assert script.phase is Phase.REPORTING
            assert told(seen) == []
            assert b'{"reason":"operation is not for this device"}' in (seen.payload or b"")
        elif can(script, "leave"):
            assert (script.phase, script.request) == (Phase.IDLE, Request.LIST)
        elif can(script, "offer"):
            assert told(seen) == [(Tell.FOREIGN, 0)]
            assert script.phase is Phase.OFFERED


@scenario
def an_offered_job(script: Script) -> None:
    if not can(script, "offer"):
        return
    for answer, phase in ((io.Accept(), Phase.IDLE), (io.Reject(), Phase.REPORTING)):
        script.boot()
        script.connect()
        script.describe(jobDocument=document(operation="reboot"))
        script.notify_next(jobId="other")
        script.describe(by_id=JOB, jobDocument=None, versionNumber=8)
        # What is late, and about the image that runs.
        assert script.step(io.Revert()).actions == ()
        script.step(answer)
        assert script.phase is phase
    assert b"rejected by the application" in (script.pair.seen.payload or b"")
    script.boot()
    script.connect()
    script.describe(jobDocument=document(operation="reboot"))
    assert told(script.notify_next(status="CANCELED", versionNumber=9)) == [(Tell.CANCELLED, 0)]
    script.describe(jobDocument=document(operation="reboot"))
    assert script.phase is Phase.OFFERED


def leave(script: Script, job_id: str, by_id: bool = False) -> None:
    """Answer a describe with a foreign job, which is left alone."""
    script.describe(by_id=job_id if by_id else None, jobId=job_id, jobDocument=document(operation="reboot"))
    if script.phase is Phase.OFFERED:
        script.step(io.Accept())


@scenario
def jobs_behind_one_that_is_left_alone(script: Script) -> None:
    if not can(script, "leave", "offer"):
        return
    script.boot()
    script.connect()
    leave(script, "foreign-1")
    assert script.request is Request.LIST
    queued = {"queuedJobs": [{"jobId": "foreign-1"}, {"jobId": "foreign-2"}]}
    script.say(Topic(TopicKind.LIST_ACCEPTED), queued)
    assert script.pair.seen.topic == b"$aws/things/thing-1:a_b/jobs/foreign-2/get"
    leave(script, "foreign-2", by_id=True)
    script.say(Topic(TopicKind.LIST_ACCEPTED), {"inProgressJobs": [{"jobId": "foreign-2"}], **queued})
    assert script.request is Request.NONE
    # The list changes.
    script.text(Topic(TopicKind.NOTIFY), b"{}")
    assert script.request is Request.LIST
    script.refuse(TopicKind.LIST_REJECTED, "RequestThrottled")
    script.expire()
    script.say(Topic(TopicKind.LIST_ACCEPTED), {"queuedJobs": [{"jobId": JOB}]})
    script.describe(by_id=JOB)
    assert script.phase is Phase.STARTING
    script.notify_next(jobId="foreign-1")


@scenario
def next_comes_back_to_a_job_that_was_left_alone(script: Script) -> None:
    if not can(script, "leave", "offer"):
        return
    script.boot()
    script.connect()
    leave(script, "foreign-1")
    script.say(Topic(TopicKind.LIST_ACCEPTED), {})
    script.notify_next(nothing=True)
    assert script.request is Request.DESCRIBE_NEXT
    script.describe(nothing=True)
    assert script.notify_next(nothing=True).actions == ()
    assert script.text(Topic(TopicKind.NOTIFY), b"{}").actions == ()
    script.notify_next(jobId="foreign-1")
    assert script.request is Request.LIST
    script.say(Topic(TopicKind.LIST_ACCEPTED), {})
    assert script.text(Topic(TopicKind.NOTIFY), b"{").actions == ()
    assert ActionId.PUBLISH in ids(script.text(Topic(TopicKind.NOTIFY), b"{}"))
    script.say(Topic(TopicKind.LIST_ACCEPTED), {})
    script.connect()
    # Described again, it is left alone at once.
    script.describe(jobId="foreign-1", jobDocument=document(operation="reboot"))
    assert (script.phase, script.request) == (Phase.IDLE, Request.LIST)
    script.connect()
    script.describe(nothing=True)
    script.say(Topic(TopicKind.LIST_ACCEPTED), {})
    assert script.text(Topic(TopicKind.NOTIFY), b"{}").actions == ()


@scenario
def more_foreign_jobs_than_are_remembered(script: Script) -> None:
    if not can(script, "leave", "offer"):
        return
    script.boot()
    script.connect()
    remembered = script.pair.description.options.remembered_jobs
    everything = {"queuedJobs": [{"jobId": f"foreign-{number}"} for number in range(remembered + 3)]}
    leave(script, "foreign-0")
    for _ in repeat(3 * remembered):
        if script.request is not Request.LIST:
            break
        script.say(Topic(TopicKind.LIST_ACCEPTED), everything)
        leave(script, script.pair.seen.job_id, by_id=True)
    assert script.request is Request.NONE
    # A notify begins anew.
    script.text(Topic(TopicKind.NOTIFY), b"{}")
    script.say(Topic(TopicKind.LIST_ACCEPTED), everything)
    leave(script, script.pair.seen.job_id, by_id=True)
    assert script.request is Request.LIST


@scenario
def a_listed_job_is_gone(script: Script) -> None:
    if not can(script, "leave", "offer"):
        return
    script.boot()
    script.connect()
    leave(script, "foreign-1")
    script.say(Topic(TopicKind.LIST_ACCEPTED), {"queuedJobs": [{"jobId": "x"}]})
    script.job_id = "x"
    script.refuse(TopicKind.JOB_REJECTED, "TerminalStateReached")
    script.say(Topic(TopicKind.LIST_ACCEPTED), {"queuedJobs": [{"jobId": "x"}, {"jobId": "y"}]})
    assert script.pair.seen.job_id == "y"


@scenario
def a_listed_job_is_not_forgotten(script: Script) -> None:
    if not can(script, "leave", "offer"):
        return
    for notify in (
        lambda: script.notify_next(jobId="foreign-1"),
        lambda: script.notify_next(nothing=True),
        lambda: script.text(Topic(TopicKind.NOTIFY), b"{}"),
    ):
        script.boot()
        script.connect()
        leave(script, "foreign-1")
        script.say(Topic(TopicKind.LIST_ACCEPTED), {"queuedJobs": [{"jobId": JOB}]})
        notify()
        script.describe(by_id=JOB)
        assert script.phase is Phase.STARTING
    script.boot()
    script.connect()
    leave(script, "foreign-1")
    script.notify_next(jobId="other")
    script.say(Topic(TopicKind.LIST_ACCEPTED), {"queuedJobs": [{"jobId": JOB}]})
    assert script.request is Request.DESCRIBE_NEXT
    script.describe(nothing=True)
    assert script.request is Request.DESCRIBE_JOB


@scenario
def the_end_of_a_job_left_alone_ends_the_slow_wait(script: Script) -> None:
    if not can(script, "leave", "offer"):
        return
    script.boot()
    script.connect()
    leave(script, "foreign-1")
    assert script.request is Request.LIST
    while script.request is not Request.NONE:
        script.expire()
    script.notify_next(nothing=True)
    assert script.request is Request.DESCRIBE_NEXT
    script.describe(nothing=True)
