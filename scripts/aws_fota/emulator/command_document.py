# SPDX-License-Identifier: Apache-2.0
"""The job document of ``emulate``: made for an image, or read from a file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from aws_fota.emulator import jobs_documents, storage_objects
from aws_fota.emulator.emulator import REGION
from aws_fota.emulator.storage_objects import StoredObject
from aws_fota.errors import InputError


def image_document(
    stored: StoredObject, *, operation: str, fwversion: str, split_storage: str | None = None
) -> dict[str, Any]:
    """The document for an image: the default description's fields, with the digest.

    Args:
        stored: the image.
        split_storage: scheme, host and port of the storage, for a location in parts; None for a presigned URL.
    """
    location: dict[str, str]
    if split_storage is not None:
        protocol, _, authority = split_storage.partition("//")
        location = {"protocol": protocol, "host": authority, "path": stored.path.removeprefix("/")}
    else:
        url = f"https://s3.{REGION}.amazonaws.com{stored.path}"
        location = {"url": jobs_documents.placeholder(url)}
    return {
        "operation": operation,
        "fwversion": fwversion,
        "size": len(stored.data),
        "sha256": hashlib.sha256(stored.data).hexdigest(),
        "location": location,
    }


def read_document(path: Path) -> dict[str, Any]:
    """A document from a file.

    Raises:
        InputError: it cannot be read, or is not a JSON object.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        document = json.loads(text)
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise _refusal(path, f"is not JSON: {error.msg} in column {error.colno}", error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise _refusal(path, "is not JSON in UTF-8") from error
    if not isinstance(document, dict):
        raise _refusal(path, "is not a JSON object")
    return document


def s3_objects_of(document: Any) -> list[tuple[str, str]]:
    """Bucket and key of each presigned placeholder in a document, in its order.

    Raises:
        InputError: a placeholder does not name an object of S3.
    """
    if isinstance(document, str):
        urls = (match[1] for match in jobs_documents.PLACEHOLDER.finditer(document))
        return [storage_objects.bucket_and_key(url) for url in urls]
    if isinstance(document, dict):
        return [found for member in document.values() for found in s3_objects_of(member)]
    if isinstance(document, list):
        return [found for member in document for found in s3_objects_of(member)]
    return []


def _refusal(path: Path, message: str, line: int | None = None) -> InputError:
    return InputError(
        message, rule="document", path=path, line=line, field="--document", fix="name a file with a JSON object"
    )
