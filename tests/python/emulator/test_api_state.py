# SPDX-License-Identifier: Apache-2.0
"""What came over the API survives a restart with --state, down to the last answer, and a restart of the service."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from api_bench import ApiBench, api_bench

DOCUMENT = '{"operation":"app_fw_update"}'


def told(aws: ApiBench) -> dict[str, Any]:
    """Everything that the API tells of what the test made; without what is new in each answer."""
    answers = {
        "thing": aws.iot.describe_thing(thingName="lamp"),
        "group": aws.iot.describe_thing_group(thingGroupName="lamps"),
        "members": aws.iot.list_things_in_thing_group(thingGroupName="lamps"),
        "job": aws.iot.describe_job(jobId="j"),
        "document": aws.iot.get_job_document(jobId="j"),
        "execution": aws.iot.describe_job_execution(jobId="j", thingName="lamp"),
        "buckets": aws.s3.list_buckets(),
        "object": aws.s3.head_object(Bucket="fota", Key="a"),
    }
    for answer in answers.values():
        del answer["ResponseMetadata"]
    answers["execution"]["execution"].pop("approximateSecondsBeforeTimedOut")
    return answers


def make(aws: ApiBench) -> None:
    aws.iot.create_thing(thingName="lamp", attributePayload={"attributes": {"floor": "2"}})
    arn = aws.iot.create_thing_group(
        thingGroupName="lamps", thingGroupProperties={"thingGroupDescription": "all of them"}
    )["thingGroupArn"]
    aws.iot.add_thing_to_thing_group(thingGroupName="lamps", thingName="lamp")
    aws.s3.create_bucket(Bucket="fota")
    aws.s3.create_bucket(Bucket="empty")
    aws.s3.put_object(Bucket="fota", Key="a", Body=b"it", ContentType="text/plain", Metadata={"version": "1.2"})
    aws.iot.create_job(
        jobId="j",
        targets=[arn],
        document=DOCUMENT,
        targetSelection="CONTINUOUS",
        description="the first",
        timeoutConfig={"inProgressTimeoutInMinutes": 10},
        jobExecutionsRolloutConfig={"maximumPerMinute": 5},
        abortConfig={
            "criteriaList": [
                {"failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 50.0, "minNumberOfExecutedThings": 1}
            ]
        },
    )
    aws.jobs_data.start_next_pending_job_execution(thingName="lamp", statusDetails={"progress": "1"})


def test_what_the_api_made_is_there_after_a_restart(tmp_path: Path) -> None:
    with api_bench(state=tmp_path / "state.db") as aws:
        make(aws)
        before = told(aws)
        # What a process that is killed now leaves behind.
        for file in tmp_path.glob("state.db*"):
            shutil.copy(file, tmp_path / file.name.replace("state", "killed"))
    for name in ("state.db", "killed.db"):
        with api_bench(state=tmp_path / name) as aws:
            assert told(aws) == before
            job = aws.iot.describe_job(jobId="j")["job"]
            assert (job["description"], job["jobProcessDetails"]["numberOfInProgressThings"]) == ("the first", 1)
            aws.jobs_data.update_job_execution(jobId="j", thingName="lamp", status="FAILED")
            assert aws.iot.describe_job(jobId="j")["job"]["status"] == "CANCELED", "the abort rule is lost"


def test_what_was_removed_stays_away(tmp_path: Path) -> None:
    with api_bench(state=tmp_path / "state.db") as aws:
        make(aws)
        aws.iot.delete_job(jobId="j", force=True)
        aws.iot.delete_thing_group(thingGroupName="lamps")
        aws.iot.delete_thing(thingName="lamp")
        aws.s3.delete_object(Bucket="fota", Key="a")
        aws.s3.delete_bucket(Bucket="empty")
    with api_bench(state=tmp_path / "state.db") as aws:
        assert aws.iot.list_jobs()["jobs"] == []
        assert aws.iot.list_things()["things"] == []
        assert aws.iot.list_thing_groups()["thingGroups"] == []
        assert [it["Name"] for it in aws.s3.list_buckets()["Buckets"]] == ["fota"]
        assert "Contents" not in aws.s3.list_objects_v2(Bucket="fota")


def test_the_api_comes_back_with_the_service() -> None:
    with api_bench() as aws:
        aws.thing("lamp")
        aws.aws.wait(aws.emulator.restart(0.0))
        assert [it["thingName"] for it in aws.iot.list_things()["things"]] == ["lamp"]
