# SPDX-License-Identifier: Apache-2.0
"""With the nRF Connect SDK in one workspace: whoever does not ask for this module does not notice it, and whoever does
can use it.

Runs where such a workspace is: ``NCS_BASE``, or ``~/ncs``. `make zephyr` runs it, `make test` does not.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import mcuboot_modes
import pytest
from ncs_workspace import APPLICATION, ROOT, WORKSPACE, Build, missing, run

IN_TREE = APPLICATION / "intree.conf"
OURS = APPLICATION / "ours.conf"
MODULE = "modules/west-aws-fota"
#: Zephyr's own list of what .config sets, the line for the module's presence among it.
LIST_OF_SYMBOLS = "zephyr/CMakeFiles/zephyr.dir/misc/generated/configs.c.obj"
#: The README's example: a presigned URL of 1 700 characters.
FLEET = ("--url-length", "1700", "--host", "abc.s3.eu-west-1.amazonaws.com", "--thing", "my-thing", "--sec-tag", "42")

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def in_tree(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The SDK's own library, with this module beside it; built by the first test that needs it."""
    return Build(tmp_path_factory.mktemp("in-tree") / "build", fragments=(IN_TREE,))


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Build:
    build = Build(tmp_path_factory.mktemp("ours") / "build", fragments=(OURS,))
    build.build()
    return build


