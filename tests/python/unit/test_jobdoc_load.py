# SPDX-License-Identifier: Apache-2.0
"""aws_fota.yaml: what is taken, and what is said about each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from aws_fota import resources
from aws_fota.config.limits import Settings
from aws_fota.errors import AwsFotaError, ErrorList, ExitCode, InputError
from aws_fota.jobdoc.load import load
from aws_fota.jobdoc.model import FieldType, Foreign, Options

HEAD = "version: 1\noperations: [app_fw_update]\nfields:\n"
#: The least that the engine needs; lines 4 to 6.
BASE = HEAD + (
    "  - {path: operation, type: string, max: 16, required: true, to: operation}\n"
    "  - {path: size, type: u32, required: true, to: size}\n"
    "  - {path: url, type: url, required: true, to: url}\n"
)


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "aws_fota.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes(folder: Path, text: str | bytes, settings: Settings | None = None) -> list[AwsFotaError]:
    with pytest.raises(AwsFotaError) as caught:
        load(write(folder, text), settings)
    errors = caught.value.errors if isinstance(caught.value, ErrorList) else [caught.value]
    for error in errors:
        assert isinstance(error, InputError)
        assert error.exit_code is ExitCode.USAGE
        assert error.path == str(folder / "aws_fota.yaml")
        assert error.line, str(error)
        assert error.rule, str(error)
        assert error.fix, str(error)
        assert "\n" not in str(error)
    return errors


def told(folder: Path, text: str | bytes, settings: Settings | None = None) -> list[tuple[int | None, str, str]]:
    return [(error.line, error.field, error.rule) for error in mistakes(folder, text, settings)]


def test_the_default_is_the_seeds_document() -> None:
    description = load()
    assert description.operations == ("app_fw_update",)
    assert description.foreign is Foreign.REJECT
    assert description.options == Options(progress_step_percent=10, remembered_jobs=8)
    assert description.source == "aws_fota.yaml"
    assert [(field.dotted, field.type.value, field.destination, field.required) for field in description.fields] == [
        ("operation", "string", "operation", True),
        ("fwversion", "string", "version", True),
        ("size", "u32", "size", True),
        ("sha256", "hex", "sha256", False),
        ("location.protocol", "scheme", "url", True),
        ("location.host", "host", "url", True),
        ("location.path", "path", "url", True),
        ("location.url", "url", "url", True),
    ]


def test_a_field_keeps_its_line() -> None:
    lines = resources.default_description().read_text(encoding="utf-8").splitlines()
    for field in load().fields:
        assert lines[field.line - 1] == f"  - path: {field.dotted}"


def test_every_attribute_arrives(tmp_path: Path) -> None:
    text = BASE + (
        "  - {path: note, type: string, max: 9, control_characters: true, to: note}\n"
        "  - {path: 'steps[0].delta', type: i32, min: -5, max: 5, to: delta}\n"
        "  - {path: big, type: u64, min: 0x10, to: big}\n"
        "  - {path: [\"a.b\", 3, 'c[0]'], type: bool, to: flag}\n"
        "  - {path: mode, type: enum, values: [slow, very fast], to: mode}\n"
        "  - {path: key, type: hex, bytes: 4, to: key}\n"
        "foreign: leave\n"
        "options: {progress_step_percent: 25, remembered_jobs: 64}\n"
    )
    description = load(write(tmp_path, text))
    note, delta, big, flag, mode, key = description.fields[3:]
    assert (note.max_length, note.control_characters, note.required) == (9, True, False)
    assert (delta.path, delta.minimum, delta.maximum) == (("steps", 0, "delta"), -5, 5)
    assert (big.minimum, big.maximum) == (16, 2**64 - 1)
    assert flag.path == ("a.b", 3, "c[0]")
    assert flag.dotted == '["a.b"][3]["c[0]"]'
    assert (mode.type, mode.values) == (FieldType.ENUM, ("slow", "very fast"))
    assert key.size == 4
    assert description.foreign is Foreign.LEAVE
    assert description.options == Options(25, 64)


def test_a_byte_order_mark_and_crlf_are_taken(tmp_path: Path) -> None:
    description = load(write(tmp_path, b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode()))
    assert [field.line for field in description.fields] == [4, 5, 6]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        (b"", 1, "is empty"),
        (b"# only a comment\n", 1, "is empty"),
        (b"version: 1\nname: \xff\n", 2, "not UTF-8"),
        (b"version: 1\n\x00", 2, "not YAML"),
        (b"version: 1\noperations: [a,\n", 2, "not YAML"),
        (b"\tversion: 1\n", 1, "not YAML"),
        (b"version: 1\n---\nversion: 1\n", 2, "second document"),
        # Our own limit, or that of a newer libyaml.
        (b"[" * 100_000, 1, "nest"),
        (b"{" * 100_000, 1, "nest"),
        (b"version: 1\noperations: &x [*x]\n", 2, "alias"),
        (b"version: &x 1\nforeign: *x\n", 2, "alias"),
        (b"version: !!python/object:os.system x\n", 1, "tag"),
        (b"version: 1\n<<: {a: 1}\n", 2, "plain text"),
        (b"? [a]\n: 1\n", 1, "plain text"),
        (b"version: 01\n", 1, "write it in decimal"),
        (b"version: 1:30\n", 1, "write it in decimal"),
        (b'version: "\\ud800"\n', 1, "not YAML"),
    ],
)
def test_what_is_not_yaml_of_ours(tmp_path: Path, text: bytes, line: int, part: str) -> None:
    error = mistakes(tmp_path, text)[0]
    assert error.line == line
    assert part in str(error)


@pytest.mark.parametrize(("index", "shown"), [("4294967296", "4294967296"), ("9" * 5000, "9" * 20 + "...")])
def test_an_index_is_never_told_as_another(tmp_path: Path, index: str, shown: str) -> None:
    (error,) = mistakes(tmp_path, BASE + f"  - {{path: 'a[{index}]', type: u32, to: a}}\n")
    assert f"has the index {shown}, which is not 0 to 254" in str(error)


def test_a_key_that_occurs_twice(tmp_path: Path) -> None:
    (error,) = mistakes(tmp_path, BASE + "version: 1\n")
    assert (error.line, error.field, error.rule) == (7, "version", "yaml-duplicate")
    assert "first in line 1" in error.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.yaml: cannot be read: No such file"):
        load(tmp_path / "gone.yaml")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="larger than 1048576 bytes"):
        load(write(tmp_path, b"#" * (1 << 20) + b"\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", [(1, "", "yaml-schema")]),
        ("just text", [(1, "", "yaml-schema")]),
        ("~", [(1, "", "yaml-schema")]),
        (
            "{}",
            [(1, "fields", "yaml-schema"), (1, "operations", "yaml-schema"), (1, "version", "yaml-schema")],
        ),
        (BASE.replace("version: 1", "version: 2"), [(1, "version", "yaml-schema")]),
        (BASE.replace("version: 1", "version: '1'"), [(1, "version", "yaml-schema")]),
        (BASE.replace("version: 1", "version: true"), [(1, "version", "yaml-schema")]),
        (BASE.replace("version: 1", "version:"), [(1, "version", "yaml-schema")]),
        (BASE.replace("[app_fw_update]", "[]"), [(2, "operations", "yaml-schema")]),
        (BASE.replace("[app_fw_update]", "[yes]"), [(2, "operations[0]", "yaml-schema")]),
        (BASE.replace("[app_fw_update]", "app_fw_update"), [(2, "operations", "yaml-schema")]),
        (BASE + "foreign: ignore\n", [(7, "foreign", "yaml-schema")]),
        (BASE + "foreign:\n", [(7, "foreign", "yaml-schema")]),
        (BASE + "options: {remembered_jobs: 7}\n", [(7, "options.remembered_jobs", "yaml-schema")]),
        (BASE + "options: {remembered_jobs: 65}\n", [(7, "options.remembered_jobs", "yaml-schema")]),
        (BASE + "options: {progress_step_percent: 0}\n", [(7, "options.progress_step_percent", "yaml-schema")]),
        (BASE + "options: {progress_step_percent: 101}\n", [(7, "options.progress_step_percent", "yaml-schema")]),
        (BASE + "  - 5\n", [(7, "fields[3]", "yaml-schema")]),
        (BASE + "  - {path: a, type: u32}\n", [(7, "fields[3].to", "yaml-schema")]),
        (BASE + "  - {path: a, type: u32, to: a, required: 1}\n", [(7, "fields[3].required", "yaml-schema")]),
        (BASE + "  - {path: a, type: u32, to: a, max: many}\n", [(7, "fields[3].max", "yaml-schema")]),
        (BASE + "  - {path: a, type: u32, to: a, max: 1.5}\n", [(7, "fields[3].max", "yaml-schema")]),
        (BASE + "  - {path: a, type: hex, to: a, bytes: 0}\n", [(7, "fields[3].bytes", "yaml-schema")]),
        (BASE + "  - {path: a, type: hex, to: a, bytes: 1025}\n", [(7, "fields[3].bytes", "yaml-schema")]),
        (BASE + "  - {path: a, type: enum, to: a, values: []}\n", [(7, "fields[3].values", "yaml-schema")]),
        (BASE + "  - {path: a, type: enum, to: a, values: [on]}\n", [(7, "fields[3].values[0]", "yaml-schema")]),
        (HEAD.replace("fields:\n", "fields: []\n"), [(3, "fields", "yaml-schema")]),
    ],
)
def test_what_breaks_the_schema(tmp_path: Path, text: str, expected: list[tuple[int, str, str]]) -> None:
    assert told(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "line", "field", "fix"),
    [
        (BASE + "opptions: {}\n", 7, "opptions", "did you mean 'options'?"),
        (BASE + "zzz: 1\n", 7, "zzz", "use one of: fields, foreign, operations, options, version"),
        (BASE + "a/b: 1\n", 7, "a/b", "use one of: fields, foreign, operations, options, version"),
        (BASE + "  - {path: a, type: u32, to: a, maxx: 1}\n", 7, "fields[3].maxx", "did you mean 'max'?"),
        (BASE + "options: {progress_step: 5}\n", 7, "options.progress_step", "did you mean 'progress_step_percent'?"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(
    tmp_path: Path, text: str, line: int, field: str, fix: str
) -> None:
    (error,) = mistakes(tmp_path, text)
    assert (error.line, error.field, error.rule, error.fix) == (line, field, "unknown-key", fix)


def test_an_unknown_type_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (error,) = mistakes(tmp_path, BASE + "  - {path: a, type: strng, to: a}\n")
    assert (error.field, error.fix) == ("fields[3].type", "did you mean 'string'?")


@pytest.mark.parametrize(
    ("entry", "field", "rule"),
    [
        # Attributes and the type they belong to.
        ("{path: a, type: string, to: a}", "max", "field-attribute"),
        ("{path: a, type: enum, to: a}", "values", "field-attribute"),
        ("{path: a, type: hex, to: a}", "bytes", "field-attribute"),
        ("{path: a, type: bool, to: a, max: 1}", "max", "field-attribute"),
        ("{path: a, type: string, max: 1, min: 1, to: a}", "min", "field-attribute"),
        ("{path: a, type: u32, bytes: 1, to: a}", "bytes", "field-attribute"),
        ("{path: a, type: u32, values: [a], to: a}", "values", "field-attribute"),
        ("{path: a, type: i32, control_characters: true, to: a}", "control_characters", "field-attribute"),
        # Bounds.
        ("{path: a, type: string, max: 0, to: a}", "max", "field-bounds"),
        ("{path: a, type: string, max: 32769, to: a}", "max", "field-bounds"),
        ("{path: a, type: u32, max: 4294967296, to: a}", "max", "field-bounds"),
        ("{path: a, type: u32, min: -1, to: a}", "min", "field-bounds"),
        ("{path: a, type: i32, min: -2147483649, to: a}", "min", "field-bounds"),
        ("{path: a, type: i32, max: 2147483648, to: a}", "max", "field-bounds"),
        ("{path: a, type: u64, max: 18446744073709551616, to: a}", "max", "field-bounds"),
        ("{path: a, type: u32, min: 2, max: 1, to: a}", "min", "field-bounds"),
        ("{path: a, type: i32, max: -2147483648, min: 0, to: a}", "min", "field-bounds"),
        # Paths.
        ("{path: '', type: u32, to: a}", "path", "path-syntax"),
        ("{path: [], type: u32, to: a}", "path", "path-syntax"),
        ("{path: 5, type: u32, to: a}", "path", "path-syntax"),
        ("{path: a..b, type: u32, to: a}", "path", "path-syntax"),
        ("{path: .a, type: u32, to: a}", "path", "path-syntax"),
        ("{path: a., type: u32, to: a}", "path", "path-syntax"),
        ("{path: 'a[0]b', type: u32, to: a}", "path", "path-syntax"),
        ("{path: 'a[-1]', type: u32, to: a}", "path", "path-syntax"),
        ("{path: 'a[01]', type: u32, to: a}", "path", "path-syntax"),
        ("{path: 'a[255]', type: u32, to: a}", "path", "path-syntax"),
        ("{path: 'a[1', type: u32, to: a}", "path", "path-syntax"),
        ("{path: '[0].a', type: u32, to: a}", "path", "path-syntax"),
        ("{path: [0, a], type: u32, to: a}", "path", "path-syntax"),
        ("{path: [a, true], type: u32, to: a}", "path", "path-syntax"),
        ("{path: [a, ''], type: u32, to: a}", "path", "path-syntax"),
        ('{path: "a\\tb", type: u32, to: a}', "path", "path-syntax"),
        ('{path: "a\\u200bb", type: u32, to: a}', "path", "path-syntax"),
        (f"{{path: {'k' * 65}, type: u32, to: a}}", "path", "path-syntax"),
        (f"{{path: {'k' * 64}.{'l' * 64}, type: u32, to: a}}", "path", "path-syntax"),
        (f"{{path: ['{'k' * 64}', '{chr(34) * 32}'], type: u32, to: a}}", "path", "path-syntax"),
        # Destinations.
        ("{path: a, type: u32, to: ''}", "to", "destination-name"),
        ("{path: a, type: u32, to: 1a}", "to", "destination-name"),
        ("{path: a, type: u32, to: a-b}", "to", "destination-name"),
        ("{path: a, type: u32, to: Abc}", "to", "destination-name"),
        ("{path: a, type: u32, to: _a}", "to", "destination-name"),
        ("{path: a, type: u32, to: double}", "to", "destination-name"),
        ("{path: a, type: u32, to: class}", "to", "destination-name"),
        ("{path: a, type: u32, to: linux}", "to", "destination-name"),
        ("{path: a, type: u32, to: mips}", "to", "destination-name"),
        ("{path: a, type: u32, to: requires}", "to", "destination-name"),
        ("{path: a, type: u32, to: uint32_t}", "to", "destination-name"),
        (f"{{path: a, type: u32, to: {'d' * 32}}}", "to", "destination-name"),
        # Enums.
        ("{path: a, type: enum, values: [b, b], to: a}", "values[1]", "enum-values"),
        ("{path: a, type: enum, values: [b-c, b_c], to: a}", "values[1]", "enum-values"),
        ("{path: a, type: enum, values: [fastMode, FAST_MODE], to: a}", "values[1]", "enum-values"),
        ("{path: a, type: enum, values: [none], to: a}", "values[0]", "enum-values"),
        ("{path: a, type: enum, values: [''], to: a}", "values[0]", "enum-values"),
        (f"{{path: a, type: enum, values: [{'x' * 65}], to: a}}", "values[0]", "enum-values"),
        ('{path: a, type: enum, values: ["b\\n"], to: a}', "values[0]", "enum-values"),
        # Reserved destinations, and those of others.
        ("{path: a, type: u32, to: version}", "to", "destination-type"),
        ("{path: a, type: hex, bytes: 20, to: sha256}", "to", "destination-type"),
        ("{path: a, type: string, max: 64, to: sha256}", "to", "destination-type"),
        ("{path: a, type: url, to: mirror}", "to", "destination-type"),
        ("{path: a, type: u32, to: size, required: true}", "to", "destination-shared"),
        ("{path: b, type: url, to: url, required: true}", "type", "url-parts"),
        ("{path: b, type: host, to: url, required: true}", "type", "url-parts"),
        ("{path: b, type: host, to: url}", "required", "destination-required"),
        # Paths against each other.
        ("{path: size, type: i32, to: a}", "path", "path-twice"),
        ("{path: [size], type: i32, to: a}", "path", "path-twice"),
        ("{path: size.a, type: i32, to: a}", "path", "path-clash"),
        ("{path: 'url[0]', type: i32, to: a}", "path", "path-clash"),
        ("{path: a.b.c.d.e.f.g.h.i.j.k.l.m.n.o, type: u32, to: a}", "path", "path-depth"),
    ],
)
def test_what_breaks_a_rule(tmp_path: Path, entry: str, field: str, rule: str) -> None:
    text = BASE + f"  - {entry}\n"
    found = told(tmp_path, text)
    assert (7, f"fields[3].{field}", rule) in found
    # One mistake is told once.
    assert len([item for item in found if item[1] == f"fields[3].{field}"]) == 1


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("a.b", "a", "a is a value here, and a container of a.b in line 7"),
        ("a", "a.b", "a.b goes through a, which is a u32 in line 7"),
        ("a[0]", "a.b", "a is an object here, and an array in line 7"),
        ("a.b", "a[0]", "a is an array here, and an object in line 7"),
        ("a[1].b", "a[1]", "a[1] is a value here, and a container of a[1].b in line 7"),
    ],
)
def test_paths_that_clash(tmp_path: Path, first: str, second: str, message: str) -> None:
    text = BASE + f"  - {{path: '{first}', type: u32, to: one}}\n  - {{path: '{second}', type: u32, to: two}}\n"
    (error,) = mistakes(tmp_path, text)
    assert (error.line, error.field, error.rule, error.message) == (8, "fields[4].path", "path-clash", message)


def test_paths_that_meet_in_c(tmp_path: Path) -> None:
    text = BASE + "  - {path: fw-mode, type: u32, to: one}\n  - {path: fw.mode, type: u32, to: two}\n"
    (error,) = mistakes(tmp_path, text)
    assert (error.line, error.rule) == (8, "path-name")
    assert "AWS_FOTA_FIELD_FW_MODE" in error.message


def test_a_member_named_like_one_of_the_envelope_is_fine(tmp_path: Path) -> None:
    text = BASE + "  - {path: status, type: u32, to: status}\n  - {path: end, type: u32, to: end}\n"
    assert [field.dotted for field in load(write(tmp_path, text)).fields[3:]] == ["status", "end"]


@pytest.mark.parametrize(
    ("path", "depth", "fits"), [("a.b", 4, True), ("a.b.c", 4, False), ("a.b.c", 5, True), ("a[0][0]", 4, False)]
)
def test_depth_counts_the_envelope(tmp_path: Path, path: str, depth: int, fits: bool) -> None:
    text = BASE + f"  - {{path: '{path}', type: u32, to: deep}}\n"
    settings = Settings(json_depth=depth)
    if fits:
        assert load(write(tmp_path, text), settings).fields[3].destination == "deep"
        return
    (error,) = mistakes(tmp_path, text, settings)
    assert error.rule == "path-depth"
    assert f"CONFIG_AWS_FOTA_JSON_DEPTH is {depth}" in error.message
    assert "at least 5" in error.fix


@pytest.mark.parametrize(
    ("operations", "field"),
    [
        ("[a_name_of_17_byte]", "operations[0]"),
        ("[app, app]", "operations[1]"),
        ("['']", "operations[0]"),
        ('["a\\tb"]', "operations[0]"),
        ("['ääääääääa']", "operations[0]"),
    ],
)
def test_operations(tmp_path: Path, operations: str, field: str) -> None:
    assert told(tmp_path, BASE.replace("[app_fw_update]", operations)) == [(2, field, "operation")]


@pytest.mark.parametrize("name", ["operation", "size", "url"])
def test_a_destination_that_the_engine_needs(tmp_path: Path, name: str) -> None:
    text = "".join(line + "\n" for line in BASE.splitlines() if f"to: {name}}}" not in line)
    (error,) = mistakes(tmp_path, text)
    assert (error.line, error.field, error.rule) == (3, "fields", "destination-missing")
    assert f"'{name}'" in error.message


@pytest.mark.parametrize("name", ["operation", "size", "url"])
def test_what_the_engine_needs_is_required(tmp_path: Path, name: str) -> None:
    text = "".join(
        (line.replace("required: true, ", "") if f"to: {name}}}" in line else line) + "\n" for line in BASE.splitlines()
    )
    (error,) = mistakes(tmp_path, text)
    assert (error.field.split(".")[1], error.rule) == ("required", "destination-required")


def test_200_fields_and_no_more(tmp_path: Path) -> None:
    more = "".join(f"  - {{path: f{index}, type: u32, to: d{index}}}\n" for index in range(197))
    assert len(load(write(tmp_path, BASE + more)).fields) == 200
    (error,) = mistakes(tmp_path, BASE + more + "  - {path: x, type: u32, to: x}\n")
    assert (error.line, error.field, error.message) == (3, "fields", "201 items is more than 200")


def test_several_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = BASE + (
        "  - {path: a..b, type: u32, to: a}\n"
        "  - {path: c, type: strng, to: c}\n"
        "  - {path: d, type: u32, to: double, min: 5, max: 4}\n"
        "foreign: rejct\n"
        "zzz: 1\n"
    )
    assert told(tmp_path, text) == [
        (7, "fields[3].path", "path-syntax"),
        (8, "fields[4].type", "yaml-schema"),
        (9, "fields[5].min", "field-bounds"),
        (9, "fields[5].to", "destination-name"),
        (10, "foreign", "yaml-schema"),
        (11, "zzz", "unknown-key"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("~", "'null' is not a mapping"),
        ("version: 1\noperations: a\nfields: []\n", "'a' is not a list"),
        ("version: 1\noperations: '\u00e9'\nfields: []\n", "'\u00e9' is not a list"),
    ],
)
def test_a_wrong_value_is_shown_as_the_file_has_it(tmp_path: Path, text: str, message: str) -> None:
    assert message in [error.message for error in mistakes(tmp_path, text)]
