# SPDX-License-Identifier: Apache-2.0
"""A front of a TCP server that accepts at once and lets its clients wait for the first byte."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable


class SlowFront:
    """Listens on a port of its own while it is entered.

    Args:
        behind: the port of the server.
        delays: seconds before anything is passed on, one for each connection; later ones do not wait.
    """

    def __init__(self, behind: int, delays: list[float]) -> None:
        self.accepted = 0
        self._behind = behind
        self._delays = delays
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        #: Its port.
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> SlowFront:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes whoever waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            delay = self._delays[self.accepted] if self.accepted < len(self._delays) else 0.0
            self.accepted += 1
            self._start(self._serve, client, delay)

    def _serve(self, client: socket.socket, delay: float) -> None:
        time.sleep(delay)
        with client, socket.create_connection(("127.0.0.1", self._behind)) as server:
            back = threading.Thread(target=self._pass_on, args=(client, server))
            back.start()
            self._pass_on(server, client)
            back.join()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            # One of the two has gone.
            return
