# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the engine: what the record and the running image say at the start."""

from __future__ import annotations

from collections.abc import Callable

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import Action, ActionId, Phase, Request, Tell, TimerId
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.topics import Topic, TopicKind
from differential.engine_process import Snapshot
from differential.engine_scenarios import describes, ids, scenario, told
from differential.engine_script import ETAG, JOB, NEW_HASH, SIZE, SLOT_SIZE, Script, document, record


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
def what_was_resumed_is_no_more_what_was_written(script: Script) -> None:
    """The slot was overwritten while another image ran: from zero once more, and only once."""
    stored, _ = downloading_record(script)
    for verified in (False, True):
        if verified:
            script.to_applying()
            stored = script.pair.seen.record
        script.boot(stored)
        script.connect()
        script.describe()
        script.accept_update()
        if not verified:
            script.range()
            script.step(io.Erased())
            to_the_end(script)
        if not describes(script, "sha256"):
            return
        assert script.phase is Phase.VERIFYING
        seen = script.verify(digest=bytes(32))
        assert (script.phase, told(seen), script.request) == (Phase.REFRESHING, [], Request.DESCRIBE_JOB)
        script.describe(by_id=JOB, status="IN_PROGRESS")
        assert Action(ActionId.FETCH, value=0, length=4096) in script.pair.seen.actions
        script.range()
        script.step(io.Erased())
        to_the_end(script)
        assert told(script.verify(digest=bytes(32))) == [(Tell.ERROR, 22)]


def to_the_end(script: Script) -> None:
    """Write all that is missing."""
    while script.phase is Phase.RECEIVING:
        script.write()
        if script.phase is Phase.REQUESTING:
            script.range()
        script.settle()


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


@scenario
def a_record_of_an_image_with_other_steps(script: Script) -> None:
    step = script.pair.settings.resume_step
    for offset in (0, 1, step - 1, step, step + 512, SIZE):
        script.boot(record(1, offset=offset))
        assert script.pair.engine.job_state.offset == offset - offset % step
    # Nor is an offset taken that is past the size.
    script.boot(record(1, offset=SIZE + 1))
    assert script.pair.engine.job_id == ""


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
        # Whatever the bootloader still means to do, and whatever was rejected before.
        script.boot(record(phase, reason=26), running_hash=NEW_HASH, confirmed=False, swap_pending=True)
        assert script.phase is Phase.CONFIRMING


@scenario
def the_bootloader_has_not_swapped_yet(script: Script) -> None:
    for phase in (2, 3):
        seen = script.boot(record(phase), swap_pending=True)
        assert told(seen) == [(Tell.DONE, 0)]
        assert script.phase is Phase.REBOOTING
        assert ActionId.PERSIST in ids(seen)


@scenario
def the_bootloader_never_swaps(script: Script) -> None:
    """Whatever the application does when it is told DONE, it is not told so forever."""
    for phase in (2, 3):
        seen = script.boot(record(phase, retries=1), swap_pending=True)
        tells = told(seen)
        for _ in range(9):
            seen = script.boot(seen.record, swap_pending=True)
            tells += told(seen)
        assert tells == [(Tell.DONE, 0)] * 2
        assert (script.phase, ids(seen)) == (Phase.REVERTING, [ActionId.ERASE])
        assert told(script.step(io.Erased())) == [(Tell.ERROR, 25)]
        # Nor is it where the slot cannot be erased.
        script.boot(record(phase, retries=3), swap_pending=True)
        assert told(script.step(io.Erased(-5))) == [(Tell.ERROR, 25)]
        seen = script.boot(record(phase, retries=3), swap_pending=True, confirmed=False)
        assert told(seen) == [(Tell.CONFIRM, 0)]


@scenario
def the_new_image_does_not_run(script: Script) -> None:
    assert told(script.boot(record(3))) == [(Tell.ERROR, 25)]
    assert told(script.boot(record(3, reason=26))) == [(Tell.ERROR, 26)]
    assert told(script.boot(record(3, reason=99))) == [(Tell.ERROR, 99)]
    for hash in (None, b"\x09" * 32):
        assert told(script.boot(record(2, retries=3), running_hash=hash)) == [(Tell.ERROR, 25)]
        assert script.phase is Phase.REPORTING
        for stored in (record(2, retries=3), record(3), record(3, reason=26)):
            assert told(script.boot(stored, running_hash=hash, confirmed=False)) == [(Tell.CONFIRM, 0)]
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
    seen = script.accept_update()
    if not describes(script, "sha256"):
        # Any image that came into the slot meanwhile would be taken for the job's.
        assert Action(ActionId.FETCH, value=0, length=4096) in seen.actions
        return
    assert ActionId.VERIFY in ids(seen)
    script.verify()
    assert script.pair.engine.job_state.retries == 2
    script.boot(stored)
    script.connect()
    script.describe(jobDocument=document(sha256=None))
    assert Action(ActionId.FETCH, value=0, length=4096) in script.accept_update().actions


@scenario
def what_is_downloaded_is_verified_though_paused(script: Script) -> None:
    """A pause is about downloads, and nothing of this one is missing."""
    script.to_applying()
    script.boot(script.pair.seen.record)
    script.connect()
    script.step(io.Pause())
    script.describe()
    script.accept_update()
    assert script.phase is (Phase.VERIFYING if describes(script, "sha256") else Phase.PAUSED)


@scenario
def an_unconfirmed_image_keeps_the_recorded_job(script: Script) -> None:
    script.boot(record(1), confirmed=False)
    script.connect()
    script.step(io.Confirm())
    script.step(io.Confirmed())
    script.describe(jobDocument=None)
    script.describe(jobId="other")
    assert script.pair.seen.topic == b"$aws/things/thing-1:a_b/jobs/job-1/get"


@scenario
def an_unconfirmed_image_while_the_bootloader_will_swap(script: Script) -> None:
    script.boot(record(3), swap_pending=True, confirmed=False)
    assert script.phase is Phase.REBOOTING
    assert told(script.step(io.Confirmed(-5))) == [(Tell.ERROR, 28)]
    assert ids(script.step(io.Confirm())) == [ActionId.CONFIRM_IMAGE]
    script.step(io.Confirmed())
    assert script.step(io.Confirm()).actions == ()
    assert script.phase is Phase.REBOOTING
