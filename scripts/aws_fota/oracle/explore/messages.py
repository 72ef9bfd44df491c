# SPDX-License-Identifier: Apache-2.0
"""Messages of the service as inputs of the engine, with what the parser would yield."""

from __future__ import annotations

from functools import cache

from aws_fota.oracle.engine_io import Message
from aws_fota.oracle.explore.world import (
    CELLS,
    Answer,
    Document,
    Notice,
    document_digest,
    image_version,
    job_name,
    object_of,
)
from aws_fota.oracle.outcome import FIRST_FIELD, EnvelopeField, JobValue, Outcome, ParseResult, Scheme, Url
from aws_fota.oracle.parser import job_hash
from aws_fota.oracle.publications import identity
from aws_fota.oracle.topics import Topic, TopicKind

PACKET_ID = 1
#: The engine's tokens are made equal to 0 between steps; no request in flight has this one.
STALE_TOKEN = 1

_EXECUTION = frozenset(
    {EnvelopeField.EXECUTION, EnvelopeField.JOB_ID, EnvelopeField.STATUS, EnvelopeField.VERSION_NUMBER}
)
_DESCRIPTIONS = (TopicKind.NEXT_ACCEPTED, TopicKind.JOB_ACCEPTED)


@cache
def url_of(job: int) -> Url:
    """Where a job's object lies."""
    return Url(Scheme.HTTPS, "example.com", 0, f"/{job_name(job)}?signature")


@cache
def notify() -> Message:
    """``notify``."""
    return Message(Topic(TopicKind.NOTIFY), Outcome(present=frozenset({EnvelopeField.MESSAGE})), PACKET_ID)


@cache
def notify_next(notice: Notice) -> Message:
    """``notify-next``."""
    topic = Topic(TopicKind.NOTIFY_NEXT)
    if notice.job < 0:
        return Message(topic, Outcome(present=frozenset({EnvelopeField.MESSAGE})), PACKET_ID)
    outputs = Outcome(
        job_id=job_name(notice.job),
        status=notice.status,
        version_number=notice.version,
        present=_EXECUTION | {EnvelopeField.MESSAGE},
    )
    return Message(topic, outputs, PACKET_ID)


@cache
def answer(answer: Answer, documents: tuple[Document, ...], ring: tuple[int, ...], full: bool, fresh: bool) -> Message:
    """An answer.

    Args:
        answer: what the service said.
        documents: what each job asks for.
        ring: the hashes of the jobs that a list is read without.
        full: whether the engine asks for a description to be read with its document.
        fresh: whether the answer carries the token of the request in flight.
    """
    topic = Topic(answer.topic, job_name(answer.job) if answer.job >= 0 else "")
    if is_unreadable(answer, documents):
        return Message(topic, Outcome(ParseResult.SYNTAX), PACKET_ID)
    present = {EnvelopeField.MESSAGE, EnvelopeField.CLIENT_TOKEN}
    outputs = Outcome(
        client_token=0 if fresh else STALE_TOKEN,
        status=answer.status,
        version_number=answer.version,
        code=answer.code,
        present=frozenset(present | _state_members(answer)),
    )
    if answer.topic in _DESCRIPTIONS and answer.described >= 0:
        return described(topic, outputs, answer.described, documents, full and answer.full)
    if answer.topic is TopicKind.LIST_ACCEPTED:
        names = [job_name(job) for job in answer.listed]
        unseen = next((name for name in names if job_hash(name) not in ring), None)
        if unseen is not None:
            outputs = _with(outputs, frozenset({EnvelopeField.JOB_ID}), job_id=unseen)
    return Message(topic, outputs, PACKET_ID)


def described(
    topic: Topic, outputs: Outcome, job: int, documents: tuple[Document, ...], with_document: bool
) -> Message:
    """A description of a job whose text can be read."""
    outputs = _with(outputs, _EXECUTION, job_id=job_name(job))
    if not with_document:
        return Message(topic, outputs, PACKET_ID)
    document = documents[job]
    fields: dict[str, JobValue] = {
        "operation": "other" if document is Document.FOREIGN else "update",
        "size": CELLS + (document is Document.UNFIT),
        "version": ".".join(str(part) for part in image_version(object_of(job, 0))[:3]),
        "url": url_of(job),
    }
    digest = document_digest(document, job)
    if digest is not None:
        fields["sha256"] = digest
    present = frozenset({EnvelopeField.JOB_DOCUMENT, *range(FIRST_FIELD, FIRST_FIELD + len(fields))})
    return Message(topic, _with(outputs, present, job=fields), PACKET_ID, identity(url_of(job)))


def is_unreadable(answer: Answer, documents: tuple[Document, ...]) -> bool:
    """Whether an answer holds a document that the parser refuses, and with it the whole text."""
    return answer.full and answer.described >= 0 and documents[answer.described] is Document.UNREADABLE


def _state_members(answer: Answer) -> frozenset[EnvelopeField]:
    members: set[EnvelopeField] = set()
    if answer.code:
        members.add(EnvelopeField.CODE)
    if answer.version and answer.topic in (TopicKind.UPDATE_ACCEPTED, TopicKind.UPDATE_REJECTED):
        members |= {EnvelopeField.EXECUTION_STATE, EnvelopeField.STATUS, EnvelopeField.VERSION_NUMBER}
    return frozenset(members)


def _with(outputs: Outcome, present: frozenset[int], **values: object) -> Outcome:
    return Outcome(**{**outputs.__dict__, "present": outputs.present | present, **values})
