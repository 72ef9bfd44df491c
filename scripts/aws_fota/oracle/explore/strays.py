# SPDX-License-Identifier: Apache-2.0
"""Inputs that no state expects, fed to every state of the engine that was met: none of them may change anything."""

from __future__ import annotations

from collections.abc import Iterator

from aws_fota.oracle.engine_io import (
    Accept,
    ActionId,
    Erased,
    FetchError,
    FetchFailed,
    HttpResponse,
    Input,
    Message,
    Phase,
    Reject,
    Request,
    Revert,
    UpgradeRequested,
    Verified,
    Written,
)
from aws_fota.oracle.explore.engines import Engines, View
from aws_fota.oracle.explore.messages import PACKET_ID, STALE_TOKEN
from aws_fota.oracle.outcome import EnvelopeField, JobStatus, Outcome, ParseResult
from aws_fota.oracle.topics import Topic, TopicKind

_ANSWERS = tuple(kind for kind in TopicKind if kind.name.endswith(("_ACCEPTED", "_REJECTED")))
_WITH_JOB = (
    TopicKind.JOB_ACCEPTED,
    TopicKind.JOB_REJECTED,
    TopicKind.UPDATE_ACCEPTED,
    TopicKind.UPDATE_REJECTED,
)

#: What the glue delivers, with the phases in which it means something.
_FROM_THE_GLUE: tuple[tuple[Input, tuple[Phase, ...]], ...] = (
    (HttpResponse(206, (0, 0, 2), 1), (Phase.REQUESTING,)),
    (HttpResponse(403), (Phase.REQUESTING,)),
    (FetchFailed(FetchError.CLOSED), (Phase.REQUESTING, Phase.RECEIVING)),
    (FetchFailed(FetchError.FLASH), (Phase.REQUESTING, Phase.RECEIVING)),
    (FetchFailed(FetchError.SIZE), (Phase.REQUESTING, Phase.RECEIVING)),
    (FetchFailed(FetchError.IMAGE), (Phase.REQUESTING, Phase.RECEIVING)),
    (Erased(-5), (Phase.ERASING, Phase.REVERTING)),
    (Written(1), (Phase.RECEIVING,)),
    (Written(2**32 - 1), ()),
    (Verified(hash=bytes(32)), (Phase.VERIFYING,)),
    (UpgradeRequested(-5), (Phase.APPLYING,)),
)
#: What the application says, with the phase that it is about.
_FROM_THE_APPLICATION: tuple[tuple[Input, Phase], ...] = (
    (Accept(), Phase.OFFERED),
    (Reject(), Phase.OFFERED),
    (Revert(), Phase.CONFIRMING),
)

_OF_ANOTHER_REQUEST = tuple(
    Message(
        Topic(kind, "A" if kind in _WITH_JOB else ""),
        Outcome(
            client_token=STALE_TOKEN,
            job_id="A",
            status=status,
            version_number=9,
            present=frozenset(
                {EnvelopeField.CLIENT_TOKEN, EnvelopeField.JOB_ID, EnvelopeField.STATUS, EnvelopeField.VERSION_NUMBER}
            ),
        ),
        PACKET_ID,
    )
    for kind in _ANSWERS
    for status in (JobStatus.QUEUED, JobStatus.CANCELED)
)
#: Texts that are none, where the token matters to no one, or no request is answered there.
_BROKEN = tuple(
    Message(Topic(kind, "A" if kind in _WITH_JOB else ""), Outcome(ParseResult.TRUNCATED), PACKET_ID)
    for kind in (*_ANSWERS, TopicKind.NOTIFY, TopicKind.OTHER)
)
#: An answer without a token, and its text refused, can be the one that is waited for.
_CAN_BE_OURS = {
    Request.DESCRIBE_NEXT: (TopicKind.NEXT_ACCEPTED, TopicKind.NEXT_REJECTED),
    Request.DESCRIBE_JOB: (TopicKind.JOB_ACCEPTED, TopicKind.JOB_REJECTED),
    Request.LIST: (TopicKind.LIST_REJECTED,),
}


def strays(view: View) -> Iterator[tuple[str, Input]]:
    """What must mean nothing in a state, with the property that says so."""
    for input, phases in _FROM_THE_GLUE:
        if view.state.phase not in phases:
            yield "interface_strays_of_the_glue", input
    for input, phase in _FROM_THE_APPLICATION:
        if view.state.phase is not phase:
            yield "interface_strays_of_the_application", input
    for message in _OF_ANOTHER_REQUEST:
        yield "p1_strange_tokens_change_nothing", message
    for message in _BROKEN:
        if message.topic.kind not in _CAN_BE_OURS.get(view.state.request, ()):
            yield "p1_broken_texts_change_nothing", message


def stray_violations(engines: Engines) -> Iterator[tuple[str, str, int]]:
    """Property, text and engine of each stray that changed something."""
    for number, view in enumerate(list(engines.views)):
        if number == engines.unbooted:
            continue
        for property, input in strays(view):
            after, actions = engines.try_step(number, input)
            if after != number or any(action.id is not ActionId.ACKNOWLEDGE for action in actions):
                yield property, f"{input} in {view.state.phase.name} leads to {actions}", number
