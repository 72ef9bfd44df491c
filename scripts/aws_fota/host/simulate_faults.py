# SPDX-License-Identifier: Apache-2.0
"""The misfortunes of ``simulate --fault``: what the download server does wrong, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aws_fota.emulator.http_faults import HttpFault


@dataclass(frozen=True)
class NamedFault:
    """One misfortune.

    Attributes:
        summary: for ``--help``.
        orders: what the server is told, for an image of some bytes.
    """

    summary: str
    orders: Callable[[bytes], list[HttpFault]]


def _after(image: bytes) -> int:
    """How many ranges go well first, so that the fault strikes inside the image."""
    return min(20, len(image) // 8192)


FAULTS = {
    "changed": NamedFault(
        "the object is replaced midway",
        lambda image: [HttpFault(replace_with=image[:-1] + bytes([image[-1] ^ 1]), skip=_after(image))],
    ),
    "cut": NamedFault(
        "the connection closes at the same byte each time",
        lambda image: [
            HttpFault(cut_after=1000, skip=_after(image)),
            HttpFault(cut_after=0, skip=_after(image), times=None),
        ],
    ),
    "cut-once": NamedFault(
        "the connection closes once, inside a range", lambda image: [HttpFault(cut_after=1000, skip=_after(image))]
    ),
    "expired": NamedFault(
        "every URL has expired midway", lambda image: [HttpFault(status=403, skip=_after(image), times=None)]
    ),
    "expired-once": NamedFault(
        "the URL expires midway, a fresh one is good", lambda image: [HttpFault(status=403, skip=_after(image))]
    ),
    "no-length": NamedFault("200 without Content-Length", lambda image: [HttpFault(no_length=True, times=None)]),
    "no-ranges": NamedFault(
        "200 with the whole object, whatever was asked for", lambda image: [HttpFault(ignore_range=True, times=None)]
    ),
    "not-found": NamedFault("404", lambda image: [HttpFault(status=404, times=None)]),
    "redirect": NamedFault(
        "a redirect to ftp", lambda image: [HttpFault(location="ftp://127.0.0.1/image.bin", times=None)]
    ),
    "unavailable": NamedFault("503, always", lambda image: [HttpFault(status=503, times=None)]),
    "unavailable-once": NamedFault("503, once", lambda image: [HttpFault(status=503, skip=_after(image))]),
    "wrong-range": NamedFault(
        "a Content-Range that is not the one asked for", lambda image: [HttpFault(start=1, times=None)]
    ),
    "wrong-total": NamedFault(
        "a Content-Range with another total", lambda image: [HttpFault(total=len(image) + 1, times=None)]
    ),
}
