# SPDX-License-Identifier: Apache-2.0
"""What MCUboot does at a reset with two slots and "test" upgrades: swap, revert, refuse.

Rules: MCUboot's ``docs/design.md``, "High-level operation" and "Image swapping". Its trailers are one small record
here, in the last page of the flash file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aws_fota.host.image import NotAnImage, SignedImage, read_image, signature_matches
from aws_fota.host.slot import Flash

#: magic, whether a test upgrade is pending, whether the image in slot 0 is confirmed.
_STATE = struct.Struct("<4sBB")
_MAGIC = b"BOOT"


class Boot(Enum):
    """What happened at a reset."""

    NORMAL = "booted slot 0"
    SWAPPED = "swapped the slots, on trial"
    REVERTED = "swapped back, the image was not confirmed"
    REFUSED = "refused the image in slot 1"


@dataclass(frozen=True)
class Running:
    """What runs after a reset.

    Attributes:
        what: what the bootloader did.
        image: header and hash of slot 0.
        confirmed: whether it stays after the next reset.
    """

    what: Boot
    image: SignedImage
    confirmed: bool


class Bootloader:
    """The bootloader of one device.

    Args:
        flash: its slots and its state. A file without a state counts as confirmed, with nothing pending.
        key: the key of ``imgtool.keys`` that images must be signed with; None accepts every image with a right hash.
    """

    def __init__(self, flash: Flash, key: Any | None = None) -> None:
        self._flash = flash
        self._key = key

    def reset(self) -> Running:
        """Do what a reset does.

        Raises:
            NotAnImage: slot 0 holds no image, so nothing can run.
        """
        what = Boot.NORMAL
        if self.swap_pending:
            what = self._install()
        elif not self.confirmed:
            self._flash.swap(_state(pending=False, confirmed=True))
            what = Boot.REVERTED
        return Running(what, read_image(self._flash.primary.read()), self.confirmed)

    @property
    def swap_pending(self) -> bool:
        """Whether the next reset will swap."""
        return self._load()[0]

    @property
    def confirmed(self) -> bool:
        """Whether the image in slot 0 stays after the next reset."""
        return self._load()[1]

    def request_upgrade(self) -> None:
        """Ask for a test swap at the next reset, like ``boot_request_upgrade()``."""
        self._flash.write_state(_state(pending=True, confirmed=self.confirmed))

    def confirm(self) -> None:
        """Keep the image in slot 0, like ``boot_write_img_confirmed()``."""
        self._flash.write_state(_state(pending=self.swap_pending, confirmed=True))

    def forget_upgrade(self) -> None:
        """What erasing slot 1 does on a device: its trailer is gone, and with it the request."""
        if self.swap_pending:
            self._flash.write_state(_state(pending=False, confirmed=self.confirmed))

    def bootable(self) -> bool:
        """Whether the image in slot 1 would be accepted."""
        content = self._flash.secondary.read()
        try:
            read_image(content)
        except NotAnImage:
            return False
        return self._key is None or signature_matches(content, self._key)

    def _install(self) -> Boot:
        if self.bootable():
            self._flash.swap(_state(pending=False, confirmed=False))
            return Boot.SWAPPED
        self._flash.secondary.erase()
        self._flash.write_state(_state(pending=False, confirmed=self.confirmed))
        return Boot.REFUSED

    def _load(self) -> tuple[bool, bool]:
        magic, pending, confirmed = _STATE.unpack_from(self._flash.state())
        return (bool(pending), bool(confirmed)) if magic == _MAGIC else (False, True)


def _state(*, pending: bool, confirmed: bool) -> bytes:
    return _STATE.pack(_MAGIC, pending, confirmed)
