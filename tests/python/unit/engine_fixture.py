# SPDX-License-Identifier: Apache-2.0
"""One compiled engine for each module of tests that asks it directly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description
from descriptions import DEFAULT
from differential.engine_pair import Pair
from differential.engine_process import EngineProcess, build
from differential.engine_script import Script


def running_engine(
    factory: pytest.TempPathFactory, description: Description = DEFAULT, settings: Settings | None = None
) -> Iterator[Script]:
    """A script that talks to an engine of its own build."""
    settings = settings or Settings()
    with EngineProcess(build(description, settings, factory.mktemp("engine"))) as process:
        yield Script(Pair(process, settings, description))
