# SPDX-License-Identifier: Apache-2.0
"""ListObjects and ListObjectsV2: prefix, delimiter, pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import quote

from aws_fota.emulator import api_s3_xml
from aws_fota.emulator.api_errors import ApiError
from aws_fota.emulator.storage_objects import ObjectStore, StoredObject

MAX_KEYS = 1000


class Listing:
    """One page of a bucket.

    Args:
        query: the request's parameters.

    Raises:
        ApiError: InvalidArgument, a parameter is wrong.
    """

    def __init__(self, store: ObjectStore, bucket: str, query: Mapping[str, str]) -> None:
        self._store = store
        self._bucket = bucket
        self._query = query
        self._second = query.get("list-type") == "2"
        self._prefix = query.get("prefix", "")
        self._delimiter = query.get("delimiter", "")
        self._limit = self._max_keys()
        self._encode = query.get("encoding-type") == "url"
        self._after = self._start()

    def document(self) -> bytes:
        """The answer."""
        contents: list[StoredObject] = []
        prefixes: list[str] = []
        last, truncated = "", False
        for stored in self._store.objects(self._bucket):
            group = self._group(stored.key)
            place = group or stored.key
            # A group counts once, and a page that ended with it goes on after all its keys.
            if not stored.key.startswith(self._prefix) or not _after(stored.key, self._after):
                continue
            if place == self._after or place in prefixes[-1:]:
                continue
            if len(contents) + len(prefixes) == self._limit:
                truncated = self._limit > 0
                break
            last = place
            if group:
                prefixes.append(group)
            else:
                contents.append(stored)
        result: dict[str, api_s3_xml.Content] = {
            "Name": self._bucket,
            "Prefix": self._shown(self._prefix),
            "MaxKeys": self._limit,
            "IsTruncated": truncated,
        }
        if self._delimiter:
            result["Delimiter"] = self._shown(self._delimiter)
        if self._encode:
            result["EncodingType"] = "url"
        result.update(self._paging(last if truncated else "", len(contents) + len(prefixes)))
        result["Contents"] = [
            {
                "Key": self._shown(one.key),
                "LastModified": api_s3_xml.moment(one.modified_at),
                "ETag": one.etag,
                "Size": len(one.data),
                "StorageClass": "STANDARD",
            }
            for one in contents
        ]
        result["CommonPrefixes"] = [{"Prefix": self._shown(one)} for one in prefixes]
        return api_s3_xml.document("ListBucketResult", result)

    def _paging(self, last: str, count: int) -> dict[str, api_s3_xml.Content]:
        if not self._second:
            paging: dict[str, api_s3_xml.Content] = {"Marker": self._shown(self._query.get("marker", ""))}
            if last and self._delimiter:
                paging["NextMarker"] = self._shown(last)
            return paging
        paging = {"KeyCount": count}
        for name, member in (("continuation-token", "ContinuationToken"), ("start-after", "StartAfter")):
            if name in self._query:
                value = self._query[name]
                paging[member] = value if name == "continuation-token" else self._shown(value)
        if last:
            paging["NextContinuationToken"] = base64.urlsafe_b64encode(last.encode()).decode()
        return paging

    def _group(self, key: str) -> str:
        if not self._delimiter:
            return ""
        at = key.find(self._delimiter, len(self._prefix))
        return key[: at + len(self._delimiter)] if at >= 0 else ""

    def _max_keys(self) -> int:
        text = self._query.get("max-keys", str(MAX_KEYS))
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            message = "Provided max-keys not an integer or within integer range"
            raise ApiError("InvalidArgument", message, 400, members={"ArgumentName": "max-keys"})
        return min(int(text), MAX_KEYS)

    def _start(self) -> str:
        if not self._second:
            return self._query.get("marker", "")
        token = self._query.get("continuation-token")
        if token is None:
            return self._query.get("start-after", "")
        try:
            return base64.urlsafe_b64decode(token.encode("ascii")).decode()
        except (binascii.Error, ValueError) as error:
            message = "The continuation token provided is incorrect"
            raise ApiError("InvalidArgument", message, 400, members={"ArgumentName": "continuation-token"}) from error

    def _shown(self, text: str) -> str:
        return quote(text, safe="/-_.~*", errors="surrogateescape") if self._encode else text


def _after(key: str, start: str) -> bool:
    return key.encode("utf-8", "surrogateescape") > start.encode("utf-8", "surrogateescape")
