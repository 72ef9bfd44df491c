# SPDX-License-Identifier: Apache-2.0
"""Bodies in aws-chunked, signed chunks, trailers and checksums: AWS's published example, and every way to be wrong."""

from __future__ import annotations

import base64
import hashlib

import pytest
from awscrt import checksums
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.emulator import api_authorization, api_bodies
from aws_fota.emulator.api_authorization import Authorization
from aws_fota.emulator.api_bodies import CHECKSUMS, STREAMING_UNSIGNED, payload_of
from aws_fota.emulator.api_errors import ApiError
from aws_fota.emulator.storage_signature import Credentials, SignatureRefused

#: The S3 user guide's example of an upload in signed chunks.
KEY = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
PATH = "/examplebucket/chunkObject.txt"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
HEADERS = {
    "host": "s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "66560",
    "content-length": "66824",
    "authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
    "SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
    f"x-amz-decoded-content-length;x-amz-storage-class,Signature={SEED}",
}
NOW = 1369353600.0
CHUNKS = [
    (b"a" * 65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (b"a" * 1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (b"", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
]
BODY = b"".join(b"%x;chunk-signature=%s\r\n%s\r\n" % (len(data), sign.encode(), data) for data, sign in CHUNKS)


def authorization() -> Authorization:
    return api_authorization.read([KEY], HEADERS, NOW)


def refusal(body: bytes, headers: dict[str, str], signed: Authorization | None = None) -> str:
    with pytest.raises(ApiError) as caught:
        payload_of(body, headers, signed)
    assert caught.value.status in (400, 403, 501)
    return caught.value.code


def test_the_example_of_the_user_guide_is_accepted() -> None:
    signed = authorization()
    signed.check("PUT", PATH, "", HEADERS, HEADERS["x-amz-content-sha256"])
    assert len(BODY) == 66824
    assert payload_of(BODY, HEADERS, signed) == b"a" * 66560


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (BODY.replace(b"a\r\n", b"b\r\n", 1), "SignatureDoesNotMatch"),
        (BODY.replace(b"ad80", b"ad81"), "SignatureDoesNotMatch"),
        (
            BODY.replace(b";chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", b""),
            "SignatureDoesNotMatch",
        ),
        (BODY[:-100], "IncompleteBody"),
        (BODY[: BODY.index(b"0;chunk")], "IncompleteBody"),
        (b"", "IncompleteBody"),
        (b"zz\r\n", "IncompleteBody"),
    ],
)
def test_chunks_that_are_wrong(body: bytes, code: str) -> None:
    assert refusal(body, HEADERS, authorization()) == code


def test_signed_chunks_need_a_signed_request() -> None:
    assert refusal(BODY, HEADERS) == "AccessDenied"
    assert refusal(BODY, {"x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}) == "NotImplemented"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"authorization": ""}, "AuthorizationHeaderMalformed"),
        ({"authorization": HEADERS["authorization"].replace("us-east-1", "eu-west-1")}, "AuthorizationHeaderMalformed"),
        ({"authorization": HEADERS["authorization"].replace("host;", "")}, "AuthorizationHeaderMalformed"),
        ({"authorization": HEADERS["authorization"].replace("host;", "host;x-none;")}, "AuthorizationHeaderMalformed"),
        ({"authorization": HEADERS["authorization"].replace("AKIAIO", "AKIAIP")}, "InvalidAccessKeyId"),
        ({"x-amz-date": "20130525T000000Z"}, "AccessDenied"),
        ({"x-amz-date": "20130524T250000Z"}, "AccessDenied"),
        ({"x-amz-date": "2013"}, "AccessDenied"),
        ({"x-amz-date": "20130524T001501Z"}, "RequestTimeTooSkewed"),
    ],
)
def test_headers_that_are_wrong(change: dict[str, str], code: str) -> None:
    with pytest.raises(SignatureRefused) as caught:
        api_authorization.read([KEY], {**HEADERS, **change}, NOW)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "change", [{"method": "POST"}, {"path": "/other"}, {"query": "a=b"}, {"payload": "UNSIGNED-PAYLOAD"}]
)
def test_any_change_breaks_the_signature(change: dict[str, str]) -> None:
    parts = {"method": "PUT", "path": PATH, "query": "", "payload": HEADERS["x-amz-content-sha256"], **change}
    with pytest.raises(SignatureRefused, match="does not match"):
        authorization().check(parts["method"], parts["path"], parts["query"], HEADERS, parts["payload"])


