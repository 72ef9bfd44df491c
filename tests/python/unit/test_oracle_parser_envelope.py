# SPDX-License-Identifier: Apache-2.0
"""What each kind of message describes and requires: doc/parser.md, "Kinds and their members"."""

from __future__ import annotations

import pytest

from aws_fota.jobdoc.model import Field, FieldType
from aws_fota.oracle.outcome import (
    FIRST_FIELD,
    EnvelopeField,
    JobStatus,
    MessageKind,
    Outcome,
    ParseResult,
    Refusal,
)
from aws_fota.oracle.parser import job_hash
from job_messages import ENVELOPE, assert_stands, execution, outcome

E = EnvelopeField
NOTE = Field(("note",), FieldType.STRING, "note", max_length=8)
NEEDED = Field(("needed",), FieldType.BOOL, "needed", required=True)

FULL = (
    '{"clientToken":"0000002a","timestamp":1,"code":"VersionMismatch","message":"m",'
    '"execution":{"jobId":"e","status":"IN_PROGRESS","versionNumber":7,"jobDocument":{"note":"n"}},'
    '"executionState":{"status":"CANCELED","versionNumber":8},'
    '"inProgressJobs":[{"jobId":"p"}],"queuedJobs":[{"jobId":"q"}]}'
)


def test_each_kind_takes_its_own_members_from_one_message() -> None:
    def taken(kind: MessageKind) -> Outcome:
        return outcome(FULL, kind, [NOTE])

    assert taken(MessageKind.OTHER) == Outcome(present=frozenset({E.MESSAGE}))
    watched = Outcome(
        client_token=42,
        job_id="e",
        status=JobStatus.IN_PROGRESS,
        version_number=7,
        present=frozenset({E.MESSAGE, E.CLIENT_TOKEN, E.EXECUTION, E.JOB_ID, E.STATUS, E.VERSION_NUMBER}),
    )
    assert taken(MessageKind.WATCH) == watched
    executed = taken(MessageKind.EXECUTION)
    assert executed.present == watched.present | {E.JOB_DOCUMENT, FIRST_FIELD}
    assert executed.job == {"note": "n"}
    assert (executed.job_id, executed.status, executed.version_number) == ("e", JobStatus.IN_PROGRESS, 7)
    assert taken(MessageKind.PENDING) == Outcome(
        client_token=42,
        job_id="p",
        present=frozenset({E.MESSAGE, E.CLIENT_TOKEN, E.JOB_ID, E.IN_PROGRESS_JOBS, E.QUEUED_JOBS}),
    )
    updated = Outcome(
        client_token=42,
        status=JobStatus.CANCELED,
        version_number=8,
        present=frozenset({E.MESSAGE, E.CLIENT_TOKEN, E.EXECUTION_STATE, E.STATUS, E.VERSION_NUMBER}),
    )
    assert taken(MessageKind.UPDATED) == updated
    rejected = taken(MessageKind.REJECTED)
    assert rejected.code is Refusal.VERSION_MISMATCH
    assert rejected.present == updated.present | {E.CODE}
    assert (rejected.status, rejected.version_number) == (JobStatus.CANCELED, 8)


@pytest.mark.parametrize("kind", MessageKind)
@pytest.mark.parametrize("root", ["[]", "null", "1", '"x"', "true", '[{"clientToken":"x"}]'])
def test_a_root_that_is_no_object_is_a_wrong_type_of_the_message(kind: MessageKind, root: str) -> None:
    found = assert_stands(f" ¦{root} ", ParseResult.WRONG_TYPE, E.MESSAGE, kind)
    assert found.present == frozenset()


@pytest.mark.parametrize("kind", MessageKind)
def test_an_empty_message_of_any_kind_is_fine(kind: MessageKind) -> None:
    assert outcome("{}", kind, [NEEDED]) == Outcome(present=frozenset({E.MESSAGE}))
    assert outcome('{"timestamp":1}', kind, [NEEDED]) == Outcome(present=frozenset({E.MESSAGE}))


@pytest.mark.parametrize("status", [status for status in JobStatus if status])
def test_every_status_of_the_service_is_known(status: JobStatus) -> None:
    text = f'{{"execution":{{"jobId":"j","status":"{status.name}","versionNumber":1}}}}'
    assert outcome(text, MessageKind.WATCH).status is status


def test_every_code_of_the_service_is_known() -> None:
    codes = [
        "InvalidTopic", "InvalidJson", "InvalidRequest", "InvalidStateTransition", "ResourceNotFound",
        "VersionMismatch",
        "InternalError", "RequestThrottled", "TerminalStateReached",
    ]  # fmt: skip
    for number, code in enumerate(codes, start=1):
        found = outcome(f'{{"code":"{code}"}}', MessageKind.REJECTED)
        assert (found.result, found.code) == (ParseResult.OK, number)


