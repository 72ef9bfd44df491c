# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the engine: the image, and what the application says."""

from __future__ import annotations

from typing import Any

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import Action, ActionId, FetchError, Phase, Request, Tell, TimerId
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.topics import TopicKind
from aws_fota.oracle.versions import Version
from differential.engine_scenarios import can, describes, ids, scenario, told
from differential.engine_script import DIGEST, ETAG, JOB, NEW_HASH, OLD_HASH, SIZE, Script, record


@scenario
def an_update_from_beginning_to_end(script: Script) -> None:
    if can(script, "early"):
        script.to_applying()
        script.step(io.UpgradeRequested())
        assert b'"status":"SUCCEEDED"' in (script.pair.seen.payload or b"")
        assert told(script.accept_update("SUCCEEDED")) == [(Tell.DONE, 0)]
        return
    script.to_confirming()
    script.step(io.Confirm())
    script.step(io.Confirmed())
    script.connect()
    script.describe(nothing=True)
    assert b'{"progress":"100"}' in (script.pair.seen.payload or b"")
    assert told(script.accept_update("SUCCEEDED")) == [(Tell.FINISHED, JobStatus.SUCCEEDED)]
    tells = [tell for tell, _ in script.told if tell is not Tell.PROGRESS]
    assert tells == [Tell.STARTED, Tell.ERASE_PENDING, Tell.ERASE_DONE, Tell.DONE, Tell.CONFIRM, Tell.FINISHED]
    percents = [value for tell, value in script.told if tell is Tell.PROGRESS]
    assert percents == sorted(set(percents)) and percents[-1] == 100


@scenario
def success_awaits_the_reboot(script: Script) -> None:
    """With REPORT_ON_DOWNLOAD the job may end otherwise before the image runs."""
    if not can(script, "early"):
        return
    for ending in ("CANCELED", "SUCCEEDED"):
        script.to_applying()
        script.step(io.UpgradeRequested())
        seen = script.notify_next(status=ending, versionNumber=90)
        expected = (Tell.CANCELLED, 0) if ending == "CANCELED" else (Tell.DONE, 0)
        assert told(seen) == [expected]
        assert (Action(ActionId.ERASE) in seen.actions) is (ending == "CANCELED")
        assert (script.phase is Phase.REVERTING) is (ending == "CANCELED")
        script.step(io.Erased())
        assert script.phase is Phase.IDLE
        script.expire()
        assert script.request is Request.DESCRIBE_NEXT
    script.boot(record(4, status=3, retries=3))
    script.connect()
    script.describe(nothing=True)
    seen = script.refuse(TopicKind.UPDATE_REJECTED, "InvalidStateTransition", "TIMED_OUT", 91)
    assert ids(seen)[:3] == [ActionId.PERSIST, ActionId.TELL, ActionId.ERASE]
    assert seen.record[6:10] == bytes([3, 0, 127, 0])
    script.to_applying()
    script.step(io.UpgradeRequested())
    script.boot(script.pair.seen.record, running_hash=NEW_HASH, confirmed=False)
    script.connect()
    script.describe(nothing=True)
    seen = script.refuse(TopicKind.UPDATE_REJECTED, "InvalidStateTransition", "FAILED", 91)
    assert told(seen) == [(Tell.FINISHED, JobStatus.SUCCEEDED)]
    script.boot(record(4, status=3))
    script.connect()
    script.describe(nothing=True)
    assert told(script.refuse(TopicKind.UPDATE_REJECTED, "ResourceNotFound")) == [(Tell.DONE, 0)]


@scenario
def images_that_are_not_the_job(script: Script) -> None:
    script.to_verifying()
    script.verify(digest=bytes(32))
    if describes(script, "sha256"):
        assert script.told[-1] == (Tell.ERROR, 22)
    changes: dict[str, Any]
    for changes in ({"image_valid": False}, {"hash": None}):
        script.to_verifying()
        assert told(script.verify(**changes)) == [(Tell.ERROR, 23)]
    script.to_verifying()
    script.verify(hash=OLD_HASH)
    assert b'"status":"SUCCEEDED"' in (script.pair.seen.payload or b"")
    assert script.accept_update("SUCCEEDED") and script.told[-1] == (Tell.FINISHED, JobStatus.SUCCEEDED)


