# SPDX-License-Identifier: Apache-2.0
"""``aws-fota generate``: what it writes, refuses, removes and says."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from aws_fota import resources
from aws_fota.cli import run
from aws_fota.codegen import output_folder
from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.codegen.result import GenerationResult
from aws_fota.config.limits import Settings
from aws_fota.errors import InputError
from descriptions import DEFAULT

FILES = dict(generate(Model(DEFAULT)).files)
LIMITS = "include/aws_fota/limits.h"
MESSAGE = "include/aws_fota/message.h"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def on_disk(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def told(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int) -> tuple[list[str], list[str]]:
    assert run(["generate", *arguments]) == code
    out, err = capsys.readouterr()
    return out.splitlines(), err.splitlines()


def defined(folder: str, name: str) -> str:
    """The value of one macro of limits.h."""
    (value,) = re.findall(rf"^#define AWS_FOTA_{name} +(.*)$", Path(folder, LIMITS).read_text(), re.MULTILINE)
    return str(value)


def test_it_writes_the_module_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count = len(FILES)
    words = "the built-in limits and the built-in aws_fota.yaml"
    assert told(capsys, [], 0) == ([f"generated: {count} of {count} files from {words} written"], [])
    assert on_disk(folder / "generated") == FILES
    assert told(capsys, [], 0) == ([f"generated: {count} files from {words} are up to date"], [])
    assert told(capsys, ["--check"], 0) == ([], [])
    assert list(folder.iterdir()) == [folder / "generated"]


def test_an_unchanged_file_is_not_rewritten(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, ["-o", "out"], 0)
    for path in Path("out").rglob("*.[ch]"):
        os.utime(path, (1, 1))
    Path("out", LIMITS).write_bytes(FILES[LIMITS] + b"\n")
    out, _ = told(capsys, ["-o", "out"], 0)
    assert out[0].startswith(f"out: 1 of {len(FILES)} files ")
    assert {name for name in FILES if Path("out", name).stat().st_mtime == 1} == FILES.keys() - {LIMITS}
    assert Path("out", LIMITS).read_bytes() == FILES[LIMITS]


def test_config_and_description(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("my.config").write_text("CONFIG_AWS_FOTA_JSON_DEPTH=9\nCONFIG_NET_SOCKETS_SOCKOPT_TLS=y\n")
    text = resources.default_description().read_text(encoding="utf-8")
    Path("mine.yaml").write_text(text.replace("app_fw_update", "my_update"), encoding="utf-8")
    out, _ = told(capsys, ["--config", "my.config", "--description", "mine.yaml", "-o", "out"], 0)
    assert out[0].endswith(" files from my.config and mine.yaml written")
    limits = Path("out", LIMITS).read_text()
    assert "from mine.yaml. Do not edit" in limits
    assert defined("out", "JSON_DEPTH") == "9"
    assert defined("out", "ALLOW_HTTP") == "0"


def test_from_a_build_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "build/zephyr").mkdir(parents=True)
    (folder / "build/zephyr/.config").write_text("CONFIG_AWS_FOTA_JSON_DEPTH=9\n")
    (folder / "app").mkdir()
    (folder / "build/CMakeCache.txt").write_text(f"APPLICATION_SOURCE_DIR:PATH={folder}/app\n")
    out, _ = told(capsys, ["-d", "build"], 0)
    assert out[0].startswith("build/aws_fota/generated: ")
    assert out[0].endswith(" from build/zephyr/.config and the built-in aws_fota.yaml written")
    shutil.copyfile(resources.default_description(), folder / "app/aws_fota.yaml")
    out, _ = told(capsys, ["-d", "build", "-o", "out"], 0)
    assert out[0].endswith(f" from build/zephyr/.config and {folder}/app/aws_fota.yaml written")
    assert defined("out", "JSON_DEPTH") == "9"


def test_check_tells_what_differs_is_missing_or_is_left_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, [], 0)
    changed = FILES[LIMITS].replace(b" 16\n", b" 17\n")
    Path("generated", LIMITS).write_bytes(changed)
    Path("generated", MESSAGE).unlink()
    stale = FILES[LIMITS].replace(b"limits.h", b"old.h")
    Path("generated/src/core/old.c").parent.mkdir(parents=True, exist_ok=True)
    Path("generated/src/core/old.c").write_bytes(stale)
    before = on_disk(folder)
    out, err = told(capsys, ["--check"], 1)
    assert on_disk(folder) == before
    assert out[:2] == [f"--- generated/{LIMITS}", f"+++ generated/{LIMITS} (generated)"]
    assert [line for line in out if re.fullmatch(r"-#define AWS_FOTA_JSON_DEPTH +17", line)]
    assert [line for line in out if re.fullmatch(r"\+#define AWS_FOTA_JSON_DEPTH +16", line)]
    assert f"+++ generated/{MESSAGE} (generated)" in out
    assert out[out.index("--- generated/src/core/old.c") + 1] == "+++ /dev/null"
    assert err == [
        f"aws-fota: error: generated: of {len(FILES)} files 1 differ, 1 are missing, 1 should not be there any more; "
        "run the same command without --check [generated]"
    ]


def test_the_diff_is_one_that_patch_takes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, ["-o", "out"], 0)
    Path("out", LIMITS).write_bytes(b"/* Generated by west-aws-fota */ \x0c no newline, \xff")
    out, _ = told(capsys, ["-o", "out", "--check"], 1)
    assert "\\ No newline at end of file" in out
    assert sum(line.startswith("+") and not line.startswith("+++") for line in out) == FILES[LIMITS].count(b"\n")


@pytest.mark.parametrize("make", [False, True])
def test_check_where_nothing_was_generated(folder: Path, capsys: pytest.CaptureFixture[str], make: bool) -> None:
    if make:
        Path("generated").mkdir()
    out, err = told(capsys, ["--check"], 1)
    assert out == []
    assert len(err) == 1
    assert "nothing has been generated" in err[0]
    assert "run the same command without --check" in err[0]


def test_judge_tells_rules_that_fail_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "CONFIG_AWS_FOTA_CODEGEN=y\nCONFIG_AWS_FOTA_BACKOFF_MAX_SECONDS=30\n"
    Path("my.config").write_text(f"{lines}CONFIG_AWS_FOTA_ANSWER_TIMEOUT_SECONDS=60\n")
    out, err = told(capsys, ["--config", "my.config", "--judge", "-o", "out"], 1)
    assert out == []
    assert [line.split()[1] for line in err if line.startswith("FAILS ")] == ["answer-timeout"]
    assert err[-1] == "      CONFIG_AWS_FOTA_BACKOFF_MAX_SECONDS=60"
    assert not Path("out").exists()
    # What jobs to come decide, such as the length of a path, is no failure.
    Path("my.config").write_text(lines)
    out, err = told(capsys, ["--config", "my.config", "--judge", "-o", "out"], 0)
    assert out[0].endswith(" files from my.config and the built-in aws_fota.yaml written") and err == []


def test_dry_run_says_what_would_be_done(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told(capsys, ["--dry-run", "-o", "out"], 0)
    assert (out, err) == ([f"would write out/{name}" for name in FILES], [])
    assert on_disk(folder) == {}
    told(capsys, ["-o", "out"], 0)
    Path("out/include/old.h").write_bytes(FILES[LIMITS])
    assert told(capsys, ["--dry-run", "-o", "out"], 0) == (["would remove out/include/old.h"], [])


@pytest.mark.parametrize(
    ("mode", "actions"),
    [
        ([], {"written": 2, "removed": 1}),
        (["--dry-run"], {"would-write": 2, "would-remove": 1}),
        (["--check"], {"differs": 1, "missing": 1, "stale": 1}),
    ],
)
def test_json(folder: Path, capsys: pytest.CaptureFixture[str], mode: list[str], actions: dict[str, int]) -> None:
    told(capsys, ["-o", "out"], 0)
    Path("out", LIMITS).write_bytes(FILES[LIMITS] + b"\n")
    Path("out", MESSAGE).unlink()
    Path("out/src/old.c").write_bytes(FILES[LIMITS])
    out, err = told(capsys, ["-o", "out", "--format", "json", *mode], 1 if "--check" in mode else 0)
    document: dict[str, Any] = json.loads("\n".join(out))
    assert document["version"] == 1
    assert document["mode"] == (mode[0].strip("-") if mode else "write")
    assert (document["output"], document["config"]) == ("out", None)
    assert document["description"] == str(resources.default_description())
    digests = {file["path"]: file["sha256"] for file in document["files"] if file["path"] in FILES}
    assert digests == {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    found: dict[str, int] = {}
    for file in document["files"]:
        found[file["action"]] = found.get(file["action"], 0) + 1
    assert found == {**actions, "unchanged": len(FILES) - 2}
    assert bool(err) is ("--check" in mode)


@pytest.mark.parametrize("left", [b"", b"\0" * 4096])
def test_what_a_power_failure_leaves_is_generated_again(
    folder: Path, capsys: pytest.CaptureFixture[str], left: bytes
) -> None:
    told(capsys, ["-o", "out"], 0)
    whole = on_disk(folder)
    Path("out", LIMITS).write_bytes(left)
    told(capsys, ["-o", "out"], 0)
    assert on_disk(folder) == whole


@pytest.mark.parametrize("mode", [[], ["--dry-run"]])
def test_a_file_without_the_mark_is_never_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str], mode: list[str]
) -> None:
    for name in (LIMITS, MESSAGE):
        Path("out", name).parent.mkdir(parents=True, exist_ok=True)
        Path("out", name).write_bytes(b"/* mine */\n")
    before = on_disk(folder)
    out, err = told(capsys, ["-o", "out", *mode], 2)
    assert out == []
    assert [line.split(": ")[2] for line in err] == [f"out/{LIMITS}", f"out/{MESSAGE}"]
    assert all("is not a generated file, and is not overwritten" in line for line in err)
    assert on_disk(folder) == before


def test_left_over_files_go_only_with_the_mark(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, ["-o", "out"], 0)
    mine = {"out/include/mine.h": b"/* mine */\n", "out/notes.c": FILES[LIMITS], "out/src/core/data.bin": b"\0" * 2048}
    for name, content in mine.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)
    Path("out/src/old/deep").mkdir(parents=True)
    Path("out/src/old/deep/old.c").write_bytes(FILES[LIMITS])
    Path("elsewhere.h").write_bytes(FILES[LIMITS])
    Path("out/include/link.h").symlink_to(folder / "elsewhere.h")
    out, _ = told(capsys, ["-o", "out"], 0)
    assert out[0].endswith(" written, 1 removed")
    assert not Path("out/src/old").exists()
    assert Path("out/include/link.h").is_symlink()
    assert {name: Path(name).read_bytes() for name in mine} == mine


@pytest.mark.parametrize("blocker", ["out", "out/include", f"out/{LIMITS}"])
def test_something_else_in_the_way(folder: Path, capsys: pytest.CaptureFixture[str], blocker: str) -> None:
    path = Path(blocker)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix:
        path.mkdir()
    else:
        path.write_bytes(b"")
    _, err = told(capsys, ["-o", "out"], 2)
    assert all(line.startswith("aws-fota: error: out") for line in err)
    assert on_disk(folder) == ({} if path.suffix else {blocker: b""})


@pytest.mark.parametrize("mode", [[], ["--check"], ["--dry-run"]])
@pytest.mark.parametrize("output", ["file", "file/deeper/out", "dangling", "dangling/out", "loop"])
def test_what_is_no_folder_is_named_itself(
    folder: Path, capsys: pytest.CaptureFixture[str], output: str, mode: list[str]
) -> None:
    Path("file").write_bytes(b"")
    Path("dangling").symlink_to("nowhere")
    Path("loop").symlink_to("loop")
    _, err = told(capsys, ["-o", output, *mode], 2)
    assert err == [f"aws-fota: error: {output.split('/')[0]}: is not a folder; name a folder with -o [output]"]
    assert sorted(path.name for path in folder.iterdir()) == ["dangling", "file", "loop"]


def test_a_file_that_may_not_be_read_is_not_told_to_go_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(InputError, match="cannot be read: Permission denied; let it be read, or choose another"):
        output_folder.compare(GenerationResult({"include/a.h": b""}, ()), folder / "out")


def test_an_empty_name_is_not_the_current_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, err = told(capsys, ["-o", ""], 2)
    assert err[-1] == "aws-fota generate: error: argument -o/--output: the name of the folder is empty"
    assert on_disk(folder) == {}


def test_runs_into_one_folder_at_the_same_time(folder: Path) -> None:
    """Of two modules one stands at the end, whole, and no run takes another one's unfinished files for left over."""
    Path("c").write_text("CONFIG_AWS_FOTA_PAYLOAD_SIZE=500\n")
    command = [sys.executable, "-m", "aws_fota", "generate", "-o", "out"]
    environment = {**os.environ, "PYTHONPATH": str(Path(resources.__file__).parents[1])}
    for _ in range(3):
        shutil.rmtree("out", ignore_errors=True)
        runs = [
            subprocess.Popen([*command, *more], env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
            for more in ([], ["--config", "c"], [], ["--config", "c"])
        ]
        said = [(run.communicate()[1], run.returncode) for run in runs]
        assert said == [(b"", 0)] * 4
        built_in, from_config = FILES, dict(generate(Model(DEFAULT, Settings(payload_size=500), zephyr=True)).files)
        assert on_disk(Path("out")) in (built_in, from_config)


@pytest.mark.parametrize(("writing", "shared"), [(True, False), (False, True)])
def test_who_writes_is_alone_and_who_looks_keeps_writers_off(folder: Path, writing: bool, shared: bool) -> None:
    def free(kind: int) -> bool:
        descriptor = os.open("out", os.O_RDONLY)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    Path("out").mkdir()
    with output_folder.alone(Path("out"), writing):
        assert (free(fcntl.LOCK_SH), free(fcntl.LOCK_EX)) == (shared, False)
    assert free(fcntl.LOCK_EX)


def test_a_folder_that_goes_while_a_run_waits_for_it_is_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def removed_meanwhile(descriptor: int, kind: int) -> None:
        seen.append(kind)
        if len(seen) == 1:
            Path("out").rmdir()

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)
    with output_folder.alone(Path("out"), writing=True):
        assert Path("out").is_dir()
    assert seen == [fcntl.LOCK_EX] * 2


