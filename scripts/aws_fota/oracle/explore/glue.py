# SPDX-License-Identifier: Apache-2.0
"""What the glue is at in a world: fetching, writing, erasing, verifying, and what can go wrong with each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import NamedTuple

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import FetchError, Input
from aws_fota.oracle.explore.carrying_out import Carrier, Outcome, Violated
from aws_fota.oracle.explore.world import (
    BLANK,
    CELLS,
    Body,
    Fault,
    Scenario,
    Work,
    World,
    etag_of,
    image_hash,
    image_version,
    job_number,
    object_of,
    slot_digest,
    whole_image,
)

EIO = -5


class Kind(IntEnum):
    """Kinds of moves; of those that can happen, a fair world takes the smallest first."""

    ANSWER = 0
    SUBACK = 1
    WORK = 2
    NOTICE = 3
    NOTIFY = 4
    STRAGGLER = 5
    CONNECT = 6
    RESUME = 7
    ACCEPT = 8
    REJECT = 9
    CONFIRM = 10
    REBOOT = 11
    TIMER = 12
    #: A connection on which a notification was lost does not stand for ever.
    RENEW = 13
    #: Never by itself: fair worlds do not need it.
    OTHER = 14


class Move(NamedTuple):
    """Something that can happen."""

    kind: Kind
    text: str
    world: World
    faults: tuple[Fault, ...] = ()


_ERASED, _NOT_ERASED = io.Erased(0), io.Erased(EIO)
_WRITTEN = [io.Written(end) for end in range(CELLS + 1)]
_CLOSED, _FLASH_FAILED = io.FetchFailed(FetchError.CLOSED), io.FetchFailed(FetchError.FLASH)
_FORBIDDEN, _UNAVAILABLE, _PRECONDITION = io.HttpResponse(403), io.HttpResponse(503), io.HttpResponse(412)
_REQUESTED, _NOT_REQUESTED = io.UpgradeRequested(0), io.UpgradeRequested(EIO)
_CONFIRMED, _NOT_CONFIRMED = io.Confirmed(0), io.Confirmed(EIO)
_UNVERIFIED = io.Verified(error=EIO)


class GlueMoves:
    """The moves of the glue in one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.carrier = Carrier(scenario)
        self._inputs: dict[Input, Input] = {}

    def stops(self, kind: Kind, text: str, world: World, *faults: Fault) -> Iterator[Move]:
        """The device stops, where such a fault is allowed."""
        if all(self.allows(fault) for fault in faults):
            yield Move(kind, text, self.carrier.off(world), faults)

    def allows(self, fault: Fault) -> bool:
        return fault in self.carrier.allowed

    def moves(self, kind: Kind, text: str, outcomes: Iterator[Outcome], *faults: Fault) -> Iterator[Move]:
        for outcome in outcomes:
            yield Move(kind, text, outcome.world, (*faults, *outcome.faults))

    def takes(self, kind: Kind, text: str, world: World, input: Input, *faults: Fault) -> Iterator[Move]:
        """An input reaches the engine."""
        return self.moves(kind, text, self.carrier.step(world, input), *faults)

    def work(self, world: World) -> Iterator[Move]:
        if not world.device.work:
            return
        (work, offset), rest = world.device.work[0], world.device.work[1:]
        there = world._replace(device=world.device._replace(work=rest))
        yield from {
            Work.ERASE: self.erase,
            Work.WIPE: self.erase,
            Work.FETCH: self.fetch,
            Work.RECEIVE: self.receive,
            Work.VERIFY: self.verify,
            Work.UPGRADE: self.upgrade,
            Work.CONFIRM: self.confirm,
            Work.NO_ERASE: self.refuse(_NOT_ERASED),
            Work.NO_WIPE: self.refuse(_NOT_ERASED),
            Work.NO_RECEIVE: self.refuse(_FLASH_FAILED),
            Work.NO_UPGRADE: self.refuse(_NOT_REQUESTED),
        }[work](there, offset)

    def done(self, text: str, world: World, input: Input) -> Iterator[Move]:
        """Work is done, and the engine hears of it, or the device reboots just before."""
        yield from self.takes(Kind.WORK, text, world, input)
        yield from self.stops(Kind.OTHER, f"{text}, then reboot", world, Fault.REBOOT)

    def refuse(self, answer: Input) -> Callable[[World, int], Iterator[Move]]:
        """Work that is answered instead of being begun."""

        def answered(world: World, offset: int) -> Iterator[Move]:
            there = world._replace(device=world.device._replace(body=None))
            return self.takes(Kind.WORK, "refused, for its record is not saved", there, answer)

        return answered

    def erase(self, world: World, offset: int) -> Iterator[Move]:
        device = world.device
        blank = device._replace(slot=device.slot[:offset] + (BLANK,) * (CELLS - offset), pending=False)
        yield from self.done(f"erased from {offset}", world._replace(device=blank), _ERASED)
        # The bootloader's request stands behind the image, in the part of the slot that is erased last.
        half = device._replace(slot=(*device.slot[:offset], BLANK, *device.slot[offset + 1 :]))
        yield from self.stops(Kind.OTHER, "reboot while erasing", world._replace(device=half), Fault.REBOOT)
        if self.allows(Fault.FLASH):
            yield from self.takes(Kind.OTHER, "erasing fails", world, _NOT_ERASED, Fault.FLASH)

    def fetch(self, world: World, offset: int) -> Iterator[Move]:
        job = self.carrier.view(world).job
        number = job_number(job.job_id)
        image = object_of(number, world.objects[number])
        if job.etag is not None and job.etag != etag_of(image):
            yield from self.takes(Kind.WORK, "412", world, _PRECONDITION)
            if self.allows(Fault.NO_IF_MATCH):
                yield from self.partial_content(Kind.OTHER, world, image, offset, Fault.NO_IF_MATCH)
        else:
            yield from self.partial_content(Kind.WORK, world, image, offset)
        if self.allows(Fault.NO_RANGES):
            input = self.kept(io.HttpResponse(200, None, CELLS, etag_of(image)))
            whole = self.holding(world, Body(image, 0, CELLS))
            yield from self.takes(Kind.OTHER, "200", whole, input, Fault.NO_RANGES)
        for fault, answer in (
            (Fault.FETCH_FAILED, _CLOSED),
            (Fault.FORBIDDEN, _FORBIDDEN),
            (Fault.UNAVAILABLE, _UNAVAILABLE),
        ):
            if self.allows(fault):
                yield from self.takes(Kind.OTHER, fault.value, world, answer, fault)

    def partial_content(self, kind: Kind, world: World, image: str, offset: int, *faults: Fault) -> Iterator[Move]:
        input = self.kept(io.HttpResponse(206, (offset, offset, CELLS), 1, etag_of(image)))
        return self.takes(kind, "206", self.holding(world, Body(image, offset, offset + 1)), input, *faults)

    @staticmethod
    def holding(world: World, body: Body) -> World:
        return world._replace(device=world.device._replace(body=body))

    def kept(self, input: Input) -> Input:
        """One object for all equal inputs, as :class:`Engines` asks for."""
        return self._inputs.setdefault(input, input)

    def receive(self, world: World, offset: int) -> Iterator[Move]:
        device, body = world.device, world.device.body
        assert body is not None
        if device.slot[body.start] != BLANK:
            raise Violated("p5_written_flash_is_blank_before", f"writes over {device.slot} at {body.start}")
        written = (*device.slot[: body.start], body.object, *device.slot[body.start + 1 :])
        if body.start + 1 == body.end:
            after = device._replace(slot=written, body=None)
        else:
            more = ((Work.RECEIVE, offset), *device.work)
            after = device._replace(slot=written, body=body._replace(start=body.start + 1), work=more)
        yield from self.done(f"written to {body.start + 1}", world._replace(device=after), _WRITTEN[body.start + 1])
        stopped = world._replace(device=device._replace(body=None))
        for fault, answer in ((Fault.FETCH_FAILED, _CLOSED), (Fault.FLASH, _FLASH_FAILED)):
            if self.allows(fault):
                yield from self.takes(Kind.OTHER, f"receiving: {fault.value}", stopped, answer, fault)

    def verify(self, world: World, offset: int) -> Iterator[Move]:
        image, digest = whole_image(world.device.slot), slot_digest(world.device.slot)
        result = (
            io.Verified(digest=digest, image_valid=False)
            if image == BLANK
            else io.Verified(digest=digest, hash=image_hash(image), version=image_version(image))
        )
        yield from self.takes(Kind.WORK, "verified", world, self.kept(result))
        if self.allows(Fault.FLASH):
            yield from self.takes(Kind.OTHER, "verifying fails", world, _UNVERIFIED, Fault.FLASH)

    def upgrade(self, world: World, offset: int) -> Iterator[Move]:
        asked = world._replace(device=world.device._replace(pending=True))
        yield from self.done("upgrade requested", asked, _REQUESTED)
        if self.allows(Fault.BOOTLOADER):
            yield from self.takes(Kind.OTHER, "upgrade cannot be requested", world, _NOT_REQUESTED, Fault.BOOTLOADER)

    def confirm(self, world: World, offset: int) -> Iterator[Move]:
        confirmed = world._replace(device=world.device._replace(confirmed=True))
        yield from self.done("confirmed", confirmed, _CONFIRMED)
        if self.allows(Fault.BOOTLOADER):
            yield from self.takes(Kind.OTHER, "cannot be confirmed", world, _NOT_CONFIRMED, Fault.BOOTLOADER)
