# SPDX-License-Identifier: Apache-2.0
"""How names and texts of the YAML are written in C."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.codegen.naming import COMMENT_MAX, c_char, c_string, comment, field_macro
from aws_fota.jobdoc.c_names import macro, path_macro
from aws_fota.jobdoc.model import Field, FieldType


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("operation", "OPERATION"),
        ("fwVersion", "FW_VERSION"),
        ("jobID", "JOB_ID"),
        ("HTTPServer", "HTTP_SERVER"),
        ("sha256", "SHA256"),
        ("a-b c.d", "A_B_C_D"),
        ("__x__", "X"),
        ("größe", "GR_E"),
        ("é", "XC3A9"),
        ("", "X"),
        ("9", "9"),
    ],
)
def test_macro(text: str, expected: str) -> None:
    assert macro(text) == expected


@given(st.text())
@settings(derandomize=True, deadline=None)
def test_a_macro_is_always_part_of_an_identifier(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    name = macro(text)
    assert name
    assert all(character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_" for character in name)


def test_a_path_joins_its_steps_and_keeps_clear_of_the_envelope() -> None:
    assert path_macro(("steps", 0, "action")) == "STEPS_0_ACTION"
    assert path_macro(("jobId",)) == "DOCUMENT_JOB_ID"
    assert path_macro(("end",)) == "DOCUMENT_END"
    assert field_macro(Field(("status",), FieldType.BOOL, "status")) == "DOCUMENT_STATUS"


def test_the_envelope_is_the_one_of_the_header() -> None:
    from aws_fota import resources
    from aws_fota.jobdoc.c_names import ENVELOPE_MACROS

    header = (resources.templates() / "include/aws_fota/message.h.j2").read_text(encoding="utf-8")
    lines = [line.strip() for line in header.splitlines() if line.strip().startswith("AWS_FOTA_FIELD_")]
    names = {
        line.removeprefix("AWS_FOTA_FIELD_").split()[0] for line in lines if not line.startswith("AWS_FOTA_FIELD_{{")
    }
    assert names == ENVELOPE_MACROS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '""'),
        ("plain text", '"plain text"'),
        ('say "hi" \\', '"say \\"hi\\" \\\\"'),
        ("\x0012", '"\\00012"'),
        ("é1", '"\\303\\2511"'),
        ("what??/", '"what\\?\\?/"'),
        (b"\xff\x7f\n", '"\\377\\177\\012"'),
    ],
)
def test_c_string(text: str | bytes, expected: str) -> None:
    assert c_string(text) == expected


def test_c_char() -> None:
    assert [c_char(value) for value in ("a", "'", '"', "\\", "\n", 0, b"?")] == [
        "'a'",
        "'\\''",
        "'\"'",
        "'\\\\'",
        "'\\012'",
        "'\\000'",
        "'\\?'",
    ]
    for wrong in ("", "ab", "é", b"ab"):
        with pytest.raises(ValueError, match="is not one byte"):
            c_char(wrong)


def test_a_compiler_reads_back_every_byte(tmp_path: Path) -> None:
    text = bytes(range(256)) + b'??=??/"\\x41%d' + "größe€\U0001f600".encode()
    source = tmp_path / "text.c"
    source.write_text(
        "#include <stdio.h>\n"
        f"static const char text[] = {c_string(text)};\n"
        "int main(void)\n{\n\treturn fwrite(text, 1, sizeof(text) - 1, stdout) == 0;\n}\n"
    )
    program = tmp_path / "text"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-trigraphs"]
    subprocess.run(["gcc", *flags, "-o", program, source], check=True, capture_output=True)
    assert subprocess.run([program], check=True, capture_output=True).stdout == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("location.url", "location.url"),
        ("a*/b", "a*\\/b"),
        ("a/*b", "a/\\*b"),
        ("a\nb", "a\\x0ab"),
        ("größe", "gr\\xf6\\xdfe"),
        ("x" * COMMENT_MAX, "x" * COMMENT_MAX),
        ("x" * (COMMENT_MAX + 1), "x" * (COMMENT_MAX - 3) + "..."),
    ],
)
def test_comment(text: str, expected: str) -> None:
    assert comment(text) == expected


@given(st.text())
@settings(derandomize=True, deadline=None)
def test_a_comment_stays_one(text: str) -> None:
    line = comment(text)
    assert "*/" not in line
    assert "/*" not in line
    assert len(line) <= COMMENT_MAX
    assert line.isascii()
    assert line.isprintable()
