# SPDX-License-Identifier: Apache-2.0
"""Kconfig says the same as the one source of limits."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from aws_fota.config.limits import LIMITS, Limit, Settings, symbol_of

ROOT = Path(__file__).resolve().parents[3]
KCONFIG = (ROOT / "zephyr/Kconfig").read_text(encoding="utf-8")
#: Symbols that the nRF Connect SDK's own library has too.
SHARED = {
    "AWS_FOTA_PAYLOAD_SIZE",
    "AWS_FOTA_HOSTNAME_MAX_LEN",
    "AWS_FOTA_FILE_PATH_MAX_LEN",
    "AWS_FOTA_DOWNLOAD_SECURITY_TAG",
    "CLIENT_ID_MAX_LEN",
}


def definitions() -> dict[str, str]:
    """The text of each symbol's definition."""
    parts = re.split(r"^(?:menu)?config (\w+)$", KCONFIG, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.symbol)
def test_range_and_default_are_those_of_the_table(limit: Limit) -> None:
    text = definitions()[limit.symbol]
    assert f"\n\trange {limit.minimum} {limit.maximum}\n" in text
    assert re.findall(r"^\tdefault (.*)$", text, re.MULTILINE) == [str(limit.default)]


@pytest.mark.parametrize("limit", [limit for limit in LIMITS if limit.unit != "attempts"], ids=lambda limit: limit.unit)
def test_the_unit_is_in_the_prompt(limit: Limit) -> None:
    prompt = re.search(r'^\tint "(.*)"$', definitions()[limit.symbol], re.MULTILINE)
    assert prompt is not None and limit.unit in prompt[1].lower()


def test_every_setting_has_a_symbol() -> None:
    assert {symbol_of(field.name) for field in fields(Settings)} <= definitions().keys()


def test_every_symbol_is_explained() -> None:
    for symbol, text in definitions().items():
        assert re.search(r"^\thelp\n\t  \S", text, re.MULTILINE), symbol


def test_the_readme_names_what_an_application_must_have() -> None:
    text = definitions()["AWS_FOTA_CODEGEN"]
    lines = re.findall(r"^\tdepends on AWS_FOTA_CORE_ONLY((?: \|\| \w+)+)$", text, re.MULTILINE)
    assert len(lines) >= 5
    needed = [symbol for line in lines for symbol in re.findall(r"\w+", line)]
    assert "PSA_CRYPTO_CLIENT" in needed
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("## On Zephyr", 1)[1].split("\n## ", 1)[0]
    assert [symbol for symbol in needed if f"`{symbol}`" not in readme] == []


def test_nothing_that_the_nrf_connect_sdk_has_is_defined_outside_of_the_module() -> None:
    before, inside = KCONFIG.split("\nif AWS_FOTA_CODEGEN\n")
    outside = set(re.findall(r"^(?:menu)?config (\w+)$", before, re.MULTILINE))
    assert outside == {"AWS_FOTA_CORE_ONLY", "AWS_FOTA_CODEGEN"}
    assert inside.rstrip().endswith("endif # AWS_FOTA_CODEGEN")
    assert {symbol for symbol in SHARED if f"config {symbol}\n" in inside} == SHARED
    assert "depends on !AWS_FOTA && !AWS_JOBS\n" in before
