# SPDX-License-Identifier: Apache-2.0
"""Rules on options: each inside its bounds, all fit for each other, none that this version dropped."""

from __future__ import annotations

from aws_fota.check.amounts import Amount, exactly
from aws_fota.check.inputs import Inputs
from aws_fota.check.verdict import BOTH, OURS, Comparison, Found, Library, Mending, Rule, State, kconfig_line
from aws_fota.config.dotconfig import PREFIX
from aws_fota.config.limits import LIMITS, Limit
from aws_fota.config.settings import IMAGE_BLOCK, WRITTEN_STEP_MAX

#: What a generation of the nRF Connect SDK no longer has: symbol, what took its place.
_AFTER_2_4 = {
    "AWS_FOTA_HOSTNAME_MAX_LEN": "DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE",
    "AWS_FOTA_FILE_PATH_MAX_LEN": "DOWNLOAD_CLIENT_MAX_FILENAME_SIZE",
}
_AFTER_2_X = {
    "AWS_FOTA_HOSTNAME_MAX_LEN": "DOWNLOADER_MAX_HOSTNAME_SIZE",
    "AWS_FOTA_FILE_PATH_MAX_LEN": "DOWNLOADER_MAX_FILENAME_SIZE",
    "DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE": "DOWNLOADER_MAX_HOSTNAME_SIZE",
    "DOWNLOAD_CLIENT_MAX_FILENAME_SIZE": "DOWNLOADER_MAX_FILENAME_SIZE",
    "DOWNLOAD_CLIENT_STACK_SIZE": "DOWNLOADER_STACK_SIZE",
    "DOWNLOAD_CLIENT_BUF_SIZE": "FOTA_DOWNLOAD_BUF_SZ",
    "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE": "FOTA_DOWNLOAD_BUF_SZ",
    "DOWNLOAD_CLIENT": "DOWNLOADER",
}
DROPPED = {"2.4": {}, "2.x": _AFTER_2_4, "3.x": _AFTER_2_X}


def _bounds(inputs: Inputs) -> Found:
    """The first limit that is out of its bounds, or the first of all when each is inside."""
    comparisons = [found for limit in LIMITS for found in _both_bounds(inputs, limit)]
    failing = [found for found in comparisons if found.state is State.FAILS]
    if failing:
        return failing[0]
    count = len(LIMITS)
    return Comparison(exactly(count, "limits of the module"), exactly(count, "inside their bounds"), "options")


def _both_bounds(inputs: Inputs, limit: Limit) -> list[Comparison]:
    name, value = PREFIX + limit.symbol, inputs.symbols.number(limit.symbol)
    low = Comparison(
        exactly(limit.minimum, f"smallest {name} ({limit.source})"),
        value,
        limit.unit,
        Mending(((limit.symbol, limit.minimum),)),
    )
    high = Comparison(
        value,
        exactly(limit.maximum, f"greatest {name} ({limit.source})"),
        limit.unit,
        Mending(((limit.symbol, limit.maximum),)),
    )
    return [low, high]


def _resume_step(inputs: Inputs) -> Found:
    piece = inputs.symbols.number("AWS_FOTA_RANGE_SIZE")
    need = Amount(
        min(piece.low, WRITTEN_STEP_MAX),
        min(piece.high, WRITTEN_STEP_MAX),
        f"AWS_FOTA_RANGE_SIZE ({piece.source}), {WRITTEN_STEP_MAX} at most",
    )
    have = inputs.symbols.number("AWS_FOTA_RESUME_STEP")
    raising = inputs.symbols.raising("AWS_FOTA_RESUME_STEP", need, "", multiple=_block(inputs))
    return Comparison(need, have, mending=raising)


def _block(inputs: Inputs) -> int:
    found = inputs.symbols.value(IMAGE_BLOCK)
    block = found[0] if found else 1
    return block if isinstance(block, int) and not isinstance(block, bool) and block > 0 else 1


def _resume_block(inputs: Inputs) -> Found:
    block, step = _block(inputs), inputs.symbols.number("AWS_FOTA_RESUME_STEP")
    if block == 1:
        return None
    rest = exactly(step.low % block, f"AWS_FOTA_RESUME_STEP {step.low} ({step.source}) past a multiple of {block}")
    mending = inputs.symbols.raising(
        "AWS_FOTA_RESUME_STEP", step, f"make {PREFIX}{IMAGE_BLOCK} smaller", multiple=block
    )
    return Comparison(rest, exactly(0, f"{PREFIX}{IMAGE_BLOCK}={block}"), mending=mending)


