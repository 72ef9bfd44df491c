# SPDX-License-Identifier: Apache-2.0
"""Groups of things, and what a change of their members does to continuous jobs."""

from __future__ import annotations

from aws_fota.emulator import jobs_limits
from aws_fota.emulator.jobs_ledger import JobsLedger
from aws_fota.emulator.jobs_model import ControlError, Delivery, Job, JobStatus
from aws_fota.emulator.jobs_things import ThingGroup


class JobsGroups:
    """The groups of the registry; static ones, without groups inside.

    Args:
        ledger: the state it reads and changes.
    """

    def __init__(self, ledger: JobsLedger) -> None:
        self._ledger = ledger

    def create(self, name: str) -> ThingGroup:
        """Make a group; one that is there already stays as it is."""
        if not jobs_limits.THING_NAME.fullmatch(name):
            raise ControlError("InvalidRequest", f"{name!r} is not 1 to 128 of a-z A-Z 0-9 : _ -", field="groupName")
        return self._ledger.groups.setdefault(name, ThingGroup(name, self._ledger.clock.wall()))

    def group(self, name: str) -> ThingGroup:
        """One group.

        Raises:
            ControlError: there is none of that name.
        """
        try:
            return self._ledger.groups[name]
        except KeyError:
            raise ControlError("ResourceNotFound", f"there is no thing group {name}", field="groupName") from None

    def delete(self, name: str) -> list[Delivery]:
        """Forget a group, as if all its members had left before; no error when there is none, as in AWS."""
        group = self._ledger.groups.get(name)
        if group is None:
            return []
        deliveries = [one for thing in list(group.things) for one in self.remove(name, thing)]
        del self._ledger.groups[name]
        return deliveries

    def add(self, name: str, thing: str) -> list[Delivery]:
        """Let a thing join a group: the continuous jobs of the group reach it too."""
        group = self.group(name)
        if thing not in self._ledger.things:
            raise ControlError("ResourceNotFound", f"there is no thing {thing}", field="thingName")
        if thing in group.things:
            return []
        group.things.append(thing)
        for job in self._continuous(name):
            self._ledger.add_targets(job, [thing])
        return self._ledger.notifications(thing)

    def remove(self, name: str, thing: str) -> list[Delivery]:
        """Let a thing leave a group: what is pending on it of the group's continuous jobs becomes REMOVED."""
        group = self.group(name)
        if thing not in self._ledger.things:
            raise ControlError("ResourceNotFound", f"there is no thing {thing}", field="thingName")
        if thing not in group.things:
            return []
        group.things.remove(thing)
        for job in self._continuous(name):
            others = (self._ledger.groups[one].things for one in job.groups if one in self._ledger.groups)
            if thing not in job.named and not any(thing in things for things in others):
                self._ledger.drop_target(job, thing)
        return self._ledger.notifications(thing)

    def _continuous(self, name: str) -> list[Job]:
        jobs = self._ledger.jobs.values()
        return [it for it in jobs if it.config.continuous and name in it.groups and it.status is JobStatus.IN_PROGRESS]