@scenario
def an_image_that_is_older_than_its_document_says(script: Script) -> None:
    allowed = script.pair.settings.allow_downgrade
    for version, older in (
        (Version(0, 255, 65535, 4294967295), True),
        (Version(1, 0, 0, 0), False),
        (Version(1, 0, 0, 1), False),
    ):
        script.to_verifying()
        seen = script.verify(version=version)
        if older and not allowed:
            assert (script.phase, told(seen)) == (Phase.REPORTING, [(Tell.ERROR, 12)])
            assert seen.record[6:9] == bytes([4, JobStatus.REJECTED, 12])
        else:
            assert script.phase is Phase.APPLYING
    # What runs already is no older, and no running version is older than none.
    script.to_verifying()
    script.verify(version=Version(0, 0, 0, 0), hash=OLD_HASH)
    assert script.pair.seen.record[7] == JobStatus.SUCCEEDED
    script.to_applying()
    script.boot(script.pair.seen.record, running_version=None)
    script.connect()
    script.describe()
    script.accept_update()
    if describes(script, "sha256"):
        script.verify(version=Version(0, 0, 0, 0))
        assert script.phase is Phase.APPLYING


@scenario
def an_upgrade_that_cannot_be_requested(script: Script) -> None:
    script.to_applying()
    script.step(io.UpgradeRequested(-12))
    assert (script.told[-1], script.pair.seen.detail) == ((Tell.ERROR, 24), 12)


@scenario
def pause_and_resume(script: Script) -> None:
    script.step(io.Pause())
    script.to_starting()
    script.step(io.Pause())
    script.accept_update()
    assert script.phase is Phase.PAUSED
    assert ActionId.FETCH in ids(script.step(io.Resume()))
    assert ids(script.step(io.Pause()))[0] is ActionId.ABORT
    assert script.step(io.Pause()).actions == ()
    script.step(io.Resume())
    assert script.step(io.Resume()).actions == ()
    script.range()
    script.step(io.Pause())
    seen = script.step(io.Erased())
    assert ids(seen)[:2] == [ActionId.ABORT, ActionId.TELL]
    assert script.phase is Phase.PAUSED
    script.step(io.Resume())
    script.range()
    script.write(1000)
    script.step(io.Pause())
    assert Action(ActionId.FETCH, value=1000, length=4096) in script.step(io.Resume()).actions
    script.interrupt()
    # The wait goes on, and a pause is met at its end.
    for input in (io.Pause(), io.Resume(), io.Pause()):
        assert script.step(input).actions == ()
    assert script.expire(TimerId.DOWNLOAD).actions == ()
    assert script.phase is Phase.PAUSED
    assert Action(ActionId.FETCH, value=1000, length=4096) in script.step(io.Resume()).actions
    script.interrupt()
    script.step(io.Pause())
    script.step(io.Resume())
    assert Action(ActionId.FETCH, value=1000, length=4096) in script.expire(TimerId.DOWNLOAD).actions
    script.settle()
    script.status(403)
    script.step(io.Pause())
    script.describe(by_id=JOB, status="IN_PROGRESS")
    assert script.phase is Phase.PAUSED


@scenario
def the_application_cancels(script: Script) -> None:
    def pausing() -> None:
        script.to_requesting()
        script.step(io.Pause())

    def waiting() -> None:
        script.to_requesting()
        script.interrupt()

    def erasing() -> None:
        script.to_requesting()
        script.range()

    for way, aborts in (
        (script.to_starting, False),
        (script.to_requesting, True),
        (erasing, True),
        (script.to_receiving, True),
        (waiting, False),
        (pausing, False),
        (script.to_refreshing, False),
        (script.to_verifying, True),
    ):
        way()
        seen = script.step(io.Cancel())
        assert told(seen) == [(Tell.ERROR, 27)]
        assert (ActionId.ABORT in ids(seen)) is aborts
        assert script.phase is Phase.REPORTING
        assert script.step(io.Cancel()).actions == ()
    script.boot()
    assert script.step(io.Cancel()).actions == ()
    for input in (io.Reject(), io.Revert(), io.Accept()):
        assert script.step(input).actions == ()