def _ordered(inputs: Inputs, low: str, high: str) -> Comparison:
    need, have = inputs.symbols.number(low), inputs.symbols.number(high)
    named = Amount(need.low, need.high, f"{PREFIX}{low} ({need.source})")
    return Comparison(named, have, "seconds", inputs.symbols.raising(high, need, f"lower {PREFIX}{low}"))


def _answer(inputs: Inputs) -> Found:
    return _ordered(inputs, "AWS_FOTA_ANSWER_TIMEOUT_SECONDS", "AWS_FOTA_BACKOFF_MAX_SECONDS")


def _backoff(inputs: Inputs) -> Found:
    return _ordered(inputs, "AWS_FOTA_BACKOFF_MAX_SECONDS", "AWS_FOTA_SLOW_RETRY_SECONDS")


def _step_answer(inputs: Inputs) -> Found:
    step = inputs.symbols.number("AWS_FOTA_STEP_TIMEOUT_MINUTES")
    if step.high == 0:
        return None
    answer = inputs.symbols.number("AWS_FOTA_ANSWER_TIMEOUT_SECONDS")
    minutes = Amount(answer.low // 60 + 1, answer.high // 60 + 1, f"longer than {answer.text} s ({answer.source})")
    return Comparison(minutes, step, "minutes", inputs.symbols.raising("AWS_FOTA_STEP_TIMEOUT_MINUTES", minutes, ""))


def _dropped(inputs: Inputs) -> Found:
    """Options that this generation ignores; a whole .config of it cannot hold them."""
    dropped = DROPPED[inputs.generation]
    if inputs.library is Library.OURS:
        if not inputs.download_client:
            return None
        # Our module has limits of the same names.
        dropped = {symbol: after for symbol, after in dropped.items() if not symbol.startswith("AWS_FOTA_")}
    there = [symbol for symbol in dropped if inputs.symbols.present(symbol)]
    have = exactly(0, f"what {inputs.generation} ignores")
    if not there:
        return Comparison(exactly(0, f"{len(dropped)} dropped options looked for"), have, "options")
    values = [found for symbol in there if (found := inputs.symbols.value(symbol))]
    words = "; ".join(
        f"write {kconfig_line(dropped[symbol], value)} instead of {PREFIX}{symbol}"
        for symbol, (value, _) in zip(there, values, strict=True)
    )
    return Comparison(
        exactly(len(there), ", ".join(where for _, where in values)), have, "options", Mending(words=words)
    )


RULES = (
    Rule("bounds", "Each limit is inside its bounds", "config/limits, and the range in Kconfig", OURS, _bounds),
    Rule(
        "resume-step",
        "The offset is saved no more often than data arrives",
        "doc/engine.md: an offset is known after each piece that is written",
        OURS,
        _resume_step,
    ),
    Rule(
        "resume-block",
        "A saved offset counts only bytes that are in flash",
        "Zephyr, flash_img: flash is written in blocks of IMG_BLOCK_BUF_SIZE",
        OURS,
        _resume_block,
    ),
    Rule(
        "answer-timeout",
        "The first wait of a burst is no longer than the longest",
        "doc/engine.md: the wait doubles up to BACKOFF_MAX_SECONDS",
        OURS,
        _answer,
    ),
    Rule(
        "slow-retry",
        "A wait inside a burst is no longer than the one between bursts",
        "doc/engine.md: SLOW_RETRY_SECONDS follows a burst",
        OURS,
        _backoff,
    ),
    Rule(
        "step-answer",
        "A job does not time out before one lost answer is noticed",
        "doc/engine.md: an answer is waited for ANSWER_TIMEOUT_SECONDS",
        OURS,
        _step_answer,
    ),
    Rule(
        "dropped-options",
        "No option is set that this version of the SDK dropped",
        "nRF Connect SDK: 2.5 dropped the host and path limits of aws_fota, 3.0 the download client",
        BOTH,
        _dropped,
    ),
)
