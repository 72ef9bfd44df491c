# SPDX-License-Identifier: Apache-2.0
"""Descriptions that cannot work, as ``aws-fota generate`` refuses them: with file, line, key, rule and way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from aws_fota import resources
from aws_fota.cli import run

BASE = resources.default_description().read_text(encoding="utf-8")
SHALLOW = "CONFIG_AWS_FOTA_CODEGEN=y\nCONFIG_AWS_FOTA_JSON_DEPTH=4\n"


@pytest.mark.parametrize(
    ("old", "new", "config", "line", "told"),
    [
        # Two fields with one destination.
        (
            "to: version",
            "to: operation",
            "",
            "to: operation",
            "fields[1].to: 'operation' is the destination of operation",
        ),
        # A path through a string, and one that is an object besides.
        ("path: fwversion", "path: operation.x", "", "path: operation.x", "fields[1].path: operation.x goes through"),
        ("path: size", "path: location", "", "path: location.protocol", "fields[4].path: location.protocol goes"),
        (
            "path: fwversion",
            "path: location[0]",
            "",
            "path: location.protocol",
            "fields[4].path: location is an object",
        ),
        ("path: fwversion", "path: operation", "", "path: operation", "fields[1].path: operation is described in line"),
        # Two names that are one in C.
        ("path: fwversion", "path: location-host", "", "path: location.host", "fields[5].path: location.host and"),
        # Beyond the options, and beyond what a job document or a type can hold.
        ("path: fwversion", "path: a.b.c.d", SHALLOW, "path: a.b.c.d", "CONFIG_AWS_FOTA_JSON_DEPTH is 4"),
        ("max: 32", "max: 32769", "", "max: 32769", "fields[0].max: 32769 is not 1 to 32768 bytes"),
        ("min: 1", "max: 4294967296", "", "max: 4294967296", "outside the type u32"),
        ("min: 1", "min: 5\n    max: 4", "", "min: 5", "fields[2].min: min 5 is greater than max 4"),
    ],
)
def test_a_description_that_cannot_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    config: str,
    line: str,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert old in BASE
    text = BASE.replace(old, new, 1)
    Path("mine.yaml").write_text(text, encoding="utf-8")
    arguments = ["generate", "-o", "out", "--description", "mine.yaml"]
    if config:
        Path("mine.config").write_text(config, encoding="utf-8")
        arguments += ["--config", "mine.config"]
    assert run(arguments) == 2
    said = capsys.readouterr().err.splitlines()
    # The last of two lines that say the same is the one at fault.
    number = max(at for at, content in enumerate(text.splitlines(), 1) if content.strip(" -") == line)
    assert said[0].startswith(f"aws-fota: error: mine.yaml:{number}: "), said
    assert told in said[0]
    assert "; " in said[0] and said[0].endswith("]")
    assert not Path("out").exists()
