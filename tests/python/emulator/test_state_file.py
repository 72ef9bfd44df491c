# SPDX-License-Identifier: Apache-2.0
"""The state file: a file that is not ours, or not whole, is one clear error and stays as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from aws_fota.emulator import state_file
from aws_fota.emulator.state_file import StateFile
from aws_fota.errors import EnvironmentLacks, ExitCode, InputError


def filled(path: Path, rows: int = 400) -> Path:
    file = StateFile(path)
    for number in range(rows):
        file.execute("INSERT INTO retained VALUES (?, 1, ?)", (f"topic/{number}", b"payload " * 20))
    file.commit()
    file.close()
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        StateFile(path)
    error = caught.value
    assert (error.path, error.field, error.exit_code) == (str(path), "--state", ExitCode.USAGE)
    assert "\n" not in str(error) and error.fix
    return error.message


def test_what_is_committed_is_there_and_what_is_not_is_gone(tmp_path: Path) -> None:
    path = filled(tmp_path / "state", 3)
    file = StateFile(path)
    file.execute("DELETE FROM retained")
    assert file.rows("SELECT count(*) FROM retained") == [(0,)]
    file.close()
    again = StateFile(path)
    assert again.rows("SELECT count(*) FROM retained") == [(3,)]
    again.close()


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.touch()
    filled(path)


@pytest.mark.parametrize("content", [b"x" * 5000, b"{}", b"SQLite format 3\0" + b"\xff" * 200])
def test_a_file_that_is_no_database_is_refused_and_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    assert refused(path) in ("is not a state file of the emulator", "is damaged: database disk image is malformed")
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE birds (name)")
    other.close()
    content = path.read_bytes()
    assert refused(path) == "is a database of another program"
    assert path.read_bytes() == content


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = filled(tmp_path / "state")
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {state_file.VERSION + 1}")
    other.close()
    assert "has format 2, this version of west-aws-fota reads format 1" in refused(path)


def test_a_file_that_is_cut_off_or_overwritten_is_refused(tmp_path: Path) -> None:
    whole = filled(tmp_path / "state").read_bytes()
    for number, damaged in enumerate(
        (whole[: len(whole) // 2], whole[:5000] + b"\xaa" * 9000 + whole[14000:], whole[:100])
    ):
        path = tmp_path / f"damaged-{number}"
        path.write_bytes(damaged)
        message = refused(path)
        assert message.startswith("is damaged: ") or message == "is not a state file of the emulator"


def test_one_emulator_at_a_time_has_it(tmp_path: Path) -> None:
    path = filled(tmp_path / "state")
    holder = StateFile(path)
    assert refused(path) == "is in use by another emulator"
    holder.close()
    StateFile(path).close()


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    assert "cannot be opened" in refused(tmp_path)
    assert "cannot be opened" in refused(tmp_path / "none" / "state")


def test_a_full_disk_is_told_and_what_was_committed_stays(tmp_path: Path) -> None:
    path = filled(tmp_path / "state", 3)
    file = StateFile(path)
    pages = file.rows("PRAGMA page_count")[0][0]
    file.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(EnvironmentLacks, match="database or disk is full") as caught:
        for number in range(100):
            file.execute("INSERT INTO retained VALUES (?, 1, ?)", (f"more/{number}", b"x" * 1000))
    assert caught.value.exit_code is ExitCode.ENVIRONMENT
    file.close()
    again = StateFile(path)
    assert again.rows("SELECT count(*) FROM retained") == [(3,)]
    again.close()
