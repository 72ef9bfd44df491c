# SPDX-License-Identifier: Apache-2.0
"""Lines that come again and again, told once."""

from __future__ import annotations

from aws_fota.emulator.clock import Clock

#: Seconds in which a refusal that comes again is not said again.
QUIET_S = 10.0


class Repeats:
    """Lets a line through once in :data:`QUIET_S` seconds, and says how often it came meanwhile.

    Args:
        clock: tells when the seconds are over.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[str, tuple[float, int]] = {}

    def tell(self, line: str) -> list[str]:
        """What to say now that `line` is due: nothing, itself, or how often it came and itself."""
        now = self._clock.monotonic()
        since, count = self._told.get(line, (now - QUIET_S, 0))
        if now - since < QUIET_S:
            self._told[line] = since, count + 1
            return []
        # A flood of different lines must not fill the memory.
        self._told = {told: kept for told, kept in self._told.items() if now - kept[0] < QUIET_S and told != line}
        self._told[line] = now, 0
        return [f"{line} ({count} times more)" if count else line]
