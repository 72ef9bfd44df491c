# SPDX-License-Identifier: Apache-2.0
"""A virtual device: flash, bootloader, application and the generated module, from power-on to power-off."""

from __future__ import annotations

import random
import threading
from typing import Any

from aws_fota.host.application import Application, Reply
from aws_fota.host.bootloader import Bootloader, Running
from aws_fota.host.device_settings import DeviceSettings
from aws_fota.host.library import Core
from aws_fota.host.session import Session
from aws_fota.host.session_trace import SessionTrace
from aws_fota.host.slot import Flash
from aws_fota.report.trace import Trace


class Device:
    """Runs in a thread of its own; use it in a ``with``, or call :meth:`stop`.

    Args:
        core: the loaded core.
        settings: what makes this device.
        application: the firmware around the module.
        trace: where everything is noted.

    Attributes:
        trace: the same.
        running: what the last reset booted; None before the first.
    """

    def __init__(
        self, core: Core, settings: DeviceSettings, application: Application | None = None, trace: Trace | None = None
    ) -> None:
        self._core = core
        self._settings = settings
        self._application = application or Application()
        self.trace = trace or Trace()
        self.running: Running | None = None
        self._random = random.Random(settings.seed)
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._stopped = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="aws-fota-device", daemon=True)

    def start(self) -> None:
        """Switch it on."""
        self._thread.start()

    def stop(self) -> None:
        """Switch it off, and wait until it is.

        Raises:
            BaseException: whatever ended the device's thread before.
        """
        with self._lock:
            self._stopped = True
            if self._session is not None:
                self._session.stop()
        if self._thread.ident is not None:
            self._thread.join()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def act(self, reply: Reply) -> None:
        """Let the application do something of its own accord: cancel, pause, resume, reboot."""
        with self._lock:
            if self._session is not None:
                self._session.reply(reply)

    @property
    def alive(self) -> bool:
        """Whether the device still runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            with Flash(self._settings.flash) as flash:
                while self._boot(flash):
                    pass
        except BaseException as error:
            self._failure = error
            self.trace.note("application", "application", "CRASH", facts={"error": str(error)})

    def _boot(self, flash: Flash) -> bool:
        """From one reset to the next; whether there is a next."""
        bootloader = Bootloader(flash, self._settings.key)
        self.running = bootloader.reset()
        words = SessionTrace(self.trace)
        words.booted(self.running)
        session = Session(self._core, self._settings, flash, bootloader, self._application, words)
        with self._lock:
            if self._stopped:
                return False
            self._session = session
        return session.run(self.running, self._random.getrandbits(32))

    def __enter__(self) -> Device:
        self.start()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.stop()
