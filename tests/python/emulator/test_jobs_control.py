# SPDX-License-Identifier: Apache-2.0
"""Things and jobs made, cancelled, deleted and retried by an operator."""

from __future__ import annotations

from typing import Any

import pytest
from jobs_bench import DOCUMENT, JobsBench, notified

from aws_fota.emulator import jobs_documents
from aws_fota.emulator.jobs_model import ControlError, JobConfig, JobStatus, Status
from aws_fota.errors import AwsFotaError, ExitCode, InputError


def refused(code: str, call: Any, *arguments: Any, **options: Any) -> ControlError:
    with pytest.raises(ControlError) as caught:
        call(*arguments, **options)
    assert caught.value.code == code
    return caught.value


@pytest.mark.parametrize("name", ["a", "A:b_c-9", "x" * 128])
def test_thing_names_at_the_edge_are_taken(name: str) -> None:
    bench = JobsBench()
    bench.control.create_thing(name)
    bench.control.create_thing(name)
    bench.control.create_job("j", DOCUMENT, [name])


@pytest.mark.parametrize("name", ["", "x" * 129, "a b", "a/b", "ä", "a\n"])
def test_other_thing_names_are_refused(name: str) -> None:
    assert refused("InvalidRequest", JobsBench().control.create_thing, name).field == "thingName"


@pytest.mark.parametrize("job_id", ["", "x" * 65, "a:b", "a b", "$next", "a\n"])
def test_wrong_job_ids_are_refused(job_id: str) -> None:
    bench = JobsBench()
    assert refused("InvalidRequest", bench.create, job_id).field == "jobId"
    assert bench.next() is None


def test_a_job_needs_a_new_id_and_things_that_exist() -> None:
    bench = JobsBench()
    bench.create()
    refused("ResourceAlreadyExists", bench.create)
    refused("InvalidRequest", bench.control.create_job, "j2", DOCUMENT, [])
    refused("ResourceNotFound", bench.control.create_job, "j2", DOCUMENT, ["lamp", "stranger"])
    assert [it.job_id for it in bench.service.ledger.pending("lamp")] == ["j1"]


def test_a_thing_named_twice_gets_one_execution() -> None:
    bench = JobsBench()
    bench.control.create_job("j", DOCUMENT, ["lamp", "lamp"])
    assert len(bench.service.ledger.pending("lamp")) == 1


@pytest.mark.parametrize(
    "document",
    [[], "x", None, {"a": float("nan")}, {"a": b""}, {"a": "\ud800"}, {"a": "x" * (32768 - 7)}],
    ids=["array", "string", "none", "nan", "bytes", "surrogate", "32769 bytes"],
)
def test_wrong_documents_are_refused(document: object) -> None:
    bench = JobsBench()
    assert refused("InvalidRequest", bench.control.create_job, "j", document, ["lamp"]).field == "document"


def test_a_document_of_32768_bytes_is_taken_and_delivered_whole() -> None:
    bench = JobsBench()
    document = {"a": "x" * (32768 - 8)}
    bench.control.create_job("j", document, ["lamp"])
    execution = bench.next()
    assert execution is not None and execution["jobDocument"] == document


def test_a_document_nested_too_deeply_is_refused_and_leaves_nothing() -> None:
    bench = JobsBench()
    for levels in (101, 480, 900):
        document: dict[str, Any] = {"a": []}
        for _ in range(levels - 2):
            document = {"a": [document["a"]]}
        error = refused("InvalidRequest", bench.control.create_job, "j", document, ["lamp"])
        assert (error.field, "100 levels" in str(error)) == ("document", True)
        assert not bench.service.ledger.jobs
    deepest: dict[str, Any] = {"a": []}
    for _ in range(98):
        deepest = {"a": [deepest["a"]]}
    bench.control.create_job("j", deepest, ["lamp"])
    execution = bench.next()
    assert execution is not None and execution["jobDocument"] == deepest


def test_the_stored_document_is_a_copy() -> None:
    bench = JobsBench()
    document = {"location": {"host": "a"}}
    bench.control.create_job("j", document, ["lamp"])
    document["location"]["host"] = "b"
    execution = bench.next()
    assert execution is not None and execution["jobDocument"] == {"location": {"host": "a"}}


def test_cancel_takes_queued_executions_and_leaves_those_in_progress() -> None:
    bench = JobsBench()
    bench.control.create_thing("door")
    bench.control.create_job("j", DOCUMENT, ["lamp", "door"])
    bench.update("j", "IN_PROGRESS")
    assert {it.thing for it in bench.control.cancel_job("j")} == {"door"}
    assert bench.control.execution("j", "door").status is Status.CANCELED
    assert bench.control.execution("j", "lamp").status is Status.IN_PROGRESS
    assert bench.control.job("j").status is JobStatus.CANCELED
    assert bench.update("j", "SUCCEEDED")[0] == "accepted"
    assert bench.control.job("j").status is JobStatus.CANCELED
    refused("InvalidRequest", bench.control.cancel_job, "j", force=True)