@scenario
def the_application_cancels_before_the_reboot(script: Script) -> None:
    ways = [script.to_applying] if can(script, "early") else [script.to_applying, script.to_rebooting]
    for way in ways:
        way()
        seen = script.step(io.Cancel())
        assert script.phase is Phase.REVERTING
        assert Action(ActionId.ERASE) in seen.actions
        stored = seen.record
        assert script.step(io.UpgradeRequested()).actions == ()
        assert told(script.step(io.Erased())) == [(Tell.ERROR, 27)]
        # The device reboots before the slot is erased.
        seen = script.boot(stored, swap_pending=True)
        assert (script.phase, seen.actions) == (Phase.REVERTING, (Action(ActionId.ERASE),))
        seen = script.step(io.Erased(-5))
        assert (script.phase, told(seen)) == (Phase.REVERTING, [(Tell.DONE, 0)])
        assert ids(seen) == [ActionId.PERSIST, ActionId.TELL]
        # Reason and retries.
        assert (stored[8:10], seen.record[8:10]) == (bytes([27, 0]), bytes([27, 1]))
        assert told(script.boot(stored)) == [(Tell.ERROR, 27)]
        # An image that is neither the old one nor the job's is confirmed: that says nothing of the job.
        script.boot(stored, swap_pending=True, confirmed=False)
        script.step(io.Confirm())
        script.step(io.Confirmed())
        assert script.phase is Phase.REVERTING
        assert script.step(io.Confirm()).actions == ()


@scenario
def the_application_rejects_the_new_image(script: Script) -> None:
    for answer in (io.Revert(), io.Cancel()):
        script.boot(record(3), running_hash=NEW_HASH, confirmed=False)
        assert script.step(io.Reject()).actions == ()
        seen = script.step(answer)
        assert (script.phase, ids(seen)) == (Phase.REVERTING, [ActionId.PERSIST])
        stored = seen.record
        assert script.step(io.Erased()).actions == ()
        assert script.step(io.Erased(-1)).actions == ()
        assert told(script.boot(stored)) == [(Tell.ERROR, 26)]
        script.boot(stored, running_hash=NEW_HASH, confirmed=False)
        assert script.phase is Phase.CONFIRMING
        assert told(script.step(io.Confirmed(-5))) == [(Tell.ERROR, 28)]
        script.step(answer)
        assert told(script.step(io.Confirmed(-5))) == [(Tell.ERROR, 28)]
        script.step(io.Confirm())
        script.step(io.Confirmed())
        assert script.phase is Phase.REPORTING


@scenario
def a_confirmation_in_another_phase(script: Script) -> None:
    script.boot(record(4, status=4, reason=25), confirmed=False)
    script.step(io.Confirm())
    assert told(script.step(io.Confirmed(-5))) == [(Tell.ERROR, 28)]
    script.step(io.Confirmed())
    assert script.phase is Phase.REPORTING
    assert script.step(io.Confirm()).actions == ()


@scenario
def inputs_that_come_too_late(script: Script) -> None:
    script.to_requesting()
    script.step(io.Cancel())
    for input in (
        io.HttpResponse(206, content_range=(0, 4095, SIZE), etag=ETAG),
        io.FetchFailed(FetchError.CLOSED),
        io.Erased(),
        io.Erased(-1),
        io.Written(4096),
        io.Verified(digest=DIGEST, hash=NEW_HASH),
        io.UpgradeRequested(),
        io.UpgradeRequested(-1),
        io.Timer(TimerId.DOWNLOAD),
        io.Reject(),
        io.Revert(),
        io.Accept(),
    ):
        assert script.step(input).actions == ()
    assert script.phase is Phase.REPORTING
