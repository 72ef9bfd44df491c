# SPDX-License-Identifier: Apache-2.0
"""The generated engine and the oracle in lockstep: every step of the one is held against the same of the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description
from aws_fota.oracle import engine_io as io
from aws_fota.oracle import publications, record, topics
from aws_fota.oracle.engine import Engine
from aws_fota.oracle.engine_io import ActionId, Phase
from aws_fota.oracle.outcome import MessageKind, ParseResult, Url
from aws_fota.oracle.parser import parse
from differential.engine_process import EngineProcess, Snapshot

THING = "thing-1:a_b"

#: What of a snapshot is nothing to compare after a step that does not publish, or does not fetch.
_OF_OTHER_STEPS: dict[tuple[bool, bool], dict[str, Any]] = {
    (publishes, fetches): ({} if publishes else {"topic": None, "payload": None}) | ({} if fetches else {"url": Url()})
    for publishes in (False, True)
    for fetches in (False, True)
}


def _asks(actions: Iterable[io.Action]) -> tuple[bool, bool]:
    """Whether a step publishes, and whether it fetches."""
    ids = {action.id for action in actions}
    return ActionId.PUBLISH in ids, ActionId.FETCH in ids


def _difference(input: io.Input, generated: Snapshot, oracle: Snapshot) -> str:
    """What a step did differently."""
    lines = [f"after {input}:"]
    for name in (member.name for member in fields(Snapshot)):
        of_generated, of_oracle = getattr(generated, name), getattr(oracle, name)
        if of_generated != of_oracle:
            lines += [f"{name} of the generated engine: {of_generated}", f"{name} of the oracle: {of_oracle}"]
    return "\n".join(lines)


@dataclass
class Pair:
    """One device, twice.

    Attributes:
        process: the generated engine.
        engine: the oracle.
        seen: what both showed after the last step.
    """

    process: EngineProcess
    settings: Settings
    description: Description
    thing: str = THING
    engine: Engine = field(init=False)
    seen: Snapshot = field(init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(self.settings, self.description, self.thing)
        assert self.process.init(self.thing) == 0

    @property
    def phase(self) -> Phase:
        return self.seen.phase

    def step(self, input: io.Input) -> Snapshot:
        """Let both take an input other than a message."""
        actions = tuple(self.engine.step(input))
        seen = self.process.step(input)
        self.seen = replace(seen, **_OF_OTHER_STEPS[_asks(actions)])
        expected = self._snapshot(actions)
        if self.seen != expected:
            raise AssertionError(_difference(input, self.seen, expected))
        return self.seen

    def message(self, topic: bytes, text: bytes, packet_id: int = 0) -> Snapshot:
        """Let both read a message and take it."""
        parts = topics.parse(self.thing, topic)
        kind = self.engine.message_kind(parts)
        assert self.process.topic(topic) == (parts.kind, parts.job_id.encode("ascii"), kind)
        outputs = parse(self.description, self.settings, kind, text, frozenset(self.engine.remembered_hashes))
        wanted = kind is MessageKind.EXECUTION and outputs.result is ParseResult.OK
        url = outputs.job.get("url") if wanted else None
        name = publications.identity_text(url).encode("ascii") if isinstance(url, Url) else b""
        assert self.process.parse(kind, text) == (outputs.result, outputs.field, name)
        identity = publications.identity(url) if isinstance(url, Url) else None
        return self.step(io.Message(parts, outputs, packet_id, identity))

    def _snapshot(self, actions: tuple[io.Action, ...]) -> Snapshot:
        engine = self.engine
        publishes, fetches = _asks(actions)
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
            topic=publications.topic(engine) if publishes else None,
            payload=publications.payload(engine) if publishes else None,
            url=engine.url if fetches else Url(),
        )
