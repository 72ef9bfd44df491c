# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the engine: the download."""

from __future__ import annotations

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import Action, ActionId, FetchError, Phase, Request, Tell, TimerId
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.topics import Topic, TopicKind
from differential.engine_scenarios import can, describes, ids, repeat, scenario, told
from differential.engine_script import JOB, SIZE, Script, document


@scenario
def progress_is_reported_once_a_step(script: Script) -> None:
    script.to_receiving()
    reports = []
    for end in range(500, 4096, 500):
        if script.request is Request.NONE or ActionId.PUBLISH in ids(script.write(end)):
            pass
        if script.pair.seen.payload:
            reports.append(script.pair.seen.payload)
    assert len(reports) == 0
    script.write()
    while script.phase is Phase.REQUESTING:
        script.range()
        seen = script.write(script.pair.engine.job_state.range_end - 1)
        if seen.payload:
            reports.append(seen.payload)
        # The answer comes late.
        script.write()
        if script.request is Request.UPDATE:
            script.accept_update()
    assert len(reports) == len(set(reports))


@scenario
def ranges_that_are_not_what_was_asked_for(script: Script) -> None:
    for changes, reason in (
        ({"content_range": None}, 14),
        ({"content_range": (1, 4095, SIZE)}, 14),
        ({"content_range": (0, 4096, SIZE)}, 14),
        ({"content_range": (0, 4095, SIZE + 1)}, 16),
    ):
        script.to_requesting()
        seen = script.range(**changes)
        assert told(seen) == [(Tell.ERROR, reason)]
        assert ActionId.ABORT in ids(seen)
    script.to_receiving()
    script.write()
    assert told(script.range(content_range=(4096, 4095, SIZE))) == [(Tell.ERROR, 14)]


@scenario
def a_shorter_range_is_fine(script: Script) -> None:
    script.to_requesting()
    script.range(content_range=(0, 99, SIZE))
    script.step(io.Erased())
    seen = script.write(100)
    assert Action(ActionId.FETCH, value=100, length=4096) in seen.actions
    script.range()
    assert script.write(100).actions == ()
    assert script.write(100 + 4097).actions == ()
    assert script.write(101).actions == ()


@scenario
def etags(script: Script) -> None:
    for etag, kept in (
        (b'"' + b"x" * 62 + b'"', True),
        (b'"' + b"x" * 63 + b'"', False),
        (b'W/"x"', False),
        (b"W", True),
        (b"W/", False),
        (b"x", True),
        (b"", False),
        (b'"a b"', False),
        (b'"\x7f"', False),
        (b'"\xc3\xa9"', False),
        (None, False),
    ):
        script.to_requesting()
        seen = script.range(etag=etag)
        assert seen.etag == (etag if kept else b"")
    script.to_requesting()
    script.range(etag=None)
    script.step(io.Erased())
    script.write()
    script.range(etag=None)
    script.write()


@scenario
def the_object_changed(script: Script) -> None:
    for other in (b'"two"', b'"one', None):
        script.to_receiving()
        script.write()
        seen = script.range(etag=other)
        assert Action(ActionId.FETCH, value=0, length=4096) in seen.actions
        assert ActionId.ABORT in ids(seen)
        assert seen.etag == b""
    tries = 1
    while script.phase is Phase.REQUESTING:
        seen = script.status(412)
        tries += 1
    assert tries == script.pair.settings.retries_max + 1
    assert told(seen) == [(Tell.ERROR, 19)]


@scenario
def a_server_without_ranges(script: Script) -> None:
    script.to_receiving()
    script.write()
    seen = script.whole()
    assert Action(ActionId.FETCH, value=0, length=4096) in seen.actions
    assert told(script.whole(content_length=None)) == [(Tell.ERROR, 15)]
    script.to_requesting()
    assert told(script.whole(content_length=SIZE - 1)) == [(Tell.ERROR, 16)]
    script.to_receiving()
    script.write()
    script.whole()
    script.range()
    script.step(io.Erased())
    script.write()
    assert told(script.whole()) == [(Tell.ERROR, 17)]


