# SPDX-License-Identifier: Apache-2.0
"""The one flag that lets golden files change."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write what the generator makes to tests/python/golden/expected"
    )
