# SPDX-License-Identifier: Apache-2.0
"""The generated parser and the oracle read the same messages: result, field, offset and every output must agree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from differential.message_strategies import messages, splits
from differential.parser_cases import PARSERS, ParserCase, RunningParsers


#: The golden forty is much like that of the tests, and its corpus is put to the oracle anyway.
@pytest.fixture(params=[name for name in PARSERS if name != "golden-forty"], scope="module")
def case(request: pytest.FixtureRequest, parsers: RunningParsers) -> ParserCase:
    return parsers[request.param]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_messages(case: ParserCase, data: st.DataObject) -> None:
    message = data.draw(messages(case.description, case.settings))
    pieces = data.draw(splits(len(message.data)))
    case.agreed(message.kind, message.data, [pieces], message.remembered)
