# SPDX-License-Identifier: Apache-2.0
"""Collecting what is wrong with a file, so that one run tells all of it."""

from __future__ import annotations

from aws_fota.errors import AwsFotaError, ErrorList, InputError
from aws_fota.yamlfile.source import Location, YamlSource, field_name


class Findings:
    """The mistakes found in one YAML file.

    Args:
        source: the file; lines and names of the mistakes come from it.
    """

    def __init__(self, source: YamlSource) -> None:
        self.source = source
        self.errors: list[AwsFotaError] = []

    def refuse(self, location: Location, message: str, *, rule: str, fix: str) -> None:
        """Note that the value at `location` breaks `rule`."""
        self.errors.append(
            InputError(
                message,
                rule=rule,
                path=self.source.path,
                line=self.source.line(location),
                field=field_name(location),
                fix=fix,
            )
        )

    def raise_any(self) -> None:
        """Raise what was noted, in the order of lines.

        Raises:
            InputError: one mistake was noted.
            ErrorList: several were.
        """
        errors = sorted(self.errors, key=lambda error: (error.line or 0, error.field))
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ErrorList(errors)
