# SPDX-License-Identifier: Apache-2.0
"""``aws-fota size`` on images that the host's compiler links from the generated core."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from aws_fota import resources
from aws_fota.cli import run
from aws_fota.size import groups
from aws_fota.size.elf_file import Memory
from aws_fota.size.groups import Group
from linked_core import QUEUE, compiled, gcc

CORE_GROUPS = ("parser", "engine", "topics", "tables")


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("image"), "-Os", "-ffunction-sections", "-fdata-sections")


def told(capsys: pytest.CaptureFixture[str], arguments: Sequence[str | Path], code: int) -> tuple[str, str]:
    assert run(["size", *map(str, arguments)]) == code
    captured = capsys.readouterr()
    return captured.out, captured.err


def report(capsys: pytest.CaptureFixture[str], arguments: Sequence[str | Path], code: int = 0) -> dict[str, Any]:
    """The JSON report, held against its schema."""
    from pykwalify.core import Core

    found: dict[str, Any] = json.loads(told(capsys, [*arguments, "--format", "json"], code)[0])
    schema = yaml.safe_load((resources.schemas() / "size_report.schema.yaml").read_bytes())
    Core(source_data=found, schema_data=schema).validate()
    return found


def by_nm(elf: Path, source: str, kinds: str) -> int:
    """What nm says that the symbols of one object file have, of these kinds."""
    listing = subprocess.run(
        ["nm", "-S", elf.parent / f"src/{source}.o"], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split() for line in listing.splitlines()]
    return sum(int(row[1], 16) for row in rows if len(row) == 4 and row[2] in kinds)


def test_groups_have_what_nm_says(elf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, [elf])
    named = {"parser": 0, "tables": 0}
    for symbol in found["symbols"]:
        if symbol["group"] in named and "(texts" not in symbol["name"]:
            named[symbol["group"]] += symbol["flash"]
    assert found["mapped"]
    parsers = [path.stem for path in elf.parent.glob("src/core/parser*.c")]
    assert len(parsers) > 1
    assert named["parser"] == sum(by_nm(elf, f"core/{name}", "tT") for name in parsers)
    engines = [path.stem for path in elf.parent.glob("src/core/*.c") if path.stem != "topic"]
    assert named["tables"] == sum(by_nm(elf, f"core/{name}", "rR") for name in engines)
    assert all(found["groups"][name]["flash"] > 0 for name in CORE_GROUPS)
    assert all(found["groups"][name]["ram"] == 0 for name in CORE_GROUPS)
    assert found["groups"]["glue"]["stack"] == 512
    assert found["groups"]["glue"]["ram"] == 512 + 4
    assert found["total"]["flash"] == sum(group["flash"] for group in found["groups"].values())


def test_without_a_map_names_tell(elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = tmp_path / "alone.elf"
    shutil.copy(elf, alone)
    found, mapped = report(capsys, [alone]), report(capsys, [elf])
    assert not found["mapped"]
    parsers = [path.stem for path in elf.parent.glob("src/core/parser*.c")]
    assert found["groups"]["parser"]["flash"] == sum(by_nm(elf, f"core/{name}", "tT") for name in parsers)
    assert found["total"]["flash"] <= mapped["total"]["flash"]
    assert report(capsys, [alone, "--map", elf.with_suffix(".map")])["groups"] == mapped["groups"]


def test_the_map_of_another_build_is_refused(elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = compiled(tmp_path, "-O2", "-ffunction-sections", "-fdata-sections")
    _, err = told(capsys, [elf, "--map", other.with_suffix(".map")], 2)
    assert len(err.splitlines()) == 1
    assert f"was not linked with {elf}" in err
    assert report(capsys, [other])["mapped"]
    # A relocatable image, as native_sim's zephyr.elf is, tells by the functions' sizes.
    for folder in (elf.parent, other.parent):
        gcc(folder, ["-r", "-Wl,-Map=whole.map", "-o", "whole.elf", *map(str, sorted(folder.rglob("*.o")))])
    assert report(capsys, [elf.parent / "whole.elf"])["mapped"]
    _, err = told(capsys, [elf.parent / "whole.elf", "--map", other.parent / "whole.map"], 2)
    assert "was not linked with" in err


def test_a_picture_with_bars(elf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, [elf], 0)
    bars = [line for line in out.splitlines() if "#" in line]
    assert len(bars) == 5
    assert max(line.count("#") for line in bars) == 40
    assert max(len(line) for line in out.splitlines()[1:]) <= 100


def test_growth_by_symbol(elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    larger = QUEUE.replace("512", "640") + "char aws_fota_more[32];\n"
    other = compiled(tmp_path, "-Os", "-ffunction-sections", "-fdata-sections", glue=larger)
    growth = report(capsys, [other, "--baseline", elf])["growth"]
    assert {one["name"]: one["ram"] for one in growth if one["ram"]} == {"queue_stack": 128, "aws_fota_more": 32}
    out, _ = told(capsys, [other, "--baseline", elf], 0)
    assert "+128 RAM  glue      queue_stack" in out
    assert "+160 RAM" in out
    assert "no symbol changed its size" in told(capsys, [elf, "--baseline", elf], 0)[0]
    shrunk = report(capsys, [elf, "--baseline", other])["growth"]
    assert {one["name"]: one["ram"] for one in shrunk if one["ram"]} == {"queue_stack": -128, "aws_fota_more": -32}


def test_a_long_path_fits_the_columns(elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / ("a" * 90) / ("b" * 90)
    folder.mkdir(parents=True)
    other = Path(shutil.copy(elf, folder / elf.name))
    shutil.copy(elf.with_suffix(".map"), folder)
    out, _ = told(capsys, [other, "--baseline", other], 0)
    assert max(map(len, out.splitlines())) <= 100


def test_images_are_compared_only_when_measured_alike(
    elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a map the same image seems to have grown by its texts."""
    alone = shutil.copy(elf, tmp_path / "alone.elf")
    found = elf.with_suffix(".map")
    assert "--baseline-map" in told(capsys, [elf, "--baseline", alone], 2)[1]
    assert "name its map with --map" in told(capsys, [alone, "--baseline", elf], 2)[1]
    assert report(capsys, [elf, "--baseline", alone, "--baseline-map", found])["growth"] == []
    assert report(capsys, [alone, "--baseline", alone])["growth"] == []


