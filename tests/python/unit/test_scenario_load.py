# SPDX-License-Identifier: Apache-2.0
"""Scenario files: what they say, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from aws_fota import resources
from aws_fota.emulator.jobs_model import RefusalCode, Status
from aws_fota.errors import AwsFotaError, ErrorList
from aws_fota.scenario import library
from aws_fota.scenario.load import load
from aws_fota.scenario.model import DownloadFault, Event, Expectation, MessageFault, Position, Scenario

HEAD = "version: 1\nsummary: It goes on.\n"

WHOLE = """\
version: 1
summary: Much goes wrong.
job:
  document: {size: 7, sha256: null}
  in_progress_timeout_minutes: 5
device: {self_test: rejects, image_size: 2048}
downloads:
  - {do: cut, after_bytes: 12, from: 40%, times: always}
  - {do: redirect, to: "/x", status: 307, from: 4096, skip: 2, times: 3}
  - {do: trickle, bytes: 9, milliseconds: 8}
messages:
  - {do: refuse, to: aws, topic: +/update, code: InternalError}
  - {do: corrupt, to: device, byte: -1, status: IN_PROGRESS}
events:
  - {at: 0%, do: power-off, milliseconds: 5}
  - {at: CONFIRM, do: advance-clock, minutes: 2}
