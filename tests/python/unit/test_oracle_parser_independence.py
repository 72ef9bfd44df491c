# SPDX-License-Identifier: Apache-2.0
"""What must not matter to the oracle's result, and that the strategies reach all that does."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, FieldType
from aws_fota.oracle.outcome import REFUSALS, MessageKind, Outcome, ParseResult
from aws_fota.oracle.parser import parse
from descriptions import CASES
from differential.document_strategies import nested
from differential.json_spelling import GAPS, Members, Spelled, containers, quoted, render
from differential.message_strategies import (
    Message,
    MessageTree,
    any_messages,
    message_trees,
    messages,
    single_values,
    splits,
)

Case = tuple[Description, Settings]

PROFILE = settings(
    max_examples=150, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)

CASE_AND_TREE = st.sampled_from(list(CASES.values())).flatmap(
    lambda case: st.tuples(st.just(case), message_trees(*case))
)


def outcome_of(case: Case, tree: MessageTree, gaps: tuple[bytes, ...] = GAPS[0]) -> Outcome:
    return parse(*case, tree.kind, render(tree.root, gaps), tree.remembered)


def anywhere(outcome: Outcome) -> Outcome:
    """An outcome without the byte."""
    return dataclasses.replace(outcome, offset=0)


@pytest.mark.parametrize("name", CASES)
def test_flawless_messages_are_fine(name: str) -> None:
    case = CASES[name]

    @settings(PROFILE, max_examples=60)
    @given(message_trees(*case, flawless=True), st.sampled_from(GAPS))
    def check(tree: MessageTree, gaps: tuple[bytes, ...]) -> None:
        found = outcome_of(case, tree, gaps)
        assert (found.result, found.field, found.offset) == (ParseResult.OK, 0, 0)

    check()


@PROFILE
@given(CASE_AND_TREE, st.sampled_from(GAPS[1:]))
def test_white_space_does_not_matter(drawn: tuple[Case, MessageTree], gaps: tuple[bytes, ...]) -> None:
    case, tree = drawn
    assert anywhere(outcome_of(case, tree, gaps)) == anywhere(outcome_of(case, tree))


@PROFILE
@given(CASE_AND_TREE, st.data())
def test_skipped_members_do_not_matter(drawn: tuple[Case, MessageTree], data: st.DataObject) -> None:
    case, tree = drawn
    before = outcome_of(case, tree)
    # A depth of its own is no matter of the members that are skipped.
    assume(before.result is not ParseResult.DEPTH)
    for container in containers(tree.root):
        # An execution that is empty is one that is not there.
        if isinstance(container, Members) and container.members:
            for text in data.draw(st.lists(st.sampled_from([b"null", b"-0.5e+9", b'"\\ud800"', b"true", b'""']))):
                at = data.draw(st.integers(0, len(container.members)))
                container.members.insert(at, (b'"nowhere described"', Spelled(text)))
    assert anywhere(outcome_of(case, tree)) == anywhere(before)


@PROFILE
@given(CASE_AND_TREE, st.data())
def test_the_order_of_members_does_not_matter_without_a_violation(
    drawn: tuple[Case, MessageTree], data: st.DataObject
) -> None:
    case, tree = drawn
    before = outcome_of(case, tree)
    # The jobs that are pending are taken in their order.
    assume(before.result in (ParseResult.OK, ParseResult.MISSING) and tree.kind is not MessageKind.PENDING)
    for container in containers(tree.root):
        if isinstance(container, Members):
            container.members = data.draw(st.permutations(container.members))
    assert outcome_of(case, tree) == before


@PROFILE
@given(CASE_AND_TREE)
def test_the_spelling_of_names_does_not_matter(drawn: tuple[Case, MessageTree]) -> None:
    case, tree = drawn
    before = outcome_of(case, tree)
    for container in containers(tree.root):
        if isinstance(container, Members):
            container.members = [
                (name if b"\\" in name else _all_escaped(name), value) for name, value in container.members
            ]
    assert anywhere(outcome_of(case, tree)) == anywhere(before)


def _all_escaped(name: bytes) -> bytes:
    text = name[1:-1].decode("utf-8")
    return quoted(text, frozenset(range(len(text))), short=False)


@PROFILE
@given(CASE_AND_TREE, st.data())
def test_a_message_cut_short_is_refused_at_its_end(drawn: tuple[Case, MessageTree], data: st.DataObject) -> None:
    case, tree = drawn
    whole = render(tree.root)
    assume(outcome_of(case, tree).result not in REFUSALS)
    length = data.draw(st.integers(0, len(whole) - 1))
    assert parse(*case, tree.kind, whole[:length]) == Outcome(ParseResult.TRUNCATED, 0, length)
    assert parse(*case, tree.kind, whole + b"}") == Outcome(ParseResult.SYNTAX, 0, len(whole))


def test_messages_reach_every_result_and_kind() -> None:
    results: Counter[ParseResult] = Counter()
    fine_kinds: set[MessageKind] = set()

    @settings(PROFILE, max_examples=1200)
    @given(any_messages())
    def collect(message: Message) -> None:
        found = parse(message.description, message.settings, message.kind, message.data, message.remembered)
        results[found.result] += 1
        if found.result is ParseResult.OK:
            fine_kinds.add(message.kind)
        if found.result in REFUSALS:
            assert found == Outcome(found.result, 0, found.offset)

    collect()
    assert fine_kinds == set(MessageKind)
    assert all(results[result] >= 5 for result in ParseResult), results


TYPE_ONLY = {ParseResult.WRONG_TYPE}
VALUE_TOO = {ParseResult.WRONG_TYPE, ParseResult.WRONG_VALUE}
LENGTH_TOO = {ParseResult.WRONG_TYPE, ParseResult.WRONG_VALUE, ParseResult.TOO_LONG}
RANGE_TOO = {ParseResult.WRONG_TYPE, ParseResult.OUT_OF_RANGE}

VIOLATIONS = {
    FieldType.STRING: LENGTH_TOO,
    FieldType.U32: RANGE_TOO,
    FieldType.I32: RANGE_TOO,
    FieldType.U64: RANGE_TOO,
    FieldType.BOOL: TYPE_ONLY,
    FieldType.ENUM: VALUE_TOO,
    FieldType.HEX: VALUE_TOO,
    FieldType.URL: LENGTH_TOO,
    FieldType.SCHEME: VALUE_TOO,
    FieldType.HOST: LENGTH_TOO,
    FieldType.PATH: LENGTH_TOO,
}


@pytest.mark.parametrize("type", FieldType)
def test_single_values_reach_every_result_of_their_type(type: FieldType) -> None:
    description, limits = CASES["forty-tight"]
    of_type = tuple(field for field in description.fields if field.type is type)
    found: set[ParseResult] = set()
    stored = 0

    @settings(PROFILE, max_examples=300)
    @given(single_values(dataclasses.replace(description, fields=of_type), limits))
    def collect(message: Message) -> None:
        nonlocal stored
        outcome = parse(message.description, message.settings, message.kind, message.data)
        found.add(outcome.result)
        stored += bool(outcome.job)

    collect()
    # An object in place of the value may nest too deeply here.
    assert found - {ParseResult.OK, ParseResult.MISSING, ParseResult.DEPTH} == VIOLATIONS[type]
    assert stored >= 10


def test_messages_of_one_kind_are_of_that_kind() -> None:
    @settings(PROFILE, max_examples=20)
    @given(messages(*CASES["default"], kinds=(MessageKind.PENDING,)))
    def check(message: Message) -> None:
        assert message.kind is MessageKind.PENDING

    check()


@pytest.mark.parametrize("depth", range(1, 9))
def test_nested_is_as_deep_as_it_says(depth: int) -> None:
    case = CASES["default"][0], Settings(json_depth=8)
    result = parse(*case, MessageKind.OTHER, b'{"a":' + nested(depth - 1, b"1") + b"}").result
    assert result is ParseResult.OK
    shallow = case[0], Settings(json_depth=max(1, depth - 1))
    assert (parse(*shallow, MessageKind.OTHER, b'{"a":' + nested(depth - 1, b"1") + b"}").result is ParseResult.OK) is (
        depth == 1
    )


@PROFILE
@given(st.integers(0, 40).flatmap(lambda length: st.tuples(st.just(length), splits(length))))
def test_splits_cover_the_message(drawn: tuple[int, list[int]]) -> None:
    length, pieces = drawn
    assert sum(pieces) == length
    assert all(piece >= 0 for piece in pieces)
