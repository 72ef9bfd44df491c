# SPDX-License-Identifier: Apache-2.0
"""A job document that fits an ``aws_fota.yaml``: what a deployment would write for an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aws_fota.jobdoc.model import Description, Field, FieldType, PathStep


@dataclass(frozen=True)
class Offer:
    """What a job offers.

    Attributes:
        version: as it stands in the document.
        size: bytes of the image.
        sha256: its digest.
        url: where it is, for a document that holds the parts of a URL.
        signed_url: the same, or the placeholder of a presigned one, for a document that holds a whole URL.
    """

    version: str
    size: int
    sha256: bytes
    url: str
    signed_url: str


def job_document(description: Description, offer: Offer) -> dict[str, Any]:
    """A document with every field of `description` that an update needs; what else it requires gets a plain value."""
    whole_url = any(field.type is FieldType.URL for field in description.fields)
    parts = (FieldType.SCHEME, FieldType.HOST, FieldType.PATH)
    document: dict[str, Any] = {}
    for field in description.fields:
        if whole_url and field.type in parts:
            continue
        value = _value(field, description, offer)
        if value is not None:
            _put(document, field.path, value)
    return document


def _value(field: Field, description: Description, offer: Offer) -> Any:
    """What to write for one field; None to leave it out."""
    url = urlsplit(offer.url)
    reserved: Mapping[str, Any] = {
        "operation": description.operations[0] if description.operations else "update",
        "version": offer.version,
        "size": offer.size,
        "sha256": offer.sha256.hex(),
    }
    of_url = {
        FieldType.URL: offer.signed_url,
        FieldType.SCHEME: url.scheme,
        FieldType.HOST: url.netloc,
        FieldType.PATH: url.path,
    }
    if field.type in of_url:
        return of_url[field.type]
    if field.destination in reserved:
        return reserved[field.destination]
    if not field.required:
        return None
    plain: Mapping[FieldType, Any] = {
        FieldType.STRING: "",
        FieldType.BOOL: False,
        FieldType.ENUM: field.values[0] if field.values else "",
        FieldType.HEX: "00" * field.size,
    }
    return plain.get(field.type, max(field.minimum, min(field.maximum, 0)))


def _put(document: dict[str, Any], path: tuple[PathStep, ...], value: Any) -> None:
    """Set `value` at `path`, making the objects and arrays on the way; elements passed over are null."""
    place: Any = document
    for step, following in zip(path, (*path[1:], None), strict=True):
        if isinstance(step, int):
            place.extend([None] * (step + 1 - len(place)))
            there = place[step]
        else:
            there = place.get(step)
        if following is None:
            place[step] = value
        elif there is None:
            place[step] = [] if isinstance(following, int) else {}
        place = place[step]
