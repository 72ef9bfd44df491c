# SPDX-License-Identifier: Apache-2.0
"""Modules of these tests that assert, and are to say what differed."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "differential.engine_pair", "differential.engine_scenarios", "differential.engine_scenarios_download"
)
