# SPDX-License-Identifier: Apache-2.0
"""What aiohttp logs of its own accord, in one line: for a request that is no HTTP it would print a traceback."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError

from aws_fota.emulator.clock import SystemClock
from aws_fota.emulator.repeats import Repeats


class _OneLine(logging.Filter):
    """Shortens what is the client's fault, and tells it once; a defect of ours keeps its traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._repeats = Repeats(SystemClock())

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            # What the error says quotes the request, which may hold anything.
            told = self._repeats.tell(f"{record.getMessage()}: it is no HTTP ({type(error).__name__})")
            if not told:
                return False
            record.msg, record.args = "%s", (told[0],)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


#: For the HTTP servers.
LOGGER = logging.getLogger("aws_fota.emulator.http")
LOGGER.addFilter(_OneLine())
