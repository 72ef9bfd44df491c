# SPDX-License-Identifier: Apache-2.0
"""The transition table as data: it is whole, each row can be taken, every step ends; and its pictures."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from aws_fota.cli import run
from aws_fota.codegen import engine_document, engine_texts, engine_words
from aws_fota.codegen.engine_words import BOOTED, EVENTS, INPUTS, PHASES
from aws_fota.codegen.transitions import ROWS, Features, Row, rows
from aws_fota.config import limits

ROOT = Path(__file__).resolve().parents[3]
HEADERS = ROOT / "templates/include/aws_fota"

#: The builds that there can be: one policy, or none, and REPORT_ON_DOWNLOAD or not.
BUILDS = [
    Features(
        offers=policy == "offer",
        leaves=policy in ("offer", "leave"),
        rejects=policy == "reject",
        dispatches=policy != "none",
        reports_on_download=early,
        digests=early,
    )
    for policy, early in itertools.product(("offer", "leave", "reject", "none"), (False, True))
]

#: What a description can turn out to be (doc/engine.md, "judge").
JUDGEMENTS = ("FOREIGN", "FIT", "SUCCEED", "FAIL")


#: What an input can turn out to be when it is looked into (doc/engine.md, "Inputs").
EXAMINATIONS = {
    "TIMER": ("DOWNLOAD_TIMER", "BACKOFF_OVER", "RETRY_NOW"),
    "MESSAGE": (
        *("NOTIFIED", "NOTHING_PENDING", "NEXT_CHANGED", "OTHER_JOB", "SEEN", "LISTED", "UNREADABLE", "IDENTIFIED"),
        *("NOTHING_DESCRIBED", "DESCRIBED", "UPDATE_ACCEPTED", "UPDATE_REFUSED", "FINISHED", "ENDED", "RETRY_LATER"),
    ),
    "HTTP_RESPONSE": ("RANGE", "WHOLE", "NO_RANGES", "RESTART", "EXPIRED", "REDIRECT", "SERVER_BUSY", "FAIL"),
    "FETCH_FAILED": ("INTERRUPTED", "FAIL"),
    "WRITTEN": ("ADVANCED",),
    "VERIFIED": ("DIGEST_DIFFERS", "IMAGE_FITS", "SUCCEED", "FAIL"),
}


def enumerators(header: str, prefix: str) -> list[str]:
    """The names of an enum in a header's template, in order."""
    text = (HEADERS / header).read_text(encoding="utf-8")
    return re.findall(rf"^\t{prefix}(\w+?)(?: = \d+)?,$", text, re.MULTILINE)


def follows(row: Row) -> tuple[str, ...]:
    """The events that a row leads to."""
    then = row.then
    if then == "JUDGE":
        return JUDGEMENTS
    if then == "EXAMINE":
        return EXAMINATIONS[row.event]
    return ("FAIL",) if then.startswith("FAIL(") else (then,) if then else ()


def test_the_words_are_those_of_the_interface() -> None:
    assert list(PHASES) == enumerators("engine.h.j2", "AWS_FOTA_PHASE_")
    assert list(INPUTS) == enumerators("engine.h.j2", "AWS_FOTA_INPUT_")
    assert list(engine_words.DUES.values()) == enumerators("engine.h.j2", "AWS_FOTA_REQUEST_")[2:]
    actions = enumerators("engine.h.j2", "AWS_FOTA_ACTION_")
    deeds = {deed for row in ROWS for deed in row.does} - set(engine_words.DUES) - {"FORGET"}
    # The words that there are for them.
    assert deeds <= set(actions[1:11])
    assert {row.tell for row in ROWS if row.tell} <= set(enumerators("engine.h.j2", "AWS_FOTA_TELL_"))


def test_events_of_inputs_stand_in_their_order() -> None:
    names = list(EVENTS)
    first = names.index("BOOT")
    assert tuple(names[first : first + len(INPUTS)]) == INPUTS
    assert names[:first] == ["NONE", "RETRY_NOW", "RETRY_LATER", "UPDATE_REFUSED"]


@pytest.mark.parametrize("features", BUILDS)
def test_every_word_has_its_place(features: Features) -> None:
    chosen = rows(features)
    words = engine_words.used({row.guard for row in chosen}, {row.effect for row in chosen})
    # A byte with the top bit set begins an event or a row, by the next bit; that the others fit, engine_table.c says.
    assert len(words.events) <= 1 << 6
    for row in chosen:
        assert row.event in EVENTS
        assert set(row.phases) <= set(PHASES) and row.phases
        assert row.guard in {"", *words.guards, *engine_words.GUARDS_OF_MEMBERS}
        assert row.effect in {"", *words.effects, *engine_words.EFFECTS_ON_MEMBERS}
        assert row.to in {"", *BOOTED}
        assert row.then in {"", *EVENTS} or re.fullmatch(r"FAIL\([A-Z_]+\)", row.then)


def test_members_are_compared_with_numbers_that_do_not_begin_a_row() -> None:
    """The one number in the table that is configured."""
    assert limits.RETRIES_MAX.maximum < 1 << 7


