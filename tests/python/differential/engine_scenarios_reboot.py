# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the engine: a reboot after the upgrade was requested, whatever was said of it before."""

from __future__ import annotations

from typing import NamedTuple

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import ActionId, Phase, Tell
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.outcome import JobStatus
from differential.engine_scenarios import ids, scenario, told
from differential.engine_script import NEW_HASH, OLD_HASH, Script, record

#: Bytes of the record: phase, pending status, reason, retries.
_SAID = slice(6, 10)

_RUNS, _PENDING, _NEITHER = "runs", "swap pending", "neither"
_REASONS = (Reason.NONE, Reason.CANCELLED, Reason.ENDED, Reason.APPLICATION, Reason.ROLLED_BACK)
#: Nobody wants the image any more, and no bootloader was asked to bring the old one back.
_UNWANTED = (Reason.CANCELLED, Reason.ENDED)


class Found(NamedTuple):
    """What a start makes of the record."""

    phase: Phase
    actions: tuple[ActionId, ...]
    tells: tuple[Tell, int] | None
    #: What a PERSIST writes: phase, pending status, reason, retries.
    said: tuple[int, int, int, int] | None = None


def expected(reason: int, what: str, confirmed: bool, retries: int) -> Found:
    """The rules of doc/engine.md for a record in REQUESTED, one by one."""
    if what == _RUNS and confirmed:
        if reason == Reason.ENDED:
            return Found(Phase.IDLE, (ActionId.CLEAR,), None)
        return Found(Phase.REPORTING, (ActionId.PERSIST,), None, (4, JobStatus.SUCCEEDED, 0, retries))
    if what == _RUNS:
        if reason in _UNWANTED and retries < 3:
            said = (3, 0, reason, retries + 1)
            return Found(Phase.REVERTING, (ActionId.PERSIST, ActionId.TELL), (Tell.DONE, 0), said)
        return Found(Phase.CONFIRMING, (ActionId.TELL,), (Tell.CONFIRM, 0))
    trial = None if confirmed else (Tell.CONFIRM, 0)
    telling = () if confirmed else (ActionId.TELL,)
    if what == _PENDING:
        if reason:
            return Found(Phase.REVERTING, (*telling, ActionId.ERASE), trial)
        if retries < 3:
            said = (3, 0, 0, retries + 1)
            return Found(Phase.REBOOTING, (ActionId.PERSIST, ActionId.TELL), (Tell.DONE, 0), said)
        said = (3, 0, Reason.ROLLED_BACK, retries)
        return Found(Phase.REVERTING, (ActionId.PERSIST, *telling, ActionId.ERASE), trial, said)
    if reason == Reason.ENDED:
        return Found(Phase.IDLE, (ActionId.CLEAR, *telling), trial)
    blamed = reason or Reason.ROLLED_BACK
    said = (4, JobStatus.FAILED, blamed, retries)
    return Found(Phase.REPORTING, (ActionId.PERSIST, ActionId.TELL), trial or (Tell.ERROR, blamed), said)


@scenario
def every_reboot_after_the_request(script: Script) -> None:
    for what in (_RUNS, _PENDING, _NEITHER):
        for confirmed in (True, False):
            for reason in _REASONS:
                for retries in (0, 1, 2, 3):
                    seen = script.boot(
                        record(3, reason=reason, retries=retries),
                        running_hash=NEW_HASH if what == _RUNS else OLD_HASH,
                        swap_pending=what == _PENDING,
                        confirmed=confirmed,
                    )
                    rule = expected(reason, what, confirmed, retries)
                    found = Found(
                        script.phase,
                        tuple(ids(seen)),
                        told(seen)[0] if told(seen) else None,
                        (*seen.record[_SAID],) if ActionId.PERSIST in ids(seen) else None,
                    )
                    assert found == rule, (what, confirmed, reason, retries)


@scenario
def a_cancelled_image_comes_on_trial(script: Script) -> None:
    """Power goes before the slot is erased: the application is not asked to confirm what it cancelled."""
    stored = record(3, reason=Reason.CANCELLED)
    for number in (1, 2, 3):
        seen = script.boot(stored, running_hash=NEW_HASH, confirmed=False)
        assert (script.phase, told(seen)) == (Phase.REVERTING, [(Tell.DONE, 0)])
        stored = seen.record
        assert stored[_SAID] == bytes([3, 0, Reason.CANCELLED, number])
    # Once the old image runs, what the application did is reported.
    assert told(script.boot(stored)) == [(Tell.ERROR, Reason.CANCELLED)]
    # A bootloader that does not bring it back is not asked forever.
    assert told(script.boot(stored, running_hash=NEW_HASH, confirmed=False)) == [(Tell.CONFIRM, 0)]
    # Whoever confirms the image nevertheless has it, and the report says so.
    script.boot(record(3, reason=Reason.CANCELLED), running_hash=NEW_HASH, confirmed=False)
    script.step(io.Confirm())
    seen = script.step(io.Confirmed())
    assert seen.record[_SAID] == bytes([4, JobStatus.SUCCEEDED, 0, 1])
