# SPDX-License-Identifier: Apache-2.0
"""Whatever is in the files: a model that generates C, or an error that a person can read. Never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws_fota import resources
from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.config import dotconfig
from aws_fota.config.limits import Settings
from aws_fota.config.settings import settings as settings_of
from aws_fota.errors import AwsFotaError, ErrorList
from aws_fota.jobdoc.load import check
from aws_fota.jobdoc.model import FieldType
from aws_fota.yamlfile import source as yaml_source

FIXED = settings(derandomize=True, deadline=None, database=None, max_examples=200)
SLOW = settings(FIXED, suppress_health_check=[HealthCheck.too_slow])

NAME = Path("aws_fota.yaml")
LINES = resources.default_description().read_text(encoding="utf-8").splitlines()

SCALARS = ["", "~", "5", "-1", "1.5", "yes", "0x10", "2001-01-01", "9" * 24, "'", '"', "|", "!t a", "*x", "&x a"]
CONTAINERS = ["[]", "{}", "[a, b]", "[a, 0]", "{a: b}", "- a"]
MEANINGS = ["url", "string", "enum", "operation", "size", "a.b", "a[0]", "int"]
ATTRIBUTES = ["path", "type", "to", "required", "max", "min", "bytes", "values", "control_characters"]
SECTIONS = ["version", "fields", "operations", "foreign", "options", "progress_step_percent", "remembered_jobs"]

words = st.sampled_from([*SCALARS, *CONTAINERS, *MEANINGS])
keys = st.sampled_from([*ATTRIBUTES, *SECTIONS, "zzz", "<<", "? a"])


@st.composite
def edited(draw: st.DrawFn) -> str:
    """The default description with a few of its lines removed, doubled, moved or changed."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        edit = draw(st.sampled_from(["remove", "double", "value", "insert", "indent", "cut"]))
        if edit == "remove" and len(lines) > 1:
            del lines[at]
        elif edit == "double":
            lines.insert(at, lines[at])
        elif edit == "value":
            lines[at] = lines[at].split(":")[0] + ": " + draw(words)
        elif edit == "insert":
            lines.insert(at, draw(st.sampled_from(["", "  ", "    ", "  - "])) + draw(keys) + ": " + draw(words))
        elif edit == "indent":
            lines[at] = " " * draw(st.integers(0, 6)) + lines[at].lstrip()
        else:
            lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
    return "\n".join(lines) + "\n"


def readable(error: AwsFotaError, name: str) -> None:
    for single in error.errors if isinstance(error, ErrorList) else [error]:
        text = str(single)
        assert text.startswith(name)
        assert "\n" not in text
        assert single.fix
        assert single.rule


def loaded(content: bytes) -> None:
    try:
        description = check(yaml_source.parse(NAME, content), Settings())
        generate(Model(description))
    except AwsFotaError as error:
        readable(error, "aws_fota.yaml")


@given(edited())
@SLOW
def test_an_edited_description(text: str) -> None:
    loaded(text.encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@FIXED
def test_any_bytes_as_a_description(content: bytes) -> None:
    loaded(content)


path_names = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters=".[]"), min_size=1, max_size=12)


@given(
    st.lists(
        st.tuples(st.lists(path_names | st.integers(0, 254), min_size=1, max_size=4), st.sampled_from(list(FieldType))),
        max_size=5,
    )
)
@SLOW
def test_any_names_in_paths(entries: list[tuple[list[str | int], FieldType]]) -> None:
    fields = [
        {"path": "operation", "type": "string", "max": 16, "required": True, "to": "operation"},
        {"path": "size", "type": "u32", "required": True, "to": "size"},
        {"path": "url", "type": "url", "required": True, "to": "url"},
    ]
    for index, (path, kind) in enumerate(entries):
        extra: dict[FieldType, dict[str, object]] = {
            FieldType.STRING: {"max": 4},
            FieldType.HEX: {"bytes": 4},
            FieldType.ENUM: {"values": [str(step) for step in path if str(step)]},
        }
        fields.append({"path": path, "type": kind.value, "to": f"d{index}", **extra.get(kind, {})})
    # JSON is YAML, as far as the names here go.
    document = json.dumps({"version": 1, "operations": ["a"], "fields": fields}, ensure_ascii=False)
    loaded(document.encode("utf-8"))


starts = st.sampled_from(
    ["CONFIG_AWS_FOTA_JSON_DEPTH=", "CONFIG_AWS_FOTA_ALLOW_HTTP=", "CONFIG_X=", "# CONFIG_Y is not set", "x"]
)
config_lines = st.lists(st.tuples(starts, words).map("".join), max_size=6).map("\n".join)


@given(config_lines.map(str.encode) | st.binary(max_size=100))
@FIXED
def test_any_bytes_as_a_config(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.config"
    path.write_bytes(content)
    try:
        settings_of(dotconfig.read(path))
    except AwsFotaError as error:
        readable(error, str(path))
