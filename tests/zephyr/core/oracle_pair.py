# SPDX-License-Identifier: Apache-2.0
"""The oracle alone in the place of the pair of engines that the scenarios run on; what it does is written down."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description
from aws_fota.oracle import engine_io as io
from aws_fota.oracle import publications, record, topics
from aws_fota.oracle.engine import Engine
from aws_fota.oracle.engine_io import ActionId, Phase
from aws_fota.oracle.outcome import MessageKind, ParseResult, Url
from aws_fota.oracle.parser import parse
from differential.engine_process import INPUT_IDS, Snapshot

THING = "thing-1:a_b"

#: What comes next in a trace.
BEGIN, MESSAGE, STEP = range(3)


def number(value: int) -> bytes:
    """A number of up to 32 bits, seven at a time; a negative one in two's complement."""
    value &= 2**32 - 1
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(made) + bytes([value])


def block(data: bytes | None) -> bytes:
    """Bytes with their number plus one; 0 for none."""
    return number(0) if data is None else number(len(data) + 1) + data


def encoded(input: io.Input) -> bytes:
    """An input, as ``reader.c`` reads it."""
    head = number(INPUT_IDS[type(input)])
    match input:
        case io.Boot():
            version = input.running_version
            parts = (version.major, version.minor, version.revision, version.build) if version else (0, 0, 0, 0)
            head += block(input.record) + block(input.running_hash) + number(version is not None)
            head += b"".join(map(number, parts)) + number(input.confirmed) + number(input.swap_pending)
            return head + number(input.slot_size) + number(input.seed)
        case io.Message():
            return head + number(input.packet_id) + block(input.identity)
        case io.Timer():
            return head + number(input.timer)
        case io.HttpResponse():
            there, length = input.content_range is not None, input.content_length
            head += number(input.status) + number(there) + b"".join(map(number, input.content_range or (0, 0, 0)))
            return head + number(length is not None) + number(length or 0) + block(input.etag) + block(input.location)
        case io.FetchFailed():
            return head + number(input.error)
        case io.Written():
            return head + number(input.end)
        case io.Verified():
            head += number(input.error) + block(input.digest) + number(input.image_valid) + block(input.hash)
            return head + b"".join(map(number, input.version))
        case io.Subscribed() | io.Erased() | io.UpgradeRequested() | io.Confirmed():
            return head + number(input.error)
    return head


@dataclass
class OraclePair:
    """Has what a script asks of a pair.

    Attributes:
        trace: everything that was done and what it led to, for ``test_traces.c``.
        steps: how many steps that is.
    """

    settings: Settings
    description: Description
    thing: str = THING
    engine: Engine = field(init=False)
    seen: Snapshot = field(init=False)
    trace: bytearray = field(default_factory=bytearray)
    steps: int = 0

    def __post_init__(self) -> None:
        self.engine = Engine(self.settings, self.description, self.thing)
        self.trace += number(BEGIN) + block(self.thing.encode())

    @property
    def phase(self) -> Phase:
        return self.seen.phase

    def step(self, input: io.Input) -> Snapshot:
        """Let the oracle take an input."""
        actions = tuple(self.engine.step(input))
        self.seen = self._snapshot(actions)
        self.steps += 1
        self.trace += number(STEP) + encoded(input) + number(len(actions))
        for action in actions:
            for value in (action.id, action.what, action.packet_id, action.value, action.length):
                self.trace += number(value)
        seen = self.seen
        for value in (seen.phase, seen.reason, seen.detail, seen.size, zlib.crc32(seen.record)):
            self.trace += number(value)
        self.trace += block(seen.job_id.encode()) + block(seen.etag)
        sent = None if seen.topic is None or seen.payload is None else seen.topic + b"\n" + seen.payload
        self.trace += block(sent)
        return seen

    def message(self, topic: bytes, text: bytes, packet_id: int = 0) -> Snapshot:
        """Let the oracle read a message and take it."""
        parts = topics.parse(self.thing, topic)
        kind = self.engine.message_kind(parts)
        outputs = parse(self.description, self.settings, kind, text, frozenset(self.engine.remembered_hashes))
        wanted = kind is MessageKind.EXECUTION and outputs.result is ParseResult.OK
        url = outputs.job.get("url") if wanted else None
        identity = publications.identity(url) if isinstance(url, Url) else None
        self.trace += number(MESSAGE) + block(topic) + block(text)
        for value in (parts.kind, kind, outputs.result, outputs.field):
            self.trace += number(value)
        return self.step(io.Message(parts, outputs, packet_id, identity))

    def _snapshot(self, actions: tuple[io.Action, ...]) -> Snapshot:
        engine = self.engine
        ids = {action.id for action in actions}
        return Snapshot(
            actions=actions,
            phase=engine.phase,
            job_id=engine.job_id,
            reason=engine.reason,
            detail=engine.detail,
            told=engine.told,
            etag=engine.etag or b"",
            size=engine.size,
            record=record.encode(engine.phase, engine.job_state),
            topic=publications.topic(engine) if ActionId.PUBLISH in ids else None,
            payload=publications.payload(engine) if ActionId.PUBLISH in ids else None,
            url=engine.url if ActionId.FETCH in ids else Url(),
        )
