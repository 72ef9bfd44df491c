# SPDX-License-Identifier: Apache-2.0
"""The unmodified AWS CLI against the HTTP API: every command that an update needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_bench import ApiBench, api_bench


@pytest.fixture(name="aws", scope="module")
def _aws() -> Iterator[ApiBench]:
    with api_bench() as bench:
        yield bench


def test_s3(aws: ApiBench, tmp_path: Path) -> None:
    image, back = tmp_path / "app.bin", tmp_path / "back.bin"
    image.write_bytes(bytes(range(256)) * 10)
    assert aws.cli("s3", "mb", "s3://fota") == "make_bucket: fota\n"
    assert "upload:" in aws.cli("s3", "cp", str(image), "s3://fota/a/app.bin")
    assert aws.cli("s3", "ls").endswith(" fota\n")
    assert aws.cli("s3", "ls", "s3://fota").split() == ["PRE", "a/"]
    assert aws.cli("s3", "ls", "s3://fota/a/").split()[2:] == ["2560", "app.bin"]
    aws.cli("s3", "cp", "s3://fota/a/app.bin", str(back))
    assert back.read_bytes() == image.read_bytes()
    aws.cli("s3", "cp", "s3://fota/a/app.bin", "s3://fota/b.bin")
    assert aws.emulator.store.get("fota", "b.bin").data == image.read_bytes()  # type: ignore[union-attr]
    assert "BucketNotEmpty" in aws.cli("s3", "rb", "s3://fota", expect=1)
    assert aws.cli("s3", "rm", "s3://fota", "--recursive").count("delete:") == 2
    assert aws.cli("s3", "rb", "s3://fota") == "remove_bucket: fota\n"
    assert "NoSuchBucket" in aws.cli("s3", "ls", "s3://fota", expect=255)


def test_a_large_file_goes_in_parts(aws: ApiBench, tmp_path: Path) -> None:
    image, back = tmp_path / "large.bin", tmp_path / "back.bin"
    image.write_bytes(bytes(range(256)) * (17 * 4096))
    aws.cli("s3", "mb", "s3://large")
    aws.cli("s3", "cp", str(image), "s3://large/large.bin", "--no-progress")
    stored = aws.emulator.store.get("large", "large.bin")
    assert stored is not None and stored.data == image.read_bytes()
    assert stored.etag.endswith('-3"')
    aws.cli("s3", "cp", "s3://large/large.bin", str(back), "--no-progress")
    assert back.read_bytes() == image.read_bytes()


def test_things(aws: ApiBench) -> None:
    made = aws.cli("iot", "create-thing", "--thing-name", "lamp")
    assert made["thingArn"] == "arn:aws:iot:eu-west-1:123456789012:thing/lamp"
    assert aws.cli("iot", "describe-thing", "--thing-name", "lamp")["thingId"] == made["thingId"]
    assert [it["thingName"] for it in aws.cli("iot", "list-things")["things"]] == ["lamp"]
    aws.cli("iot", "delete-thing", "--thing-name", "lamp")
    assert "ResourceNotFoundException" in aws.cli("iot", "describe-thing", "--thing-name", "lamp", expect=255)


def test_jobs(aws: ApiBench, tmp_path: Path) -> None:
    document = tmp_path / "job.json"
    document.write_text('{"operation": "app_fw_update", "size": 3}')
    arn = aws.cli("iot", "create-thing", "--thing-name", "door")["thingArn"]
    made = aws.cli(
        *("iot", "create-job", "--job-id", "j1", "--targets", arn, "--document", f"file://{document}"),
        *("--description", "the first", "--presigned-url-config", "expiresInSec=600"),
        *("--timeout-config", "inProgressTimeoutInMinutes=5"),
        *("--job-executions-rollout-config", "maximumPerMinute=100"),
    )
    assert made == {"jobArn": "arn:aws:iot:eu-west-1:123456789012:job/j1", "jobId": "j1", "description": "the first"}
    job = aws.cli("iot", "describe-job", "--job-id", "j1")["job"]
    assert (job["status"], job["targets"], job["timeoutConfig"]) == (
        *("IN_PROGRESS", [arn]),
        {"inProgressTimeoutInMinutes": 5},
    )
    assert json.loads(aws.cli("iot", "get-job-document", "--job-id", "j1")["document"])["size"] == 3
    assert [it["jobId"] for it in aws.cli("iot", "list-jobs")["jobs"]] == ["j1"]
    listed = aws.cli("iot", "list-job-executions-for-thing", "--thing-name", "door")["executionSummaries"]
    assert [(it["jobId"], it["jobExecutionSummary"]["status"]) for it in listed] == [("j1", "QUEUED")]
    listed = aws.cli("iot", "list-job-executions-for-job", "--job-id", "j1")["executionSummaries"]
    assert [it["thingArn"] for it in listed] == [arn]
    aws.cli("iot", "update-job", "--job-id", "j1", "--description", "the second")
    assert aws.cli("iot", "describe-job", "--job-id", "j1")["job"]["description"] == "the second"
    started = aws.cli("iot-jobs-data", "start-next-pending-job-execution", "--thing-name", "door")["execution"]
    assert (started["status"], json.loads(started["jobDocument"])["size"]) == ("IN_PROGRESS", 3)
    execution = aws.cli("iot", "describe-job-execution", "--job-id", "j1", "--thing-name", "door")["execution"]
    assert (execution["status"], execution["versionNumber"]) == ("IN_PROGRESS", 2)
    assert execution["approximateSecondsBeforeTimedOut"] <= 300
    one = ("--job-id", "j1", "--thing-name", "door")
    assert "InvalidStateTransition" in aws.cli("iot", "cancel-job-execution", *one, expect=255)
    aws.cli("iot", "cancel-job-execution", *one, "--force")
    assert aws.cli("iot", "describe-job-execution", *one)["execution"]["status"] == "CANCELED"
    aws.cli("iot", "delete-job-execution", *one, "--execution-number", "1")
    assert "ResourceNotFound" in aws.cli("iot", "describe-job-execution", *one, expect=255)
    aws.cli("iot", "delete-job", "--job-id", "j1")
    assert aws.cli("iot", "list-jobs")["jobs"] == []


def test_a_job_is_cancelled(aws: ApiBench) -> None:
    aws.job("j2", "gate")
    aws.cli("iot-jobs-data", "start-next-pending-job-execution", "--thing-name", "gate")
    cancelled = aws.cli(
        "iot", "cancel-job", "--job-id", "j2", "--force", "--reason-code", "BAD", "--comment", "no good"
    )
    assert cancelled["jobId"] == "j2"
    job = aws.cli("iot", "describe-job", "--job-id", "j2")["job"]
    assert (job["status"], job["forceCanceled"], job["reasonCode"], job["comment"]) == (
        *("CANCELED", True),
        *("BAD", "no good"),
    )
    assert job["jobProcessDetails"]["numberOfCanceledThings"] == 1


def test_the_data_plane(aws: ApiBench) -> None:
    aws.job("j3", "bell")
    one = ("--job-id", "j3", "--thing-name", "bell")
    pending = aws.cli("iot-jobs-data", "get-pending-job-executions", "--thing-name", "bell")
    assert [it["jobId"] for it in pending["queuedJobs"]] == ["j3"] and pending["inProgressJobs"] == []
    described = aws.cli("iot-jobs-data", "describe-job-execution", *one)["execution"]
    assert (described["status"], described["versionNumber"]) == ("QUEUED", 1)
    updated = aws.cli(
        *("iot-jobs-data", "update-job-execution", *one, "--status", "SUCCEEDED"),
        *("--status-details", "progress=100%", "--include-job-execution-state"),
    )
    assert updated["executionState"] == {
        "status": "SUCCEEDED",
        "statusDetails": {"progress": "100%"},
        "versionNumber": 2,
    }
    assert "TerminalStateException" in aws.cli("iot-jobs-data", "describe-job-execution", *one, expect=255)
    assert aws.cli("iot", "describe-job", "--job-id", "j3")["job"]["status"] == "COMPLETED"


def test_who_and_where(aws: ApiBench) -> None:
    assert aws.cli("sts", "get-caller-identity")["Account"] == "123456789012"
    data = aws.cli("iot", "describe-endpoint", "--endpoint-type", "iot:Data-ATS")["endpointAddress"]
    assert data == f"127.0.0.1:{aws.emulator.mqtt_port}"
    jobs = aws.cli("iot", "describe-endpoint", "--endpoint-type", "iot:Jobs")["endpointAddress"]
    assert f"http://{jobs}" == aws.url
    assert "Invalid endpointType" in aws.cli("iot", "describe-endpoint", "--endpoint-type", "iot:None", expect=255)
