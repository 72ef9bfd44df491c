# SPDX-License-Identifier: Apache-2.0
"""From a model to the bytes of the module."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest

from aws_fota import __version__, resources
from aws_fota.codegen import assembly, environment, generate
from aws_fota.codegen.job_members import members
from aws_fota.codegen.model import Model
from aws_fota.codegen.result import MARK
from aws_fota.config.limits import Settings
from aws_fota.errors import AwsFotaError
from aws_fota.jobdoc.load import load
from aws_fota.jobdoc.model import Description, Field, FieldType
from descriptions import DEFAULT, DESCRIPTIONS


def test_every_file_begins_with_the_banner_and_ends_with_one_newline() -> None:
    result = generate.generate(Model(DEFAULT))
    assert list(result.files) == sorted(result.files)
    for path, content in result.files.items():
        head = content.decode("ascii").splitlines()[:9]
        assert head[0] == "/*", path
        assert f" * {MARK} {__version__} from aws_fota.yaml. Do not edit:" in head
        assert " * SPDX-License-Identifier: Apache-2.0" in head
        assert content.endswith(b"\n"), path
        assert not content.endswith(b"\n\n"), path
        assert b"\r" not in content
        assert not re.search(rb"[ \t]\n", content), path


def test_nothing_of_this_machine_is_in_it() -> None:
    here = str(Path(__file__).resolve().parents[3]).encode()
    for content in generate.generate(Model(DEFAULT)).files.values():
        assert here not in content
        assert not re.search(rb"20[0-9][0-9]-[01][0-9]-[0-3][0-9]", content)


@pytest.mark.parametrize("description", DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_equal_models_give_equal_bytes(description: Description) -> None:
    settings = Settings(json_depth=16)
    first = generate.generate(Model(description, settings))
    again = generate.generate(Model(dataclasses.replace(description), dataclasses.replace(settings)))
    assert first.files == again.files
    assert first.templates == again.templates


def test_limits_arrive() -> None:
    settings = Settings(payload_size=64, allow_http=False, allow_downgrade=True, step_timeout_minutes=3)
    text = generate.generate(Model(DEFAULT, settings)).files["include/aws_fota/limits.h"].decode()
    for name, value in (
        ("PAYLOAD_SIZE", 64),
        ("ALLOW_HTTP", 0),
        ("ALLOW_DOWNGRADE", 1),
        ("REPORT_ON_DOWNLOAD", 0),
        ("STEP_TIMEOUT_MINUTES", 3),
        ("REMEMBERED_JOBS", 8),
    ):
        assert re.search(rf"^#define AWS_FOTA_{name} +{value}$", text, re.MULTILINE)


def test_the_templates_read_are_listed_with_those_they_include() -> None:
    templates = generate.generate(Model(DEFAULT)).templates
    names = {path.relative_to(resources.templates()).as_posix() for path in templates}
    assert "banner.j2" in names
    assert {output.template for output in assembly.OUTPUTS if not output.zephyr} <= names


def test_the_name_of_the_yaml_cannot_end_the_banner() -> None:
    description = dataclasses.replace(DEFAULT, source="x*/ int evil; /*\n.yaml")
    text = generate.generate(Model(description)).files["include/aws_fota/limits.h"].decode()
    assert text.index("*/") == text.index(" */\n#ifndef") + 1


def test_a_variable_that_nobody_supplies_is_an_error() -> None:
    jinja = environment.environment(jinja2.DictLoader({"x": "{{ nobody }}"}))
    with pytest.raises(jinja2.UndefinedError, match="nobody"):
        jinja.get_template("x").render()


def test_blocks_leave_no_lines_behind_and_the_last_newline_stays() -> None:
    jinja = environment.environment(jinja2.DictLoader({"x": "a\n  {% if true %}\nb\n  {% endif %}\nc\n"}))
    assert jinja.get_template("x").render() == "a\nb\nc\n"


def test_two_contributors_of_one_variable_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def again(model: Model) -> dict[str, Any]:
        return {"members": model}

    monkeypatch.setattr(generate, "CONTRIBUTORS", (*assembly.CONTRIBUTORS, again))
    with pytest.raises(ValueError, match="contributed twice: members"):
        generate.generate(Model(DEFAULT))


def test_members_are_declared_by_their_type_widest_alignment_first() -> None:
    fields = (
        Field(("a",), FieldType.STRING, "text", max_length=7),
        Field(("b",), FieldType.HEX, "digest", size=4),
        Field(("c",), FieldType.BOOL, "flag"),
        Field(("d",), FieldType.U32, "count"),
        Field(("e",), FieldType.ENUM, "mode", values=("x",)),
        Field(("f",), FieldType.I32, "delta"),
        Field(("g", "host"), FieldType.HOST, "url"),
        Field(("h",), FieldType.U64, "big"),
        Field(("g", "url"), FieldType.URL, "url"),
    )
    assert [(member.declaration, member.comment) for member in members(fields)] == [
        ("uint64_t big", "h"),
        ("uint32_t count", "d"),
        ("int32_t delta", "f"),
        ("struct aws_fota_url url", "g.host, g.url"),
        ("char text[7 + 1]", "a"),
        ("uint8_t digest[4]", "b"),
        ("bool flag", "c"),
        ("uint8_t mode", "enum aws_fota_mode: e"),
    ]


@pytest.mark.parametrize(
    ("destination", "values", "name"),
    [
        ("scheme", ("ftp",), "aws_fota_scheme"),
        ("field", ("x",), "aws_fota_field"),
        ("json", ("depth",), "AWS_FOTA_JSON_DEPTH"),
        ("message", ("update", "watch"), "AWS_FOTA_MESSAGE_WATCH"),
        ("parse", ("ok",), "AWS_FOTA_PARSE_OK"),
    ],
)
def test_names_of_an_enum_must_not_meet_the_modules_own(destination: str, values: tuple[str, ...], name: str) -> None:
    field = Field(("kind",), FieldType.ENUM, destination, values=values, line=77)
    description = dataclasses.replace(DEFAULT, fields=(*DEFAULT.fields, field))
    with pytest.raises(AwsFotaError) as caught:
        generate.generate(Model(description))
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"aws_fota.yaml:77: kind: '{destination}' would define ") for line in lines)
    assert any(f"would define {name}, which the module has already; use another name" in line for line in lines)


def test_two_enums_whose_names_meet_each_other() -> None:
    fields = (
        Field(("a",), FieldType.ENUM, "power", values=("mode_on",)),
        Field(("b",), FieldType.ENUM, "power_mode", values=("on",)),
    )
    with pytest.raises(AwsFotaError, match="would define AWS_FOTA_POWER_MODE_ON"):
        generate.generate(Model(dataclasses.replace(DEFAULT, fields=(*DEFAULT.fields, *fields))))


@pytest.mark.parametrize("nrf", [False, True])
def test_names_of_the_headers_that_the_nrf_connect_sdk_brings_are_taken_too(nrf: bool) -> None:
    field = Field(("kind",), FieldType.ENUM, "evt", values=("start",), line=77)
    description = dataclasses.replace(DEFAULT, fields=(*DEFAULT.fields, field))
    with pytest.raises(AwsFotaError, match="would define AWS_FOTA_EVT_START, which the module has already"):
        generate.generate(Model(description, zephyr=True, nrf=nrf))


HEAD = "version: 1\noperations: [a]\nfields:\n" + (
    "- {path: operation, type: string, max: 16, required: true, to: operation}\n"
    "- {path: size, type: u32, required: true, to: size}\n"
    "- {path: url, type: url, required: true, to: url}\n"
)


@pytest.mark.parametrize(
    ("lines", "place", "rule"),
    [
        (
            [f"- {{path: k{i}, type: string, max: 32768, to: d{i}}}" for i in range(2)],
            "4: fields",
            "parser-tables",
        ),
        (
            ["- {path: a, type: bool, to: a}", "- {path: b, type: enum, values: [x], to: scheme}"],
            "8: b",
            "destination-name",
        ),
    ],
)
def test_what_the_tables_cannot_hold_is_told_with_the_file_as_it_was_named_and_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], place: str, rule: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    path = Path("sub/my.yaml")
    path.write_text(HEAD + "\n".join(lines) + "\n")
    with pytest.raises(AwsFotaError) as caught:
        generate.generate(Model(load(path)))
    text = str(caught.value).splitlines()[0]
    assert text.startswith(f"sub/my.yaml:{place}: ")
    assert text.endswith(f"[{rule}]")


def test_the_folder_of_the_description_does_not_show_in_what_is_generated(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    first, second = tmp_path / "my.yaml", tmp_path / "sub/my.yaml"
    first.write_text(HEAD)
    second.write_text(HEAD)
    assert load(first) == load(second)
    assert generate.generate(Model(load(first))).files == generate.generate(Model(load(second))).files