@pytest.mark.parametrize(
    ("text", "kind", "result", "field"),
    [
        ('{"clientToken":"0000002¦"}', MessageKind.OTHER, None, 0),
        ('{"clientToken":"0000002¦"}', MessageKind.UPDATED, ParseResult.WRONG_VALUE, E.CLIENT_TOKEN),
        ('{"clientToken":"0000002¦A"}', MessageKind.UPDATED, ParseResult.WRONG_VALUE, E.CLIENT_TOKEN),
        ('{"clientToken":"0000002a¦0"}', MessageKind.WATCH, ParseResult.WRONG_VALUE, E.CLIENT_TOKEN),
        ('{"clientToken":"¦"}', MessageKind.PENDING, ParseResult.WRONG_VALUE, E.CLIENT_TOKEN),
        ('{"clientToken":¦1}', MessageKind.REJECTED, ParseResult.WRONG_TYPE, E.CLIENT_TOKEN),
        ('{"clientToken":¦null}', MessageKind.EXECUTION, ParseResult.WRONG_TYPE, E.CLIENT_TOKEN),
        ('{"code":"Invalid¦"}', MessageKind.REJECTED, ParseResult.WRONG_VALUE, E.CODE),
        ('{"code":"InvalidT¦T"}', MessageKind.REJECTED, ParseResult.WRONG_VALUE, E.CODE),
        ('{"code":¦404}', MessageKind.REJECTED, ParseResult.WRONG_TYPE, E.CODE),
        ('{"code":¦404}', MessageKind.UPDATED, None, 0),
        ('{"executionState":{"status":"¦queued"}}', MessageKind.UPDATED, ParseResult.WRONG_VALUE, E.STATUS),
        ('{"executionState":{"status":"RE¦"}}', MessageKind.REJECTED, ParseResult.WRONG_VALUE, E.STATUS),
        ('{"executionState":{"versionNumber":0¦}}', MessageKind.UPDATED, ParseResult.OUT_OF_RANGE, E.VERSION_NUMBER),
        ('{"executionState":{"versionNumber":1¦.0}}', MessageKind.UPDATED, ParseResult.WRONG_TYPE, E.VERSION_NUMBER),
        ('{"executionState":{"versionNumber":429496729¦6}}', MessageKind.UPDATED, ParseResult.OUT_OF_RANGE, 5),
        ('{"executionState":¦[]}', MessageKind.UPDATED, ParseResult.WRONG_TYPE, E.EXECUTION_STATE),
        ('{"executionState":¦null}', MessageKind.REJECTED, ParseResult.WRONG_TYPE, E.EXECUTION_STATE),
        ('{"executionState":¦null}', MessageKind.WATCH, None, 0),
        ('{"execution":¦null}', MessageKind.WATCH, ParseResult.WRONG_TYPE, E.EXECUTION),
        ('{"execution":¦[]}', MessageKind.EXECUTION, ParseResult.WRONG_TYPE, E.EXECUTION),
        ('{"execution":¦[]}', MessageKind.PENDING, None, 0),
        (f'{{"execution":{{{ENVELOPE},"jobDocument":¦"{{}}"}}}}', MessageKind.EXECUTION, ParseResult.WRONG_TYPE, 6),
        (f'{{"execution":{{{ENVELOPE},"jobDocument":¦[]}}}}', MessageKind.EXECUTION, ParseResult.WRONG_TYPE, 6),
        (f'{{"execution":{{{ENVELOPE},"jobDocument":¦[]}}}}', MessageKind.WATCH, None, 0),
        ('{"execution":{"jobId":"¦"}}', MessageKind.WATCH, ParseResult.WRONG_VALUE, E.JOB_ID),
        ('{"execution":{"jobId":"a¦/b"}}', MessageKind.WATCH, ParseResult.WRONG_VALUE, E.JOB_ID),
        ('{"execution":{"jobId":"' + "x" * 64 + '¦x"}}', MessageKind.WATCH, ParseResult.WRONG_VALUE, E.JOB_ID),
        ('{"inProgressJobs":¦{}}', MessageKind.PENDING, ParseResult.WRONG_TYPE, E.IN_PROGRESS_JOBS),
        ('{"queuedJobs":¦null}', MessageKind.PENDING, ParseResult.WRONG_TYPE, E.QUEUED_JOBS),
        ('{"inProgressJobs":[{},¦"j"]}', MessageKind.PENDING, ParseResult.WRONG_TYPE, E.IN_PROGRESS_JOBS),
        ('{"queuedJobs":[{},¦[]]}', MessageKind.PENDING, ParseResult.WRONG_TYPE, E.QUEUED_JOBS),
        ('{"queuedJobs":[{},¦[]]}', MessageKind.WATCH, None, 0),
    ],
)  # fmt: skip
def test_the_envelopes_rules(text: str, kind: MessageKind, result: ParseResult | None, field: int) -> None:
    if result is None:
        assert outcome(text.replace("¦", ""), kind).result is ParseResult.OK
    else:
        assert_stands(text, result, field, kind)


