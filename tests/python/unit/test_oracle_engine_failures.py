# SPDX-License-Identifier: Apache-2.0
"""The failures of the nRF Connect SDK's library, as numbered at the end of ``aws-iot-jobs.md``, that are the engine's.

The others are the parser's: 4 and 12, and the parsing half of 3 and 11.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Foreign
from aws_fota.oracle import publications, topics
from aws_fota.oracle.engine import Engine
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Boot,
    Connected,
    Disconnected,
    Erased,
    FetchError,
    FetchFailed,
    HttpResponse,
    Message,
    Phase,
    Subscribed,
    Tell,
    Written,
)
from aws_fota.oracle.outcome import JobStatus, Outcome, ParseResult
from aws_fota.oracle.topics import Topic, TopicKind
from descriptions import DEFAULT
from oracle_engine_driver import Driver


def test_f01_success_is_not_reported_before_the_reboot() -> None:
    driver = Driver().rebooting()
    assert not [payload for _, payload in driver.published if payload.get("status") == "SUCCEEDED"]
    assert driver.told[-1][0] is Tell.DONE


def test_f02_a_foreign_job_is_not_failed() -> None:
    for foreign, status in ((Foreign.REJECT, "REJECTED"), (Foreign.LEAVE, None), (Foreign.OFFER, None)):
        driver = Driver(description=replace(DEFAULT, foreign=foreign)).online()
        driver.describe(jobDocument={"operation": "AWS-Reboot"})
        assert [payload["status"] for topic, payload in driver.published if topic.endswith("update")] == (
            [status] if status else []
        )


@pytest.mark.parametrize("members", [{"size": 400_001}, {"fwversion": "1.0.0"}, {"fwversion": "x" * 33}])
def test_f02_what_does_not_fit_is_rejected(members: dict[str, object]) -> None:
    driver = Driver().online()
    driver.describe(**members)
    assert driver.last_status[0] == "REJECTED"


def test_f03_a_message_that_cannot_be_read_is_acknowledged_and_leads_to_no_loop() -> None:
    driver = Driver().online()
    driver.message("$next/get/accepted", b'{"execution":' + b"[" * 40)
    assert driver.actions[0].id is ActionId.ACKNOWLEDGE
    driver.describe()
    driver.message(driver.last[0] + "/accepted", b"[" * 40)
    assert driver.phase is Phase.REPORTING
    assert driver.last_status == ("FAILED", {"reason": "job document cannot be read"})
    driver.updated("FAILED", 2)
    driver.describe_nothing()
    assert driver.phase is Phase.IDLE
    assert not driver.has(ActionId.PUBLISH)


def test_f05_an_error_of_a_handler_does_not_reset_a_download() -> None:
    driver = Driver().receiving()
    for topic in ("notify", "notify-next", "get/accepted", "job/get/rejected", "job/update/rejected"):
        driver.message(topic, b"\xff")
    driver.give(Subscribed(-22))
    assert driver.phase is Phase.RECEIVING
    driver.download()
    assert driver.phase is Phase.VERIFYING


def test_f06_a_lost_answer_does_not_wedge_the_job() -> None:
    driver = Driver().online()
    driver.describe(version=1)
    driver.expire()
    assert driver.last[1]["expectedVersion"] == 1
    driver.refused("VersionMismatch", status="IN_PROGRESS", versionNumber=2)
    driver.updated("IN_PROGRESS", 3)
    assert driver.phase is Phase.REQUESTING


def test_f07_a_job_removed_during_the_download_is_seen_and_leaves_nothing_stuck() -> None:
    driver = Driver().receiving()
    driver.message("notify-next", {})
    driver.refused("ResourceNotFound")
    assert driver.told[-1][0] is Tell.CANCELLED
    driver.describe("next-job")
    driver.updated("IN_PROGRESS", 2)
    assert driver.phase is Phase.REQUESTING


@pytest.mark.parametrize("phase", ["online", "requesting", "receiving", "applying", "rebooting", "confirming"])
def test_f08_every_reconnect_subscribes_again(phase: str) -> None:
    driver = getattr(Driver(), phase)()
    driver.give(Disconnected())
    driver.give(Connected())
    assert driver.has(ActionId.SUBSCRIBE)
    assert publications.subscription_topics(driver.engine) == (
        b"$aws/things/thing-1/jobs/notify-next",
        b"$aws/things/thing-1/jobs/notify",
    )


def test_f09_a_final_status_that_could_not_be_sent_is_sent_later() -> None:
    driver = Driver().receiving()
    driver.give(Disconnected())
    driver.give(FetchFailed(FetchError.FLASH))
    assert driver.phase is Phase.REPORTING
    driver.boot()
    driver.connect()
    driver.describe_nothing()
    assert driver.last_status[0] == "FAILED"


def test_f10_a_changed_object_is_not_resumed_into_a_mix() -> None:
    driver = Driver(Settings(resume_step=1024)).receiving()
    driver.give(Written(4096))
    driver.boot()
    driver.connect()
    driver.describe(status="IN_PROGRESS", version=3)
    driver.updated("IN_PROGRESS", 4)
    assert driver.actions[-2] == Action(ActionId.FETCH, value=4096, length=4096)
    driver.give(HttpResponse(412))
    assert driver.actions[-1] == Action(ActionId.FETCH, value=0, length=4096)
    driver.respond(b'"two"')
    assert Action(ActionId.ERASE, value=0) in driver.actions
    driver.give(Erased())
    driver.give(Written(4096))
    assert driver.engine.etag == b'"two"'


@pytest.mark.parametrize(
    "location",
    [
        b"http://bucket.example.com/fw.bin",
        b"ftp://bucket.example.com/fw.bin",
        b"//bucket.example.com/fw.bin",
        b"bucket.example.com/fw.bin",
        b"/fw.bin HTTP/1.1\r\nHost: x",
        b"/fw.bin#part",
        b"https://user@bucket.example.com/fw.bin",
        b"https://",
        b"",
        None,
    ],
)
def test_f11_a_redirect_goes_nowhere_that_a_job_could_not(location: bytes | None) -> None:
    driver = Driver().requesting()
    driver.give(HttpResponse(302, location=location))
    assert driver.last_status == ("FAILED", {"reason": "redirect refused"})


def test_f11_cleartext_is_rejected_where_it_is_not_allowed() -> None:
    driver = Driver(Settings(allow_http=False)).online()
    driver.describe(location={"url": "http://bucket.example.com/fw.bin"})
    assert driver.last_status == ("REJECTED", {"reason": "http is not allowed"})


def test_f11_the_port_of_a_redirect_is_kept() -> None:
    driver = Driver().requesting()
    driver.give(HttpResponse(307, location=b"https://other.example.com:8443//key?x=%2f"))
    url = driver.engine.url
    assert (url.host, url.port, url.path) == ("other.example.com", 8443, "//key?x=%2f")


def test_f13_the_longest_thing_and_job_have_a_topic() -> None:
    thing, job_id = "t" * 128, "j" * 64
    topic = topics.format(thing, Topic(TopicKind.UPDATE_REJECTED, job_id))
    assert len(topic) == 12 + 128 + 6 + 64 + 16
    assert topics.parse(thing, topic) == (TopicKind.UPDATE_REJECTED, job_id)
    engine = Engine(Settings(), DEFAULT, thing)
    for input in (Boot(slot_size=1, seed=0), Connected(), Subscribed()):
        engine.step(input)
    unreadable = Message(Topic(TopicKind.NEXT_ACCEPTED), Outcome(ParseResult.SYNTAX))
    engine.step(unreadable)
    present = frozenset({1, 2, 3, 4, 5})
    described = Outcome(
        client_token=2, job_id=job_id, status=JobStatus.QUEUED, version_number=2**32 - 1, present=present
    )
    engine.step(Message(Topic(TopicKind.NEXT_ACCEPTED), described))
    assert publications.topic(engine) == f"$aws/things/{thing}/jobs/{job_id}/get".encode()
