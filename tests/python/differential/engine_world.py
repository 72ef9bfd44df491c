# SPDX-License-Identifier: Apache-2.0
"""A world that mostly, but not always, keeps to the rules, and one pair of engines in it."""

from __future__ import annotations

from collections.abc import Callable

from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import ActionId, FetchError, Phase, Request, TimerId
from aws_fota.oracle.topics import Topic, TopicKind
from aws_fota.oracle.versions import Version
from differential import engine_choices as any_
from differential.engine_choices import Chooser
from differential.engine_process import Snapshot
from differential.engine_script import DIGEST, NEW_HASH, OLD_HASH, SLOT_SIZE, Script, document


class World:
    """One device and all that it meets; what happens next is the chooser's."""

    def __init__(self, script: Script) -> None:
        self.script = script
        #: What the device has stored.
        self.stored: bytes | None = None
        self._note(script.boot())

    def _note(self, snapshot: Snapshot) -> None:
        ids = [action.id for action in snapshot.actions]
        if ActionId.PERSIST in ids:
            self.stored = snapshot.record
        if ActionId.CLEAR in ids:
            self.stored = None

    def go_on(self, choose: Chooser) -> None:
        """Whatever lets an update go on, if anything does."""
        script, state = self.script, self.script.pair.engine.state
        ways: list[Callable[[], Snapshot]] = []
        if not state.link:
            ways.append(lambda: script.step(io.Connected()))
        elif state.request is Request.SUBSCRIBE:
            ways.append(lambda: script.step(io.Subscribed()))
        elif state.request is not Request.NONE:
            ways.append(lambda: self._answer(choose))
        if state.backoff:
            ways.append(script.expire)
        ways += self._work(choose) * 2
        if ways:
            self._note(choose.one(ways)())

    def _work(self, choose: Chooser) -> list[Callable[[], Snapshot]]:
        script = self.script
        job = script.pair.engine.job_state
        match script.phase:
            case Phase.OFFERED:
                return [lambda: script.step(choose.one([io.Accept(), io.Reject()]))]
            case Phase.REQUESTING:
                return [script.range] * 6 + [script.whole, lambda: script.status(403), lambda: script.status(503)]
            case Phase.ERASING:
                return [lambda: script.step(io.Erased())]
            case Phase.RECEIVING:
                ends = [job.range_end] * 3 + [min(job.offset + 700, job.range_end)]
                broken = [lambda: script.interrupt(choose.one([FetchError.CLOSED, FetchError.TIMEOUT]))]
                return [lambda: script.write(choose.one(ends))] * 4 + broken
            case Phase.WAITING:
                return [lambda: script.expire(TimerId.DOWNLOAD)]
            case Phase.PAUSED:
                return [lambda: script.step(io.Resume())]
            case Phase.VERIFYING:
                digest, version = choose.one([DIGEST, bytes(32)]), choose.one([Version(0, 9, 0), Version(2, 0, 0)])
                return [script.verify] * 3 + [lambda: script.verify(digest=digest, version=version)]
            case Phase.APPLYING:
                return [
                    lambda: script.step(io.UpgradeRequested()),
                    lambda: script.boot(self.stored, swap_pending=choose.one([True, False])),
                    self._ended,
                ]
            case Phase.REBOOTING:
                new = choose.one([True, True, False])
                found = {"running_hash": NEW_HASH if new else OLD_HASH, "confirmed": not new}
                return [lambda: script.boot(self.stored, **found)] * 3 + [self._ended]
            case Phase.CONFIRMING:
                confirm = [lambda: script.step(io.Confirm()), lambda: script.step(io.Confirmed())]
                return [*confirm, *confirm, lambda: script.step(choose.one([io.Revert(), io.Cancel()]))]
            case Phase.REVERTING:
                return [
                    lambda: script.step(io.Erased(choose.one([0, 0, -5]))),
                    lambda: script.boot(self.stored, swap_pending=choose.one([True, False])),
                    lambda: script.boot(self.stored, running_hash=NEW_HASH, confirmed=choose.one([True, False])),
                    self._ended,
                ]
        return []

    def _ended(self) -> Snapshot:
        """The job ends in the cloud."""
        return self.script.notify_next(jobId=self.script.pair.engine.job_id, status="CANCELED", versionNumber=99)

    def _answer(self, choose: Chooser) -> Snapshot:
        """A likely answer to the request in flight."""
        script = self.script
        script.job_id = script.pair.engine.job_id or script.job_id
        wanted = any_.good_document(choose)
        if choose.number(0, 5) == 0:
            wanted = document(operation="reboot")
            script.job_id = choose.one(any_.JOB_IDS) if not script.pair.engine.job_id else script.job_id
        status = choose.one(["QUEUED", "IN_PROGRESS"])
        match script.request:
            case Request.DESCRIBE_NEXT:
                return script.describe(jobDocument=wanted, status=status)
            case Request.DESCRIBE_JOB:
                return script.describe(by_id=script.job_id, jobDocument=wanted, status=status)
            case Request.LIST:
                return script.say(Topic(TopicKind.LIST_ACCEPTED), any_.any_list(choose))
        if choose.number(0, 7) == 0:
            code = choose.one(["VersionMismatch", "VersionMismatch", "InvalidStateTransition", "RequestThrottled"])
            return script.refuse(TopicKind.UPDATE_REJECTED, code, "IN_PROGRESS", choose.one([None, script.version]))
        return script.accept_update(script.pair.engine.state.asked.name)

    # What may come at any moment.

    def boot(self, choose: Chooser) -> None:
        if choose.number(0, 2) == 0:
            self.stored = any_.any_record(choose)
        self._note(
            self.script.boot(
                self.stored,
                running_hash=choose.one(any_.HASHES),
                running_version=choose.one(any_.RUNNING_VERSIONS),
                confirmed=choose.one([True, True, False]),
                swap_pending=choose.one([False, False, True]),
                slot_size=choose.one([SLOT_SIZE, SLOT_SIZE, SLOT_SIZE, 0, any_.U32_MAX]),
                seed=choose.one([0, 1, 7, any_.U32_MAX]),
            )
        )

    def any_input(self, choose: Chooser) -> None:
        self._note(self.script.step(any_.any_input(choose)))

    def any_response(self, choose: Chooser) -> None:
        self._note(self.script.step(any_.any_response(choose)))

    def any_message(self, choose: Chooser) -> None:
        way = choose.one([self._describe, self._notify, self._notify, self._reply, self._list, self._break])
        self._note(way(choose))

    def _describe(self, choose: Chooser) -> Snapshot:
        execution = any_.any_execution(choose)
        by_id = Topic(TopicKind.JOB_ACCEPTED, execution["jobId"])
        topic = choose.one([Topic(TopicKind.NEXT_ACCEPTED), by_id])
        members = choose.one([{"execution": execution}] * 4 + [{}])
        return self.script.say(topic, members, choose.one(any_.TOKENS), choose.one(any_.PACKET_IDS))

    def _notify(self, choose: Chooser) -> Snapshot:
        execution = any_.any_execution(choose)
        own = self.script.pair.engine.job_id
        if own and choose.number(0, 1):
            execution["jobId"] = own
        kind = choose.one([TopicKind.NOTIFY_NEXT, TopicKind.NOTIFY_NEXT, TopicKind.NOTIFY])
        members = choose.one([{"execution": execution}] * 4 + [{}])
        return self.script.say(Topic(kind), members, token=False, packet_id=choose.one(any_.PACKET_IDS))

    def _reply(self, choose: Chooser) -> Snapshot:
        topic = any_.any_topic(choose, self.script.pair.engine.job_id)
        members = {"code": choose.one(any_.CODES), **any_.any_state(choose)}
        return self.script.say(topic, members, choose.one(any_.TOKENS))

    def _list(self, choose: Chooser) -> Snapshot:
        topic = Topic(TopicKind.LIST_ACCEPTED)
        return self.script.say(topic, any_.any_list(choose), choose.one(any_.TOKENS))

    def _break(self, choose: Chooser) -> Snapshot:
        topic = any_.any_topic(choose, self.script.pair.engine.job_id)
        return self.script.text(topic, choose.one(any_.BROKEN_TEXTS), choose.one(any_.PACKET_IDS))
