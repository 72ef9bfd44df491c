# SPDX-License-Identifier: Apache-2.0
"""S3's side of a download: GET and HEAD with one range, ETag, presigned URLs that are really checked, and faults."""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from xml.sax.saxutils import escape

from aiohttp import web

from aws_fota.emulator import http_range, listening, storage_presigned
from aws_fota.emulator.clock import Clock
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.http_log import LOGGER
from aws_fota.emulator.listening import listen, stop_listening
from aws_fota.emulator.storage_objects import ObjectStore, StoredObject
from aws_fota.emulator.storage_signature import Credentials, SignatureRefused

#: Requests that are kept in the log; the oldest are dropped.
KEPT = 100_000
#: The note of a request whose Host header lacks this server's port.
NO_PORT = "Host came without the port"

_SCHEMES_OWN_PORTS = (80, 443)
_PORT = re.compile(r":[0-9]+$")

_MESSAGES = {
    400: ("InvalidRequest", "The request is not valid."),
    403: ("AccessDenied", "Access Denied"),
    404: ("NoSuchKey", "The specified key does not exist."),
    405: ("MethodNotAllowed", "The specified method is not allowed against this resource."),
    412: ("PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
    416: ("InvalidRange", "The requested range is not satisfiable"),
    500: ("InternalError", "We encountered an internal error. Please try again."),
    503: ("SlowDown", "Please reduce your request rate."),
}


@dataclass(frozen=True)
class HttpRecord:
    """One request and its answer; never with the query of a URL.

    Attributes:
        number: counted from 1 in the order in which the requests ended.
        began_at: seconds of the injected monotonic clock, as is `ended_at`.
        range: the Range header, empty without one.
        sent: bytes of the body that were sent.
        complete: whether the whole body of the answer was sent.
        note: S3's error code, or what a fault did, or :data:`NO_PORT`.
    """

    number: int
    began_at: float
    ended_at: float
    method: str
    path: str
    range: str
    status: int
    sent: int
    complete: bool
    note: str = ""


@dataclass
class _Answer:
    """An answer while it is sent."""

    status: int = 0
    sent: int = 0
    complete: bool = False
    note: str = ""


class HttpServer:
    """The server; must be used from one event loop only.

    Args:
        store: the objects.
        keyring: the access keys that presigned URLs may be signed with; an attribute too.
        clock: tells when a URL has expired.
    """

    def __init__(self, store: ObjectStore, keyring: Sequence[Credentials], clock: Clock) -> None:
        self.records: deque[HttpRecord] = deque(maxlen=KEPT)
        self.listeners: list[Callable[[HttpRecord], None]] = []
        self._store = store
        self.keyring = keyring
        self._clock = clock
        self._count = itertools.count(1)
        self._servers: list[asyncio.Server] = []
        self._web: web.Server | None = None

    async def listen(self, host: str, port: int, *, option: str, tls: ssl.SSLContext | None = None) -> int:
        """Accept connections on one more port; 0 takes a free one. See :meth:`Gateway.listen`."""
        if self._web is None:
            # The access log of aiohttp would hold the queries of presigned URLs.
            self._web = web.Server(self.handle, access_log=None, logger=LOGGER, keepalive_timeout=listening.IDLE_S)
        handler = self._web
        loop = asyncio.get_running_loop()
        server, bound = await listen(lambda free: loop.create_server(handler, host, free, ssl=tls), host, port, option)
        self._servers.append(server)
        return bound

    async def close(self) -> None:
        """Stop listening and close all connections."""
        await stop_listening(self._servers)
        if self._web is not None:
            await self._web.shutdown(timeout=1.0)
            self._web = None

    async def handle(self, request: web.BaseRequest, granted: StoredObject | None = None) -> web.StreamResponse:
        """Answer a request and log it.

        Args:
            granted: an object that it asks for and may read, as a caller has checked already.
        """
        began_at = self._clock.monotonic()
        path, _, query = request.raw_path.partition("?")
        answer = _Answer()
        try:
            if granted is not None:
                return await self._read(request, granted, answer)
            return await self._answered(request, path, query, answer)
        except ConnectionError:
            answer.note = answer.note or "the client went away"
            # Raised, it would be logged as an error of the server's; an answer to somebody who is gone ends quietly.
            return web.StreamResponse()
        finally:
            record = HttpRecord(
                next(self._count),
                began_at,
                self._clock.monotonic(),
                request.method,
                path,
                request.headers.get("Range", ""),
                answer.status,
                answer.sent,
                answer.complete,
                answer.note,
            )
            self.records.append(record)
            for listener in list(self.listeners):
                listener(record)

    async def _answered(self, request: web.BaseRequest, path: str, query: str, answer: _Answer) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            return await self._refuse(request, answer, 405)
        if not path.startswith("/"):
            return await self._refuse(request, answer, 400)
        stored = self._store.at(path)
        presigned = storage_presigned.is_presigned(query)
        if presigned:
            try:
                headers = self._headers_for_signature(request, answer)
                storage_presigned.check(self.keyring, request.method, path, query, headers, self._clock.wall())
            except SignatureRefused as refused:
                status = 400 if refused.code == "AuthorizationQueryParametersError" else 403
                return await self._refuse(request, answer, status, refused.code, refused.message)
        if stored is None:
            return await self._refuse(request, answer, 404)
        if not presigned and not stored.public:
            return await self._refuse(request, answer, 403)
        return await self._read(request, stored, answer)

    @staticmethod
    def _headers_for_signature(request: web.BaseRequest, answer: _Answer) -> dict[str, str]:
        """The headers, with the port added to a Host that came without it, which is noted.

        The nRF Connect SDK's download client leaves it out. S3 is on the scheme's own port, where that is right; that
        this server is on another one is no fault of the client's.
        """
        headers = {name.lower(): request.headers[name] for name in request.headers}
        host = headers.get("host", "")
        local = request.transport.get_extra_info("sockname") if request.transport is not None else None
        if local is None or local[1] in _SCHEMES_OWN_PORTS or _PORT.search(host):
            return headers
        answer.note = NO_PORT
        return {**headers, "host": f"{host}:{local[1]}"}

    async def _read(self, request: web.BaseRequest, stored: StoredObject, answer: _Answer) -> web.StreamResponse:
        offset = http_range.first_byte(request.headers.get("Range"))
        fault = next((it for it in stored.faults if it.strikes(offset)), None) or HttpFault()
        if fault.replace_with is not None:
            stored = self._store.put(stored.bucket, stored.key, fault.replace_with, public=stored.public)
        if fault.location is not None:
            status = fault.status or 302
            return await self._refuse(request, answer, status, "Redirect", "Moved.", {"Location": fault.location})
        if fault.status is not None:
            return await self._refuse(request, answer, fault.status)
        return await self._serve(request, stored, fault, answer)

    async def _serve(
        self, request: web.BaseRequest, stored: StoredObject, fault: HttpFault, answer: _Answer
    ) -> web.StreamResponse:
        size, etag = len(stored.data), stored.etag
        wanted = request.headers.get("If-Match")
        if wanted is not None and not _listed(etag, wanted):
            return await self._refuse(request, answer, 412)
        unwanted = request.headers.get("If-None-Match")
        if unwanted is not None and _listed(etag, unwanted):
            return await self._send(request, web.StreamResponse(status=304, headers={"ETag": etag}), b"", answer)
        part: tuple[int, int] | None = None
        if not fault.ignore_range and not fault.no_length:
            try:
                part = http_range.requested(request.headers.get("Range"), size)
            except http_range.NotSatisfiable:
                return await self._refuse(request, answer, 416, headers={"Content-Range": f"bytes */{size}"})
        start, end = part or (0, size)
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Type": stored.content_type,
            "Last-Modified": formatdate(stored.modified_at, usegmt=True),
            **{f"x-amz-meta-{name}": value for name, value in stored.metadata.items()},
        }
        if not fault.no_etag:
            headers["ETag"] = etag
        if not fault.no_length:
            headers["Content-Length"] = str(end - start)
        if part is not None and not fault.no_content_range:
            shift = 0 if fault.start is None else fault.start - start
            total = size if fault.total is None else fault.total
            headers["Content-Range"] = f"bytes {start + shift}-{end - 1 + shift}/{total}"
        response = web.StreamResponse(status=200 if part is None else 206, headers=headers)
        return await self._send(request, response, stored.data[start:end], answer, fault)

    async def _refuse(
        self,
        request: web.BaseRequest,
        answer: _Answer,
        status: int,
        code: str = "",
        message: str = "",
        headers: dict[str, str] | None = None,
    ) -> web.StreamResponse:
        if not code:
            code, message = _MESSAGES.get(status, ("InternalError", "An error ordered by a test."))
        answer.note = code
        text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        body = f"<?xml version='1.0' encoding='UTF-8'?>\n{text}".encode()
        sent = {"Content-Type": "application/xml", "Content-Length": str(len(body)), **(headers or {})}
        return await self._send(request, web.StreamResponse(status=status, headers=sent), body, answer)

    async def _send(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        body: bytes,
        answer: _Answer,
        fault: HttpFault | None = None,
    ) -> web.StreamResponse:
        treatment = fault or HttpFault()
        response.headers["Server"] = "AmazonS3"
        answer.status = response.status
        await response.prepare(request)
        if request.method == "HEAD":
            answer.complete = True
            return response
        limit = len(body) if treatment.cut_after is None else min(len(body), treatment.cut_after)
        for at in range(0, limit, treatment.chunk_bytes):
            if treatment.chunk_delay_s:
                await asyncio.sleep(treatment.chunk_delay_s)
            piece = body[at : min(at + treatment.chunk_bytes, limit)]
            await response.write(piece)
            answer.sent += len(piece)
        if treatment.cut_after is not None:
            answer.note = f"cut after {limit} bytes"
            if request.transport is not None:
                request.transport.close()
            return response
        await response.write_eof()
        answer.complete = True
        return response


def _listed(etag: str, header: str) -> bool:
    return header.strip() == "*" or etag in (one.strip() for one in header.split(","))