def test_a_budget_is_kept_to_the_byte(elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, [elf])
    parser, total = found["groups"]["parser"]["flash"], found["total"]["ram"]
    budget = tmp_path / "budget.yaml"
    budget.write_text(f"version: 1\ntotal: {{ram: {total}}}\ngroups: {{parser: {{flash: {parser}}}}}\n")
    assert told(capsys, [elf, "--budget", budget], 0)[1] == ""
    budget.write_text(f"version: 1\ntotal: {{ram: {total - 1}}}\ngroups: {{parser: {{flash: {parser - 2}}}}}\n")
    _, err = told(capsys, [elf, "--budget", budget], 1)
    assert f"total: takes {total} bytes of ram, 1 more than the {total - 1} allowed" in err
    assert f"parser: takes {parser} bytes of flash, 2 more than" in err
    over = report(capsys, [elf, "--budget", budget], 1)["over"]
    assert [(one["group"], one["used"] - one["allowed"]) for one in over] == [("total", 1), ("parser", 2)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 2\n", "budget.yaml:1: version"),
        ("version: 1\ngroups: {lexer: {flash: 1}}\n", "budget.yaml:2: groups.lexer"),
        ("version: 1\ntotal: {flash: 1}\ntotal: {flash: 9}\n", "budget.yaml:3: total: occurs twice"),
        ("version: 1\ntotal: {flash: -1}\n", "-1"),
        ("version: 1\ntotal: {flash: many}\n", "many"),
        ("- 1\n", "is not a mapping"),
        ("a: [\n", "is not YAML"),
    ],
)
def test_a_budget_that_is_wrong(
    elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    budget = tmp_path / "budget.yaml"
    budget.write_text(text, encoding="utf-8")
    _, err = told(capsys, [elf, "--budget", budget], 2)
    assert len(err.splitlines()) == 1
    assert words in err


def test_bad_input_is_one_line(elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(arguments: Sequence[str | Path], words: str) -> None:
        out, err = told(capsys, arguments, 2)
        assert not out
        assert len(err.splitlines()) == 1
        assert words in err

    text = tmp_path / "text.elf"
    text.write_text("no image", encoding="utf-8")
    refused([text], "is no ELF file")
    refused([tmp_path], "cannot be read")
    refused([tmp_path / "none"], "cannot be read")
    stripped = tmp_path / "stripped.elf"
    subprocess.run(["strip", "-o", stripped, elf], check=True)
    refused([stripped], "is stripped")
    foreign = tmp_path / "foreign.elf"
    (tmp_path / "f.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
    gcc(tmp_path, ["f.c", "-o", "foreign.elf"])
    refused([foreign], "has no symbol of the generated module")
    refused([elf, "--map", text], "is no map of GNU ld")
    refused([elf, "--map", tmp_path / "none.map"], "none.map: cannot be read")
    other = tmp_path / "other.elf"
    image = bytearray(elf.read_bytes())
    struct.pack_into("<H", image, 18, 40)
    other.write_bytes(image)
    refused([elf, "--baseline", other], "compare images of one architecture")
    refused(["-d", tmp_path / "nowhere"], "is not a folder")
    assert "one of the arguments" in told(capsys, [], 2)[1]


def test_any_part_of_an_image_is_refused_in_one_line(
    elf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = elf.read_bytes()
    cut = tmp_path / "cut.elf"
    for length in (5, 20, 64, 1000, len(image) // 2, len(image) - 100):
        cut.write_bytes(image[:length])
        _, err = told(capsys, [cut], 2)
        assert len(err.splitlines()) == 1, length


@pytest.mark.parametrize(
    ("owner", "memory", "group"),
    [
        ("modules/west-aws-fota/libaws_fota.a(parser.c.obj)", Memory.CODE, Group.PARSER),
        ("modules/west-aws-fota/libaws_fota.a(parser.c.obj)", Memory.CONSTANT, Group.TABLES),
        ("modules/west-aws-fota/libaws_fota.a(engine_table.c.obj)", Memory.CONSTANT, Group.TABLES),
        ("modules/west-aws-fota/libaws_fota.a(record_store.c.obj)", Memory.CODE, Group.GLUE),
        ("modules/west-aws-fota/libaws_fota.a(jobs_topics.c.obj)", Memory.CODE, Group.TOPICS),
        ("modules/west-aws-fota/libaws_fota.a(http.c.obj)", Memory.BSS, Group.DOWNLOAD),
        ("modules/west-aws-fota/libaws_fota.a(connection.c.obj)", Memory.BSS, Group.DOWNLOAD),
        ("modules/west-aws-fota/libaws_fota.a(slot_writer.c.obj)", Memory.BSS, Group.DOWNLOAD),
        ("modules/west-aws-fota/libaws_fota.a(fota_download.c.obj)", Memory.CODE, Group.DOWNLOAD),
        ("zephyr/subsys/net/lib/http/libsubsys__net__lib__http.a(http_client.c.obj)", Memory.CODE, None),
        (
            "modules/nrf/subsys/net/lib/aws_fota/lib..__subsys__net__lib__aws_fota.a(aws_fota_json.c.obj)",
            Memory.CODE,
            Group.PARSER,
        ),
        (
            "modules/nrf/subsys/net/lib/aws_fota/lib..__subsys__net__lib__aws_fota.a(aws_fota.c.obj)",
            Memory.BSS,
            Group.ENGINE,
        ),
        (
            "modules/nrf/subsys/net/lib/aws_jobs/lib..__subsys__net__lib__aws_jobs.a(aws_jobs.c.obj)",
            Memory.CODE,
            Group.TOPICS,
        ),
        (
            "modules/nrf/subsys/net/lib/download_client/lib..__download_client.a(http.c.obj)",
            Memory.CODE,
            Group.DOWNLOAD,
        ),
        ("zephyr/kernel/libkernel.a(queue.c.obj)", Memory.CODE, None),
    ],
)
def test_who_owns_what(owner: str, memory: Memory, group: Group | None) -> None:
    assert groups.by_owner(owner, memory) is group


def test_the_in_tree_library_without_a_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "aws_fota.c").write_text(
        "static char payload_buf[1350];\n"
        "char *aws_fota_init(void) { return payload_buf; }\n"
        "int main(void) { return 0; }\n"
    )
    gcc(tmp_path, ["aws_fota.c", "-no-pie", "-o", "zephyr.elf"])
    found = report(capsys, [tmp_path / "zephyr.elf"])["groups"]
    assert found["engine"]["ram"] == 1350
    assert found["engine"]["flash"] > 0
    assert found["glue"]["flash"] == 0
