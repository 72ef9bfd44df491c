# SPDX-License-Identifier: Apache-2.0
"""The small worlds hold all properties, and a broken engine is caught by the property that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aws_fota.errors import ExitCode
from aws_fota.jobdoc.model import Foreign
from aws_fota.oracle.engine import Engine
from aws_fota.oracle.engine_boot import Boots
from aws_fota.oracle.engine_downloads import UPGRADE_TRIES, Downloads
from aws_fota.oracle.engine_io import (
    ActionId,
    Boot,
    HttpResponse,
    Input,
    Message,
    Phase,
    Reject,
    Request,
    Revert,
    Verified,
)
from aws_fota.oracle.engine_judgement import has_execution
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Link
from aws_fota.oracle.explore import __main__ as command
from aws_fota.oracle.explore import carrying_out
from aws_fota.oracle.explore.search import Search
from aws_fota.oracle.explore.world import BASIC, Document, Fault, Scenario
from aws_fota.oracle.explore.worlds import SMALL
from aws_fota.oracle.outcome import JobStatus, Outcome
from aws_fota.oracle.parser import job_hash
from aws_fota.oracle.record import RecordPhase, decode


@pytest.mark.parametrize("scenario", SMALL, ids=lambda scenario: scenario.name)
def test_a_small_world_holds_all_properties(scenario: Scenario) -> None:
    findings = Search(scenario).run()
    assert findings.violations == []
    assert findings.states > 100
    assert findings.transitions > findings.states


ONE_UPDATE = Scenario("one update", (Document.UPDATE,), BASIC | {Fault.CLOUD_CANCEL, Fault.CANCEL}, 1)
UNDONE = Scenario("undone", (Document.UPDATE,), frozenset({Fault.CLOUD_CANCEL, Fault.REBOOT}), 2)
DOWNLOAD = Scenario("download", (Document.UPDATE,), frozenset({Fault.CHANGED, Fault.NO_IF_MATCH}), 2)
PAUSED = Scenario("paused", (Document.UPDATE,), frozenset({Fault.FETCH_FAILED, Fault.PAUSE}), 2)
LEAVE = Scenario("left alone", (Document.FOREIGN, Document.UPDATE), BASIC, 0, foreign=Foreign.LEAVE)
OFFER = Scenario("offered", (Document.FOREIGN,), BASIC, 0, foreign=Foreign.OFFER)
TWO_LEFT = Scenario("two left alone", (Document.FOREIGN, Document.FOREIGN), BASIC, 0, foreign=Foreign.LEAVE)
UNREADABLE = Scenario(
    "unreadable", (Document.UNREADABLE, Document.UPDATE), frozenset({Fault.CLOUD_CANCEL}), 1, foreign=Foreign.LEAVE
)
DIGEST = Scenario("digest", (Document.DIGESTED,), frozenset({Fault.REBOOT, Fault.OVERWRITTEN}), 2)
WRONG_DIGEST = Scenario("wrong digest", (Document.MISDIGESTED,), frozenset(), 0)
RECORD = Scenario("record", (Document.UPDATE,), frozenset({Fault.RECORD}), 2)
UNREAD = Scenario("unread", (Document.UPDATE,), frozenset({Fault.UNREAD}), 1)
EARLY = Scenario("early", (Document.UPDATE,), frozenset({Fault.REBOOT}), 1, report_on_download=True)
THREE = Scenario(
    "three", (Document.FOREIGN, Document.FOREIGN, Document.UPDATE), BASIC, 0, foreign=Foreign.LEAVE, remembered_jobs=2
)

_take_input = Engine.take_input

#: Each breaks one rule: the world, the property that must be found broken, the method, and what replaces it.
Mutant = tuple[Scenario, str, str, Callable[..., Any]]
MUTANTS: dict[str, Mutant] = {}


def mutant(scenario: Scenario, property: str, method: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def remember(replacement: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[replacement.__name__] = (scenario, property, method, replacement)
        return replacement

    return remember


@mutant(ONE_UPDATE, "p2_success_means_that_the_image_runs", "upgrade_requested")
def reports_success_before_the_reboot(self: Engine, error: int) -> None:
    if self.state.phase is Phase.APPLYING:
        self.succeed()


@mutant(ONE_UPDATE, "p2_failure_means_that_it_does_not", "cancel")
def reports_a_cancel_before_the_slot_is_erased(self: Engine) -> None:
    if self.state.phase in (Phase.APPLYING, Phase.REBOOTING):
        self.fail(JobStatus.FAILED, Reason.CANCELLED)
        self.work(ActionId.ERASE)


@mutant(ONE_UPDATE, "p2_a_reverted_image_is_not_tried_again", "new_image_runs")
def does_not_keep_that_the_new_image_ran(self: Engine, was: RecordPhase) -> None:
    if self.state.confirmed:
        self.succeed()
    else:
        self.state.phase = Phase.CONFIRMING


@mutant(EARLY, "p3_liveness_confirms", "boot")
def tells_of_an_unconfirmed_image_when_idle_only(self: Engine, boot: Boot) -> None:
    Boots.boot(self, boot)
    if self.state.phase is Phase.REPORTING:
        self._lines.pop("tell", None)


@mutant(UNREAD, "p3_liveness_confirms", "boot")
def tells_of_an_unconfirmed_image_by_its_record_only(self: Engine, boot: Boot) -> None:
    Boots.boot(self, boot)
    if decode(boot.record or b"") is None:
        self._lines.pop("tell", None)


@mutant(UNREAD, "p2_failure_means_that_it_does_not", "version_does_not_fit")
def rejects_the_job_of_the_running_image(self: Engine, outputs: Outcome) -> bool:
    same = self.version_of(outputs) == self.state.running_version
    if same:
        self.fail(JobStatus.REJECTED, Reason.SAME_VERSION)
    return same


@mutant(ONE_UPDATE, "p3_liveness_confirms", "restore_flag")
def forgets_a_lost_request(self: Engine) -> None:
    self.state.request = Request.NONE


@mutant(ONE_UPDATE, "p3_liveness_confirms", "update_rejected")
def does_not_learn_the_version(self: Engine, outputs: Outcome) -> None:
    if outputs.status not in (JobStatus.NONE, JobStatus.QUEUED, JobStatus.IN_PROGRESS):
        self.answered()
        self.ended(outputs.status)
    else:
        self.retry_later()


@mutant(ONE_UPDATE, "p3_what_is_to_be_reported_is_in_the_record", "succeed")
def does_not_keep_a_success(self: Engine) -> None:
    self.job_state.pending = JobStatus.SUCCEEDED
    self.state.phase = Phase.REPORTING
    self.state.update_due = True


@mutant(PAUSED, "p4_a_wait_ends_with_its_timer", "resume")
def tries_again_when_it_is_resumed(self: Engine) -> None:
    self.state.paused = False
    if self.state.phase in (Phase.PAUSED, Phase.WAITING):
        self.download()


@mutant(DOWNLOAD, "p5_only_one_object_is_verified", "partial_content")
def does_not_compare_etags(self: Engine, response: HttpResponse) -> None:
    assert response.content_range is not None
    self.job_state.etag = response.etag
    self.job_state.streaming = False
    self.job_state.range_end = response.content_range[1] + 1
    self.accept()


@mutant(DOWNLOAD, "p5_resumes_one_object_only", "restart")
def keeps_the_offset_of_another_object(self: Engine) -> None:
    self.job_state.tries += 1
    self.abort()
    self.job_state.etag = None
    self.fetch()


@mutant(ONE_UPDATE, "p6_flash_is_left_alone_until_started", "take")
def downloads_before_the_service_accepted(self: Engine, message: Message, keep: bool) -> None:
    self.take_object(message)
    self.state.update_due = True
    self.download()


@mutant(DIGEST, "p6_only_a_whole_image_is_applied", "verified")
def does_not_compare_digests(self: Engine, result: Verified) -> None:
    Downloads.verified(self, replace(result, digest=self.job_state.sha256 or bytes(32)))


@mutant(DIGEST, "p8_a_fine_job_is_not_blamed", "verified")
def blames_the_object_for_what_others_wrote(self: Engine, result: Verified) -> None:
    self.job_state.resumed = False
    Downloads.verified(self, result)


@mutant(WRONG_DIGEST, "p3_liveness_confirms", "verified")
def begins_anew_for_ever(self: Engine, result: Verified) -> None:
    self.job_state.resumed = True
    # A counter that goes on would make ever new states of the circle.
    self.job_state.tries = 0
    Downloads.verified(self, result)


@mutant(ONE_UPDATE, "p7_a_change_in_the_cloud_is_looked_into", "notify_next_elsewhere")
def is_deaf_while_it_downloads(self: Engine, outputs: Outcome) -> None:
    pass


@mutant(UNDONE, "p7_the_image_of_an_ended_job_is_not_forgotten", "undo")
def forgets_an_ended_job_before_its_slot_is_erased(self: Engine, reason: Reason) -> None:
    self.work(ActionId.ERASE)
    self.cancelled()


@mutant(UNDONE, "p7_an_unwanted_image_is_not_to_be_confirmed", "new_image_runs")
def asks_about_the_image_of_an_ended_job(self: Engine, was: RecordPhase) -> None:
    if self.state.confirmed:
        self.succeed()
    else:
        self.state.phase = Phase.CONFIRMING
        self.persist()


@mutant(ONE_UPDATE, "p7_an_unwanted_image_is_not_to_be_confirmed", "new_image_runs")
def asks_about_the_image_of_a_cancelled_update(self: Engine, was: RecordPhase) -> None:
    if self.job_state.reason == Reason.CANCELLED:
        self.job_state.retries = UPGRADE_TRIES
    Boots.new_image_runs(self, was)


@mutant(UNDONE, "p7_an_ended_job_is_not_reported", "succeed")
def reports_the_image_of_an_ended_job(self: Engine) -> None:
    self.job_state.pending, self.job_state.reason = JobStatus.SUCCEEDED, Reason.NONE
    self.persist()
    self.state.phase = Phase.REPORTING
    self.state.update_due = True


@mutant(ONE_UPDATE, "p9_progress_is_reported_once_a_step", "written")
def reports_progress_with_each_piece(self: Engine, end: int) -> None:
    if self.state.phase is Phase.RECEIVING:
        self.job_state.offset = end
        self.state.update_due = True
        self.download()


@mutant(ONE_UPDATE, "p10_describes_next_after_each_connect", "subscribed")
def describes_nothing_after_connecting(self: Engine, error: int) -> None:
    self.state.link = Link.ONLINE
    self.answered()


@mutant(TWO_LEFT, "p3_liveness_confirms", "remembered")
def asks_for_foreign_jobs_in_a_circle(self: Engine, hashed: int) -> None:
    self.state.ring = (hashed,)
    self.state.list_due = True


@mutant(LEAVE, "p3_liveness_confirms", "notify")
def does_not_look_behind_a_foreign_job(self: Engine, outputs: Outcome) -> None:
    pass


@mutant(THREE, "p3_liveness_confirms", "notify_next_in_idle")
def believes_a_late_notify_next(self: Engine, outputs: Outcome) -> None:
    if not has_execution(outputs):
        self.state.left_alone = False
    elif job_hash(outputs.job_id) in self.state.ring:
        self.state.left_alone = True
    else:
        self.state.next_due = True


@mutant(LEAVE, "p8_a_foreign_job_is_never_failed", "foreign")
def fails_a_foreign_job(self: Engine) -> None:
    self.fail(JobStatus.FAILED, Reason.FOREIGN)


@mutant(OFFER, "interface_strays_of_the_application", "take_input")
def gives_an_offered_job_up_with_the_image(self: Engine, input: Input) -> None:
    offered = self.state.phase is Phase.OFFERED and isinstance(input, Revert)
    _take_input(self, Reject() if offered else input)


@mutant(UNREADABLE, "p8_a_fine_job_is_not_blamed", "described_without_document")
def blames_the_job_that_is_first_now(self: Engine, outputs: Outcome, request: Request) -> None:
    if self.state.unreadable and has_execution(outputs):
        self.state.unreadable = False
        self.job_state.job_id, self.job_state.version = outputs.job_id, outputs.version_number
        self.fail(JobStatus.FAILED, Reason.UNREADABLE)


@mutant(ONE_UPDATE, "p1_strange_tokens_change_nothing", "is_ours")
def takes_any_token(self: Engine, message: Message) -> bool:
    return self.is_awaited(message.topic)


@mutant(ONE_UPDATE, "p4_a_burst_is_bounded", "retry_now")
def tries_for_ever(self: Engine) -> None:
    self.restore_flag()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_engine_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, property, method, replacement = MUTANTS[name]
    monkeypatch.setattr(Engine, method, replacement)
    found = Search(scenario).run().violations
    assert property in {violation.property for violation in found}
    violation = next(violation for violation in found if violation.property == property)
    assert violation.trace, "with the way there"


def test_a_glue_that_is_ahead_of_its_record_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine cannot help it: an upgrade that no record tells of is asked for again after it was reverted."""
    assert Search(RECORD).run().violations == []
    monkeypatch.setattr(carrying_out, "_WITHOUT_RECORD", {})
    found = {violation.property for violation in Search(RECORD).run().violations}
    assert found == {"p2_a_reverted_image_is_not_tried_again"}


def test_unbroken_the_worlds_of_the_mutants_hold() -> None:
    for scenario in {id(made[0]): made[0] for made in MUTANTS.values()}.values():
        assert Search(scenario).run().violations == []


def test_the_command_prints_each_world_and_fails_on_a_violation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run(["--small", "--world", "unreadable"]) is ExitCode.OK
    assert "0 violations" in capsys.readouterr().out
    monkeypatch.setattr(Engine, "restore_flag", forgets_a_lost_request)
    assert command.run(["--small", "--world", "unreadable"]) is ExitCode.FAILED
    assert "p3_liveness_confirms: rests with job A QUEUED" in capsys.readouterr().out
