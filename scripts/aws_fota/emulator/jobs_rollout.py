# SPDX-License-Identifier: Apache-2.0
"""How fast a job reaches its things, and when so many fail that it ends.

Source: the AWS IoT developer guide, "Job rollout, scheduling, and abort configurations".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

#: Seconds between two batches; the guide gives rates a minute, and no finer grain.
BATCH_S = 60.0


@dataclass(frozen=True)
class Rollout:
    """The rate of a job.

    Attributes:
        per_minute: things a minute at most, None for all at once.
        base_per_minute: the rate at the start, None for a constant one.
        increment: the factor by which it grows ...
        notified: ... each time that so many more things were notified ...
        succeeded: ... or so many more succeeded.
    """

    per_minute: int | None = None
    base_per_minute: int | None = None
    increment: float = 1.0
    notified: int | None = None
    succeeded: int | None = None

    def batch(self, notified: int, succeeded: int) -> int | None:
        """How many things are notified in the next minute, None for all.

        Args:
            notified: things notified so far.
            succeeded: things that succeeded so far.
        """
        if self.base_per_minute is None:
            return self.per_minute
        steps = 0
        if self.notified is not None:
            steps = notified // self.notified
        elif self.succeeded is not None:
            steps = succeeded // self.succeeded
        # 5 to the 40th is beyond any rate, and still a float.
        rate = int(self.base_per_minute * self.increment ** min(steps, 40))
        return rate if self.per_minute is None else min(rate, self.per_minute)


@dataclass(frozen=True)
class AbortRule:
    """One criterion for aborting a job.

    Attributes:
        failure: ``FAILED``, ``REJECTED``, ``TIMED_OUT`` or ``ALL`` of them.
        percentage: of the things that have ended, from which on the job is aborted.
        minimum: things that must have ended before it counts.
    """

    failure: str
    percentage: float
    minimum: int

    def holds(self, ended: Counter[str]) -> bool:
        """Whether the job must be aborted.

        Args:
            ended: things that have ended, by status.
        """
        executed = ended.total()
        kinds = ("FAILED", "REJECTED", "TIMED_OUT") if self.failure == "ALL" else (self.failure,)
        failed = sum(ended[kind] for kind in kinds)
        return failed > 0 and executed >= self.minimum and 100 * failed >= self.percentage * executed
