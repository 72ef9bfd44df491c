# SPDX-License-Identifier: Apache-2.0
"""A YAML file against its pykwalify schema, with the line of each mistake.

The schema says which keys there are and what each value can be by itself. What pykwalify reports is told in this
package's words: place, key, rule and the way out.
"""

from __future__ import annotations

import difflib
import hashlib
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from aws_fota import __version__, cache, resources
from aws_fota.errors import InputError
from aws_fota.yamlfile.source import Location, YamlSource, field_name

RULE = "yaml-schema"

_KINDS = {
    "str": ("a text", "write a word, in quotes if it looks like a number, a date or yes/no"),
    "int": ("an integer", "write a decimal integer without quotes"),
    "bool": ("true or false", "write true or false without quotes"),
    "dict": ("a mapping", "write 'key: value' lines below it"),
    "list": ("a list", "write items that begin with '- ' below it"),
}


def violations(source: YamlSource, schema: str) -> list[InputError]:
    """What breaks a schema, in the order of lines; empty when nothing does.

    Args:
        source: the file.
        schema: name of the schema in the folder of schemas.
    """
    held = _Held(source, schema)
    if (known := held.known_as_sound()) and known.exists():
        return []
    errors = held.violations()
    if not errors and known:
        cache.keep(known, b"")
    return errors


def nearest(word: str, known: Iterable[str]) -> str:
    """The way out for a word that is not known: the one most like it, else the whole list."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"use one of: {', '.join(words)}"


class _Held:
    """A file held against a schema."""

    def __init__(self, source: YamlSource, schema: str) -> None:
        self._source = source
        self._name = schema
        self._path = resources.schemas() / schema
        self._schema: dict[str, Any] = {}

    def known_as_sound(self) -> Path | None:
        """A file that is there if the same text kept the same schema before: importing pykwalify takes 60 ms."""
        folder = cache.private_folder("descriptions")
        if folder is None:
            return None
        digest = hashlib.sha256(__version__.encode() + Path(__file__).read_bytes())
        for part in (self._path.read_bytes(), self._source.content):
            digest.update(hashlib.sha256(part).digest())
        return folder / digest.hexdigest()

    def violations(self) -> list[InputError]:
        import yaml

        self._schema = yaml.safe_load(self._path.read_bytes())
        if not self._source.data:
            # pykwalify takes an empty value for no data at all.
            return list(self._empty())
        errors = list(self._nulls())
        missing = {error.field for error in errors}
        seen: set[tuple[str, str]] = set()
        for raw in _raw(self._source, self._schema):
            error = self._told(raw)
            # A value of the wrong type is also outside its enum; once is enough.
            key = (error.field, error.fix if error.rule == "unknown-key" else "")
            if key in seen or error.field in missing:
                continue
            seen.add(key)
            errors.append(error)
        return sorted(errors, key=lambda error: (error.line or 0, error.field))

    def _empty(self) -> Iterator[InputError]:
        if not isinstance(self._source.data, dict):
            yield self._wrong_kind((), self._source.data, "dict")
            return
        for key, rule in self._schema["mapping"].items():
            if rule.get("required"):
                yield self._missing((), key)

    def _nulls(self) -> Iterator[InputError]:
        """Members without a value: pykwalify lets them through where a key is not required."""
        for location in self._source.lines:
            if location and _value_at(self._source.data, location) is None and not self._may_be_null(location):
                yield self._error(location, "has no value", "write a value, or remove the key")

    def _may_be_null(self, location: Location) -> bool:
        """Whether the schema takes any value for this member or for something that it is a part of."""
        schema: Any = self._schema
        for step in location:
            if schema.get("type") == "any":
                return True
            if isinstance(step, int):
                schema = (schema.get("sequence") or [{}])[0]
            else:
                schema = (schema.get("mapping") or {}).get(step, {})
        return False

    def _told(self, raw: Any) -> InputError:
        location = self._location(str(raw.path))
        msg = str(raw.msg)
        if msg.startswith("Key "):
            return self._unknown_key((*location, str(raw.key)))
        if msg.startswith("Cannot find required key"):
            return self._missing(location, str(raw.key))
        if msg.startswith("Enum "):
            if type(raw.value) is not type(raw.enum_values[0]):
                return self._wrong_kind(location, raw.value, type(raw.enum_values[0]).__name__)
            allowed = [str(value) for value in raw.enum_values]
            return self._error(location, f"'{_shown(raw.value)}' is not known here", nearest(str(raw.value), allowed))
        for kind, marker in (("dict", "is not a dict"), ("list", "is not a list")):
            if marker in msg:
                return self._wrong_kind(location, raw.value, kind)
        if hasattr(raw, "scalar_type"):
            return self._wrong_kind(location, raw.value, str(raw.scalar_type))
        if hasattr(raw, "max_"):
            return self._error(location, f"{_amount(raw)} is more than {raw.max_}", f"use at most {raw.max_}")
        if hasattr(raw, "min_"):
            return self._error(location, f"{_amount(raw)} is less than {raw.min_}", f"use at least {raw.min_}")
        return self._error(location, str(raw), f"write it as schemas/{self._name} says")

    def _missing(self, location: Location, key: str) -> InputError:
        return self._error((*location, key), "is missing", f"add '{key}:' to it")

    def _unknown_key(self, location: Location) -> InputError:
        error = self._error(
            location, "is not a key that belongs here", nearest(str(location[-1]), self._known(location))
        )
        error.rule = "unknown-key"
        return error

    def _known(self, location: Location) -> Iterable[str]:
        """The keys that the schema knows beside the one at `location`."""
        schema: Any = self._schema
        for step in location[:-1]:
            schema = schema["sequence"][0] if isinstance(step, int) else schema["mapping"][step]
        return list(schema["mapping"])

    def _wrong_kind(self, location: Location, value: Any, kind: str) -> InputError:
        expected, fix = _KINDS.get(kind, (kind, "write it as the schema says"))
        return self._error(location, f"'{_shown(value)}' is not {expected}", fix)

    def _location(self, path: str) -> Location:
        """The location of a path as pykwalify writes it, such as ``/fields/0/max``."""
        if not path:
            return ()
        for location in self._source.lines:
            if "/" + "/".join(str(step) for step in location) == path:
                return location
        raise KeyError(path)

    def _error(self, location: Location, message: str, fix: str) -> InputError:
        source = self._source
        return InputError(
            message, rule=RULE, path=source.path, line=source.line(location), field=field_name(location), fix=fix
        )


def _raw(source: YamlSource, schema: dict[str, Any]) -> list[Any]:
    """The exceptions that pykwalify collects."""
    logging.getLogger("pykwalify").setLevel(logging.CRITICAL)
    from pykwalify.core import Core

    core = Core(source_data=source.data, schema_data=schema)
    core.validate(raise_exception=False)
    return list(core.validation_errors_exceptions or [])


def _value_at(data: Any, location: Location) -> Any:
    for step in location:
        data = data[step]
    return data


def _amount(raw: Any) -> str:
    return f"{raw.value} items" if raw.prefix == "seq" else str(raw.value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    # pykwalify encodes a text that it finds where a list belongs.
    text = value.decode("unicode_escape") if isinstance(value, bytes) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
