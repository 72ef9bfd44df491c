# SPDX-License-Identifier: Apache-2.0
"""What the application and `aws_fota.yaml` decide: foreign jobs, new images, and when success is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from aws_fota.emulator.jobs_model import Status
from aws_fota.host.application import Application, Reply, Told
from aws_fota.host.build_cache import build
from aws_fota.host.library import Core
from aws_fota.jobdoc.load import load
from aws_fota.jobdoc.model import Foreign
from e2e.rig import WAIT_S, Rig, wait_told

FOREIGN_JOB = "reboot-1"
FOREIGN_DOCUMENT = {"operation": "reboot", "size": 1, "fwversion": "", "location": {"url": "http://127.0.0.1/"}}


class Rejects(Application):
    """Finds fault with every new image, and says so before it reboots."""

    def told(self, told: Told) -> Sequence[Reply]:
        return (Reply.REVERT, Reply.REBOOT) if told.event == "CONFIRM" else super().told(told)


def _core(foreign: Foreign) -> Core:
    return Core(build(Model(replace(load(), foreign=foreign), Settings())))


def _foreign_job_then_ours(rig: Rig) -> None:
    rig.create_job(FOREIGN_DOCUMENT, FOREIGN_JOB)
    rig.offer()


def test_an_image_that_the_application_rejects_is_reverted(rig: Rig) -> None:
    rig.offer()
    rig.start(Rejects())
    execution = rig.settled()
    assert (execution.status, execution.status_details) == (Status.FAILED, {"reason": "rejected by the application"})
    rig.assert_untouched()


def test_a_foreign_job_is_rejected_and_the_next_one_taken(rig: Rig) -> None:
    _foreign_job_then_ours(rig)
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    assert rig.ended(FOREIGN_JOB).status is Status.REJECTED


def test_a_foreign_job_left_alone_does_not_hide_the_one_behind_it(rig: Rig) -> None:
    rig.core = _core(Foreign.LEAVE)
    _foreign_job_then_ours(rig)
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    assert rig.wait_execution(lambda execution: True, FOREIGN_JOB).status is Status.QUEUED
    rig.assert_installed(rig.images.new)


@pytest.mark.parametrize(("answer", "status"), [(Reply.ACCEPT, Status.QUEUED), (Reply.REJECT, Status.REJECTED)])
def test_a_foreign_job_is_offered_to_the_application(rig: Rig, answer: Reply, status: Status) -> None:
    rig.core = _core(Foreign.OFFER)
    _foreign_job_then_ours(rig)
    device = rig.start(Application(foreign=answer))
    wait_told(device, "FOREIGN", jobId=FOREIGN_JOB)
    assert rig.settled().status is Status.SUCCEEDED
    assert rig.wait_execution(lambda execution: True, FOREIGN_JOB).status is status
    rig.assert_installed(rig.images.new)


def test_success_can_be_reported_before_the_reboot(rig: Rig) -> None:
    rig.core = Core(build(Model(load(), Settings(report_on_download=True))))
    rig.offer()
    device = rig.start()
    assert rig.ended().status is Status.SUCCEEDED
    done = wait_told(device, "DONE")
    reported = next(entry for entry in device.trace.entries if entry.facts.get("status") == "SUCCEEDED")
    assert reported.number < done.number
    confirmed = device.trace.wait(lambda entry: entry.what == "CONFIRM_IMAGE", WAIT_S)
    assert confirmed is not None
    rig.stop()
    rig.assert_installed(rig.images.new)


def test_a_downgrade_can_be_allowed(rig: Rig) -> None:
    rig.core = Core(build(Model(load(), Settings(allow_downgrade=True))))
    rig.offer(fwversion="v0.9.0")
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    rig.assert_installed(rig.images.new)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(payload_size=64, range_size=256, resume_step=512),
        Settings(range_size=1_048_576, resume_step=1_048_576),
        Settings(range_size=5000, resume_step=8192, step_timeout_minutes=1),
    ],
    ids=["smallest", "largest", "odd"],
)
def test_an_update_with_other_limits(rig: Rig, settings: Settings) -> None:
    rig.core = Core(build(Model(load(), settings)))
    rig.offer()
    rig.start()
    assert rig.settled().status is Status.SUCCEEDED
    rig.assert_installed(rig.images.new)
    assert len(rig.http()) == -(-len(rig.images.new) // settings.range_size)
