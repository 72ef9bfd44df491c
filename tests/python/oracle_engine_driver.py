# SPDX-License-Identifier: Apache-2.0
"""Drives the oracle's engine as a glue would, with messages in the service's JSON, and keeps what it asked for."""

from __future__ import annotations

import json
from typing import Any

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description
from aws_fota.oracle import parser, publications, record, topics
from aws_fota.oracle.engine import Engine
from aws_fota.oracle.engine_io import (
    Action,
    ActionId,
    Boot,
    Connected,
    Erased,
    HttpResponse,
    Input,
    Message,
    Phase,
    Subscribed,
    Tell,
    Timer,
    TimerId,
    UpgradeRequested,
    Verified,
    Written,
)
from aws_fota.oracle.outcome import JobStatus, ParseResult, Url
from aws_fota.oracle.versions import Version
from descriptions import DEFAULT

THING = "thing-1"
JOBS = f"$aws/things/{THING}/jobs/"
OLD_HASH, NEW_HASH = b"o" * 32, b"n" * 32
SLOT_SIZE = 400_000
ETAG = b'"one"'


def document(**members: Any) -> dict[str, Any]:
    """A job document of ours; members that are None are left out."""
    whole = {
        "operation": "app_fw_update",
        "fwversion": "v2.0.0",
        "size": 10_000,
        "location": {"url": "https://bucket.example.com/fw.bin?signature=1"},
        **members,
    }
    return {name: value for name, value in whole.items() if value is not None}


