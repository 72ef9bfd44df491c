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
from aws_fota.jobdoc.model import Description
from aws_fota.oracle.outcome import MessageKind
from aws_fota.oracle.parser import job_hash
from descriptions import CASES
from differential.document_strategies import MessageValues, job_document, nested, place, skipped_values, some_about
from differential.json_spelling import GAPS, Elements, Members, Node, Spelled, containers, quoted, render, spellings
from differential.value_strategies import JOB_IDS, NASTY, TYPES, edge_value


@dataclass(frozen=True)
class Message:
    """What one call of a parser gets."""

    description: Description
    settings: Settings
    kind: MessageKind
    data: bytes
    #: Hashes of jobs that ``PENDING`` passes over.
    remembered: frozenset[int]


def _execution(values: MessageValues, description: Description, *, described: bool) -> Members:
    document: Node = job_document(values, description) if described else values.draw(skipped_values(2))
    return Members(
        [
            (b'"jobId"', values.job_id()),
            (b'"status"', values.status()),
            (b'"versionNumber"', values.version_number()),
            (b'"jobDocument"', document),
        ]
    )


def _pending(values: MessageValues) -> Elements:
    count = values.draw(st.integers(0, 4))
    return Elements([Members([(b'"jobId"', values.job_id()), (b'"queuedAt"', Spelled(b"1"))]) for _ in range(count)])


def _tree(values: MessageValues, description: Description, kind: MessageKind) -> Members:
    root = Members([(b'"timestamp"', Spelled(b"1700000000"))])
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
    root.members.insert(1, (b'"clientToken"', values.client_token()))
    return root


def _shuffle(draw: st.DrawFn, root: Members) -> None:
    for container in containers(root):
        if isinstance(container, Members):
            container.members = draw(st.permutations(container.members))


def _flaw(draw: st.DrawFn, root: Members, description: Description, settings: Settings) -> None:
    """Change one thing in the tree, not always for the worse."""
    container = draw(st.sampled_from(containers(root)))
    values = MessageValues(draw, settings, 1)
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
    drawn = len(description.fields) + 4 if kind is MessageKind.EXECUTION else 8
    values = MessageValues(draw, settings, 0 if flawless else draw(some_about(drawn)))
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
def single_values(draw: st.DrawFn, description: Description, settings: Settings) -> Message:
    """Messages with one described value about its rule, behind nothing that could violate before it."""
    field = draw(st.sampled_from(description.fields))
    document = Members()
    place(document, field, Spelled(draw(edge_value(field, settings))))
    return Message(description, settings, MessageKind.EXECUTION, render(_around(document)), frozenset())


def _around(document: Members) -> Members:
    """A whole message with a job document."""
    plain = ((b'"jobId"', b'"j"'), (b'"status"', b'"QUEUED"'), (b'"versionNumber"', b"1"))
    execution: list[tuple[bytes, Node]] = [(name, Spelled(value)) for name, value in plain]
    return Members([(b'"execution"', Members([*execution, (b'"jobDocument"', document)]))])


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
