# SPDX-License-Identifier: Apache-2.0
"""The nodes of the generated parser: the described members, and the containers on the way to them.

A node's number is its ``enum aws_fota_field``; containers of the job document, which have none, use the numbers
between those of the envelope and of the fields, and then those behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aws_fota.codegen.naming import field_macro
from aws_fota.jobdoc.model import Field, FieldType, PathStep, dotted

#: ``enum aws_fota_field`` of the first field of ``aws_fota.yaml``.
FIRST_FIELD = 16
#: Numbers below it that no field of the envelope has.
FREE_NODES = range(11, FIRST_FIELD)
#: The job document's own number.
JOB_DOCUMENT = 6

_TYPES = {
    FieldType.STRING: "TEXT(SINK_STRING)",
    FieldType.U32: "KIND(KIND_NUMBER) | SINK_U32",
    FieldType.I32: "KIND(KIND_NUMBER) | SINK_I32",
    FieldType.U64: "KIND(KIND_NUMBER) | SINK_U64",
    FieldType.BOOL: "KIND(KIND_BOOL) | SINK_BOOL",
    FieldType.ENUM: "TEXT(SINK_WORD)",
    FieldType.HEX: "TEXT(SINK_HEX)",
    FieldType.URL: "TEXT(SINK_URL)",
    FieldType.SCHEME: "TEXT(SINK_SCHEME)",
    FieldType.HOST: "TEXT(SINK_HOST)",
    FieldType.PATH: "TEXT(SINK_PATH_BEGIN)",
}
#: Where the parts of a URL land in it; a path begins behind the slash that it gets.
_URL_PLACES = {FieldType.SCHEME: ".scheme", FieldType.HOST: ".host", FieldType.PATH: ".path) + 1"}


class Node(NamedTuple):
    """An entry of the node table, in C's words.

    Attributes:
        id: its number.
        name: the enumerator of that number.
        comment: the member it stands for.
        type: KIND() and enum sink.
        parameter: see struct node_entry.
        offset: see struct node_entry.
        anonymous: a container without a field of its own.
        kinds: of the envelope's members, the message kinds in which they are described.
    """

    id: int
    name: str
    comment: str
    type: str
    parameter: str
    offset: str
    anonymous: bool = False
    kinds: str = ""


@dataclass
class Container:
    """An object or array of the job document.

    Attributes:
        path: below the job document, which is empty for itself.
        id: its node.
        is_array: whether its members are elements.
        below: the nodes right below it, by name or index.
    """

    path: tuple[PathStep, ...]
    id: int
    is_array: bool = False
    below: dict[PathStep, int] = field(default_factory=dict)


def _ancestors(fields: Sequence[Field]) -> Iterator[tuple[tuple[PathStep, ...], bool]]:
    """Each container on a field's path below the job document, once, with whether it is an array."""
    met: set[tuple[PathStep, ...]] = set()
    for described in fields:
        for length in range(1, len(described.path)):
            path = described.path[:length]
            if path not in met:
                met.add(path)
                yield path, isinstance(described.path[length], int)


def containers(fields: Sequence[Field]) -> list[Container]:
    """The job document and every container below it on a field's path, each before those inside it."""
    document = Container((), JOB_DOCUMENT)
    made = {document.path: document}
    numbers = iter([*FREE_NODES, *range(FIRST_FIELD + len(fields), 1 << 16)])
    for path, is_array in _ancestors(fields):
        made[path] = Container(path, next(numbers), is_array)
        made[path[:-1]].below[path[-1]] = made[path].id
    for index, described in enumerate(fields, start=FIRST_FIELD):
        made[described.path[:-1]].below[described.path[-1]] = index
    return list(made.values())


def field_name(described: Field) -> str:
    """The enumerator of ``enum aws_fota_field`` for a field."""
    return f"AWS_FOTA_FIELD_{field_macro(described)}"


def field_node(index: int, described: Field, parameter: str) -> Node:
    """The node of a field of the job document."""
    place = f"offsetof(struct aws_fota_message, job.{described.destination})"
    if described.type in _URL_PLACES:
        place = (place[:-1] + _URL_PLACES[described.type] + ")").replace(") + 1)", ") + 1")
    return Node(index, field_name(described), described.dotted, _TYPES[described.type], parameter, place)


def container_node(container: Container, lowest: Field, words: str, entry: int) -> Node:
    """The node of a container that is reported as the field `lowest`."""
    kind = "KIND(KIND_ARRAY)" if container.is_array else "KIND(KIND_OBJECT)"
    return Node(
        container.id,
        f"NODE_{container.id}",
        dotted(container.path),
        kind,
        words,
        f"{field_name(lowest)} | {entry} << 8",
        anonymous=True,
    )
