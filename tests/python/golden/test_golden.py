# SPDX-License-Identifier: Apache-2.0
"""The generator's output, byte by byte: it changes only when somebody says so, with ``--update-golden``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from golden_cases import CASES, HERE, Case

from aws_fota.cli import run

ROOT = HERE.parents[2]


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_byte_is_as_expected(
    case: Case, tmp_path: Path, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    if pytestconfig.getoption("--update-golden", default=False):
        assert run(["generate", *case.arguments, "-o", str(case.expected)]) == 0
    assert run(["generate", *case.arguments, "-o", str(tmp_path)]) == 0
    capsys.readouterr()
    code = run(["generate", *case.arguments, "-o", str(case.expected), "--check"])
    difference = "".join(capsys.readouterr())
    how = "if this is what you meant: pytest tests/python/golden --update-golden, and review the diff"
    assert (code, difference) == (0, ""), f"{how}\n{difference}"
    # --check is not its own witness.
    assert content(tmp_path) == content(case.expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
        {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "0"},
        {"PYTHONHASHSEED": "4242", "PYTHONUTF8": "0", "LANG": "tr_TR.UTF-8", "COLUMNS": "20"},
    ],
    ids=["seed-0", "seed-1", "seed-4242"],
)
def test_the_same_bytes_in_every_process(case: Case, environment: dict[str, str], tmp_path: Path) -> None:
    """Without the cache, from a copy of the inputs elsewhere, under another locale, time zone and hash seed."""
    (tmp_path / "cases").mkdir()
    for path in (HERE / "cases").iterdir():
        (tmp_path / "cases" / path.name).write_bytes(path.read_bytes())
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    clean |= {"PYTHONPATH": str(ROOT / "scripts"), "AWS_FOTA_CACHE": str(tmp_path / "cache"), **environment}
    command = [sys.executable, "-m", "aws_fota", "generate", *case.arguments, "-o", "out"]
    subprocess.run(command, cwd=tmp_path, env=clean, check=True, capture_output=True, timeout=120)
    assert content(tmp_path / "out") == content(case.expected)


def test_the_folder_generated_leads_to_the_default_module() -> None:
    """So that `aws-fota generate --check`, which looks there, holds the committed module against the generator."""
    assert (ROOT / "generated").is_symlink()
    assert (ROOT / "generated").resolve() == (HERE / "expected" / "default")


def test_forty_has_forty_fields() -> None:
    from aws_fota.jobdoc.load import load

    assert len(load(HERE / "cases" / "forty.yaml").fields) == 40


def test_no_expected_folder_is_left_over() -> None:
    assert {path.name for path in (HERE / "expected").iterdir()} == {case.name for case in CASES}
