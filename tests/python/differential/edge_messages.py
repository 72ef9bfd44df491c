# SPDX-License-Identifier: Apache-2.0
"""Each edge of each rule in a message of its own, always the same ones: what chance alone would seldom meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, Field, FieldType
from aws_fota.oracle.outcome import MessageKind
from differential.document_strategies import nested, place
from differential.json_spelling import Elements, Members, Node, Spelled, quoted, render
from differential.value_strategies import (
    CODES,
    GOOD_HOSTS,
    JOB_IDS,
    NASTY,
    NUMBERS,
    ODD_CHARACTERS,
    PATHS,
    PORTS,
    SCHEMES,
    STATUSES,
    TYPES,
    hosts_around,
    integers_around,
    paths_around,
    texts_around,
)

#: Texts with one character that some rule treats in a way of its own, written plainly and as an escape.
_ODD = [quoted(start + odd + end) for odd in ODD_CHARACTERS for start, end in (("", ""), ("a", ""), ("a", "b"))]
_ODD += [quoted(odd, frozenset({0}), upper=True, short=False) for odd in ODD_CHARACTERS]
#: A good value of each type that shares its destination.
_PARTS = {FieldType.URL: b'"http://h/"', FieldType.SCHEME: b'"http"', FieldType.HOST: b'"h"', FieldType.PATH: b'"/"'}
_ANY = (*TYPES, *NUMBERS, *NASTY, *_ODD)


def _cuts(texts: Sequence[str]) -> list[str]:
    """Texts, in another case, with something behind, and all their beginnings."""
    more = [changed for text in texts for changed in (text, text.upper(), text.lower(), text + "x", text + "\0")]
    return list(dict.fromkeys([*more, *(text[:length] for text in texts for length in range(len(text)))]))


def _digits(count: int) -> list[str]:
    near = [("0123456789abcdef" * 9)[:length] for length in (0, count - 2, count - 1, count, count + 1, count + 2)]
    return [
        *near,
        "A" * count,
        "g" * count,
        "0" * (count - 1) + "G",
        "/" * count,
        ":" * count,
        "@" * count,
        "`" * count,
    ]


def _hosts(settings: Settings) -> list[str]:
    return [host + port for host in hosts_around(settings) for port in ("", ":80")] + [
        host + port for host in GOOD_HOSTS[:4] for port in PORTS
    ]


def _paths(settings: Settings) -> list[str]:
    return [*PATHS, *paths_around(settings), *("/a" + odd + "b" for odd in ODD_CHARACTERS)]


def field_edges(field: Field, settings: Settings) -> list[bytes]:
    """Values about a field's rule, and one of every other type."""
    texts: list[str] = []
    if field.type is FieldType.STRING:
        texts = list(texts_around(field.max_length))
    elif field.type is FieldType.ENUM:
        texts = _cuts(field.values)
    elif field.type is FieldType.HEX:
        texts = _digits(2 * field.size)
    elif field.type is FieldType.SCHEME:
        texts = [scheme + end for scheme in SCHEMES for end in ("", ":", "::", ":/")]
    elif field.type is FieldType.HOST:
        texts = _hosts(settings)
    elif field.type is FieldType.PATH:
        texts = _paths(settings)
    elif field.type is FieldType.URL:
        texts = [f"{scheme}{sign}h/" for scheme in SCHEMES for sign in ("://", ":/", ":", "//", ":///")]
        texts += [f"http://{host}" for host in _hosts(settings)]
        texts += [f"https://h{path}" for path in _paths(settings)]
    elif field.type is not FieldType.BOOL:
        numbers = [str(number).encode() for number in integers_around(field)]
        return [*numbers, *(number + tail for number in numbers[:8] for tail in (b".0", b"e0", b"E+1")), *TYPES]
    return [*map(quoted, texts), *TYPES]


def _execution(document: Node, **changed: bytes) -> Members:
    members = {"jobId": b'"j"', "status": b'"QUEUED"', "versionNumber": b"1", **changed}
    named: list[tuple[bytes, Node]] = [(quoted(name), Spelled(value)) for name, value in members.items()]
    return Members([(b'"execution"', Members([*named, (b'"jobDocument"', document)]))])


