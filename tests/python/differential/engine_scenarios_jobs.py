# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the engine: which jobs are taken, and what is said of them later."""

from __future__ import annotations

from collections.abc import Callable

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import Action, ActionId, Phase, Request, Tell
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.topics import Topic, TopicKind
from aws_fota.oracle.versions import Version
from differential.engine_process import Snapshot
from differential.engine_scenarios import can, describes, ids, scenario, told
from differential.engine_script import JOB, NEW_HASH, OLD_HASH, SLOT_SIZE, Script, document, record


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
    assert script.request is Request.NONE
    script.notify_next()
    script.text(Topic(TopicKind.NEXT_ACCEPTED), b"{")
    script.describe(jobDocument=None, status="FAILED")
    assert (script.request, script.pair.seen.job_id) == (Request.NONE, "")
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
    script.describe(nothing=True)
    assert (script.request, script.pair.seen.job_id) == (Request.NONE, JOB)
    script.notify_next(jobId="other")
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
    ]
    if can(script, "late"):
        ways += [
            (script.to_confirming, []),
        ]
    for way, expected in ways:
        way()
        if not script.pair.engine.state.link:
            script.connect()
        seen = script.notify_next(status="CANCELED", versionNumber=script.version + 50)
        assert told(seen) == [(Tell.CANCELLED, 0)]
        assert script.phase is Phase.IDLE
        assert ActionId.ERASE not in ids(seen)
        assert (ActionId.ABORT in ids(seen)) is (ActionId.ABORT in expected)


@scenario
def a_job_ends_in_the_cloud_before_its_image_runs(script: Script) -> None:
    """The record is kept until the slot is erased, whatever happens before."""
    for way in [script.to_applying, *([script.to_rebooting] if can(script, "late") else [])]:
        seen = ended(script, way)
        assert ids(seen)[:3] == [ActionId.PERSIST, ActionId.TELL, ActionId.ERASE]
        assert (script.phase, told(seen), seen.told) == (Phase.REVERTING, [(Tell.CANCELLED, 0)], (JOB, 127, 0))
        stored = seen.record
        # It is told once.
        assert script.notify_next(status="CANCELED", versionNumber=script.version + 51).actions == ()
        seen = script.step(io.Erased())
        assert ids(seen)[:1] == [ActionId.CLEAR]
        assert (script.phase, seen.job_id, told(seen)) == (Phase.IDLE, "", [])
        script.expire()
        assert script.request is Request.DESCRIBE_NEXT

        seen = script.boot(stored, swap_pending=True)
        assert (script.phase, seen.actions) == (Phase.REVERTING, (Action(ActionId.ERASE),))
        seen = script.boot(stored)
        assert (script.phase, ids(seen), seen.job_id) == (Phase.IDLE, [ActionId.CLEAR], "")
        seen = script.boot(stored, confirmed=False)
        assert (script.phase, told(seen), seen.told) == (Phase.IDLE, [(Tell.CONFIRM, 0)], ("", 0, 0))


@scenario
def a_slot_of_an_ended_job_that_cannot_be_erased(script: Script) -> None:
    ended(script, script.to_applying)
    for _ in range(3):
        seen = script.step(io.Erased(-5))
        assert (script.phase, ids(seen), told(seen)) == (
            Phase.REVERTING,
            [ActionId.PERSIST, ActionId.TELL],
            [(Tell.DONE, 0)],
        )
    assert ids(script.step(io.Erased(-5)))[:1] == [ActionId.CLEAR]
    assert script.phase is Phase.IDLE


@scenario
def the_image_of_an_ended_job_is_on_trial(script: Script) -> None:
    stored = ended(script, script.to_applying).record
    for _ in range(3):
        seen = script.boot(stored, running_hash=NEW_HASH, confirmed=False)
        assert (script.phase, told(seen), ids(seen)) == (
            Phase.REVERTING,
            [(Tell.DONE, 0)],
            [ActionId.PERSIST, ActionId.TELL],
        )
        assert script.step(io.Erased()).actions == ()
        assert script.step(io.Erased(-5)).actions == ()
        stored = seen.record
    # Only so often: there are bootloaders that do not go back.
    assert told(script.boot(stored, running_hash=NEW_HASH, confirmed=False)) == [(Tell.CONFIRM, 0)]
    assert script.phase is Phase.CONFIRMING
    script.boot(record(3, reason=127), running_hash=NEW_HASH, confirmed=False)
    script.connect()
    script.describe(nothing=True)
    assert script.refuse(TopicKind.JOB_REJECTED, "TerminalStateReached").actions == (Action(ActionId.TIMER_STOP),)
    script.step(io.Confirmed())
    assert (script.phase, script.request) == (Phase.IDLE, Request.DESCRIBE_NEXT)
    for boot in ({}, {"confirmed": False}):
        for phase in (2, 3):
            for retries in (0, 3):
                script.boot(record(phase, reason=127, retries=retries), running_hash=NEW_HASH, **boot)
                script.step(io.Confirm())
                seen = script.step(io.Confirmed())
                # What the application keeps, nobody asked to hear of; a record of VERIFIED has no reason.
                assert (script.phase, seen.job_id) == (Phase.IDLE, "")


@scenario
def a_job_ends_while_its_image_is_being_reverted(script: Script) -> None:
    def cancelled() -> None:
        script.to_applying()
        script.step(io.Cancel())

    def rejected() -> None:
        script.boot(record(3, retries=2), running_hash=NEW_HASH, confirmed=False)
        script.step(io.Revert())

    for way, running_hash in ((cancelled, OLD_HASH), (rejected, NEW_HASH)):
        seen = ended(script, way)
        assert (script.phase, told(seen)) == (Phase.REVERTING, [(Tell.CANCELLED, 0)])
        assert ids(seen)[:2] == [ActionId.PERSIST, ActionId.TELL] and ActionId.ERASE not in ids(seen)
        assert seen.record[8:10] == bytes([127, 0])
        script.step(io.Erased())
        assert (script.phase is Phase.IDLE) is (running_hash == OLD_HASH)
        script.boot(seen.record)
        assert script.phase is Phase.IDLE


def ended(script: Script, way: Callable[[], None]) -> Snapshot:
    """The job of a phase ends in the cloud."""
    way()
    if not script.pair.engine.state.link:
        script.connect()
    return script.notify_next(status="CANCELED", versionNumber=script.version + 50)