expect: {status: FAILED, reason: nope}
"""


def errors(folder: Path, text: str) -> list[AwsFotaError]:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AwsFotaError) as caught:
        load(path)
    error = caught.value
    return error.errors if isinstance(error, ErrorList) else [error]


def test_everything_that_a_scenario_can_say(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    assert load(path) == Scenario(
        name="mine",
        summary="Much goes wrong.",
        document={"size": 7, "sha256": None},
        in_progress_timeout_minutes=5,
        self_test="rejects",
        image_size=2048,
        downloads=(
            DownloadFault(8, "cut", Position(40, percent=True), times=None, after_bytes=12),
            DownloadFault(9, "redirect", Position(4096), skip=2, times=3, status=307, to="/x"),
            DownloadFault(10, "trickle", chunk_bytes=9, milliseconds=8),
        ),
        messages=(
            MessageFault(12, "refuse", True, topic="+/update", code=RefusalCode.INTERNAL_ERROR),
            MessageFault(13, "corrupt", False, byte=-1, status=Status.IN_PROGRESS),
        ),
        events=(
            Event(15, "power-off", 0, milliseconds=5),
            Event(16, "advance-clock", None, told="CONFIRM", minutes=2),
        ),
        expect=Expectation(Status.FAILED, "nope"),
    )


def test_what_is_not_said_goes_well(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD, encoding="utf-8")
    assert load(path) == Scenario("mine", "It goes on.")


@pytest.mark.parametrize(
    ("text", "line", "field", "words"),
    [
        ("summary: x\n", 1, "version", "is missing"),
        ("version: 1\n", 1, "summary", "is missing"),
        (HEAD + "fault: []\n", 3, "fault", "is not a key"),
        (HEAD + "downloads:\n  - {do: explode}\n", 4, "downloads[0].do", "'explode' is not known here"),
        (HEAD + "downloads:\n  - {status: 404}\n", 4, "downloads[0].do", "is missing"),
        (HEAD + "downloads:\n  - {do: cut, status: 404}\n", 4, "downloads[0].status", "means nothing with 'do: cut'"),
        (HEAD + "downloads:\n  - {do: refuse, to: x, status: 404}\n", 4, "downloads[0].to", "means nothing"),
        (HEAD + "downloads:\n  - do: refuse\n", 4, "downloads[0].status", "'do: refuse' needs it"),
        (HEAD + "downloads:\n  - {do: refuse, status: 200}\n", 4, "downloads[0].status", "200 is less than 300"),
        (HEAD + "downloads:\n  - {do: redirect, to: x, status: 304}\n", 4, "downloads[0].status", "304 is no redirect"),
        (HEAD + "downloads:\n  - {do: cut, from: 101%}\n", 4, "downloads[0].from", "'101%' is no position"),
        (HEAD + "downloads:\n  - {do: cut, from: -1}\n", 4, "downloads[0].from", "'-1' is no position"),
        (HEAD + "downloads:\n  - {do: cut, times: 0}\n", 4, "downloads[0].times", "'0' is no number of times"),
        (HEAD + "downloads:\n  - {do: cut, times: often}\n", 4, "downloads[0].times", "'often' is no number"),
        (HEAD + "downloads:\n  - {do: cut, times: true}\n", 4, "downloads[0].times", "'True' is no number"),
        (HEAD + "downloads: []\n", 3, "downloads", "0 items is less than 1"),
        (HEAD + "messages:\n  - {do: drop}\n", 4, "messages[0].to", "is missing"),
        (HEAD + "messages:\n  - {do: drop, to: aws, topic: 'a//b'}\n", 4, "messages[0].topic", "is no topic filter"),
        (HEAD + "messages:\n  - {do: drop, to: aws, topic: 'a/#/b'}\n", 4, "messages[0].topic", "is no topic filter"),
        (HEAD + "messages:\n  - {do: drop, to: aws, byte: 1}\n", 4, "messages[0].byte", "means nothing"),
        (HEAD + "messages:\n  - {do: delay, to: aws}\n", 4, "messages[0].milliseconds", "is missing"),
        (HEAD + "messages:\n  - {do: refuse, to: device}\n", 4, "messages[0].to", "only requests to AWS"),
        (HEAD + "messages:\n  - {do: refuse, to: aws, code: Teapot}\n", 4, "messages[0].code", "'Teapot' is not known"),
        (HEAD + "events:\n  - {at: noon, do: reboot}\n", 4, "events[0].at", "'noon' is no moment"),
        (HEAD + "events:\n  - {at: 40%, do: advance-clock}\n", 4, "events[0].minutes", "is missing"),
        (HEAD + "events:\n  - {at: 40%, do: reboot, minutes: 3}\n", 4, "events[0].minutes", "means nothing"),
        (HEAD + "events:\n  - {at: DONE, do: pause}\n", 4, "events[0].at", "'DONE' is no moment of a download"),
        ('version: 1\nsummary: "a\\eb"\n', 2, "summary", "is no line of printable text"),
        ('version: 1\nsummary: " "\n', 2, "summary", "is no line of printable text"),
        (HEAD + "job: {document: [1]}\n", 3, "job.document", "is no mapping"),
        (HEAD + "job: {document: null}\n", 3, "job.document", "has no value"),
        (HEAD + "device: {self_test: explodes}\n", 3, "device.self_test", "'explodes' is not known here"),
        (HEAD + "expect: {reason: x}\n", 3, "expect.status", "is missing"),
        (HEAD + "expect: {status: IN_PROGRESS}\n", 3, "expect.status", "is not known here"),
        (HEAD + "summary: again\n", 3, "summary", "occurs twice"),
    ],
)
def test_each_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, field: str, words: str) -> None:
    (error,) = errors(tmp_path, text)
    assert (error.line, error.field) == (line, field)
    assert words in str(error)
    assert error.fix


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = "downloads:\n  - {do: cut, from: x}\n  - {do: refuse}\nevents:\n  - {at: x, do: pause}\n"
    assert [error.line for error in errors(tmp_path, HEAD + text)] == [4, 5, 7]


def test_the_library_shows_enough() -> None:
    assert len(library.names()) >= 15
    for name in library.names():
        scenario = library.find(name)
        assert scenario.summary.endswith("."), name
        changed = scenario.document or scenario.downloads or scenario.messages or scenario.events
        assert changed or scenario.self_test != "passes", name


def test_the_page_names_all_that_can_be_done() -> None:
    page = (Path(__file__).resolve().parents[3] / "doc" / "scenarios.md").read_text(encoding="utf-8")
    schema = yaml.safe_load((resources.schemas() / "scenario.schema.yaml").read_bytes())["mapping"]
    for section in ("downloads", "messages", "events"):
        part = page.partition(f"## `{section}`")[2].partition("\n## ")[0]
        keys = schema[section]["sequence"][0]["mapping"]
        assert all(f"`{name}`" in part for name in [*keys, *keys["do"]["enum"]]), section
