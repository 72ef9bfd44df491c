# SPDX-License-Identifier: Apache-2.0
"""Ranged GETs over real connections. Decides nothing: what came back is handed over as it is.

One worker thread holds one connection and keeps it open between ranges. The headers of an answer are posted when they
are there; its body stays in the connection until it is pulled, piece by piece.
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import re
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

from aws_fota.host.inputs import FetchFailed, HttpResponse, Url

#: Bytes of body in one piece.
PIECE = 4096
_U32_MAX = 0xFFFF_FFFF
_CONTENT_RANGE = re.compile(r"bytes +([0-9]+)-([0-9]+)/([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """One range to ask for.

    Attributes:
        url: where.
        offset: first byte.
        length: how many bytes.
        etag: for If-Match, or None.
    """

    url: Url
    offset: int
    length: int
    etag: str | None = None


@dataclass(frozen=True)
class Piece:
    """Some bytes of the body; `last` when the answer holds no more of the range."""

    data: bytes
    last: bool


#: What a worker posts: an answer's headers, its body in pieces, or why there is no more of it.
Outcome = HttpResponse | Piece | FetchFailed


class Fetcher:
    """The HTTP client of one device. All methods are called from one thread; `post` is called from the workers'.

    Args:
        post: takes the generation that a request was made in, and what came of it.
        timeout_s: seconds of silence until a connection counts as dead.
        tls: for https; None for the system's trust store.
    """

    def __init__(
        self, post: Callable[[int, Outcome], None], timeout_s: float = 30.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._post = post
        self._timeout_s = timeout_s
        self._tls = tls
        self._worker: _Worker | None = None

    def fetch(self, generation: int, request: Request) -> None:
        """Ask for a range; the answer's headers are posted, or FetchFailed."""
        origin = (request.url.scheme, request.url.host, request.url.port)
        if self._worker is not None and self._worker.origin != origin:
            self.abort()
        if self._worker is None:
            self._worker = _Worker(origin, self._post, self._timeout_s, self._tls)
        self._worker.commands.put((generation, request))

    def pull(self) -> None:
        """Ask for the next piece of the body."""
        if self._worker is not None:
            self._worker.commands.put(None)

    def abort(self) -> None:
        """Break off whatever is under way, and the connection with it."""
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None


class _Cancelled(Exception):
    """The worker is to end."""


class _Worker:
    def __init__(
        self,
        origin: tuple[str, str, int],
        post: Callable[[int, Outcome], None],
        timeout_s: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.origin = origin
        # A request with its generation, None to pull, or the exception class to end with.
        self.commands: queue.SimpleQueue[tuple[int, Request] | type[_Cancelled] | None] = queue.SimpleQueue()
        self._post = post
        scheme, host, port = origin
        if scheme == "https":
            context = tls or ssl.create_default_context()
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port or 443, timeout=timeout_s, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, port or 80, timeout=timeout_s)
        # http.client lets go of the socket of an answer that ends with the connection.
        self._socket: socket.socket | None = None
        self._cancelled = threading.Event()
        threading.Thread(target=self._run, name="aws-fota-http", daemon=True).start()

    def cancel(self) -> None:
        self._cancelled.set()
        self.commands.put(_Cancelled)
        if self._socket is not None:
            # Wakes a thread that waits for bytes; closing is left to it.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            while True:
                command = self._next()
                if command is not None:
                    self._carry_out(*command)
        except _Cancelled:
            pass
        finally:
            self._connection.close()

    def _next(self) -> tuple[int, Request] | None:
        command = self.commands.get()
        if isinstance(command, type) or self._cancelled.is_set():
            raise _Cancelled
        return command

    def _carry_out(self, generation: int, request: Request) -> None:
        try:
            if self._connection.sock is None:
                self._connect()
            headers = {"Range": f"bytes={request.offset}-{request.offset + request.length - 1}"}
            if request.etag is not None:
                headers["If-Match"] = request.etag
            self._connection.request("GET", request.url.path, headers=headers)
            response = self._connection.getresponse()
            answer = _answer(response)
            self._post(generation, answer)
            self._body(generation, response, _wanted(answer))
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            if self._cancelled.is_set():
                raise _Cancelled from error
            self._post(generation, FetchFailed(_name(error)))

    def _connect(self) -> None:
        try:
            self._connection.connect()
        except (ssl.SSLError, TimeoutError):
            raise
        except OSError as error:
            raise _ConnectFailed from error
        self._socket = self._connection.sock
        if self._cancelled.is_set():
            raise _Cancelled

    def _body(self, generation: int, response: http.client.HTTPResponse, wanted: int) -> None:
        while wanted:
            if self._next() is not None:
                raise RuntimeError("a range was asked for while another was under way")
            data = _read(response, min(PIECE, wanted))
            wanted -= len(data)
            if data:
                self._post(generation, Piece(data, last=not wanted))
            if wanted and len(data) < PIECE:
                raise http.client.IncompleteRead(b"", wanted)
        if response.chunked and not response.isclosed():
            response.read(1)
        if not response.isclosed():
            self._connection.close()


class _ConnectFailed(OSError):
    """There was nobody to talk to."""


def _read(response: http.client.HTTPResponse, size: int) -> bytes:
    try:
        return response.read(size)
    except http.client.IncompleteRead as error:
        return error.partial


def _answer(response: http.client.HTTPResponse) -> HttpResponse:
    if response.msg.defects:
        raise http.client.HTTPException("malformed headers")
    lengths = {value.strip() for value in response.msg.get_all("Content-Length", ())}
    if len(lengths) > 1 or not all(value.isascii() and value.isdigit() for value in lengths):
        raise http.client.HTTPException("malformed Content-Length")
    length = None if response.chunked or not lengths else min(int(lengths.pop()), _U32_MAX)
    return HttpResponse(
        response.status,
        _content_range(response.msg.get_all("Content-Range", ())),
        length,
        _raw(response.msg["ETag"]),
        _raw(response.msg["Location"]),
    )


def _content_range(values: list[str] | tuple[()]) -> tuple[int, int, int] | None:
    match = _CONTENT_RANGE.fullmatch(values[0].strip()) if len(values) == 1 else None
    if match is None:
        return None
    start, end, total = (min(int(number), _U32_MAX) for number in match.groups())
    return start, end, total


def _raw(value: str | None) -> bytes | None:
    return None if value is None else value.strip().encode("latin-1", "replace")


def _wanted(answer: HttpResponse) -> int:
    """Bytes of body that a receiver of this answer can use."""
    if answer.status == http.client.PARTIAL_CONTENT and answer.content_range is not None:
        start, end, _ = answer.content_range
        return max(end - start + 1, 0)
    return answer.length or 0


def _name(error: Exception) -> str:
    """The name of ``enum aws_fota_fetch_error`` for what went wrong."""
    if isinstance(error, _ConnectFailed):
        return "CONNECT"
    if isinstance(error, ssl.SSLError):
        return "TLS"
    if isinstance(error, TimeoutError):
        return "TIMEOUT"
    if isinstance(error, (OSError, http.client.IncompleteRead)):
        return "CLOSED"
    return "PROTOCOL"
