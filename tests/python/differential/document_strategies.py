# SPDX-License-Identifier: Apache-2.0
"""Job documents and the values in them: what ``message_strategies.py`` puts its messages together from."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import URL_TYPES, Description, Field, FieldType
from differential.json_spelling import Elements, Members, Node, Spelled, quoted, spellings
from differential.value_strategies import (
    CODES,
    NUMBERS,
    ODD_CHARACTERS,
    STATUSES,
    TYPES,
    client_tokens,
    edge_value,
    job_ids,
    valid_value,
    version_numbers,
    words,
)


class MessageValues:
    """Where the values of one message come from: some of them from about the rule instead of inside it."""

    def __init__(self, draw: st.DrawFn, settings: Settings, about: int) -> None:
        self.draw = draw
        self.settings = settings
        #: A bit for each value in the order of drawing: whether it is drawn from about the rule.
        self.about = about

    def pick(self, valid: st.SearchStrategy[bytes], about: st.SearchStrategy[bytes]) -> Spelled:
        value = self.draw(about if self.about & 1 else valid)
        self.about >>= 1
        return Spelled(value)

    def field(self, field: Field) -> Spelled:
        return self.pick(valid_value(field, self.settings), edge_value(field, self.settings))

    def job_id(self) -> Spelled:
        return self.pick(*job_ids())

    def status(self) -> Spelled:
        return self.pick(_STATUSES, words(STATUSES))

    def code(self) -> Spelled:
        return self.pick(_CODES, words(CODES))

    def version_number(self) -> Spelled:
        return self.pick(*version_numbers())

    def client_token(self) -> Spelled:
        return self.pick(*client_tokens())


_STATUSES = spellings(st.sampled_from(STATUSES))
_CODES = spellings(st.sampled_from(CODES))


def _bits_of(places: list[int]) -> int:
    return sum(1 << place for place in set(places))


def some_about(values: int) -> st.SearchStrategy[int]:
    """Which of so many values are drawn from about their rule: most often none, or a few."""
    none = st.just(0)
    # Of a range, because small integers are drawn more often than others.
    few = st.lists(st.sampled_from(range(values)), min_size=1, max_size=2).map(_bits_of)
    return st.one_of(none, none, few, few, st.integers(0, 2**values - 1))


@cache
def skipped_values(depth: int = 3) -> st.SearchStrategy[Node]:
    """Any JSON value, spelled in some way."""
    text = st.text(st.one_of(st.sampled_from(ODD_CHARACTERS), st.characters(codec="utf-8")), max_size=8)
    leaf: st.SearchStrategy[Node] = st.one_of(
        st.sampled_from(TYPES).map(Spelled), st.sampled_from(NUMBERS).map(Spelled), spellings(text).map(Spelled)
    )
    if depth == 0:
        return leaf
    below = skipped_values(depth - 1)
    names = st.sampled_from(("", "a", "jobId", "url", "\ud800", "execution", "operation")).map(quoted)
    return st.one_of(
        leaf,
        st.lists(below, max_size=3).map(Elements),
        st.lists(st.tuples(names, below), max_size=3).map(Members),
    )


def nested(depth: int, inner: bytes = b"") -> bytes:
    """``depth`` arrays and objects in each other by turns."""
    opening = b"".join(b'{"a":' if level % 2 else b"[" for level in range(depth))
    closing = b"".join(b"}" if level % 2 else b"]" for level in reversed(range(depth)))
    if depth and depth % 2 == 0 and not inner:
        inner = b"0"
    return opening + inner + closing


def place(document: Members, field: Field, value: Spelled) -> None:
    """Put a value where the path says; elements that no path describes are filled in."""
    here: Node = document
    for step, following in zip(field.path, (*field.path[1:], None), strict=True):
        new: Node = value if following is None else Elements() if isinstance(following, int) else Members()
        if isinstance(here, Elements):
            assert isinstance(step, int)
            while len(here.elements) <= step:
                here.elements.append(Spelled(b"null"))
            if following is None or not isinstance(here.elements[step], (Members, Elements)):
                here.elements[step] = new
            here = here.elements[step]
        elif isinstance(here, Members):
            name = quoted(str(step))
            there = dict(here.members).get(name)
            if there is None:
                here.members.append((name, new))
            here = there or new


def job_document(values: MessageValues, description: Description) -> Members:
    """A complete job document; of its optional fields some."""
    document = Members()
    forms = ("parts", "url", "parts", "url", "both") if values.about else ("parts", "url")
    form = values.draw(st.sampled_from(forms))
    has_parts = any(field.type in URL_TYPES and field.type is not FieldType.URL for field in description.fields)
    has_url = any(field.type is FieldType.URL for field in description.fields)
    left_out = values.draw(st.integers(0, 2 ** len(description.fields) - 1))
    for position, field in enumerate(description.fields):
        if field.type in URL_TYPES:
            other = form == "parts" if field.type is FieldType.URL else form == "url"
            if other and has_parts and has_url:
                continue
        elif not field.required and left_out >> position & 1:
            continue
        place(document, field, values.field(field))
    return document
