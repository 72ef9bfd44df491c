# SPDX-License-Identifier: Apache-2.0
"""Any inputs in any order: the interface holds in every step, whatever came before it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Foreign, Options
from aws_fota.oracle import engine_io as io
from aws_fota.oracle import publications, record, topics
from aws_fota.oracle.engine import ACTIONS_MAX, Engine
from aws_fota.oracle.engine_io import ActionId, Phase, Request, TimerId
from aws_fota.oracle.engine_state import Backoff, Link
from aws_fota.oracle.outcome import EnvelopeField, JobStatus, Outcome, ParseResult, Refusal, Scheme, Url
from aws_fota.oracle.topics import TopicKind
from aws_fota.oracle.versions import Version
from descriptions import DEFAULT

STEPS = 150
SLOT_SIZE = 10_000

_FIELDS = frozenset(range(16, 16 + len(DEFAULT.fields)))
_PRESENT = (
    *[frozenset(EnvelopeField) | _FIELDS] * 10,
    frozenset({EnvelopeField.MESSAGE, EnvelopeField.CLIENT_TOKEN}),
    frozenset(EnvelopeField) | _FIELDS - {16},
    frozenset(),
)
_RESULTS = (
    *[(ParseResult.OK, 0)] * 30,
    (ParseResult.SYNTAX, 0),
    (ParseResult.MISSING, EnvelopeField.JOB_DOCUMENT),
    (ParseResult.WRONG_VALUE, EnvelopeField.CLIENT_TOKEN),
    (ParseResult.TOO_LONG, 17),
    (ParseResult.WRONG_TYPE, 18),
)
_ANSWERS = {
    Request.DESCRIBE_NEXT: (TopicKind.NEXT_ACCEPTED, TopicKind.NEXT_REJECTED),
    Request.DESCRIBE_JOB: (TopicKind.JOB_ACCEPTED, TopicKind.JOB_REJECTED),
    Request.LIST: (TopicKind.LIST_ACCEPTED, TopicKind.LIST_REJECTED),
    Request.UPDATE: (TopicKind.UPDATE_ACCEPTED, TopicKind.UPDATE_REJECTED),
}
_WITH_JOB = _ANSWERS[Request.DESCRIBE_JOB] + _ANSWERS[Request.UPDATE]
#: The line of the table of actions that each stands in.
_LINE = {
    ActionId.ACKNOWLEDGE: 0,
    ActionId.ABORT: 1,
    ActionId.PERSIST: 2,
    ActionId.CLEAR: 2,
    ActionId.TELL: 3,
    **dict.fromkeys(range(ActionId.ERASE, ActionId.CONFIRM_IMAGE + 1), 4),
    ActionId.SUBSCRIBE: 5,
    ActionId.PUBLISH: 5,
}


class Chance:
    """Inputs by chance: most of them what the glue would deliver now, the others anything."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def engine(self) -> Engine:
        pick = self.random.choice
        build = Settings(
            range_size=pick([256, 4096]),
            resume_step=pick([512, 4096]),
            retries_max=pick([1, 2, 3]),
            allow_http=pick([True, False]),
            report_on_download=pick([True, False]),
        )
        options = Options(progress_step_percent=pick([1, 50]), remembered_jobs=pick([1, 2, 3]))
        return Engine(build, replace(DEFAULT, foreign=pick(list(Foreign)), options=options), "thing")

    def input(self, engine: Engine, stored: bytes | None) -> io.Input:
        pick = self.random.choice
        expected = self.expected(engine, stored)
        if expected and self.random.random() < 0.8:
            return pick(expected)()
        error = pick([0, 0, -5])
        anything: list[Callable[[], io.Input]] = [
            *[lambda: self.message(engine)] * 20,
            *[lambda: pick([io.Accept(), io.Reject(), io.Confirm(), io.Revert(), io.Pause(), io.Resume()])] * 3,
            lambda: pick([io.Connected(), io.Subscribed(), io.Subscribed(-1), io.Disconnected()]),
            lambda: io.Timer(pick(list(TimerId))),
            lambda: io.Cancel(),
            lambda: io.FetchFailed(pick(list(io.FetchError))),
            lambda: io.Written(self.random.randrange(2**32)),
            lambda: pick([io.Erased(error), io.Confirmed(error), io.UpgradeRequested(error)]),
            lambda: self.response(engine),
            lambda: self.boot(stored),
        ]
        return pick(anything)()

    def expected(self, engine: Engine, stored: bytes | None) -> list[Callable[[], io.Input]]:
        pick = self.random.choice
        error = pick([0, 0, 0, -5])
        job = engine.job_state
        of_phase: dict[Phase, Callable[[], io.Input]] = {
            Phase.REQUESTING: lambda: self.response(engine),
            Phase.ERASING: lambda: io.Erased(error),
            Phase.REVERTING: lambda: io.Erased(error),
            Phase.RECEIVING: lambda: io.Written(pick([job.range_end, job.offset + 1])),
            Phase.VERIFYING: lambda: io.Verified(error, hash=self.hash()),
            Phase.APPLYING: lambda: io.UpgradeRequested(error),
            Phase.CONFIRMING: lambda: pick([io.Confirm(), io.Confirmed(error)]),
            Phase.WAITING: lambda: io.Timer(TimerId.DOWNLOAD),
            Phase.REBOOTING: lambda: self.boot(stored),
        }
        expected = [of_phase[engine.phase]] if engine.phase in of_phase else []
        if engine.state.link is Link.OFFLINE:
            expected.append(io.Connected)
        elif engine.state.request is Request.SUBSCRIBE:
            expected.append(io.Subscribed)
        elif engine.state.request is not Request.NONE:
            expected.append(lambda: self.message(engine))
        elif engine.state.backoff is not Backoff.NONE:
            expected.append(lambda: io.Timer(TimerId.REQUEST))
        return expected

    def hash(self) -> bytes | None:
        return self.random.choice([b"a" * 32, b"b" * 32, None])

    def boot(self, stored: bytes | None) -> io.Boot:
        pick = self.random.choice
        return io.Boot(
            slot_size=SLOT_SIZE,
            seed=self.random.randrange(2**32),
            record=pick([stored, stored, stored, None]),
            running_hash=self.hash(),
            running_version=pick([None, Version(1, 0, 0)]),
            confirmed=pick([True, True, False]),
            swap_pending=pick([True, False]),
        )

    def response(self, engine: Engine) -> io.HttpResponse:
        pick, job = self.random.choice, engine.job_state
        asked = (job.offset, job.offset + engine.fetch_length - 1, job.size)
        return io.HttpResponse(
            status=pick([206] * 20 + [200, 302, 403, 403, 404, 412, 503]),
            content_range=pick([asked] * 20 + [None, (job.offset, 0, 0)]),
            content_length=pick([job.size, 7, None]),
            etag=pick([b'"e"', b'"e"', b'"e"', b'"f"', None]),
            location=pick([b"/c", b"https://x/y", b"http://x/y", None]),
        )

    def message(self, engine: Engine) -> io.Message:
        pick = self.random.choice
        awaited = _ANSWERS.get(engine.state.request, ())
        kind = pick([*awaited[:1] * 40, *awaited[1:] * 8, TopicKind.NOTIFY, TopicKind.NOTIFY_NEXT, *TopicKind])
        job_id = pick([engine.job_id or "job", engine.job_id or "job", "other"])
        result, field = pick(_RESULTS)
        url = Url(pick([Scheme.HTTP, Scheme.HTTPS]), "h", 0, pick(["/a", "/b"]))
        outputs = Outcome(
            result=result,
            field=field,
            client_token=engine.state.token ^ pick([0] * 19 + [1]),
            job_id=job_id,
            status=pick([JobStatus.QUEUED, JobStatus.IN_PROGRESS] * 20 + list(JobStatus)),
            version_number=self.random.randrange(1, 5),
            code=pick(list(Refusal)),
            present=pick(_PRESENT),
            job={
                "operation": pick(["app_fw_update"] * 4 + ["other"]),
                "version": pick(["1.0.0", "2.0.0", "x"]),
                "size": pick([100, 100, 5000, 0, 2**32 - 1]),
                "url": url,
            },
        )
        topic = topics.Topic(kind, job_id if kind in _WITH_JOB else "")
        return io.Message(topic, outputs, self.random.randrange(3), publications.identity(url))


