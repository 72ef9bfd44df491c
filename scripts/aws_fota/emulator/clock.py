# SPDX-License-Identifier: Apache-2.0
"""The two times that the emulator reads, injected so that tests can move them."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the emulator asks for the time."""

    def wall(self) -> float:
        """Seconds since the epoch: what goes into payloads and presigned URLs."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start, never going back: what timers and traces use."""


class SystemClock:
    """The machine's own clocks."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class ShiftedClock(SystemClock):
    """The machine's clocks, which can be moved forward besides."""

    def __init__(self) -> None:
        self._shift = 0.0

    def wall(self) -> float:
        return super().wall() + self._shift

    def monotonic(self) -> float:
        return super().monotonic() + self._shift

    def advance(self, seconds: float) -> None:
        """Move both times forward by `seconds`, which is not negative."""
        self._shift += seconds


class ManualClock:
    """A clock that stands still until it is moved.

    Args:
        wall: the first wall-clock time, seconds since the epoch.
    """

    def __init__(self, wall: float = 1_600_000_000.0) -> None:
        self._wall = wall
        self._monotonic = 0.0

    def wall(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both times forward by `seconds`.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError("a clock only goes forward")
        self._wall += seconds
        self._monotonic += seconds