def test_a_forced_cancel_ends_one_in_progress_and_the_device_is_told() -> None:
    bench = JobsBench()
    bench.create()
    bench.update("j1", "IN_PROGRESS", statusDetails={"progress": "40"})
    assert notified(bench.control.cancel_job("j1", force=True))["notify-next"] == {"timestamp": 1_600_000_000}
    verdict, answer = bench.update("j1", "IN_PROGRESS", statusDetails={"progress": "50"})
    assert (verdict, answer["code"]) == ("rejected", "InvalidStateTransition")
    assert answer["executionState"] == {
        "status": "CANCELED",
        "statusDetails": {"progress": "40"},
        "versionNumber": 3,
    }


def test_one_execution_is_cancelled_by_force_or_while_queued() -> None:
    bench = JobsBench()
    bench.create()
    refused("VersionConflict", bench.control.cancel_execution, "j1", "lamp", expected_version=2)
    bench.update("j1", "IN_PROGRESS")
    refused("InvalidStateTransition", bench.control.cancel_execution, "j1", "lamp")
    bench.control.cancel_execution("j1", "lamp", force=True, expected_version=2)
    assert bench.control.execution("j1", "lamp").status is Status.CANCELED
    assert bench.control.job("j1").status is JobStatus.COMPLETED
    refused("InvalidStateTransition", bench.control.cancel_execution, "j1", "lamp", force=True)


def test_a_removed_target_is_removed_and_told() -> None:
    bench = JobsBench()
    bench.create()
    bench.update("j1", "IN_PROGRESS")
    assert set(notified(bench.control.remove_target("j1", "lamp"))) == {"notify", "notify-next"}
    assert bench.update("j1", "SUCCEEDED")[1]["executionState"]["status"] == "REMOVED"
    refused("InvalidStateTransition", bench.control.remove_target, "j1", "lamp")


def test_delete_needs_an_ended_job_or_force() -> None:
    bench = JobsBench()
    bench.create()
    refused("InvalidStateTransition", bench.control.delete_job, "j1")
    bench.update("j1", "SUCCEEDED")
    assert bench.control.delete_job("j1") == []
    assert bench.ask("j1/get")[1]["code"] == "ResourceNotFound"
    assert bench.update("j1", "FAILED")[1]["code"] == "ResourceNotFound"
    refused("ResourceNotFound", bench.control.delete_job, "j1")
    bench.create()


def test_a_cancelled_job_still_in_progress_is_deleted_by_force_only() -> None:
    bench = JobsBench()
    bench.create()
    bench.update("j1", "IN_PROGRESS", stepTimeoutInMinutes=1)
    bench.control.cancel_job("j1")
    refused("InvalidStateTransition", bench.control.delete_job, "j1")
    seen = []
    bench.service.ledger.observers.append(seen.append)
    assert set(notified(bench.control.delete_job("j1", force=True))) == {"notify", "notify-next"}
    assert [(it.status, it.cause) for it in seen] == [("IN_PROGRESS", "deleted")]
    assert bench.next() is None
    bench.clock.advance(3600)
    assert bench.service.next_deadline() is None
    assert bench.service.tick() == []


def test_what_is_not_there_is_not_found() -> None:
    bench = JobsBench()
    refused("ResourceNotFound", bench.control.cancel_job, "none")
    refused("ResourceNotFound", bench.control.execution, "none", "lamp")
    bench.create()
    refused("ResourceNotFound", bench.control.execution, "j1", "door")
    refused("ResourceNotFound", bench.control.execution, "j1", "lamp", 2)


def test_a_refusal_is_an_input_error_with_a_clear_text() -> None:
    error = refused("ResourceNotFound", JobsBench().control.cancel_job, "none")
    assert isinstance(error, AwsFotaError)
    assert error.exit_code is ExitCode.USAGE
    assert str(error) == "jobId: there is no job none [ResourceNotFound]"


def test_a_job_is_complete_when_its_last_execution_ended() -> None:
    bench = JobsBench()
    bench.control.create_thing("door")
    bench.control.create_job("j", DOCUMENT, ["lamp", "door"])
    bench.update("j", "FAILED")
    assert bench.control.job("j").status is JobStatus.IN_PROGRESS
    bench.ask("j/update", {"status": "SUCCEEDED"}, thing="door")
    assert bench.control.job("j").status is JobStatus.COMPLETED


def test_a_failed_execution_is_retried_as_often_as_configured() -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(retries={"FAILED": 2}))
    for number in (1, 2):
        bench.clock.advance(10)
        found = notified(bench.deliveries("j1/update", {"status": "FAILED", "statusDetails": {"reason": "x"}}))
        assert set(found) == {"notify", "notify-next"}
        execution = found["notify-next"]["execution"]
        assert (execution["jobId"], execution["executionNumber"]) == ("j1", number + 1)
        assert (execution["status"], execution["versionNumber"]) == ("QUEUED", 1)
        assert execution["queuedAt"] == 1_600_000_000 + 10 * number
        assert bench.control.execution("j1", "lamp").status_details == {}
        assert bench.control.execution("j1", "lamp", number).status is Status.FAILED
    bench.update("j1", "FAILED")
    assert bench.next() is None
    assert bench.control.job("j1").status is JobStatus.COMPLETED


