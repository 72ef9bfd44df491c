# SPDX-License-Identifier: Apache-2.0
"""The names that enums of the job document get in C, and whether the module has them already.

Looked for in what was rendered: a list of the module's own names would have to follow every template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from aws_fota.errors import AwsFotaError, ErrorList, InputError
from aws_fota.jobdoc.c_names import macro
from aws_fota.jobdoc.model import Description, Field, FieldType

#: An enumerator in a line of its own, a macro, or a tag: what a name can be defined as.
_DEFINITION = re.compile(
    r"^\s*(AWS_FOTA_\w+)(?: = [^,]+)?,$|^#define (AWS_FOTA_\w+)|^(?:enum|struct|union) (aws_fota_\w+) \{$", re.MULTILINE
)


def refuse_taken(
    description: Description, files: Mapping[str, bytes], elsewhere: Callable[[], Iterable[bytes]] = tuple
) -> None:
    """Refuse an enum whose names are defined twice in `files`.

    Args:
        description: what the enums come from.
        files: the module.
        elsewhere: makes further headers that an application includes beside the module's; called where it matters.

    Raises:
        InputError, ErrorList: there are such enums; each error names the field's line and the name.
    """
    enums = [field for field in description.fields if field.type is FieldType.ENUM]
    if not enums:
        return
    seen: set[str] = set()
    twice: set[str] = set()
    for content in (*files.values(), *elsewhere()):
        for match in _DEFINITION.finditer(content.decode("ascii")):
            name = match[1] or match[2] or match[3]
            (twice if name in seen else seen).add(name)
    errors: list[AwsFotaError] = [
        InputError(
            f"'{field.destination}' would define {name}, which the module has already",
            rule="destination-name",
            path=description.file,
            line=field.line or None,
            field=field.dotted,
            fix=f"use another name behind 'to:', such as 'doc_{field.destination}'",
        )
        for field in enums
        for name in _names(field)
        if name in twice
    ]
    if errors:
        raise errors[0] if len(errors) == 1 else ErrorList(errors)


def _names(field: Field) -> Iterator[str]:
    yield f"aws_fota_{field.destination}"
    for value in ("NONE", *(macro(value) for value in field.values)):
        yield f"AWS_FOTA_{field.destination.upper()}_{value}"
