# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs: Signature Version 4 in the query, made and checked.

Source: the Amazon S3 user guide, "Authenticating requests: using query parameters (AWS Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
#: Seconds that SigV4 lets a presigned URL live at most: seven days.
EXPIRES_MAX_S = 604_800
#: Seconds by which X-Amz-Date may lie ahead of the server's clock.
CLOCK_SKEW_S = 900

_STAMP = "%Y%m%dT%H%M%SZ"
_PARAMETERS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders")


@dataclass(frozen=True)
class Credentials:
    """An access key; the token is there when they are temporary."""

    access_key: str
    secret_key: str
    region: str
    session_token: str = ""


class SignatureRefused(Exception):
    """A presigned URL that S3 does not accept.

    Args:
        code: S3's error code.
        message: S3's words for it, or ours.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def presigned_query(
    credentials: Credentials, host: str, path: str, now: float, expires_s: int, *, method: str = "GET"
) -> str:
    """The query that makes ``path`` of ``host`` readable until `expires_s` seconds from `now`.

    Args:
        host: the Host header that the request will carry, with a port that is not the scheme's own.
        path: percent-encoded as it will be sent.
        now: seconds since the epoch.
    """
    stamp = datetime.fromtimestamp(int(now), timezone.utc).strftime(_STAMP)
    parameters = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key}/{_scope(stamp, credentials.region)}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(expires_s),
        "X-Amz-SignedHeaders": "host",
    }
    if credentials.session_token:
        parameters["X-Amz-Security-Token"] = credentials.session_token
    signature = _signature(credentials, method, path, parameters, {"host": host})
    return f"{_canonical_query(parameters)}&X-Amz-Signature={signature}"


def check(
    keyring: Sequence[Credentials], method: str, path: str, query: str, headers: Mapping[str, str], now: float
) -> None:
    """Check the signature in a request's query.

    Args:
        keyring: the access keys that there are; one of them must have signed.
        path: percent-encoded as it was sent.
        query: as it was sent, without the ``?``.
        headers: of the request, in any case.
        now: seconds since the epoch.

    Raises:
        SignatureRefused: it is malformed, expired, or not the one that its access key makes.
    """
    parameters = _parsed(query)
    given = parameters.pop("X-Amz-Signature", "")
    missing = [name for name in _PARAMETERS if name not in parameters]
    if missing or not given:
        raise _malformed(f"the query lacks {', '.join(missing) or 'X-Amz-Signature'}")
    if parameters["X-Amz-Algorithm"] != ALGORITHM:
        raise _malformed(f"X-Amz-Algorithm only supports {ALGORITHM}")
    stamp = parameters["X-Amz-Date"]
    credentials = _credentials_of(keyring, parameters["X-Amz-Credential"], stamp)
    _check_time(stamp, parameters["X-Amz-Expires"], now)
    lowered = {name.lower(): value for name, value in headers.items()}
    names = parameters["X-Amz-SignedHeaders"].split(";")
    if "host" not in names or any(name not in lowered for name in names):
        raise _malformed("X-Amz-SignedHeaders must name host, and only headers that are there")
    signed = {name: " ".join(lowered[name].split()) for name in names}
    expected = _signature(credentials, method, path, parameters, signed)
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape")):
        message = "The request signature we calculated does not match the signature you provided."
        raise SignatureRefused("SignatureDoesNotMatch", message)


def signing_key(credentials: Credentials, stamp: str, service: str) -> bytes:
    """The key that signs for one day, region and service.

    Args:
        stamp: X-Amz-Date.
    """
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (stamp[:8], credentials.region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def is_presigned(query: str) -> bool:
    """Whether a query claims to carry a signature, or any part of one."""
    return any(name.startswith("X-Amz-") for name in _parsed(query))


def _credentials_of(keyring: Sequence[Credentials], named: str, stamp: str) -> Credentials:
    access_key, _, scope = named.partition("/")
    credentials = next((one for one in keyring if one.access_key == access_key), None)
    if credentials is None:
        raise SignatureRefused(
            "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
        )
    parts = scope.split("/")
    if len(parts) == 4 and parts[1] != credentials.region:
        raise _malformed(
            f"Error parsing the X-Amz-Credential parameter; the region '{parts[1]}' is wrong; "
            f"expecting '{credentials.region}'"
        )
    if scope != _scope(stamp, credentials.region):
        raise _malformed(f"Error parsing the X-Amz-Credential parameter; expecting {_scope(stamp, credentials.region)}")
    return credentials


def _check_time(stamp: str, expires: str, now: float) -> None:
    if not re.fullmatch(r"[0-9]{1,6}", expires) or not 1 <= int(expires) <= EXPIRES_MAX_S:
        raise _malformed(f"X-Amz-Expires must be 1 to {EXPIRES_MAX_S}")
    try:
        # strptime alone also reads fields with fewer digits.
        if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", stamp):
            raise ValueError(stamp)
        signed_at = datetime.strptime(stamp, _STAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        raise _malformed("X-Amz-Date must be in the ISO8601 Long Format") from None
    moment = datetime.fromtimestamp(now, timezone.utc)
    if moment < signed_at - timedelta(seconds=CLOCK_SKEW_S):
        raise SignatureRefused("AccessDenied", "Request is not valid yet")
    if moment >= signed_at + timedelta(seconds=int(expires)):
        raise SignatureRefused("AccessDenied", "Request has expired")


def _signature(
    credentials: Credentials, method: str, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    stamp = parameters["X-Amz-Date"]
    names = sorted(headers)
    canonical = "\n".join(
        [
            method,
            path,
            _canonical_query(parameters),
            *(f"{name}:{headers[name]}" for name in names),
            "",
            ";".join(names),
            "UNSIGNED-PAYLOAD",
        ]
    )
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    text = "\n".join([ALGORITHM, stamp, _scope(stamp, credentials.region), digest])
    return hmac.digest(signing_key(credentials, stamp, "s3"), text.encode(), "sha256").hex()


def _scope(stamp: str, region: str) -> str:
    return f"{stamp[:8]}/{region}/s3/aws4_request"


def _canonical_query(parameters: Mapping[str, str]) -> str:
    encoded = sorted((_quoted(name), _quoted(value)) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in encoded)


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe="-_.~")


def _unquoted(text: str) -> str:
    return unquote(text, errors="surrogateescape")


def _parsed(query: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {
        unquote(name, errors="surrogateescape"): unquote(value, errors="surrogateescape") for name, _, value in pairs
    }


def _malformed(message: str) -> SignatureRefused:
    return SignatureRefused("AuthorizationQueryParametersError", message)
