# SPDX-License-Identifier: Apache-2.0
"""What the fleet's jobs will look like: the thing, the image's place and how it is signed, as far as it is known."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote, urlsplit

from aws_fota import s3_host
from aws_fota.check.amounts import Amount, exactly, total, unknown
from aws_fota.errors import InputError

#: AWS IoT: thing names and jobIds (botocore's model of ``iot``).
THING_NAME_MAX = 128
JOB_ID_MAX = 64
#: A DNS name without its final dot (RFC 1035, 2.3.4).
HOST_MAX = 253
#: A presigned placeholder is always signed with temporary credentials; the longest token that was seen.
TOKEN_SEEN_MAX = 1500
#: Seconds; AWS IoT Jobs, presignedUrlConfig.
EXPIRES_DEFAULT = 3600

#: Both libraries keep the tag in an int.
SECURITY_TAG_MAX = (1 << 31) - 1

#: AWS access key ids have 20 characters in every credential that was seen; IAM allows 128.
_ACCESS_KEY = 20


class Signing(Enum):
    """How the image's URL is signed."""

    NONE = "none"
    SIGV4 = "sigv4"
    STS = "sts"


@dataclass(frozen=True)
class Deployment:
    """What is known about jobs to come; None for what is not.

    Attributes:
        thing: the thing's name.
        thing_length: its greatest length, where names are not known one by one.
        job_id_length: of the jobId.
        signing: of the URL.
        token_length: characters of the session token.
        host: instead of bucket and region, for instance a CDN's.
        url_length: of the whole URL, where it was measured.
        image_size: bytes of the signed image.
        link_rate: the slowest link in bytes a second.
        expires: seconds that a presigned URL lives.
        security_tag: TLS credentials for the download.
        rx_buffer, tx_buffer: sizes of the application's MQTT buffers.
        status_details: bytes of the longest statusDetails that the application sends, as JSON.
        board: the board's name.
        sdk: version of the nRF Connect SDK, such as ``2.9``.
    """

    thing: str | None = None
    thing_length: int | None = None
    job_id_length: int = JOB_ID_MAX
    bucket: str | None = None
    key: str | None = None
    region: str | None = None
    scheme: str = "https"
    signing: Signing | None = None
    token_length: int | None = None
    host: str | None = None
    url_length: int | None = None
    image_size: int | None = None
    link_rate: int | None = None
    expires: int = EXPIRES_DEFAULT
    security_tag: int | None = None
    rx_buffer: int | None = None
    tx_buffer: int | None = None
    status_details: int = 0
    board: str = ""
    sdk: str = ""


@dataclass(frozen=True)
class Address:
    """Where images are: lengths of one URL, in characters.

    Attributes:
        scheme: ``http`` or ``https``; empty where it is not known.
        host: without a port.
        path: with the leading ``/`` and the query.
        query: whether the path has a query.
        signed: whether it is presigned.
        port: of the port behind the host with its colon; 0 without one.
        bucket: the S3 bucket that the host names; empty where it names none.
    """

    scheme: str
    host: Amount
    path: Amount
    url: Amount
    query: bool
    signed: bool
    port: int = 0
    bucket: str = ""

    @property
    def authority(self) -> Amount:
        """The host with its port."""
        if not self.port:
            return self.host
        return total([("host", self.host), ("its port", exactly(self.port, ""))])


def _port_of(authority: str) -> int:
    """Characters of a port with its colon; an IPv6 literal has colons of its own, in brackets."""
    host, colon, port = authority.rpartition(":")
    return len(colon + port) if host and "]" not in port else 0


def token_encoded_max(length: int) -> int:
    """The greatest length of a session token of `length` characters once percent-encoded.

    A token is base64 text: one character of 32 is ``+`` or ``/`` and becomes three, four standard deviations above
    the mean are taken; at the end are at most two ``=``, which become three each. That is above every one of the seven
    lengths measured in ``aws-iot-jobs.md``.
    """
    specials = math.ceil(length / 32 + 4 * math.sqrt(length / 32 * 31 / 32)) + 2
    return length + 2 * min(specials, length)


