# SPDX-License-Identifier: Apache-2.0
"""What the parts of a description must be to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_fota.jobdoc import c_names
from aws_fota.jobdoc.model import URL_PARTS, URL_TYPES, Field, FieldType, PathStep, dotted
from aws_fota.yamlfile.findings import Findings
from aws_fota.yamlfile.source import Location

#: The job document's own depth in a message: the root's object is 1, ``execution`` 2 (doc/parser.md).
DOCUMENT_DEPTH = 3


@dataclass(frozen=True)
class Reserved:
    """A destination that the engine reads, and what it must be there."""

    types: tuple[FieldType, ...]
    #: How messages name the types.
    kind: str
    #: Whether a description must have it, marked ``required``.
    required: bool


RESERVED = {
    "operation": Reserved((FieldType.STRING,), "a string", True),
    "version": Reserved((FieldType.STRING,), "a string", False),
    "size": Reserved((FieldType.U32,), "a u32", True),
    "sha256": Reserved((FieldType.HEX,), "hex with bytes: 32", False),
    "url": Reserved(URL_TYPES, "url, scheme, host or path", True),
}

#: Bytes of a SHA-256 digest.
_SHA256_SIZE = 32

#: A field with the index that it has in the YAML.
Numbered = tuple[int, Field]


def check_fields(fields: Sequence[Numbered], findings: Findings) -> None:
    """Each field against the others and against the reserved destinations."""
    _check_reserved(fields, findings)
    _check_destinations(fields, findings)
    _check_url(fields, findings)
    _check_paths(fields, findings)
    _check_macros(fields, findings)


def check_complete(fields: Sequence[Numbered], findings: Findings) -> None:
    """That nothing is missing which the engine needs; only sensible when every field could be read."""
    _check_url_parts(fields, findings)
    described = {field.destination for _, field in fields}
    for name, rule in RESERVED.items():
        if rule.required and name not in described:
            findings.refuse(
                ("fields",),
                f"no field lands in '{name}', which the engine needs",
                rule="destination-missing",
                fix=f"add a field that is {rule.kind}, with 'to: {name}' and 'required: true'",
            )


def check_operations(operations: Sequence[str], fields: Sequence[Numbered], findings: Findings) -> None:
    """That each operation is one that a job document can have."""
    field = next((field for _, field in fields if field.destination == "operation"), None)
    for index, operation in enumerate(operations):
        at = ("operations", index)
        size = len(operation.encode("utf-8"))
        if not operation:
            findings.refuse(at, "is empty", rule="operation", fix="write the value of the operation, or remove it")
        elif operation in operations[:index]:
            findings.refuse(at, f"'{operation}' occurs twice", rule="operation", fix="remove one of the two")
        elif any(ord(character) < 0x20 or ord(character) == 0x7F for character in operation):
            findings.refuse(at, "has a control character", rule="operation", fix="remove the character")
        elif field is not None and field.type is FieldType.STRING and size > field.max_length:
            findings.refuse(
                at,
                f"'{operation}' has {size} bytes, and the field {field.dotted} takes {field.max_length}",
                rule="operation",
                fix=f"raise max of {field.dotted} (line {field.line}) to at least {size}",
            )


def check_depth(fields: Sequence[Numbered], json_depth: int, findings: Findings) -> None:
    """That the parser reaches each field: a container for each step, inside the message's own."""
    for index, field in fields:
        needed = DOCUMENT_DEPTH + len(field.path) - 1
        if needed > json_depth:
            findings.refuse(
                ("fields", index, "path"),
                f"{field.dotted} lies at depth {needed} of the message, and CONFIG_AWS_FOTA_JSON_DEPTH is {json_depth}",
                rule="path-depth",
                fix=f"set CONFIG_AWS_FOTA_JSON_DEPTH to at least {needed}",
            )


def _check_reserved(fields: Sequence[Numbered], findings: Findings) -> None:
    for index, field in fields:
        at: Location = ("fields", index)
        rule = RESERVED.get(field.destination)
        if rule is None:
            if field.type in URL_TYPES:
                message = f"the type {field.type.value} can land in 'url' only, the one place for a URL"
                findings.refuse((*at, "to"), message, rule="destination-type", fix="write 'to: url'")
            continue
        digest = field.destination == "sha256" and field.size != _SHA256_SIZE
        if field.type not in rule.types or digest:
            message = f"'{field.destination}' must be {rule.kind}, because the engine reads it"
            findings.refuse((*at, "to"), message, rule="destination-type", fix="change the type, or use another name")
        elif rule.required and not field.required:
            message = f"what lands in '{field.destination}' is needed for every update"
            findings.refuse((*at, "required"), message, rule="destination-required", fix="write 'required: true'")


