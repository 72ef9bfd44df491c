# SPDX-License-Identifier: Apache-2.0
"""MCUboot's part, played on the flash file of native_sim between two runs of the process.

Trailer and swap types: MCUboot's ``docs/design.md``, "Image trailer", for an alignment of 8 bytes.
"""

from __future__ import annotations

from pathlib import Path

#: The partitions of native_sim's devicetree.
FLASH_SIZE = 0x200000
SLOT_SIZE = 0x69000
PRIMARY = 0x0C000
SECONDARY = 0x75000

MAGIC = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
#: From the end of the slot.
MAGIC_AT = 16
IMAGE_OK_AT = 24
COPY_DONE_AT = 32
SWAP_INFO_AT = 40
SET = b"\x01"
TEST = b"\x02"
UNSET = b"\xff"


class McubootFlash:
    """The flash file, with a stand-in for the bootloader.

    Args:
        path: the file that ``-flash=`` names.
        primary: the image in the primary slot, without a trailer, as it is flashed in the factory.
    """

    def __init__(self, path: Path, primary: bytes) -> None:
        self.path = path
        content = bytearray(b"\xff" * FLASH_SIZE)
        content[PRIMARY : PRIMARY + len(primary)] = primary
        path.write_bytes(content)

    def slot(self, start: int) -> bytes:
        """The content of the slot at `start`."""
        return self.path.read_bytes()[start : start + SLOT_SIZE]

    def spoil(self, start: int, offset: int) -> None:
        """Set every byte of the slot at `start` from `offset` on to 0."""
        content = bytearray(self.path.read_bytes())
        content[start + offset : start + SLOT_SIZE] = bytes(SLOT_SIZE - offset)
        self.path.write_bytes(content)

    def confirmed(self) -> bool:
        """Whether the running image was confirmed in its trailer."""
        return self._flag(self.slot(PRIMARY), IMAGE_OK_AT) == SET

    def confirm(self) -> None:
        """Confirm the running image, as the application does."""
        primary = bytearray(self.slot(PRIMARY))
        primary[-IMAGE_OK_AT : 1 - IMAGE_OK_AT] = SET
        self._write(primary, bytearray(self.slot(SECONDARY)))

    def pending(self) -> bool:
        """Whether an upgrade is asked for in the secondary slot."""
        return self.slot(SECONDARY)[-MAGIC_AT:] == MAGIC

    def reset(self, *, accept: bool = True) -> str:
        """What the bootloader does at a reset.

        Args:
            accept: whether it finds the signature of the image in the secondary slot right.

        Returns:
            ``none``, ``test``, ``revert`` or ``refused``.
        """
        primary, secondary = bytearray(self.slot(PRIMARY)), bytearray(self.slot(SECONDARY))
        if secondary[-MAGIC_AT:] == MAGIC:
            if not accept:
                self._write(primary, bytearray(UNSET * SLOT_SIZE))
                return "refused"
            self._write(self._with_trailer(secondary, UNSET, TEST), self._without_trailer(primary))
            return "test"
        unconfirmed = primary[-MAGIC_AT:] == MAGIC and self._flag(primary, IMAGE_OK_AT) != SET
        if unconfirmed and self._flag(primary, COPY_DONE_AT) == SET:
            self._write(self._with_trailer(secondary, SET, b"\x04"), self._without_trailer(primary))
            return "revert"
        return "none"

    @staticmethod
    def _flag(slot: bytes, at: int) -> bytes:
        return bytes(slot[-at : len(slot) - at + 1])

    @staticmethod
    def _without_trailer(slot: bytearray) -> bytearray:
        # The bootloader erases the last page on its way.
        slot[-0x1000:] = UNSET * 0x1000
        return slot

    def _with_trailer(self, slot: bytearray, image_ok: bytes, swap_info: bytes) -> bytearray:
        self._without_trailer(slot)
        slot[-MAGIC_AT:] = MAGIC
        for at, value in ((IMAGE_OK_AT, image_ok), (COPY_DONE_AT, SET), (SWAP_INFO_AT, swap_info)):
            slot[-at : len(slot) - at + 1] = value
        return slot

    def _write(self, primary: bytearray, secondary: bytearray) -> None:
        content = bytearray(self.path.read_bytes())
        content[PRIMARY : PRIMARY + SLOT_SIZE] = primary
        content[SECONDARY : SECONDARY + SLOT_SIZE] = secondary
        self.path.write_bytes(content)
