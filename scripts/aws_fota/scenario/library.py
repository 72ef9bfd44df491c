# SPDX-License-Identifier: Apache-2.0
"""The scenarios that come with this package, each in a file named after what it shows."""

from __future__ import annotations

from pathlib import Path

from aws_fota import resources
from aws_fota.errors import InputError
from aws_fota.scenario import load
from aws_fota.scenario.model import Scenario
from aws_fota.yamlfile.schema import nearest


def names() -> list[str]:
    """Their names, sorted."""
    return sorted(path.stem for path in resources.scenarios().glob("*.yaml"))


def find(name: str) -> Scenario:
    """The scenario of a name in the library, or in a file.

    Args:
        name: of the library if it has neither a slash nor the ending of a file, else a path.

    Raises:
        InputError, ErrorList: there is no such scenario, or it has mistakes.
    """
    path = Path(name)
    if path.name != name or path.suffix:
        return load.load(path)
    known = names()
    if name not in known:
        raise InputError(
            f"'{name}' is no scenario of the library",
            rule="scenario",
            field="--scenario",
            fix=f"{nearest(name, known)}; a file is named with its path or ending, as in ./{name}.yaml",
        )
    return load.load(resources.scenarios() / f"{name}.yaml")
