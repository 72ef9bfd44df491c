# SPDX-License-Identifier: Apache-2.0
"""The command ``simulate`` as a user runs it: what it prints, leaves and returns."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

from aws_fota import cli
from aws_fota.emulator.jobs_model import Status
from aws_fota.host.image import ImageVersion, generate_key, make_image
from aws_fota.scenario import library
from e2e.rig import WAIT_S

ROOT = Path(__file__).resolve().parents[3]
FAST = ("--latency", "0", "--speed", "50")


class Shell:
    """A folder to work in, with a folder for temporary files that must be empty in the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "scripts"),
            "PYTHONIOENCODING": "utf-8",
            "TMPDIR": str(self.temporary),
            "TERM": "xterm",
        }

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "aws_fota", "simulate", *map(str, arguments)]

    def run(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=2 * WAIT_S,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert list(self.temporary.iterdir()) == []
        return done

    def left(self) -> list[str]:
        """The files there are, but for what the test put there."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


class InProcess(Shell):
    """The same without a process of its own, for what is refused before anything runs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(folder)
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        with self._monkeypatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr(tempfile, "tempdir", str(self.temporary))
            for name, value in environment.items():
                patch.setenv(name, value)
            code = cli.run(["simulate", *map(str, arguments)])
        stdout, stderr = self._capsys.readouterr()
        assert list(self.temporary.iterdir()) == []
        return subprocess.CompletedProcess([], code, stdout, stderr)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> InProcess:
    return InProcess(tmp_path, monkeypatch, capsys)


def _refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One line on stderr that says all of this, and nothing on stdout."""
    assert (done.returncode, done.stdout) == (code, "")
    lines = [line for line in done.stderr.splitlines() if line.startswith("aws-fota: error: ")]
    assert len(lines) == 1
    assert all(word in lines[0] for word in words), lines[0]


def test_a_whole_update_from_a_real_config(shell: Shell) -> None:
    laptop = ROOT / "samples" / "laptop"
    done = shell.run(
        "--config",
        laptop / "zephyr.config",
        "--description",
        laptop / "aws_fota.yaml",
        "--trace",
        "out/trace.jsonl",
        "--svg",
        "out/sequence.svg",
        *FAST,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[-4] == "SUCCEEDED  1.0.0 to 1.1.0, running and confirmed"
    size = re.fullmatch(r"sha256     [0-9a-f]{64}  \(([0-9]+) bytes\)", lines[-3])
    assert size is not None and int(size[1]) >= 256 * 1024
    assert lines[-2:] == ["trace      out/trace.jsonl", "diagram    out/sequence.svg"]
    assert shell.left() == ["out/sequence.svg", "out/trace.jsonl"]

    head, *entries = [json.loads(line) for line in (shell.folder / "out/trace.jsonl").read_text().splitlines()]
    assert head["format"] == 1
    assert [entry["n"] for entry in entries] == list(range(1, len(entries) + 1))
    assert sum(entry["what"] == "GET" for entry in entries) == -(-int(size[1]) // 4096)

    svg = (shell.folder / "out/sequence.svg").read_text(encoding="utf-8")
    texts = [element.text or "" for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "update-1: 1.0.0 to 1.1.0, SUCCEEDED"
    assert any(text.startswith("loop ") and "times: GET of 4096 bytes" in text for text in texts)
    everything = done.stdout + done.stderr + svg + (shell.folder / "out/trace.jsonl").read_text()
    assert "X-Amz" not in everything


def test_without_a_terminal_progress_is_plain_lines(shell: Shell) -> None:
    done = shell.run(*FAST)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "downloading: 100%\n" in done.stderr
    assert done.stderr.startswith("module generated from the built-in limits and the built-in aws_fota.yaml, compiled")
    assert shell.left() == ["simulation/sequence.svg", "simulation/trace.jsonl"]


@pytest.mark.parametrize("color", [True, False])
def test_a_terminal_gets_a_bar(shell: Shell, color: bool) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        shell.command("--latency", "1", *(() if color else ("--no-color",))),
        cwd=shell.folder,
        env=shell.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = bytearray()
    # At the end of the other side's life, reading from a terminal fails.
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    assert process.wait(WAIT_S) == 0
    text = shown.decode("utf-8")
    assert "━" in text and "100%" in text
    # Select Graphic Rendition is what colours are made of; moving the cursor is not.
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", text)) is color
    assert re.search(r"SUCCEEDED.*1\.0\.0 to 1\.1\.0", text)


def test_a_users_image(command: InProcess) -> None:
    image = make_image(ImageVersion(2, 3, 4, 5), 20_000, generate_key())
    (command.folder / "app.bin").write_bytes(image)
    done = command.run("--image", "app.bin", *FAST)
    assert done.returncode == 0, done.stderr
    assert "SUCCEEDED  1.0.0 to 2.3.4+5, running and confirmed\n" in done.stdout
    assert f"sha256     {hashlib.sha256(image).hexdigest()}  ({len(image)} bytes)\n" in done.stdout


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (None, ("app.bin", "cannot be read", "[image]")),
        (b"", ("app.bin", "too short", "[image]")),
        (b"\x7fELF" * 1000, ("app.bin", "no image made by imgtool", "imgtool sign", "[image]")),
        (
            make_image(ImageVersion(1, 2, 0), 5000, None),
            ("app.bin", "is not signed", "--key", "[image-signature]"),
        ),
        (
            make_image(ImageVersion(1, 2, 0), 5000, None)[:-1] + b"\0",
            ("app.bin", "is damaged", "[image]"),
        ),
        (
            make_image(ImageVersion(0, 0, 0), 5000, generate_key()),
            ("app.bin", "version 0.0.0", "--version", "[image-version]"),
        ),
    ],
    ids=["missing", "empty", "another file", "unsigned", "damaged", "oldest version"],
)
def test_an_image_that_cannot_be_used(command: InProcess, image: bytes | None, words: Sequence[str]) -> None:
    if image is not None:
        (command.folder / "app.bin").write_bytes(image)
    before = command.left()
    _refused(command.run("--image", "app.bin", *FAST), 2, *words)
    assert command.left() == before


@pytest.mark.parametrize("option", ["--mqtt-port", "--http-port"])
def test_a_port_in_use(command: InProcess, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = command.run(option, port, *FAST)
    _refused(done, 2, option, port, "already in use", "another port")
    assert command.left() == []


def test_no_compiler(command: InProcess) -> None:
    empty = command.folder / "bin"
    empty.mkdir()
    _refused(command.run(PATH=str(empty), CC=""), 3, "no C compiler", "apt install gcc")
    assert command.left() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--latency", "-1"),
        ("--speed", "0"),
        ("--timeout", "nan"),
        ("--mqtt-port", "65536"),
        ("--http-port", "80.5"),
        ("--scenario", "no-such"),
        ("--thing", "not a thing"),
        ("--config", "missing.config"),
        ("--description", "missing.yaml"),
    ],
)
def test_wrong_options(command: InProcess, arguments: tuple[str, str]) -> None:
    done = command.run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert arguments[0] in done.stderr or arguments[1] in done.stderr
    assert command.left() == []


def test_an_output_that_cannot_be_written(command: InProcess) -> None:
    (command.folder / "file").write_text("in the way")
    done = command.run("--trace", "file/trace.jsonl", *FAST)
    assert done.returncode == 2
    assert "file/trace.jsonl: cannot be written" in done.stderr
    assert command.left() == ["file"]


def test_what_happened_is_told_though_it_cannot_be_kept(command: InProcess) -> None:
    (command.folder / "file").write_text("in the way")
    done = command.run("--svg", "file/sequence.svg", *FAST)
    assert done.returncode == 2
    assert "FINISHED: SUCCEEDED" in done.stdout
    assert command.left() == ["file"], "the trace alone"


def test_trace_and_diagram_are_two_files(command: InProcess) -> None:
    _refused(command.run("--trace", "a/../out", "--svg", "out"), 2, "out", "--trace", "--svg", "[output]")
    assert command.left() == []


def test_a_reader_that_goes_away_is_no_failed_update(shell: Shell) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            shell.command(*FAST), cwd=shell.folder, env=shell.environment, stdout=write, stderr=subprocess.PIPE
        )
    finally:
        os.close(write)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr
    assert done.stderr.endswith(b"FINISHED: SUCCEEDED\n")


#: How often the image is asked for from its first byte, of the scenarios whose summary says so: those that go on where
#: they were, the one that starts over, and those that are refused before anything is downloaded.
ASKED_FROM_ZERO = (
    dict.fromkeys(
        (
            "download-cut-once",
            "paused-for-the-battery",
            "power-fails-and-url-expires",
            "power-fails-midway",
            "url-expires-once",
        ),
        1,
    )
    | {"object-replaced-midway": 2}
    | dict.fromkeys(("downgrade-refused", "image-too-large", "job-of-another-kind", "version-runs-already"), 0)
)


# Some wait for the engine's timers, which --speed makes pass 50 times faster.
@pytest.mark.parametrize("name", library.names())
def test_a_scenario_of_the_library_ends_as_it_says(command: InProcess, name: str) -> None:
    expected = library.find(name).expect
    done = command.run("--scenario", name, *FAST)
    assert done.returncode == 0, done.stdout
    if expected.status is Status.SUCCEEDED:
        assert "SUCCEEDED  1.0.0 to 1.1.0, running and confirmed\n" in done.stdout
    else:
        reason = f": {expected.reason}" if expected.reason else ""
        assert f"EXPECTED   the job is {expected.status}{reason}" in done.stdout
    assert f"scenario   {name}: " in done.stdout
    if name in ASKED_FROM_ZERO:
        trace = (command.folder / "simulation" / "trace.jsonl").read_text(encoding="utf-8").splitlines()
        asked = [entry["range"] for entry in map(json.loads, trace) if entry.get("what") == "GET"]
        assert sum(span.startswith("0-") for span in asked) == ASKED_FROM_ZERO[name]
        assert bool(asked) is bool(ASKED_FROM_ZERO[name])
    assert command.left() == ["simulation/sequence.svg", "simulation/trace.jsonl"]


def test_the_scenarios_are_listed(command: InProcess) -> None:
    lines = command.run("--list-scenarios").stdout.splitlines()
    assert [line.split()[0] for line in lines] == library.names()
    assert len(lines) >= 15
    assert command.left() == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "downloads: [{do: refuse, status: 404, times: always}]\n",
            "the job is FAILED: server refused the download (detail 404); the scenario says SUCCEEDED",
        ),
        (
            "downloads: [{do: refuse, status: 404}]\nexpect: {status: FAILED, reason: sha256 differs}\n",
            "(detail 404); the scenario says FAILED: sha256 differs",
        ),
        ("expect: {status: REJECTED}\n", "the job is SUCCEEDED; the scenario says REJECTED"),
        (
            "messages:\n  - {do: drop, to: aws, topic: get}\nevents:\n  - {at: FOREIGN, do: reboot}\n",
            "some of the scenario never happened: line 4 (drop), line 6 (reboot)",
        ),
        (
            "messages:\n  - {do: double, to: aws, topic: $next/get, times: 1000}\n",
            "some of the scenario never happened: line 4 (double)",
        ),
        # The second one is refused: the job has ended.
        (
            "events:\n  - {at: 40%, do: cancel-in-cloud}\n  - {at: 40%, do: cancel-in-cloud}\n"
            "expect: {status: CANCELED}\n",
            "some of the scenario never happened: line 5 (cancel-in-cloud)",
        ),
    ],
)
def test_a_scenario_that_ends_otherwise_fails(command: InProcess, text: str, words: str) -> None:
    (command.folder / "mine.yaml").write_text("version: 1\nsummary: It goes on.\n" + text, encoding="utf-8")
    done = command.run("--scenario", "mine.yaml", *FAST)
    assert done.returncode == 1
    assert f"FAILED     {words}" in done.stdout or words in done.stdout
    assert "scenario   mine: It goes on.\n" in done.stdout


def test_a_scenario_that_cannot_be_read(command: InProcess) -> None:
    (command.folder / "mine.yaml").write_text("version: 1\nsummary: x\nevents: [{at: 101%, do: reboot}]\n")
    _refused(command.run("--scenario", "mine.yaml"), 2, "mine.yaml:3: events[0].at", "101%", "40%", "[scenario]")
    _refused(command.run("--scenario", "missing.yaml"), 2, "missing.yaml", "cannot be read")
    _refused(command.run("--scenario", "url-expire-once"), 2, "--scenario", "did you mean 'url-expires-once'?")
    assert command.left() == ["mine.yaml"]


def test_a_document_with_the_parts_of_a_url(command: InProcess) -> None:
    text = (ROOT / "schemas" / "default" / "aws_fota.yaml").read_text(encoding="utf-8")
    before, whole, after = text.partition("  - path: location.url\n    type: url\n    required: true\n    to: url\n")
    assert whole
    (command.folder / "parts.yaml").write_text(before + after, encoding="utf-8")
    assert command.run("--description", "parts.yaml", *FAST).returncode == 0


def test_a_simulation_that_takes_too_long_is_given_up(command: InProcess) -> None:
    done = command.run("--latency", "60000", "--timeout", "1")
    assert done.returncode == 1
    assert "FAILED     did not end within 1 seconds, the job is IN_PROGRESS\n" in done.stdout


@pytest.mark.parametrize(
    ("number", "said_last"),
    [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated"), (signal.SIGHUP, "terminated")],
)
def test_a_signal_leaves_no_process_and_no_file(shell: Shell, number: signal.Signals, said_last: str) -> None:
    process = subprocess.Popen(
        shell.command("--latency", "500"),
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        # Whoever runs the tests in the background has SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if line.startswith("downloading"):
            break
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=WAIT_S)
    assert process.returncode == 128 + number
    assert stdout == ""
    assert "Traceback" not in said + stderr
    assert stderr.endswith(f"aws-fota: {said_last}\n")
    assert shell.left() == []
    assert list(shell.temporary.iterdir()) == []
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        assert time.monotonic() < deadline, "a process of the session is still there"
