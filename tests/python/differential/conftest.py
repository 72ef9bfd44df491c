# SPDX-License-Identifier: Apache-2.0
"""Modules of these tests that assert, and are to say what differed."""

from __future__ import annotations

import pytest

_SCENARIOS = ("download", "foreign", "image", "jobs", "link", "phases", "start")

pytest.register_assert_rewrite(*(f"differential.engine_scenarios_{name}" for name in _SCENARIOS))
