# SPDX-License-Identifier: Apache-2.0
"""Reader of a Zephyr ``.config``: what Kconfig writes, with the line of each symbol."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from aws_fota.errors import AwsFotaError, ErrorList, InputError

PREFIX = "CONFIG_"

#: Bytes. The ``.config`` of a large application has about 100 000.
SIZE_MAX = 16 << 20

#: How many malformed lines are told before the rest is only counted.
_TOLD_MAX = 5

_NOT_SET = re.compile(r"# CONFIG_([A-Za-z0-9_]+) is not set")
_ASSIGNMENT = re.compile(r"CONFIG_([A-Za-z0-9_]+)=(.*)")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_INTEGER = re.compile(r"-?[0-9]+")
_DIGITS_MAX = 40
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+")

#: Symbols that are known to be off: ``n``, and ``# ... is not set``.
Scalar = bool | int | str


@dataclass(frozen=True)
class Value:
    """One symbol's value: a bool for ``y`` and ``n``, else an int or a str."""

    value: Scalar
    #: Counted from 1.
    line: int


@dataclass(frozen=True)
class DotConfig:
    """A ``.config``, read.

    Attributes:
        path: the file, as it was named by the user.
        values: by symbol, without ``CONFIG_``.
    """

    path: Path
    values: Mapping[str, Value]

    def is_set(self, symbol: str) -> bool:
        """Whether `symbol` is ``y``."""
        value = self.values.get(symbol)
        return value is not None and value.value is True


def read(path: Path) -> DotConfig:
    """Read a ``.config``.

    Raises:
        InputError: the file cannot be read, is binary, or holds no symbol.
        ErrorList: lines are not what Kconfig writes, or a symbol has two values.
    """
    return DotConfig(path, MappingProxyType(_values(path, _text(path))))


def _text(path: Path) -> str:
    fix = "name the .config of a Zephyr build, as in build/zephyr/.config"
    try:
        with path.open("rb") as stream:
            data = stream.read(SIZE_MAX + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", rule="file", path=path, fix=fix) from error
    if len(data) > SIZE_MAX:
        raise InputError(f"is larger than {SIZE_MAX} bytes", rule="config-syntax", path=path, fix=fix)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise InputError("is a binary file", rule="config-syntax", path=path, line=line, fix=fix)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8", rule="config-syntax", path=path, line=line, fix=fix) from error


def _values(path: Path, text: str) -> dict[str, Value]:
    values: dict[str, Value] = {}
    errors: list[AwsFotaError] = []
    # Not splitlines(): a form feed or U+2028 in a string ends no line of a .config.
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.removesuffix("\r")
        if not line.strip() or (line.startswith("#") and not _NOT_SET.fullmatch(line)):
            continue
        try:
            symbol, value = _symbol(line)
        except ValueError as error:
            errors.append(_malformed(path, number, str(error)))
            continue
        first = values.setdefault(symbol, Value(value, number))
        if first.value != value:
            errors.append(
                InputError(
                    f"has another value in line {first.line}",
                    rule="config-syntax",
                    path=path,
                    line=number,
                    field=PREFIX + symbol,
                    fix="keep one of the two lines",
                )
            )
    if len(errors) > _TOLD_MAX:
        raise ErrorList([*errors[:_TOLD_MAX], _malformed(path, None, f"{len(errors)} lines are wrong in all")])
    if errors:
        raise errors[0] if len(errors) == 1 else ErrorList(errors)
    if not values:
        raise InputError(
            "is empty: no CONFIG_ symbol in it",
            rule="config-syntax",
            path=path,
            line=1,
            fix="name the .config of a Zephyr build, as in build/zephyr/.config",
        )
    return values


def _malformed(path: Path, line: int | None, message: str) -> InputError:
    return InputError(
        message,
        rule="config-syntax",
        path=path,
        line=line,
        fix="name a .config as Kconfig writes it: CONFIG_X=..., '# CONFIG_X is not set' and comments",
    )


def _symbol(line: str) -> tuple[str, Scalar]:
    """Symbol and value of a line.

    Raises:
        ValueError: the line is not what Kconfig writes; the text says why.
    """
    off = _NOT_SET.fullmatch(line)
    if off:
        return off[1], False
    assignment = _ASSIGNMENT.fullmatch(line)
    if not assignment:
        shown = line if len(line) <= 40 else line[:37] + "..."
        raise ValueError(f"'{shown}' is no line of a .config")
    symbol, text = assignment.groups()
    if text in ("y", "n"):
        return symbol, text == "y"
    # Python neither reads nor shows an integer of thousands of digits, and Kconfig's have 64 bits.
    if len(text) <= _DIGITS_MAX:
        if _INTEGER.fullmatch(text):
            return symbol, int(text)
        if _HEXADECIMAL.fullmatch(text):
            return symbol, int(text, 16)
    string = _STRING.fullmatch(text)
    if string:
        return symbol, _ESCAPE.sub(r"\1", string[1])
    shown = text if len(text) <= 40 else text[:37] + "..."
    raise ValueError(f"{PREFIX}{symbol} has the value '{shown}', which is neither y, n, a number nor a quoted text")