def test_what_a_killed_run_left_goes_with_the_next(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, ["-o", "out"], 0)
    left = Path("out", LIMITS).with_name(".limits.h.q1w2e3r4")
    left.write_bytes(FILES[LIMITS])
    told(capsys, ["-o", "out"], 0)
    assert on_disk(folder / "out") == FILES


def test_a_folder_that_was_made_goes_when_nothing_gets_into_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(output_folder, "compare", interrupted)
    _, err = told(capsys, ["-o", "new/deeper/out"], 130)
    assert err == ["aws-fota: interrupted"]
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_to(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(prefix: str, dir: Path) -> tuple[int, str]:
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    _, err = told(capsys, ["-o", "out"], 2)
    assert len(err) == 1
    assert "cannot be written: Permission denied; choose a folder that can be written to" in err[0]
    assert on_disk(folder) == {}


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--config", "none"], "none: cannot be read: No such file or directory"),
        (["--description", "none"], "none: cannot be read: No such file or directory"),
        (["-d", "none"], "none: is not a folder"),
        (["-d", "."], "has no zephyr/.config in it"),
    ],
)
def test_input_that_is_not_there(capsys: pytest.CaptureFixture[str], arguments: list[str], part: str) -> None:
    out, err = told(capsys, arguments, 2)
    assert out == []
    assert len(err) == 1
    assert part in err[0]
    assert not Path("generated").exists()


