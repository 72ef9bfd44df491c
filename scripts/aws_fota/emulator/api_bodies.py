# SPDX-License-Identifier: Apache-2.0
"""Bodies of uploads: read up to a limit, taken out of aws-chunked, and held against the digests that came with them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from aws_fota.emulator.api_authorization import UNSIGNED, Authorization
from aws_fota.emulator.api_errors import ApiError

#: What x-amz-content-sha256 says of bodies in aws-chunked.
STREAMING_UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_STREAMING_SIGNED = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")

#: Bytes that aws-chunked may add to a body: S3's chunks have at least 8192 bytes, their lines far less than 256.
_OVERHEAD = 32

_CHUNK = re.compile(rb"(?P<size>[0-9a-fA-F]{1,16})(?:;chunk-signature=(?P<signature>[0-9a-f]{64}))?")


async def read_body(request: web.BaseRequest, limit: int, too_large: ApiError) -> bytes:
    """The body of a request; a client that waits for 100 Continue is told to go on first.

    Raises:
        ApiError: `too_large`, it has more than `limit` bytes, and aws-chunked's share of them; IncompleteBody, it is
            broken off or malformed.
    """
    if "aws-chunked" in request.headers.get("Content-Encoding", "") or _is_streaming(request):
        limit += limit // _OVERHEAD + 4096
    if request.content_length is not None and request.content_length > limit:
        raise too_large
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = bytearray()
    try:
        async for piece in request.content.iter_any():
            body += piece
            if len(body) > limit:
                raise too_large
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise ApiError("IncompleteBody", "The body is not framed as HTTP's headers say.", 400) from error
    return bytes(body)


def _is_streaming(request: web.BaseRequest) -> bool:
    return request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-")


def payload_of(body: bytes, headers: Mapping[str, str], authorization: Authorization | None) -> bytes:
    """What an upload holds, after all digests that came with it were checked.

    Args:
        headers: of the request, with lowercase names.
        authorization: whose chunks they are, None for an unsigned request.

    Raises:
        ApiError: the body is not what its headers, its trailer or its signatures say.
    """
    declared = headers.get("x-amz-content-sha256", UNSIGNED)
    trailer: Mapping[str, str] = {}
    if declared == STREAMING_UNSIGNED:
        body, trailer = _unchunked(body, None)
    elif declared in _STREAMING_SIGNED:
        if authorization is None:
            raise ApiError("AccessDenied", "Signed chunks need a signed request.", 403)
        body, trailer = _unchunked(body, authorization)
    elif declared.startswith("STREAMING-"):
        raise ApiError("NotImplemented", f"{declared} is not supported here", 501)
    elif declared != UNSIGNED and declared != hashlib.sha256(body).hexdigest():
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise ApiError("XAmzContentSHA256Mismatch", message, 400)
    if declared.startswith("STREAMING-"):
        length = headers.get("x-amz-decoded-content-length")
        if length != str(len(body)):
            raise ApiError("IncompleteBody", "The body is not x-amz-decoded-content-length bytes long", 400)
    _check_digests(body, {**headers, **trailer})
    return body


def _unchunked(body: bytes, authorization: Authorization | None) -> tuple[bytes, dict[str, str]]:
    malformed = ApiError("IncompleteBody", "The request body terminated unexpectedly or is not aws-chunked", 400)
    pieces: list[bytes] = []
    previous = authorization.signature if authorization else ""
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        match = _CHUNK.fullmatch(body[at:end]) if end >= 0 else None
        if match is None:
            raise malformed
        size, start = int(match["size"], 16), end + 2
        piece = body[start : start + size]
        if len(piece) < size:
            raise malformed
        if authorization is not None:
            expected = authorization.chunk_signature(previous, piece)
            given = (match["signature"] or b"").decode()
            if not hmac.compare_digest(expected, given):
                raise ApiError("SignatureDoesNotMatch", "The signature of a chunk does not match.", 403)
            previous = expected
        at = start + size
        if size == 0:
            return b"".join(pieces), _trailer(body[at:], authorization, previous)
        if body[at : at + 2] != b"\r\n":
            raise malformed
        at += 2
        pieces.append(piece)


def _trailer(raw: bytes, authorization: Authorization | None, previous: str) -> dict[str, str]:
    lines = [line for line in raw.split(b"\r\n") if line]
    trailer: dict[str, str] = {}
    signed = b""
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise ApiError("MalformedTrailerError", "The request contained trailing data that was not well-formed", 400)
        lowered = name.strip().lower().decode("latin-1")
        trailer[lowered] = value.strip().decode("latin-1")
        if lowered != "x-amz-trailer-signature":
            signed += name.strip().lower() + b":" + value.strip() + b"\n"
    given = trailer.pop("x-amz-trailer-signature", None)
    if authorization is not None and trailer:
        expected = authorization.trailer_signature(previous, signed)
        if given is None or not hmac.compare_digest(expected, given):
            raise ApiError("SignatureDoesNotMatch", "The signature of the trailer does not match.", 403)
    return trailer


def _check_digests(body: bytes, headers: Mapping[str, str]) -> None:
    wanted = headers.get("content-md5")
    if wanted is not None:
        own = hashlib.md5(body, usedforsecurity=False).digest()
        if _decoded(wanted, 16, "InvalidDigest", "The Content-MD5 you specified was invalid.") != own:
            raise ApiError("BadDigest", "The Content-MD5 you specified did not match what we received.", 400)
    for name, (size, digest) in CHECKSUMS.items():
        wanted = headers.get(f"x-amz-checksum-{name}")
        if wanted is None:
            continue
        invalid = f"Value for x-amz-checksum-{name} header is invalid."
        if _decoded(wanted, size, "InvalidRequest", invalid) != digest(body):
            message = f"The {name.upper()} you specified did not match the calculated checksum."
            raise ApiError("BadDigest", message, 400)


def _decoded(text: str, size: int, code: str, message: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        value = b""
    if len(value) != size:
        raise ApiError(code, message, 400)
    return value


@lru_cache
def _crc_table(polynomial: int) -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    return tuple(table)


def _crc(body: bytes, polynomial: int, size: int) -> bytes:
    """A reflected CRC with all bits set before and inverted after; `polynomial` is reflected too."""
    table = _crc_table(polynomial)
    value = ones = (1 << 8 * size) - 1
    for byte in body:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return (value ^ ones).to_bytes(size, "big")


#: S3's checksums by name: their length in bytes, and how they are made.
CHECKSUMS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "crc32": (4, lambda body: zlib.crc32(body).to_bytes(4, "big")),
    "crc32c": (4, lambda body: _crc(body, 0x82F63B78, 4)),
    "crc64nvme": (8, lambda body: _crc(body, 0x9A6C9329AC4BC9B5, 8)),
    "sha1": (20, lambda body: hashlib.sha1(body, usedforsecurity=False).digest()),
    "sha256": (32, lambda body: hashlib.sha256(body).digest()),
}