def query_length(region: str, signing: Signing, token: int | None, expires: int) -> int:
    """Characters of a presigned URL's query (Amazon S3 user guide, "Authenticating requests: using query parameters").

    Args:
        token: characters of the session token; the longest seen where it is None.
    """
    scope = f"{'A' * _ACCESS_KEY}%2F20260101%2F{region}%2Fs3%2Faws4_request"
    query = (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-Date=20260101T000000Z"
        f"&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host&X-Amz-Signature={'0' * 64}"
    )
    if signing is Signing.STS:
        return len(query) + len("&X-Amz-Security-Token=") + token_encoded_max(token or TOKEN_SEEN_MAX)
    return len(query)


def addresses(deployment: Deployment) -> Iterator[Address]:
    """The URL that the options describe, if they describe one."""
    given = deployment
    if given.bucket is None and given.key is None and given.host is None and given.url_length is None:
        return
    host, port = _host(given), _port_of(given.host or "")
    bucket = (given.bucket or "") if given.host is None else _bucket_of(given.host)
    signing = given.signing or Signing.NONE
    signed = signing is not Signing.NONE
    if given.url_length is not None:
        whole = exactly(given.url_length, "--url-length")
        before = len(given.scheme) + 3
        path = Amount(
            max(1, given.url_length - before - host.high - port),
            max(1, given.url_length - before - host.low - port),
            "--url-length without scheme and host",
            host.missing,
        )
        yield Address(given.scheme, host, path, whole, True, signed or given.signing is None, port, bucket)
        return
    path = _path(given, signing)
    before = len(given.scheme) + 3 + port
    high = before + host.high + path.high
    whole = Amount(before + host.low + path.low, high, f"{host.source}, {path.source}", path.missing)
    yield Address(given.scheme, host, path, whole, signed, signed, port, bucket)


def _host(given: Deployment) -> Amount:
    if given.host is not None:
        return exactly(len(given.host) - _port_of(given.host), "--host")
    if given.bucket is None:
        return unknown("--host, or --bucket and --region", 1, HOST_MAX)
    if given.region is None:
        # Region names have 9 (us-east-1) to 14 characters (ap-southeast-1).
        length = len(f"{given.bucket}.s3..amazonaws.com")
        return Amount(length + 9, length + 14, "--bucket", "--region")
    return exactly(len(virtual_host(given.bucket, given.region)), "--bucket, --region")


def virtual_host(bucket: str, region: str) -> str:
    """The host that a presigned URL of the bucket names."""
    return f"{bucket}.s3.{region}.amazonaws.com"


def _bucket_of(authority: str) -> str:
    """The bucket that a host of S3 names, with or without a port; empty where it names none."""
    host = s3_host.parse(authority[: len(authority) - _port_of(authority)])
    return host.bucket if host else ""


def _path(given: Deployment, signing: Signing) -> Amount:
    if given.key is None:
        key, missing = 1, "--key"
        source = "the shortest key"
    else:
        key, missing = len(quote(given.key, safe="/~")), ""
        source = "--key"
    low = 1 + key
    # An S3 key has at most 1024 bytes, each of which may need three characters.
    high = low if given.key is not None else 1 + 3 * 1024
    if signing is Signing.NONE:
        return Amount(low, high, source, missing)
    regions = [given.region] if given.region else ["us-east-1", "ap-southeast-1"]
    queries = [1 + query_length(region, signing, given.token_length, given.expires) for region in regions]
    words = f"{source} and a {signing.value} query"
    if signing is Signing.STS:
        known = given.token_length is not None
        words += f", token of {given.token_length if known else TOKEN_SEEN_MAX} characters at its worst"
        words += "" if known else " (the longest seen)"
    # What a token's encoding adds is a worst case: the fleet will meet it, so both bounds are that.
    return Amount(low + min(queries), high + max(queries), words, missing or ("" if given.region else "--region"))


