# SPDX-License-Identifier: Apache-2.0
"""What CreateJob and UpdateJob say of a job, as the Jobs service takes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from aws_fota.emulator import jobs_limits, storage_objects
from aws_fota.emulator.api_arns import Arns
from aws_fota.emulator.api_errors import ApiError
from aws_fota.emulator.jobs_model import JobConfig
from aws_fota.emulator.jobs_rollout import AbortRule, Rollout
from aws_fota.emulator.storage_objects import ObjectStore
from aws_fota.errors import InputError

Members = dict[str, Any]

#: Settings that UpdateJob may change.
CHANGEABLE = (
    "description",
    "presignedUrlConfig",
    "jobExecutionsRolloutConfig",
    "abortConfig",
    "timeoutConfig",
    "jobExecutionsRetryConfig",
)
#: Settings that are kept to be told back.
TOLD = (*CHANGEABLE, "targets", "targetSelection", "documentSource", "tags")
_UNSUPPORTED = ("jobTemplateArn", "schedulingConfig", "namespaceId", "destinationPackageVersions", "documentParameters")


def refuse_unsupported(members: Members) -> None:
    """Refuse settings that would change what a job does, and that nothing here carries out.

    Raises:
        ApiError: one of them is there.
    """
    for name in _UNSUPPORTED:
        if members.get(name):
            raise ApiError("InvalidRequestException", f"{name} is not supported by the local AWS")


def config_of(members: Members) -> JobConfig:
    """The configuration of a job.

    Raises:
        AwsFotaError: a value breaks a rule that botocore's model does not know.
    """
    timeout = members.get("timeoutConfig", {}).get("inProgressTimeoutInMinutes")
    expires_s = members.get("presignedUrlConfig", {}).get("expiresInSec", jobs_limits.PRESIGNED_EXPIRES_DEFAULT_S)
    retries: dict[str, int] = {}
    for rule in members.get("jobExecutionsRetryConfig", {}).get("criteriaList", []):
        if rule["failureType"] in retries:
            raise ApiError("InvalidRequestException", f"failureType {rule['failureType']} is there twice")
        retries[rule["failureType"]] = rule["numberOfRetries"]
    return JobConfig(
        in_progress_timeout_minutes=timeout,
        retries={kind: count for kind, count in retries.items() if count > 0},
        presigned_expires_s=expires_s,
        continuous=members.get("targetSelection") == "CONTINUOUS",
        rollout=_rollout(members.get("jobExecutionsRolloutConfig", {})),
        abort=tuple(
            AbortRule(rule["failureType"], rule["thresholdPercentage"], rule["minNumberOfExecutedThings"])
            for rule in members.get("abortConfig", {}).get("criteriaList", [])
        ),
    )


def targets_of(members: Members, arns: Arns) -> tuple[list[str], list[str]]:
    """The things and the groups among the targets.

    Raises:
        ApiError: a target is neither's ARN.
    """
    things, groups = [], []
    for arn in members["targets"]:
        thing, group = arns.name_of(arn, "thing"), arns.name_of(arn, "thinggroup")
        if thing is not None:
            things.append(thing)
        elif group is not None:
            groups.append(group)
        else:
            message = f"Invalid target {arn}: it is no ARN of a thing or thing group, such as {arns.thing('NAME')}"
            raise ApiError("InvalidRequestException", message)
    return things, groups


def document_of(members: Members, store: ObjectStore, own: Callable[[str], bool]) -> Any:
    """The job document, given as it is or as an object of S3.

    Args:
        own: whether a host and port, as they stand in a URL, are this emulator's.

    Raises:
        ApiError: there are none or two, it is not JSON, or the object is not there.
    """
    text, source = members.get("document"), members.get("documentSource")
    if (text is None) == (source is None):
        raise ApiError("InvalidRequestException", "exactly one of document and documentSource must be given")
    if text is None:
        text = _fetched(source or "", store, own)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ApiError("InvalidRequestException", "Job document must be valid JSON in UTF-8") from error


def _fetched(source: str, store: ObjectStore, own: Callable[[str], bool]) -> str:
    """The text behind a link: S3's own, an s3:// one, or one to this emulator; nothing else is ever fetched."""
    try:
        parts = urlsplit(source)
        if parts.scheme == "s3":
            bucket, key = parts.netloc, unquote(parts.path.removeprefix("/"))
        elif parts.scheme in ("http", "https") and own(parts.netloc):
            bucket, _, key = unquote(parts.path.removeprefix("/")).partition("/")
        else:
            bucket, key = storage_objects.bucket_and_key(source)
        stored = store.get(bucket, key)
    except (ValueError, InputError) as error:
        raise ApiError("InvalidRequestException", f"documentSource {source} is no link to an object of S3") from error
    if stored is None:
        raise ApiError("InvalidRequestException", f"documentSource {source}: there is no such object")
    try:
        return stored.data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ApiError("InvalidRequestException", "Job document must be valid JSON in UTF-8") from error


def _rollout(members: Members) -> Rollout:
    rate = members.get("exponentialRate")
    per_minute = members.get("maximumPerMinute")
    if rate is None:
        return Rollout(per_minute)
    criteria = rate["rateIncreaseCriteria"]
    notified, succeeded = criteria.get("numberOfNotifiedThings"), criteria.get("numberOfSucceededThings")
    if (notified is None) == (succeeded is None):
        message = "rateIncreaseCriteria takes exactly one of numberOfNotifiedThings and numberOfSucceededThings"
        raise ApiError("InvalidRequestException", message)
    return Rollout(per_minute, rate["baseRatePerMinute"], rate["incrementFactor"], notified, succeeded)
