# SPDX-License-Identifier: Apache-2.0
"""A YAML file as plain values, each with its line; what PyYAML would let through silently is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aws_fota.errors import AwsFotaError, ErrorList, InputError
from aws_fota.yamlfile.file_content import content

#: Where a value stands: the keys and indices that lead to it.
Location = tuple[str | int, ...]

#: No schema needs more than 6 levels; deeper nesting is refused before any recursion follows it.
NESTING_MAX = 16

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9A-Fa-f]+")
_TAG = "tag:yaml.org,2002:"
_TRUE = frozenset({"yes", "true", "on"})


@dataclass(frozen=True)
class YamlSource:
    """A YAML file, read.

    Attributes:
        path: the file, as it was named by the user.
        content: its bytes.
        data: dictionaries, lists, str, int, bool, None and :class:`Unquoted`.
        lines: the line of each value by its location, counted from 1; of a member it is the line of its key.
    """

    path: Path
    content: bytes
    data: Any
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """The line of the value at `location`, or of the nearest one around it that exists."""
        while location not in self.lines:
            location = location[:-1]
        return self.lines[location]


def field_name(location: Location) -> str:
    """How messages name a location, for example ``fields[3].max``."""
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def read(path: Path) -> YamlSource:
    """Read a YAML file.

    Raises:
        InputError: the file cannot be read, is too large, not UTF-8, empty, or not YAML.
        ErrorList: keys occur twice, or values are of a kind that has no place in a description.
    """
    return parse(path, content(path))


def parse(path: Path, data: bytes) -> YamlSource:
    """What :func:`read` does, with the file's bytes already there."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8", rule="yaml-syntax", path=path, line=line, fix="save it as UTF-8") from error
    reading = _Reading(path, _LOADER(text))
    try:
        value = reading.document()
    except (yaml.YAMLError, ValueError) as error:
        raise _syntax_error(path, text, error) from error
    finally:
        reading.loader.dispose()
    if reading.errors:
        raise reading.errors[0] if len(reading.errors) == 1 else ErrorList(reading.errors)
    return YamlSource(path, data, value, reading.lines)


def _syntax_error(path: Path, text: str, error: Exception) -> InputError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark is not None else None
    position = getattr(error, "position", None)
    if line is None and isinstance(position, int):
        line = text.count("\n", 0, position) + 1
    if line is not None:
        # The end of the text is one line after the last one that an editor shows.
        line = min(line, max(1, len(text.splitlines())))
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return InputError(
        f"is not YAML: {' '.join(str(problem).split())}",
        rule="yaml-syntax",
        path=path,
        line=line,
        fix="mend the line, or what stands just before it",
    )


class _Reading:
    """One walk over the events of a YAML text, collecting lines and mistakes.

    Events and not composed nodes: libyaml's composer follows any nesting down the stack of C, and an alias has a line.
    """

    def __init__(self, path: Path, loader: Any) -> None:
        self.path = path
        self.loader = loader
        self.lines: dict[Location, int] = {}
        self.errors: list[AwsFotaError] = []

    def document(self) -> Any:
        """The value of the one document of the text."""
        self.loader.get_event()
        if self.loader.check_event(yaml.StreamEndEvent):
            raise InputError(
                "is empty",
                rule="yaml-syntax",
                path=self.path,
                line=1,
                fix="begin with 'version: 1'",
            )
        self.loader.get_event()
        value = self._value(self.loader.get_event(), (), None)
        self.loader.get_event()
        if not self.loader.check_event(yaml.StreamEndEvent):
            line = self.loader.get_event().start_mark.line + 1
            raise InputError(
                "has a second document", rule="yaml-syntax", path=self.path, line=line, fix="remove it and its '---'"
            )
        return value

    def _value(self, event: Any, location: Location, line: int | None) -> Any:
        line = event.start_mark.line + 1 if line is None else line
        self.lines[location] = line
        if len(location) > NESTING_MAX:
            raise InputError(
                f"is nested deeper than {NESTING_MAX}",
                rule="yaml-value",
                path=self.path,
                line=line,
                field=field_name(location[:NESTING_MAX]),
                fix="remove the nesting",
            )
        if isinstance(event, yaml.AliasEvent):
            self._refuse(location, line, "uses an alias", "write the value out")
            return None
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(location)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(item := self.loader.get_event(), yaml.SequenceEndEvent):
                items.append(self._value(item, (*location, len(items)), None))
            return items
        return self._scalar(event, location, line)

    def _mapping(self, location: Location) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := self.loader.get_event(), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent) or self._tag(event) == "merge":
                self._refuse(location, line, "has a key that is not a plain text", "write the key as a plain word")
                if not isinstance(event, yaml.ScalarEvent):
                    self._value(event, (*location, "?"), line)
                self._value(self.loader.get_event(), (*location, "?"), line)
                continue
            key = str(event.value)
            at = (*location, key)
            if key in result:
                message = f"occurs twice, first in line {self.lines[at]}"
                self._refuse(at, line, message, "remove one of the two", "yaml-duplicate")
                at = (*location, key, "again")
            value = self._value(self.loader.get_event(), at, line)
            result.setdefault(key, value)
        return result

    def _tag(self, event: Any) -> str:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        return str(tag).removeprefix(_TAG)

    def _scalar(self, event: Any, location: Location, line: int) -> Any:
        kind, text = self._tag(event), str(event.value)
        if kind == "str":
            if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
                self._refuse(location, line, "holds a lone surrogate", "write the character itself")
                return None
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in _TRUE
        if kind == "int" and _INTEGER.fullmatch(text) and len(text) <= 40:
            return int(text, 0)
        if kind == "int":
            self._refuse(location, line, f"'{text[:40]}' is an integer in a form not taken here", "write it in decimal")
            return None
        if kind in ("float", "timestamp", "value"):
            return Unquoted(text)
        self._refuse(location, line, f"has the tag '{kind}'", "remove the tag")
        return None

    def _refuse(self, location: Location, line: int, message: str, fix: str, rule: str = "yaml-value") -> None:
        self.errors.append(
            InputError(message, rule=rule, path=self.path, line=line, field=field_name(location), fix=fix)
        )


@dataclass(frozen=True)
class Unquoted:
    """A plain scalar that YAML takes for a number with a fraction or for a date, so for none of the types used here."""

    text: str

    def __str__(self) -> str:
        return self.text
