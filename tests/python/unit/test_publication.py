# SPDX-License-Identifier: Apache-2.0
"""What the generated engine sends: topics and payloads, in buffers of every size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from aws_fota.codegen import engine_texts
from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_io import Phase, Request
from descriptions import DEFAULT, DESCRIPTIONS, FORTY
from differential.engine_pair import Pair
from differential.engine_process import EngineProcess, build
from differential.engine_script import JOB, Script, record
from unit.engine_fixture import running_engine

TOPIC, PAYLOAD, NEXT_FILTER, NOTIFY_FILTER, NO_FILTER = range(5)
EINVAL, ENOMEM = -22, -12
PUBLICATION_MAX = 384
TOPIC_MAX = 12 + 128 + 6 + 64 + 16


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    yield from running_engine(tmp_path_factory, settings=Settings(step_timeout_minutes=10080))


def sent(script: Script, which: int = PAYLOAD) -> bytes:
    """A topic or payload, after it was asked for in every size that there is."""
    limit = PUBLICATION_MAX if which == PAYLOAD else TOPIC_MAX
    length, text = script.pair.process.publication(which, limit + 1)
    assert text is not None and length == len(text)
    assert script.pair.process.publication(which, length + 1) == (length, text)
    for size in range(length + 1):
        assert script.pair.process.publication(which, size) == (ENOMEM, None)
    return text


def update(script: Script) -> dict[str, Any]:
    """The update in flight."""
    assert script.request is Request.UPDATE
    made: dict[str, Any] = json.loads(sent(script))
    return made


def reporting(script: Script, **of_record: Any) -> dict[str, Any]:
    """The report that a record asks for."""
    script.boot(record(4, **of_record))
    script.connect()
    script.describe(nothing=True)
    return update(script)


def test_subscriptions(script: Script) -> None:
    script.boot()
    script.step(io.Connected())
    assert sent(script, NEXT_FILTER) == b"$aws/things/thing-1:a_b/jobs/notify-next"
    assert sent(script, NOTIFY_FILTER) == b"$aws/things/thing-1:a_b/jobs/notify"
    assert script.pair.process.publication(NO_FILTER, 300) == (EINVAL, None)


def test_nothing_is_published_unasked(script: Script) -> None:
    def nothing() -> None:
        for which in (TOPIC, PAYLOAD):
            for size in (0, 1, 300):
                assert script.pair.process.publication(which, size) == (EINVAL, None)

    script.boot()
    nothing()
    script.step(io.Connected())
    nothing()
    script.step(io.Subscribed(-1))
    nothing()


def test_describes(script: Script) -> None:
    script.boot(seed=0x00ABCDEE)
    script.connect()
    assert sent(script, TOPIC) == b"$aws/things/thing-1:a_b/jobs/$next/get"
    assert sent(script) == b'{"clientToken":"00abcdef"}'
    script.describe()
    script.notify_next(jobId="other")
    script.accept_update()
    assert sent(script, TOPIC) == b"$aws/things/thing-1:a_b/jobs/job-1/get"
    assert sent(script) == b'{"includeJobDocument":false,"clientToken":"00abcdf1"}'


def test_an_update_in_progress(script: Script) -> None:
    script.version = 1
    script.to_starting()
    assert sent(script, TOPIC) == b"$aws/things/thing-1:a_b/jobs/job-1/update"
    assert sent(script) == (
        b'{"status":"IN_PROGRESS","statusDetails":{"progress":"0"},"expectedVersion":1,'
        b'"includeJobExecutionState":true,"stepTimeoutInMinutes":10080,"clientToken":"00000009"}'
    )


def test_success(script: Script) -> None:
    made = reporting(script, status=3, version=0)
    assert made == {
        "status": "SUCCEEDED",
        "statusDetails": {"progress": "100"},
        "includeJobExecutionState": True,
        "clientToken": made["clientToken"],
    }


@pytest.mark.parametrize("reason", [*range(len(engine_texts.REASONS) + 3), 255])
@pytest.mark.parametrize("detail", [0, 1, 15, 2**32 - 1])
def test_reasons(script: Script, reason: int, detail: int) -> None:
    made = reporting(script, status=4, reason=reason, detail=detail)
    texts = engine_texts.REASONS
    expected = {"reason": texts[reason] if reason < len(texts) else "unknown reason"}
    if detail and not 3 <= reason <= 8:
        expected["detail"] = str(detail)
    assert (made["status"], made["statusDetails"]) == ("FAILED", expected)
    assert made["expectedVersion"] == 5


@pytest.mark.parametrize("reason", range(3, 9))
def test_reasons_about_a_field(script: Script, reason: int) -> None:
    for index, field in enumerate(DEFAULT.fields):
        made = reporting(script, status=6, reason=reason, detail=16 + index)
        assert made["status"] == "REJECTED"
        assert made["statusDetails"] == {"reason": engine_texts.REASONS[reason], "field": field.dotted}
    made = reporting(script, status=6, reason=reason, detail=16 + len(DEFAULT.fields))
    assert made["statusDetails"] == {"reason": engine_texts.REASONS[reason]}


def test_fields_whose_names_need_escapes(tmp_path_factory: pytest.TempPathFactory) -> None:
    for script in running_engine(tmp_path_factory, FORTY):
        for index, field in enumerate(FORTY.fields):
            made = reporting(script, status=4, reason=5, detail=16 + index)
            assert made["statusDetails"]["field"] == field.dotted


def test_the_longest_of_everything_fits(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No payload is longer than the generator says, and some has that length."""
    program = build(DEFAULT, Settings(), tmp_path_factory.mktemp("longest"))
    with EngineProcess(program) as process:
        script = Script(Pair(process, Settings(), DEFAULT, "t" * 128), job_id="j" * 64)
        lengths = []
        for reason in range(len(engine_texts.REASONS)):
            for detail in (*range(16, 16 + len(DEFAULT.fields)), 2**32 - 1):
                script.boot(record(4, status=6, reason=reason, detail=detail, job_id=b"j" * 64, version=2**32 - 1))
                script.connect()
                script.describe(nothing=True)
                lengths.append(len(script.pair.seen.payload or b""))
        assert len(sent(script, TOPIC)) <= TOPIC_MAX
        assert max(lengths) == engine_texts.payload_worst(Model(DEFAULT))


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_no_description_makes_a_payload_too_long(name: str) -> None:
    assert (
        engine_texts.payload_worst(Model(DESCRIPTIONS[name], Settings(step_timeout_minutes=10080))) <= PUBLICATION_MAX
    )


def test_the_status_that_was_asked_for_is_sent_though_the_phase_changed(script: Script) -> None:
    script.to_starting()
    script.step(io.Cancel())
    assert script.phase is Phase.REPORTING
    assert update(script)["status"] == "IN_PROGRESS"
    script.accept_update(job_id=JOB)
    assert update(script)["status"] == "FAILED"


@pytest.mark.parametrize("word", engine_texts.SHARED_WORDS)
def test_every_shared_word_saves_more_than_it_takes(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def size() -> int:
        told = [*engine_texts.REASONS, *(field.dotted for field in DEFAULT.fields)]
        written = [*engine_texts.SHARED_WORDS, *map(engine_texts.with_shared_words, told)]
        return sum(len(text) + 1 for text in written)

    whole = size()
    monkeypatch.setattr(engine_texts, "SHARED_WORDS", tuple(w for w in engine_texts.SHARED_WORDS if w != word))
    assert whole < size()


def test_shared_words_are_bytes_that_no_text_has() -> None:
    assert len(engine_texts.SHARED_WORDS) < ord(" ")
    for text in (*engine_texts.REASONS, *engine_texts.SHARED_WORDS):
        assert text.isascii() and text.isprintable()
