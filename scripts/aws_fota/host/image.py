# SPDX-License-Identifier: Apache-2.0
"""Images in MCUboot's format: read with bounds on every step, made and verified with imgtool itself.

Format: MCUboot's ``docs/design.md``, "Image format"; the numbers are imgtool's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import random
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgtool import image as imgtool_image
from imgtool import keys as imgtool_keys
from imgtool.version import SemiSemVersion

from aws_fota.errors import InputError

#: magic, load address, header size, protected TLV size, image size, flags, version, padding.
_HEADER = struct.Struct("<IIHHIIBBHII")
_TLV = struct.Struct("<HH")
_SHA256 = imgtool_image.TLV_VALUES["SHA256"]
_SIGNATURES = frozenset(imgtool_image.TLV_VALUES[name] for name in ("RSA2048", "RSA3072", "ECDSASIG", "ED25519"))

#: Bytes of header in images made here, as Zephyr's ``CONFIG_ROM_START_OFFSET`` has it with MCUboot.
MADE_HEADER_SIZE = 0x200


@dataclass(frozen=True, order=True)
class ImageVersion:
    """``major.minor.revision+build``."""

    major: int
    minor: int
    revision: int
    build: int = 0

    def __str__(self) -> str:
        build = f"+{self.build}" if self.build else ""
        return f"{self.major}.{self.minor}.{self.revision}{build}"


@dataclass(frozen=True)
class SignedImage:
    """What header and TLVs of an image say; its hash was computed and is right.

    Attributes:
        length: bytes from the header to the last TLV.
        hash: the SHA-256 TLV, which MCUboot knows an image by.
        signed: whether a signature TLV is there. Only :func:`signature_matches` says whether it is right.
    """

    version: ImageVersion
    length: int
    hash: bytes
    signed: bool


class NotAnImage(InputError):
    """Bytes that the bootloader would refuse."""


def read_image(data: bytes, path: Path | None = None) -> SignedImage:
    """Read the image that `data` begins with; what follows it is ignored.

    Args:
        data: the image, or a whole slot.
        path: the file to name in an error.

    Raises:
        NotAnImage: header, TLVs or hash are not those of an image for MCUboot.
    """
    if len(data) < _HEADER.size:
        raise _refusal("is too short for the header of an image", path)
    magic, _, header_size, protected_size, size, _, major, minor, revision, build, _ = _HEADER.unpack_from(data)
    if magic != imgtool_image.IMAGE_MAGIC:
        raise _refusal("does not begin with MCUboot's magic, so it is no image made by imgtool", path)
    if header_size < _HEADER.size:
        raise _refusal(f"has a header of {header_size} bytes, fewer than {_HEADER.size}", path)
    hashed = header_size + size + protected_size
    if protected_size and _area(data, header_size + size, imgtool_image.TLV_PROT_INFO_MAGIC, path) != protected_size:
        raise _refusal("says two different sizes of its protected TLVs", path)
    total = _area(data, hashed, imgtool_image.TLV_INFO_MAGIC, path)
    tlvs = _tlvs(data, hashed + _TLV.size, hashed + total, path)
    digests = [value for kind, value in tlvs if kind == _SHA256]
    if len(digests) != 1:
        raise _refusal("holds no SHA-256 TLV", path)
    if hashlib.sha256(data[:hashed]).digest() != digests[0]:
        raise _refusal("is damaged: its SHA-256 TLV is not that of its content", path)
    version = ImageVersion(major, minor, revision, build)
    return SignedImage(version, hashed + total, digests[0], any(kind in _SIGNATURES for kind, _ in tlvs))


def signature_matches(data: bytes, key: Any) -> bool:
    """Whether imgtool finds a signature made with `key` on the image that `data` begins with.

    Args:
        data: an image that :func:`read_image` accepts.
        key: a key of ``imgtool.keys``, public or whole.
    """
    with tempfile.NamedTemporaryFile(suffix=".bin") as stream:
        stream.write(data)
        stream.flush()
        verdict = imgtool_image.Image.verify(stream.name, key)[0]
    return bool(verdict == imgtool_image.VerifyResult.OK)


def generate_key() -> Any:
    """A fresh ECDSA P-256 key of imgtool's, for one run."""
    return imgtool_keys.ECDSA256P1.generate()


def make_image(version: ImageVersion, payload_size: int, key: Any | None) -> bytes:
    """An image with `payload_size` bytes of content that depend on the version only, made by imgtool.

    Args:
        version: what its header says.
        payload_size: bytes after the header and before the TLVs.
        key: what signs it; without one the image has a hash and no signature.
    """
    made = imgtool_image.Image(
        version=SemiSemVersion(version.major, version.minor, version.revision, version.build),
        header_size=MADE_HEADER_SIZE,
        pad_header=True,
        align=4,
        slot_size=0,
    )
    with tempfile.TemporaryDirectory(prefix="aws-fota-image-") as folder:
        content = Path(folder) / "content.bin"
        content.write_bytes(random.Random(str(version)).randbytes(payload_size))
        made.load(str(content))
        # imgtool says on stdout that it signs.
        with contextlib.redirect_stdout(io.StringIO()):
            made.create(key, "hash", None)
    return bytes(made.payload)


def _area(data: bytes, offset: int, magic: int, path: Path | None) -> int:
    """The length of the TLV area at `offset`, its own header included."""
    if offset + _TLV.size > len(data):
        raise _refusal("ends before its TLVs", path)
    found, length = _TLV.unpack_from(data, offset)
    if found != magic or length < _TLV.size or offset + length > len(data):
        raise _refusal("has no TLVs where its header says", path)
    return int(length)


def _tlvs(data: bytes, offset: int, end: int, path: Path | None) -> list[tuple[int, bytes]]:
    found = []
    while offset < end:
        if offset + _TLV.size > end:
            raise _refusal("has a TLV that is cut short", path)
        kind, length = _TLV.unpack_from(data, offset)
        offset += _TLV.size
        if offset + length > end:
            raise _refusal("has a TLV that is cut short", path)
        found.append((kind, data[offset : offset + length]))
        offset += length
    return found


def _refusal(message: str, path: Path | None) -> NotAnImage:
    return NotAnImage(
        message, rule="image", path=path, fix="sign it with 'imgtool sign' (Zephyr: build/zephyr/zephyr.signed.bin)"
    )
