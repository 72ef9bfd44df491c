# SPDX-License-Identifier: Apache-2.0
"""The two images of a simulation: the one that runs, and the one that is offered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_fota.errors import InputError
from aws_fota.host.image import ImageVersion, SignedImage, generate_key, make_image, read_image
from aws_fota.host.slot import PAGE_SIZE

#: What runs before the update where nothing speaks against it, and what is offered without ``--image``.
RUNNING = ImageVersion(1, 0, 0)
OFFERED = ImageVersion(1, 1, 0)

#: Bytes of content of the images made here; header and TLVs come on top.
OFFERED_SIZE = 256 * 1024
RUNNING_SIZE = 192 * 1024

_SMALLEST_SLOT = 512 * 1024


@dataclass(frozen=True)
class Images:
    """What a simulation begins with.

    Attributes:
        running: the image in slot 0.
        running_version: its version.
        offered: the new image.
        offered_image: what its header and TLVs say.
        key: what the bootloader checks signatures with; None when only hashes can be checked.
        slot_size: bytes of each slot.
    """

    running: bytes
    running_version: ImageVersion
    offered: bytes
    offered_image: SignedImage
    key: Any | None
    slot_size: int


def made_images(size: int | None = None) -> Images:
    """Two images made on the spot, signed with a key that is made for them.

    Args:
        size: bytes of content of the new one, None for OFFERED_SIZE.
    """
    key = generate_key()
    offered = make_image(OFFERED, size or OFFERED_SIZE, key)
    running = make_image(RUNNING, RUNNING_SIZE, key)
    return Images(running, RUNNING, offered, read_image(offered), key, _slot_size(offered))


def images_around(path: Path) -> Images:
    """The image at `path`, and an older one made on the spot to run before it.

    The bootloader of this simulation does not have the key of a given image: it checks the hash.

    Raises:
        InputError: the file cannot be read, is not an image made by imgtool, is damaged or not signed, or has a
            version that nothing is older than.
    """
    try:
        offered = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", rule="image", path=path) from error
    image = read_image(offered, path)
    if not image.signed:
        raise InputError(
            "is not signed: it has a hash, and no signature",
            rule="image-signature",
            path=path,
            fix="give 'imgtool sign' a key with --key",
        )
    running = next((version for version in (RUNNING, ImageVersion(0, 0, 0)) if version < image.version), None)
    if running is None:
        raise InputError(
            f"has the version {image.version}, and nothing is older",
            rule="image-version",
            path=path,
            fix="give 'imgtool sign' a version of at least 0.0.1 with --version",
        )
    return Images(make_image(running, RUNNING_SIZE, generate_key()), running, offered, image, None, _slot_size(offered))


def _slot_size(image: bytes) -> int:
    """Bytes of a slot that the image fits in, whole pages."""
    return max(_SMALLEST_SLOT, -(-len(image) // PAGE_SIZE) * PAGE_SIZE)