def address_of_url(url: str, source: str) -> Address:
    """The lengths of a URL that stands in a job document."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    port = _port_of(host)
    signed = "X-Amz-Signature=" in parts.query
    return Address(
        parts.scheme.lower(),
        exactly(len(host) - port, source),
        exactly(len(path), source),
        exactly(len(url), source),
        bool(parts.query),
        signed,
        port,
        _bucket_of(host),
    )


def check(deployment: Deployment) -> None:
    """Refuse options that AWS would refuse.

    Raises:
        InputError: which one, and its rule.
    """
    given = deployment
    names = (
        ("--thing", given.thing, r"[a-zA-Z0-9:_-]{1,128}", "1 to 128 characters of [a-zA-Z0-9:_-]"),
        ("--bucket", given.bucket, r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "3 to 63 characters of [a-z0-9.-]"),
        ("--region", given.region, r"[a-z0-9-]{2,32}", "an AWS region such as eu-west-1"),
        ("--host", given.host, r"[A-Za-z0-9._:\[\]-]{1,261}", "a host name without scheme and path"),
    )
    for option, value, pattern, rule in names:
        if value is not None and not re.fullmatch(pattern, value):
            raise InputError(f"'{value}' is not allowed", rule="usage", field=option, fix=f"use {rule}")
    if given.key is not None:
        _check_key(given.key)
    if given.sdk:
        version(given.sdk)
    bounds = (
        ("--thing-length", given.thing_length, 1, THING_NAME_MAX),
        ("--job-id-length", given.job_id_length, 1, JOB_ID_MAX),
        ("--expires", given.expires, 60, 604800),
        ("--url-length", given.url_length, 12, 16384),
        ("--token-length", given.token_length, 1, 16384),
        ("--link-rate", given.link_rate, 1, 1 << 40),
        ("--image-size", given.image_size, 0, 1 << 40),
        ("--status-details", given.status_details, 0, 1 << 20),
        ("--sec-tag", given.security_tag, 0, SECURITY_TAG_MAX),
    )
    for option, number, low, high in bounds:
        if number is not None and not low <= number <= high:
            raise InputError(f"{number} is out of range", rule="usage", field=option, fix=f"use {low} to {high}")
    _check_url_length(given)
    if given.thing is not None and given.thing_length is not None:
        raise InputError("is given beside --thing-length", rule="usage", field="--thing", fix="give one of the two")
    if given.token_length is not None and given.signing is not Signing.STS and given.signing is not None:
        raise InputError(
            f"a URL signed with '{given.signing.value}' has no token",
            rule="usage",
            field="--token-length",
            fix="use --signing sts",
        )


def version(sdk: str) -> tuple[int, int]:
    """Major and minor of a version of the nRF Connect SDK.

    Raises:
        InputError: it is none.
    """
    found = re.fullmatch(r"v?([0-9]{1,4})(?:\.([0-9]{1,4})([.-].*)?)?", sdk, re.ASCII)
    if found is None:
        raise InputError(f"'{sdk}' is no version", rule="usage", field="--sdk", fix="write it as in --sdk 2.9")
    return int(found[1]), int(found[2] or 0)


def _check_url_length(given: Deployment) -> None:
    """Refuse a whole URL that is shorter than its own scheme and host."""
    if given.url_length is None or (given.host is None and given.bucket is None):
        return
    before = len(f"{given.scheme}://") + _host(given).low + _port_of(given.host or "")
    if given.url_length <= before:
        raise InputError(
            f"{given.url_length} is too short: scheme and host have {before} characters",
            rule="usage",
            field="--url-length",
            fix="give the characters of the whole URL, path and query included",
        )


def _check_key(key: str) -> None:
    """Refuse a key that no object in S3 can have (Amazon S3 user guide, "Naming objects")."""
    try:
        length = len(key.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise InputError("is not UTF-8", rule="usage", field="--key", fix="use a key that S3 takes") from error
    if not 1 <= length <= 1024:
        raise InputError("has not 1 to 1024 bytes", rule="usage", field="--key", fix="use a key that S3 takes")
