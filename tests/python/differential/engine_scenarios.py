# SPDX-License-Identifier: Apache-2.0
"""Paths through the engine that together take every row of its transition table, with what doc/engine.md promises.

Each runs on the pair of engines, so that every step of it is compared as well. Downloads are in
``engine_scenarios_download``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import Action, ActionId, Phase, Request, Tell, TimerId
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.topics import Topic, TopicKind
from aws_fota.oracle.versions import Version
from differential.engine_process import Snapshot
from differential.engine_script import ETAG, JOB, NEW_HASH, SIZE, SLOT_SIZE, Script, document, record

Scenario = Callable[[Script], None]

#: Every scenario, by its name.
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    """Adds a function to :data:`SCENARIOS`."""
    SCENARIOS[function.__name__] = function
    return function


def ids(snapshot: Snapshot) -> list[ActionId]:
    """What a step asked for, without its values."""
    return [action.id for action in snapshot.actions]


def can(script: Script, *wanted: str) -> bool:
    """Whether the build has what a scenario is about: ``offer``, ``leave``, ``reject``, ``any``, ``early``."""
    foreign = script.pair.description.foreign.value if script.pair.description.operations else "any"
    early = "early" if script.pair.settings.report_on_download else "late"
    return bool({foreign, early} & set(wanted))


def told(snapshot: Snapshot) -> list[tuple[Tell, int]]:
    return [(Tell(action.what), action.value) for action in snapshot.actions if action.id is ActionId.TELL]


def repeat(times: int) -> Iterable[int]:
    return range(times)


# Starting, and what the record and the running image say.


@scenario
def nothing_counts_before_boot(script: Script) -> None:
    for input in (
        io.Connected(),
        io.Subscribed(),
        io.Timer(TimerId.REQUEST),
        io.Timer(TimerId.DOWNLOAD),
        io.Erased(),
        io.Written(1),
        io.Confirm(),
        io.Confirmed(),
        io.Cancel(),
        io.Pause(),
        io.Resume(),
        io.Disconnected(),
    ):
        assert script.step(input).actions == ()
    seen = script.text(Topic(TopicKind.NOTIFY_NEXT), b"{}", packet_id=9)
    assert seen.actions == (Action(ActionId.ACKNOWLEDGE, packet_id=9),)
    assert script.phase is Phase.UNBOOTED


@scenario
def a_first_boot(script: Script) -> None:
    assert script.boot().actions == ()
    assert script.phase is Phase.IDLE
    assert told(script.boot(confirmed=False)) == [(Tell.CONFIRM, 0)]
    assert script.boot(running_hash=None, running_version=None, seed=0).actions == ()
    assert script.boot(b"").actions == ()


@scenario
def a_download_is_found_again(script: Script) -> None:
    stored, offset = downloading_record(script)
    script.boot(stored)
    script.connect()
    script.describe(versionNumber=9)
    assert script.phase is Phase.STARTING
    script.version = 9
    seen = script.accept_update()
    assert Action(ActionId.FETCH, value=offset, length=4096) in seen.actions
    assert seen.etag == ETAG
    seen = script.range()
    assert Action(ActionId.ERASE, value=offset) in seen.actions
    script.step(io.Erased())
    script.write()


def downloading_record(script: Script) -> tuple[bytes, int]:
    """A record of a download that has come past a boundary, and the boundary."""
    script.to_receiving()
    step = script.pair.settings.resume_step
    while script.pair.engine.job_state.offset <= step:
        script.write()
        script.range()
    offset = script.pair.engine.job_state.offset
    return script.pair.seen.record, offset - offset % step


@scenario
def a_record_of_another_object_starts_over(script: Script) -> None:
    stored, offset = downloading_record(script)
    for changes in (
        {"size": SIZE + 1},
        {"sha256": None},
        {"sha256": "00" * 32},
        {"location": {"url": "https://host.example/other.bin"}},
        {"location": {"url": "https://host.example:444/fw.bin"}},
        {"location": {"url": "https://other.example/fw.bin"}},
    ):
        script.boot(stored)
        script.connect()
        script.describe(jobDocument=document(**changes))
        seen = script.accept_update()
        same = changes == {"sha256": None} and not describes(script, "sha256")
        same = same or ("sha256" in changes and not describes(script, "sha256"))
        assert Action(ActionId.FETCH, value=offset if same else 0, length=4096) in seen.actions


def describes(script: Script, destination: str) -> bool:
    """Whether the job document of the build has such a field."""
    return any(field.destination == destination for field in script.pair.description.fields)


@scenario
def a_record_without_etag_starts_over(script: Script) -> None:
    script.boot(record(1, etag=b"", retries=2))
    script.connect()
    script.describe()
    seen = script.accept_update()
    assert Action(ActionId.FETCH, value=0, length=4096) in seen.actions


@scenario
def the_recorded_job_is_asked_for_first(script: Script) -> None:
    script.boot(record(1))
    script.connect()
    script.describe(jobId="other")
    assert script.request is Request.DESCRIBE_JOB
    assert script.pair.seen.topic == b"$aws/things/thing-1:a_b/jobs/job-1/get"
    script.describe(by_id=JOB)
    assert script.phase is Phase.STARTING


@scenario
def the_recorded_job_is_gone(script: Script) -> None:
    for answer in (
        lambda: script.describe(nothing=True),
        lambda: gone_by_id(script, lambda: script.describe(by_id=JOB, nothing=True)),
        lambda: gone_by_id(script, lambda: script.describe(by_id=JOB, status="CANCELED")),
        lambda: gone_by_id(script, lambda: script.refuse(TopicKind.JOB_REJECTED, "ResourceNotFound")),
        lambda: gone_by_id(script, lambda: script.refuse(TopicKind.JOB_REJECTED, "TerminalStateReached")),
    ):
        script.boot(record(1))
        script.connect()
        seen = answer()
        assert told(seen) == [(Tell.CANCELLED, 0)]
        assert ActionId.CLEAR in ids(seen)
        assert (script.phase, seen.job_id) == (Phase.IDLE, "")


def gone_by_id(script: Script, answer: Callable[[], Snapshot]) -> Snapshot:
    script.describe(jobId="other")
    return answer()


@scenario
def a_report_goes_on_after_a_reboot(script: Script) -> None:
    for status, reason, detail in ((3, 0, 0), (4, 25, 0), (4, 21, 5), (6, 3, 17), (6, 10, SLOT_SIZE), (4, 200, 3)):
        script.boot(record(4, status=status, reason=reason, detail=detail))
        assert script.phase is Phase.REPORTING
        script.connect()
        script.describe(nothing=True)
        assert script.request is Request.UPDATE
        assert told(script.accept_update(JobStatus(status).name))[0][0] in (Tell.FINISHED, Tell.DONE)
        assert script.phase is Phase.IDLE


@scenario
def success_is_reported_though_unconfirmed(script: Script) -> None:
    seen = script.boot(record(4, status=3), running_hash=NEW_HASH, confirmed=False)
    assert told(seen) == [(Tell.CONFIRM, 0)]
    script.connect()
    script.describe(nothing=True)
    assert told(script.accept_update("SUCCEEDED")) == [(Tell.FINISHED, JobStatus.SUCCEEDED)]


@scenario
def the_new_image_runs(script: Script) -> None:
    for phase in (2, 3):
        script.boot(record(phase), running_hash=NEW_HASH)
        assert script.phase is Phase.REPORTING
        seen = script.boot(record(phase), running_hash=NEW_HASH, confirmed=False)
        assert told(seen) == [(Tell.CONFIRM, 0)]
        assert script.phase is Phase.CONFIRMING
        assert (ActionId.PERSIST in ids(seen)) is (phase == 2)


@scenario
def the_bootloader_has_not_swapped_yet(script: Script) -> None:
    for phase in (2, 3):
        seen = script.boot(record(phase), swap_pending=True)
        assert told(seen) == [(Tell.DONE, 0)]
        assert script.phase is Phase.REBOOTING
        assert (ActionId.PERSIST in ids(seen)) is (phase == 2)


@scenario
def the_new_image_does_not_run(script: Script) -> None:
    assert told(script.boot(record(3))) == [(Tell.ERROR, 25)]
    assert told(script.boot(record(3, reason=26))) == [(Tell.ERROR, 26)]
    assert told(script.boot(record(3, reason=99))) == [(Tell.ERROR, 99)]
    for hash in (None, b"\x09" * 32):
        assert told(script.boot(record(2, retries=3), running_hash=hash)) == [(Tell.ERROR, 25)]
        assert script.phase is Phase.REPORTING


@scenario
def an_interrupted_upgrade_is_verified_again(script: Script) -> None:
    script.to_applying()
    stored = script.pair.seen.record
    script.boot(stored)
    assert script.phase is Phase.IDLE
    assert told(script.boot(stored, confirmed=False)) == [(Tell.CONFIRM, 0)]
    script.boot(stored)
    script.connect()
    script.describe()
    assert ActionId.VERIFY in ids(script.accept_update())
    script.verify()
    assert script.pair.engine.job_state.retries == 2


# The link, answers that are lost or refused.


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


# Which jobs are taken.


@scenario
def unfit_jobs_end_with_their_reason(script: Script) -> None:
    too_large = document(size=SLOT_SIZE + 1)
    cases: list[tuple[dict[str, object], int]] = [
        ({"jobDocument": []}, 2),
        ({"jobDocument": None}, 2),
        ({"jobDocument": document(fwversion="x" * 33)}, 3 if describes(script, "version") else 0),
        ({"jobDocument": document(size=2**32)}, 4),
        ({"jobDocument": document(size="1")}, 5),
        ({"jobDocument": document(location={"url": "ftp://host/x"})}, 6),
        ({"jobDocument": document(size=None)}, 8),
        ({"jobDocument": too_large}, 10),
    ]
    if describes(script, "version"):
        cases.append(({"jobDocument": document(fwversion="1.0.0")}, 11))
    for changes, reason in cases:
        script.boot()
        script.connect()
        seen = script.describe(**changes)
        if reason == 0:
            assert script.phase is Phase.STARTING
            continue
        assert told(seen) == [(Tell.ERROR, reason)], (changes, reason)
        assert script.phase is Phase.REPORTING
        status = "REJECTED" if reason in (3, 4, 9, 10, 11, 12) else "FAILED"
        assert f'"status":"{status}"'.encode() in (seen.payload or b"")
        assert told(script.accept_update(status)) == [(Tell.FINISHED, JobStatus[status])]


@scenario
def duplicate_members_of_the_document(script: Script) -> None:
    script.boot()
    script.connect()
    text = (
        '{"execution":{"jobId":"job-1","status":"QUEUED","versionNumber":1,"jobDocument":'
        '{"operation":"app_fw_update","fwversion":"9.0.0","size":1,"size":2,"location":{"url":"https://h/x"}}},'
        f'"clientToken":"{script.pair.engine.state.token:08x}"}}'
    )
    seen = script.text(Topic(TopicKind.NEXT_ACCEPTED), text.encode())
    assert told(seen) == [(Tell.ERROR, 7)]
    assert b'"field":"size"' in (seen.payload or b"")


@scenario
def versions_decide(script: Script) -> None:
    for wanted, status, running, settings_free in (
        ("v1.0.0", "IN_PROGRESS", Version(1, 0, 0, 0), Phase.REPORTING),
        ("0.9.9", "QUEUED", Version(1, 0, 0, 0), None),
        ("1.0.0", "QUEUED", None, Phase.STARTING),
        ("one", "QUEUED", Version(1, 0, 0, 0), Phase.STARTING),
        ("1.0.0+1", "QUEUED", Version(1, 0, 0, 0), Phase.STARTING),
    ):
        script.boot(running_version=running)
        script.connect()
        script.describe(status=status, jobDocument=document(fwversion=wanted))
        if describes(script, "version") and settings_free is not None:
            assert script.phase is settings_free


@scenario
def cleartext(script: Script) -> None:
    script.boot()
    script.connect()
    seen = script.describe(jobDocument=document(location={"url": "http://host.example/fw.bin"}))
    if script.pair.settings.allow_http:
        assert script.phase is Phase.STARTING
    else:
        assert told(seen) == [(Tell.ERROR, 9)]


@scenario
def a_terminal_next_is_nothing(script: Script) -> None:
    script.boot()
    script.connect()
    assert ids(script.describe(status="FAILED")) == [ActionId.TIMER_STOP]
    assert script.phase is Phase.IDLE


@scenario
def a_description_with_a_broken_envelope_is_no_answer(script: Script) -> None:
    script.boot()
    script.connect()
    for changes in ({"status": "DONE"}, {"versionNumber": 0}, {"jobId": "a/b"}, {"jobId": None}):
        assert script.describe(**changes).actions == ()
    # The document's violation comes first in the text, the envelope's behind it.
    behind = {"jobDocument": document(size="1"), "jobId": "a/b", "status": "QUEUED", "versionNumber": 1}
    assert script.say(Topic(TopicKind.NEXT_ACCEPTED), {"execution": behind}).actions == ()
    assert script.request is Request.DESCRIBE_NEXT


@scenario
def an_unreadable_job_fails_once(script: Script) -> None:
    for text in (b"{", b"", b"{]", b'{"execution":' + b"[" * 40):
        script.boot()
        script.connect()
        seen = script.text(Topic(TopicKind.NEXT_ACCEPTED), text)
        assert b"includeJobDocument" in (seen.payload or b"")
        script.describe(jobDocument=None)
        assert script.request is Request.DESCRIBE_JOB
        seen = script.text(Topic(TopicKind.JOB_ACCEPTED, JOB), text)
        assert told(seen) == [(Tell.ERROR, 2)]
        assert script.phase is Phase.REPORTING


@scenario
def an_unreadable_job_that_went_away(script: Script) -> None:
    script.boot()
    script.connect()
    script.text(Topic(TopicKind.NEXT_ACCEPTED), b"{")
    script.text(Topic(TopicKind.NEXT_ACCEPTED), b"{")
    assert script.request is Request.NONE
    script.expire()
    script.describe(nothing=True)
    script.notify_next()
    assert b"includeJobDocument" not in (script.pair.seen.payload or b"includeJobDocument")
    # Once more, and it is gone when it is asked for by its id.
    script.text(Topic(TopicKind.NEXT_ACCEPTED), b"{")
    script.describe(jobDocument=None)
    script.refuse(TopicKind.JOB_REJECTED, "InternalError")
    script.expire()
    script.refuse(TopicKind.JOB_REJECTED, "ResourceNotFound")
    assert (script.phase, script.pair.seen.job_id) == (Phase.IDLE, "")


@scenario
def an_unreadable_job_before_the_recorded_one(script: Script) -> None:
    script.boot(record(1))
    script.connect()
    script.text(Topic(TopicKind.NEXT_ACCEPTED), b"{")
    script.describe(jobId="other", jobDocument=None)
    assert script.pair.seen.topic == b"$aws/things/thing-1:a_b/jobs/job-1/get"
    script.describe(by_id="other")
    script.describe(by_id=JOB, jobId="other")
    assert script.request is Request.DESCRIBE_JOB
    script.describe(by_id=JOB)
    assert script.phase is Phase.STARTING


@scenario
def an_unconfirmed_image_takes_no_job(script: Script) -> None:
    script.boot(confirmed=False)
    script.connect()
    assert b"includeJobDocument" in (script.pair.seen.payload or b"")
    script.describe(jobDocument=None)
    assert (script.phase, script.request) == (Phase.IDLE, Request.NONE)
    assert ids(script.step(io.Confirm())) == [ActionId.CONFIRM_IMAGE]
    assert told(script.step(io.Confirmed(-5))) == [(Tell.ERROR, 28)]
    script.step(io.Confirm())
    assert ActionId.PUBLISH in ids(script.step(io.Confirmed()))
    assert script.step(io.Confirmed(-5)).actions == ()
    assert script.step(io.Confirm()).actions == ()
    script.describe()
    assert script.phase is Phase.STARTING


@scenario
def a_description_sent_before_the_confirmation(script: Script) -> None:
    script.boot(confirmed=False)
    script.connect()
    script.step(io.Confirm())
    script.step(io.Confirmed())
    script.describe(jobDocument=None)
    assert (script.phase, script.request) == (Phase.IDLE, Request.DESCRIBE_NEXT)
    script.describe()
    assert script.phase is Phase.STARTING


# What the service says while a job is worked on.


@scenario
def notifications_of_the_job_itself(script: Script) -> None:
    script.to_requesting()
    assert script.notify_next(versionNumber=40, status="IN_PROGRESS").actions == ()
    assert script.notify_next(versionNumber=3, status="IN_PROGRESS").actions == ()
    assert script.text(Topic(TopicKind.NOTIFY_NEXT), b"{").actions == ()
    script.step(io.Cancel())
    assert b'"expectedVersion":40' in (script.pair.seen.payload or b"")
    script.notify_next(jobId="other")
    script.notify_next(nothing=True)
    assert script.request is Request.UPDATE
    assert told(script.notify_next(status="REMOVED", versionNumber=41)) == [(Tell.FINISHED, JobStatus.FAILED)]


@scenario
def another_job_is_notified(script: Script) -> None:
    for other in ({"jobId": "other"}, {"nothing": True}):
        script.to_requesting()
        script.notify_next(**other)
        assert script.request is Request.DESCRIBE_JOB
        script.describe(by_id=JOB, jobDocument=None, status="IN_PROGRESS", versionNumber=30)
        assert script.phase is Phase.REQUESTING
        script.notify_next(**other)
        seen = script.describe(by_id=JOB, jobDocument=None, status="TIMED_OUT")
        assert told(seen) == [(Tell.CANCELLED, 0)]
        assert ActionId.ABORT in ids(seen)


@scenario
def another_job_is_described(script: Script) -> None:
    script.to_requesting()
    script.connect()
    script.describe(jobId="other", jobDocument=None)
    assert script.request is Request.DESCRIBE_JOB
    script.refuse(TopicKind.JOB_REJECTED, "TerminalStateReached")
    assert (script.phase, script.told[-1]) == (Phase.IDLE, (Tell.CANCELLED, 0))
    script.to_requesting()
    script.step(io.Cancel())
    script.connect()
    script.describe(jobId="other", jobDocument=None)
    assert script.request is Request.UPDATE


@scenario
def a_job_ends_in_the_cloud_in_every_phase(script: Script) -> None:
    ways: list[tuple[Callable[[], None], list[ActionId]]] = [
        (script.to_starting, []),
        (script.to_requesting, [ActionId.ABORT]),
        (lambda: (script.to_requesting(), script.range(), None)[-1], [ActionId.ABORT]),
        (script.to_receiving, [ActionId.ABORT]),
        (lambda: (script.to_requesting(), script.interrupt(), None)[-1], []),
        (lambda: (script.to_requesting(), script.step(io.Pause()), None)[-1], []),
        (script.to_refreshing, []),
        (script.to_verifying, [ActionId.ABORT]),
        (script.to_applying, [ActionId.ERASE]),
    ]
    if can(script, "late"):
        ways += [
            (script.to_rebooting, [ActionId.ERASE]),
            (script.to_confirming, []),
            (lambda: (script.to_confirming(), script.step(io.Reject()), None)[-1], []),
        ]
    for way, expected in ways:
        way()
        if not script.pair.engine.state.link:
            script.connect()
        seen = script.notify_next(status="CANCELED", versionNumber=script.version + 50)
        assert told(seen) == [(Tell.CANCELLED, 0)]
        assert script.phase is Phase.IDLE
        for action in (ActionId.ABORT, ActionId.ERASE):
            assert (action in ids(seen)) is (action in expected)
        assert all(action.value == 0 for action in seen.actions if action.id is ActionId.ERASE)


# Foreign jobs.


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
