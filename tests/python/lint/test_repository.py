# SPDX-License-Identifier: Apache-2.0
"""Rules that every file of the repository keeps."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import aws_fota

ROOT = Path(__file__).resolve().parents[3]

#: Files that cannot carry a licence line: data read byte by byte, and the licence itself.
WITHOUT_LICENCE_LINE = re.compile(r"^(LICENSE|tests/fuzz/corpus/.*|tests/python/data/.*|.*\.(png|svg|json|jsonl|bin))$")
NAMES_THAT_SAY_NOTHING = re.compile(r"(^|/)(utils?|helpers?|common|misc|main)\.(py|c|h|j2)$")


def tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [name for name in listing.decode().split("\0") if name and (ROOT / name).is_file()]


def test_every_file_names_its_licence() -> None:
    silent = []
    for name in tracked():
        if WITHOUT_LICENCE_LINE.match(name) or not (ROOT / name).stat().st_size:
            continue
        head = (ROOT / name).read_text(encoding="utf-8", errors="replace").splitlines()[:12]
        # A template starts with the banner that carries the line into what it renders.
        if not any("SPDX-License-Identifier: Apache-2.0" in line or 'include "banner.j2"' in line for line in head):
            silent.append(name)
    assert not silent


def test_no_file_is_named_for_nothing() -> None:
    assert not [name for name in tracked() if NAMES_THAT_SAY_NOTHING.search(name)]


def test_files_stay_small() -> None:
    limit = 600
    large = {
        name: lines
        for name in tracked()
        if name.endswith((".py", ".c", ".h", ".j2", ".cmake"))
        and "/expected/" not in name
        and (lines := len((ROOT / name).read_text(encoding="utf-8").splitlines())) > limit
    }
    assert not large


def test_the_changelog_knows_this_version() -> None:
    assert f"## {aws_fota.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_begins_with_the_two_commands(command: str) -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    assert any(command in line for line in first_screen)


def test_ci_runs_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text(encoding="utf-8")
