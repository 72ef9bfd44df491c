# SPDX-License-Identifier: Apache-2.0
"""The texts that the engine sends, and what of the job document it reads: variables of its other templates."""

from __future__ import annotations

import json
import re
from typing import Any

from aws_fota.codegen import naming
from aws_fota.codegen.model import Model
from aws_fota.jobdoc import c_names
from aws_fota.jobdoc.model import Field

#: doc/engine.md, "Reasons". The place is the number; the first stands for numbers that have no text.
REASONS = (
    "unknown reason",
    "operation is not for this device",
    "job document cannot be read",
    "field is too long",
    "field is out of range",
    "field has a wrong type",
    "field has a wrong value",
    "field occurs twice",
    "field is missing",
    "http is not allowed",
    "image is larger than the slot",
    "version is running already",
    "version is older than the running one",
    "server refused the download",
    "server sent a wrong Content-Range",
    "server sent 200 without a length",
    "object has another size",
    "server ignores ranges",
    "redirect refused",
    "object changed too often",
    "download failed too often",
    "flash could not be written",
    "sha256 differs",
    "not a bootable image",
    "upgrade could not be requested",
    "rolled back or refused by the bootloader",
    "rejected by the application",
    "cancelled by the application",
)

#: What the reasons and the paths of the built-in description share: in C each occurrence is one byte, the place in this
#: tuple counted from 1. They are replaced in this order. Only whole words, of which each takes off 3 bytes at least;
#: the best fragments that a search found would take off 62 bytes more, and nobody could read the texts.
SHARED_WORDS = (
    " could not be ",
    " too often",
    " a wrong ",
    "application",
    "operation",
    "location.",
    "download",
    "running ",
    "refused",
    "object ",
    "server ",
    "sha256",
    "field ",
    " the ",
    " is ",
)

#: The reasons whose detail is the index of a field, FIELD_TOO_LONG to FIELD_MISSING.
ABOUT_A_FIELD = range(3, 9)

#: Bytes in JSON, quotes aside, of the longest path that is told in statusDetails.
FIELD_PATH_MAX = 128

_U32_MAX = 2**32 - 1


def field_path(field: Field) -> str:
    """The path as statusDetails tells it; empty where it is too long, or AWS IoT would refuse it."""
    dotted = field.dotted
    control = any(ord(character) < 0x20 or ord(character) == 0x7F for character in dotted)
    return "" if control or _json_size(dotted) > FIELD_PATH_MAX else dotted


def with_shared_words(text: str) -> str:
    """The text with a byte in place of each shared word."""
    for number, word in enumerate(SHARED_WORDS, start=1):
        text = text.replace(word, chr(number))
    return text


def shared_word_macro(word: str) -> str:
    """What stands in C for a shared word."""
    return f"WORD_{c_names.macro(word.strip(' .'))}"


def c_text(text: str) -> str:
    """The text as literals in C, and a macro in place of each shared word."""
    macros = {chr(number): shared_word_macro(word) for number, word in enumerate(SHARED_WORDS, start=1)}
    pieces = re.split(r"([\x01-\x1f])", with_shared_words(text))
    return " ".join(macros.get(piece) or naming.c_string(piece) for piece in pieces if piece) or '""'


def payload_worst(model: Model) -> int:
    """Bytes of the longest payload that a build can send, without its NUL."""
    reason = max(REASONS, key=len)
    about_a_field = max((REASONS[number] for number in ABOUT_A_FIELD), key=len)
    path = max((field_path(field) for field in model.description.fields), key=_json_size, default="")
    details = [
        {"progress": "100"},
        {"reason": reason, "detail": str(_U32_MAX)},
        {"reason": about_a_field, **({"field": path} if path else {})},
    ]
    sent = []
    for status, told in zip(("IN_PROGRESS", "REJECTED", "REJECTED"), details, strict=True):
        update: dict[str, Any] = {"status": status, "statusDetails": told, "expectedVersion": _U32_MAX}
        update["includeJobExecutionState"] = True
        if status == "IN_PROGRESS" and model.settings.step_timeout_minutes:
            update["stepTimeoutInMinutes"] = model.settings.step_timeout_minutes
        sent.append({**update, "clientToken": "00000000"})
    return max(len(json.dumps(update, separators=(",", ":"), ensure_ascii=False).encode("utf-8")) for update in sent)


def _json_size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8")) - 2


def context(model: Model) -> dict[str, Any]:
    """The template variables of events, effects and publications."""
    by_destination = {field.destination: field for field in model.description.fields}
    paths = [field_path(field) for field in model.description.fields]
    return {
        "describes_sha256": "sha256" in by_destination,
        "describes_version": "version" in by_destination,
        "field_paths": [c_text(path) for path in paths],
        "operation_field": by_destination.get("operation"),
        "payload_worst": payload_worst(model),
        "reason_texts": [c_text(text) for text in REASONS],
        "shared_words": [(shared_word_macro(word), word) for word in SHARED_WORDS],
        "sha256_field": by_destination.get("sha256"),
    }