@scenario
def a_whole_object_is_streamed(script: Script) -> None:
    script.to_requesting()
    script.whole()
    script.step(io.Erased())
    seen = script.write(20000)
    assert ActionId.PERSIST not in ids(seen)
    # What begins anew does so with a fresh URL.
    script.settle()
    script.interrupt(FetchError.NO_BODY)
    script.expire(TimerId.DOWNLOAD)
    assert (script.phase, script.request) == (Phase.REFRESHING, Request.DESCRIBE_JOB)
    url = "https://host.example/fw.bin?X=2"
    seen = script.describe(by_id=JOB, status="IN_PROGRESS", jobDocument=document(location={"url": url}))
    assert Action(ActionId.FETCH, value=0, length=4096) in seen.actions
    assert seen.url.path.endswith("?X=2")
    seen = script.whole()
    assert Action(ActionId.ERASE) in seen.actions
    script.step(io.Erased())
    script.write(30000)
    script.step(io.Pause())
    assert Action(ActionId.FETCH, value=0, length=4096) in script.step(io.Resume()).actions
    script.whole()
    script.step(io.Erased())
    assert ActionId.VERIFY in ids(script.write(SIZE))
    script.step(io.Pause())
    script.verify()
    assert script.phase is Phase.APPLYING


@scenario
def a_stream_that_breaks_too_often(script: Script) -> None:
    script.to_requesting()
    for _ in repeat(script.pair.settings.retries_max):
        script.whole()
        script.step(io.Erased())
        script.settle()
        script.interrupt(FetchError.NO_BODY)
        script.expire(TimerId.DOWNLOAD)
        script.describe(by_id=JOB, status="IN_PROGRESS")
    script.whole()
    script.step(io.Erased())
    assert told(script.interrupt(FetchError.NO_BODY)) == [(Tell.ERROR, 20)]
    assert script.pair.seen.detail == FetchError.NO_BODY


@scenario
def a_blank_slot_is_not_erased_again(script: Script) -> None:
    script.to_receiving()
    script.interrupt()
    script.expire(TimerId.DOWNLOAD)
    seen = script.range()
    assert [id for id in ids(seen) if id in (ActionId.PERSIST, ActionId.RECEIVE)] == [
        ActionId.PERSIST,
        ActionId.RECEIVE,
    ]


@scenario
def servers_that_ask_for_patience(script: Script) -> None:
    for status in (408, 425, 429, 500, 503, 599):
        script.to_requesting()
        seen = script.status(status)
        assert script.phase is Phase.WAITING
        assert ids(seen)[0] is ActionId.ABORT
        script.expire(TimerId.DOWNLOAD)
    for _ in repeat(40):
        if script.phase is Phase.REQUESTING:
            seen = script.status(503)
        elif script.phase is Phase.WAITING:
            script.expire(TimerId.DOWNLOAD)
    assert told(seen) == [(Tell.ERROR, 13)]
    assert seen.detail == 503


@scenario
def servers_that_refuse(script: Script) -> None:
    for status in (100, 201, 204, 300, 304, 400, 401, 404, 410, 416, 499, 600, 65535):
        script.to_requesting()
        assert told(script.status(status)) == [(Tell.ERROR, 13)]
        assert script.pair.seen.detail == status


