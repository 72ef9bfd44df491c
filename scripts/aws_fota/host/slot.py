# SPDX-License-Identifier: Apache-2.0
"""Flash in a file: two image slots and the bootloader's state, with the manners of NOR flash.

The file is slot 0, slot 1, then one page of the bootloader's. Erased bytes are 0xFF; erasing works on whole pages, and
a write goes forward into erased bytes only. What was written survives the process, however it ends.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from types import TracebackType

from aws_fota.errors import InputError
from aws_fota.output import write_atomically

PAGE_SIZE = 4096
ERASED = 0xFF


class FlashError(OSError):
    """The flash refused; `errno` says why: EINVAL outside the slot or off a page, EIO for bytes not erased."""


class Slot:
    """One image slot, a window of the file.

    Args:
        descriptor: the open file.
        start: the first byte of the window in the file.
        size: bytes, a multiple of the page.
    """

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self._descriptor = descriptor
        self._start = start
        self._written = 0
        self.size = size

    def read(self, offset: int = 0, length: int | None = None) -> bytes:
        """`length` bytes from `offset`, by default up to the end.

        Raises:
            FlashError: outside the slot.
        """
        wanted = self.size - offset if length is None else length
        self._check(offset, wanted)
        return os.pread(self._descriptor, wanted, self._start + offset)

    def erase(self, offset: int = 0) -> None:
        """Erase from `offset`, which begins a page, to the end of the slot.

        Raises:
            FlashError: `offset` is outside the slot or inside a page.
        """
        self._check(offset, 0)
        if offset % PAGE_SIZE:
            raise FlashError(errno.EINVAL, f"{offset} does not begin a page of {PAGE_SIZE} bytes")
        blank = bytes([ERASED]) * PAGE_SIZE
        for page in range(offset, self.size, PAGE_SIZE):
            self._put(page, blank)
        self._written = offset

    def write(self, offset: int, data: bytes) -> None:
        """Write `data` at `offset`.

        Raises:
            FlashError: outside the slot, before bytes written since the last erase, or onto bytes that are not erased.
        """
        self._check(offset, len(data))
        if offset < self._written:
            raise FlashError(errno.EIO, f"{offset} lies before {self._written}, written since the last erase")
        if self.read(offset, len(data)).count(ERASED) != len(data):
            raise FlashError(errno.EIO, f"{offset} to {offset + len(data)} is not erased")
        self._put(offset, data)
        self._written = offset + len(data)

    def _put(self, offset: int, data: bytes) -> None:
        if os.pwrite(self._descriptor, data, self._start + offset) != len(data):
            raise FlashError(errno.EIO, "the file took only a part")

    def _check(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise FlashError(errno.EINVAL, f"{offset} to {offset + length} is outside a slot of {self.size} bytes")


class Flash:
    """The whole file; close it, or use it in a ``with``.

    Attributes:
        primary: slot 0, which runs.
        secondary: slot 1, which downloads go into.

    Raises:
        InputError: the file is not one that :meth:`create` made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", rule="flash-file", path=path) from error
        self.slot_size, odd = divmod(size - PAGE_SIZE, 2)
        if odd or self.slot_size <= 0 or self.slot_size % PAGE_SIZE:
            raise InputError(
                f"is no flash file: {size} bytes are not two equal slots of whole pages and one page more",
                rule="flash-file",
                path=path,
                fix="remove it, so that a new one is made",
            )
        self._descriptor = -1
        self._open()

    @classmethod
    def create(cls, path: Path, slot_size: int, primary: bytes = b"") -> Flash:
        """Make an erased file with two slots of `slot_size` bytes, `primary` in slot 0.

        Raises:
            InputError: the size is not one or more whole pages, `primary` does not fit, or the file cannot be written.
        """
        if slot_size <= 0 or slot_size % PAGE_SIZE:
            raise InputError(
                f"{slot_size} bytes are not one or more pages", rule="slot-size", fix=f"use a multiple of {PAGE_SIZE}"
            )
        if len(primary) > slot_size:
            raise InputError(f"{len(primary)} bytes do not fit into a slot of {slot_size}", rule="slot-size")
        write_atomically(path, primary.ljust(2 * slot_size + PAGE_SIZE, bytes([ERASED])))
        return cls(path)

    def swap(self, state: bytes) -> None:
        """Exchange the slots and write the bootloader's `state`, all in one step."""
        content = self.secondary.read() + self.primary.read() + state.ljust(PAGE_SIZE, bytes([ERASED]))
        write_atomically(self.path, content)
        self.close()
        self._open()

    def state(self) -> bytes:
        """The bootloader's page."""
        return os.pread(self._descriptor, PAGE_SIZE, 2 * self.slot_size)

    def write_state(self, state: bytes) -> None:
        """Replace the bootloader's page, in one write.

        Raises:
            FlashError: the file took only a part.
        """
        page = state.ljust(PAGE_SIZE, bytes([ERASED]))
        if os.pwrite(self._descriptor, page, 2 * self.slot_size) != PAGE_SIZE:
            raise FlashError(errno.EIO, "the file took only a part")

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        self.primary = Slot(self._descriptor, 0, self.slot_size)
        self.secondary = Slot(self._descriptor, self.slot_size, self.slot_size)

    def __enter__(self) -> Flash:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