def test_every_word_is_used() -> None:
    assert set(engine_words.GUARDS) == {row.guard for row in ROWS if row.guard}
    assert set(engine_words.EFFECTS) == {row.effect for row in ROWS if row.effect}


@pytest.mark.parametrize("features", BUILDS)
def test_no_row_stands_behind_one_that_takes_everything(features: Features) -> None:
    taken: dict[str, set[str]] = {}
    for row in rows(features):
        before = taken.setdefault(row.event, set())
        assert not set(row.phases) <= before, row
        if not row.guard:
            before |= set(row.phases)


@pytest.mark.parametrize("features", BUILDS)
def test_every_step_ends(features: Features) -> None:
    """No event leads back to itself in the same phase, and no way is longer than a step may be."""
    chosen = rows(features)

    def longest(event: str, phase: str, way: tuple[tuple[str, str], ...]) -> int:
        assert (event, phase) not in way, way
        lengths = [0]
        for row in chosen:
            if row.event == event and phase in row.phases:
                # BOOT enters the phase that wrote the record.
                nexts = BOOTED if row.effect == "BOOT" else (row.to or phase,)
                for next_phase, then in itertools.product(nexts, follows(row)):
                    lengths.append(longest(then, next_phase, (*way, (event, phase))))
        return 1 + max(lengths)

    assert max(longest(event, phase, ()) for event in EVENTS for phase in PHASES) <= 6


@pytest.mark.parametrize("features", BUILDS)
def test_whatever_follows_is_answered(features: Features) -> None:
    """An event that a row leads to has a row without condition wherever it can be led to, or may do nothing there."""
    chosen = rows(features)
    # JUDGE is made another event at once; the others ask whether there is anything to do at all.
    may_do_nothing = {"JUDGE", "STARTED_SILENTLY", "RETRY_LATER", *EXAMINATIONS["TIMER"], *EXAMINATIONS["MESSAGE"]}
    for row in chosen:
        for then in {*follows(row)} - may_do_nothing:
            phases = BOOTED if row.effect == "BOOT" else (row.to,) if row.to else row.phases
            if then in JUDGEMENTS and row.then == "JUDGE":
                phases = tuple(phase for phase in phases if phase in ("IDLE", "REFRESHING"))
            if row.effect == "BOOT":
                phases = ("IDLE", "APPLYING", "REBOOTING", "REPORTING")
            if then == "SUCCEED" and "REFRESHING" in phases:
                # Versions are not judged again.
                continue
            if not {"FOREIGN": features.dispatches, "DIGEST_DIFFERS": features.digests}.get(then, True):
                continue
            answered = {phase for other in chosen if other.event == then and not other.guard for phase in other.phases}
            assert set(phases) <= answered, (row, then)


def test_reasons_are_those_of_the_contract() -> None:
    """doc/engine.md, reason.h and the texts that are sent tell the same."""
    table = re.findall(r"^\| (\d+) \| `(\w+)` \| (.*) \|$", (ROOT / "doc/engine.md").read_text("utf-8"), re.MULTILINE)
    header = (HEADERS / "reason.h.j2").read_text(encoding="utf-8")
    numbers = dict(re.findall(r"AWS_FOTA_REASON_(\w+) = (\d+),", header))
    assert {name: number for number, name, _ in table} == {
        name: number for name, number in numbers.items() if name != "NONE"
    }
    told = [text for _, name, text in table if name not in ("CONFIRM", "ENDED")]
    assert list(engine_texts.REASONS) == ["unknown reason", *told]
    failing = {row.then[5:-1] for row in ROWS if row.then.startswith("FAIL(")}
    assert failing <= set(numbers)


def test_the_document_is_current() -> None:
    how = "aws-fota generate --print transitions-markdown > doc/transitions.md"
    assert (ROOT / "doc/transitions.md").read_text(encoding="utf-8") == engine_document.as_markdown(), how


def test_the_document_shows_every_row() -> None:
    text = engine_document.as_markdown()
    assert text.count("\n| ") == len(ROWS) + 2 * len({row.event for row in ROWS})
    one_build = engine_document.as_markdown(BUILDS[0])
    assert "only where" not in one_build
    assert len(one_build) < len(text)


def test_the_diagram_shows_every_change_of_phase() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+): (.+)$", engine_document.as_mermaid(), re.MULTILINE)
    assert len(drawn) == len({(source, to) for source, to, _ in drawn})
    edges = {(source, to, event) for source, to, events in drawn for event in events.split(", ")}

    def is_drawn(row: Row, phase: str) -> bool:
        return bool({(phase, row.to, row.event), ("ANYWHERE", row.to, row.event)} & edges)

    missing = [
        (row, phase) for row in ROWS if row.to for phase in row.phases if phase != row.to and not is_drawn(row, phase)
    ]
    assert not missing


@pytest.mark.parametrize("what", ["markdown", "mermaid"])
def test_generate_prints_them(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", "--print", f"transitions-{what}"]) == 0
    expected = engine_document.as_markdown() if what == "markdown" else engine_document.as_mermaid()
    assert capsys.readouterr().out == expected