@scenario
def connections_that_break(script: Script) -> None:
    for error in (FetchError.CONNECT, FetchError.TLS, FetchError.TIMEOUT, FetchError.CLOSED, FetchError.PROTOCOL):
        script.to_receiving()
        script.write(1000)
        seen = script.interrupt(error)
        assert (script.phase, ids(seen)[0]) == (Phase.WAITING, ActionId.ABORT)
        assert Action(ActionId.FETCH, value=1000, length=4096) in script.expire(TimerId.DOWNLOAD).actions
    attempts = 1
    while script.phase is not Phase.REPORTING:
        if script.phase is Phase.WAITING:
            script.expire(TimerId.DOWNLOAD)
        seen = script.interrupt()
        attempts += 1
    assert attempts == script.pair.settings.retries_max + 1
    assert (told(seen), seen.detail) == ([(Tell.ERROR, 20)], FetchError.CLOSED)
    # The same while the body comes.
    script.to_receiving()
    for _ in repeat(script.pair.settings.retries_max):
        script.interrupt()
        script.expire(TimerId.DOWNLOAD)
        script.range()
    assert script.phase is Phase.RECEIVING
    assert told(script.interrupt()) == [(Tell.ERROR, 20)]


@scenario
def progress_begins_the_tries_anew(script: Script) -> None:
    script.to_receiving()
    for end in range(1, 3 * script.pair.settings.retries_max):
        script.write(end)
        script.interrupt()
        script.expire(TimerId.DOWNLOAD)
        script.range()
    assert script.phase is Phase.RECEIVING


@scenario
def objects_that_the_downloading_library_refuses(script: Script) -> None:
    for error, reason in ((FetchError.SIZE, 16), (FetchError.IMAGE, 23)):
        for reach in (script.to_requesting, script.to_receiving):
            reach()
            assert told(script.interrupt(error)) == [(Tell.ERROR, reason)]
            assert script.pair.seen.detail == 0


@scenario
def flash_that_fails(script: Script) -> None:
    script.to_receiving()
    assert told(script.interrupt(FetchError.FLASH)) == [(Tell.ERROR, 21)]
    script.to_requesting()
    script.range()
    script.step(io.Erased(-5))
    assert (script.told[-1], script.pair.seen.detail) == ((Tell.ERROR, 21), 5)
    for error in (-(2**31), 7):
        script.to_verifying()
        script.verify(error=error)
        assert script.pair.seen.detail == abs(error)


@scenario
def a_url_that_expired(script: Script) -> None:
    script.to_receiving()
    script.write()
    for refresh in repeat(2):
        script.settle()
        seen = script.status(403)
        assert (script.phase, script.request) == (Phase.REFRESHING, Request.DESCRIBE_JOB)
        assert b"includeJobDocument" not in (seen.payload or b"includeJobDocument")
        url = f"https://host.example/fw.bin?X={refresh + 2}"
        seen = script.describe(by_id=JOB, status="IN_PROGRESS", jobDocument=document(location={"url": url}))
        assert Action(ActionId.FETCH, value=4096, length=4096) in seen.actions
        assert seen.url.path.endswith(f"?X={refresh + 2}")
    assert told(script.status(403)) == [(Tell.ERROR, 13)]
    assert script.pair.seen.detail == 403


@scenario
def a_fresh_description_of_something_else(script: Script) -> None:
    refreshed = {"by_id": JOB, "status": "IN_PROGRESS"}
    script.to_refreshing()
    script.describe(**refreshed, jobDocument=document(size=SIZE + 4))
    assert (script.phase, script.pair.seen.size) == (Phase.REQUESTING, SIZE + 4)
    for changed, reason in (
        (document(operation="reboot"), 1),
        (document(size="1"), 5),
        (document(size=2**31), 10),
        ([], 2),
    ):
        script.to_refreshing()
        seen = script.describe(**refreshed, jobDocument=changed)
        if reason == 1 and can(script, "any"):
            assert script.phase is Phase.REQUESTING
        else:
            assert told(seen) == [(Tell.ERROR, reason)]
    if not describes(script, "sha256"):
        script.to_refreshing()
        assert ActionId.VERIFY in ids(script.describe(**refreshed, jobDocument=document(size=0)))
    script.to_refreshing()
    assert script.describe(by_id=JOB, jobId="other").actions == ()
    assert told(script.text(Topic(TopicKind.JOB_ACCEPTED, JOB), b"[")) == [(Tell.ERROR, 2)]
    for ending in ({"nothing": True}, {"status": "TIMED_OUT"}):
        script.to_refreshing()
        assert told(script.describe(by_id=JOB, **ending)) == [(Tell.CANCELLED, 0)]
    # The describe is under way, full, when the update is cancelled.
    script.to_refreshing()
    script.step(io.Cancel())
    script.text(Topic(TopicKind.JOB_ACCEPTED, JOB), b"[")
    assert (script.phase, script.request) == (Phase.REPORTING, Request.UPDATE)


