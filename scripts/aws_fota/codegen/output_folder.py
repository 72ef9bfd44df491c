# SPDX-License-Identifier: Apache-2.0
"""A generated module and the folder that it belongs in: what differs, what may be written, what is left over."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from aws_fota.codegen.result import MARK, GenerationResult
from aws_fota.errors import AwsFotaError, ErrorList, InputError
from aws_fota.output import make_folder, write_all

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Bytes at the beginning of a file in which the mark is looked for: the banner is shorter.
_BANNER_MAX = 1024

#: Below the output folder, the folders in which every generated file lies.
_ROOTS = ("include", "src")


class State(Enum):
    """How a file on disk compares with what is generated."""

    UNCHANGED = "unchanged"
    DIFFERS = "differs"
    MISSING = "missing"
    #: Generated once, and not part of the module any more.
    STALE = "stale"


class Comparison(NamedTuple):
    """One file of the module, or one that is left over.

    Attributes:
        path: relative to the output folder, with ``/``.
        state: how the two compare.
        old: what is on disk, None where nothing is.
        new: what is generated, None for a stale file.
    """

    path: str
    state: State
    old: bytes | None
    new: bytes | None


def compare(result: GenerationResult, folder: Path) -> tuple[Comparison, ...]:
    """Every file of `result` and every stale one in `folder`, sorted by path.

    Raises:
        InputError, ErrorList: a file or folder in the way cannot be read, or is none.
    """
    _refuse_no_folder(folder)
    comparisons = [_comparison(path, content, folder) for path, content in result.files.items()]
    stale = [path for path in _marked(folder) if path not in result.files]
    comparisons += [Comparison(path, State.STALE, _read(folder / path), None) for path in stale]
    return tuple(sorted(comparisons, key=lambda comparison: comparison.path))


def refuse_foreign(comparisons: tuple[Comparison, ...], folder: Path) -> None:
    """Refuse to overwrite what carries no mark.

    Raises:
        InputError, ErrorList: such files are in the way.
    """
    errors: list[AwsFotaError] = [
        InputError(
            "is not a generated file, and is not overwritten",
            rule="output-mark",
            path=folder / comparison.path,
            fix="move it away, or choose another folder with -o",
        )
        for comparison in comparisons
        if comparison.state is State.DIFFERS and comparison.old is not None and not _is_ours(comparison.old)
    ]
    if errors:
        raise errors[0] if len(errors) == 1 else ErrorList(errors)


def apply(comparisons: tuple[Comparison, ...], folder: Path) -> None:
    """Write what differs or is missing, and remove what is stale, with folders that become empty by it.

    Raises:
        InputError, ErrorList: a file without the mark is in the way, before anything is changed; or a file cannot be
            written or removed.
    """
    refuse_foreign(comparisons, folder)
    write_all(
        {
            folder / comparison.path: comparison.new
            for comparison in comparisons
            if comparison.state in (State.DIFFERS, State.MISSING) and comparison.new is not None
        },
        # The next run compares, and finds a file that a power failure damaged.
        durable=False,
    )
    for comparison in comparisons:
        if comparison.state is State.STALE:
            _remove(folder, comparison.path)


@contextlib.contextmanager
def alone(folder: Path, writing: bool) -> Iterator[None]:
    """Hold other runs off `folder`: one that writes waits for all, one that only looks waits for those that write.

    What a killed run left beside its targets carries the mark, and so does what a run that is still writing has there:
    only alone in the folder the one can be told from the other. Where locks do not exist nothing is held off.

    Args:
        folder: the output folder; made where it is missing if `writing`, and removed again if it stays empty.
        writing: whether :func:`apply` follows.

    Raises:
        InputError: the folder cannot be made, or is none.
    """
    _refuse_no_folder(folder)
    made = []
    try:
        if writing:
            made = make_folder(folder)
        with _locked(folder, writing):
            yield
    finally:
        for path in reversed(made):
            # It stays when something is in it, which is how it should be.
            with contextlib.suppress(OSError):
                path.rmdir()


@contextlib.contextmanager
def _locked(folder: Path, writing: bool) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    while True:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError:
            # Not there for one who looks; or not to be read, which comparing tells.
            yield
            return
        try:
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX if writing else fcntl.LOCK_SH)
            if _is_still(folder, descriptor):
                yield
                return
        finally:
            os.close(descriptor)
        if writing:
            make_folder(folder)


def _is_still(folder: Path, descriptor: int) -> bool:
    """Whether `folder` is what was opened: a run that failed may have removed it while this one waited."""
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _refuse_no_folder(folder: Path) -> None:
    """Refuse `folder` when it, or what it lies in, is there and is no folder: a file, or a link that leads nowhere."""
    for path in (folder, *folder.parents):
        if os.path.lexists(path):
            if not path.is_dir():
                raise InputError("is not a folder", rule="output", path=path, fix="name a folder with -o")
            return


def _comparison(path: str, content: bytes, folder: Path) -> Comparison:
    old = _read(folder / path)
    if old is None:
        return Comparison(path, State.MISSING, None, content)
    return Comparison(path, State.UNCHANGED if old == content else State.DIFFERS, old, content)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}",
            rule="output",
            path=path,
            fix="let it be read, or choose another folder with -o",
        ) from error
    except OSError as error:
        raise InputError(
            f"is in the way: {error.strerror or error}",
            rule="output",
            path=path,
            fix="move it away, or choose another folder with -o",
        ) from error


def _marked(folder: Path) -> list[str]:
    """The generated files in `folder`, by their mark. Links are not followed: what they lead to is not ours."""
    found = []
    for root in _ROOTS:
        for parent, folders, names in os.walk(folder / root):
            folders.sort()
            for name in sorted(names):
                path = Path(parent) / name
                if not path.is_symlink() and path.is_file() and _begins_with_mark(path):
                    found.append(path.relative_to(folder).as_posix())
    return found


def _begins_with_mark(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return _is_marked(stream.read(_BANNER_MAX))
    except OSError:
        # What cannot be read is left alone; if it is one of the module's own files, comparing tells.
        return False


def _is_marked(content: bytes) -> bool:
    return MARK.encode() in content[:_BANNER_MAX]


def _is_ours(content: bytes) -> bool:
    """Whether a file in the place of a generated one may be overwritten: it carries the mark, or holds nothing at all.

    :func:`apply` does not wait for the disk; a power failure right after can leave files empty, or full of NULs.
    """
    return _is_marked(content) or not content.strip(b"\0")


def _remove(folder: Path, path: str) -> None:
    try:
        (folder / path).unlink(missing_ok=True)
        parent = (folder / path).parent
        while parent != folder and not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent
    except OSError as error:
        raise InputError(
            f"cannot be removed: {error.strerror or error}", rule="output", path=folder / path, fix="remove it"
        ) from error
