# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a download, ordered per object."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class HttpFault:
    """One treatment of requests for an object; its members apply together.

    It befalls requests for bytes from `from_offset` on, after the first `skip` of them, `times` times.

    Attributes:
        replace_with: the object's content changes, and with it the ETag, before the request is answered.
        status: answer with this status and S3's error document.
        location: answer with `status`, or 302, and this Location.
        ignore_range: answer 200 with the whole object and its length, whatever range was asked for.
        no_length: answer 200 with the whole object, chunked, without Content-Length.
        no_content_range: leave Content-Range out of a 206.
        total: the total in Content-Range.
        start: the start in Content-Range.
        no_etag: leave ETag out.
        cut_after: close the connection after so many bytes of the body.
        chunk_bytes: send the body in pieces of this size ...
        chunk_delay_s: ... with so many seconds before each.
        from_offset: the first byte that a request must ask for.
        times: how often, None for ever.
        hits: how often it struck so far.
    """

    replace_with: bytes | None = None
    status: int | None = None
    location: str | None = None
    ignore_range: bool = False
    no_length: bool = False
    no_content_range: bool = False
    total: int | None = None
    start: int | None = None
    no_etag: bool = False
    cut_after: int | None = None
    chunk_bytes: int = 65_536
    chunk_delay_s: float = 0.0
    from_offset: int = 0
    times: int | None = 1
    skip: int = 0
    hits: int = 0

    def strikes(self, offset: int) -> bool:
        """Whether a request for bytes from `offset` on is struck; counts it."""
        if self.times == self.hits or offset < self.from_offset:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True
