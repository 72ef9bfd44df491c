# SPDX-License-Identifier: Apache-2.0
"""The module's settings from a ``.config``: each inside its range, and all of them fit for each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aws_fota.config import dotconfig, limits
from aws_fota.config.dotconfig import PREFIX, DotConfig
from aws_fota.config.limits import LIMITS, Limit, Settings, symbol_of
from aws_fota.errors import AwsFotaError, ErrorList, InputError

MODULE = "AWS_FOTA_CODEGEN"
ALLOW_HTTP = symbol_of("allow_http")
TLS_SOCKETS = "NET_SOCKETS_SOCKOPT_TLS"
#: The application brings its own glue.
CORE_ONLY = "AWS_FOTA_CORE_ONLY"
#: Set by Zephyr wherever the module `nrf` is, which is the nRF Connect SDK.
NRF_CONNECT_SDK = "ZEPHYR_NRF_MODULE"
#: The nRF Connect SDK's fota_download fetches the images; else the module's own HTTP client does.
FOTA_DOWNLOAD = "AWS_FOTA_DOWNLOADER_FOTA_DOWNLOAD"
#: Zephyr's flash_img writes to flash in blocks of so many bytes (subsys/dfu/Kconfig).
IMAGE_BLOCK = "IMG_BLOCK_BUF_SIZE"

#: Bytes. The glue tells the engine what was written at least so often (doc/engine.md, Actions).
WRITTEN_STEP_MAX = 16384

_SWITCHES = ("allow_http", "allow_downgrade", "report_on_download")


def read_settings(path: Path) -> Settings:
    """The settings of the ``.config`` at `path`; raises as :func:`dotconfig.read` and :func:`settings` do."""
    return settings(dotconfig.read(path))


def settings(config: DotConfig) -> Settings:
    """The settings of a build; a symbol that is not in the file has the default of :mod:`limits`.

    Raises:
        InputError, ErrorList: the module is off, a value has the wrong type or is out of its range, or two values do
            not fit each other. Each names file and line, symbols and values, and the way out.
    """
    errors: list[AwsFotaError] = list(_module_off(config))
    values: dict[str, Any] = {"allow_http": not config.is_set(TLS_SOCKETS)}
    for limit in LIMITS:
        if limit.symbol in config.values:
            values[limit.symbol.removeprefix("AWS_FOTA_").lower()] = _number(config, limit, errors)
    for name in _SWITCHES:
        if symbol_of(name) in config.values:
            values[name] = _switch(config, symbol_of(name), errors)
    result = Settings(**values)
    if not errors:
        errors.extend(_misfits(result, config))
    if errors:
        raise errors[0] if len(errors) == 1 else ErrorList(errors)
    return result


def _module_off(config: DotConfig) -> Iterator[InputError]:
    value = config.values.get(MODULE)
    if value is not None and value.value is not True:
        yield _error(
            config,
            MODULE,
            "is not set, so that this build has no limits to generate from",
            "config-module",
            f"set {PREFIX}{MODULE}=y and configure the build again",
        )


def _number(config: DotConfig, limit: Limit, errors: list[AwsFotaError]) -> int:
    value = config.values[limit.symbol].value
    allowed = f"use {limit.minimum} to {limit.maximum} {limit.unit} ({limit.source})"
    if isinstance(value, bool) or not isinstance(value, int):
        shown = {True: "y", False: "n"}[value] if isinstance(value, bool) else f'"{value}"'
        errors.append(_error(config, limit.symbol, f"{shown} is not a number", "config-type", allowed))
        return limit.default
    if not limit.minimum <= value <= limit.maximum:
        errors.append(_error(config, limit.symbol, f"{value} is out of range", "config-range", allowed))
    return value


def _switch(config: DotConfig, symbol: str, errors: list[AwsFotaError]) -> bool:
    value = config.values[symbol].value
    if not isinstance(value, bool):
        errors.append(_error(config, symbol, f"{value} is neither y nor n", "config-type", "use y or n"))
    return value is True


def _misfits(chosen: Settings, config: DotConfig) -> Iterator[InputError]:
    """Values that are fine by themselves and not together; see doc/engine.md for what they do."""
    step = min(chosen.range_size, WRITTEN_STEP_MAX)
    if chosen.resume_step < step:
        yield _pair(
            config,
            (limits.RESUME_STEP, chosen.resume_step),
            (limits.RANGE_SIZE, chosen.range_size),
            "the offset cannot be saved more often than data arrives",
            f"set {PREFIX}{limits.RESUME_STEP.symbol} to at least {step}",
        )
    if chosen.answer_timeout_seconds > chosen.backoff_max_seconds:
        yield _pair(
            config,
            (limits.ANSWER_TIMEOUT_SECONDS, chosen.answer_timeout_seconds),
            (limits.BACKOFF_MAX_SECONDS, chosen.backoff_max_seconds),
            "the first wait of a burst would be longer than the longest",
            f"set {PREFIX}{limits.BACKOFF_MAX_SECONDS.symbol} to at least {chosen.answer_timeout_seconds}",
        )
    if chosen.backoff_max_seconds > chosen.slow_retry_seconds:
        yield _pair(
            config,
            (limits.BACKOFF_MAX_SECONDS, chosen.backoff_max_seconds),
            (limits.SLOW_RETRY_SECONDS, chosen.slow_retry_seconds),
            "a wait inside a burst would be longer than the one between bursts",
            f"set {PREFIX}{limits.SLOW_RETRY_SECONDS.symbol} to at least {chosen.backoff_max_seconds}",
        )
    seconds = chosen.step_timeout_minutes * 60
    if seconds and seconds <= chosen.answer_timeout_seconds:
        yield _pair(
            config,
            (limits.STEP_TIMEOUT_MINUTES, chosen.step_timeout_minutes),
            (limits.ANSWER_TIMEOUT_SECONDS, chosen.answer_timeout_seconds),
            "a job would time out before one lost answer is noticed",
            f"set {PREFIX}{limits.STEP_TIMEOUT_MINUTES.symbol} to at least {chosen.answer_timeout_seconds // 60 + 1}",
        )
    block = config.values.get(IMAGE_BLOCK)
    if block and isinstance(block.value, int) and block.value > 0 and chosen.resume_step % block.value:
        yield _pair(
            config,
            (limits.RESUME_STEP, chosen.resume_step),
            (IMAGE_BLOCK, block.value),
            "a saved offset would count bytes that are not in flash yet",
            f"make {PREFIX}{limits.RESUME_STEP.symbol} a multiple of {block.value}",
        )


def _pair(
    config: DotConfig, left: tuple[Limit, int], right: tuple[Limit | str, int], message: str, fix: str
) -> InputError:
    other = right[0] if isinstance(right[0], str) else right[0].symbol
    text = f"is {left[1]} and {PREFIX}{other} is {right[1]}: {message}"
    # The line of whichever of the two the file sets: a default has none.
    symbol = left[0].symbol if left[0].symbol in config.values else other
    value = config.values.get(symbol)
    return InputError(
        text,
        rule="config-fit",
        path=config.path,
        line=value.line if value else None,
        field=PREFIX + left[0].symbol,
        fix=fix,
    )


def _error(config: DotConfig, symbol: str, message: str, rule: str, fix: str) -> InputError:
    line = config.values[symbol].line
    return InputError(message, rule=rule, path=config.path, line=line, field=PREFIX + symbol, fix=fix)
