# SPDX-License-Identifier: Apache-2.0
"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from aws_fota.errors import InputError


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` with `content` in one step, making its parent folders.

    The mode of a file that is replaced is kept; a new one gets what the umask allows.

    Raises:
        InputError: the file or its folder cannot be written; whatever was there before is untouched.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask()
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise InputError(
            f"cannot be written: {error.strerror or error}",
            rule="output",
            path=path,
            fix="choose a folder that can be written to",
        ) from error
    except BaseException:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