@scenario
def redirects(script: Script) -> None:
    for status in (301, 302, 303, 307, 308):
        script.to_requesting()
        seen = script.status(status, location=b"https://other.example:444/x?y")
        assert (seen.url.host, seen.url.port, seen.url.path) == ("other.example", 444, "/x?y")
        assert ids(seen)[0] is ActionId.ABORT
    seen = script.status(302, location=b"/")
    assert (seen.url.host, seen.url.path) == ("other.example", "/")
    seen = script.status(302, location=b"/a/b")
    assert seen.url.path == "/a/b"
    assert told(script.status(302, location=b"/c")) == [(Tell.ERROR, 18)]


@scenario
def redirects_that_are_refused(script: Script) -> None:
    longest = b"/" + b"p" * (script.pair.settings.file_path_max_len - 1)
    for location in (
        None,
        b"",
        b"//host/x",
        b"http://host.example/fw.bin",
        b"ftp://host/x",
        b"relative",
        b"/a b",
        b"/a#b",
        b"/a\r\nb",
        b"/\x7f",
        b"/\xff",
        longest + b"p",
    ):
        script.to_requesting()
        assert told(script.status(302, location=location)) == [(Tell.ERROR, 18)], location
    script.to_requesting()
    assert script.status(302, location=longest).phase is Phase.REQUESTING
    script.range()
    script.step(io.Erased())


@scenario
def redirects_in_cleartext(script: Script) -> None:
    script.boot()
    script.connect()
    script.describe(jobDocument=document(location={"url": "http://host.example/fw.bin"}))
    if script.phase is not Phase.STARTING:
        return
    script.accept_update()
    assert script.status(302, location=b"http://host.example/x").phase is Phase.REQUESTING
    assert script.status(302, location=b"https://host.example/x").phase is Phase.REQUESTING
    script.range()
    script.step(io.Erased())
    script.write()
    assert told(script.status(302, location=b"http://host.example/x")) == [(Tell.ERROR, 18)]


@scenario
def a_stream_is_asked_for_with_a_fresh_url_until_a_response_tells_otherwise(script: Script) -> None:
    """A fresh URL that expired too has no response before the next try."""
    script.to_requesting()
    script.whole()
    script.step(io.Erased())
    script.settle()
    for _ in repeat(script.pair.settings.retries_max):
        script.interrupt(FetchError.NO_BODY)
        script.expire(TimerId.DOWNLOAD)
        assert (script.phase, script.request) == (Phase.REFRESHING, Request.DESCRIBE_JOB)
        script.describe(by_id=JOB, status="IN_PROGRESS")
        assert script.phase is Phase.REQUESTING
    assert told(script.interrupt(FetchError.NO_BODY)) == [(Tell.ERROR, 20)]


@scenario
def an_object_that_became_empty_is_verified_at_once(script: Script) -> None:
    """Where the description lets an image have no bytes."""
    if any(field.destination == "size" and field.minimum for field in script.pair.description.fields):
        return
    script.to_refreshing()
    script.describe(by_id=JOB, status="IN_PROGRESS", jobDocument=document(size=0))
    assert script.phase is Phase.VERIFYING


@scenario
def a_slot_that_cannot_be_erased_fails_a_paused_job_too(script: Script) -> None:
    script.to_requesting()
    script.range()
    script.step(io.Pause())
    seen = script.step(io.Erased(-5))
    assert (script.phase, seen.reason, seen.detail) == (Phase.REPORTING, Reason.FLASH, 5)
