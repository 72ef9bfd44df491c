# SPDX-License-Identifier: Apache-2.0
"""The one family of errors that this package raises for reasons a user can mend.

Whatever is not an :class:`AwsFotaError` is a defect of this package. The command line turns each of them into one
clear message and an exit code; nothing else in the package calls :func:`sys.exit`.
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What a command returns to the shell."""

    OK = 0
    #: A check failed, or files differ.
    FAILED = 1
    #: Wrong usage, configuration or input.
    USAGE = 2
    #: The environment lacks something: a tool or a package.
    ENVIRONMENT = 3


class AwsFotaError(Exception):
    """Something that the user can mend.

    Args:
        message: what is wrong, in one sentence without a full stop.
        rule: the rule that was broken, a short stable id such as ``yaml-schema``.
        path: the file it concerns.
        line: the line in that file, counted from 1.
        field: the key, option or symbol it concerns.
        fix: the way out, in one sentence.
    """

    exit_code = ExitCode.USAGE

    def __init__(
        self,
        message: str,
        *,
        rule: str = "",
        path: Path | str | None = None,
        line: int | None = None,
        field: str = "",
        fix: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.rule = rule
        self.path = None if path is None else str(path)
        self.line = line
        self.field = field
        self.fix = fix

    def __str__(self) -> str:
        place = ""
        if self.path is not None:
            place = self.path if self.line is None else f"{self.path}:{self.line}"
            place += ": "
        field = f"{self.field}: " if self.field else ""
        rule = f" [{self.rule}]" if self.rule else ""
        fix = f"; {self.fix}" if self.fix else ""
        return _one_line(f"{place}{field}{self.message}{fix}{rule}")


def _one_line(text: str) -> str:
    """`text` with escapes for what is not printable: names and values in it come from files."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


class InputError(AwsFotaError):
    """A file, option or description that cannot be used as it is."""


class CheckFailed(AwsFotaError):
    """A check that ran and did not hold."""

    exit_code = ExitCode.FAILED


class EnvironmentLacks(AwsFotaError):
    """A tool or a package is missing on this machine."""

    exit_code = ExitCode.ENVIRONMENT


class ErrorList(AwsFotaError):
    """Several errors found in one run; its exit code is the largest among them."""

    def __init__(self, errors: list[AwsFotaError]) -> None:
        if not errors:
            raise ValueError("an ErrorList needs at least one error")
        super().__init__(errors[0].message)
        self.errors = errors
        self.exit_code = max(error.exit_code for error in errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)
