# SPDX-License-Identifier: Apache-2.0
"""Signature Version 4 in the Authorization header, checked; and the bodies that are signed piece by piece.

Sources: the AWS IAM user guide, "Create a signed AWS API request"; the Amazon S3 user guide, "Signature calculations
for the Authorization header: transferring payload in multiple chunks".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import quote, unquote

from aws_fota.emulator.storage_signature import (
    ALGORITHM,
    CLOCK_SKEW_S,
    Credentials,
    SignatureRefused,
    signing_key,
)

UNSIGNED = "UNSIGNED-PAYLOAD"
_HEADER = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<key>[^/,\s]+)/(?P<day>[0-9]{{8}})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)"
    r"/aws4_request,\s*SignedHeaders=(?P<names>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")


@dataclass(frozen=True)
class Authorization:
    """What an Authorization header says.

    Attributes:
        service: by its signing name, such as ``s3`` and ``iot``.
        stamp: X-Amz-Date.
        names: of the signed headers.
    """

    credentials: Credentials
    service: str
    stamp: str
    names: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """Day, region and service that the signature is good for."""
        return f"{self.stamp[:8]}/{self.credentials.region}/{self.service}/aws4_request"

    def check(self, method: str, path: str, query: str, headers: Mapping[str, str], payload: str) -> None:
        """Check the signature of a request.

        Args:
            path: percent-encoded as it was sent.
            query: as it was sent, without the ``?``.
            headers: with lowercase names.
            payload: the SHA-256 of the body in hex, or the text that stands for it.

        Raises:
            SignatureRefused: it is not the one that its access key makes.
        """
        # S3 takes the path as it is; the others tidy it up and encode the encoded one again.
        canonical_path = path if self.service == "s3" else quote(_tidy(path), safe="/~")
        canonical = "\n".join(
            [
                method,
                canonical_path,
                _canonical_query(query),
                *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in self.names),
                "",
                ";".join(self.names),
                payload,
            ]
        )
        digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
        text = "\n".join([ALGORITHM, self.stamp, self.scope, digest])
        if not hmac.compare_digest(self._signed(text), self.signature):
            message = (
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method."
            )
            raise SignatureRefused("SignatureDoesNotMatch", message)

    def chunk_signature(self, previous: str, chunk: bytes) -> str:
        """The signature of one piece of a body, after the piece that was signed with `previous`."""
        empty, own = hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest()
        return self._signed("\n".join(["AWS4-HMAC-SHA256-PAYLOAD", self.stamp, self.scope, previous, empty, own]))

    def trailer_signature(self, previous: str, trailer: bytes) -> str:
        """The signature of the trailing headers of a body."""
        own = hashlib.sha256(trailer).hexdigest()
        return self._signed("\n".join(["AWS4-HMAC-SHA256-TRAILER", self.stamp, self.scope, previous, own]))

    def _signed(self, text: str) -> str:
        return hmac.digest(signing_key(self.credentials, self.stamp, self.service), text.encode(), "sha256").hex()


def service_of(header: str | None) -> str | None:
    """The service that an Authorization header was signed for, None when it says none."""
    match = _HEADER.fullmatch(header.strip()) if header is not None else None
    return match["service"] if match else None


def read(keyring: Sequence[Credentials], headers: Mapping[str, str], now: float) -> Authorization:
    """Read an Authorization header; its signature is not checked yet.

    Args:
        keyring: the access keys that there are.
        headers: of the request, with lowercase names.
        now: seconds since the epoch.

    Raises:
        SignatureRefused: it is malformed, of an unknown key, another region, or another time.
    """
    match = _HEADER.fullmatch(headers.get("authorization", "").strip())
    if match is None:
        raise SignatureRefused("AuthorizationHeaderMalformed", "The authorization header is malformed.")
    credentials = next((one for one in keyring if one.access_key == match["key"]), None)
    if credentials is None:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise SignatureRefused("InvalidAccessKeyId", message)
    if match["region"] != credentials.region:
        message = (
            f"The authorization header is malformed; the region '{match['region']}' is wrong; "
            f"expecting '{credentials.region}'"
        )
        raise SignatureRefused("AuthorizationHeaderMalformed", message)
    names = tuple(match["names"].split(";"))
    if "host" not in names or any(name not in headers for name in names):
        message = "The authorization header is malformed; SignedHeaders names host and only headers that are there"
        raise SignatureRefused("AuthorizationHeaderMalformed", message)
    stamp = headers.get("x-amz-date", "")
    signed_at = _moment(stamp)
    if signed_at is None or stamp[:8] != match["day"]:
        raise SignatureRefused("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
    if abs(signed_at - now) > CLOCK_SKEW_S:
        message = "The difference between the request time and the current time is too large."
        raise SignatureRefused("RequestTimeTooSkewed", message)
    return Authorization(credentials, match["service"], stamp, names, match["signature"])


def _tidy(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    end = "/" if parts and path.endswith("/") else ""
    return f"/{'/'.join(parts)}{end}"


def _moment(stamp: str) -> float | None:
    if not _STAMP.fullmatch(stamp):
        return None
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return None


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return "&".join(sorted(f"{_requoted(name)}={_requoted(value)}" for name, _, value in pairs))


def _requoted(text: str) -> str:
    return quote(unquote(text, errors="surrogateescape").encode("utf-8", "surrogateescape"), safe="-_.~")
