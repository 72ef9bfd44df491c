# SPDX-License-Identifier: Apache-2.0
"""The command line as a whole: errors become messages and exit codes in one place, and help costs little."""

from __future__ import annotations

import argparse
import errno
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aws_fota import __version__, resources
from aws_fota.cli import commands, run
from aws_fota.cli.commands import COMMANDS, Command
from aws_fota.errors import CheckFailed, EnvironmentLacks, ErrorList, ExitCode, InputError

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-W", "error", "-m", "aws_fota", *arguments]
    return subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60, **options)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes ``try`` a command that does what is given."""

    def made(action: Any) -> None:
        def execute(args: argparse.Namespace) -> int:
            return int(action(args) or 0)

        module = SimpleNamespace(add_arguments=lambda parser: parser.add_argument("--level", type=int), run=execute)
        monkeypatch.setattr(commands.Command, "load", lambda self: module)
        monkeypatch.setitem(COMMANDS, "try", Command("does what the test says", "nowhere", extra="trial,emulator"))

    return made


def raising(error: BaseException) -> Any:
    def action(args: argparse.Namespace) -> int:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (InputError("is wrong", path="a.yaml", line=3), 2, ["aws-fota: error: a.yaml:3: is wrong"]),
        (CheckFailed("differs"), 1, ["aws-fota: error: differs"]),
        (EnvironmentLacks("no gcc", fix="install gcc"), 3, ["aws-fota: error: no gcc; install gcc"]),
        (
            ErrorList([InputError("one"), CheckFailed("two")]),
            2,
            ["aws-fota: error: one", "aws-fota: error: two"],
        ),
        (KeyboardInterrupt(), 130, ["aws-fota: interrupted"]),
        (
            OSError(errno.ENOSPC, "No space left on device", "/t/x"),
            3,
            [
                "aws-fota: error: /t/x: a temporary file cannot be written: No space left on device; "
                "make room there, or set TMPDIR to a folder with some [disk-space]"
            ],
        ),
    ],
)
def test_errors(
    command: Any, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, lines: list[str]
) -> None:
    command(raising(error))
    assert run(["try"]) == code
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", lines)


def test_a_command_returns_its_code_and_has_its_options(command: Any) -> None:
    command(lambda args: args.level)
    assert run(["try", "--level", "1"]) == 1
    assert run(["try", "--level", "0"]) == ExitCode.OK


@pytest.mark.parametrize("package", ["jinja2", "elftools.elf", "yaml", "pykwalify"])
def test_what_a_workspace_lacks_is_installed_from_the_list_of_its_checkout(
    command: Any, capsys: pytest.CaptureFixture[str], package: str
) -> None:
    command(raising(ModuleNotFoundError(f"No module named '{package}'", name=package)))
    assert run(["try"]) == ExitCode.ENVIRONMENT
    line = capsys.readouterr().err.split("install it with: ")[1].rsplit(" [", 1)[0]
    listed = Path(__file__).parents[3] / "scripts/requirements.txt"
    assert shlex.split(line) == [sys.executable, "-m", "pip", "install", "-r", str(listed)]


def test_what_a_checkout_lacks_besides_is_installed_with_it(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command(raising(ModuleNotFoundError("No module named 'aiohttp'", name="aiohttp")))
    assert run(["try"]) == ExitCode.ENVIRONMENT
    line = capsys.readouterr().err.split("install it with: ")[1].rsplit(" [", 1)[0]
    target, extras = shlex.split(line)[-1].removesuffix("]").split("[")
    assert Path(target) == Path(__file__).parents[3]
    assert {"trial", "emulator"} <= set(extras.split(","))


def test_a_missing_package_is_named_with_what_installs_it(
    command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "checkout", lambda: None)
    command(raising(ModuleNotFoundError("No module named 'aiohttp'", name="aiohttp.web")))
    assert run(["try"]) == ExitCode.ENVIRONMENT
    line = capsys.readouterr().err
    assert line.startswith("aws-fota: error: the Python package 'aiohttp' is missing; install it with: ")
    extras = re.findall(r"'west-aws-fota\[(.*)\]'", line)[0].split(",")
    assert {"trial", "emulator"} <= set(extras)
    assert extras == sorted(set(extras))


def test_what_installs_a_package_is_a_command_that_a_shell_takes(
    command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/a folder/bin/python")
    command(raising(ModuleNotFoundError("No module named 'aiohttp'", name="aiohttp")))
    assert run(["try"]) == ExitCode.ENVIRONMENT
    line = capsys.readouterr().err.split("install it with: ")[1].rsplit(" [", 1)[0]
    assert shlex.split(line)[:4] == ["/a folder/bin/python", "-m", "pip", "install"]


def test_a_missing_module_of_our_own_is_a_defect(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command(raising(ModuleNotFoundError("No module named 'aws_fota.nowhere'", name="aws_fota.nowhere")))
    assert run(["try"]) == 70
    assert "a defect of west-aws-fota" in capsys.readouterr().err


def test_a_defect_is_one_line_and_a_traceback_on_demand(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command(raising(KeyError("some\nkey")))
    assert run(["try"]) == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "aws-fota: error: this is a defect of west-aws-fota: KeyError: 'some\\nkey' (test_cli_program.py:"
    )
    assert line.endswith("please report it with what --debug shows")
    for arguments in (["--debug", "try"], ["try", "--debug"]):
        assert run(arguments) == 70
        text = capsys.readouterr().err
        assert text.startswith("Traceback (most recent call last):")
        assert text.splitlines()[-1].endswith("please report it with what is above")


def test_debug_shows_where_a_users_error_comes_from(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command(raising(InputError("is wrong")))
    assert run(["try", "--debug"]) == 2
    text = capsys.readouterr().err
    assert text.startswith("Traceback")
    assert text.endswith("aws-fota: error: is wrong\n")


@pytest.mark.parametrize("arguments", [[], ["nowhere"], ["generate", "--nothing"], ["generate", "x"], ["gen"]])
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(arguments) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: " in err.splitlines()[-1]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"aws-fota {__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for name, entry in COMMANDS.items():
        assert f" {name} " in text
        assert entry.summary in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: aws-fota {name} ")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["generate", "--help"]])
def test_help_imports_neither_jinja_nor_pykwalify_nor_yaml(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom aws_fota.cli import run\ncode = run(sys.argv[1:])\n"
        "heavy = {'jinja2', 'pykwalify', 'yaml', 'aiohttp', 'cffi', 'west'} & sys.modules.keys()\n"
        "sys.exit(f'imported {heavy}' if heavy else code)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_as_a_module() -> None:
    done = process("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"aws-fota {__version__}\n", "")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path, form: str) -> None:
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    arguments = ["generate", "--dry-run", "--format", form, "-o", str(tmp_path)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "aws_fota", *arguments], env=environment, stdout=write, stderr=subprocess.PIPE
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_standard_output_that_is_full(tmp_path: Path, form: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    arguments = ["generate", "--dry-run", "--format", form, "-o", str(tmp_path)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "aws_fota", *arguments],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("aws-fota: error: the standard output cannot be written: No space left on device; ")


def test_a_broken_pipe_that_is_not_ours_is_a_defect(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command(raising(BrokenPipeError(32, "Broken pipe")))
    stdout = sys.stdout
    assert run(["try"]) == 70
    assert sys.stdout is stdout
    assert "BrokenPipeError" in capsys.readouterr().err


def test_a_terminal_without_unicode_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "größe").write_bytes(b"")
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "aws_fota", "generate", "-o", "größe"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "gr\\xf6\\xdfe: is not a folder" in done.stderr


def test_ctrl_c_while_the_program_is_still_being_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            if name == "aws_fota.cli.program":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "aws_fota.cli.program")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert run(["--version"]) == 130


def test_without_a_standard_output(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def action(args: argparse.Namespace) -> int:
        sys.stdout.write("text")
        return 0

    command(action)
    monkeypatch.setattr(sys, "stdout", None)
    assert run(["try"]) == 0
