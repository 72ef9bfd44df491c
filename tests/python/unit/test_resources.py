# SPDX-License-Identifier: Apache-2.0
"""Where templates and schemas are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from aws_fota import resources
from aws_fota.errors import EnvironmentLacks


def test_a_checkout_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).resolve().parents[3]
    assert resources.templates() == root / "templates"
    assert resources.default_description() == root / "schemas/default/aws_fota.yaml"


def test_what_lies_beside_an_installation_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `pip install --target vendor` in a project that has a folder `templates` too."""
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "vendor/aws_fota")
    for name in ("templates", "vendor/aws_fota/data/templates", "vendor/aws_fota/data/schemas"):
        (tmp_path / name).mkdir(parents=True)
    assert resources.templates() == tmp_path / "vendor/aws_fota/data/templates"
    assert resources.schemas() == tmp_path / "vendor/aws_fota/data/schemas"


def test_an_installation_that_is_not_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "vendor/aws_fota")
    with pytest.raises(EnvironmentLacks, match="the folder 'templates' of this package is missing"):
        resources.templates()
