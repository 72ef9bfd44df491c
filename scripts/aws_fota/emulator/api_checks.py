# SPDX-License-Identifier: Apache-2.0
"""Values held against the shapes of botocore's models, and told as AWS tells them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from botocore.model import Shape

from aws_fota.emulator.api_errors import ApiError

#: Patterns of the models that name Unicode properties, which Python's `re` does not know.
_PREDICATES: dict[str, Callable[[str], bool]] = {
    r"[^\p{C}]+": lambda text: bool(text) and not _has(text, "C"),
    r"[^\p{C}]*": lambda text: not _has(text, "C"),
    r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$": lambda text: all(
        one in "_.:/=+-@" or unicodedata.category(one)[0] in "LZN" for one in text
    ),
}
#: Java's names of ASCII classes.
_CLASSES = ((r"\p{Graph}", "!-~"), (r"\p{Upper}", "A-Z"), (r"\p{Digit}", "0-9"), (r"\p{Cntrl}", r"\x00-\x1f\x7f"))

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


class Checks:
    """Collects what is wrong with one request, as AWS does, and raises it at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def typed(self, shape: Shape, value: Any, name: str) -> Any:
        """A value of a JSON body by the names of the model, without the members that it does not know.

        Raises:
            ApiError: SerializationException, a type is wrong.
        """
        if not _is_of(shape.type_name, value):
            raise ApiError("SerializationException", f"{name} is not of the type {shape.type_name}")
        if shape.type_name == "structure":
            wire = {one: member.serialization.get("name", one) for one, member in shape.members.items()}
            return {
                one: self.typed(shape.members[one], value[wire[one]], f"{name}.{one}")
                for one in shape.members
                if value.get(wire[one]) is not None
            }
        if shape.type_name == "list":
            return [self.typed(shape.member, one, f"{name}.{at}.member") for at, one in enumerate(value, 1)]
        if shape.type_name == "map":
            return {key: self.typed(shape.value, one, f"{name}.{key}") for key, one in value.items()}
        return value

    def check(self, shape: Shape, members: dict[str, Any]) -> None:
        """Hold a whole input against its shape.

        Raises:
            ApiError: InvalidRequestException, with all that is wrong.
        """
        self._structure(shape, members, "")
        if self._found:
            count = len(self._found)
            noun = "error" if count == 1 else "errors"
            raise ApiError("InvalidRequestException", f"{count} validation {noun} detected: {'; '.join(self._found)}")

    def _structure(self, shape: Shape, members: dict[str, Any], prefix: str) -> None:
        for name in shape.required_members:
            if name not in members:
                self._fail(None, f"{prefix}{name}", "Member must not be null")
        for name, value in members.items():
            self._value(shape.members[name], value, f"{prefix}{name}")

    def _value(self, shape: Shape, value: Any, name: str) -> None:
        if shape.type_name == "structure":
            self._structure(shape, value, f"{name}.")
        elif shape.type_name == "list":
            self._length(shape, value, name)
            for at, one in enumerate(value, 1):
                self._value(shape.member, one, f"{name}.{at}.member")
        elif shape.type_name == "map":
            self._length(shape, value, name)
            for key, one in value.items():
                self._value(shape.key, key, f"{name}.{key}.key")
                self._value(shape.value, one, f"{name}.{key}.value")
        elif shape.type_name == "string":
            self._string(shape, value, name)
        elif shape.type_name in ("integer", "long", "float", "double"):
            self._number(shape, value, name)

    def _string(self, shape: Shape, value: str, name: str) -> None:
        if shape.enum and value not in shape.enum:
            self._fail(value, name, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
            return
        self._length(shape, value, name)
        pattern = shape.metadata.get("pattern")
        if pattern is not None and not _matches(pattern, value):
            self._fail(value, name, f"Member must satisfy regular expression pattern: {pattern}")
        elif any(unicodedata.category(one) == "Cs" for one in value):
            self._fail(value, name, "Member must be valid Unicode")

    def _length(self, shape: Shape, value: Any, name: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and len(value) < low:
            self._fail(value, name, f"Member must have length greater than or equal to {low}")
        if high is not None and len(value) > high:
            self._fail(value, name, f"Member must have length less than or equal to {high}")

    def _number(self, shape: Shape, value: float, name: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and value < low:
            self._fail(value, name, f"Member must have value greater than or equal to {low}")
        if high is not None and value > high:
            self._fail(value, name, f"Member must have value less than or equal to {high}")

    def _fail(self, value: Any, name: str, constraint: str) -> None:
        shown = "null" if value is None else f"'{_shortened(value)}'"
        self._found.append(f"Value {shown} at '{name}' failed to satisfy constraint: {constraint}")


def _is_of(type_name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return type_name == "boolean"
    return isinstance(value, _PYTHON_TYPES.get(type_name, (str,)))


def _matches(pattern: str, text: str) -> bool:
    predicate = _PREDICATES.get(pattern)
    if predicate is not None:
        return predicate(text)
    for java, python in _CLASSES:
        pattern = pattern.replace(java, python)
    return re.fullmatch(pattern, text) is not None


def _has(text: str, category: str) -> bool:
    return any(unicodedata.category(one)[0] == category for one in text)


def _shortened(value: Any) -> str:
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 200 else f"{text[:200]}..."
