# SPDX-License-Identifier: Apache-2.0
"""Waits, timers, and what goes in which order into one step."""

from __future__ import annotations

from aws_fota.config.limits import Settings
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Boot,
    Cancel,
    Connected,
    Disconnected,
    FetchError,
    FetchFailed,
    Subscribed,
    TimerId,
    Written,
)
from oracle_engine_driver import Driver


def xorshift32(x: int) -> int:
    """Marsaglia's, with the shifts 13, 17 and 5, as in "Xorshift RNGs"."""
    x ^= (x << 13) % 2**32
    x ^= x >> 17
    return x ^ (x << 5) % 2**32


def test_the_random_numbers_are_those_of_xorshift32() -> None:
    """From the seed 1: the first three of the published sequence."""
    assert [xorshift32(1), xorshift32(270369), xorshift32(67634689)] == [270369, 67634689, 2647435461]
    driver = Driver()
    driver.give(Boot(slot_size=1, seed=1))
    for expected, ms in ((270369, 20_000), (67634689, 20_000)):
        wait = driver.give(Connected())[-1].value
        assert wait == ms // 2 + expected % (ms // 2 + 1)


def test_waits_double_up_to_the_cap() -> None:
    driver = Driver(Settings(answer_timeout_seconds=3, backoff_max_seconds=10, retries_max=20)).online()
    for seconds in (3, 6, 10, 10, 10):
        assert seconds * 500 <= driver.actions[-1].value <= seconds * 1000
        driver.expire()


def test_the_long_wait_is_not_capped() -> None:
    driver = Driver(Settings(backoff_max_seconds=1, retries_max=1, slow_retry_seconds=86_400)).online()
    assert 43_200_000 <= driver.expire()[-1].value <= 86_400_000


def test_the_token_counts_up_and_around() -> None:
    driver = Driver()
    driver.give(Boot(slot_size=1, seed=2**32 - 2))
    driver.connect()
    assert driver.last[1]["clientToken"] == "ffffffff"
    driver.expire()
    assert driver.last[1]["clientToken"] == "00000000"


def test_a_timer_is_stopped_when_nothing_waits_for_it_any_more() -> None:
    driver = Driver().online()
    assert driver.give(Disconnected()) == [Action(ActionId.TIMER_STOP, what=TimerId.REQUEST)]
    assert driver.give(Disconnected()) == []
    driver.connect()
    assert Action(ActionId.TIMER_STOP, what=TimerId.REQUEST) in driver.describe_nothing()


def test_a_timer_that_expired_is_not_stopped() -> None:
    driver = Driver().online()
    driver.describe()
    driver.message("notify-next", {"execution": {"jobId": "job", "status": "CANCELED", "versionNumber": 3}})
    driver.describe_nothing()
    driver = Driver().receiving()
    driver.give(FetchFailed(FetchError.CLOSED))
    assert [action.id for action in driver.expire(TimerId.DOWNLOAD)] == [ActionId.FETCH]


def test_a_cancel_stops_the_wait_for_another_try() -> None:
    driver = Driver().receiving()
    driver.give(FetchFailed(FetchError.CLOSED))
    assert driver.give(Cancel())[-1] == Action(ActionId.TIMER_STOP, what=TimerId.DOWNLOAD)


def test_timers_that_nobody_started_mean_nothing() -> None:
    driver = Driver()
    driver.boot()
    assert driver.expire() == []
    assert driver.expire(TimerId.DOWNLOAD) == []


def test_a_step_with_everything_keeps_the_order_of_the_table() -> None:
    driver = Driver(Settings(resume_step=512)).receiving()
    actions = driver.give(Written(4096))
    assert [action.id for action in actions] == [
        ActionId.PERSIST,
        ActionId.TELL,
        ActionId.FETCH,
        ActionId.PUBLISH,
        ActionId.TIMER_START,
    ]
    driver.message("notify-next", {})
    driver.updated("IN_PROGRESS", 3)
    driver.refused("TerminalStateReached")
    assert [action.id for action in driver.actions] == [
        ActionId.ACKNOWLEDGE,
        ActionId.ABORT,
        ActionId.CLEAR,
        ActionId.TELL,
        ActionId.PUBLISH,
        ActionId.TIMER_START,
    ]


def test_a_late_suback_ends_the_backoff() -> None:
    driver = Driver()
    driver.boot()
    driver.give(Connected())
    driver.give(Subscribed(-1))
    assert driver.give(Subscribed(0))[-2].id is ActionId.PUBLISH
    assert driver.give(Subscribed(0)) == []
