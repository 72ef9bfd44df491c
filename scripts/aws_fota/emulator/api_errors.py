# SPDX-License-Identifier: Apache-2.0
"""What the HTTP API refuses, in the words of each of its services."""

from __future__ import annotations

from xml.sax.saxutils import escape


class ApiError(Exception):
    """A request that the API refuses.

    Args:
        code: AWS's name of it, with ``Exception`` where AWS has it.
        message: what is wrong, for a person.
        status: of HTTP; 0 for the one that the service's model gives this code.
        members: what the refusal tells besides, by the names of the model or of S3's error document.
        headers: what goes with the answer.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 0,
        *,
        members: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members or {}
        self.headers = headers or {}


def error_document(error: ApiError, resource: str, request_id: str) -> bytes:
    """S3's error document."""
    members = {
        "Code": error.code,
        "Message": error.message,
        **error.members,
        "Resource": resource,
        "RequestId": request_id,
    }
    text = "".join(f"<{name}>{text_of(value)}</{name}>" for name, value in members.items())
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<Error>{text}</Error>".encode()


def text_of(value: str) -> str:
    """`value` as the text of an XML element; what XML 1.0 has no character for stands there as U+FFFD."""
    return escape("".join(one if _is_xml(one) else "\N{REPLACEMENT CHARACTER}" for one in value))


def _is_xml(character: str) -> bool:
    code = ord(character)
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
