# SPDX-License-Identifier: Apache-2.0
"""The members of ``struct aws_fota_job``, as message.h.j2 declares them."""

from __future__ import annotations

from typing import Any, NamedTuple

from aws_fota.codegen.model import Model
from aws_fota.jobdoc.model import URL_TYPES, Field, FieldType


class Member(NamedTuple):
    """One member: a destination with the C type that its fields need."""

    #: The destination, which is the member's name.
    name: str
    #: The declaration without its semicolon.
    declaration: str
    #: For the comment above it: where the value comes from.
    comment: str


#: Widest alignment first, so that the struct has no holes; within one alignment the order of the YAML stays.
_ALIGNMENT = {
    FieldType.U64: 8,
    FieldType.U32: 4,
    FieldType.I32: 4,
    FieldType.URL: 2,
    FieldType.SCHEME: 2,
    FieldType.HOST: 2,
    FieldType.PATH: 2,
    FieldType.BOOL: 1,
    FieldType.ENUM: 1,
    FieldType.STRING: 1,
    FieldType.HEX: 1,
}

_SCALARS = {
    FieldType.U64: "uint64_t",
    FieldType.U32: "uint32_t",
    FieldType.I32: "int32_t",
    FieldType.BOOL: "bool",
    FieldType.ENUM: "uint8_t",
}


def members(fields: tuple[Field, ...]) -> tuple[Member, ...]:
    """One member for each destination; the fields of a URL share theirs."""
    by_destination: dict[str, list[Field]] = {}
    for field in fields:
        by_destination.setdefault(field.destination, []).append(field)
    groups = sorted(by_destination.values(), key=lambda group: -_ALIGNMENT[group[0].type])
    return tuple(_member(group) for group in groups)


def _member(group: list[Field]) -> Member:
    first = group[0]
    paths = ", ".join(field.dotted for field in group)
    return Member(first.destination, _declaration(first), _comment(first, paths))


def _declaration(field: Field) -> str:
    if field.type in URL_TYPES:
        return f"struct aws_fota_url {field.destination}"
    if field.type is FieldType.STRING:
        return f"char {field.destination}[{field.max_length} + 1]"
    if field.type is FieldType.HEX:
        return f"uint8_t {field.destination}[{field.size}]"
    return f"{_SCALARS[field.type]} {field.destination}"


def _comment(field: Field, paths: str) -> str:
    if field.type is FieldType.ENUM:
        return f"enum aws_fota_{field.destination}: {paths}"
    return paths


def context(model: Model) -> dict[str, Any]:
    """The template variable ``members``."""
    return {"members": members(model.description.fields)}