def fragment(folder: Path, *lines: str) -> Path:
    path = folder / "more.conf"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def aws_fota(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aws_fota", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_the_sdks_own_library_builds_what_it_built(in_tree: Build) -> None:
    """In one folder, one after the other, so that not even a path differs."""
    alone = Build(in_tree.folder, with_module=False, fragments=in_tree.fragments)
    alone.build()
    config, objects = alone.config, alone.objects
    assert "CONFIG_AWS_FOTA=y" in config and any("aws_fota.c.obj" in path for path in objects)
    in_tree.build()
    assert set(config) <= set(in_tree.config)
    assert set(in_tree.config) - set(config) == {
        "CONFIG_ZEPHYR_WEST_AWS_FOTA_MODULE=y",
        "# CONFIG_AWS_FOTA_CORE_ONLY is not set",
    }
    assert {path for path, digest in in_tree.objects.items() if objects.pop(path, "") != digest} == {LIST_OF_SYMBOLS}
    assert not objects


def test_ours_builds_and_links_with_the_sdks_headers_and_fota_download(ours: Build) -> None:
    assert "# CONFIG_AWS_FOTA is not set" in ours.config
    assert "CONFIG_AWS_FOTA_DOWNLOADER_FOTA_DOWNLOAD=y" in ours.config
    assert "CONFIG_FOTA_DOWNLOAD_PROGRESS_EVT=y" in ours.config
    assert (ours.folder / "zephyr/zephyr.exe").is_file()
    generated = ours.folder / MODULE / "generated"
    assert sorted(path.name for path in (generated / "include/net").iterdir()) == ["aws_fota_ext.h"]
    assert not (generated / "src/zephyr/http.c").exists()
    objects = ours.objects
    assert any(path.endswith("src/ncs/fota_download.c.obj") for path in objects)
    assert any("fota_download.dir/src/fota_download.c.obj" in path for path in objects)
    dependencies = run("ninja", "-C", ours.folder, "-t", "deps").stdout
    for name in ("aws_fota.h", "aws_jobs.h", "fota_download.h", "download_client.h"):
        assert f"nrf/include/net/{name}" in dependencies, name


def test_ours_may_download_by_itself_beside_fota_download(tmp_path: Path) -> None:
    more = fragment(tmp_path, "CONFIG_AWS_FOTA_DOWNLOADER_HTTP=y", "CONFIG_FOTA_CLIENT_AUTOSCHEDULE_UPDATE=y")
    build = Build(tmp_path / "build", fragments=(OURS, more))
    done = build.configure()
    assert done.returncode == 0, done.stderr
    assert "CONFIG_FOTA_CLIENT_AUTOSCHEDULE_UPDATE=y" in build.config
    assert any(line.startswith("CONFIG_AWS_FOTA_HTTP_BUFFER_SIZE=") for line in build.config)


def test_with_both_at_once_kconfig_names_the_two_and_keeps_the_sdks(tmp_path: Path) -> None:
    build = Build(tmp_path / "build", fragments=(OURS, IN_TREE))
    done = build.configure()
    said = " ".join((done.stdout + done.stderr).split())
    assert "AWS_FOTA_CODEGEN" in said and "was assigned the value 'y' but got the value 'n'" in said
    assert "Check these unsatisfied dependencies: (!AWS_FOTA) (=n), (!AWS_JOBS) (=n)" in said
    assert "CONFIG_AWS_FOTA=y" in build.config
    assert "CONFIG_AWS_FOTA_CODEGEN=y" not in build.config


def test_the_sample_with_tls_sets_nothing_that_zephyr_3_7_does_not_take(tmp_path: Path) -> None:
    """A symbol that is not there ends the configuration; one that another module has may just not be taken."""
    done = Build(
        tmp_path / "build", application=ROOT / "samples/aws_fota", fragments=(ROOT / "samples/aws_fota/tls.conf",)
    ).configure()
    assert done.returncode == 0, done.stderr
    said = " ".join((done.stdout + done.stderr).split())
    assert "but got the value" not in said and "undefined symbol" not in said, said


def test_an_upgrade_that_the_library_schedules_ends_the_configuration(tmp_path: Path) -> None:
    more = fragment(tmp_path, "CONFIG_FOTA_CLIENT_AUTOSCHEDULE_UPDATE=y")
    done = Build(tmp_path / "build", fragments=(OURS, more)).configure()
    assert done.returncode != 0
    assert "FAILS autoschedule" in " ".join(done.stderr.split())
    assert "CONFIG_FOTA_CLIENT_AUTOSCHEDULE_UPDATE=n" in [line.strip() for line in done.stderr.splitlines()]


def test_what_check_says_of_the_sdks_own_library_is_what_its_kconfig_takes(in_tree: Build, tmp_path: Path) -> None:
    """The README's table, on a build; and each line of --fix is accepted by the real Kconfig, as it is written."""
    if not (in_tree.folder / "zephyr/.config").is_file():
        assert in_tree.configure().returncode == 0
    fix = tmp_path / "fix.conf"
    done = aws_fota("check", "-d", in_tree.folder, *FLEET, "--fix", fix, "--format", "json")
    assert done.returncode == 1, done.stderr
    lines = [line for line in fix.read_text(encoding="utf-8").splitlines() if line.startswith("CONFIG_")]
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("| rule | needs | has | write |", 1)[1]
    table = table.split("\n\n", 1)[0]
    expected = {part for part in table.split("`") if part.startswith("CONFIG_")}
    assert set(lines) == expected
    found = {one["id"]: one for one in json.loads(done.stdout)["rules"] if one["state"] == "fails"}
    told = {}
    for cells in (line.split("|") for line in table.splitlines() if "`CONFIG_" in line):
        told[cells[1].split("`")[1]] = [cell.strip() for cell in cells[2:4]]
    assert told.pop("security-tag") == ["0 or more", "-1"]
    assert told.pop("client-stack") == ["2687", "1280"]  # follows from the line for client-path
    assert told == {
        rule: [str(one["need"]["low"]), str(one["have"]["low"])] for rule, one in found.items() if rule in told
    }
    assert found.keys() == {*told, "security-tag"}
    mended = Build(tmp_path / "build", fragments=(IN_TREE, fix))
    configured = mended.configure()
    assert configured.returncode == 0, configured.stderr
    assert set(lines) <= set(mended.config)
    again = aws_fota("check", "-d", mended.folder, *FLEET)
    assert again.returncode == 0, again.stdout


@pytest.mark.skipif(
    shutil.which("ruby") is None or not (WORKSPACE / "test/cmock/src/cmock.c").is_file(),
    reason=f"the SDK's own tests need ruby, and CMock at {WORKSPACE / 'test/cmock'}",
)
@pytest.mark.parametrize(
    ("name", "cases"), [("aws_fota/aws_fota_json", 11), ("aws_jobs", 6)], ids=["aws_fota_json", "aws_jobs"]
)
def test_the_sdks_own_tests_pass_beside_the_module(name: str, cases: int, tmp_path: Path) -> None:
    build = Build(tmp_path / "build", application=WORKSPACE / "nrf/tests/subsys/net/lib" / name)
    build.build()
    done = run(build.folder / "zephyr/zephyr.exe", folder=tmp_path)
    assert "PROJECT EXECUTION SUCCESSFUL" in done.stdout, done.stdout
    assert f"\n{cases} Tests 0 Failures 0 Ignored" in done.stdout


def test_every_mode_of_mcuboot_is_supported_or_refused() -> None:
    mcuboot_modes.assert_all_are_decided(WORKSPACE / "zephyr")
