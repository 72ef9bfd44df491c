# SPDX-License-Identifier: Apache-2.0
"""What a service, a server and a device say to an engine, in the words that tests are written in."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

from aws_fota.oracle import engine_io as io
from aws_fota.oracle import topics
from aws_fota.oracle.engine_io import ActionId, FetchError, Phase, Request, Tell, TimerId
from aws_fota.oracle.topics import Topic, TopicKind
from aws_fota.oracle.versions import Version
from differential.engine_pair import Pair
from differential.engine_process import Snapshot

SIZE = 50000
SLOT_SIZE = 100000
OLD_HASH = bytes([1]) * 32
NEW_HASH = bytes([2]) * 32
DIGEST = bytes([3]) * 32
ETAG = b'"one"'
JOB = "job-1"


def document(**changes: Any) -> dict[str, Any]:
    """A job document as the default description reads it; a value of None removes the member."""
    made = {
        "operation": "app_fw_update",
        "fwversion": "v2.0.0",
        "size": SIZE,
        "sha256": DIGEST.hex(),
        "location": {"url": "https://host.example/fw.bin?X=1"},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def record(
    phase: int,
    *,
    job_id: bytes = JOB.encode(),
    etag: bytes = ETAG,
    flags: int = 3,
    status: int = 0,
    reason: int = 0,
    retries: int = 0,
    version: int = 5,
    size: int = SIZE,
    offset: int = 16384,
    detail: int = 0,
    identity: bytes = bytes(32),
    sha256: bytes = DIGEST,
    slot_hash: bytes = NEW_HASH,
    format: int = 1,
    appended: bytes = b"",
) -> bytes:
    """A record, from the table in doc/engine.md and not from the code of either engine."""
    length = 124 + len(job_id) + len(etag) + len(appended) + 4
    head = struct.pack(
        "<HBBHBBBBBB", 0xF07A, format, flags, length, phase, status, reason, retries, len(job_id), len(etag)
    )
    body = head + struct.pack("<IIII", version, size, offset, detail) + identity + sha256 + slot_hash
    body += job_id + etag + appended
    return body + struct.pack("<I", zlib.crc32(body))


@dataclass
class Script:
    """A pair of engines, and who talks to them.

    Attributes:
        job_id: of the job that answers are about unless they say otherwise.
        version: versionNumber that the service has for it.
    """

    pair: Pair
    job_id: str = JOB
    version: int = 1
    told: list[tuple[Tell, int]] = field(default_factory=list)

    @property
    def phase(self) -> Phase:
        return self.pair.phase

    @property
    def request(self) -> Request:
        return self.pair.engine.state.request

    def step(self, input: io.Input) -> Snapshot:
        return self._seen(self.pair.step(input))

    def _seen(self, snapshot: Snapshot) -> Snapshot:
        self.told += [(Tell(action.what), action.value) for action in snapshot.actions if action.id is ActionId.TELL]
        return snapshot

    # The device.

    def boot(self, stored: bytes | None = None, **changes: Any) -> Snapshot:
        boot: dict[str, Any] = {
            "slot_size": SLOT_SIZE,
            "seed": 7,
            "running_hash": OLD_HASH,
            "running_version": Version(1, 0, 0, 0),
            **changes,
        }
        return self.step(io.Boot(record=stored, **boot))

    def connect(self) -> Snapshot:
        self.step(io.Connected())
        return self.step(io.Subscribed())

    def expire(self, timer: TimerId = TimerId.REQUEST) -> Snapshot:
        return self.step(io.Timer(timer))

    # The service.

    def text(self, topic: Topic | bytes, text: bytes, packet_id: int = 0) -> Snapshot:
        data = topic if isinstance(topic, bytes) else topics.format(self.pair.thing, topic)
        return self._seen(self.pair.message(data, text, packet_id))

    def say(self, topic: Topic, members: dict[str, Any], token: bool | str = True, packet_id: int = 0) -> Snapshot:
        """A message; `token` is whether it has the right clientToken, or another one."""
        if token:
            right = f"{self.pair.engine.state.token:08x}"
            members = {**members, "clientToken": right if token is True else token}
        return self.text(topic, json.dumps(members).encode("utf-8"), packet_id)

    def execution(self, **changes: Any) -> dict[str, Any]:
        made = {
            "jobId": self.job_id,
            "status": "QUEUED",
            "versionNumber": self.version,
            "jobDocument": document(),
            **changes,
        }
        return {name: value for name, value in made.items() if value is not None}

    def describe(self, by_id: str | None = None, nothing: bool = False, **changes: Any) -> Snapshot:
        """An answer to a describe: of `$next`, or of a job by its id."""
        topic = Topic(TopicKind.JOB_ACCEPTED, by_id) if by_id else Topic(TopicKind.NEXT_ACCEPTED)
        return self.say(topic, {} if nothing else {"execution": self.execution(**changes)})

    def notify_next(self, nothing: bool = False, **changes: Any) -> Snapshot:
        members = {} if nothing else {"execution": self.execution(**changes)}
        return self.say(Topic(TopicKind.NOTIFY_NEXT), members, token=False)

    def accept_update(self, status: str | None = "IN_PROGRESS", job_id: str | None = None) -> Snapshot:
        self.version += 1
        state = {"executionState": {"status": status, "versionNumber": self.version}} if status else {}
        return self.say(Topic(TopicKind.UPDATE_ACCEPTED, job_id or self.job_id), state)

    def settle(self) -> None:
        """Answer updates until none is in flight."""
        while self.request is Request.UPDATE:
            self.accept_update()

    def refuse(self, kind: TopicKind, code: str, status: str | None = None, version: int | None = None) -> Snapshot:
        topic = Topic(kind, self.job_id if kind in (TopicKind.JOB_REJECTED, TopicKind.UPDATE_REJECTED) else "")
        state = {"status": status, "versionNumber": version}
        told = {name: value for name, value in state.items() if value is not None}
        return self.say(topic, {"code": code, **({"executionState": told} if told else {})})

    # The server and the flash.

    def range(self, **changes: Any) -> Snapshot:
        job = self.pair.engine.job_state
        end = min(job.offset + self.pair.settings.range_size, job.size)
        made: dict[str, Any] = {"content_range": (job.offset, end - 1, job.size), "etag": ETAG, **changes}
        return self.step(io.HttpResponse(206, **made))

    def whole(self, **changes: Any) -> Snapshot:
        return self.step(io.HttpResponse(200, **{"content_length": self.pair.engine.job_state.size, **changes}))

    def status(self, status: int, **more: Any) -> Snapshot:
        return self.step(io.HttpResponse(status, **more))

    def write(self, end: int | None = None) -> Snapshot:
        return self.step(io.Written(self.pair.engine.job_state.range_end if end is None else end))

    def interrupt(self, error: FetchError = FetchError.CLOSED) -> Snapshot:
        return self.step(io.FetchFailed(error))

    def verify(self, **changes: Any) -> Snapshot:
        return self.step(io.Verified(**{"digest": DIGEST, "hash": NEW_HASH, **changes}))

    # Ways to somewhere.

    def to_starting(self, **changes: Any) -> None:
        self.boot()
        self.connect()
        self.describe(**changes)
        assert self.phase is Phase.STARTING

    def to_requesting(self) -> None:
        self.to_starting()
        self.accept_update()
        assert self.phase is Phase.REQUESTING

    def to_receiving(self) -> None:
        self.to_requesting()
        self.range()
        self.step(io.Erased())
        assert self.phase is Phase.RECEIVING

    def to_verifying(self) -> None:
        self.to_receiving()
        while self.phase is Phase.RECEIVING:
            self.write()
            if self.phase is Phase.REQUESTING:
                self.range()
            self.settle()
        assert self.phase is Phase.VERIFYING

    def to_applying(self) -> None:
        self.to_verifying()
        self.verify()
        assert self.phase is Phase.APPLYING

    def to_rebooting(self) -> None:
        self.to_applying()
        self.step(io.UpgradeRequested())
        assert self.phase is Phase.REBOOTING

    def to_confirming(self) -> None:
        self.to_rebooting()
        self.boot(self.pair.seen.record, running_hash=NEW_HASH, confirmed=False)
        assert self.phase is Phase.CONFIRMING

    def to_refreshing(self) -> None:
        self.to_requesting()
        self.status(403)
        assert self.phase is Phase.REFRESHING
