# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the engine: what may come in every phase."""

from __future__ import annotations

from collections.abc import Callable

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import ActionId, FetchError, Phase, Request, TimerId
from aws_fota.oracle.topics import Topic, TopicKind
from differential.engine_scenarios import can, ids, scenario
from differential.engine_script import JOB, NEW_HASH, Script, document, record


@scenario
def pause_is_remembered_in_every_phase(script: Script) -> None:
    """What is paused, or not, when a job ends, is so for the next one."""
    for way in ways(script):
        for inputs, phase in (((io.Pause(),), Phase.PAUSED), ((io.Pause(), io.Resume()), Phase.REQUESTING)):
            way()
            for input in inputs:
                script.step(input)
            end(script)
            script.describe()
            script.accept_update()
            assert script.phase is phase


def end(script: Script) -> None:
    """End whatever job there is, in the cloud or by a report, with an image that is confirmed."""
    script.step(io.Confirm())
    script.step(io.Confirmed())
    script.connect()
    if script.phase is Phase.REPORTING:
        script.notify_next(status="FAILED", versionNumber=99)
    elif script.pair.engine.job_id:
        script.notify_next(status="CANCELED", versionNumber=99)
        script.step(io.Erased())
    assert script.phase is Phase.IDLE
    # What was asked before may be under way without the document.
    script.connect()


def ways(script: Script) -> list[Callable[[], None]]:
    """Ways to every phase but UNBOOTED that the build has."""

    def offered() -> None:
        script.boot()
        script.connect()
        script.describe(jobDocument=document(operation="reboot"))
        assert script.phase is Phase.OFFERED

    def erasing() -> None:
        script.to_requesting()
        script.range()
        assert script.phase is Phase.ERASING

    def waiting() -> None:
        script.to_receiving()
        script.interrupt()
        assert script.phase is Phase.WAITING

    def pausing() -> None:
        script.to_requesting()
        script.step(io.Pause())
        assert script.phase is Phase.PAUSED

    def rebooting() -> None:
        script.boot(record(3), swap_pending=True)
        assert script.phase is Phase.REBOOTING

    def confirming() -> None:
        script.boot(record(3), running_hash=NEW_HASH, confirmed=False)
        assert script.phase is Phase.CONFIRMING

    def reverting() -> None:
        confirming()
        script.step(io.Revert())
        assert script.phase is Phase.REVERTING

    def reporting() -> None:
        script.boot(record(3))
        assert script.phase is Phase.REPORTING

    def idle() -> None:
        script.boot()

    return [
        idle,
        *([offered] if can(script, "offer") else []),
        script.to_starting,
        script.to_requesting,
        erasing,
        script.to_receiving,
        waiting,
        pausing,
        script.to_refreshing,
        script.to_verifying,
        script.to_applying,
        rebooting,
        confirming,
        reverting,
        reporting,
    ]


@scenario
def the_link_goes_and_comes_in_every_phase(script: Script) -> None:
    for way in ways(script):
        way()
        phase = script.phase
        script.connect()
        assert ids(script.step(io.Disconnected())) == [ActionId.TIMER_STOP]
        script.step(io.Connected())
        script.step(io.Subscribed(-1))
        script.expire()
        script.step(io.Subscribed())
        assert script.request is Request.DESCRIBE_NEXT
        script.expire()
        script.refuse(TopicKind.NEXT_REJECTED, "RequestThrottled")
        script.expire()
        while script.request is not Request.NONE:
            script.expire()
        script.expire()
        assert script.request is Request.DESCRIBE_NEXT
        script.step(io.Connected())
        assert script.phase is phase


@scenario
def answers_that_nobody_waits_for_change_nothing_in_every_phase(script: Script) -> None:
    """A second SUBACK, and a confirmation of an image that is confirmed already."""

    def cancelled() -> None:
        script.to_applying()
        script.step(io.Cancel())
        assert script.phase is Phase.REVERTING

    for way in (*ways(script), cancelled):
        way()
        phase = script.phase
        script.connect()
        confirmed = way is cancelled or phase not in (Phase.CONFIRMING, Phase.REVERTING)
        for input in (io.Subscribed(), io.Subscribed(-5), *((io.Confirmed(), io.Confirmed(-5)) if confirmed else ())):
            assert not script.step(input).actions
        assert (script.phase, script.request) == (phase, Request.DESCRIBE_NEXT)


