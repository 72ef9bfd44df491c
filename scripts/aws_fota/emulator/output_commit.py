# SPDX-License-Identifier: Apache-2.0
"""Nothing goes out before what it follows from is on disk: the output commit of recovery in message-passing systems.

What was changed in one turn of the event loop is committed together in the next one, so that a thousand devices do
not cost a thousand commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aws_fota.errors import AwsFotaError


class OutputCommit:
    """Holds actions back while there is something to commit; used from one event loop only.

    Args:
        commit: makes all changes so far last.

    Attributes:
        waiting: whether something was changed and is not committed yet.
        failed: the error of a commit that failed; nothing goes out any more then. Pending until then; of a defect, its
            exception.
    """

    def __init__(self, commit: Callable[[], None]) -> None:
        self.waiting = False
        self.failed: asyncio.Future[AwsFotaError] = asyncio.get_running_loop().create_future()
        self._commit = commit
        self._held: list[Callable[[], None]] = []

    def changed(self) -> None:
        """Something changed that is to be committed."""
        if not self.waiting:
            self.waiting = True
            asyncio.get_running_loop().call_soon(self.release)

    def then(self, action: Callable[[], None]) -> None:
        """Carry out `action` as soon as all changes so far are committed: now, if they are."""
        if not self.waiting:
            action()
        elif not self.failed.done():
            self._held.append(action)

    def release(self) -> None:
        """Commit now, and carry out what was held back, in its order."""
        if not self.waiting or self.failed.done():
            return
        try:
            self._commit()
        except Exception as error:
            # Also a defect: raised, it would end nothing, and nothing would be answered any more.
            self.fail(error)
            return
        self.waiting = False
        held, self._held = self._held, []
        for action in held:
            action()

    def fail(self, error: Exception) -> None:
        """Nothing can be committed any more: let nothing out, whatever comes."""
        self.waiting = True
        self._held.clear()
        if self.failed.done():
            return
        if isinstance(error, AwsFotaError):
            self.failed.set_result(error)
        else:
            self.failed.set_exception(error)
