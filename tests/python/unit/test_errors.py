# SPDX-License-Identifier: Apache-2.0
"""The one family of errors, as people read it."""

from __future__ import annotations

import pytest

from aws_fota.errors import AwsFotaError, CheckFailed, EnvironmentLacks, ErrorList, ExitCode, InputError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (AwsFotaError("is wrong"), "is wrong"),
        (InputError("is wrong", path="a.yaml"), "a.yaml: is wrong"),
        (InputError("is wrong", path="a.yaml", line=3), "a.yaml:3: is wrong"),
        (InputError("is wrong", field="max", rule="bounds"), "max: is wrong [bounds]"),
        (InputError("'1\n\x1b[31m' is\u2028wrong", path="a\nb"), "a\\nb: '1\\n\\x1b[31m' is\\u2028wrong"),
        (
            InputError("is wrong", path="a.yaml", line=3, field="max", rule="bounds", fix="use 1"),
            "a.yaml:3: max: is wrong; use 1 [bounds]",
        ),
    ],
)
def test_text(error: AwsFotaError, text: str) -> None:
    assert str(error) == text


def test_exit_codes() -> None:
    assert AwsFotaError("x").exit_code is ExitCode.USAGE
    assert InputError("x").exit_code is ExitCode.USAGE
    assert CheckFailed("x").exit_code is ExitCode.FAILED
    assert EnvironmentLacks("x").exit_code is ExitCode.ENVIRONMENT
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3]


def test_a_list_has_the_largest_exit_code_and_one_line_each() -> None:
    errors = ErrorList([CheckFailed("one"), EnvironmentLacks("two"), InputError("three")])
    assert errors.exit_code is ExitCode.ENVIRONMENT
    assert str(errors) == "one\ntwo\nthree"
    with pytest.raises(ValueError, match="at least one"):
        ErrorList([])
