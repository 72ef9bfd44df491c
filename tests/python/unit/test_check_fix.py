# SPDX-License-Identifier: Apache-2.0
"""What ``--fix`` writes mends all that options can mend, whatever the settings are."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.check import judge, mend
from aws_fota.check.amounts import exactly
from aws_fota.check.deployment import Deployment, Signing, addresses
from aws_fota.check.fragment import fragment
from aws_fota.check.inputs import Inputs, Layout
from aws_fota.check.known_symbols import KNOWN, KNOWN_SWITCHES
from aws_fota.check.load import read_symbols
from aws_fota.check.verdict import Library, State
from aws_fota.config import dotconfig
from aws_fota.config.dotconfig import DotConfig, Scalar, Value
from aws_fota.config.limits import LIMITS

_NUMBERS = sorted({*KNOWN, *(limit.symbol for limit in LIMITS), "IMG_BLOCK_BUF_SIZE"})
_SWITCHES = sorted({*KNOWN_SWITCHES, "FOTA_CLIENT_AUTOSCHEDULE_UPDATE", "AWS_FOTA_ALLOW_HTTP"} - {"AWS_FOTA_CODEGEN"})

_CONFIGS = st.dictionaries(st.sampled_from(_NUMBERS), st.integers(-1, 200_000), max_size=12)
_SET = st.dictionaries(st.sampled_from(_SWITCHES), st.booleans(), max_size=10)


@st.composite
def _deployments(draw: st.DrawFn) -> Deployment:
    def maybe(strategy: st.SearchStrategy[Any]) -> Any:
        return draw(st.none() | strategy)

    return Deployment(
        thing_length=maybe(st.integers(1, 128)),
        bucket=maybe(st.sampled_from(["abc", "a.b", "b" * 63])),
        key=maybe(st.text("abc /%", min_size=1, max_size=1024)),
        region=maybe(st.sampled_from(["us-east-1", "ap-southeast-1"])),
        scheme=draw(st.sampled_from(["http", "https"])),
        signing=maybe(st.sampled_from(list(Signing))),
        token_length=maybe(st.integers(1, 3000)),
        url_length=maybe(st.integers(12, 10_000)),
        image_size=maybe(st.integers(0, 1 << 22)),
        link_rate=maybe(st.integers(1, 100_000)),
        security_tag=maybe(st.integers(0, 500)),
        rx_buffer=maybe(st.integers(0, 500)),
        status_details=draw(st.integers(0, 10_000)),
        sdk=draw(st.sampled_from(["", "2.3", "2.9", "3.1"])),
    )


@st.composite
def _builds(draw: st.DrawFn) -> Inputs:
    config: dict[str, Scalar] = {**draw(_CONFIGS), **draw(_SET)}
    ours = draw(st.booleans())
    config |= {"AWS_FOTA": not ours, "AWS_FOTA_CODEGEN": ours}
    if draw(st.booleans()):
        config["BOARD"] = "nrf9160dk"
    layer = DotConfig(Path("c"), {symbol: Value(value, 1) for symbol, value in config.items()})
    deployment = draw(_deployments())
    layout = Layout(exactly(0x69000, ""), draw(st.booleans()))
    library = Library.OURS if ours else Library.IN_TREE
    return Inputs(read_symbols([layer]), library, deployment, tuple(addresses(deployment)), layout=layout)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(_builds())
def test_no_failure_that_an_option_mends_is_left(build: Inputs) -> None:
    lines, mended = mend(build)
    assert not mended.fixable
    before, after = judge(build), mended
    broken = {one.rule.id for one in before.of(State.FAILS)}
    new = {one.rule.id for one in after.of(State.FAILS)} - broken
    # What was fine may only fail because Kconfig bounds it where something else had to grow.
    assert all(not one.found.mending.lines for one in after.of(State.FAILS) if one.rule.id in new)
    assert set(mend(build)[0]) == set(lines)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(build=_builds())
def test_the_fragment_reads_back_as_the_fix(tmp_path_factory: Any, build: Inputs) -> None:
    lines, mended = mend(build)
    if not lines:
        return
    path = tmp_path_factory.mktemp("fix") / "fix.conf"
    path.write_text(fragment(lines), encoding="utf-8")
    layers = (*build.symbols.layers, dotconfig.read(path))
    again = judge(dataclasses.replace(build, symbols=dataclasses.replace(build.symbols, layers=layers)))
    assert [(one.rule.id, one.state) for one in again.verdicts] == [(one.rule.id, one.state) for one in mended.verdicts]
