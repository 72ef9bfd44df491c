# SPDX-License-Identifier: Apache-2.0
"""The load that ``make bench`` measures: nothing is lost, each job ends once, and the measurement would notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import emulator


def test_a_thousand_devices_are_served_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "PROGRESS", 2)
    figures = emulator.measure(tmp_path)
    assert figures["emulator.devices"] == 1000
    assert set(emulator.KEYS) <= set(figures)
    assert figures["emulator.updates_per_s"] > 0
    assert 10 < figures["emulator.rss_mb"] < 500


def history(*, without: int | None = None, twice: int | None = None) -> list[list[object]]:
    entries: list[list[object]] = [["QUEUED", 1, ""], ["IN_PROGRESS", 2, ""]]
    entries += [["IN_PROGRESS", 3 + number, str(number)] for number in range(emulator.PROGRESS)]
    entries.append(["SUCCEEDED", 3 + emulator.PROGRESS, ""])
    if without is not None:
        del entries[without]
    if twice is not None:
        entries.insert(twice, entries[twice])
    return entries


def test_the_measurement_notices_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "DEVICES", 2)
    emulator._check({"a": history(), "b": history()})
    with pytest.raises(RuntimeError, match="1 executions"):
        emulator._check({"a": history()})
    for wrong in (history(without=4), history(twice=4), history(twice=-1), history(without=-1)):
        with pytest.raises(RuntimeError, match="the execution of b"):
            emulator._check({"a": history(), "b": wrong})


def test_an_update_that_is_refused_ends_the_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "DEVICES", 2)
    update = emulator.Device._update

    def stale(device: emulator.Device, status: str, details: dict[str, str]) -> None:
        device._version -= device._sent == 2
        update(device, status, details)

    monkeypatch.setattr(emulator.Device, "_update", stale)
    with pytest.raises(RuntimeError, match="VersionMismatch"):
        emulator.measure(tmp_path)
