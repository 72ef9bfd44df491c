# SPDX-License-Identifier: Apache-2.0
"""Objects in buckets, as S3 names them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from aws_fota import s3_host
from aws_fota.emulator.clock import Clock
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.errors import InputError

#: General purpose buckets: 3 to 63 of lowercase letters, digits, dots and hyphens, a letter or digit at both ends.
BUCKET = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
KEY_MAX_BYTES = 1024
#: Bytes of one object. S3 takes 5 GB at once and 5 TB in parts; this limit is ours, since objects are held in memory.
OBJECT_MAX_BYTES = 512 * 1024 * 1024
#: What S3 says of an object whose owner said nothing.
CONTENT_TYPE = "binary/octet-stream"


@dataclass
class StoredObject:
    """One object.

    Attributes:
        public: whether it is readable without a signature.
        modified_at: seconds since the epoch.
        faults: misfortunes ordered for requests of it; the first one that strikes decides.
        etag: the entity tag with its quotes; made here when it is not given: like S3's of an object uploaded at once,
            the MD5 of the content.
        content_type: what a download says of it.
        metadata: what its owner attached, by the names that follow ``x-amz-meta-``.
    """

    bucket: str
    key: str
    data: bytes
    public: bool
    modified_at: float
    faults: list[HttpFault] = field(default_factory=list)
    etag: str = ""
    content_type: str = CONTENT_TYPE
    metadata: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.etag:
            self.etag = f'"{hashlib.md5(self.data, usedforsecurity=False).hexdigest()}"'

    @property
    def path(self) -> str:
        """Its path on the server, percent-encoded."""
        return path_of(self.bucket, self.key)

    def order(self, fault: HttpFault) -> HttpFault:
        """Put a fault in force, and return it."""
        self.faults.append(fault)
        return fault


class ObjectStore:
    """All buckets; one is made by its first object, unless it was made before.

    Args:
        clock: gives the objects their time.

    Attributes:
        buckets: when each was made, in seconds since the epoch.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._objects: dict[tuple[str, str], StoredObject] = {}
        self.buckets: dict[str, float] = {}

    def create_bucket(self, bucket: str) -> None:
        """Make a bucket; one that is there stays as it is.

        Raises:
            InputError: it breaks S3's rules for names.
        """
        if not BUCKET.fullmatch(bucket):
            raise InputError(
                f"{bucket!r} is not a bucket name: 3 to 63 of a-z 0-9 . -", rule="bucket", fix="choose another bucket"
            )
        self.buckets.setdefault(bucket, self._clock.wall())

    def put(
        self,
        bucket: str,
        key: str,
        data: bytes,
        *,
        public: bool = False,
        etag: str = "",
        content_type: str = CONTENT_TYPE,
        metadata: dict[str, str] | None = None,
    ) -> StoredObject:
        """Store an object; one that is there is replaced with its faults kept.

        Raises:
            InputError: bucket or key break S3's rules.
        """
        if fault := key_fault(key):
            raise InputError(fault, rule="key", fix="choose another key")
        self.create_bucket(bucket)
        earlier = self._objects.get((bucket, key))
        faults = earlier.faults if earlier else []
        stored = StoredObject(
            bucket, key, data, public, self._clock.wall(), faults, etag, content_type, dict(metadata or {})
        )
        self._objects[bucket, key] = stored
        return stored

    def restore(self, stored: StoredObject) -> None:
        """Take an object up as it was kept."""
        self._objects[stored.bucket, stored.key] = stored

    def __iter__(self) -> Iterator[StoredObject]:
        """All objects of all buckets."""
        return iter(self._objects.values())

    def objects(self, bucket: str) -> Iterator[StoredObject]:
        """The objects of a bucket in the order in which S3 lists them: by the bytes of their keys."""
        keys = (key for holder, key in self._objects if holder == bucket)
        for key in sorted(keys, key=lambda it: it.encode("utf-8", "surrogateescape")):
            yield self._objects[bucket, key]

    def get(self, bucket: str, key: str) -> StoredObject | None:
        """An object, None when there is none."""
        return self._objects.get((bucket, key))

    def remove(self, bucket: str, key: str) -> None:
        """Remove an object; no error when there is none."""
        self._objects.pop((bucket, key), None)

    def remove_bucket(self, bucket: str) -> None:
        """Remove a bucket that holds nothing.

        Raises:
            ValueError: it holds something.
        """
        if any(holder == bucket for holder, _ in self._objects):
            raise ValueError(f"{bucket} is not empty")
        self.buckets.pop(bucket, None)

    def at(self, path: str) -> StoredObject | None:
        """The object of a request's percent-encoded path, None when there is none."""
        bucket, _, key = path.removeprefix("/").partition("/")
        return self.get(bucket, unquote(key, errors="surrogateescape"))


def key_fault(key: str) -> str:
    """Why S3 takes no object of this key, empty when it does.

    Source: the S3 user guide, "Naming Amazon S3 objects": ``..`` is part of a key like any other text, as long as,
    read from the left, it never leads above the bucket.
    """
    if not key or len(key.encode("utf-8", "surrogateescape")) > KEY_MAX_BYTES:
        return f"a key has 1 to {KEY_MAX_BYTES} bytes"
    depth = 0
    for part in key.split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return "a key does not lead above its bucket"
    return ""


def path_of(bucket: str, key: str) -> str:
    """The path of an object on the server, percent-encoded as S3 does."""
    return f"/{bucket}/{quote(key, safe='/-_.~', errors='surrogateescape')}"


def bucket_and_key(url: str) -> tuple[str, str]:
    """What an S3 URL, as it stands in a job document's placeholder, names.

    Raises:
        InputError: it is not a URL of S3.
    """
    try:
        parts = urlsplit(url)
        host, path = parts.hostname or "", unquote(parts.path.removeprefix("/"))
    except ValueError:  # An address in brackets that is none.
        host = path = ""
    named = s3_host.parse(host)
    bucket, key = ("", "") if named is None else (named.bucket, path)
    if named is not None and not bucket:
        bucket, _, key = path.partition("/")
    if not BUCKET.fullmatch(bucket) or not key:
        raise InputError(
            f"{host or url!r} is not S3's address of an object",
            rule="presigned-url",
            field="document",
            fix="write https://s3.REGION.amazonaws.com/BUCKET/KEY in the placeholder",
        )
    return bucket, key
