# SPDX-License-Identifier: Apache-2.0
"""TLS handshakes whose failures are told: with asyncio's own server, a client that is refused leaves no trace."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable


class TlsHandshakes:
    """Takes connections through the handshake, and hands those that are through to a protocol.

    Args:
        context: the server's side.
        timeout_s: for a handshake.
        accepted: makes the protocol for a connection.
        refused: is told why one failed, once.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        timeout_s: float,
        accepted: Callable[[], asyncio.Protocol],
        refused: Callable[[str], None],
    ) -> None:
        self._context = context
        self._timeout_s = timeout_s
        self._accepted = accepted
        self._refused = refused
        self._running: dict[asyncio.Task[None], asyncio.Transport] = {}
        self._closed = False

    def protocol(self) -> asyncio.Protocol:
        """The protocol for a connection before TLS."""
        return _Opened(self._begin)

    async def close(self) -> None:
        """Give up on the handshakes that are under way, and begin no other."""
        self._closed = True
        running = dict(self._running)
        for task, transport in running.items():
            task.cancel()
            # A task that never got its turn could not do it.
            transport.abort()
        await asyncio.gather(*running, return_exceptions=True)

    def _begin(self, transport: asyncio.Transport) -> None:
        if self._closed:
            transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._handshake(transport))
        self._running[task] = transport
        task.add_done_callback(self._running.pop)

    async def _handshake(self, plain: asyncio.Transport) -> None:
        loop, waiting = asyncio.get_running_loop(), _Waiting()
        try:
            transport = await loop.start_tls(
                plain, waiting, self._context, server_side=True, ssl_handshake_timeout=self._timeout_s
            )
        except OSError as error:
            plain.abort()
            self._refused(f"TLS: {self._reason(error)}")
            return
        assert transport is not None
        protocol = self._accepted()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        waiting.catch_up(protocol)

    def _reason(self, error: OSError) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate was refused: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return (error.reason or str(error)).replace("_", " ").lower()
        if isinstance(error, ConnectionAbortedError):
            return f"no handshake within {self._timeout_s:g} s"
        return "the client broke the handshake off"


class _Opened(asyncio.Protocol):
    """Before the handshake; asyncio takes the transport over before anything is read from it."""

    def __init__(self, begin: Callable[[asyncio.Transport], None]) -> None:
        self._begin = begin

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._begin(transport)


class _Waiting(asyncio.Protocol):
    """Keeps what comes between the end of the handshake and the protocol that it is for."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._lost: tuple[Exception | None] | None = None

    def data_received(self, data: bytes) -> None:
        self._data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = (exc,)

    def catch_up(self, protocol: asyncio.Protocol) -> None:
        """Hand on what was kept."""
        if self._data:
            protocol.data_received(bytes(self._data))
        if self._lost is not None:
            protocol.connection_lost(*self._lost)
