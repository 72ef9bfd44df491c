# SPDX-License-Identifier: Apache-2.0
"""Modules of these tests that assert, and are to say what differed; and the parsers that they share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from differential.parser_cases import RunningParsers

_SCENARIOS = ("download", "foreign", "image", "jobs", "link", "phases", "start")

pytest.register_assert_rewrite(
    "differential.parser_cases", *(f"differential.engine_scenarios_{name}" for name in _SCENARIOS)
)


@pytest.fixture(scope="session")
def parsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningParsers]:
    """Generated parsers beside the oracle."""
    from differential.parser_cases import RunningParsers

    with RunningParsers(tmp_path_factory.mktemp) as running:
        yield running
