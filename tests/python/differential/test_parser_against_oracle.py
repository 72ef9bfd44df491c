# SPDX-License-Identifier: Apache-2.0
"""The generated parser and the oracle read the same messages: result, field, offset and every output must agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description
from aws_fota.oracle.parser import parse
from descriptions import CASES
from differential.message_strategies import messages, splits
from differential.parser_process import ParserProcess, build


@dataclass(frozen=True)
class Case:
    """One generated parser, running."""

    description: Description
    settings: Settings
    process: ParserProcess


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    description, limits = CASES[request.param]
    program = build(description, limits, tmp_path_factory.mktemp(request.param))
    with ExitStack() as running:
        yield Case(description, limits, running.enter_context(ParserProcess(program, description)))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_messages(case: Case, data: st.DataObject) -> None:
    message = data.draw(messages(case.description, case.settings))
    pieces = data.draw(splits(len(message.data)))
    expected = parse(case.description, case.settings, message.kind, message.data, message.remembered)
    assert case.process.parse(message.kind, message.data, pieces, message.remembered) == expected
