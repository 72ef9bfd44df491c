# SPDX-License-Identifier: Apache-2.0
"""Where the data files are: templates, schemas and scenarios, from a checkout and from an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

from aws_fota.errors import EnvironmentLacks

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    # The package's own first: two levels above an installed one lies whatever the user keeps there.
    for candidate in (_PACKAGE / "data" / name, _PACKAGE.parents[1] / name):
        if candidate.is_dir():
            return candidate
    raise EnvironmentLacks(
        f"the folder '{name}' of this package is missing",
        rule="installation",
        fix="install west-aws-fota again, or check the repository out whole",
    )


def templates() -> Path:
    """The folder with the Jinja templates of the C module."""
    return _folder("templates")


def schemas() -> Path:
    """The folder with the pykwalify schemas."""
    return _folder("schemas")


def scenarios() -> Path:
    """The folder with the scenarios of the library."""
    return _folder("scenarios")


def checkout() -> Path | None:
    """The root of the checkout that the package lies in; None for an installed wheel."""
    root = _PACKAGE.parents[1]
    return root if (root / "scripts/requirements.txt").is_file() else None


def default_description() -> Path:
    """The ``aws_fota.yaml`` that is used when an application brings none."""
    return schemas() / "default" / "aws_fota.yaml"