def check_the_step(engine: Engine, input: io.Input, actions: list[io.Action]) -> None:
    """What holds of any step's actions, and of the state after it."""
    assert len(actions) <= ACTIONS_MAX
    lines = [_LINE[action.id] for action in actions if action.id in _LINE]
    assert lines == sorted(set(lines))
    timers = [action.what for action in actions if action.id not in _LINE]
    assert timers == sorted(set(timers))
    acknowledged = [action.packet_id for action in actions if action.id is ActionId.ACKNOWLEDGE]
    assert acknowledged == ([input.packet_id] if isinstance(input, io.Message) and input.packet_id else [])
    state = engine.state
    assert state.request is Request.NONE or state.backoff is Backoff.NONE
    assert state.request in (Request.NONE, Request.SUBSCRIBE) or state.link is Link.ONLINE
    assert state.attempts <= engine.settings.retries_max
    assert len(state.ring) <= engine.description.options.remembered_jobs
    assert engine.job_state.offset <= engine.size
    if any(action.id is ActionId.PUBLISH for action in actions):
        assert len(publications.payload(engine)) <= publications.PUBLICATION_MAX
        assert b"//" not in publications.topic(engine), "never without a jobId"


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.integers(0, 2**64 - 1))
def test_any_inputs_in_any_order(seed: int) -> None:
    chance = Chance(seed)
    engine = chance.engine()
    stored: bytes | None = None
    running: set[TimerId] = set()
    input: io.Input = chance.boot(None)
    for _ in range(STEPS):
        if isinstance(input, io.Boot):
            running = set()
        elif isinstance(input, io.Timer):
            running.discard(input.timer)
        before = engine.phase
        actions = engine.step(input)
        check_the_step(engine, input, actions)
        for action in actions:
            if action.id is ActionId.PERSIST:
                stored = record.encode(engine.phase, engine.job_state)
                assert record.decode(stored) is not None
            elif action.id is ActionId.CLEAR:
                stored = None
            elif action.id is ActionId.TIMER_START:
                running.add(TimerId(action.what))
            elif action.id is ActionId.TIMER_STOP:
                assert action.what in running, "only what runs is stopped"
                running.discard(TimerId(action.what))
            elif action.id is ActionId.REQUEST_UPGRADE:
                assert before is Phase.VERIFYING
        waits = engine.state.request is not Request.NONE or engine.state.backoff is not Backoff.NONE
        assert (TimerId.REQUEST in running) == waits
        assert (TimerId.DOWNLOAD in running) == (engine.phase is Phase.WAITING)
        input = chance.input(engine, stored)


def test_chance_reaches_every_phase() -> None:
    met = set()
    for seed in range(400):
        chance = Chance(seed)
        engine = chance.engine()
        engine.step(chance.boot(None))
        stored: bytes | None = None
        for _ in range(STEPS):
            actions = engine.step(chance.input(engine, stored))
            if any(action.id is ActionId.PERSIST for action in actions):
                stored = record.encode(engine.phase, engine.job_state)
            met.add(engine.phase)
    assert met == set(Phase) - {Phase.UNBOOTED}