def _envelope_edges() -> dict[str, list[bytes]]:
    """Values about the rule of each of the envelope's members."""
    number = Field(("versionNumber",), FieldType.U32, "", minimum=1, maximum=2**32 - 1)
    odd_ids = [text + odd for odd in ODD_CHARACTERS for text in ("", "a")]
    job_ids = [*JOB_IDS, "", "x" * 63, "x" * 65, *odd_ids, "a" * 64 + "!"]
    return {
        "jobId": [*map(quoted, job_ids), *_ANY],
        "status": [*map(quoted, _cuts(STATUSES)), *TYPES],
        "versionNumber": [*(str(value).encode() for value in integers_around(number)), *_ANY],
        "clientToken": [*map(quoted, _digits(8)), *_ANY],
        "code": [*map(quoted, _cuts(CODES)), *TYPES],
    }


def envelope_messages() -> Iterator[tuple[MessageKind, bytes]]:
    """Each edge of the envelope, in each kind of message that has the member."""
    edges = _envelope_edges()
    for name in ("jobId", "status", "versionNumber"):
        for value in edges[name]:
            yield MessageKind.WATCH, render(_execution(Members(), **{name: value}))
    for value in edges["jobId"]:
        for list_name in (b'"inProgressJobs"', b'"queuedJobs"'):
            jobs = [Members([(b'"jobId"', Spelled(each))]) for each in (value, b'"job-1"', value)]
            yield MessageKind.PENDING, render(Members([(list_name, Elements(list(jobs)))]))
    for name in ("status", "versionNumber"):
        for value in edges[name]:
            state = Members([(quoted(name), Spelled(value))])
            yield MessageKind.UPDATED, render(Members([(b'"executionState"', state)]))
    for name in ("clientToken", "code"):
        for value in edges[name]:
            yield MessageKind.REJECTED, render(Members([(quoted(name), Spelled(value))]))
    for value in _ANY:
        for name in ("execution", "executionState", "inProgressJobs", "queuedJobs", "unknown"):
            message = render(Members([(quoted(name), Spelled(value)), (quoted(name), Spelled(b"[]"))]))
            yield from ((kind, message) for kind in MessageKind)
        # The root.
        yield MessageKind.OTHER, value
        yield MessageKind.EXECUTION, value


def document_messages(description: Description, settings: Settings) -> Iterator[tuple[MessageKind, bytes]]:
    """Each edge of each described field, alone in the job document and as the second of two."""
    first = {(field.type, field.control_characters): field for field in reversed(description.fields)}
    for field in description.fields:
        # What is the same for all of a type is tried once.
        any_value = _ANY if field in first.values() else ()
        for value in (*field_edges(field, settings), *any_value):
            document = Members()
            place(document, field, Spelled(value))
            yield MessageKind.EXECUTION, render(_execution(document))
    for field in description.fields:
        # Every two fields, so that all that share a destination meet, in both orders, and with themselves.
        for other in description.fields:
            document = Members()
            place(document, field, Spelled(_PARTS.get(field.type, b"0")))
            if other is field:
                document.members *= 2
            else:
                place(document, other, Spelled(b'"http"'))
            yield MessageKind.EXECUTION, render(_execution(document))
    for depth in range(settings.json_depth - 4, settings.json_depth + 2):
        yield MessageKind.EXECUTION, render(_execution(Members([(b'"x"', Spelled(nested(depth)))])))
        yield MessageKind.OTHER, nested(depth)
    # More elements than any index counts.
    for elements in (255, 256, 257, 258, 520):
        for field in description.fields:
            if any(isinstance(step, int) for step in field.path):
                yield MessageKind.EXECUTION, render(_execution(_many(field, elements)))


def _many(field: Field, elements: int) -> Members:
    """A document whose described array has so many elements of the right shape."""
    position = next(number for number, step in enumerate(field.path) if isinstance(step, int))
    document = Members()
    below: Node = Spelled(b"true")
    for step in reversed(field.path[position + 1 :]):
        below = Elements([below]) if isinstance(step, int) else Members([(quoted(step), below)])
    here = document
    for step in field.path[:position]:
        assert isinstance(step, str)
        new: Node = Elements([below] * elements) if step is field.path[position - 1] else Members()
        here.members.append((quoted(step), new))
        if isinstance(new, Members):
            here = new
    return document