@pytest.mark.parametrize("kind", [MessageKind.EXECUTION, MessageKind.WATCH])
def test_an_execution_that_is_not_empty_must_be_complete(kind: MessageKind) -> None:
    members = {
        E.JOB_ID: '"jobId":"j"',
        E.STATUS: '"status":"QUEUED"',
        E.VERSION_NUMBER: '"versionNumber":1',
        E.JOB_DOCUMENT: '"jobDocument":{}',
    }
    required = [index for index in members if kind is MessageKind.EXECUTION or index is not E.JOB_DOCUMENT]
    assert outcome('{"execution":{}}', kind) == Outcome(present=frozenset({E.MESSAGE, E.EXECUTION}))
    for present in range(2 ** len(members)):
        some = [member for bit, member in enumerate(members.values()) if present >> bit & 1]
        there = [index for bit, index in enumerate(members) if present >> bit & 1]
        text = '{"execution":{' + ",".join([*some, '"x":1']) + "}}"
        missing = [index for index in required if index not in there]
        found = outcome(text, kind)
        expected = (ParseResult.MISSING, missing[0], len(text)) if missing else (ParseResult.OK, 0, 0)
        assert (found.result, found.field, found.offset) == expected
        assert found.present & set(required) == set(there) & set(required)


def test_required_fields_are_required_of_a_job_document_alone() -> None:
    assert outcome('{"execution":{}}', fields=[NOTE, NEEDED]).result is ParseResult.OK
    text = execution('{"note":"n"}')
    found = outcome(text, fields=[NOTE, NEEDED])
    assert (found.result, found.field, found.offset) == (ParseResult.MISSING, FIRST_FIELD + 1, len(text))
    assert found.job == {"note": "n"}
    assert outcome(text, MessageKind.WATCH, [NOTE, NEEDED]).result is ParseResult.OK
    assert outcome(execution('{"needed":false}'), fields=[NOTE, NEEDED]).result is ParseResult.OK


def test_the_first_pending_job_that_is_not_remembered_is_put_out() -> None:
    text = '{"queuedJobs":[{"jobId":"a"},{},{"jobId":"b"}],"inProgressJobs":[{"jobId":"c"},{"jobId":"a"}]}'
    for remembered, expected in (("", "a"), ("a", "b"), ("b", "a"), ("ab", "c"), ("bc", "a"), ("abc", "")):
        found = outcome(text, MessageKind.PENDING, remembered=frozenset(map(job_hash, remembered)))
        assert (found.result, found.job_id) == (ParseResult.OK, expected)
        assert (E.JOB_ID in found.present) is (expected != "")


def test_no_pending_job_is_put_out_of_a_list_with_a_violation() -> None:
    for text in (
        '{"inProgressJobs":[{"jobId":"a"},{"jobId":"a¦ "},{"jobId":"c"}]}',
        '{"inProgressJobs":[{"jobId":¦1},{"jobId":"c"}],"queuedJobs":[{"jobId":"d"}]}',
        '{"inProgressJobs":[{"jobId":"a","jobId":¦"a"}]}',
    ):
        result = outcome(text.replace("¦", ""), MessageKind.PENDING).result
        found = assert_stands(text, result, E.JOB_ID, MessageKind.PENDING)
        assert (found.job_id, E.JOB_ID in found.present) == ("", False)
        assert E.IN_PROGRESS_JOBS in found.present
    for text in ('{"queuedJobs":[{"jobId":"a"},¦1]}', '{"queuedJobs":¦5,"inProgressJobs":[{"jobId":"a"}]}'):
        found = assert_stands(text, ParseResult.WRONG_TYPE, E.QUEUED_JOBS, MessageKind.PENDING)
        assert (found.job_id, E.JOB_ID in found.present, E.QUEUED_JOBS in found.present) == ("", False, False)


def test_a_job_id_may_occur_once_in_each_element_and_anywhere_below_what_is_skipped() -> None:
    text = '{"queuedJobs":[{"jobId":"a"},{"jobId":"a","x":{"jobId":1}}],"x":[{"jobId":2,"jobId":3}]}'
    assert outcome(text, MessageKind.PENDING).job_id == "a"


def test_the_hash_of_a_job_is_fnv_1a_with_64_bits() -> None:
    # From the reference vectors of draft-eastlake-fnv.
    assert job_hash("") == 0xCBF29CE484222325
    assert job_hash("a") == 0xAF63DC4C8601EC8C
    assert job_hash("foobar") == 0x85944171F73967E8
