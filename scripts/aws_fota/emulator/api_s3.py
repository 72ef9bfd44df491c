# SPDX-License-Identifier: Apache-2.0
"""S3's operations on buckets and objects, as far as uploads and downloads of firmware need them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from aws_fota.emulator import api_s3_xml
from aws_fota.emulator.api_authorization import Authorization
from aws_fota.emulator.api_bodies import payload_of, read_body
from aws_fota.emulator.api_errors import ApiError
from aws_fota.emulator.api_s3_listing import Listing
from aws_fota.emulator.api_uploads import PART_NUMBER_MAX, Uploads, etag_of
from aws_fota.emulator.clock import Clock
from aws_fota.emulator.http_server import HttpServer
from aws_fota.emulator.storage_objects import (
    BUCKET,
    CONTENT_TYPE,
    KEY_MAX_BYTES,
    OBJECT_MAX_BYTES,
    ObjectStore,
    StoredObject,
    key_fault,
)

#: Bytes of an XML body: S3's largest, DeleteObjects with 1000 keys, fits.
XML_MAX_BYTES = 2 * 1024 * 1024
#: Bytes of all names and values of an object's own metadata.
METADATA_MAX_BYTES = 2048
DELETE_MAX = 1000

#: Queries that name another operation on the same address; those that are not carried out here are refused, since
#: taking `PUT ?tagging` for an upload would replace the object.
_SUBRESOURCES = frozenset(
    {
        *("accelerate", "acl", "analytics", "attributes", "cors", "encryption", "intelligent-tiering", "inventory"),
        *("legal-hold", "lifecycle", "logging", "metrics", "notification", "object-lock", "ownershipControls"),
        *("policy", "policyStatus", "publicAccessBlock", "renameObject", "replication", "requestPayment", "restore"),
        *("retention", "select", "session", "tagging", "torrent", "versioning", "versions", "versionId", "website"),
    }
)


@dataclass(frozen=True)
class S3Request:
    """One request: where it points, and what was signed.

    Attributes:
        key: empty for the bucket itself; `bucket` is empty for the service.
        query: its parameters; one without a value has an empty one.
        headers: with lowercase names.
        authorization: None for a presigned or an unsigned request.
    """

    raw: web.BaseRequest
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    authorization: Authorization | None

    async def payload(self, limit: int = OBJECT_MAX_BYTES) -> bytes:
        """The body, checked. Raises ApiError."""
        members = {"MaxSizeAllowed": str(limit)}
        too_large = ApiError(
            "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400, members=members
        )
        body = await read_body(self.raw, limit, too_large)
        # Digests of a large body take their time, in which devices are to be answered.
        return await asyncio.to_thread(payload_of, body, self.headers, self.authorization)


def request_of(
    raw: web.BaseRequest, path: str, query: str, headers: Mapping[str, str], authorization: Authorization | None
) -> S3Request:
    """What a request points at, in path style or as ``BUCKET.localhost``.

    Args:
        path: percent-encoded as it was sent.

    Raises:
        ApiError: InvalidURI, KeyTooLongError or InvalidBucketName.
    """
    host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    try:
        text = unquote(path.removeprefix("/"), errors="strict")
        parameters = dict(parse_qsl(query, keep_blank_values=True, errors="strict"))
    except (UnicodeDecodeError, ValueError) as error:
        raise ApiError("InvalidURI", "Couldn't parse the specified URI.", 400) from error
    if host.endswith(".localhost"):
        bucket, key = host.removesuffix(".localhost"), text
    else:
        bucket, _, key = text.partition("/")
    if bucket and not BUCKET.fullmatch(bucket):
        message = "The specified bucket is not valid."
        raise ApiError("InvalidBucketName", message, 400, members={"BucketName": bucket})
    if len(key.encode()) > KEY_MAX_BYTES:
        raise ApiError("KeyTooLongError", "Your key is too long", 400, members={"MaxSizeAllowed": str(KEY_MAX_BYTES)})
    if key and key_fault(key):
        raise ApiError("InvalidURI", "Couldn't parse the specified URI.", 400, members={"URI": path})
    return S3Request(raw, bucket, key, parameters, headers, authorization)


class S3Api:
    """The operations; each takes a request whose signature is right.

    Args:
        http: serves objects, with its faults and its log.
        region: of all buckets.
    """

    def __init__(self, store: ObjectStore, http: HttpServer, clock: Clock, region: str) -> None:
        self._store = store
        self._http = http
        self._clock = clock
        self._region = region
        self._uploads = Uploads(store)

    async def answer(self, asked: S3Request) -> web.StreamResponse:
        """Carry a request out.

        Raises:
            ApiError: it cannot be.
        """
        unknown = sorted(_SUBRESOURCES & asked.query.keys())
        if unknown:
            raise ApiError("NotImplemented", f"?{unknown[0]} is not implemented in the local AWS", 501)
        method = asked.raw.method
        if not asked.bucket:
            if method != "GET":
                raise _not_allowed()
            return self._list_buckets()
        if not asked.key:
            return await self._bucket(method, asked)
        return await self._object(method, asked)

    async def _bucket(self, method: str, asked: S3Request) -> web.StreamResponse:
        query = asked.query
        if method == "PUT":
            return await self._create_bucket(asked)
        self._need_bucket(asked.bucket)
        if method == "HEAD":
            return web.Response(headers={"x-amz-bucket-region": self._region})
        if method == "DELETE":
            return self._delete_bucket(asked.bucket)
        if method == "POST" and "delete" in query:
            return await self._delete_objects(asked)
        if method != "GET":
            raise _not_allowed()
        if "location" in query:
            # us-east-1 is the region that has no name here; ours has one.
            return _xml(api_s3_xml.document("LocationConstraint", {}).replace(b"></", f">{self._region}</".encode()))
        if "uploads" in query:
            return self._list_uploads(asked.bucket)
        return _xml(Listing(self._store, asked.bucket, query).document())

    async def _object(self, method: str, asked: S3Request) -> web.StreamResponse:
        multipart: dict[str, Callable[[S3Request], Awaitable[web.StreamResponse]]] = {
            "PUT": self._put_part,
            "POST": self._complete,
            "DELETE": self._abort,
            "GET": self._list_parts,
        }
        self._need_bucket(asked.bucket)
        if "uploadId" in asked.query and method in multipart:
            return await multipart[method](asked)
        if method in ("GET", "HEAD"):
            return await self._http.handle(asked.raw, self._object_of(asked.bucket, asked.key))
        if method == "PUT":
            return await self._put_object(asked)
        if method == "DELETE":
            self._store.remove(asked.bucket, asked.key)
            return web.Response(status=204)
        if method == "POST" and "uploads" in asked.query:
            return self._start_upload(asked)
        raise _not_allowed()

    def _list_buckets(self) -> web.Response:
        buckets = [
            {"Name": name, "CreationDate": api_s3_xml.moment(at)} for name, at in sorted(self._store.buckets.items())
        ]
        owner: api_s3_xml.Content = {"ID": "local", "DisplayName": "local"}
        return _xml(api_s3_xml.document("ListAllMyBucketsResult", {"Owner": owner, "Buckets": {"Bucket": buckets}}))

    async def _create_bucket(self, asked: S3Request) -> web.Response:
        body = await asked.payload(XML_MAX_BYTES)
        if body:
            constraint = api_s3_xml.parse(body, "CreateBucketConfiguration").findtext("LocationConstraint")
            if constraint not in (None, "", self._region):
                message = f"The {constraint} location constraint is incompatible for the region {self._region}."
                raise ApiError("IllegalLocationConstraintException", message, 400)
        if asked.bucket in self._store.buckets:
            message = "Your previous request to create the named bucket succeeded and you already own it."
            raise ApiError("BucketAlreadyOwnedByYou", message, 409, members={"BucketName": asked.bucket})
        self._store.create_bucket(asked.bucket)
        return web.Response(headers={"Location": f"/{asked.bucket}"})

    def _delete_bucket(self, bucket: str) -> web.Response:
        if next(self._store.objects(bucket), None) is not None:
            message = "The bucket you tried to delete is not empty"
            raise ApiError("BucketNotEmpty", message, 409, members={"BucketName": bucket})
        self._store.remove_bucket(bucket)
        return web.Response(status=204)

    async def _delete_objects(self, asked: S3Request) -> web.Response:
        root = api_s3_xml.parse(await asked.payload(XML_MAX_BYTES), "Delete")
        keys = [one.findtext("Key") or "" for one in root.findall("Object")]
        if not 1 <= len(keys) <= DELETE_MAX:
            raise ApiError("MalformedXML", f"1 to {DELETE_MAX} objects are deleted at once", 400)
        for key in keys:
            self._store.remove(asked.bucket, key)
        quiet = root.findtext("Quiet") == "true"
        return _xml(api_s3_xml.document("DeleteResult", {} if quiet else {"Deleted": [{"Key": key} for key in keys]}))

    async def _put_object(self, asked: S3Request) -> web.Response:
        content_type, metadata = _described(asked.headers)
        if "x-amz-copy-source" in asked.headers:
            source = self._copied(asked.headers["x-amz-copy-source"])
            if asked.headers.get("x-amz-metadata-directive", "COPY") == "COPY":
                content_type, metadata = source.content_type, source.metadata
            stored = self._put(asked, source.data, content_type, metadata)
            result = {"LastModified": api_s3_xml.moment(stored.modified_at), "ETag": stored.etag}
            return _xml(api_s3_xml.document("CopyObjectResult", result))
        data = await asked.payload()
        existing = self._store.get(asked.bucket, asked.key)
        if asked.headers.get("if-none-match") == "*" and existing is not None:
            message = "At least one of the pre-conditions you specified did not hold"
            raise ApiError("PreconditionFailed", message, 412, members={"Condition": "If-None-Match"})
        stored = self._put(asked, data, content_type, metadata)
        echoed = {name: value for name, value in asked.headers.items() if name.startswith("x-amz-checksum-")}
        return web.Response(headers={"ETag": stored.etag, **echoed})

    def _put(self, asked: S3Request, data: bytes, content_type: str, metadata: dict[str, str]) -> StoredObject:
        return self._store.put(asked.bucket, asked.key, data, content_type=content_type, metadata=metadata)

    def _copied(self, source: str) -> StoredObject:
        bucket, _, key = unquote(source).removeprefix("/").partition("/")
        self._need_bucket(bucket)
        return self._object_of(bucket, key)

    def _start_upload(self, asked: S3Request) -> web.Response:
        content_type, metadata = _described(asked.headers)
        upload = self._uploads.start(asked.bucket, asked.key, self._clock.wall(), content_type, metadata)
        result = {"Bucket": asked.bucket, "Key": asked.key, "UploadId": upload.upload_id}
        return _xml(api_s3_xml.document("InitiateMultipartUploadResult", result))

    async def _put_part(self, asked: S3Request) -> web.StreamResponse:
        number = asked.query.get("partNumber", "")
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= PART_NUMBER_MAX):
            message = f"Part number must be an integer between 1 and {PART_NUMBER_MAX}, inclusive"
            raise ApiError("InvalidArgument", message, 400, members={"ArgumentName": "partNumber"})
        if "x-amz-copy-source" in asked.headers:
            raise ApiError("NotImplemented", "UploadPartCopy is not implemented in the local AWS", 501)
        upload = self._uploads.upload(asked.query["uploadId"], asked.bucket, asked.key)
        etag = self._uploads.put_part(upload, int(number), await asked.payload())
        return web.Response(headers={"ETag": etag})

    async def _complete(self, asked: S3Request) -> web.StreamResponse:
        upload = self._uploads.upload(asked.query["uploadId"], asked.bucket, asked.key)
        root = api_s3_xml.parse(await asked.payload(XML_MAX_BYTES), "CompleteMultipartUpload")
        parts = [(one.findtext("PartNumber") or "", one.findtext("ETag") or "") for one in root.findall("Part")]
        if not parts or not all(number.isascii() and number.isdigit() for number, _ in parts):
            raise ApiError("MalformedXML", "The XML you provided names no parts", 400)
        stored = self._uploads.complete(upload, [(int(number), etag) for number, etag in parts])
        result = {
            "Location": f"http://{asked.headers.get('host', '')}{stored.path}",
            "Bucket": asked.bucket,
            "Key": asked.key,
            "ETag": stored.etag,
        }
        return _xml(api_s3_xml.document("CompleteMultipartUploadResult", result))

    async def _abort(self, asked: S3Request) -> web.StreamResponse:
        self._uploads.abort(self._uploads.upload(asked.query["uploadId"], asked.bucket, asked.key))
        return web.Response(status=204)

    async def _list_parts(self, asked: S3Request) -> web.StreamResponse:
        upload = self._uploads.upload(asked.query["uploadId"], asked.bucket, asked.key)
        parts: list[api_s3_xml.Content] = [
            {"PartNumber": number, "ETag": etag_of(data), "Size": len(data)}
            for number, data in sorted(upload.parts.items())
        ]
        result: dict[str, api_s3_xml.Content] = {
            "Bucket": asked.bucket,
            "Key": asked.key,
            "UploadId": upload.upload_id,
            "IsTruncated": False,
            "Part": parts,
        }
        return _xml(api_s3_xml.document("ListPartsResult", result))

    def _list_uploads(self, bucket: str) -> web.Response:
        uploads = [
            {"Key": one.key, "UploadId": one.upload_id, "Initiated": api_s3_xml.moment(one.started_at)}
            for one in self._uploads.of(bucket)
        ]
        result: dict[str, api_s3_xml.Content] = {"Bucket": bucket, "IsTruncated": False, "Upload": uploads}
        return _xml(api_s3_xml.document("ListMultipartUploadsResult", result))

    def _need_bucket(self, bucket: str) -> None:
        if bucket not in self._store.buckets:
            message = "The specified bucket does not exist"
            raise ApiError("NoSuchBucket", message, 404, members={"BucketName": bucket})

    def _object_of(self, bucket: str, key: str) -> StoredObject:
        stored = self._store.get(bucket, key)
        if stored is None:
            raise ApiError("NoSuchKey", "The specified key does not exist.", 404, members={"Key": key})
        return stored


def _described(headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    prefix = "x-amz-meta-"
    metadata = {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)}
    size = sum(len(name) + len(value.encode("utf-8", "surrogateescape")) for name, value in metadata.items())
    if size > METADATA_MAX_BYTES:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        raise ApiError("MetadataTooLarge", message, 400, members={"MaxSizeAllowed": str(METADATA_MAX_BYTES)})
    return headers.get("content-type", CONTENT_TYPE), metadata


def _xml(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/xml")


def _not_allowed() -> ApiError:
    return ApiError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