class Driver:
    """One engine, and what it asked its glue for."""

    def __init__(self, settings: Settings | None = None, description: Description = DEFAULT) -> None:
        self.settings = settings or Settings()
        self.description = description
        self.engine = Engine(self.settings, description, THING)
        #: What flash holds.
        self.record: bytes | None = None
        #: Of the last step.
        self.actions: list[Action] = []
        #: Of all steps.
        self.told: list[tuple[Tell, int]] = []
        self.published: list[tuple[str, dict[str, Any]]] = []

    # Inputs.

    def give(self, input: Input) -> list[Action]:
        """One step."""
        self.actions = self.engine.step(input)
        for action in self.actions:
            if action.id is ActionId.PERSIST:
                self.record = record.encode(self.engine.phase, self.engine.job_state)
            elif action.id is ActionId.CLEAR:
                self.record = None
            elif action.id is ActionId.TELL:
                self.told.append((Tell(action.what), action.value))
            elif action.id is ActionId.PUBLISH:
                payload = json.loads(publications.payload(self.engine))
                self.published.append((publications.topic(self.engine).decode().removeprefix(JOBS), payload))
        return self.actions

    def boot(self, **found: Any) -> list[Action]:
        """The device starts, with the record that was kept."""
        whole: dict[str, Any] = {
            "slot_size": SLOT_SIZE,
            "seed": 1,
            "record": self.record,
            "running_hash": OLD_HASH,
            "running_version": Version(1, 0, 0),
            **found,
        }
        return self.give(Boot(**whole))

    def connect(self) -> list[Action]:
        """The connection stands and the subscription was accepted."""
        self.give(Connected())
        return self.give(Subscribed())

    def message(self, topic: str, body: Any, packet_id: int = 1) -> list[Action]:
        """A message on a Jobs topic, as JSON or as bytes."""
        taken_apart = topics.parse(THING, (JOBS + topic).encode())
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = self.engine.message_kind(taken_apart)
        remembered = frozenset(self.engine.remembered_hashes)
        outputs = parser.parse(self.description, self.settings, kind, data, remembered)
        url = outputs.job.get("url") if outputs.result is ParseResult.OK else None
        identity = publications.identity(url) if isinstance(url, Url) else None
        return self.give(Message(taken_apart, outputs, packet_id, identity))

    def answer(self, verdict: str = "accepted", **body: Any) -> list[Action]:
        """An answer to what was published last."""
        topic, asked = self.published[-1]
        return self.message(f"{topic}/{verdict}", {**body, "clientToken": asked["clientToken"]})

    def describe(self, job_id: str = "job", status: str = "QUEUED", version: int = 1, **members: Any) -> list[Action]:
        """An answer that describes a job, with a document of ours unless a whole one is given."""
        execution = {"jobId": job_id, "status": status, "versionNumber": version}
        full = self.published[-1][1].get("includeJobDocument", True)
        if full:
            execution["jobDocument"] = members.pop("jobDocument", None) or document(**members)
        return self.answer(execution=execution)

    def describe_nothing(self) -> list[Action]:
        """An answer that says that nothing is pending."""
        return self.answer(execution={})

    def updated(self, status: str, version: int) -> list[Action]:
        """The update was accepted."""
        return self.answer(executionState={"status": status, "versionNumber": version})

    def refused(self, code: str, **state: Any) -> list[Action]:
        """What was published last was rejected, with the executionState if there is one."""
        return self.answer("rejected", code=code, **({"executionState": state} if state else {}))

    def expire(self, timer: TimerId = TimerId.REQUEST) -> list[Action]:
        return self.give(Timer(timer))

    # Ways to a phase.

    def online(self) -> Driver:
        """Booted, connected, and describing ``$next``."""
        self.boot()
        self.connect()
        return self

    def requesting(self, **members: Any) -> Driver:
        """Online, with a job whose IN_PROGRESS was accepted."""
        self.online()
        self.describe(**members)
        self.updated("IN_PROGRESS", 2)
        assert self.phase is Phase.REQUESTING
        return self

    def respond(self, etag: bytes | None = ETAG) -> list[Action]:
        """The range that was asked for."""
        start, length = self.engine.job_state.offset, self.engine.fetch_length
        return self.give(HttpResponse(206, (start, start + length - 1, self.engine.size), length, etag))

    def receiving(self, **members: Any) -> Driver:
        """The first range is about to be written."""
        self.requesting(**members)
        self.respond()
        self.give(Erased())
        assert self.phase is Phase.RECEIVING
        return self

    def download(self) -> Driver:
        """The rest of the object, from RECEIVING to VERIFYING."""
        while True:
            self.give(Written(self.engine.job_state.range_end))
            if self.phase is Phase.VERIFYING:
                return self
            if self.published and self.engine.state.asked is JobStatus.IN_PROGRESS and self.has(ActionId.PUBLISH):
                self.updated("IN_PROGRESS", self.engine.job_state.version + 1)
            self.respond()

    def applying(self, **members: Any) -> Driver:
        """Downloaded and verified; the upgrade is being requested."""
        self.receiving(**members)
        self.download()
        self.give(Verified(hash=NEW_HASH))
        assert self.phase is Phase.APPLYING
        return self

    def rebooting(self, **members: Any) -> Driver:
        """The application is to reboot."""
        self.applying(**members)
        self.give(UpgradeRequested())
        return self

    def confirming(self, **members: Any) -> Driver:
        """The new image runs, unconfirmed."""
        self.rebooting(**members)
        self.boot(running_hash=NEW_HASH, running_version=Version(2, 0, 0), confirmed=False, seed=100)
        assert self.phase is Phase.CONFIRMING
        return self

    # What came of it.

    @property
    def phase(self) -> Phase:
        return self.engine.phase

    def has(self, *ids: ActionId) -> bool:
        """Whether the last step asked for one of these."""
        return any(action.id in ids for action in self.actions)

    @property
    def last(self) -> tuple[str, dict[str, Any]]:
        """Topic and payload of what was published last."""
        return self.published[-1]

    @property
    def last_status(self) -> tuple[str, dict[str, str]]:
        """Status and details of the update that was published last."""
        topic, payload = self.last
        assert topic.endswith("/update"), topic
        return payload["status"], payload["statusDetails"]

    @property
    def events(self) -> list[Tell]:
        """What the application was told, without values."""
        return [event for event, _ in self.told]