def test_wrong_input_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.yaml").write_text("version: 1\n")
    _, err = told(capsys, ["--description", "bad.yaml"], 2)
    assert [line.split(" is missing")[0] for line in err] == [
        "aws-fota: error: bad.yaml:1: fields:",
        "aws-fota: error: bad.yaml:1: operations:",
    ]
    assert not Path("generated").exists()


@pytest.mark.parametrize(
    "arguments", [["-d", "build", "--config", "x"], ["--check", "--dry-run"], ["--format", "xml"], ["-o"]]
)
def test_options_that_do_not_go_together(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    out, err = told(capsys, arguments, 2)
    assert out == []
    assert err[-1].startswith("aws-fota generate: error: ")


def test_the_depfile_names_what_was_read_and_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a b#$.config").write_text("CONFIG_X=y\n")
    told(capsys, ["--config", "a b#$.config", "-o", "out", "--depfile", "deps/out.d"], 0)
    text = Path("deps/out.d").read_text()
    left, _, right = text.replace(" \\\n  ", "\n").partition(":")
    written = sorted(path.as_posix() for path in Path("out").rglob("*.[ch]"))
    assert left.split("\n") == written
    assert len(written) >= len(FILES)
    sources = right.strip("\n").split("\n")
    assert sources == sorted(sources)
    assert f"{folder}/a\\ b\\#$$.config" in sources
    # The checkout itself may lie in a folder with a space in its name.
    read = [Path(re.sub(r"\\(.)", r"\1", source).replace("$$", "$")) for source in sources]
    assert resources.default_description() in read
    for name in ("banner.j2", f"{LIMITS}.j2"):
        assert resources.templates() / name in read
    assert any(source.as_posix().endswith("codegen/generate.py") for source in read)
    assert all(source.is_file() for source in read)
    os.utime("deps/out.d", (1, 1))
    told(capsys, ["--config", "a b#$.config", "-o", "out", "--depfile", "deps/out.d"], 0)
    assert Path("deps/out.d").stat().st_mtime == 1


@pytest.mark.parametrize("mode", ["--check", "--dry-run"])
def test_a_depfile_is_part_of_writing(capsys: pytest.CaptureFixture[str], mode: str) -> None:
    _, err = told(capsys, ["--depfile", "out.d", mode], 2)
    assert err[0].startswith("aws-fota: error: --depfile: is written together with the module only; ")
    assert not Path("out.d").exists()


@pytest.mark.parametrize("depfile", ["c", "link", "out/src/core/parser.c", "d.yaml"])
def test_a_depfile_replaces_nothing_that_the_rule_is_about(
    folder: Path, capsys: pytest.CaptureFixture[str], depfile: str
) -> None:
    Path("c").write_text("CONFIG_AWS_FOTA_CODEGEN=y\n")
    Path("link").symlink_to("c")
    shutil.copyfile(resources.default_description(), "d.yaml")
    before = on_disk(folder)
    arguments = ["--config", "c", "--description", "d.yaml", "-o", "out", "--depfile", depfile]
    _, err = told(capsys, arguments, 2)
    assert err == [
        f"aws-fota: error: {depfile}: --depfile: is read or generated itself, and cannot be the depfile; "
        "name another file [usage]"
    ]
    assert on_disk(folder) == before


def test_make_understands_the_depfile(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a b#$.config").write_text("CONFIG_X=y\n")
    told(capsys, ["--config", "a b#$.config", "-o", "out", "--depfile", "out.d"], 0)
    Path("Makefile").write_text(f"include out.d\nout/{LIMITS}:\n\t@echo again\n")

    def made() -> str:
        done = subprocess.run(["make", "-s", f"out/{LIMITS}"], capture_output=True, text=True, check=True)
        return done.stdout

    assert made() == ""
    later = Path("out", LIMITS).stat().st_mtime + 10
    os.utime("a b#$.config", (later, later))
    assert made() == "again\n"


def test_the_model_is_that_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    Path("c").write_text("CONFIG_AWS_FOTA_JSON_DEPTH=5\n")
    told(capsys, ["--config", "c", "-o", "out"], 0)
    expected = generate(Model(DEFAULT, Settings(json_depth=5), zephyr=True)).files
    assert on_disk(Path("out")) == dict(expected)