def _check_destinations(fields: Sequence[Numbered], findings: Findings) -> None:
    first: dict[str, Field] = {}
    for index, field in fields:
        other = first.setdefault(field.destination, field)
        if other is field or (other.type in URL_TYPES and field.type in URL_TYPES):
            continue
        findings.refuse(
            ("fields", index, "to"),
            f"'{field.destination}' is the destination of {other.dotted} (line {other.line}) already",
            rule="destination-shared",
            fix="use another name; only url, scheme, host and path share one",
        )


def _check_url(fields: Sequence[Numbered], findings: Findings) -> None:
    """One of each type at most."""
    first: dict[FieldType, Field] = {}
    for index, field in fields:
        if field.type not in URL_TYPES:
            continue
        if field.type in first:
            message = f"a second {field.type.value}, after line {first[field.type].line}"
            findings.refuse(("fields", index, "type"), message, rule="url-parts", fix="remove one of the two")
        first.setdefault(field.type, field)


def _check_url_parts(fields: Sequence[Numbered], findings: Findings) -> None:
    """Of the three parts all or none: without one of them there is no URL."""
    parts = {field.type: index for index, field in reversed(fields) if field.type in URL_PARTS}
    absent = [part.value for part in URL_PARTS if part not in parts]
    if parts and absent:
        names = " and ".join(absent)
        findings.refuse(
            ("fields", min(parts.values()), "type"),
            f"a URL in parts needs scheme, host and path, and there is no field of type {names}",
            rule="url-parts",
            fix="add what is missing, or describe a url instead",
        )


def _check_paths(fields: Sequence[Numbered], findings: Findings) -> None:
    """No path twice, none through the value of another, no container that is object and array."""
    ends: dict[tuple[PathStep, ...], Field] = {}
    containers: dict[tuple[PathStep, ...], Field] = {}
    for index, field in fields:
        at: Location = ("fields", index, "path")
        if field.path in ends:
            message = f"{field.dotted} is described in line {ends[field.path].line} already"
            findings.refuse(at, message, rule="path-twice", fix="remove one of the two")
            continue
        if field.path in containers:
            inner = containers[field.path]
            message = f"{field.dotted} is a value here, and a container of {inner.dotted} in line {inner.line}"
            findings.refuse(at, message, rule="path-clash", fix="remove one of the two")
            continue
        clash = _clash(field, ends, containers)
        if clash:
            findings.refuse(at, clash, rule="path-clash", fix="remove one of the two")
            continue
        ends[field.path] = field
        for length in range(len(field.path)):
            containers.setdefault(field.path[:length], field)


def _clash(field: Field, ends: dict[tuple[PathStep, ...], Field], containers: dict[tuple[PathStep, ...], Field]) -> str:
    for length in range(1, len(field.path)):
        prefix = field.path[:length]
        if prefix in ends:
            other = ends[prefix]
            return f"{field.dotted} goes through {other.dotted}, which is a {other.type.value} in line {other.line}"
        other = containers.get(prefix, field)
        if isinstance(other.path[length], int) is not isinstance(field.path[length], int):
            kinds = ("an array", "an object") if isinstance(field.path[length], int) else ("an object", "an array")
            return f"{dotted(prefix)} is {kinds[0]} here, and {kinds[1]} in line {other.line}"
    return ""


def _check_macros(fields: Sequence[Numbered], findings: Findings) -> None:
    first: dict[str, Field] = {}
    for index, field in fields:
        name = c_names.path_macro(field.path)
        other = first.setdefault(name, field)
        if other is not field and other.path != field.path:
            findings.refuse(
                ("fields", index, "path"),
                f"{field.dotted} and {other.dotted} (line {other.line}) are both AWS_FOTA_FIELD_{name} in C",
                rule="path-name",
                fix="describe one of the two only, or rename it in the job document",
            )
