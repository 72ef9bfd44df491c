# SPDX-License-Identifier: Apache-2.0
"""S3 by boto3: uploads, listings, presigned URLs, and every refusal."""

from __future__ import annotations

import gzip
import hashlib
import io
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from api_bench import ApiBench, api_bench, refused
from boto3.s3.transfer import TransferConfig

from aws_fota.emulator import storage_objects, storage_signature
from aws_fota.emulator.clock import ShiftedClock
from aws_fota.emulator.emulator import OPERATOR

MEBI = 1024 * 1024


@pytest.fixture(name="aws")
def _aws(running: ApiBench) -> Iterator[ApiBench]:
    """One emulator for all tests of the file, with an empty bucket ``fota`` for each."""
    store = running.emulator.store
    running.aws.call(store.create_bucket, "fota")
    yield running
    for bucket in list(store.buckets):
        for stored in list(store.objects(bucket)):
            running.aws.call(store.remove, bucket, stored.key)
        running.aws.call(store.remove_bucket, bucket)


@pytest.fixture(name="running", scope="module")
def _running() -> Iterator[ApiBench]:
    with api_bench() as bench:
        yield bench


def test_an_object_is_stored_and_read(aws: ApiBench) -> None:
    data = bytes(range(256))
    put = aws.s3.put_object(
        Bucket="fota", Key="a/ü b+c%.bin", Body=data, ContentType="text/plain", Metadata={"version": "1.2"}
    )
    assert put["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    got = aws.s3.get_object(Bucket="fota", Key="a/ü b+c%.bin")
    assert got["Body"].read() == data
    assert (got["ETag"], got["ContentType"], got["Metadata"]) == (put["ETag"], "text/plain", {"version": "1.2"})
    head = aws.s3.head_object(Bucket="fota", Key="a/ü b+c%.bin")
    assert (head["ContentLength"], head["Metadata"]) == (256, {"version": "1.2"})
    part = aws.s3.get_object(Bucket="fota", Key="a/ü b+c%.bin", Range="bytes=10-19", IfMatch=put["ETag"])
    assert (part["Body"].read(), part["ContentRange"]) == (data[10:20], "bytes 10-19/256")
    stored = aws.emulator.store.get("fota", "a/ü b+c%.bin")
    assert stored is not None and not stored.public
    assert aws.aws.call(lambda: aws.emulator.http.records[-1]).status == 206


def test_a_compressed_object_stays_as_it_is(aws: ApiBench) -> None:
    data = gzip.compress(b"it" * 100)
    aws.s3.put_object(Bucket="fota", Key="a", Body=data, ContentEncoding="gzip")
    assert aws.s3.get_object(Bucket="fota", Key="a")["Body"].read() == data


def test_objects_are_copied_and_deleted(aws: ApiBench) -> None:
    aws.s3.put_object(Bucket="fota", Key="a b", Body=b"it", Metadata={"m": "1"})
    aws.s3.copy_object(Bucket="fota", Key="c", CopySource={"Bucket": "fota", "Key": "a b"})
    assert aws.s3.head_object(Bucket="fota", Key="c")["Metadata"] == {"m": "1"}
    aws.s3.copy_object(Bucket="fota", Key="d", CopySource="fota/c", MetadataDirective="REPLACE", Metadata={"n": "2"})
    assert aws.s3.head_object(Bucket="fota", Key="d")["Metadata"] == {"n": "2"}
    aws.s3.delete_object(Bucket="fota", Key="a b")
    aws.s3.delete_object(Bucket="fota", Key="a b")
    gone = aws.s3.delete_objects(Bucket="fota", Delete={"Objects": [{"Key": "c"}, {"Key": "none"}]})
    assert [it["Key"] for it in gone["Deleted"]] == ["c", "none"]
    quiet = aws.s3.delete_objects(Bucket="fota", Delete={"Objects": [{"Key": "d"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert list(aws.emulator.store.objects("fota")) == []


def test_buckets(aws: ApiBench) -> None:
    constraint = {"LocationConstraint": "eu-west-1"}
    aws.s3.create_bucket(Bucket="second", CreateBucketConfiguration=constraint)
    assert [it["Name"] for it in aws.s3.list_buckets()["Buckets"]] == ["fota", "second"]
    assert aws.s3.get_bucket_location(Bucket="second")["LocationConstraint"] == "eu-west-1"
    assert aws.s3.head_bucket(Bucket="second")["BucketRegion"] == "eu-west-1"
    with refused("BucketAlreadyOwnedByYou", 409):
        aws.s3.create_bucket(Bucket="second", CreateBucketConfiguration=constraint)
    with refused("IllegalLocationConstraintException", 400):
        aws.s3.create_bucket(Bucket="third", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    aws.s3.put_object(Bucket="second", Key="a", Body=b"")
    with refused("BucketNotEmpty", 409):
        aws.s3.delete_bucket(Bucket="second")
    aws.s3.delete_object(Bucket="second", Key="a")
    aws.s3.delete_bucket(Bucket="second")
    with refused("404", 404):
        aws.s3.head_bucket(Bucket="second")


KEYS = ["a", "b/1", "b/2", "b/c/3", "d e", "ü", "z\x01"]


def listed(aws: ApiBench, operation: str, **arguments: Any) -> tuple[list[str], list[str]]:
    keys, prefixes = [], []
    for page in aws.s3.get_paginator(operation).paginate(Bucket="fota", **arguments):
        keys += [it["Key"] for it in page.get("Contents", [])]
        prefixes += [it["Prefix"] for it in page.get("CommonPrefixes", [])]
    return keys, prefixes


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_listings_are_whole_in_pages_of_any_size(operation: str, size: int, aws: ApiBench) -> None:
    for key in KEYS:
        aws.aws.call(aws.emulator.upload, "fota", key, b"x")
    ordered = sorted(KEYS, key=str.encode)
    pages = {"PaginationConfig": {"PageSize": size}}
    assert listed(aws, operation, **pages) == (ordered, [])
    assert listed(aws, operation, Delimiter="/", **pages) == ([it for it in ordered if "/" not in it], ["b/"])
    assert listed(aws, operation, Delimiter="/", Prefix="b/", **pages) == (["b/1", "b/2"], ["b/c/"])
    assert listed(aws, operation, Prefix="none", **pages) == ([], [])


def test_a_listing_starts_after_a_key(aws: ApiBench) -> None:
    for key in KEYS:
        aws.aws.call(aws.emulator.upload, "fota", key, b"x")
    page = aws.s3.list_objects_v2(Bucket="fota", StartAfter="b/1", Delimiter="/")
    assert [it["Key"] for it in page["Contents"]] == ["d e", "z\x01", "ü"]
    assert [it["Prefix"] for it in page["CommonPrefixes"]] == ["b/"]
    assert aws.s3.list_objects_v2(Bucket="fota", MaxKeys=0)["KeyCount"] == 0
    with refused("InvalidArgument", 400, "continuation token"):
        aws.s3.list_objects_v2(Bucket="fota", ContinuationToken="ü")
    # Without encoding-type=url a key may have characters that XML has none for.
    assert b"<Key>z\xef\xbf\xbd</Key>" in aws.raw("s3", "GET", "/fota?list-type=2").body


def test_an_upload_in_parts(aws: ApiBench) -> None:
    data = bytes(range(256)) * (13 * 4096)
    config = TransferConfig(multipart_threshold=5 * MEBI, multipart_chunksize=5 * MEBI)
    aws.s3.upload_fileobj(io.BytesIO(data), "fota", "large", ExtraArgs={"Metadata": {"m": "1"}}, Config=config)
    head = aws.s3.head_object(Bucket="fota", Key="large")
    assert (head["ContentLength"], head["Metadata"]) == (len(data), {"m": "1"})
    assert head["ETag"].endswith('-3"')
    back = io.BytesIO()
    aws.s3.download_fileobj("fota", "large", back, Config=config)
    assert back.getvalue() == data
    assert "Uploads" not in aws.s3.list_multipart_uploads(Bucket="fota")


def test_parts_are_checked(aws: ApiBench) -> None:
    upload = aws.s3.create_multipart_upload(Bucket="fota", Key="k")["UploadId"]
    one = {"Bucket": "fota", "Key": "k", "UploadId": upload}

    def complete(*parts: tuple[int, str]) -> Any:
        named = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
        return aws.s3.complete_multipart_upload(**one, MultipartUpload={"Parts": named})

    small = aws.s3.upload_part(**one, PartNumber=1, Body=b"small")["ETag"]
    last = aws.s3.upload_part(**one, PartNumber=10_000, Body=b"last")["ETag"]
    parts = aws.s3.list_parts(**one)["Parts"]
    assert [(it["PartNumber"], it["Size"], it["ETag"]) for it in parts] == [(1, 5, small), (10_000, 4, last)]
    assert [it["Key"] for it in aws.s3.list_multipart_uploads(Bucket="fota")["Uploads"]] == ["k"]
    for parts, code in (
        ([(1, small), (10_000, last)], "EntityTooSmall"),
        ([(10_000, last), (1, small)], "InvalidPartOrder"),
        ([(1, small), (1, small)], "InvalidPartOrder"),
        ([(1, last)], "InvalidPart"),
        ([(2, small)], "InvalidPart"),
    ):
        with refused(code, 400):
            complete(*parts)
    with refused("MalformedXML", 400):
        complete()
    for number in (0, 10_001):
        with refused("InvalidArgument", 400, "Part number"):
            aws.s3.upload_part(**one, PartNumber=number, Body=b"")
    with refused("NotImplemented", 501):
        aws.s3.upload_part_copy(**one, PartNumber=1, CopySource="fota/k")
    assert complete((1, small))["ETag"].endswith('-1"')
    assert aws.s3.get_object(Bucket="fota", Key="k")["Body"].read() == b"small"
    for call in (aws.s3.abort_multipart_upload, aws.s3.list_parts):
        with pytest.raises(aws.s3.exceptions.NoSuchUpload):
            call(**one)


def test_an_upload_is_given_up(aws: ApiBench) -> None:
    upload = aws.s3.create_multipart_upload(Bucket="fota", Key="k")["UploadId"]
    with refused("NoSuchUpload", 404):
        aws.s3.abort_multipart_upload(Bucket="fota", Key="other", UploadId=upload)
    aws.s3.abort_multipart_upload(Bucket="fota", Key="k", UploadId=upload)
    assert aws.emulator.store.get("fota", "k") is None


def test_what_is_not_there(aws: ApiBench) -> None:
    with pytest.raises(aws.s3.exceptions.NoSuchKey):
        aws.s3.get_object(Bucket="fota", Key="none")
    with refused("404", 404):
        aws.s3.head_object(Bucket="fota", Key="none")
    for call, arguments in (
        (aws.s3.get_object, {"Key": "a"}),
        (aws.s3.put_object, {"Key": "a", "Body": b""}),
        (aws.s3.delete_object, {"Key": "a"}),
        (aws.s3.list_objects_v2, {}),
        (aws.s3.delete_bucket, {}),
        (aws.s3.create_multipart_upload, {"Key": "a"}),
        (aws.s3.copy_object, {"Key": "a", "CopySource": "none/a"}),
    ):
        with pytest.raises(aws.s3.exceptions.NoSuchBucket):
            call(Bucket="none", **arguments)
    with refused("NoSuchKey", 404):
        aws.s3.copy_object(Bucket="fota", Key="a", CopySource="fota/none")


def test_preconditions_and_ranges(aws: ApiBench) -> None:
    aws.s3.put_object(Bucket="fota", Key="a", Body=b"0123", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        aws.s3.put_object(Bucket="fota", Key="a", Body=b"4567", IfNoneMatch="*")
    assert aws.s3.get_object(Bucket="fota", Key="a")["Body"].read() == b"0123"
    with refused("PreconditionFailed", 412):
        aws.s3.get_object(Bucket="fota", Key="a", IfMatch='"x"')
    with refused("InvalidRange", 416):
        aws.s3.get_object(Bucket="fota", Key="a", Range="bytes=4-")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/fota/../etc/passwd", 400, "InvalidURI"),
        ("PUT", "/fota/a/%2e%2e/%2E%2E/b", 400, "InvalidURI"),
        ("GET", "/fota/..%2f..%2fsecret", 400, "InvalidURI"),
        ("PUT", "/fota/%FF", 400, "InvalidURI"),
        ("PUT", f"/fota/{'x' * 1025}", 400, "KeyTooLongError"),
        ("PUT", "/UPPER", 400, "InvalidBucketName"),
        ("PUT", "/a..b/key", 400, "InvalidBucketName"),
        ("PUT", "/", 405, "MethodNotAllowed"),
        ("PATCH", "/fota", 405, "MethodNotAllowed"),
        ("PATCH", "/fota/a", 405, "MethodNotAllowed"),
        ("PUT", "/fota/a?tagging", 501, "NotImplemented"),
        ("GET", "/fota?policy", 501, "NotImplemented"),
        ("GET", "/fota?list-type=2&max-keys=x", 400, "InvalidArgument"),
        ("POST", "/fota?delete", 400, "MalformedXML"),
    ],
)
def test_requests_that_are_refused(method: str, path: str, status: int, code: str, aws: ApiBench) -> None:
    reply = aws.raw("s3", method, path)
    assert (reply.status, reply.code) == (status, code)
    assert list(aws.emulator.store.objects("fota")) == []
    assert list(aws.emulator.store.buckets) == ["fota"]


def test_dots_that_stay_inside_are_a_key_like_any_other(aws: ApiBench) -> None:
    assert aws.raw("s3", "PUT", "/fota/a/../b", b"it").status == 200
    assert [it.key for it in aws.emulator.store.objects("fota")] == ["a/../b"]
    assert aws.raw("s3", "GET", "/fota/a/../b").body == b"it"


BOMB = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>'


@pytest.mark.parametrize("body", [b"<Delete>", b"<Other/>", b"<Delete/>", BOMB, b"\x00", b"<Delete><Object/>" * 9])
def test_xml_that_is_none(body: bytes, aws: ApiBench) -> None:
    reply = aws.raw("s3", "POST", "/fota?delete", body)
    assert (reply.status, reply.code) == (400, "MalformedXML")


def test_what_is_too_large_is_refused_before_it_is_sent(aws: ApiBench, monkeypatch: pytest.MonkeyPatch) -> None:
    with refused("MetadataTooLarge", 400):
        aws.s3.put_object(Bucket="fota", Key="a", Body=b"", Metadata={"m": "x" * 2048})
    limit = str(storage_objects.OBJECT_MAX_BYTES + 1)
    with socket.create_connection(("127.0.0.1", aws.emulator.api_port or 0), timeout=30) as raw:
        path = "/fota/a"
        query = presigned(aws, path, method="PUT")
        raw.sendall(f"PUT {path}?{query} HTTP/1.1\r\nHost: {host(aws)}\r\nContent-Length: {limit}\r\n\r\n".encode())
        told = b""
        while b"</Error>" not in told:
            told += raw.recv(4096) or b"</Error>"
        assert b"<Code>EntityTooLarge</Code>" in told
    reply = aws.raw("s3", "PUT", "/third", b"x" * (2 * MEBI + 1))
    assert (reply.status, reply.code) == (400, "EntityTooLarge")


def host(aws: ApiBench) -> str:
    return f"127.0.0.1:{aws.emulator.api_port}"


def presigned(aws: ApiBench, path: str, *, method: str = "GET", at: str = "") -> str:
    now = aws.emulator.clock.wall()
    return storage_signature.presigned_query(OPERATOR, at or host(aws), path, now, 60, method=method)


@pytest.mark.parametrize("right", [True, False])
def test_a_client_that_waits_for_100_continue_is_told_only_when_its_signature_is_right(
    right: bool, aws: ApiBench
) -> None:
    query = presigned(aws, "/fota/a", method="PUT" if right else "GET")
    head = f"PUT /fota/a?{query} HTTP/1.1\r\nHost: {host(aws)}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", aws.emulator.api_port or 0), timeout=30) as raw:
        raw.sendall(head.encode())
        first = raw.recv(4096)
        if right:
            assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
            raw.sendall(b"it")
            assert raw.recv(4096).startswith(b"HTTP/1.1 200 ")
            assert aws.s3.get_object(Bucket="fota", Key="a")["Body"].read() == b"it"
        else:
            assert first.startswith(b"HTTP/1.1 403 ")


def opened(url: str, method: str = "GET", data: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
    request = urllib.request.Request(url, data, {"Content-Type": kind} if kind else {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def altered(url: str) -> str:
    """The URL with another signature of the same form."""
    at = url.index("Signature=") + len("Signature=")
    return url[:at] + ("0" if url[at] != "0" else "1") + url[at + 1 :]


@pytest.mark.parametrize("port", ["api", "http"])
@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_url_presigned_by_boto3_is_good_until_it_expires(port: str, version: str) -> None:
    clock = ShiftedClock()
    with api_bench(clock=clock) as aws:
        aws.aws.call(aws.emulator.upload, "fota", "a b/ü.bin", b"it")
        url = aws.url if port == "api" else f"http://127.0.0.1:{aws.emulator.http_port}"
        client = aws.client("s3", url=url, signature_version=version)
        place = {"Bucket": "fota", "Key": "a b/ü.bin"}
        signed = client.generate_presigned_url("get_object", Params=place, ExpiresIn=600)
        assert opened(signed) == (200, b"it")
        status, body = opened(altered(signed))
        assert (status, b"<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
        status, body = opened(signed.partition("?")[0])
        assert (status, b"<Code>AccessDenied</Code>" in body) == (403, True)
        clock.advance(500)
        assert opened(signed)[0] == 200
        clock.advance(101)
        status, body = opened(signed)
        assert (status, b"Request has expired" in body) == (403, True)
        client.close()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_upload(version: str, aws: ApiBench) -> None:
    client = aws.client("s3", signature_version=version)
    place = {"Bucket": "fota", "Key": "new", "ContentType": "text/plain"}
    signed = client.generate_presigned_url("put_object", Params=place, ExpiresIn=60)
    client.close()
    assert opened(signed)[0] in (400, 403)
    assert opened(signed, "PUT", b"uploaded", "image/png")[0] == 403
    assert opened(signed, "PUT", b"uploaded", "text/plain")[0] == 200
    assert aws.s3.get_object(Bucket="fota", Key="new")["Body"].read() == b"uploaded"


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("Signature=x", 403, b"requires the parameters"),
        ("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=9999999999", 403, b"requires the parameters"),
        ("AWSAccessKeyId=AKIAUNKNOWN&Expires=9999999999&Signature=x", 403, b"InvalidAccessKeyId"),
        ("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=soon&Signature=x", 403, b"Invalid date"),
        ("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1&Signature=x", 403, b"Request has expired"),
        ("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=9999999999&Signature=%FF", 400, b"InvalidURI"),
        ("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=9999999999&Signature=x", 403, b"SignatureDoesNotMatch"),
    ],
)
def test_signatures_of_version_2_that_are_wrong(query: str, status: int, text: bytes, aws: ApiBench) -> None:
    aws.aws.call(aws.emulator.upload, "fota", "public", b"it", public=True)
    reply = aws.send("GET", f"/fota/public?{query}")
    assert reply.status == status and text in reply.body


def test_a_bucket_in_the_host_name(aws: ApiBench) -> None:
    aws.aws.call(aws.emulator.upload, "fota", "a/b", b"it")
    name = f"fota.localhost:{aws.emulator.api_port}"
    reply = aws.send("GET", f"/a/b?{presigned(aws, '/a/b', at=name)}", headers={"Host": name})
    assert (reply.status, reply.body) == (200, b"it")


def test_public_objects_need_no_signature(aws: ApiBench) -> None:
    aws.aws.call(aws.emulator.upload, "fota", "public", b"it", public=True)
    assert aws.send("GET", "/fota/public").body == b"it"
    for method, path in (("PUT", "/fota/public"), ("DELETE", "/fota/public"), ("GET", "/fota"), ("GET", "/")):
        assert aws.send(method, path).code == "AccessDenied"


def test_refusals_of_signatures(aws: ApiBench) -> None:
    for options, code, status in (
        ({"secret": "wrong"}, "SignatureDoesNotMatch", 403),
        ({"access_key": "AKIAUNKNOWN"}, "InvalidAccessKeyId", 403),
        ({"region": "us-east-1"}, "AuthorizationHeaderMalformed", 400),
    ):
        client = aws.client("s3", **options)
        with refused(code, status):
            client.list_buckets()
        client.close()
    reply = aws.raw("s3", "PUT", "/fota/a", b"it", {"x-amz-date": "20200101T000000Z"})
    assert reply.status == 200, "botocore replaces the date"
    headers = {"Authorization": "AWS4-HMAC-SHA256 nonsense"}
    assert aws.send("GET", "/", headers=headers).code == "InvalidRequest"
    headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    assert aws.send("GET", "/", headers=headers).code == "AuthorizationHeaderMalformed"


def test_a_clock_that_is_wrong_is_told() -> None:
    clock = ShiftedClock()
    clock.advance(1000)
    with api_bench(clock=clock) as aws:
        with refused("RequestTimeTooSkewed", 403):
            aws.s3.list_buckets()
        with refused("InvalidSignatureException", 403, "too large"):
            aws.iot.list_things()
