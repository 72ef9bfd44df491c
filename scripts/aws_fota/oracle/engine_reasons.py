# SPDX-License-Identifier: Apache-2.0
"""Why a job did not succeed: numbers, which are frozen because records hold them, and texts, which a console shows."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """``enum aws_fota_reason``."""

    NONE = 0
    FOREIGN = 1
    UNREADABLE = 2
    FIELD_TOO_LONG = 3
    FIELD_OUT_OF_RANGE = 4
    FIELD_WRONG_TYPE = 5
    FIELD_WRONG_VALUE = 6
    FIELD_DUPLICATE = 7
    FIELD_MISSING = 8
    CLEARTEXT = 9
    TOO_LARGE = 10
    SAME_VERSION = 11
    DOWNGRADE = 12
    HTTP_STATUS = 13
    CONTENT_RANGE = 14
    NO_LENGTH = 15
    SIZE = 16
    NO_RANGES = 17
    REDIRECT = 18
    OBJECT_CHANGED = 19
    CONNECTION = 20
    FLASH = 21
    DIGEST = 22
    IMAGE = 23
    UPGRADE = 24
    ROLLED_BACK = 25
    APPLICATION = 26
    CANCELLED = 27
    #: Told to the application, never reported.
    CONFIRM = 28
    #: The job ended in the cloud, and its upgrade is being undone; as all greater ones never reported.
    ENDED = 127


#: Those whose detail is the index of a field.
ABOUT_A_FIELD = range(Reason.FIELD_TOO_LONG, Reason.FIELD_MISSING + 1)

_TEXTS = {
    Reason.FOREIGN: "operation is not for this device",
    Reason.UNREADABLE: "job document cannot be read",
    Reason.FIELD_TOO_LONG: "field is too long",
    Reason.FIELD_OUT_OF_RANGE: "field is out of range",
    Reason.FIELD_WRONG_TYPE: "field has a wrong type",
    Reason.FIELD_WRONG_VALUE: "field has a wrong value",
    Reason.FIELD_DUPLICATE: "field occurs twice",
    Reason.FIELD_MISSING: "field is missing",
    Reason.CLEARTEXT: "http is not allowed",
    Reason.TOO_LARGE: "image is larger than the slot",
    Reason.SAME_VERSION: "version is running already",
    Reason.DOWNGRADE: "version is older than the running one",
    Reason.HTTP_STATUS: "server refused the download",
    Reason.CONTENT_RANGE: "server sent a wrong Content-Range",
    Reason.NO_LENGTH: "server sent 200 without a length",
    Reason.SIZE: "object has another size",
    Reason.NO_RANGES: "server ignores ranges",
    Reason.REDIRECT: "redirect refused",
    Reason.OBJECT_CHANGED: "object changed too often",
    Reason.CONNECTION: "download failed too often",
    Reason.FLASH: "flash could not be written",
    Reason.DIGEST: "sha256 differs",
    Reason.IMAGE: "not a bootable image",
    Reason.UPGRADE: "upgrade could not be requested",
    Reason.ROLLED_BACK: "rolled back or refused by the bootloader",
    Reason.APPLICATION: "rejected by the application",
    Reason.CANCELLED: "cancelled by the application",
}


def text(reason: int) -> str:
    """What the console shows; a record of a later image can hold a reason that has no text here."""
    return _TEXTS.get(Reason(reason), "unknown reason") if reason in list(Reason) else "unknown reason"
