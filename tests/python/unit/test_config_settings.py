# SPDX-License-Identifier: Apache-2.0
"""Settings from a .config: types, ranges, and limits that must fit each other."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from aws_fota.config.limits import LIMITS, Limit, Settings, symbol_of
from aws_fota.config.settings import read_settings
from aws_fota.errors import AwsFotaError, ErrorList, ExitCode, InputError

#: Values that fit each other while one limit after the other is at its bounds.
WIDE = {
    "AWS_FOTA_RESUME_STEP": 1048576,
    "AWS_FOTA_BACKOFF_MAX_SECONDS": 600,
    "AWS_FOTA_SLOW_RETRY_SECONDS": 86400,
    "AWS_FOTA_ANSWER_TIMEOUT_SECONDS": 1,
    "AWS_FOTA_RANGE_SIZE": 256,
}


def write(folder: Path, text: str) -> Path:
    path = folder / ".config"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str) -> list[AwsFotaError]:
    with pytest.raises(InputError if text.count("\n") == 1 else AwsFotaError) as caught:
        read_settings(write(folder, text))
    error = caught.value
    assert error.exit_code is ExitCode.USAGE
    return error.errors if isinstance(error, ErrorList) else [error]


def config(**values: int) -> str:
    return "".join(f"CONFIG_{symbol}={value}\n" for symbol, value in values.items())


def test_every_limit_is_a_setting_and_the_other_way_round() -> None:
    numbers = {symbol_of(field.name) for field in fields(Settings) if type(field.default) is int}
    assert numbers == {limit.symbol for limit in LIMITS}
    for limit in LIMITS:
        assert limit.minimum <= limit.default <= limit.maximum
        assert getattr(Settings(), limit.symbol.removeprefix("AWS_FOTA_").lower()) == limit.default


def test_the_defaults_fit_each_other_and_hold_for_what_is_absent(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, "CONFIG_AWS_FOTA_CODEGEN=y\n")) == Settings()


def test_all_of_a_file_is_taken(tmp_path: Path) -> None:
    text = config(
        AWS_FOTA_PAYLOAD_SIZE=64,
        AWS_FOTA_HOSTNAME_MAX_LEN=100,
        AWS_FOTA_FILE_PATH_MAX_LEN=0x400,
        AWS_FOTA_JSON_DEPTH=5,
        AWS_FOTA_RANGE_SIZE=1024,
        AWS_FOTA_RESUME_STEP=8192,
        AWS_FOTA_STEP_TIMEOUT_MINUTES=7,
        AWS_FOTA_ANSWER_TIMEOUT_SECONDS=30,
        AWS_FOTA_BACKOFF_MAX_SECONDS=60,
        AWS_FOTA_RETRIES_MAX=3,
        AWS_FOTA_SLOW_RETRY_SECONDS=90,
    ) + (
        "# CONFIG_AWS_FOTA_ALLOW_HTTP is not set\n"
        "CONFIG_AWS_FOTA_ALLOW_DOWNGRADE=y\n"
        "CONFIG_AWS_FOTA_REPORT_ON_DOWNLOAD=y\n"
    )
    expected = Settings(64, 100, 1024, 5, 1024, 8192, 7, 30, 60, 3, 90, False, True, True)
    assert read_settings(write(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("CONFIG_X=y\n", True),
        ("CONFIG_NET_SOCKETS_SOCKOPT_TLS=y\n", False),
        ("# CONFIG_NET_SOCKETS_SOCKOPT_TLS is not set\n", True),
        ("CONFIG_NET_SOCKETS_SOCKOPT_TLS=y\nCONFIG_AWS_FOTA_ALLOW_HTTP=y\n", True),
        ("CONFIG_X=y\n# CONFIG_AWS_FOTA_ALLOW_HTTP is not set\n", False),
    ],
)
def test_http_is_allowed_by_default_only_without_tls_sockets(tmp_path: Path, text: str, allowed: bool) -> None:
    assert read_settings(write(tmp_path, text)).allow_http is allowed


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.symbol)
def test_bounds_are_inclusive(tmp_path: Path, limit: Limit) -> None:
    name = limit.symbol.removeprefix("AWS_FOTA_").lower()
    for value in (limit.minimum, limit.maximum):
        others = {symbol: number for symbol, number in WIDE.items() if symbol != limit.symbol}
        if limit.symbol == "AWS_FOTA_SLOW_RETRY_SECONDS":
            others["AWS_FOTA_BACKOFF_MAX_SECONDS"] = 10
        assert getattr(read_settings(write(tmp_path, config(**others, **{limit.symbol: value}))), name) == value
    for value in (limit.minimum - 1, limit.maximum + 1):
        (error,) = mistakes(tmp_path, config(**{limit.symbol: value}))
        assert (error.rule, error.line, error.field) == ("config-range", 1, "CONFIG_" + limit.symbol)
        assert f"{value} is out of range" in error.message
        assert f"{limit.minimum} to {limit.maximum} {limit.unit}" in error.fix


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("CONFIG_AWS_FOTA_JSON_DEPTH=y", "y is not a number"),
        ("# CONFIG_AWS_FOTA_JSON_DEPTH is not set", "n is not a number"),
        ('CONFIG_AWS_FOTA_JSON_DEPTH="16"', '"16" is not a number'),
        ("CONFIG_AWS_FOTA_ALLOW_HTTP=1", "1 is neither y nor n"),
        ('CONFIG_AWS_FOTA_ALLOW_DOWNGRADE="y"', "y is neither y nor n"),
    ],
)
def test_types(tmp_path: Path, line: str, message: str) -> None:
    (error,) = mistakes(tmp_path, line + "\n")
    assert (error.rule, error.line, error.message) == ("config-type", 1, message)


@pytest.mark.parametrize(
    ("values", "field", "line", "parts"),
    [
        (
            {"AWS_FOTA_RESUME_STEP": 2048},
            "AWS_FOTA_RESUME_STEP",
            1,
            ["is 2048", "CONFIG_AWS_FOTA_RANGE_SIZE is 4096", "CONFIG_AWS_FOTA_RESUME_STEP to at least 4096"],
        ),
        (
            {"X": 1, "AWS_FOTA_RANGE_SIZE": 32768, "AWS_FOTA_RESUME_STEP": 8192},
            "AWS_FOTA_RESUME_STEP",
            3,
            ["is 8192", "CONFIG_AWS_FOTA_RANGE_SIZE is 32768", "to at least 16384"],
        ),
        (
            {"AWS_FOTA_BACKOFF_MAX_SECONDS": 10},
            "AWS_FOTA_ANSWER_TIMEOUT_SECONDS",
            1,
            ["is 20", "CONFIG_AWS_FOTA_BACKOFF_MAX_SECONDS is 10", "to at least 20"],
        ),
        (
            {"X": 1, "AWS_FOTA_SLOW_RETRY_SECONDS": 299},
            "AWS_FOTA_BACKOFF_MAX_SECONDS",
            2,
            ["is 300", "CONFIG_AWS_FOTA_SLOW_RETRY_SECONDS is 299", "to at least 300"],
        ),
        (
            {
                "AWS_FOTA_STEP_TIMEOUT_MINUTES": 1,
                "AWS_FOTA_ANSWER_TIMEOUT_SECONDS": 60,
                "AWS_FOTA_BACKOFF_MAX_SECONDS": 60,
            },
            "AWS_FOTA_STEP_TIMEOUT_MINUTES",
            1,
            ["is 1", "CONFIG_AWS_FOTA_ANSWER_TIMEOUT_SECONDS is 60", "to at least 2"],
        ),
        (
            {"IMG_BLOCK_BUF_SIZE": 4096, "AWS_FOTA_RESUME_STEP": 6144},
            "AWS_FOTA_RESUME_STEP",
            2,
            ["is 6144", "CONFIG_IMG_BLOCK_BUF_SIZE is 4096", "multiple of 4096"],
        ),
    ],
)
def test_limits_that_do_not_fit_each_other(
    tmp_path: Path, values: dict[str, int], field: str, line: int, parts: list[str]
) -> None:
    (error,) = mistakes(tmp_path, config(**values))
    assert (error.rule, error.field, error.line) == ("config-fit", "CONFIG_" + field, line)
    for part in parts:
        assert part in str(error)


@pytest.mark.parametrize(
    "values",
    [
        {"AWS_FOTA_RESUME_STEP": 4096},
        {"AWS_FOTA_RANGE_SIZE": 1048576},
        {"AWS_FOTA_BACKOFF_MAX_SECONDS": 20},
        {"AWS_FOTA_SLOW_RETRY_SECONDS": 300},
        {"AWS_FOTA_STEP_TIMEOUT_MINUTES": 1},
        {"IMG_BLOCK_BUF_SIZE": 512},
    ],
)
def test_limits_that_just_fit(tmp_path: Path, values: dict[str, int]) -> None:
    for symbol, value in values.items():
        name = symbol.removeprefix("AWS_FOTA_").lower()
        assert getattr(read_settings(write(tmp_path, config(**values))), name, value) == value


def test_a_build_without_the_module(tmp_path: Path) -> None:
    (error,) = mistakes(tmp_path, "# CONFIG_AWS_FOTA_CODEGEN is not set\n")
    assert (error.rule, error.line, error.field) == ("config-module", 1, "CONFIG_AWS_FOTA_CODEGEN")


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = config(AWS_FOTA_JSON_DEPTH=3, AWS_FOTA_RETRIES_MAX=21) + "CONFIG_AWS_FOTA_ALLOW_HTTP=2\n"
    assert [error.line for error in mistakes(tmp_path, text)] == [1, 2, 3]
