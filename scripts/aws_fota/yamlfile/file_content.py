# SPDX-License-Identifier: Apache-2.0
"""The bytes of a YAML file, without PyYAML: importing that takes longer than all else that an unchanged file needs."""

from __future__ import annotations

from pathlib import Path

from aws_fota.errors import InputError

#: Bytes. A description of 200 fields has about 30 000; more than this is a file given by mistake.
SIZE_MAX = 1 << 20


def content(path: Path) -> bytes:
    """The bytes of a description.

    Raises:
        InputError: the file cannot be read, or is larger than SIZE_MAX.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(SIZE_MAX + 1)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", rule="file", path=path, fix="name a file that can be read"
        ) from error
    if len(data) > SIZE_MAX:
        raise InputError(
            f"is larger than {SIZE_MAX} bytes",
            rule="file",
            path=path,
            fix="name the file that is meant",
        )
    return data
