# SPDX-License-Identifier: Apache-2.0
"""One entry of ``fields``: from values that fit the schema to a :class:`Field`, or to what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

from aws_fota.jobdoc import c_names, json_path
from aws_fota.jobdoc.model import Field, FieldType
from aws_fota.yamlfile.findings import Findings
from aws_fota.yamlfile.source import Location

#: Bytes. A job document has at most 32 768 (AWS IoT Jobs), so no string in it can be longer.
STRING_MAX = 32768
#: Bytes of UTF-8 of one text of an enum.
ENUM_TEXT_MAX = 64
#: Characters of a destination: with its prefix it stays inside what C99 promises for one identifier.
DESTINATION_MAX = 31

RANGES = {
    FieldType.U32: (0, 2**32 - 1),
    FieldType.I32: (-(2**31), 2**31 - 1),
    FieldType.U64: (0, 2**64 - 1),
}

_COMMON = {"path", "type", "to", "required"}
_ATTRIBUTES: dict[FieldType, set[str]] = {
    FieldType.STRING: {"max", "control_characters"},
    FieldType.U32: {"min", "max"},
    FieldType.I32: {"min", "max"},
    FieldType.U64: {"min", "max"},
    FieldType.ENUM: {"values"},
    FieldType.HEX: {"bytes"},
}
#: Without them the type has no size.
_NEEDED = {FieldType.STRING: "max", FieldType.ENUM: "values", FieldType.HEX: "bytes"}

_DESTINATION = re.compile(r"[a-z][a-z0-9_]*")


def read_field(index: int, findings: Findings) -> Field | None:
    """The field at `index`; None, with findings, when it cannot be one."""
    at: Location = ("fields", index)
    entry: dict[str, Any] = findings.source.data["fields"][index]
    before = len(findings.errors)
    kind = FieldType(entry["type"])
    _check_attributes(at, entry, kind, findings)
    path = _path(at, entry["path"], findings)
    _check_destination((*at, "to"), entry["to"], findings)
    minimum, maximum = _bounds(at, entry, kind, findings)
    values = tuple(entry.get("values", ())) if kind is FieldType.ENUM else ()
    _check_values((*at, "values"), values, findings)
    if len(findings.errors) > before:
        return None
    return Field(
        path=path,
        type=kind,
        destination=entry["to"],
        required=entry.get("required", False),
        max_length=entry["max"] if kind is FieldType.STRING else 0,
        minimum=minimum,
        maximum=maximum,
        size=entry["bytes"] if kind is FieldType.HEX else 0,
        values=values,
        control_characters=entry.get("control_characters", False),
        line=findings.source.line(at),
    )


def _check_attributes(at: Location, entry: dict[str, Any], kind: FieldType, findings: Findings) -> None:
    allowed = _ATTRIBUTES.get(kind, set())
    for key in entry:
        if key not in _COMMON | allowed:
            takes = f"takes {' and '.join(sorted(allowed))} only" if allowed else "takes no such attribute"
            findings.refuse(
                (*at, key),
                f"does not belong to the type {kind.value}",
                rule="field-attribute",
                fix=f"remove it: {kind.value} {takes}",
            )
    needed = _NEEDED.get(kind)
    if needed and needed not in entry:
        findings.refuse(
            (*at, needed),
            f"is missing, and the type {kind.value} has no size without it",
            rule="field-attribute",
            fix=f"add '{needed}:' to the field",
        )


def _path(at: Location, written: Any, findings: Findings) -> tuple[str | int, ...]:
    try:
        return json_path.parse(written)
    except json_path.BadPath as error:
        findings.refuse((*at, "path"), str(error), rule="path-syntax", fix=json_path.HOW)
        return ()


def _check_destination(at: Location, name: str, findings: Findings) -> None:
    how = "use lower-case letters, digits and underscores, beginning with a letter"
    if not _DESTINATION.fullmatch(name):
        findings.refuse(at, f"'{name}' is no name for a member in C", rule="destination-name", fix=how)
    elif len(name) > DESTINATION_MAX:
        message = f"'{name}' has {len(name)} characters, more than {DESTINATION_MAX}"
        findings.refuse(at, message, rule="destination-name", fix="use a shorter name")
    elif name in c_names.TAKEN:
        message = f"'{name}' has a meaning of its own in C or C++"
        findings.refuse(at, message, rule="destination-name", fix=f"use another name, such as '{name}_value'")


def _bounds(at: Location, entry: dict[str, Any], kind: FieldType, findings: Findings) -> tuple[int, int]:
    if kind is FieldType.STRING:
        limit = entry.get("max", 1)
        if not 1 <= limit <= STRING_MAX:
            findings.refuse(
                (*at, "max"),
                f"{limit} is not 1 to {STRING_MAX} bytes",
                rule="field-bounds",
                fix="give the longest text in bytes of UTF-8, without a terminating NUL",
            )
        return 0, 0
    if kind not in RANGES:
        return 0, 0
    low, high = RANGES[kind]
    minimum, maximum = entry.get("min", low), entry.get("max", high)
    inside = True
    for key, value in (("min", minimum), ("max", maximum)):
        if not low <= value <= high:
            message = f"{value} is outside the type {kind.value}"
            findings.refuse((*at, key), message, rule="field-bounds", fix=f"use {low} to {high}")
            inside = False
    if inside and minimum > maximum:
        key = "min" if "min" in entry else "max"
        message = f"min {minimum} is greater than max {maximum}"
        findings.refuse((*at, key), message, rule="field-bounds", fix="make min at most max")
    return minimum, maximum


def _check_values(at: Location, values: tuple[str, ...], findings: Findings) -> None:
    spelled: dict[str, str] = {}
    for index, value in enumerate(values):
        here = (*at, index)
        size = len(value.encode("utf-8"))
        if not 1 <= size <= ENUM_TEXT_MAX:
            message = f"a text of {size} bytes is not 1 to {ENUM_TEXT_MAX}"
            findings.refuse(here, message, rule="enum-values", fix="use a shorter text, and not an empty one")
            continue
        if any(ord(character) < 0x20 or ord(character) == 0x7F for character in value):
            findings.refuse(here, "has a control character", rule="enum-values", fix="remove the character")
            continue
        name = c_names.macro(value)
        if name == "NONE":
            message = f"'{value}' would be spelled NONE in C, which stands for an absent value"
            findings.refuse(here, message, rule="enum-values", fix="use a string field for it")
        elif name in spelled:
            other = spelled[name]
            message = f"'{value}' occurs twice" if other == value else f"'{value}' and '{other}' are both {name} in C"
            findings.refuse(here, message, rule="enum-values", fix="remove one of the two, or use a string field")
        spelled.setdefault(name, value)
