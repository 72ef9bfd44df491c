# SPDX-License-Identifier: Apache-2.0
"""Sequences and their drawings: what is folded, what fits, what is valid."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

import pytest

from aws_fota.report.diagram_svg import svg_diagram
from aws_fota.report.diagram_text import text_diagram
from aws_fota.report.sequence import LIFELINES, Arrow, Loop, Step, sequence
from aws_fota.report.trace import APPLICATION, BOOTLOADER, JOBS, MODULE, STORAGE, Trace

TOPIC = "$aws/things/demo/jobs/"
SVG = "{http://www.w3.org/2000/svg}"


def _range(trace: Trace, number: int, status: int = 206, size: int = 4096) -> None:
    facts = {"range": f"{number * size}-{number * size + size - 1}"}
    trace.note(MODULE, STORAGE, "GET", "http://127.0.0.1:80/b/app.bin", facts)
    trace.note(STORAGE, MODULE, "RESPONSE", facts={"status": status})


def _progress(trace: Trace, percent: int) -> None:
    trace.note(MODULE, APPLICATION, "TELL", "PROGRESS", {"percent": percent})


def _report(trace: Trace, percent: int) -> None:
    trace.note(MODULE, JOBS, "PUBLISH", f"{TOPIC}j/update", {"status": "IN_PROGRESS", "progress": str(percent)})
    trace.note(
        JOBS, MODULE, "PUBLISH", f"{TOPIC}j/update/accepted", {"status": "IN_PROGRESS", "versionNumber": percent}
    )


def _labels(steps: Iterable[Step]) -> list[str]:
    return [step.title if isinstance(step, Loop) else step.label for step in steps]


def test_ranges_in_a_row_become_one_loop_with_their_count() -> None:
    trace = Trace()
    for number in range(10):
        _range(trace, number)
        trace.note(MODULE, MODULE, "PERSIST", facts={"bytes": 200})
        _progress(trace, 10 * number + 10)
    (loop,) = sequence(trace.entries)
    assert isinstance(loop, Loop)
    assert loop.title == "10 times: GET of 4096 bytes"
    assert _labels(loop.arrows) == ["GET /b/app.bin", "206 Partial Content", "PROGRESS 10 ... 100%"]
    assert [arrow.answer for arrow in loop.arrows] == [False, True, False]


def test_reports_between_ranges_go_into_the_loop_and_are_counted() -> None:
    trace = Trace()
    for number in range(9):
        _range(trace, number)
        if number % 3 == 2:
            _report(trace, number * 10)
    (loop,) = sequence(trace.entries)
    assert isinstance(loop, Loop)
    assert _labels(loop.arrows)[2:] == ["j/update: IN_PROGRESS, 20 ... 80% (3x)", "j/update/accepted (3x)"]


def test_what_comes_before_the_first_range_stays_outside() -> None:
    trace = Trace()
    _report(trace, 0)
    for number in range(3):
        _range(trace, number)
    steps = sequence(trace.entries)
    assert _labels(steps) == [
        "j/update: IN_PROGRESS, 0%",
        "j/update/accepted: IN_PROGRESS, version 0",
        "3 times: GET of 4096 bytes",
    ]


def test_two_ranges_are_drawn_one_by_one() -> None:
    trace = Trace()
    _range(trace, 0)
    _range(trace, 1)
    assert _labels(sequence(trace.entries)) == [
        "GET /b/app.bin bytes 0-4095",
        "206 Partial Content",
        "GET /b/app.bin bytes 4096-8191",
        "206 Partial Content",
    ]


def test_whatever_else_happens_ends_a_loop() -> None:
    trace = Trace()
    for number in range(8):
        _range(trace, number, 403 if number == 3 else 206)
    labels = _labels(sequence(trace.entries))
    assert labels == ["4 times: GET of 4096 bytes", "403 Forbidden", "4 times: GET of 4096 bytes"]


def test_acknowledgements_and_records_are_left_out() -> None:
    trace = Trace()
    trace.note(MODULE, JOBS, "PUBACK", facts={"packet": 1})
    trace.note(MODULE, MODULE, "PERSIST", facts={"bytes": 200})
    trace.note(MODULE, MODULE, "CLEAR")
    assert sequence(trace.entries) == ()


@pytest.mark.parametrize(
    ("source", "target", "what", "name", "facts", "label"),
    [
        (MODULE, JOBS, "SUBSCRIBE", f"{TOPIC}notify-next, {TOPIC}notify", {}, "SUBSCRIBE notify-next, notify"),
        (JOBS, MODULE, "SUBACK", "", {"granted": "no"}, "SUBACK: refused"),
        (
            JOBS,
            MODULE,
            "PUBLISH",
            f"{TOPIC}$next/get/accepted",
            {"jobId": "j", "operation": "o", "fwversion": "v1", "size": 3, "status": "QUEUED", "versionNumber": 1},
            "$next/get/accepted: job j, o, v1, QUEUED, 3 bytes, version 1",
        ),
        (
            JOBS,
            MODULE,
            "PUBLISH",
            f"{TOPIC}j/update/rejected",
            {"code": "VersionMismatch", "status": "CANCELED", "versionNumber": 4},
            "j/update/rejected: VersionMismatch, CANCELED, version 4",
        ),
        (
            MODULE,
            JOBS,
            "PUBLISH",
            f"{TOPIC}j/update",
            {"status": "FAILED", "reason": "sha256 differs"},
            "j/update: FAILED, 'sha256 differs'",
        ),
        (STORAGE, MODULE, "RESPONSE", "", {"status": 302, "location": "/x"}, "302 Found, to /x"),
        (STORAGE, MODULE, "RESPONSE", "", {"status": 799}, "799"),
        (STORAGE, MODULE, "FETCH_FAILED", "", {"error": "CLOSED"}, "download interrupted: CLOSED"),
        (MODULE, APPLICATION, "TELL", "ERROR", {"reason": "DIGEST"}, "ERROR: DIGEST"),
        (MODULE, APPLICATION, "TELL", "DONE", {"jobId": "j"}, "DONE: reboot into the new image"),
        (
            BOOTLOADER,
            MODULE,
            "BOOT",
            "swapped the slots, on trial",
            {"version": "1.1.0", "confirmed": "no"},
            "swapped the slots, on trial: 1.1.0 runs, unconfirmed",
        ),
        (MODULE, MODULE, "PARSE", "", {"result": "SYNTAX"}, "message refused: SYNTAX"),
        (APPLICATION, APPLICATION, "CRASH", "", {"error": "boom"}, "crash: boom"),
    ],
)
def test_labels(source: str, target: str, what: str, name: str, facts: dict[str, str | int], label: str) -> None:
    trace = Trace()
    trace.note(source, target, what, name, facts)
    assert _labels(sequence(trace.entries)) == [label]


LONG = "a-" * 40 + "j/update/rejected: " + "InvalidStateTransition " * 4

STEPS: tuple[Step, ...] = (
    Arrow(MODULE, JOBS, "CONNECT"),
    Arrow(JOBS, MODULE, LONG, answer=True),
    Arrow(MODULE, MODULE, LONG),
    Arrow(BOOTLOADER, BOOTLOADER, "alone at the edge, with words that need more than one row of text"),
    Arrow(APPLICATION, BOOTLOADER, LONG),
    Loop("64 times: GET of 4096 bytes", (Arrow(MODULE, STORAGE, LONG), Arrow(STORAGE, MODULE, "206", answer=True))),
    Arrow(MODULE, APPLICATION, 'FINISHED <&"> \x00\x1b[31m\x7f'),
)


def test_the_text_fits_100_columns() -> None:
    lines = text_diagram(STEPS).splitlines()
    assert max(len(line) for line in lines) <= 100
    assert not any(line.endswith(" ") for line in lines)


def test_the_text_loses_no_word() -> None:
    shown = " ".join(text_diagram(STEPS, "ascii").split())
    assert "FINISHED" in shown
    assert shown.count("InvalidStateTransition") == 4 * 4


def test_what_came_from_elsewhere_cannot_move_the_cursor() -> None:
    assert all(character.isprintable() or character == "\n" for character in text_diagram(STEPS))


def test_arrows_point_from_source_to_target() -> None:
    drawn = text_diagram(STEPS, "ascii").splitlines()
    connect = next(line for line in drawn if "CONNECT" in line)
    assert re.match(r" +\| +\|-+>\| +\| +\|  CONNECT$", connect)
    answer = next(line for line in drawn if line.endswith("206"))
    assert re.match(r"# +\| +\|<\.+\| +\|  206$", answer)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no-such-encoding"])
def test_a_terminal_without_box_characters_gets_ascii(encoding: str) -> None:
    assert text_diagram(STEPS, encoding).isascii() is True


def test_the_svg_is_valid_and_has_every_lifeline() -> None:
    root = ET.fromstring(svg_diagram(STEPS, "update <1> & more"))
    assert root.tag == f"{SVG}svg"
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert texts[0] == "update <1> & more"
    assert all(word in texts for words in LIFELINES.values() for word in words)
    assert any("loop 64 times" in (text or "") for text in texts)


def test_no_two_texts_of_the_svg_overlap_and_none_leaves_it() -> None:
    root = ET.fromstring(svg_diagram(STEPS, "title"))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    boxes = []
    for element in root.iter(f"{SVG}text"):
        text, kind = element.text or "", element.get("class", "")
        # 0.61 of the size is the widest common monospaced font's advance.
        advance = {"title": 15, "name": 12}.get(kind, 11) * 0.61
        x, y = float(element.attrib["x"]), float(element.attrib["y"])
        left = x - len(text) * advance * {"label": 0.5, "name": 0.5, "left-of": 1}.get(kind, 0)
        boxes.append((left, y - 9, left + len(text) * advance, y + 2, text))
    for i, (left, top, right, bottom, text) in enumerate(boxes):
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, text
        for other in boxes[i + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top, (text, other[4])


def test_the_same_steps_give_the_same_bytes() -> None:
    assert svg_diagram(STEPS, "t") == svg_diagram(STEPS, "t")


def test_an_empty_sequence_can_be_drawn() -> None:
    ET.fromstring(svg_diagram((), ""))
    assert "aws_fota" in text_diagram(())
