# SPDX-License-Identifier: Apache-2.0
"""An ``aws_fota.yaml`` against its pykwalify schema, with the line of each mistake.

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
from aws_fota.jobdoc.yaml_source import Location, YamlSource, field_name

RULE = "yaml-schema"

_KINDS = {
    "str": ("a text", "write a word, in quotes if it looks like a number, a date or yes/no"),
    "int": ("an integer", "write a decimal integer without quotes"),
    "bool": ("true or false", "write true or false without quotes"),
    "dict": ("a mapping", "write 'key: value' lines below it"),
    "list": ("a list", "write items that begin with '- ' below it"),
}


def violations(source: YamlSource) -> list[InputError]:
    """What breaks the schema, in the order of lines; empty when nothing does."""
    if (known := _known_as_sound(source)) and known.exists():
        return []
    errors = _violations(source)
    if not errors and known:
        cache.keep(known, b"")
    return errors


def _known_as_sound(source: YamlSource) -> Path | None:
    """A file that is there if the same text kept the same schema before: importing pykwalify takes 60 ms."""
    folder = cache.private_folder("descriptions")
    if folder is None:
        return None
    digest = hashlib.sha256(__version__.encode() + Path(__file__).read_bytes())
    for part in (_schema_path().read_bytes(), source.content):
        digest.update(hashlib.sha256(part).digest())
    return folder / digest.hexdigest()


def _violations(source: YamlSource) -> list[InputError]:
    if not source.data:
        # pykwalify takes an empty value for no data at all.
        return list(_empty(source))
    errors = list(_nulls(source))
    missing = {error.field for error in errors}
    seen: set[tuple[str, str]] = set()
    for raw in _raw(source):
        error = _told(source, raw)
        # A value of the wrong type is also outside its enum; once is enough.
        key = (error.field, error.fix if error.rule == "unknown-key" else "")
        if key in seen or error.field in missing:
            continue
        seen.add(key)
        errors.append(error)
    return sorted(errors, key=lambda error: (error.line or 0, error.field))


def nearest(word: str, known: Iterable[str]) -> str:
    """The way out for a word that is not known: the one most like it, else the whole list."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"use one of: {', '.join(words)}"


def _schema() -> dict[str, Any]:
    import yaml

    schema: dict[str, Any] = yaml.safe_load(_schema_path().read_bytes())
    return schema


def _schema_path() -> Path:
    return resources.schemas() / "aws_fota.schema.yaml"


def _empty(source: YamlSource) -> Iterator[InputError]:
    if not isinstance(source.data, dict):
        yield _wrong_kind(source, (), source.data, "dict")
        return
    for key, rule in _schema()["mapping"].items():
        if rule.get("required"):
            yield _missing(source, (), key)


def _nulls(source: YamlSource) -> Iterator[InputError]:
    """Members without a value: pykwalify lets them through where a key is not required."""
    for location in source.lines:
        if location and _value_at(source.data, location) is None:
            yield _error(source, location, "has no value", "write a value, or remove the key")


def _value_at(data: Any, location: Location) -> Any:
    for step in location:
        data = data[step]
    return data


def _raw(source: YamlSource) -> list[Any]:
    """The exceptions that pykwalify collects."""
    logging.getLogger("pykwalify").setLevel(logging.CRITICAL)
    from pykwalify.core import Core

    core = Core(source_data=source.data, schema_data=_schema())
    core.validate(raise_exception=False)
    return list(core.validation_errors_exceptions or [])


def _told(source: YamlSource, raw: Any) -> InputError:
    location = _location(source, str(raw.path))
    msg = str(raw.msg)
    if msg.startswith("Key "):
        return _unknown_key(source, (*location, str(raw.key)))
    if msg.startswith("Cannot find required key"):
        return _missing(source, location, str(raw.key))
    if msg.startswith("Enum "):
        if type(raw.value) is not type(raw.enum_values[0]):
            return _wrong_kind(source, location, raw.value, type(raw.enum_values[0]).__name__)
        allowed = [str(value) for value in raw.enum_values]
        return _error(source, location, f"'{_shown(raw.value)}' is not known here", nearest(str(raw.value), allowed))
    for kind, marker in (("dict", "is not a dict"), ("list", "is not a list")):
        if marker in msg:
            return _wrong_kind(source, location, raw.value, kind)
    if hasattr(raw, "scalar_type"):
        return _wrong_kind(source, location, raw.value, str(raw.scalar_type))
    if hasattr(raw, "max_"):
        return _error(source, location, f"{_amount(raw)} is more than {raw.max_}", f"use at most {raw.max_}")
    if hasattr(raw, "min_"):
        return _error(source, location, f"{_amount(raw)} is less than {raw.min_}", f"use at least {raw.min_}")
    return _error(source, location, str(raw), "write it as schemas/aws_fota.schema.yaml says")


def _amount(raw: Any) -> str:
    return f"{raw.value} items" if raw.prefix == "seq" else str(raw.value)


def _missing(source: YamlSource, location: Location, key: str) -> InputError:
    return _error(source, (*location, key), "is missing", f"add '{key}:' to it")


def _unknown_key(source: YamlSource, location: Location) -> InputError:
    error = _error(source, location, "is not a key that belongs here", nearest(str(location[-1]), _known(location)))
    error.rule = "unknown-key"
    return error


def _known(location: Location) -> Iterable[str]:
    """The keys that the schema knows beside the one at `location`."""
    schema: Any = _schema()
    for step in location[:-1]:
        schema = schema["sequence"][0] if isinstance(step, int) else schema["mapping"][step]
    return list(schema["mapping"])


def _wrong_kind(source: YamlSource, location: Location, value: Any, kind: str) -> InputError:
    expected, fix = _KINDS.get(kind, (kind, "write it as the schema says"))
    return _error(source, location, f"'{_shown(value)}' is not {expected}", fix)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    # pykwalify encodes a text that it finds where a list belongs.
    text = value.decode("unicode_escape") if isinstance(value, bytes) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _location(source: YamlSource, path: str) -> Location:
    """The location of a path as pykwalify writes it, such as ``/fields/0/max``."""
    if not path:
        return ()
    for location in source.lines:
        if "/" + "/".join(str(step) for step in location) == path:
            return location
    raise KeyError(path)


def _error(source: YamlSource, location: Location, message: str, fix: str) -> InputError:
    return InputError(
        message, rule=RULE, path=source.path, line=source.line(location), field=field_name(location), fix=fix
    )
