# SPDX-License-Identifier: Apache-2.0
"""AWS IoT's control plane and Jobs data plane by boto3: what is told, in pages, and every refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from api_bench import ApiBench, api_bench, refused

from aws_fota.emulator.jobs_model import RefusalCode

ACCOUNT = "arn:aws:iot:eu-west-1:123456789012"
DOCUMENT = '{"operation":"app_fw_update"}'


@pytest.fixture(name="aws")
def _aws(running: ApiBench) -> Iterator[ApiBench]:
    """One emulator for all tests of the file, emptied after each."""
    yield running
    ledger = running.emulator.service.ledger
    for job_id in list(ledger.jobs):
        running.aws.call(running.emulator.delete_job, job_id, force=True)
    ledger.things.clear()
    ledger.groups.clear()


@pytest.fixture(name="running", scope="module")
def _running() -> Iterator[ApiBench]:
    with api_bench() as bench:
        yield bench


def paged(call: Any, member: str, size: int, **arguments: Any) -> list[Any]:
    """All items of a list that is asked for in pages of `size`."""
    items, token = [], {}
    while True:
        answer = call(maxResults=size, **token, **arguments)
        assert len(answer[member]) <= size
        items += answer[member]
        if "nextToken" not in answer:
            return items
        assert len(answer[member]) == size
        token = {"nextToken": answer["nextToken"]}


def test_things_come_in_pages_of_any_size(aws: ApiBench) -> None:
    names = [f"t{number}" for number in range(7)]
    for name in reversed(names):
        aws.thing(name)
    for size in (1, 3, 7, 250):
        assert [it["thingName"] for it in paged(aws.iot.list_things, "things", size)] == names
    token = aws.iot.list_things(maxResults=3)["nextToken"]
    aws.iot.delete_thing(thingName="t1")
    aws.thing("t0a")
    assert [it["thingName"] for it in aws.iot.list_things(nextToken=token)["things"]] == names[3:]


@pytest.mark.parametrize("token", ["x", "WzFd", "bm9wZQ==", "bnVsbA==", "ü"])
def test_a_token_that_was_never_given_out_is_refused(token: str, aws: ApiBench) -> None:
    aws.thing("lamp")
    with refused("InvalidRequestException", 400, "nextToken"):
        aws.iot.list_things(nextToken=token)


def test_attributes_of_things(aws: ApiBench) -> None:
    attributes = {"wing": "east", "floor": "2"}
    aws.iot.create_thing(thingName="lamp", attributePayload={"attributes": attributes})
    aws.iot.create_thing(thingName="lamp", attributePayload={"attributes": attributes})
    with pytest.raises(aws.iot.exceptions.ResourceAlreadyExistsException) as caught:
        aws.iot.create_thing(thingName="lamp")
    assert caught.value.response["resourceArn"] == f"{ACCOUNT}:thing/lamp"
    aws.iot.update_thing(
        thingName="lamp", attributePayload={"attributes": {"floor": "", "room": "7"}, "merge": True}, expectedVersion=1
    )
    thing = aws.iot.describe_thing(thingName="lamp")
    assert (thing["attributes"], thing["version"]) == ({"wing": "east", "room": "7"}, 2)
    for arguments in ({"thingName": "lamp", "expectedVersion": 1}, {"thingName": "lamp", "expectedVersion": 3}):
        with refused("VersionConflictException", 409):
            aws.iot.update_thing(**arguments)
        with refused("VersionConflictException", 409):
            aws.iot.delete_thing(**arguments)
    with refused("InvalidRequestException", 400, "the limit is 3"):
        aws.iot.update_thing(thingName="lamp", attributePayload={"attributes": dict.fromkeys("abcd", "x")})
    aws.thing("door")
    for wanted, found in (
        ({"attributeName": "wing"}, ["lamp"]),
        ({"attributeName": "wing", "attributeValue": "ea"}, []),
        ({"attributeName": "wing", "attributeValue": "ea", "usePrefixAttributeValue": True}, ["lamp"]),
        ({"attributeName": "none"}, []),
    ):
        assert [it["thingName"] for it in aws.iot.list_things(**wanted)["things"]] == found
    aws.iot.delete_thing(thingName="lamp", expectedVersion=2)
    aws.iot.delete_thing(thingName="lamp")


def test_a_deleted_thing_leaves_its_jobs(aws: ApiBench) -> None:
    aws.job("j", "lamp", "door")
    aws.iot.delete_thing(thingName="lamp")
    details = aws.iot.describe_job(jobId="j")["job"]["jobProcessDetails"]
    assert (details["numberOfRemovedThings"], details["numberOfQueuedThings"]) == (1, 1)


def test_groups(aws: ApiBench) -> None:
    properties = {"thingGroupDescription": "all of them", "attributePayload": {"attributes": {"a": "b"}}}
    arn = aws.iot.create_thing_group(thingGroupName="lamps", thingGroupProperties=properties)["thingGroupArn"]
    assert arn == f"{ACCOUNT}:thinggroup/lamps"
    assert aws.iot.describe_thing_group(thingGroupName="lamps")["thingGroupProperties"] == properties
    with refused("ResourceAlreadyExistsException", 409):
        aws.iot.create_thing_group(thingGroupName="lamps")
    aws.iot.create_thing_group(thingGroupName="doors")
    for name in ("a", "b", "c"):
        aws.thing(name)
    aws.iot.add_thing_to_thing_group(thingGroupName="lamps", thingName="a")
    aws.iot.add_thing_to_thing_group(thingGroupArn=arn, thingArn=f"{ACCOUNT}:thing/b")
    listed = paged(aws.iot.list_things_in_thing_group, "things", 1, thingGroupName="lamps")
    assert listed == ["a", "b"]
    assert [it["groupName"] for it in paged(aws.iot.list_thing_groups, "thingGroups", 1)] == ["doors", "lamps"]
    assert [it["groupName"] for it in aws.iot.list_thing_groups(namePrefixFilter="l")["thingGroups"]] == ["lamps"]
    of_thing = aws.iot.list_thing_groups_for_thing(thingName="a")["thingGroups"]
    assert of_thing == [{"groupName": "lamps", "groupArn": arn}]
    aws.iot.create_job(jobId="j", targets=[arn], document=DOCUMENT, targetSelection="CONTINUOUS")
    aws.iot.add_thing_to_thing_group(thingGroupName="lamps", thingName="c")
    aws.iot.remove_thing_from_thing_group(thingGroupName="lamps", thingName="a")
    found = aws.iot.list_job_executions_for_job(jobId="j")["executionSummaries"]
    statuses = {it["thingArn"].rpartition("/")[2]: it["jobExecutionSummary"]["status"] for it in found}
    assert statuses == {"a": "REMOVED", "b": "QUEUED", "c": "QUEUED"}
    job = aws.iot.describe_job(jobId="j")["job"]
    assert (job["targets"], job["targetSelection"]) == ([arn], "CONTINUOUS")
    group_id = aws.iot.describe_thing_group(thingGroupName="lamps")["thingGroupId"]
    for wanted, found in (
        ({"thingGroupName": "lamps"}, ["j"]),
        ({"thingGroupId": group_id}, ["j"]),
        ({"thingGroupName": "doors"}, []),
        ({"thingGroupName": "none"}, []),
        ({"targetSelection": "CONTINUOUS"}, ["j"]),
        ({"targetSelection": "SNAPSHOT"}, []),
        ({"status": "IN_PROGRESS"}, ["j"]),
        ({"status": "COMPLETED"}, []),
    ):
        assert [it["jobId"] for it in aws.iot.list_jobs(**wanted)["jobs"]] == found, wanted
    door = aws.thing("door")
    assert aws.iot.associate_targets_with_job(jobId="j", targets=[door])["jobId"] == "j"
    assert aws.iot.describe_job(jobId="j")["job"]["targets"] == [arn, door]
    with refused("VersionConflictException", 409):
        aws.iot.delete_thing_group(thingGroupName="lamps", expectedVersion=9)
    aws.iot.delete_thing_group(thingGroupName="lamps")
    with refused("ResourceNotFoundException", 404):
        aws.iot.describe_thing_group(thingGroupName="lamps")
    for arguments in (
        {"thingGroupName": "doors"},
        {"thingName": "a"},
        {"thingGroupArn": f"{ACCOUNT}:thing/a", "thingName": "a"},
        {"thingGroupName": "lamps", "thingGroupArn": f"{ACCOUNT}:thinggroup/doors", "thingName": "a"},
    ):
        with refused("InvalidRequestException", 400):
            aws.iot.add_thing_to_thing_group(**arguments)


SETTINGS = {
    "description": "for all",
    "presignedUrlConfig": {"roleArn": "arn:aws:iam::123456789012:role/r", "expiresInSec": 120},
    "jobExecutionsRolloutConfig": {
        "maximumPerMinute": 50,
        "exponentialRate": {
            "baseRatePerMinute": 1,
            "incrementFactor": 2.0,
            "rateIncreaseCriteria": {"numberOfSucceededThings": 1},
        },
    },
    "abortConfig": {
        "criteriaList": [
            {"failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 12.5, "minNumberOfExecutedThings": 3}
        ]
    },
    "timeoutConfig": {"inProgressTimeoutInMinutes": 10},
    "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 2}]},
}


def test_settings_are_told_back_and_meant(aws: ApiBench) -> None:
    aws.job("j", "lamp", "door", tags=[{"Key": "team", "Value": "fw"}], **SETTINGS)
    job = aws.iot.describe_job(jobId="j")["job"]
    assert {name: job[name] for name in SETTINGS} == SETTINGS
    assert job["jobArn"] == f"{ACCOUNT}:job/j" and "completedAt" not in job
    assert job["jobProcessDetails"]["processingTargets"] == [f"{ACCOUNT}:thing/door"]
    config = aws.emulator.service.ledger.jobs["j"].config
    assert (config.presigned_expires_s, config.in_progress_timeout_minutes) == (120, 10)
    assert (config.retries, config.rollout.batch(1, 1)) == ({"FAILED": 2}, 2)
    aws.iot.update_job(jobId="j", timeoutConfig={"inProgressTimeoutInMinutes": 20})
    job = aws.iot.describe_job(jobId="j")["job"]
    assert {name: job[name] for name in SETTINGS} == {**SETTINGS, "timeoutConfig": {"inProgressTimeoutInMinutes": 20}}
    aws.jobs_data.update_job_execution(jobId="j", thingName="lamp", status="FAILED")
    listed = aws.iot.list_job_executions_for_thing(thingName="lamp")["executionSummaries"]
    tries = [it["jobExecutionSummary"] for it in listed]
    assert [(it["executionNumber"], it["retryAttempt"], it["status"]) for it in tries] == [
        (2, 1, "QUEUED"),
        (1, 0, "FAILED"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "https://s3.eu-west-1.amazonaws.com/fota/jobs/a%20b.json",
        "https://fota.s3.eu-west-1.amazonaws.com/jobs/a%20b.json",
        "s3://fota/jobs/a b.json",
        "{url}/fota/jobs/a%20b.json",
    ],
)
def test_a_document_comes_from_s3(source: str, aws: ApiBench) -> None:
    aws.aws.call(aws.emulator.upload, "fota", "jobs/a b.json", b'{"operation": "x"}')
    source = source.format(url=aws.url)
    aws.iot.create_job(jobId="j", targets=[aws.thing("lamp")], documentSource=source)
    assert json.loads(aws.iot.get_job_document(jobId="j")["document"]) == {"operation": "x"}
    assert aws.iot.describe_job(jobId="j")["documentSource"] == source


def test_jobs_come_newest_first_in_pages(aws: ApiBench) -> None:
    for number in range(5):
        aws.job(f"j{number}", "lamp")
    assert [it["jobId"] for it in paged(aws.iot.list_jobs, "jobs", 2)] == ["j4", "j3", "j2", "j1", "j0"]
    of_thing = paged(aws.iot.list_job_executions_for_thing, "executionSummaries", 2, thingName="lamp")
    assert [it["jobId"] for it in of_thing] == ["j4", "j3", "j2", "j1", "j0"]
    one = aws.iot.list_job_executions_for_thing(thingName="lamp", jobId="j2", status="QUEUED")["executionSummaries"]
    assert [it["jobId"] for it in one] == ["j2"]
    assert aws.iot.list_job_executions_for_thing(thingName="lamp", status="FAILED")["executionSummaries"] == []


def test_executions_of_a_job_come_in_pages(aws: ApiBench) -> None:
    things = [f"t{number}" for number in range(5)]
    aws.job("j", *things)
    listed = paged(aws.iot.list_job_executions_for_job, "executionSummaries", 2, jobId="j")
    assert [it["thingArn"].rpartition("/")[2] for it in listed] == things
    assert aws.iot.list_job_executions_for_job(jobId="j", status="FAILED")["executionSummaries"] == []


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"document": "{"}, "must be valid JSON"),
        ({"document": '{"a": NaN}'}, "is not JSON"),
        ({"document": "[]"}, "must be a JSON object"),
        ({"document": f'{{"a":"{"x" * 32761}"}}'}, "less than or equal to 32768"),
        ({"document": '{"u":"${aws:iot:s3-presigned-url:https://example.com/a}"}'}, "is not S3's address"),
        ({"documentSource": "https://s3.eu-west-1.amazonaws.com/none/a"}, "exactly one of"),
        ({"document": None}, "exactly one of"),
        ({"document": None, "documentSource": "https://s3.eu-west-1.amazonaws.com/none/a"}, "no such object"),
        ({"document": None, "documentSource": "https://example.com/a"}, "is no link to an object"),
        ({"document": None, "documentSource": "file:///etc/passwd"}, "is no link to an object"),
        ({"document": None, "documentSource": "http://[::1/a"}, "is no link to an object"),
        ({"targets": ["lamp"]}, "Invalid target lamp"),
        ({"targets": ["arn:aws:iot:eu-west-1:999999999999:thing/lamp"]}, "Invalid target"),
        ({"targets": ["arn:aws:iot:us-east-1:123456789012:thing/lamp"]}, "Invalid target"),
        ({"presignedUrlConfig": {"expiresInSec": 59}}, "greater than or equal to 60"),
        ({"presignedUrlConfig": {"expiresInSec": 3601}}, "less than or equal to 3600"),
        ({"timeoutConfig": {"inProgressTimeoutInMinutes": 10081}}, "10081 is not 1 to 10080"),
        ({"targetSelection": "SOME"}, "[CONTINUOUS, SNAPSHOT]"),
        ({"description": "a\nb"}, r"[^\p{C}]+"),
        ({"jobTemplateArn": "arn:aws:x"}, "jobTemplateArn is not supported"),
        ({"schedulingConfig": {"startTime": "2030-01-01 10:00"}}, "schedulingConfig is not supported"),
        ({"jobExecutionsRolloutConfig": {"maximumPerMinute": 0}}, "greater than or equal to 1"),
        (
            {
                "jobExecutionsRolloutConfig": {
                    "exponentialRate": {
                        "baseRatePerMinute": 1,
                        "incrementFactor": 2,
                        "rateIncreaseCriteria": {},
                    }
                }
            },
            "exactly one of numberOfNotifiedThings",
        ),
        (
            {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 11}]}},
            "less than or equal to 10",
        ),
        (
            {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 1}] * 2}},
            "failureType ALL is there twice",
        ),
        ({"jobId": "a b"}, "[a-zA-Z0-9_-]+"),
        ({"jobId": "a" * 65}, "less than or equal to 64"),
    ],
)
def test_jobs_that_cannot_be_made(settings: dict[str, Any], text: str, aws: ApiBench) -> None:
    wanted = {"jobId": "j", "targets": [aws.thing("lamp")], "document": DOCUMENT, **settings}
    with refused("InvalidRequestException", 400, text):
        aws.iot.create_job(**{name: value for name, value in wanted.items() if value is not None})
    assert aws.emulator.service.ledger.jobs == {}


def test_every_exception_of_the_control_plane(aws: ApiBench) -> None:
    iot = aws.iot
    aws.job("j", "lamp")
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException) as caught:
        aws.job("j", "lamp")
    assert caught.value.response["resourceId"] == "j"
    none = {"jobId": "none"}
    one, other = {"jobId": "j", "thingName": "lamp"}, {"jobId": "j", "thingName": "none"}
    for call, arguments in (
        (iot.describe_thing, {"thingName": "none"}),
        (iot.update_thing, {"thingName": "none"}),
        (iot.create_job, {"jobId": "k", "targets": [f"{ACCOUNT}:thing/none"], "document": DOCUMENT}),
        (iot.create_job, {"jobId": "k", "targets": [f"{ACCOUNT}:thinggroup/none"], "document": DOCUMENT}),
        (iot.describe_job, none),
        (iot.get_job_document, none),
        (iot.cancel_job, none),
        (iot.delete_job, none),
        (iot.update_job, {**none, "description": "a"}),
        (iot.associate_targets_with_job, {**none, "targets": [f"{ACCOUNT}:thing/lamp"]}),
        (iot.list_job_executions_for_job, none),
        (iot.list_job_executions_for_thing, {"thingName": "none"}),
        (iot.describe_job_execution, other),
        (iot.describe_job_execution, {**one, "executionNumber": 2}),
        (iot.cancel_job_execution, other),
        (iot.delete_job_execution, {**one, "executionNumber": 2}),
    ):
        with pytest.raises(iot.exceptions.ResourceNotFoundException):
            call(**arguments)
    with pytest.raises(iot.exceptions.VersionConflictException):
        iot.cancel_job_execution(**one, expectedVersion=7)
    for call, arguments in (
        (iot.delete_job, {"jobId": "j"}),
        (iot.delete_job_execution, {**one, "executionNumber": 1}),
    ):
        with pytest.raises(iot.exceptions.InvalidStateTransitionException):
            call(**arguments)
    iot.cancel_job_execution(**one, statusDetails={"why": "so"})
    told = iot.describe_job_execution(**one)["execution"]
    assert (told["status"], told["statusDetails"], told["thingArn"]) == (
        *("CANCELED", {"detailsMap": {"why": "so"}}),
        f"{ACCOUNT}:thing/lamp",
    )
    with pytest.raises(iot.exceptions.InvalidStateTransitionException):
        iot.cancel_job_execution(**one)
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.cancel_job(jobId="j")
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.update_job(jobId="j", description="too late")
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.associate_targets_with_job(jobId="j", targets=[f"{ACCOUNT}:thing/lamp"])
    with refused("NotImplementedException", 501, "CreateBillingGroup"):
        iot.create_billing_group(billingGroupName="b")


def test_the_data_plane_is_the_one_that_devices_use(aws: ApiBench) -> None:
    aws.job("a", "lamp", document='{"n": 1}')
    aws.job("b", "lamp")
    data = aws.jobs_data
    pending = data.get_pending_job_executions(thingName="lamp")
    assert [it["jobId"] for it in pending["queuedJobs"]] == ["a", "b"]
    described = data.describe_job_execution(jobId="$next", thingName="lamp", includeJobDocument=True)["execution"]
    assert (described["jobId"], json.loads(described["jobDocument"])) == ("a", {"n": 1})
    started = data.start_next_pending_job_execution(
        thingName="lamp", statusDetails={"progress": "0%"}, stepTimeoutInMinutes=5
    )["execution"]
    assert (started["status"], started["versionNumber"], started["statusDetails"]) == (
        *("IN_PROGRESS", 2),
        {"progress": "0%"},
    )
    updated = data.update_job_execution(
        jobId="a",
        thingName="lamp",
        status="IN_PROGRESS",
        expectedVersion=2,
        includeJobExecutionState=True,
        includeJobDocument=True,
    )
    assert updated["executionState"]["versionNumber"] == 3 and json.loads(updated["jobDocument"]) == {"n": 1}
    assert [it["jobId"] for it in data.get_pending_job_executions(thingName="lamp")["inProgressJobs"]] == ["a"]
    assert "execution" not in data.describe_job_execution(jobId="$next", thingName=aws.thing("door").rpartition("/")[2])


def test_every_refusal_of_the_data_plane(aws: ApiBench) -> None:
    data = aws.jobs_data
    aws.job("j", "lamp")
    one = {"jobId": "j", "thingName": "lamp"}
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.describe_job_execution(jobId="none", thingName="lamp")
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.get_pending_job_executions(thingName="none")
    with pytest.raises(data.exceptions.InvalidRequestException):
        data.update_job_execution(**one, status="CANCELED")
    with pytest.raises(data.exceptions.InvalidRequestException):
        data.update_job_execution(**one, status="DONE")
    with refused("VersionMismatchException", 409):
        data.update_job_execution(**one, status="IN_PROGRESS", expectedVersion=7)
    for code, name, status in (
        (RefusalCode.REQUEST_THROTTLED, "ThrottlingException", 429),
        (RefusalCode.INTERNAL_ERROR, "ServiceUnavailableException", 503),
        (RefusalCode.INVALID_TOPIC, "InvalidRequestException", 400),
    ):
        aws.aws.call(aws.emulator.service.device.refuse_next, code)
        with refused(name, status):
            data.get_pending_job_executions(thingName="lamp")
    data.update_job_execution(**one, status="REJECTED")
    with pytest.raises(data.exceptions.InvalidStateTransitionException):
        data.update_job_execution(**one, status="SUCCEEDED")
    with pytest.raises(data.exceptions.TerminalStateException):
        data.describe_job_execution(**one)


def test_refusals_of_signatures(aws: ApiBench) -> None:
    for options, code, status in (
        ({"secret": "wrong"}, "InvalidSignatureException", 403),
        ({"access_key": "AKIAUNKNOWN"}, "UnrecognizedClientException", 403),
        ({"region": "us-east-1"}, "IncompleteSignatureException", 400),
    ):
        for service, call in (("iot", "list_things"), ("iot-jobs-data", "get_pending_job_executions")):
            client = aws.client(service, **options)
            with refused(code, status):
                getattr(client, call)(**({"thingName": "lamp"} if service != "iot" else {}))
            client.close()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "SerializationException"),
        (b"[]", "SerializationException"),
        (b'{"targets": "a"}', "SerializationException"),
        (b'{"targets": [1]}', "SerializationException"),
        (b'{"targets": ["a"], "presignedUrlConfig": {"expiresInSec": true}}', "SerializationException"),
        (
            b'{"targets": ["a"], "abortConfig": {"criteriaList": [{"thresholdPercentage": NaN}]}}',
            "SerializationException",
        ),
        (b"\xff", "SerializationException"),
        (b"[" * 100_000, "SerializationException"),
        (b"", "InvalidRequestException"),
        (b'{"targets": []}', "InvalidRequestException"),
        (b'{"targets": ["a"], "description": "\\ud800"}', "InvalidRequestException"),
    ],
    ids=repr,
)
def test_bodies_that_are_none(body: bytes, code: str, aws: ApiBench) -> None:
    reply = aws.raw("iot", "PUT", "/jobs/j", body)
    assert (reply.status, reply.code) == (400, code)
    assert json.loads(reply.body)["message"]


def test_a_body_of_a_mebibyte_is_refused(aws: ApiBench) -> None:
    reply = aws.raw("iot", "PUT", "/jobs/j", b" " * (1024 * 1024 + 1))
    assert (reply.status, reply.code) == (413, "RequestEntityTooLargeException")
    assert aws.raw("iot", "PUT", "/jobs/j", b" " * (1024 * 1024)).status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("PATCH", "/things"), ("GET", "/things//jobs"), ("GET", "/things/%FF"), ("GET", "/")],
)
def test_paths_without_an_operation(method: str, path: str, aws: ApiBench) -> None:
    reply = aws.raw("iot", method, path)
    assert (reply.status, reply.code) == (404, "UnknownOperationException")


@pytest.mark.parametrize(
    "path", ["/jobs?maxResults=x", "/jobs?maxResults=99999999999999999999", "/things/a/jobs/b/executionNumber/x"]
)
def test_numbers_that_are_none(path: str, aws: ApiBench) -> None:
    method = "DELETE" if "executionNumber" in path else "GET"
    assert aws.raw("iot", method, path).code == "SerializationException"


def test_a_defect_is_a_500_and_the_next_request_is_served(
    aws: ApiBench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(thing: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(aws.emulator.service.control, "thing", fails)
    with refused("InternalFailureException", 500):
        aws.iot.describe_thing(thingName="lamp")
    assert "GET /things/lamp of iot failed" in caplog.text
    assert aws.iot.list_things()["things"] == []


def test_sts(aws: ApiBench) -> None:
    assert aws.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/operator"
    with refused("InvalidAction", 400):
        aws.client("sts").get_session_token()
    with refused("SignatureDoesNotMatch", 403):
        aws.client("sts", secret="wrong").get_caller_identity()
