# SPDX-License-Identifier: Apache-2.0
"""Writing files whole, and all of them or none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from aws_fota.errors import InputError
from aws_fota.output import write_all, write_atomically, write_if_changed


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_folders_are_made(tmp_path: Path) -> None:
    write_all({tmp_path / "a/b/c.h": b"1", tmp_path / "a/d.h": b"2"})
    assert everything(tmp_path) == {"a/b/c.h": b"1", "a/d.h": b"2"}


def test_modes(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"")
    old.chmod(0o640)
    mask = os.umask(0o027)
    try:
        write_all({old: b"1", tmp_path / "new": b"2"})
    finally:
        os.umask(mask)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_file_that_is_read_meanwhile_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with path.open("rb") as reader:
        write_atomically(path, b"new and longer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new and longer"


def test_one_target_that_cannot_be_written_leaves_all_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "first").write_bytes(b"old")
    (tmp_path / "in the way").mkdir()
    before = everything(tmp_path)
    with pytest.raises(InputError) as caught:
        write_all({tmp_path / "first": b"new", tmp_path / "made/second": b"new", tmp_path / "in the way": b"new"})
    assert caught.value.path == str(tmp_path / "in the way")
    assert "is a folder" in str(caught.value)
    assert everything(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "in the way"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"file/x/y: cannot be written: Not a directory"):
        write_atomically(tmp_path / "file/x/y", b"")
    assert everything(tmp_path) == {"file": b""}


def test_an_interruption_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all({tmp_path / "made" / "x": b"1"})
    assert list(tmp_path.iterdir()) == []


def test_what_can_be_made_again_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fsync", waited.append)
    write_all({tmp_path / "x": b"1", tmp_path / "y": b"2"}, durable=False)
    assert waited == []
    write_all({tmp_path / "x": b"3"})
    assert len(waited) == 1
    assert everything(tmp_path) == {"x": b"3", "y": b"2"}


def test_an_unchanged_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert write_if_changed(path, b"1")
    os.utime(path, (1, 1))
    inode = path.stat().st_ino
    assert not write_if_changed(path, b"1")
    assert (path.stat().st_mtime, path.stat().st_ino) == (1, inode)
    assert write_if_changed(path, b"2")
    assert path.read_bytes() == b"2"


def test_a_pipe_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_all({pipe: b"content", tmp_path / "file": b"1"})
        assert os.read(reader, 100) == b"content"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "pipe"]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no device that is always full")
def test_a_device_that_is_full_changes_nothing(tmp_path: Path) -> None:
    device = tmp_path / "device"
    device.symlink_to("/dev/full")
    with pytest.raises(InputError, match="No space left on device"):
        write_all({tmp_path / "a/file": b"1", device: b"content"})
    assert [path.name for path in tmp_path.iterdir()] == ["device"]
    assert device.is_symlink()
