# SPDX-License-Identifier: Apache-2.0
"""The reader of .config files."""

from __future__ import annotations

from pathlib import Path

import pytest

from aws_fota.config import dotconfig
from aws_fota.errors import AwsFotaError, ErrorList, InputError


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / ".config"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_kind_of_line(tmp_path: Path) -> None:
    text = (
        "#\n# Automatically generated file; DO NOT EDIT.\n#\n"
        "CONFIG_YES=y\n"
        "CONFIG_NO=n\n"
        "# CONFIG_OFF is not set\n"
        "\n"
        "CONFIG_INT=42\n"
        "CONFIG_NEGATIVE=-7\n"
        "CONFIG_ZEROS=007\n"
        "CONFIG_HEX=0x1F\n"
        'CONFIG_TEXT="a b=c # d"\n'
        'CONFIG_EMPTY=""\n'
        'CONFIG_QUOTED="say \\"hi\\" \\\\ there"\n'
        'CONFIG_LINE_SEPARATOR="a\u2028b\x0cc"\n'
        "# end of Menu\n"
    )
    config = dotconfig.read(write(tmp_path, text))
    assert {symbol: (value.value, value.line) for symbol, value in config.values.items()} == {
        "YES": (True, 4),
        "NO": (False, 5),
        "OFF": (False, 6),
        "INT": (42, 8),
        "NEGATIVE": (-7, 9),
        "ZEROS": (7, 10),
        "HEX": (31, 11),
        "TEXT": ("a b=c # d", 12),
        "EMPTY": ("", 13),
        "QUOTED": ('say "hi" \\ there', 14),
        "LINE_SEPARATOR": ("a\u2028b\x0cc", 15),
    }
    assert config.is_set("YES")
    assert not config.is_set("NO")
    assert not config.is_set("INT")
    assert not config.is_set("ABSENT")


def test_crlf_a_byte_order_mark_and_a_missing_last_newline(tmp_path: Path) -> None:
    config = dotconfig.read(write(tmp_path, b"\xef\xbb\xbfCONFIG_A=y\r\n# CONFIG_B is not set\r\nCONFIG_C=1"))
    assert {symbol: value.value for symbol, value in config.values.items()} == {"A": True, "B": False, "C": 1}


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        (b"", 1, "is empty: no CONFIG_ symbol in it"),
        (b"# only comments\n\n", 1, "is empty"),
        (b"CONFIG_A=y\n\x7fELF\0\0", 2, "is a binary file"),
        (b'CONFIG_A=y\nCONFIG_B="\xff"\n', 2, "is not UTF-8"),
        (b"CONFIG_A=y\nhello\n", 2, "'hello' is no line of a .config"),
        (b"A=y\n", 1, "'A=y' is no line of a .config"),
        (b"CONFIG_A = y\n", 1, "is no line of a .config"),
        (b" CONFIG_A=y\n", 1, "is no line of a .config"),
        (b"CONFIG_A\n", 1, "is no line of a .config"),
        (b"CONFIG_A=\n", 1, "CONFIG_A has the value ''"),
        (b"CONFIG_A=m\n", 1, "CONFIG_A has the value 'm'"),
        (b"CONFIG_A=12k\n", 1, "CONFIG_A has the value '12k'"),
        (b'CONFIG_A="open\n', 1, "CONFIG_A has the value '\"open'"),
        (b'CONFIG_A="a"b"\n', 1, "neither y, n, a number nor a quoted text"),
        (b"CONFIG_A=1 # one\n", 1, "neither y, n, a number nor a quoted text"),
        (b"CONFIG_A=" + b"9" * 5000 + b"\n", 1, "neither y, n, a number nor a quoted text"),
        (b"CONFIG_A=0x" + b"f" * 5000 + b"\n", 1, "neither y, n, a number nor a quoted text"),
        (b"CONFIG_A=1\nCONFIG_A=2\n", 2, "CONFIG_A: has another value in line 1"),
        (b"CONFIG_A=y\n# CONFIG_A is not set\n", 2, "CONFIG_A: has another value in line 1"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: bytes, line: int, part: str) -> None:
    with pytest.raises(InputError) as caught:
        dotconfig.read(write(tmp_path, text))
    error = caught.value
    assert str(error).startswith(f"{tmp_path}/.config:{line}: ")
    assert part in str(error)
    assert error.fix
    assert "\n" not in str(error)


def test_the_same_value_twice_is_no_contradiction(tmp_path: Path) -> None:
    assert dotconfig.read(write(tmp_path, "CONFIG_A=1\nCONFIG_A=1\n")).values["A"].line == 1


def test_many_wrong_lines_are_told_in_part_and_counted(tmp_path: Path) -> None:
    with pytest.raises(ErrorList) as caught:
        dotconfig.read(write(tmp_path, "not a .config\n" * 1000))
    assert [error.line for error in caught.value.errors] == [1, 2, 3, 4, 5, None]
    assert "1000 lines are wrong in all" in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(AwsFotaError, match="cannot be read: "):
            dotconfig.read(path)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / ".config"
    with path.open("wb") as stream:
        stream.truncate(dotconfig.SIZE_MAX + 1)
    with pytest.raises(InputError, match="is larger than"):
        dotconfig.read(path)
