# SPDX-License-Identifier: Apache-2.0
"""A page on localhost that shows what the emulator does, live: three static files and one stream of events."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from aiohttp import web

from aws_fota.emulator import listening
from aws_fota.emulator.http_log import LOGGER
from aws_fota.emulator.listening import listen, stop_listening
from aws_fota.emulator.overview import Overview

#: What the page is bound to, whatever --host says: it shows everything and asks nobody who they are.
HOST = "127.0.0.1"

#: Seconds between two events at least, however much happens, and at most: not all that changes is told.
PAUSE_S = 0.25
REFRESH_S = 2.0

_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}

_HEADERS = {
    # Nothing from elsewhere, and nothing inline: a name that slipped through as markup would still do nothing.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class PageServer:
    """The server; must be used from one event loop only.

    Args:
        overview: what is shown.
    """

    def __init__(self, overview: Overview) -> None:
        self._overview = overview
        self._servers: list[asyncio.Server] = []
        self._web: web.Server | None = None
        self._streams: set[asyncio.Task[None]] = set()

    async def listen(self, port: int) -> int:
        """Serve the page; 0 takes a free port. The port is returned.

        Raises:
            InputError: it cannot be used.
        """
        handler = self._web = web.Server(
            self._handle, access_log=None, logger=LOGGER, keepalive_timeout=listening.IDLE_S
        )
        loop = asyncio.get_running_loop()
        server, bound = await listen(lambda free: loop.create_server(handler, HOST, free), HOST, port, "--page-port")
        self._servers.append(server)
        return bound

    async def close(self) -> None:
        """End."""
        await stop_listening(self._servers)
        for stream in self._streams:
            stream.cancel()
        if self._web is not None:
            await self._web.shutdown(timeout=1.0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        name = request.host.rpartition(":")[0] if ":" in request.host else request.host
        if name not in ("localhost", HOST):
            # A name that somebody else's DNS leads here, so that their page can read this one.
            return web.Response(status=403, text="This page is for this machine only.\n", headers=_HEADERS)
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={**_HEADERS, "Allow": "GET, HEAD"})
        if request.path == "/events" and request.method == "GET":
            return await self._stream(request)
        if request.path not in _FILES:
            return web.Response(status=404, text="There is no such page.\n", headers=_HEADERS)
        file, kind = _FILES[request.path]
        body = Path(__file__).with_name("page").joinpath(file).read_bytes()
        return web.Response(body=body, headers=_HEADERS, content_type=kind, charset="utf-8")

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        stream = asyncio.ensure_future(self._send(response))
        self._streams.add(stream)
        try:
            await asyncio.wait({stream})
        finally:
            stream.cancel()
            self._streams.discard(stream)
        return response

    async def _send(self, response: web.StreamResponse) -> None:
        try:
            while True:
                version = self._overview.version
                snapshot = json.dumps(asdict(self._overview.snapshot()), separators=(",", ":"))
                await response.write(f"data: {snapshot}\n\n".encode())
                await asyncio.sleep(PAUSE_S)
                await self._overview.newer(version, REFRESH_S)
        except ConnectionError:
            pass  # The browser went away.
