# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads: parts until they are completed or given up.

Source: the Amazon S3 user guide, "Amazon S3 multipart upload limits".
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from aws_fota.emulator.api_errors import ApiError
from aws_fota.emulator.storage_objects import OBJECT_MAX_BYTES, ObjectStore, StoredObject

PART_NUMBER_MAX = 10_000
#: Bytes of each part but the last.
PART_MIN_BYTES = 5 * 1024 * 1024


@dataclass
class Upload:
    """One upload; its parts by number."""

    upload_id: str
    bucket: str
    key: str
    started_at: float
    content_type: str
    metadata: dict[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


def etag_of(data: bytes) -> str:
    """The entity tag of a part, with its quotes."""
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


class Uploads:
    """All uploads that are going on.

    Args:
        store: where completed ones go.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._uploads: dict[str, Upload] = {}

    def start(self, bucket: str, key: str, now: float, content_type: str, metadata: dict[str, str]) -> Upload:
        """Begin an upload; `now` is in seconds since the epoch."""
        upload = Upload(secrets.token_urlsafe(32), bucket, key, now, content_type, metadata)
        self._uploads[upload.upload_id] = upload
        return upload

    def of(self, bucket: str) -> list[Upload]:
        """The uploads of a bucket, by key."""
        return sorted((one for one in self._uploads.values() if one.bucket == bucket), key=lambda it: it.key)

    def upload(self, upload_id: str, bucket: str, key: str) -> Upload:
        """One upload.

        Raises:
            ApiError: NoSuchUpload.
        """
        upload = self._uploads.get(upload_id)
        if upload is None or (upload.bucket, upload.key) != (bucket, key):
            message = (
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
                "aborted or completed."
            )
            raise ApiError("NoSuchUpload", message, 404, members={"UploadId": upload_id})
        return upload

    def put_part(self, upload: Upload, number: int, data: bytes) -> str:
        """Store a part, and return its entity tag.

        Raises:
            ApiError: EntityTooLarge, the parts together are more than an object may have.
        """
        others = sum(len(part) for one, part in upload.parts.items() if one != number)
        if others + len(data) > OBJECT_MAX_BYTES:
            raise ApiError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400)
        upload.parts[number] = data
        return etag_of(data)

    def complete(self, upload: Upload, parts: Sequence[tuple[int, str]]) -> StoredObject:
        """Make the object of the named parts.

        Args:
            parts: number and entity tag of each.

        Raises:
            ApiError: InvalidPart, InvalidPartOrder or EntityTooSmall; the upload goes on then.
        """
        numbers = [number for number, _ in parts]
        if numbers != sorted(set(numbers)):
            message = "The list of parts was not in ascending order. Parts must be ordered by part number."
            raise ApiError("InvalidPartOrder", message, 400)
        for number, etag in parts:
            if number not in upload.parts or etag_of(upload.parts[number]).strip('"') != etag.strip('"'):
                message = (
                    "One or more of the specified parts could not be found. The part may not have been uploaded, or "
                    "the specified entity tag may not match the part's entity tag."
                )
                raise ApiError("InvalidPart", message, 400, members={"PartNumber": str(number)})
        if any(len(upload.parts[number]) < PART_MIN_BYTES for number in numbers[:-1]):
            raise ApiError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400)
        digests = b"".join(hashlib.md5(upload.parts[one], usedforsecurity=False).digest() for one in numbers)
        etag = f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(numbers)}"'
        data = b"".join(upload.parts[number] for number in numbers)
        stored = self._store.put(
            upload.bucket, upload.key, data, etag=etag, content_type=upload.content_type, metadata=upload.metadata
        )
        self.abort(upload)
        return stored

    def abort(self, upload: Upload) -> None:
        """Forget an upload and its parts."""
        del self._uploads[upload.upload_id]
