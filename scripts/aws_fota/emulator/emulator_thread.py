# SPDX-License-Identifier: Apache-2.0
"""The emulator in a thread of its own, for callers without an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from aws_fota.emulator.emulator import Emulator

_Result = TypeVar("_Result")


class EmulatorThread:
    """Runs an emulator while the context is open; its ports are known inside.

    Args:
        options: of :class:`Emulator`.

    Raises:
        InputError: on entering, a port cannot be used; the thread has ended then.

    Attributes:
        emulator: the emulator. Reading its ports and host is safe from any thread; everything else goes through
            :meth:`call` or :meth:`wait`.
    """

    def __init__(self, **options: Any) -> None:
        self.emulator = Emulator(**options)
        self._thread = threading.Thread(target=self._host, name="aws-fota-emulator", daemon=True)
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._stop: asyncio.Event | None = None

    def __enter__(self) -> EmulatorThread:
        self._thread.start()
        try:
            self._started.result()
        except BaseException:
            self._thread.join()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._stop is not None
        self._started.result().call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def call(self, function: Callable[..., _Result], *arguments: Any, **options: Any) -> _Result:
        """Call a function in the emulator's thread, and return or raise what it does."""

        async def called() -> _Result:
            return function(*arguments, **options)

        return self.wait(called())

    def wait(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine, such as :meth:`Emulator.wait_execution`, in the emulator's loop to its end."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._started.result()).result()

    def _host(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with self.emulator:
            self._started.set_result(asyncio.get_running_loop())
            await self._stop.wait()
