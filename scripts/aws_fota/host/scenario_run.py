# SPDX-License-Identifier: Apache-2.0
"""A scenario while it runs: one update of a virtual device, with the scenario's events done when their moment comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aws_fota.emulator.clock import ShiftedClock
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.jobs_model import ControlError
from aws_fota.host.application import Application, Reply, Told
from aws_fota.host.device import Device
from aws_fota.host.device_settings import DeviceSettings
from aws_fota.host.library import Core
from aws_fota.report.trace import APPLICATION, JOBS, Entry, Trace
from aws_fota.scenario.model import Event, Scenario

#: What a scenario's application answers when a new image asks to be tested.
_VERDICTS: dict[str, tuple[Reply, ...]] = {
    "passes": (Reply.CONFIRM,),
    "fails": (Reply.REBOOT,),
    "rejects": (Reply.REVERT, Reply.REBOOT),
}

#: The events that are AWS's, and not the device's.
_OF_AWS = frozenset({"cancel-in-cloud", "remove-from-job", "cut-connection", "restart-service", "advance-clock"})


class ScenarioApplication(Application):
    """Reboots into a new image, and finds of it what the scenario says.

    Args:
        self_test: ``passes``, ``fails`` or ``rejects``.
        dark: the events at which the power fails: the first of each is not answered any more.
    """

    def __init__(self, self_test: str, dark: Iterable[str] = ()) -> None:
        super().__init__()
        self._verdict = _VERDICTS[self_test]
        self._dark = set(dark)

    def told(self, told: Told) -> Sequence[Reply]:
        if told.event in self._dark:
            self._dark.remove(told.event)
            return ()
        return self._verdict if told.event == "CONFIRM" else super().told(told)


@dataclass(frozen=True)
class Update:
    """The update that a scenario is about."""

    job_id: str
    thing: str


class ScenarioRun:
    """The device, and whoever makes the events happen; used in a ``with``, which switches the device off.

    Args:
        core: the loaded core.
        settings: what makes the device.
        scenario: what happens.
        update: which update.
        aws: the local AWS, with the job there.
        clock: the clock of `aws`.
        trace: where everything is noted.
    """

    def __init__(
        self,
        core: Core,
        settings: DeviceSettings,
        scenario: Scenario,
        update: Update,
        aws: EmulatorThread,
        clock: ShiftedClock,
        trace: Trace,
    ) -> None:
        self._core = core
        self._settings = settings
        dark = (event.told for event in scenario.events if event.do == "power-off" and event.told)
        self._application = ScenarioApplication(scenario.self_test, dark)
        self._update = update
        self._aws = aws
        self._clock = clock
        self._trace = trace
        self._due = list(scenario.events)
        self._vain: list[Event] = []
        self._resume_at: float | None = None
        self._device: Device | None = None

    @property
    def missed(self) -> tuple[Event, ...]:
        """The events whose moment has not come, and those that changed nothing when it came."""
        return (*self._due, *self._vain)

    def watch(self, show: Callable[[Entry], None], deadline: float) -> Entry | None:
        """Until the job has ended, the device has crashed, or the time is up.

        What a device crashed with is raised when it is switched off.

        Args:
            show: is given each entry of the trace.
            deadline: monotonic seconds.

        Returns:
            The entry that ended it; None when the time is up.
        """
        self._switch_on()
        seen = 0
        while True:
            entry = self._trace.wait(lambda entry: True, self._patience(deadline), seen)
            self._resume()
            if entry is None:
                if time.monotonic() >= deadline:
                    return None
                continue
            seen = entry.number
            show(entry)
            if entry.what == "CRASH" or (entry.what == "TELL" and entry.name in ("FINISHED", "CANCELLED")):
                return entry
            for event in [event for event in self._due if _is_moment(event, entry)]:
                self._due.remove(event)
                self._do(event)

    def _patience(self, deadline: float) -> float:
        until = deadline if self._resume_at is None else min(deadline, self._resume_at)
        return max(0.0, until - time.monotonic())

    def _resume(self) -> None:
        """End a pause whose time is up."""
        if self._resume_at is not None and time.monotonic() >= self._resume_at:
            self._resume_at = None
            self._act(Reply.RESUME)

    def _do(self, event: Event) -> None:
        emulator, update = self._aws.emulator, self._update
        seconds = event.milliseconds / 1000
        who = JOBS if event.do in _OF_AWS else APPLICATION
        self._trace.note(who, who, "EVENT", event.do)
        if event.do == "power-off":
            self._switch_off()
            time.sleep(seconds)
            self._switch_on()
        elif event.do == "reboot":
            self._act(Reply.REBOOT)
        elif event.do == "pause":
            self._act(Reply.PAUSE)
            self._resume_at = time.monotonic() + seconds
        elif event.do == "cancel-by-application":
            self._act(Reply.CANCEL)
        elif event.do == "cut-connection":
            if not self._aws.call(emulator.gateway.cut, update.thing):
                self._vain.append(event)
                self._trace.note(JOBS, JOBS, "EVENT", f"{event.do}: there is no connection")
        elif event.do == "restart-service":
            self._aws.wait(emulator.restart(seconds))
        elif event.do == "advance-clock":
            self._clock.advance(60.0 * event.minutes)
            self._aws.call(emulator.tick)
        else:
            self._decide_in_cloud(event)

    def _decide_in_cloud(self, event: Event) -> None:
        emulator, update = self._aws.emulator, self._update
        try:
            if event.do == "cancel-in-cloud":
                self._aws.call(emulator.cancel_execution, update.job_id, update.thing, force=True)
            else:
                self._aws.call(emulator.remove_target, update.job_id, update.thing)
        except ControlError as refused:
            # It has ended meanwhile: the operator is told, and nothing happens.
            self._vain.append(event)
            self._trace.note(JOBS, JOBS, "EVENT", f"{event.do} is refused: {refused.message}")

    def _act(self, reply: Reply) -> None:
        assert self._device is not None
        self._device.act(reply)

    def _switch_on(self) -> None:
        self._device = Device(self._core, self._settings, self._application, self._trace)
        self._device.start()

    def _switch_off(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.stop()

    def __enter__(self) -> ScenarioRun:
        return self

    def __exit__(self, *_: object) -> None:
        self._switch_off()


def _is_moment(event: Event, entry: Entry) -> bool:
    if entry.what != "TELL":
        return False
    if event.percent is None:
        return entry.name == event.told
    return entry.name == "PROGRESS" and int(entry.facts.get("percent", 0)) >= event.percent
