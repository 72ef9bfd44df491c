# SPDX-License-Identifier: Apache-2.0
"""What must hold in every step: the ten properties of the design, as far as a step shows them.

Each check is a predicate that returns what is wrong, or nothing. Property 3's liveness is asked for in ``search.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from aws_fota.oracle.engine import ACTIONS_MAX
from aws_fota.oracle.engine_downloads import UPGRADE_TRIES
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Boot,
    Input,
    Message,
    Phase,
    Request,
    Subscribed,
    Tell,
    Timer,
    TimerId,
    Written,
)
from aws_fota.oracle.engine_procedures import TERMINAL
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Backoff, Link
from aws_fota.oracle.explore.engines import View
from aws_fota.oracle.explore.world import (
    BLANK,
    OTHERS,
    Scenario,
    Work,
    World,
    belongs_to,
    document_digest,
    etag_of,
    job_number,
    slot_digest,
    whole_image,
)
from aws_fota.oracle.outcome import Refusal
from aws_fota.oracle.record import decode
from aws_fota.oracle.topics import TopicKind

#: The phases in which something is downloaded, or about to be.
DOWNLOADING = frozenset(
    {
        Phase.STARTING,
        Phase.REQUESTING,
        Phase.ERASING,
        Phase.RECEIVING,
        Phase.WAITING,
        Phase.PAUSED,
        Phase.REFRESHING,
        Phase.VERIFYING,
    }
)
_NO_LONGER = (Refusal.RESOURCE_NOT_FOUND, Refusal.TERMINAL_STATE_REACHED)


class Step(NamedTuple):
    """One step of the engine, before its actions are carried out."""

    scenario: Scenario
    #: With everything but the engine as it is while the step is taken.
    world: World
    before: View
    input: Input
    after: View
    actions: tuple[Action, ...]

    def has(self, *ids: ActionId) -> bool:
        return any(action.id in ids for action in self.actions)

    def tells(self, event: Tell) -> bool:
        return any(action.id is ActionId.TELL and action.what == event for action in self.actions)


StepCheck = Callable[[Step], str]


def p1_every_message_is_acknowledged(step: Step) -> str:
    acknowledges = [action for action in step.actions if action.id is ActionId.ACKNOWLEDGE]
    if not isinstance(step.input, Message):
        return "acknowledges what is no message" if acknowledges else ""
    right = len(acknowledges) == 1 and acknowledges[0].packet_id == step.input.packet_id
    return "" if right and step.actions[0] is acknowledges[0] else "a message was not acknowledged first"


def p1_only_answers_and_notifications_matter(step: Step) -> str:
    """A message that is neither ours nor a notification changes nothing."""
    if not isinstance(step.input, Message) or step.input.topic.kind in (TopicKind.NOTIFY, TopicKind.NOTIFY_NEXT):
        return ""
    awaited = step.before.state.request is not Request.NONE
    changed = step.after != step.before
    return "a message changed something that nothing waits for" if changed and not awaited else ""


def p4_a_burst_is_bounded(step: Step) -> str:
    state = step.after.state
    most = step.scenario.retries_max
    return f"{state.attempts} attempts in a burst of {most}" if state.attempts > most else ""


def p4_a_wait_ends_with_its_timer(step: Step) -> str:
    """No fetch comes before its time, whatever the application asks for meanwhile."""
    if step.before.state.phase is not Phase.WAITING or step.input == Timer(TimerId.DOWNLOAD):
        return ""
    early = step.after.state.phase in (Phase.REQUESTING, Phase.PAUSED, Phase.REFRESHING)
    return f"{step.input} ends the wait before another fetch" if early else ""


def p5_one_download_at_a_time(step: Step) -> str:
    """Work that is asked for finds no other but what the order of works allows."""
    if not step.has(ActionId.FETCH, ActionId.RECEIVE, ActionId.VERIFY):
        return ""
    downloads = (Work.ERASE, Work.FETCH, Work.RECEIVE, Work.VERIFY)
    busy = [work for work, _ in step.world.device.work if work in downloads]
    return f"asks for more while {busy[0].value} is under way" if busy and not step.has(ActionId.ABORT) else ""


def p5_resumes_one_object_only(step: Step) -> str:
    """What is written already came from the object whose ETag is sent, and all of it was written."""
    if not step.has(ActionId.FETCH):
        return ""
    job = step.after.job
    written = step.world.device.slot[: job.offset]
    ours = [cell for cell in written if cell != OTHERS]
    if job.offset and (job.etag is None or any(cell == BLANK or etag_of(cell) != job.etag for cell in ours)):
        return f"resumes at {job.offset} with ETag {job.etag!r} over {written}"
    return ""


def p6_flash_is_left_alone_until_started(step: Step) -> str:
    if not step.has(ActionId.RECEIVE) and not (step.has(ActionId.ERASE) and step.after.state.phase is Phase.ERASING):
        return ""
    started = step.world.jobs[job_number(step.after.job.job_id)].started
    return "" if started else "flash is touched before IN_PROGRESS was accepted"


def p6_only_a_whole_image_is_applied(step: Step) -> str:
    if not step.has(ActionId.REQUEST_UPGRADE):
        return ""
    image, job = whole_image(step.world.device.slot), job_number(step.after.job.job_id)
    digest = document_digest(step.scenario.documents[job], job)
    right = image != BLANK and belongs_to(image, job) and digest in (None, slot_digest(step.world.device.slot))
    return "" if right else f"an upgrade to {step.world.device.slot} is requested"


def p5_only_one_object_is_verified(step: Step) -> str:
    ours = {cell for cell in step.world.device.slot if cell != OTHERS}
    mixed = step.has(ActionId.VERIFY) and (BLANK in ours or len(ours) > 1)
    return f"verifies {step.world.device.slot}" if mixed else ""


def p2_a_reverted_image_is_not_tried_again(step: Step) -> str:
    device = step.world.device
    again = step.has(ActionId.REQUEST_UPGRADE) and whole_image(device.slot) == device.reverted
    return f"{device.reverted} was reverted, and is tried again" if again else ""


def p2_an_upgrade_is_asked_for_three_times_at_most(step: Step) -> str:
    retries = step.after.job.retries
    return f"the upgrade is asked for {retries} times" if retries > UPGRADE_TRIES else ""


def p6_the_way_back_is_kept(step: Step) -> str:
    """While the running image is unconfirmed, the secondary slot holds the one to go back to."""
    if step.world.device.confirmed or not step.has(ActionId.ERASE, ActionId.RECEIVE, ActionId.FETCH):
        return ""
    return "the slot is touched while the running image is unconfirmed"


def p7_an_ended_job_stops_in_one_step(step: Step) -> str:
    before = step.before
    if not isinstance(step.input, Message) or before.state.phase not in DOWNLOADING:
        return ""
    kind, outputs = step.input.topic.kind, step.input.outputs
    about_job = step.input.topic.job_id == before.job.job_id and before.state.request in (
        Request.DESCRIBE_JOB,
        Request.UPDATE,
    )
    gone = kind in (TopicKind.JOB_REJECTED, TopicKind.UPDATE_REJECTED) and outputs.code in _NO_LONGER
    told = outputs.status in TERMINAL and (kind is not TopicKind.NOTIFY_NEXT or outputs.job_id == before.job.job_id)
    about_job = about_job or kind is TopicKind.NOTIFY_NEXT
    if not (about_job and (gone or told)) or (step.actions[1:] == () and step.after == before):
        return ""
    stopped = step.after.state.phase is Phase.IDLE and step.tells(Tell.CANCELLED)
    return "" if stopped else "a job that ended in the cloud goes on"


def p7_a_change_in_the_cloud_is_looked_into(step: Step) -> str:
    """The service says that another job is first, or none: the one worked on may have ended."""
    after, job = step.after.state, step.before.job.job_id
    if not isinstance(step.input, Message) or step.input.topic.kind is not TopicKind.NOTIFY_NEXT:
        return ""
    if step.before.state.phase not in DOWNLOADING or step.input.outputs.job_id == job:
        return ""
    asks = after.job_due or after.request is Request.DESCRIBE_JOB
    return "" if asks else "the job may have ended, and is not asked for"


def _reasons(step: Step) -> set[int]:
    """What was said of the job before the step and after it; before a start, by the record."""
    before = step.before.job
    if isinstance(step.input, Boot):
        found = decode(step.input.record or b"")
        before = found.job if found is not None else before
    return {before.reason, step.after.job.reason}


def p7_an_unwanted_image_is_not_to_be_confirmed(step: Step) -> str:
    """What the cloud or the application has cancelled is not wanted after a reboot, either."""
    unwanted = _reasons(step) & {Reason.ENDED, Reason.CANCELLED}
    return "an image that was cancelled is to be confirmed" if unwanted and step.tells(Tell.CONFIRM) else ""


def p7_an_ended_job_is_not_reported(step: Step) -> str:
    reported = Reason.ENDED in _reasons(step) and step.after.state.phase is Phase.REPORTING
    return "a job that ended is reported" if reported else ""


def p9_progress_is_reported_once_a_step(step: Step) -> str:
    before, after = step.before, step.after
    asks = after.state.update_due or (step.has(ActionId.PUBLISH) and after.state.request is Request.UPDATE)
    if not isinstance(step.input, Written) or before.state.update_due or not asks:
        return ""
    each = step.scenario.description.options.progress_step_percent
    due = after.job.percent // each > before.job.reported // each and after.job.percent < 100
    return "" if due else f"{after.job.percent} % is reported after {before.job.reported} %"


def p10_describes_next_after_each_connect(step: Step) -> str:
    if step.input != Subscribed(0) or step.before.state.link is not Link.SUBSCRIBING:
        return ""
    state = step.after.state
    right = step.has(ActionId.PUBLISH) and state.request is Request.DESCRIBE_NEXT
    return "" if right else "$next is not described after the subscription"


def interface_of_a_step(step: Step) -> str:
    """At most eight actions in their order, and TIMER_REQUEST runs exactly while something waits for it."""
    if len(step.actions) > ACTIONS_MAX:
        return f"{len(step.actions)} actions"
    state = step.after.state
    if state.backoff is not Backoff.NONE and state.request is not Request.NONE:
        return "a request is in flight during a backoff"
    if state.request is not Request.NONE and state.link is Link.OFFLINE:
        return "a request is in flight without a connection"
    return ""


#: Those that look at the engine alone, so that each distinct step is checked once.
ENGINE_CHECKS: tuple[StepCheck, ...] = (
    interface_of_a_step,
    p1_every_message_is_acknowledged,
    p1_only_answers_and_notifications_matter,
    p4_a_burst_is_bounded,
    p4_a_wait_ends_with_its_timer,
    p7_an_ended_job_stops_in_one_step,
    p7_a_change_in_the_cloud_is_looked_into,
    p7_an_unwanted_image_is_not_to_be_confirmed,
    p7_an_ended_job_is_not_reported,
    p9_progress_is_reported_once_a_step,
    p10_describes_next_after_each_connect,
)
#: Those about what is done to the flash, in steps that ask for work.
WORK_CHECKS: tuple[StepCheck, ...] = (
    p5_one_download_at_a_time,
    p5_resumes_one_object_only,
    p5_only_one_object_is_verified,
    p2_a_reverted_image_is_not_tried_again,
    p2_an_upgrade_is_asked_for_three_times_at_most,
    p6_flash_is_left_alone_until_started,
    p6_only_a_whole_image_is_applied,
    p6_the_way_back_is_kept,
)
