# SPDX-License-Identifier: Apache-2.0
"""AWS's own SDK for devices, awsiotsdk, against the gateway: both of its Jobs clients, with mutual TLS."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from awscrt import mqtt
from awscrt.exceptions import AwsCrtError
from awscrt.mqtt_request_response import (
    ClientOptions,
    SubscriptionStatusEvent,
    SubscriptionStatusEventType,
)
from awsiot import ServiceStreamOptions, V2ServiceException, iotjobs, mqtt_connection_builder
from mqtt_bench import PATIENCE

from aws_fota.emulator.certificates import CertificateFolder, KeyKind
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.jobs_model import Status

THING = "lamp"
DOCUMENT = {"operation": "app_fw_update", "size": 3}


@pytest.fixture(name="aws", params=KeyKind)
def _aws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmulatorThread]:
    certificates = CertificateFolder(tmp_path, request.param)
    with EmulatorThread(tls_port=0, certificates=certificates) as aws:
        for thing in (THING, "door"):
            aws.call(aws.emulator.create_thing, thing)
        yield aws


@contextlib.contextmanager
def connected(aws: EmulatorThread, folder: Path, client_id: str = THING) -> Iterator[mqtt.Connection]:
    given = folder / "things" / THING
    connection = mqtt_connection_builder.mtls_from_path(
        endpoint="localhost",
        port=aws.emulator.tls_port,
        cert_filepath=str(given / "device.crt"),
        pri_key_filepath=str(given / "device.key"),
        ca_filepath=str(given / "ca.crt"),
        client_id=client_id,
        clean_session=True,
        keep_alive_secs=30,
    )
    connection.connect().result(PATIENCE)
    try:
        yield connection
    finally:
        connection.disconnect().result(PATIENCE)


class Heard:
    """What the callbacks of a client were given."""

    def __init__(self) -> None:
        self._heard: queue.Queue[Any] = queue.Queue()

    def __call__(self, *given: Any) -> None:
        # A subscription's callback gets the message, and when it went wrong the error.
        self._heard.put(given[0])

    def next(self) -> Any:
        return self._heard.get(timeout=PATIENCE)

    def nothing(self) -> bool:
        return self._heard.empty()


def subscribed(subscribe: Callable[..., tuple[Future[Any], str]], request: Any, *heard: Heard) -> None:
    future, _ = subscribe(request, mqtt.QoS.AT_LEAST_ONCE, *heard)
    future.result(PATIENCE)


def test_the_client_takes_a_job_to_its_end_and_hears_of_the_next(aws: EmulatorThread, tmp_path: Path) -> None:
    with connected(aws, tmp_path) as connection:
        jobs = iotjobs.IotJobsClient(connection)
        changed, following, accepted, rejected, updated = Heard(), Heard(), Heard(), Heard(), Heard()
        subscribed(
            jobs.subscribe_to_job_executions_changed_events,
            iotjobs.JobExecutionsChangedSubscriptionRequest(thing_name=THING),
            changed,
        )
        subscribed(
            jobs.subscribe_to_next_job_execution_changed_events,
            iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=THING),
            following,
        )
        start = iotjobs.StartNextPendingJobExecutionSubscriptionRequest(thing_name=THING)
        subscribed(jobs.subscribe_to_start_next_pending_job_execution_accepted, start, accepted)
        subscribed(jobs.subscribe_to_start_next_pending_job_execution_rejected, start, rejected)
        for job_id in ("one", "two"):
            aws.call(aws.emulator.create_job, job_id, DOCUMENT, [THING])
        assert [it.job_id for it in changed.next().jobs["QUEUED"]] == ["one"]
        assert [it.job_id for it in changed.next().jobs["QUEUED"]] == ["one", "two"]
        assert following.next().execution.job_id == "one"
        jobs.publish_start_next_pending_job_execution(
            iotjobs.StartNextPendingJobExecutionRequest(
                thing_name=THING, client_token="t1", status_details={"progress": "0"}, step_timeout_in_minutes=5
            ),
            mqtt.QoS.AT_LEAST_ONCE,
        ).result(PATIENCE)
        started = accepted.next()
        assert (started.client_token, started.execution.job_id, started.execution.status) == (
            *("t1", "one"),
            "IN_PROGRESS",
        )
        assert (started.execution.job_document, started.execution.version_number) == (DOCUMENT, 2)
        update = iotjobs.UpdateJobExecutionSubscriptionRequest(thing_name=THING, job_id="one")
        subscribed(jobs.subscribe_to_update_job_execution_accepted, update, updated)
        subscribed(jobs.subscribe_to_update_job_execution_rejected, update, rejected)
        for expected, status in ((9, "IN_PROGRESS"), (2, "SUCCEEDED")):
            jobs.publish_update_job_execution(
                iotjobs.UpdateJobExecutionRequest(
                    thing_name=THING,
                    job_id="one",
                    status=status,
                    expected_version=expected,
                    include_job_execution_state=True,
                    client_token=f"t{expected}",
                ),
                mqtt.QoS.AT_LEAST_ONCE,
            ).result(PATIENCE)
        refusal = rejected.next()
        assert (refusal.code, refusal.client_token) == (iotjobs.RejectedErrorCode.VERSION_MISMATCH, "t9")
        assert refusal.execution_state.version_number == 2
        told = updated.next()
        assert (told.client_token, told.execution_state.status, told.execution_state.version_number) == (
            *("t2", "SUCCEEDED"),
            3,
        )
        assert following.next().execution.job_id == "two"
        assert [it.job_id for it in changed.next().jobs["QUEUED"]] == ["two"]
        assert rejected.nothing() and accepted.nothing()
    assert aws.call(aws.emulator.execution, "one", THING).status is Status.SUCCEEDED


def test_the_request_response_client(aws: EmulatorThread, tmp_path: Path) -> None:
    with connected(aws, tmp_path) as connection:
        options = ClientOptions(max_request_response_subscriptions=8, max_streaming_subscriptions=2)
        jobs = iotjobs.IotJobsClientV2(connection, options)
        following, status = Heard(), Heard()
        stream = jobs.create_next_job_execution_changed_stream(
            iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=THING),
            ServiceStreamOptions(incoming_event_listener=following, subscription_status_listener=status),
        )
        stream.open()
        opened: SubscriptionStatusEvent = status.next()
        assert opened.type == SubscriptionStatusEventType.SUBSCRIPTION_ESTABLISHED
        aws.call(aws.emulator.create_job, "one", DOCUMENT, [THING])
        assert following.next().execution.job_id == "one"
        pending = jobs.get_pending_job_executions(iotjobs.GetPendingJobExecutionsRequest(thing_name=THING))
        assert [it.job_id for it in pending.result(PATIENCE).queued_jobs] == ["one"]
        described = jobs.describe_job_execution(
            iotjobs.DescribeJobExecutionRequest(thing_name=THING, job_id="$next", include_job_document=True)
        ).result(PATIENCE)
        assert (described.execution.job_id, described.execution.job_document) == ("one", DOCUMENT)
        start = iotjobs.StartNextPendingJobExecutionRequest(thing_name=THING)
        assert jobs.start_next_pending_job_execution(start).result(PATIENCE).execution.version_number == 2
        update = iotjobs.UpdateJobExecutionRequest(thing_name=THING, job_id="one", status="FAILED")
        jobs.update_job_execution(update).result(PATIENCE)
        with pytest.raises(V2ServiceException) as caught:
            jobs.update_job_execution(update).result(PATIENCE)
        assert caught.value.modeled_error.code == iotjobs.RejectedErrorCode.INVALID_STATE_TRANSITION
        assert caught.value.modeled_error.execution_state.status == "FAILED"
        with pytest.raises(V2ServiceException) as caught:
            jobs.describe_job_execution(iotjobs.DescribeJobExecutionRequest(thing_name=THING, job_id="none")).result(
                PATIENCE
            )
        assert caught.value.modeled_error.code == iotjobs.RejectedErrorCode.RESOURCE_NOT_FOUND
        assert following.next().execution is None
        del stream, jobs


def test_a_client_id_other_than_the_certificates_is_refused(aws: EmulatorThread, tmp_path: Path) -> None:
    with pytest.raises(AwsCrtError), connected(aws, tmp_path, "door"):
        raise AssertionError("it is connected")


def test_the_topics_of_another_thing_are_refused(aws: EmulatorThread, tmp_path: Path) -> None:
    with connected(aws, tmp_path) as connection:
        future, _ = iotjobs.IotJobsClient(connection).subscribe_to_job_executions_changed_events(
            iotjobs.JobExecutionsChangedSubscriptionRequest(thing_name="door"), mqtt.QoS.AT_LEAST_ONCE, Heard()
        )
        with pytest.raises(mqtt.SubscribeError):
            future.result(PATIENCE)
