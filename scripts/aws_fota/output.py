# SPDX-License-Identifier: Apache-2.0
"""Writing files so that a reader never sees half of one, nor a failed run a part of them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from io import FileIO
from pathlib import Path

from aws_fota.errors import InputError


def write_all(files: Mapping[Path, bytes], *, durable: bool = True) -> None:
    """Write several files: all are written beside their targets first, and only then put in place.

    The mode of a file that is replaced is kept; a new one gets what the umask allows. Missing folders are made, and
    removed again when the files cannot be written. What is no file, such as ``/dev/null`` or a pipe, is written into
    and never replaced.

    Args:
        files: content by path.
        durable: whether a file must survive a power failure right after; waiting for the disk takes milliseconds a
            file, and what can be made again, and is compared before it is used, need not wait.

    Raises:
        InputError: a file or its folder cannot be written. While files are prepared nothing has changed; what fails
            when they are put in place leaves each file either old or new.
    """
    prepared: dict[Path, Path] = {}
    folders: list[Path] = []
    done = False
    try:
        for path, content in files.items():
            with _telling(path):
                folders.extend(_made(path.parent))
                if not _is_special(path):
                    prepared[path] = _prepare(path, content, durable)
        for path in [path for path in files if path not in prepared]:
            with _telling(path), path.open("wb", buffering=0) as stream:
                _write_through(stream, files[path])
        for path in list(prepared):
            with _telling(path):
                prepared[path].replace(path)
            del prepared[path]
        done = True
    finally:
        for temporary in prepared.values():
            with contextlib.suppress(OSError):
                temporary.unlink()
        if not done:
            for folder in reversed(folders):
                with contextlib.suppress(OSError):
                    folder.rmdir()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` with `content` in one step, making its parent folders; as :func:`write_all` does.

    Raises:
        InputError: the file or its folder cannot be written; whatever was there before is untouched.
    """
    write_all({path: content})


def write_if_changed(path: Path, content: bytes) -> bool:
    """Like :func:`write_atomically`, but leave a file alone that already holds `content`.

    Returns:
        Whether the file was written.
    """
    try:
        if path.read_bytes() == content:
            return False
    except OSError:
        pass
    write_atomically(path, content)
    return True


@contextlib.contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Turn an OSError into the one message for a file that cannot be written."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}",
            rule="output",
            path=path,
            fix="choose a folder that can be written to",
        ) from error


def make_folder(folder: Path) -> list[Path]:
    """Make `folder` with its parents.

    Returns:
        Those that were not there, outermost first.

    Raises:
        InputError: it cannot be made.
    """
    with _telling(folder):
        return _made(folder)


def _made(folder: Path) -> list[Path]:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    made = missing[::-1]
    for path in made:
        path.mkdir(exist_ok=True)
    return made


def _is_special(path: Path) -> bool:
    """Whether something is there that is neither a file nor a folder: a device, a pipe, a socket."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _write_through(stream: FileIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[stream.write(rest) :]


def _prepare(path: Path, content: bytes, durable: bool) -> Path:
    """A temporary file beside `path` that holds `content`, with the mode that `path` is to have."""
    if path.is_dir():
        raise IsADirectoryError(None, "is a folder", str(path))
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        temporary.chmod(mode)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return temporary


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