def chunked(data: bytes, trailer: str = "", size: int = 8) -> tuple[bytes, dict[str, str]]:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    headers = {"x-amz-content-sha256": STREAMING_UNSIGNED, "x-amz-decoded-content-length": str(len(data))}
    return body + b"0\r\n" + trailer.encode() + b"\r\n", headers


@settings(derandomize=True, deadline=None, max_examples=50)
@given(data=st.binary(max_size=200), size=st.integers(1, 50), name=st.sampled_from(sorted(CHECKSUMS)))
def test_unsigned_chunks_with_a_trailing_checksum(data: bytes, size: int, name: str) -> None:
    digest = base64.b64encode(CHECKSUMS[name][1](data)).decode()
    body, headers = chunked(data, f"x-amz-checksum-{name}:{digest}\r\n", size)
    assert payload_of(body, headers, None) == data
    other = base64.b64encode(CHECKSUMS[name][1](data + b"x")).decode()
    body, headers = chunked(data, f"x-amz-checksum-{name}:{other}\r\n", size)
    assert refusal(body, headers) == "BadDigest"


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_checksums_in_headers(name: str) -> None:
    right = base64.b64encode(CHECKSUMS[name][1](b"it")).decode()
    assert payload_of(b"it", {f"x-amz-checksum-{name}": right}, None) == b"it"
    assert refusal(b"at", {f"x-amz-checksum-{name}": right}) == "BadDigest"
    assert refusal(b"it", {f"x-amz-checksum-{name}": "?"}) == "InvalidRequest"
    assert refusal(b"it", {f"x-amz-checksum-{name}": "AA=="}) == "InvalidRequest"


@settings(derandomize=True, deadline=None, max_examples=50)
@given(data=st.binary(max_size=300))
def test_our_crcs_are_those_of_the_common_runtime(data: bytes) -> None:
    for name, size, other in (
        ("crc32", 4, checksums.crc32),
        ("crc32c", 4, checksums.crc32c),
        ("crc64nvme", 8, checksums.crc64nvme),
    ):
        assert CHECKSUMS[name][1](data) == other(data).to_bytes(size, "big")


def test_other_digests() -> None:
    md5 = base64.b64encode(hashlib.md5(b"it").digest()).decode()
    assert payload_of(b"it", {"content-md5": md5}, None) == b"it"
    assert refusal(b"at", {"content-md5": md5}) == "BadDigest"
    assert refusal(b"it", {"content-md5": "AA=="}) == "InvalidDigest"
    sha256 = hashlib.sha256(b"it").hexdigest()
    assert payload_of(b"it", {"x-amz-content-sha256": sha256}, None) == b"it"
    assert refusal(b"at", {"x-amz-content-sha256": sha256}) == "XAmzContentSHA256Mismatch"


def test_a_trailer_that_is_none() -> None:
    body, headers = chunked(b"it", "nonsense\r\n")
    assert refusal(body, headers) == "MalformedTrailerError"
    body, headers = chunked(b"it")
    assert refusal(body, {**headers, "x-amz-decoded-content-length": "3"}) == "IncompleteBody"
    assert refusal(b"2\r\nitXX0\r\n\r\n", headers) == "IncompleteBody"


def test_signed_trailers() -> None:
    signed = authorization()
    headers = {
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "2",
    }
    first = signed.chunk_signature(signed.signature, b"it")
    last = signed.chunk_signature(first, b"")
    crc = f"x-amz-checksum-crc32:{base64.b64encode(CHECKSUMS['crc32'][1](b'it')).decode()}"
    right = signed.trailer_signature(last, f"{crc}\n".encode())
    for signature, code in ((right, ""), ("0" * 64, "SignatureDoesNotMatch"), ("", "SignatureDoesNotMatch")):
        line = f"x-amz-trailer-signature:{signature}\r\n" if signature else ""
        body = (f"2;chunk-signature={first}\r\nit\r\n0;chunk-signature={last}\r\n{crc}\r\n{line}\r\n").encode()
        if code:
            assert refusal(body, headers, signed) == code
        else:
            assert payload_of(body, headers, signed) == b"it"


def test_the_limit_of_a_body_leaves_room_for_chunks() -> None:
    """S3's smallest chunks, 8192 bytes with a signature each, of an object as large as it may be."""
    line = len(f"2000;chunk-signature={'0' * 64}\r\n\r\n")
    assert line / 8192 < 1 / api_bodies._OVERHEAD
