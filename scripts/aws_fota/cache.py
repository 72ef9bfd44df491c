# SPDX-License-Identifier: Apache-2.0
"""Where this package keeps what it could compute again. Without a folder that can be used, it does compute it again."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """``$AWS_FOTA_CACHE``, else ``west-aws-fota`` below the user's cache folder.

    Raises:
        RuntimeError: the user has no home folder.
    """
    named = os.environ.get("AWS_FOTA_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "west-aws-fota"


def private_folder(name: str) -> Path | None:
    """The folder `name` in the cache, made where it is missing.

    Returns:
        None when it cannot be made, or when somebody else could write to it: some of what is kept is code.
    """
    with contextlib.suppress(OSError, RuntimeError):
        folder = cache_folder() / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        if not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022):
            return folder
    return None


def keep(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step; a cache that cannot be written is no error."""
    with contextlib.suppress(OSError):
        descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
