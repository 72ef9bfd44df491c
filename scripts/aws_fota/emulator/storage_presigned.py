# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs of both signature versions; version 2 is what boto3 and the AWS CLI still make unless told otherwise.

Source: the Amazon S3 developer guide, "Signing and authenticating REST requests" (version 2), "Query string request
authentication alternative".
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from aws_fota.emulator import storage_signature
from aws_fota.emulator.storage_signature import Credentials, SignatureRefused

_PARAMETERS = ("AWSAccessKeyId", "Expires", "Signature")
#: Parameters that are part of what is signed, among those of the operations that there are here.
_SIGNED = (
    *("delete", "location", "partNumber", "response-cache-control", "response-content-disposition"),
    *("response-content-encoding", "response-content-language", "response-content-type", "response-expires"),
    *("uploadId", "uploads"),
)


def is_presigned(query: str) -> bool:
    """Whether a query claims to carry a signature, or any part of one."""
    if storage_signature.is_presigned(query):
        return True
    return any(name in ("AWSAccessKeyId", "Signature") for name, _ in _pairs(query))


def check(
    keyring: Sequence[Credentials],
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    now: float,
    *,
    bucket_in_host: str = "",
) -> None:
    """Check the signature in a request's query, as :func:`storage_signature.check` does for version 4.

    Args:
        bucket_in_host: the bucket when the Host header names it and the path does not.

    Raises:
        SignatureRefused: it is malformed, expired, or not the one that its access key makes.
    """
    if storage_signature.is_presigned(query):
        storage_signature.check(keyring, method, path, query, headers, now)
        return
    given = dict(_pairs(query))
    missing = [name for name in _PARAMETERS if not given.get(name)]
    if missing:
        named = ", ".join(_PARAMETERS)
        raise SignatureRefused("AccessDenied", f"Query-string authentication requires the parameters {named}")
    credentials = next((one for one in keyring if one.access_key == given["AWSAccessKeyId"]), None)
    if credentials is None:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise SignatureRefused("InvalidAccessKeyId", message)
    expires = given["Expires"]
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
        raise SignatureRefused("AccessDenied", "Invalid date (should be seconds since epoch)")
    if now >= int(expires):
        raise SignatureRefused("AccessDenied", "Request has expired")
    prefix = f"/{bucket_in_host}" if bucket_in_host else ""
    expected = _signature(credentials, method, prefix + path, given, headers)
    if not hmac.compare_digest(expected.encode(), given["Signature"].encode("utf-8", "surrogateescape")):
        message = "The request signature we calculated does not match the signature you provided."
        raise SignatureRefused("SignatureDoesNotMatch", message)


def _signature(
    credentials: Credentials, method: str, resource: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    # What was signed of the headers stands in the query too; what is sent as a header counts.
    lowered = {name.lower(): value for name, value in [*query.items(), *headers.items()]}
    amazon = sorted(name for name in lowered if name.startswith("x-amz-"))
    signed = [name if not query[name] else f"{name}={query[name]}" for name in _SIGNED if name in query]
    text = "\n".join(
        [
            method,
            lowered.get("content-md5", ""),
            lowered.get("content-type", ""),
            query["Expires"],
            *(f"{name}:{lowered[name]}" for name in amazon),
            resource + ("?" + "&".join(signed) if signed else ""),
        ]
    )
    digest = hmac.digest(credentials.secret_key.encode(), text.encode("utf-8", "surrogateescape"), "sha1")
    return base64.b64encode(digest).decode()


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
