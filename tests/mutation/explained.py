# SPDX-License-Identifier: Apache-2.0
"""Mutants that no test can kill: patterns of their names, each with the reason why they make no difference."""

from __future__ import annotations

#: The phases of a job that was taken and whose image does not run yet.
_TAKEN = "OFFERED|STARTING|REQUESTING|ERASING|RECEIVING|WAITING|PAUSED|REFRESHING|VERIFYING|APPLYING"

EXPLAINED = {
    rf"(CONFIRM if UNCONFIRMED|CONFIRMED if FAILED|CONFIRMED): not in ({_TAKEN})": (
        "An unconfirmed image takes no job, and a reboot leads to none of these phases, so the image is confirmed there"
    ),
    r"CONFIRMED if CONFIRMED: not in CONFIRMING": (
        "The phase of an image that is not confirmed; what confirms it ends the phase"
    ),
}
