# SPDX-License-Identifier: Apache-2.0
"""``west aws-fota`` in a real workspace, right after ``west init -l`` and without any ``west update``."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from aws_fota import __version__
from aws_fota.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[3]


def west(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run west as a user does: without this process's import path, settings of the machine or cache."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "WEST_", "ZEPHYR_"))
    }
    environment |= {
        "AWS_FOTA_CACHE": str(folder / ".cache"),
        "WEST_CONFIG_GLOBAL": str(folder / "no-global"),
        "WEST_CONFIG_SYSTEM": str(folder / "no-system"),
        **changes,
    }
    command = [sys.executable, "-m", "west", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh checkout of the files as they are now holds, in a workspace that `west init -l` made."""
    folder = tmp_path_factory.mktemp("a workspace") / "west aws fota"
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listing.decode().split("\0"):
        source = ROOT / name
        if name and (source.is_symlink() or source.is_file()):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name, follow_symlinks=False)
    done = west(folder.parent, "init", "-l", folder.name)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_command_exists_without_an_update(checkout: Path) -> None:
    done = west(checkout.parent, "aws-fota", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: west aws-fota ")
    for name in COMMANDS:
        assert f"    {name} " in done.stdout
    assert "aws-fota:" in west(checkout.parent, "help").stdout


def test_it_is_the_one_of_the_checkout(checkout: Path) -> None:
    package = checkout / "scripts/aws_fota/__init__.py"
    text = package.read_text(encoding="utf-8")
    package.write_text(text.replace(__version__, "77.0"), encoding="utf-8")
    try:
        assert west(checkout, "aws-fota", "--version").stdout == "aws-fota 77.0\n"
    finally:
        package.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("place", [".", "west aws fota"])
def test_check_is_silent_on_a_fresh_checkout(checkout: Path, place: str) -> None:
    done = west(checkout.parent / place, "aws-fota", "generate", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_generate_and_check_elsewhere(checkout: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "an out folder")
    done = west(checkout, "aws-fota", "generate", "-o", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"an out folder: (\d+) of \1 files .* written", done.stdout)
    done = west(checkout, "aws-fota", "generate", "-o", out, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("arguments", [["--thing", "device-1"], ["--help"]], ids=" ".join)
def test_a_package_that_only_some_commands_need_is_named(checkout: Path, arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "aiohttp.py").write_text('raise ModuleNotFoundError("none", name="aiohttp")\n', encoding="utf-8")
    done = west(checkout, "aws-fota", "emulate", *arguments, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("aws-fota: error: the Python package 'aiohttp' is missing; install it with: ")
    assert len(done.stderr.splitlines()) == 1


def test_quiet_silences_words_and_not_results(checkout: Path, tmp_path: Path) -> None:
    done = west(checkout, "-q", "aws-fota", "generate", "-o", str(tmp_path / "out"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = west(checkout, "-q", "aws-fota", "generate", "-o", str(tmp_path / "out"), "--format", "json")
    assert {file["action"] for file in json.loads(done.stdout)["files"]} == {"unchanged"}


@pytest.mark.parametrize(
    ("arguments", "code", "last"),
    [
        (["generate", "-o", "none", "--check"], 1, "aws-fota: error: none: does not exist, nothing has been generated"),
        (["generate", "--config", "none"], 2, "aws-fota: error: none: cannot be read: No such file or directory"),
        (["generate", "--nothing"], 2, "west aws-fota: error: unexpected arguments: ['--nothing']"),
        (["nothing"], 2, "west aws-fota: error: argument COMMAND: invalid choice: 'nothing'"),
        ([], 2, "west aws-fota: error: the following arguments are required: COMMAND"),
    ],
)
def test_exit_codes_reach_the_shell(checkout: Path, arguments: list[str], code: int, last: str) -> None:
    done = west(checkout, "aws-fota", *arguments)
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith(last)


@pytest.mark.parametrize(
    ("page", "fence"), [("README.md", "or, in a west workspace"), ("doc/ncs.md", "In the `west.yml`")]
)
def test_a_users_manifest_as_it_is_documented(checkout: Path, tmp_path: Path, page: str, fence: str) -> None:
    """The command after `west update`, from the application's folder, its aws_fota.yaml beside prj.conf."""
    import yaml

    text = (ROOT / page).read_text(encoding="utf-8").split(fence, 1)[1].split("```yaml\n", 1)[1].split("```", 1)[0]
    manifest = yaml.safe_load(text)["manifest"]
    # Nobody has the SDK here, and nobody the address.
    (project,) = [one for one in manifest["projects"] if one["name"] == "west-aws-fota"]
    remote = tmp_path / "remote"
    shutil.copytree(checkout, remote, ignore=shutil.ignore_patterns(".cache", "__pycache__"))
    for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "all")):
        identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost")
        subprocess.run(["git", *identity, *arguments], cwd=remote, check=True)
    project["url"] = remote.as_uri()
    manifest["projects"] = [project]
    application = tmp_path / "workspace/application"
    (application / "build/zephyr").mkdir(parents=True)
    (application / "west.yml").write_text(yaml.safe_dump({"manifest": manifest}), encoding="utf-8")
    assert west(application.parent, "init", "-l", "application").returncode == 0
    done = west(application.parent, "update")
    assert done.returncode == 0, done.stderr
    package = application.parent / project.get("path", "west-aws-fota") / "scripts/aws_fota"
    assert package.is_dir()
    done = west(application, "aws-fota", "--help")
    assert (done.returncode, done.stderr) == (0, "")

    (application / "prj.conf").write_text("CONFIG_AWS_FOTA_CODEGEN=y\n", encoding="utf-8")
    description = (ROOT / "schemas/default/aws_fota.yaml").read_text(encoding="utf-8")
    (application / "aws_fota.yaml").write_text(description.replace("app_fw_update", "my_own"), encoding="utf-8")
    shutil.copy2(ROOT / "samples/laptop/zephyr.config", application / "build/zephyr/.config")
    cache = f"APPLICATION_SOURCE_DIR:PATH={application}\nCMAKE_HOME_DIRECTORY:INTERNAL={application}\n"
    (application / "build/CMakeCache.txt").write_text(cache, encoding="utf-8")
    done = west(application, "aws-fota", "generate", "-d", "build", "-o", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert any("my_own" in path.read_text(encoding="utf-8") for path in (application / "out/src/core").iterdir())
    done = west(application, "aws-fota", "check", "-d", "build")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_manifest_has_no_projects_and_names_the_command() -> None:
    import yaml

    manifest = yaml.safe_load((ROOT / "west.yml").read_bytes())["manifest"]
    assert manifest == {"self": {"west-commands": "scripts/west-commands.yml"}}
    (entry,) = yaml.safe_load((ROOT / "scripts/west-commands.yml").read_bytes())["west-commands"]
    assert (ROOT / entry["file"]).is_file()
    assert [command["name"] for command in entry["commands"]] == ["aws-fota"]


def test_requirements_are_those_of_the_distribution() -> None:
    # From what was installed, since Python 3.10 reads no TOML; `make` installs again when pyproject.toml changes.
    dependencies = [line.lower() for line in metadata.requires("west-aws-fota") or () if "extra ==" not in line]
    lines = (ROOT / "scripts/requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = {line.lower() for line in lines if line and not line.startswith("#")}
    # west itself runs the command.
    assert listed == {line for line in dependencies if not line.startswith("west")}


def test_the_command_class_imports_the_package_only_when_it_is_used() -> None:
    text = (ROOT / "scripts/west_aws_fota.py").read_text(encoding="utf-8")
    top = [line for line in text.splitlines() if re.match(r"(from|import) ", line)]
    assert not any("aws_fota" in line for line in top)
