# SPDX-License-Identifier: Apache-2.0
"""S3's XML, written and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TypeAlias
from xml.etree import ElementTree

from aws_fota.emulator.api_errors import ApiError, text_of

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

#: An element's content: text, children by name, or several elements of the same name.
Content: TypeAlias = "str | int | bool | Mapping[str, Content] | Sequence[Content]"


def document(root: str, content: Mapping[str, Content]) -> bytes:
    """A document of S3's namespace."""
    inner = "".join(_element(name, one) for name, one in content.items())
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<{root} xmlns=\"{NAMESPACE}\">{inner}</{root}>".encode()


def moment(seconds: float) -> str:
    """A time as S3 writes it."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def parse(body: bytes, root: str) -> ElementTree.Element:
    """A request's document with its namespaces taken off.

    Raises:
        ApiError: MalformedXML, it is not well-formed, declares a document type, or is another document.
    """
    malformed = ApiError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400
    )
    # No request of S3 has a document type; entities in one could make a small body a huge text.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise malformed
    try:
        parsed = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise malformed from error
    for element in parsed.iter():
        element.tag = element.tag.rpartition("}")[2]
    if parsed.tag != root:
        raise malformed
    return parsed


def _element(name: str, content: Content) -> str:
    if isinstance(content, bool):
        text = "true" if content else "false"
    elif isinstance(content, (str, int)):
        text = text_of(str(content))
    elif isinstance(content, Mapping):
        text = "".join(_element(child, one) for child, one in content.items())
    else:
        return "".join(_element(name, one) for one in content)
    return f"<{name}>{text}</{name}>"