def test_an_update_for_an_earlier_execution_is_refused() -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(retries={"ALL": 1}))
    bench.update("j1", "FAILED")
    assert bench.update("j1", "IN_PROGRESS", executionNumber=1)[1]["code"] == "InvalidStateTransition"
    assert bench.update("j1", "IN_PROGRESS", executionNumber=3)[1]["code"] == "ResourceNotFound"
    assert bench.ask("j1/get", {"executionNumber": 1})[1]["code"] == "TerminalStateReached"
    assert bench.update("j1", "IN_PROGRESS", executionNumber=2)[0] == "accepted"


@pytest.mark.parametrize("status", ["REJECTED", "SUCCEEDED"])
def test_only_failures_are_retried(status: str) -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(retries={"ALL": 10}))
    bench.update("j1", status)
    assert bench.next() is None


def test_each_failure_type_has_its_own_retries_and_all_counts_both() -> None:
    failed, timed_out = Status.FAILED, Status.TIMED_OUT
    separate = JobConfig(retries={"FAILED": 1, "TIMED_OUT": 1})
    assert separate.allows_retry(failed, [timed_out])
    assert not separate.allows_retry(failed, [failed, timed_out])
    together = JobConfig(retries={"ALL": 2})
    assert together.allows_retry(failed, [timed_out])
    assert not together.allows_retry(failed, [timed_out, failed])
    assert not JobConfig().allows_retry(failed, [])


def test_a_cancelled_job_is_not_retried() -> None:
    bench = JobsBench()
    bench.create(config=JobConfig(retries={"ALL": 10}))
    bench.update("j1", "IN_PROGRESS")
    bench.control.cancel_job("j1")
    bench.update("j1", "FAILED")
    assert bench.next() is None


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"in_progress_timeout_minutes": 0}, "inProgressTimeoutInMinutes"),
        ({"in_progress_timeout_minutes": 10081}, "inProgressTimeoutInMinutes"),
        ({"retries": {"FAILED": 0}}, "numberOfRetries"),
        ({"retries": {"FAILED": 6, "TIMED_OUT": 5}}, "numberOfRetries"),
        ({"retries": {"REJECTED": 1}}, "failureType"),
        ({"retries": {"ALL": 1, "FAILED": 1}}, "failureType"),
        ({"presigned_expires_s": 59}, "expiresInSec"),
        ({"presigned_expires_s": 3601}, "expiresInSec"),
    ],
)
def test_a_configuration_out_of_range_is_refused(options: dict[str, Any], field: str) -> None:
    assert refused("InvalidRequest", JobConfig, **options).field == field


def test_a_placeholder_that_cannot_be_signed_makes_no_job() -> None:
    def signer(url: str, _expires_s: int) -> str:
        raise InputError(f"{url} cannot be signed")

    bench = JobsBench(signer)
    document = {"url": jobs_documents.placeholder("https://example.com/x")}
    with pytest.raises(InputError, match="cannot be signed"):
        bench.control.create_job("j", document, ["lamp"])
    assert bench.next() is None
    refused("ResourceNotFound", bench.control.job, "j")


def test_placeholders_are_signed_anew_at_each_delivery() -> None:
    signed: list[tuple[str, int]] = []

    def signer(url: str, expires_s: int) -> str:
        signed.append((url, expires_s))
        return f"{url}?signature={len(signed)}"

    bench = JobsBench(signer)
    url = "https://s3.eu-west-1.amazonaws.com/bucket/dir/fw.bin"
    placeholder = jobs_documents.placeholder(url)
    document = {"location": {"url": placeholder}, "more": [placeholder, f"a {placeholder} b"], "n": 1}
    deliveries = bench.control.create_job("j", document, ["lamp"], JobConfig(presigned_expires_s=60))
    assert notified(deliveries)["notify-next"]["execution"]["jobDocument"] == {
        # Making the job signed all three once, to refuse a placeholder that cannot be signed.
        "location": {"url": f"{url}?signature=4"},
        "more": [f"{url}?signature=5", f"a {url}?signature=6 b"],
        "n": 1,
    }
    for topic, member in (("$next/get", "execution"), ("j/get", "execution"), ("start-next", "execution")):
        before = len(signed)
        text = bench.ask(topic)[1][member]["jobDocument"]["location"]["url"]
        assert text == f"{url}?signature={before + 1}"
    before = len(signed)
    answer = bench.update("j", "IN_PROGRESS", includeJobDocument=True)[1]
    assert answer["jobDocument"]["location"]["url"] == f"{url}?signature={before + 1}"
    assert set(signed) == {(url, 60)}
    before = len(signed)
    bench.ask("j/get", {"includeJobDocument": False})
    assert len(signed) == before
