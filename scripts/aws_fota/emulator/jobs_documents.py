# SPDX-License-Identifier: Apache-2.0
"""Job documents: what may be stored, and how placeholders in them become presigned URLs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from aws_fota.emulator import jobs_limits
from aws_fota.emulator.jobs_model import ControlError

#: Turns the URL of an object into one that can be fetched until `expires_s` seconds from now.
Signer = Callable[[str, int], str]

PLACEHOLDER = re.compile(r"\$\{aws:iot:s3-presigned-url:(https?://[^}\s]+)\}")


def placeholder(url: str) -> str:
    """The text that stands in a job document for the presigned form of `url`."""
    return f"${{aws:iot:s3-presigned-url:{url}}}"


def check(document: Any) -> dict[str, Any]:
    """A copy of `document` that is safe to store.

    Raises:
        ControlError: it is not a JSON object, is longer than 32768 bytes, or is nested too deeply.
    """
    if not isinstance(document, dict):
        raise ControlError("InvalidRequest", "must be a JSON object", field="document")
    try:
        text = encode(document)
    except (TypeError, ValueError, RecursionError) as error:
        raise ControlError("InvalidRequest", f"is not JSON: {error}", field="document") from error
    if len(text) > jobs_limits.DOCUMENT_MAX_BYTES:
        message = f"has {len(text)} bytes, the limit is {jobs_limits.DOCUMENT_MAX_BYTES}"
        raise ControlError("InvalidRequest", message, field="document")
    if _deeper_than(document, jobs_limits.DOCUMENT_MAX_DEPTH):
        message = f"is nested deeper than {jobs_limits.DOCUMENT_MAX_DEPTH} levels"
        raise ControlError("InvalidRequest", message, field="document")
    copy: dict[str, Any] = json.loads(text)
    return copy


def deliver(document: dict[str, Any], signer: Signer, expires_s: int) -> dict[str, Any]:
    """`document` with every placeholder replaced by a URL signed now."""
    delivered = _signed(document, signer, expires_s)
    assert isinstance(delivered, dict)
    return delivered


def encode(value: Any) -> bytes:
    """`value` as the service writes JSON: compact, UTF-8.

    Raises:
        ValueError: it holds NaN, an infinity or a lone surrogate.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _deeper_than(document: Any, levels: int) -> bool:
    """Whether objects and arrays are nested more than `levels` deep; level by level, since this is asked of any."""
    level = [document]
    for _ in range(levels):
        members = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [member for inside in members for member in inside]
    return any(isinstance(one, dict | list) for one in level)


def _signed(value: Any, signer: Signer, expires_s: int) -> Any:
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: signer(match[1], expires_s), value)
    if isinstance(value, dict):
        return {key: _signed(member, signer, expires_s) for key, member in value.items()}
    if isinstance(value, list):
        return [_signed(member, signer, expires_s) for member in value]
    return value