@scenario
def another_job_in_every_phase(script: Script) -> None:
    for way in ways(script):
        way()
        if script.phase is Phase.IDLE:
            continue
        script.job_id = JOB
        script.connect()
        script.describe(jobId="other", jobDocument=None, status="IN_PROGRESS")
        if script.phase is Phase.REPORTING:
            assert script.request is Request.UPDATE
            continue
        assert script.request is Request.DESCRIBE_JOB
        script.notify_next(status="IN_PROGRESS", versionNumber=70)
        assert script.pair.seen.record[12] == 70
        full = script.phase is Phase.REFRESHING
        seen = script.describe(
            by_id=JOB, status="IN_PROGRESS", versionNumber=77, **({} if full else {"jobDocument": None})
        )
        assert seen.record[12] == 77


@scenario
def updates_are_answered_in_every_phase(script: Script) -> None:
    """An update can be under way wherever a download has come to."""
    for way in updating_ways(script):
        way()
        phase = script.phase
        seen = script.say(Topic(TopicKind.UPDATE_ACCEPTED, JOB), {"executionState": state(60)})
        assert (script.phase, seen.record[12]) == (phase, 60)
        for code, version in (("VersionMismatch", 61), ("VersionMismatch", None), ("InternalError", 62)):
            way()
            seen = script.refuse(TopicKind.UPDATE_REJECTED, code, "IN_PROGRESS", version)
            assert script.phase is phase
            assert seen.record[12] == (version or 0)
            if script.request is Request.NONE:
                script.expire()
            # A fresh URL is more urgent.
            assert script.request is (Request.DESCRIBE_JOB if phase is Phase.REFRESHING else Request.UPDATE)


def state(version: int) -> dict[str, object]:
    return {"status": "IN_PROGRESS", "versionNumber": version}


def updating_ways(script: Script) -> list[Callable[[], None]]:
    """Ways to every phase in which an update is under way and not answered."""

    def receiving() -> None:
        script.to_receiving()
        while script.request is not Request.UPDATE:
            script.write()
            script.range()
        assert script.phase is Phase.RECEIVING

    def after(*inputs: io.Input, phase: Phase) -> Callable[[], None]:
        def way() -> None:
            receiving()
            for input in inputs:
                script.step(input)
            assert (script.phase, script.request) == (phase, Request.UPDATE)

        return way

    def erasing() -> None:
        after(io.FetchFailed(FetchError.CLOSED), io.Timer(TimerId.DOWNLOAD), phase=Phase.REQUESTING)()
        script.status(412)
        script.range()
        assert (script.phase, script.request) == (Phase.ERASING, Request.UPDATE)

    def refreshing() -> None:
        after(io.FetchFailed(FetchError.CLOSED), io.Timer(TimerId.DOWNLOAD), phase=Phase.REQUESTING)()
        script.status(403)
        assert (script.phase, script.request) == (Phase.REFRESHING, Request.UPDATE)

    def verifying() -> None:
        receiving()
        while script.phase is not Phase.VERIFYING:
            script.write()
            if script.phase is Phase.REQUESTING:
                script.range()
        assert script.request is Request.UPDATE

    def applying() -> None:
        verifying()
        script.verify()

    def rebooting() -> None:
        applying()
        script.step(io.UpgradeRequested())

    def reverting() -> None:
        applying()
        script.step(io.Cancel())
        assert script.phase is Phase.REVERTING

    return [
        receiving,
        after(io.FetchFailed(FetchError.CLOSED), phase=Phase.WAITING),
        after(io.FetchFailed(FetchError.CLOSED), io.Timer(TimerId.DOWNLOAD), phase=Phase.REQUESTING),
        after(io.Pause(), phase=Phase.PAUSED),
        after(io.Cancel(), phase=Phase.REPORTING),
        erasing,
        refreshing,
        verifying,
        applying,
        *([rebooting] if can(script, "late") else []),
        reverting,
    ]
