# SPDX-License-Identifier: Apache-2.0
"""Messages near every edge of ``doc/parser.md``: valid ones, ones with a few flaws, and ones with broken text.

    @given(messages(description, settings))
    def test(message): ...

A message begins valid and complete; then a few flaws are put into its tree, and a few into its bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import URL_TYPES, Description, Field, FieldType
from aws_fota.oracle.outcome import MessageKind
from aws_fota.oracle.parser import job_hash
from descriptions import CASES
from differential.json_spelling import GAPS, Elements, Members, Node, Spelled, containers, quoted, render, spellings
from differential.value_strategies import (
    CODES,
    JOB_IDS,
    NASTY,
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


@dataclass(frozen=True)
class Message:
    """What one call of a parser gets."""

    description: Description
    settings: Settings
    kind: MessageKind
    data: bytes
    #: Hashes of jobs that ``PENDING`` passes over.
    remembered: frozenset[int]


class _Values:
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


def _some_about(values: int) -> st.SearchStrategy[int]:
    """Which of so many values are drawn from about their rule: most often none, or a few."""
    none = st.just(0)
    few = st.lists(st.integers(0, values - 1), min_size=1, max_size=2).map(_bits_of)
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


def _place(document: Members, field: Field, value: Spelled) -> None:
    """Put a value where the path says; elements that no path describes are filled in."""
    place: Node = document
    for step, following in zip(field.path, (*field.path[1:], None), strict=True):
        new: Node = value if following is None else Elements() if isinstance(following, int) else Members()
        if isinstance(place, Elements):
            assert isinstance(step, int)
            while len(place.elements) <= step:
                place.elements.append(Spelled(b"null"))
            if following is None or not isinstance(place.elements[step], (Members, Elements)):
                place.elements[step] = new
            place = place.elements[step]
        elif isinstance(place, Members):
            name = quoted(str(step))
            there = dict(place.members).get(name)
            if there is None:
                place.members.append((name, new))
            place = there or new


def _job_document(values: _Values, description: Description) -> Members:
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
        _place(document, field, values.field(field))
    return document


def _execution(values: _Values, description: Description, *, described: bool) -> Members:
    document: Node = _job_document(values, description) if described else values.draw(skipped_values(2))
    return Members(
        [
            (b'"jobId"', values.job_id()),
            (b'"status"', values.status()),
            (b'"versionNumber"', values.version_number()),
            (b'"jobDocument"', document),
        ]
    )


def _pending(values: _Values) -> Elements:
    count = values.draw(st.integers(0, 4))
    return Elements([Members([(b'"jobId"', values.job_id()), (b'"queuedAt"', Spelled(b"1"))]) for _ in range(count)])


def _tree(values: _Values, description: Description, kind: MessageKind) -> Members:
    root = Members([(b'"timestamp"', Spelled(b"1700000000")), (b'"clientToken"', values.client_token())])
    if kind in (MessageKind.EXECUTION, MessageKind.WATCH):
        execution = _execution(values, description, described=kind is MessageKind.EXECUTION)
        root.members.append((b'"execution"', execution))
    elif kind is MessageKind.PENDING:
        root.members += [(b'"inProgressJobs"', _pending(values)), (b'"queuedJobs"', _pending(values))]
    else:
        state = Members([(b'"status"', values.status()), (b'"versionNumber"', values.version_number())])
        root.members.append((b'"executionState"', state))
        if kind is MessageKind.REJECTED:
            root.members += [(b'"code"', values.code()), (b'"message"', Spelled(b'"why"'))]
    return root


def _shuffle(draw: st.DrawFn, root: Members) -> None:
    for container in containers(root):
        if isinstance(container, Members):
            container.members = draw(st.permutations(container.members))


def _flaw(draw: st.DrawFn, root: Members, description: Description, settings: Settings) -> None:
    """Change one thing in the tree, not always for the worse."""
    container = draw(st.sampled_from(containers(root)))
    values = _Values(draw, settings, 1)
    new: Node
    if draw(st.booleans()):
        new = draw(st.one_of(skipped_values(1), st.sampled_from(TYPES).map(Spelled)))
    else:
        new = draw(st.sampled_from(description.fields).map(values.field))
    if isinstance(container, Elements):
        at = draw(st.integers(0, len(container.elements)))
        container.elements[at : at + draw(st.integers(0, 1))] = [new] if draw(st.booleans()) else []
        return
    members = container.members
    names = [name for name, _ in members] + [quoted(str(step)) for field in description.fields for step in field.path]
    names += [b'"jobId"', b'"execution"', b'"executionState"', b'"jobDocument"', b'"x"']
    how = draw(st.sampled_from(("drop", "replace", "repeat", "repeat", "insert", "rename", "respell", "empty")))
    at = draw(st.integers(0, max(0, len(members) - 1)))
    if how == "insert" or not members:
        members.insert(at, (draw(st.sampled_from(names)), new))
    elif how == "drop":
        del members[at]
    elif how == "replace":
        members[at] = (members[at][0], new)
    elif how == "repeat":
        again = members[at] if draw(st.booleans()) else (members[at][0], new)
        members.insert(draw(st.integers(0, len(members))), again)
    elif how == "rename":
        members[at] = (draw(st.sampled_from(names)), members[at][1])
    elif how == "empty":
        container.members = []
    else:
        members[at] = (draw(_respelled(members[at][0])), members[at][1])


@cache
def _respelled(name: bytes) -> st.SearchStrategy[bytes]:
    """A plainly written name in other spellings, and names that are almost it."""
    plain = name[1:-1]
    if b"\\" in plain:
        return st.just(name)
    text = plain.decode("utf-8")
    almost = st.sampled_from((text + "\0", text[:-1], text.swapcase(), text + " ", "\ud800" + text)).map(quoted)
    other = spellings(st.just(text))
    return st.one_of(other, other, other, almost)


def _damage(draw: st.DrawFn, data: bytes, settings: Settings) -> bytes:
    """Change the bytes of a message."""
    at = draw(st.integers(0, len(data)))
    how = draw(st.sampled_from(("cut", "flip", "insert", "delete", "swap", "tail", "nasty", "deep")))
    if how == "cut":
        return data[:at]
    if how == "flip":
        at = min(at, len(data) - 1)
        return data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :] if data else data
    if how == "insert":
        return data[:at] + draw(st.binary(min_size=1, max_size=3)) + data[at:]
    if how == "delete":
        return data[:at] + data[at + draw(st.integers(1, 3)) :]
    if how == "swap":
        sign = draw(
            st.sampled_from((b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\0", b"-", b"0", b".", b"e", b" "))
        )
        return data[:at] + sign + data[at + 1 :]
    if how == "tail":
        return data + draw(st.sampled_from((b" ", b"\n\t\r ", b"}", b"{}", b",", b"\0", b"x", b"1", b"\xef\xbb\xbf")))
    new = draw(st.sampled_from(NASTY))
    if how == "deep":
        new = nested(settings.json_depth - draw(st.integers(-1, 5)), draw(st.sampled_from((b"", b"1", b"]"))))
    # In place of something that stands as a value, where there is any.
    colon = data.find(b":", at)
    if colon < 0:
        return new
    end = min((place for place in (data.find(b",", colon), data.find(b"}", colon)) if place >= 0), default=len(data))
    return data[: colon + 1] + new + data[end:]


@dataclass
class MessageTree:
    """A message before it is written out."""

    kind: MessageKind
    root: Members
    remembered: frozenset[int]


EVERY_KIND = tuple(MessageKind)


@st.composite
def message_trees(
    draw: st.DrawFn,
    description: Description,
    settings: Settings,
    kinds: tuple[MessageKind, ...] = EVERY_KIND,
    *,
    flawless: bool = False,
) -> MessageTree:
    """Messages for one parser, well-formed; with ``flawless`` such that every described member obeys its rule."""
    # The kind that reads most comes first, and so is what failing examples shrink to.
    kind = draw(st.sampled_from([kind for kind in (MessageKind.EXECUTION,) * 5 + EVERY_KIND if kind in kinds]))
    mistaken = not flawless and draw(st.integers(0, 9)) == 9
    values = _Values(draw, settings, 0 if flawless else draw(_some_about(len(description.fields) + 4)))
    root = _tree(values, description, draw(st.sampled_from(EVERY_KIND)) if mistaken else kind)
    if draw(st.booleans()):
        _shuffle(draw, root)
    for _ in range(0 if flawless else draw(st.sampled_from((0, 0, 1, 1, 1, 2, 3)))):
        _flaw(draw, root, description, settings)
    remembered = frozenset(draw(st.sets(st.sampled_from([job_hash(job_id) for job_id in JOB_IDS]))))
    return MessageTree(kind, root, remembered)


@st.composite
def messages(
    draw: st.DrawFn,
    description: Description,
    settings: Settings,
    kinds: tuple[MessageKind, ...] = EVERY_KIND,
) -> Message:
    """Messages for one parser, some of them damaged so that they are no JSON any more."""
    tree = draw(message_trees(description, settings, kinds))
    data = render(tree.root, draw(st.sampled_from(GAPS)))
    for _ in range(draw(st.sampled_from((0, 0, 0, 0, 1, 1, 2)))):
        data = _damage(draw, data, settings)
    return Message(description, settings, tree.kind, data, tree.remembered)


@st.composite
def splits(draw: st.DrawFn, length: int) -> list[int]:
    """Lengths of the pieces in which a message of ``length`` bytes is fed, empty ones among them."""
    how = draw(st.sampled_from(("whole", "bytes", "some")))
    if how == "whole":
        return [length]
    if how == "bytes":
        return [1] * length
    cuts = sorted(draw(st.lists(st.integers(0, length), max_size=8)))
    return [end - start for start, end in zip([0, *cuts], [*cuts, length], strict=True)]


def any_messages() -> st.SearchStrategy[Message]:
    """Messages for any of the parsers of ``descriptions.CASES``."""
    return st.sampled_from(list(CASES.values())).flatmap(lambda case: messages(*case))
