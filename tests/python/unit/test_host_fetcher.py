# SPDX-License-Identifier: Apache-2.0
"""The HTTP client: what a server says arrives as it was said, over one connection, and an abort is final."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from aws_fota.host.fetcher import PIECE, Fetcher, Outcome, Piece, Request
from aws_fota.host.inputs import FetchFailed, HttpResponse, Url

WAIT_S = 20


class Client:
    """A fetcher whose outcomes can be awaited."""

    def __init__(self, port: int, timeout_s: float = WAIT_S, scheme: str = "http") -> None:
        self.outcomes: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
        self.fetcher = Fetcher(lambda generation, outcome: self.outcomes.put((generation, outcome)), timeout_s)
        self.url = Url(scheme, "127.0.0.1", port, "/b/app.bin?sig=1")

    def fetch(self, offset: int = 0, length: int = 10, etag: str | None = None, generation: int = 0) -> Outcome:
        self.fetcher.fetch(generation, Request(self.url, offset, length, etag))
        return self.next()

    def next(self) -> Outcome:
        return self.outcomes.get(timeout=WAIT_S)[1]

    def pull(self) -> Outcome:
        self.fetcher.pull()
        return self.next()


class Server:
    """Answers each request with the next of some texts; remembers requests and counts connections."""

    def __init__(self, answers: list[bytes], close_after: bool) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answers = iter(answers)
        self._close_after = close_after
        self._active: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._active is not None:
            with suppress(OSError):
                self._active.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._active = connection
            with connection:
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        while True:
            request = b""
            while b"\r\n\r\n" not in request:
                try:
                    received = connection.recv(4096)
                except ConnectionError:
                    return
                if not received:
                    return
                request += received
            self.requests.append(request)
            answer = next(self._answers, None)
            if answer is not None:
                connection.sendall(answer)
                if self._close_after:
                    return


@contextmanager
def serving(*answers: bytes, close_after: bool = False) -> Iterator[Server]:
    server = Server(list(answers), close_after)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def client_of() -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def make(port: int, timeout_s: float = WAIT_S, scheme: str = "http") -> Client:
        clients.append(Client(port, timeout_s, scheme))
        return clients[-1]

    yield make
    for client in clients:
        client.fetcher.abort()


def partial(start: int, end: int, total: int, body: bytes, extra: bytes = b"") -> bytes:
    head = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n%s\r\n"
    return head % (start, end, total, len(body), extra) + body


def test_a_range_is_asked_for_with_if_match_and_no_redirect_is_followed(client_of: Callable[..., Client]) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /other?sig=2\r\nContent-Length: 0\r\n\r\n"
    with serving(moved) as server:
        answer = client_of(server.port).fetch(4096, 100, '"abc"')
        assert answer == HttpResponse(302, None, 0, None, b"/other?sig=2")
    head = server.requests[0]
    assert head.startswith(b"GET /b/app.bin?sig=1 HTTP/1.1\r\n")
    assert b"\r\nRange: bytes=4096-4195\r\n" in head
    assert b'\r\nIf-Match: "abc"\r\n' in head
    assert b"\r\nHost: 127.0.0.1:%d\r\n" % server.port in head
    assert len(server.requests) == 1


def test_the_body_waits_until_it_is_pulled(client_of: Callable[..., Client]) -> None:
    body = bytes(range(256)) * 40
    with serving(partial(0, len(body) - 1, 20_000, body, b'ETag: "e"\r\n')) as server:
        client = client_of(server.port)
        assert client.fetch(0, len(body)) == HttpResponse(206, (0, len(body) - 1, 20_000), len(body), b'"e"', None)
        assert client.outcomes.empty()
        pieces = []
        while True:
            piece = client.pull()
            assert isinstance(piece, Piece)
            pieces.append(piece)
            if piece.last:
                break
    assert b"".join(piece.data for piece in pieces) == body
    assert [len(piece.data) for piece in pieces] == [PIECE, PIECE, len(body) - 2 * PIECE]


def test_ranges_share_a_connection(client_of: Callable[..., Client]) -> None:
    with serving(partial(0, 2, 6, b"abc"), partial(3, 5, 6, b"def")) as server:
        client = client_of(server.port)
        for offset, data in ((0, b"abc"), (3, b"def")):
            client.fetch(offset, 3)
            assert client.pull() == Piece(data, last=True)
        assert server.connections == 1


def test_a_server_that_closes_is_connected_to_again(client_of: Callable[..., Client]) -> None:
    close = b"Connection: close\r\n"
    with serving(partial(0, 2, 6, b"abc", close), partial(3, 5, 6, b"def", close), close_after=True) as server:
        client = client_of(server.port)
        for offset, data in ((0, b"abc"), (3, b"def")):
            client.fetch(offset, 3)
            assert client.pull() == Piece(data, last=True)
        assert server.connections == 2


def test_a_chunked_body_is_read(client_of: Callable[..., Client]) -> None:
    chunked = b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-5/9\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(chunked + b"2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n", partial(6, 8, 9, b"ghi")) as server:
        client = client_of(server.port)
        assert client.fetch(0, 6) == HttpResponse(206, (0, 5, 9), None, None, None)
        assert client.pull() == Piece(b"abcdef", last=True)
        client.fetch(6, 3)
        assert client.pull() == Piece(b"ghi", last=True)
        assert server.connections == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_cut_short_is_delivered_as_far_as_it_came_and_then_failed(
    client_of: Callable[..., Client], chunked: bool
) -> None:
    answer = partial(0, 9, 10, b"0123456789")[:-4]
    if chunked:
        head = b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-9/10\r\nTransfer-Encoding: chunked\r\n\r\n"
        # http.client keeps whole chunks only.
        answer = head + b"6\r\n012345\r\n4\r\n67"
    with serving(answer, close_after=True) as server:
        client = client_of(server.port)
        client.fetch(0, 10)
        assert client.pull() == Piece(b"012345", last=False)
        assert client.next() == FetchFailed("CLOSED")


def test_more_body_than_the_range_has_is_not_delivered(client_of: Callable[..., Client]) -> None:
    longer = partial(0, 2, 6, b"abcdef")
    with serving(longer, partial(3, 5, 6, b"def")) as server:
        client = client_of(server.port)
        client.fetch(0, 3)
        assert client.pull() == Piece(b"abc", last=True)
        client.fetch(3, 3)
        assert client.pull() == Piece(b"def", last=True)
        assert server.connections == 2


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"bytes 0-9/10", (0, 9, 10)),
        (b"Bytes  0-9/10 ", (0, 9, 10)),
        (b"bytes 0-9/99999999999999999999", (0, 9, 0xFFFFFFFF)),
        (b"bytes 0-9/*", None),
        (b"bytes */10", None),
        (b"bytes 0-9", None),
        (b"bytes=0-9/10", None),
        (b"octets 0-9/10", None),
        (b"bytes -1-9/10", None),
        (b"bytes 0-9/10, bytes 0-9/10", None),
        (b"bytes 0-9/10\r\nContent-Range: bytes 0-9/11", None),
        (b"", None),
    ],
)
def test_content_range_is_taken_only_when_it_is_well_formed(
    client_of: Callable[..., Client], header: bytes, expected: tuple[int, int, int] | None
) -> None:
    with serving(b"HTTP/1.1 206 P\r\nContent-Range: %s\r\nContent-Length: 0\r\n\r\n" % header) as server:
        answer = client_of(server.port).fetch()
        assert isinstance(answer, HttpResponse)
        assert answer.content_range == expected


@pytest.mark.parametrize(
    "text",
    [
        b"not http\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_a_protocol_error(client_of: Callable[..., Client], text: bytes) -> None:
    with serving(text, close_after=True) as server:
        assert client_of(server.port).fetch() == FetchFailed("PROTOCOL")


def test_a_server_that_closes_without_a_word(client_of: Callable[..., Client]) -> None:
    with serving(b"", close_after=True) as server:
        assert client_of(server.port).fetch() == FetchFailed("CLOSED")


def test_a_server_that_is_silent(client_of: Callable[..., Client]) -> None:
    with serving() as server:
        assert client_of(server.port, 0.05).fetch() == FetchFailed("TIMEOUT")


def test_nobody_there(client_of: Callable[..., Client]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert client_of(port).fetch() == FetchFailed("CONNECT")


def test_tls_with_a_server_that_speaks_none(client_of: Callable[..., Client]) -> None:
    # A TLS client does not end its hello with an empty line, so this server would wait: it talks first instead.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = client_of(listener.getsockname()[1], scheme="https")
        client.fetcher.fetch(0, Request(client.url, 0, 10))
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert client.next() == FetchFailed("TLS")


def test_an_abort_ends_a_read_under_way_and_the_next_fetch_is_a_new_connection(
    client_of: Callable[..., Client],
) -> None:
    with serving(partial(0, 9, 10, b"0123456789")[:-5], partial(0, 2, 3, b"abc")) as server:
        client = client_of(server.port)
        client.fetch(0, 10)
        reading = [thread for thread in threading.enumerate() if thread.name == "aws-fota-http"]
        client.fetcher.pull()
        client.fetcher.abort()
        for thread in reading:
            thread.join(WAIT_S)
            assert not thread.is_alive()
        client.fetcher.fetch(1, Request(client.url, 0, 3))
        later = [client.outcomes.get(timeout=WAIT_S)]
        while later[-1][0] == 0:
            later.append(client.outcomes.get(timeout=WAIT_S))
        assert not any(isinstance(outcome, FetchFailed) for _, outcome in later)
        assert later[-1][1] == HttpResponse(206, (0, 2, 3), 3)
        assert client.pull() == Piece(b"abc", last=True)
        assert server.connections == 2


def test_an_abort_while_nothing_is_under_way_does_nothing(client_of: Callable[..., Client]) -> None:
    client = client_of(1)
    client.fetcher.abort()
    client.fetcher.pull()
    assert client.outcomes.empty()


def test_another_host_is_another_connection(client_of: Callable[..., Client]) -> None:
    with serving(partial(0, 2, 6, b"abc")) as first, serving(partial(3, 5, 6, b"def")) as second:
        client = client_of(first.port)
        client.fetch(0, 3)
        assert client.pull() == Piece(b"abc", last=True)
        client.url = Url("http", "127.0.0.1", second.port, "/")
        client.fetch(3, 3)
        assert client.pull() == Piece(b"def", last=True)
        assert (first.connections, second.connections) == (1, 1)
