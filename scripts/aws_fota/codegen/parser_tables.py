# SPDX-License-Identifier: Apache-2.0
"""The tables of the generated parser: which members are described, what they are called and what becomes of them.

Written from ``doc/parser.md``. A *node* is a described member or a container on the way to one; its number is its
``enum aws_fota_field``, and containers of the job document, which have none, use the numbers in between and behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from aws_fota.codegen.model import Model
from aws_fota.codegen.naming import field_macro
from aws_fota.config import limits
from aws_fota.errors import InputError
from aws_fota.jobdoc.model import URL_TYPES, Description, Field, FieldType, PathStep, dotted

#: ``enum aws_fota_field`` of the first field of ``aws_fota.yaml``.
FIRST_FIELD = 16
#: Node numbers below it that no field of the envelope has.
FREE_NODES = range(11, FIRST_FIELD)
#: A node is one byte, and one value more says that a value is not described.
NODES_MAX = 254
#: Containers that the five bits of a table entry can tell apart.
CONTAINERS_MAX = 32
#: Bytes of a word: its length is one signed character of the table.
WORD_MAX = 127
#: An element's index is one byte, and the last value means "behind all described ones".
INDEX_MAX = 254
#: Bytes of the word table that its 16-bit places can reach.
WORDS_MAX = 65535

STATUSES = ("QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED")
CODES = (
    "InvalidTopic",
    "InvalidJson",
    "InvalidRequest",
    "InvalidStateTransition",
    "ResourceNotFound",
    "VersionMismatch",
    "InternalError",
    "RequestThrottled",
    "TerminalStateReached",
)

_SINKS = {
    FieldType.STRING: "SINK_STRING",
    FieldType.U32: "SINK_U32",
    FieldType.I32: "SINK_I32",
    FieldType.U64: "SINK_U64",
    FieldType.BOOL: "SINK_SKIP",
    FieldType.ENUM: "SINK_WORD",
    FieldType.HEX: "SINK_HEX",
    FieldType.URL: "SINK_URL",
    FieldType.SCHEME: "SINK_SCHEME",
    FieldType.HOST: "SINK_HOST",
    FieldType.PATH: "SINK_PATH",
}
_KINDS = {
    FieldType.U32: "KIND_NUMBER",
    FieldType.I32: "KIND_NUMBER",
    FieldType.U64: "KIND_NUMBER",
    FieldType.BOOL: "KIND_BOOL",
}


@dataclass(frozen=True)
class Word:
    """A member's name or a text of an enum, and the node or value that it stands for."""

    text: bytes
    value: int

    @property
    def length(self) -> int:
        """In bytes."""
        return len(self.text)

    @property
    def head(self) -> str:
        """The two bytes before the text, as a C string."""
        return f'"\\{self.length:03o}\\{self.value:03o}"'


@dataclass(frozen=True)
class WordList:
    """The words that can stand in one place."""

    name: str
    comment: str
    words: tuple[Word, ...]
    #: Where it begins in the table, in bytes.
    offset: int = 0

    @property
    def size(self) -> int:
        """Bytes in the table: two and the text for each word, and the end."""
        return sum(2 + word.length for word in self.words) + 1


@dataclass(frozen=True)
class Bounds:
    """Least and greatest value of an integer, as C writes them."""

    minimum: str
    maximum: str


@dataclass(frozen=True)
class Node:
    """An entry of the node table, in C's words."""

    id: int
    name: str
    comment: str
    kind: str
    sink: str
    parameter: str
    offset: str
    #: A container without a field of its own.
    anonymous: bool = False
    #: Of the envelope's members: bits of the message kinds in which they are described.
    kinds: str = "0"

    @property
    def envelope(self) -> bool:
        """Whether it belongs to every description."""
        return self.id < FREE_NODES.start


@dataclass(frozen=True)
class ContainerEntry:
    """The members that violate together with a container."""

    mask: str
    comment: str


@dataclass(frozen=True)
class Uses:
    """The types that a description has, where the parser grows with them."""

    boolean: bool
    control: bool
    hex: bool
    i32: bool
    u64: bool


@dataclass(frozen=True)
class ParserTables:
    """Everything that the parser's templates vary with."""

    nodes: tuple[Node, ...]
    node_end: int
    lists: tuple[WordList, ...]
    bounds: tuple[Bounds, ...]
    containers: tuple[ContainerEntry, ...]
    classes: tuple[str, ...]
    path_length: int
    arrays: bool
    uses: Uses
    member_words: int
    value_type: str
    parameter_bits: int
    offset_bits: int
    present_mask: str
    required_mask: str
    url_mask: str
    whole_url_mask: str
    url_required: int
    url_member: str


@dataclass
class _Container:
    """A container of the job document while the tables are being built."""

    path: tuple[PathStep, ...]
    below: dict[PathStep, int]
    id: int = 0
    is_array: bool = False


def _ancestors(fields: Iterable[Field]) -> Iterator[tuple[tuple[PathStep, ...], bool]]:
    """Each container on a field's path below the job document, once, with whether it is an array."""
    met: set[tuple[PathStep, ...]] = set()
    for field in fields:
        for length in range(1, len(field.path)):
            path = field.path[:length]
            if path not in met:
                met.add(path)
                yield path, isinstance(field.path[length], int)


class _Builder:
    def __init__(self, description: Description) -> None:
        self.description = description
        self.fields = dict(enumerate(description.fields, start=FIRST_FIELD))
        self.lists: list[WordList] = []
        self.bounds: list[Bounds] = []
        self.containers: list[tuple[set[int], str]] = []
        self.document = _Container((), {}, 6)
        self.inner: dict[tuple[PathStep, ...], _Container] = {(): self.document}
        self.url = {index for index, field in self.fields.items() if field.type in URL_TYPES}
        self._number_containers()
        self.node_end = max(FIRST_FIELD + len(self.fields), *(inner.id + 1 for inner in self.inner.values()))
        self.member_words = (self.node_end + 31) // 32
        self.uses = Uses(
            boolean=self._has(FieldType.BOOL),
            control=any(field.control_characters for field in description.fields),
            hex=self._has(FieldType.HEX),
            i32=self._has(FieldType.I32),
            u64=self._has(FieldType.U64),
        )

    def _has(self, *types: FieldType) -> bool:
        return any(field.type in types for field in self.description.fields)

    def refuse(self, message: str, fix: str, member: int = FIRST_FIELD) -> InputError:
        """The error for a description that is too much from the field `member` on."""
        line = self.fields[member].line if member in self.fields else 0
        return InputError(
            message, rule="parser-tables", path=self.description.file, line=line or None, field="fields", fix=fix
        )

    def _number_containers(self) -> None:
        behind = iter(range(FIRST_FIELD + len(self.fields), 1 << 16))
        free = iter([*FREE_NODES])
        for path, is_array in _ancestors(self.description.fields):
            number = next(free, None)
            self.inner[path] = _Container(path, {}, next(behind) if number is None else number, is_array)
        for path, container in self.inner.items():
            if path:
                self.inner[path[:-1]].below[path[-1]] = container.id
        for index, field in self.fields.items():
            self.inner[field.path[:-1]].below[field.path[-1]] = index

    def mask(self, members: Iterable[int]) -> str:
        """A set of members as C writes it."""
        bits = sum(1 << member for member in set(members))
        return ", ".join(f"0x{bits >> 32 * word & 0xFFFFFFFF:X}U" for word in range(self.member_words))

    def words(self, name: str, comment: str, words: Iterable[tuple[bytes, int]]) -> str:
        """Add a list of words and return its name."""
        offset = sum(existing.size for existing in self.lists)
        # Sorted, so that a word comes before those that it begins: the parser only ever goes on to later ones.
        made = WordList(name, comment, tuple(Word(text, value) for text, value in sorted(words)), offset)
        for word in made.words:
            if word.length > WORD_MAX:
                raise self.refuse(
                    f"'{word.text.decode()}' has {word.length} bytes, more than {WORD_MAX}",
                    "use a shorter name or text",
                )
        if offset + made.size > WORDS_MAX:
            raise self.refuse(f"its names and texts need more than {WORDS_MAX} bytes", "describe fewer fields")
        self.lists.append(made)
        return name

    def bound(self, minimum: int, maximum: int) -> str:
        """The entry of the bounds table for an integer, made where there is none yet."""
        width = 64 if self.uses.u64 else 32
        suffix = "ULL" if self.uses.u64 else "U"

        def text(value: int) -> str:
            return f"{value % (1 << width)}{suffix}"

        made = Bounds(text(minimum), text(maximum))
        if made not in self.bounds:
            self.bounds.append(made)
        return str(self.bounds.index(made))

    def container(self, members: set[int], comment: str) -> str:
        """Add an entry of the container table and return its number."""
        # The fields of one URL violate together.
        self.containers.append((members | self.url if members & self.url else members, comment))
        if len(self.containers) > CONTAINERS_MAX:
            raise self.refuse(
                f"its paths lead through more than {CONTAINERS_MAX - 6} objects and arrays",
                "describe fewer of them",
                min(members),
            )
        return str(len(self.containers) - 1)

    def _envelope(self) -> list[Node]:
        kind = {
            name: f"1U << AWS_FOTA_MESSAGE_{name}" for name in ("EXECUTION", "WATCH", "PENDING", "UPDATED", "REJECTED")
        }

        def kinds(*names: str) -> str:
            return " | ".join(kind[name] for name in names)

        def leaf(id: int, name: str, json_kind: str, sink: str, parameter: str, member: str, described: str) -> Node:
            return Node(
                id,
                f"AWS_FOTA_FIELD_{name}",
                member,
                json_kind,
                sink,
                parameter,
                f"offsetof(struct aws_fota_message, {member})",
                kinds=described,
            )

        def container(id: int, name: str, json_kind: str, words: str, below: set[int], described: str) -> Node:
            entry = self.container(below | {id}, name)
            field = f"AWS_FOTA_FIELD_{name}"
            return Node(id, field, name, json_kind, entry, words, field, kinds=described)

        root = self.words(
            "WORDS_MESSAGE",
            "the message",
            [
                (b"clientToken", 1),
                (b"execution", 2),
                (b"executionState", 7),
                (b"code", 8),
                (b"inProgressJobs", 9),
                (b"queuedJobs", 10),
            ],
        )
        execution = self.words(
            "WORDS_EXECUTION",
            "execution, executionState and what the lists of pending jobs hold",
            [(b"jobId", 3), (b"status", 4), (b"versionNumber", 5), (b"jobDocument", 6)],
        )
        status = self.words("WORDS_STATUS", "status", self._positions(STATUSES))
        code = self.words("WORDS_CODE", "code", self._positions(CODES))
        document = self._container_words(self.document, "WORDS_JOB_DOCUMENT", "jobDocument")
        fields = set(self.fields)
        states = ("EXECUTION", "WATCH", "UPDATED", "REJECTED")
        return [
            container(0, "MESSAGE", "KIND_OBJECT", root, set(), "0"),
            leaf(1, "CLIENT_TOKEN", "KIND_STRING", "SINK_TOKEN", "8", "client_token", kinds(*kind)),
            container(2, "EXECUTION", "KIND_OBJECT", execution, {3, 4, 5, 6} | fields, kinds("EXECUTION", "WATCH")),
            leaf(
                3,
                "JOB_ID",
                "KIND_STRING",
                "SINK_JOB_ID",
                "AWS_FOTA_JOB_ID_MAX",
                "job_id",
                kinds("EXECUTION", "WATCH", "PENDING"),
            ),
            leaf(4, "STATUS", "KIND_STRING", "SINK_WORD", status, "status", kinds(*states)),
            leaf(
                5,
                "VERSION_NUMBER",
                "KIND_NUMBER",
                "SINK_U32",
                self.bound(1, 2**32 - 1),
                "version_number",
                kinds(*states),
            ),
            container(6, "JOB_DOCUMENT", "KIND_OBJECT", document, fields, kinds("EXECUTION")),
            container(7, "EXECUTION_STATE", "KIND_OBJECT", execution, {4, 5}, kinds("UPDATED", "REJECTED")),
            leaf(8, "CODE", "KIND_STRING", "SINK_WORD", code, "code", kinds("REJECTED")),
            container(9, "IN_PROGRESS_JOBS", "KIND_ARRAY", execution, {3}, kinds("PENDING")),
            container(10, "QUEUED_JOBS", "KIND_ARRAY", execution, {3}, kinds("PENDING")),
        ]

    @staticmethod
    def _positions(texts: Iterable[str]) -> list[tuple[bytes, int]]:
        return [(text.encode(), position) for position, text in enumerate(texts, start=1)]

    def _container_words(self, container: _Container, name: str, comment: str) -> str:
        if container.is_array:
            indices = sorted((index, id) for index, id in container.below.items() if isinstance(index, int))
            if indices[-1][0] > INDEX_MAX:
                raise self.refuse(
                    f"{dotted(container.path)} is described at the index {indices[-1][0]}, more than {INDEX_MAX}",
                    "describe a lower index",
                )
            return self.words(name, comment, [(bytes([index]), id) for index, id in indices])
        return self.words(name, comment, [(str(key).encode(), id) for key, id in container.below.items()])

    def _inner_nodes(self) -> list[Node]:
        nodes = []
        for path, container in self.inner.items():
            if not path:
                continue
            name = f"NODE_{container.id}"
            below = {index for index, field in self.fields.items() if field.path[: len(path)] == path}
            words = self._container_words(container, f"WORDS_{container.id}", dotted(path))
            nodes.append(
                Node(
                    container.id,
                    name,
                    dotted(path),
                    "KIND_ARRAY" if container.is_array else "KIND_OBJECT",
                    self.container(below, dotted(path)),
                    words,
                    self._macro(min(below)),
                    anonymous=True,
                )
            )
        return nodes

    def _macro(self, index: int) -> str:
        return f"AWS_FOTA_FIELD_{field_macro(self.fields[index])}"

    def _parameter(self, index: int, field: Field) -> str:
        if field.type is FieldType.STRING:
            return str(field.max_length)
        if field.type is FieldType.HEX:
            return str(2 * field.size)
        if field.type is FieldType.ENUM:
            return self.words(f"WORDS_{index}", field.dotted, self._positions(field.values))
        if field.type in (FieldType.U32, FieldType.I32, FieldType.U64):
            return self.bound(field.minimum, field.maximum)
        return {FieldType.SCHEME: "WORDS_SCHEME", FieldType.URL: "WORDS_URL"}.get(field.type, "0")

    def _field_nodes(self) -> list[Node]:
        return [
            Node(
                index,
                self._macro(index),
                field.dotted,
                _KINDS.get(field.type, "KIND_STRING"),
                "SINK_CONTROL_STRING" if field.control_characters else _SINKS[field.type],
                self._parameter(index, field),
                f"offsetof(struct aws_fota_message, job.{field.destination})",
            )
            for index, field in self.fields.items()
        ]

    def _size_max(self) -> int:
        """Bytes that struct aws_fota_message has at most, under any limits and on any machine."""
        envelope = 256
        url = 8 + limits.HOSTNAME_MAX_LEN.maximum + limits.FILE_PATH_MAX_LEN.maximum
        return envelope + url + sum(max(8, field.max_length + 1, field.size) for field in self.fields.values())

    def tables(self) -> ParserTables:
        """The tables, once."""
        if self.node_end > NODES_MAX:
            raise self.refuse(
                f"its fields and what they lie in need {self.node_end} numbers, and there are {NODES_MAX}",
                "describe fewer fields, or fewer levels",
            )
        self.words("WORDS_SCHEME", "scheme", [(b"http", 1), (b"http:", 1), (b"https", 2), (b"https:", 2)])
        self.words("WORDS_URL", "how a URL begins", [(b"http://", 1), (b"https://", 2)])
        nodes = [*self._envelope(), *self._inner_nodes(), *self._field_nodes()]
        url = {index: field for index, field in self.fields.items() if field.type in URL_TYPES}
        whole = {index for index, field in url.items() if field.type is FieldType.URL}
        required = {index for index, field in self.fields.items() if field.required and index not in url}
        arrays = any(container.is_array for container in self.inner.values())
        size = sum(existing.size for existing in self.lists)
        widest = max(
            size,
            len(self.bounds),
            *(max(field.max_length, 2 * field.size) for field in self.fields.values()),
        )
        return ParserTables(
            nodes=tuple(sorted(nodes, key=lambda node: node.id)),
            node_end=self.node_end,
            lists=tuple(self.lists),
            bounds=tuple(self.bounds),
            containers=tuple(ContainerEntry(self.mask(members), comment) for members, comment in self.containers),
            classes=_classes(),
            path_length=max((2, *(2 + len(field.path) for field in self.fields.values()))),
            arrays=arrays,
            uses=self.uses,
            member_words=self.member_words,
            value_type="uint64_t" if self.uses.u64 else "uint32_t",
            parameter_bits=max(10, widest.bit_length()),
            offset_bits=max(14, self._size_max().bit_length()),
            present_mask=self.mask([*range(FREE_NODES.start), *self.fields]),
            required_mask=self.mask(required),
            url_mask=self.mask(url),
            whole_url_mask=self.mask(whole),
            url_required=int(any(field.required for field in url.values())),
            url_member="job." + next((field.destination for field in url.values()), "url"),
        )


def _classes() -> tuple[str, ...]:
    """The character classes of 128 characters, eight in a row."""
    sets = {
        0x01: {code for code in range(0x20, 0x7F) if chr(code) not in '"\\'},
        0x02: {code for code in range(0x21, 0x7F) if chr(code) not in '"\\#'},
        0x04: {code for code in range(128) if chr(code).isalnum() or chr(code) in "._-"},
        0x08: {code for code in range(128) if chr(code).isalnum() or chr(code) in "_-"},
        0x10: {code for code in range(128) if chr(code) in "0123456789abcdefABCDEF:."},
        0x20: {code for code in range(128) if chr(code) in "0123456789abcdef"},
        0x40: {code for code in range(128) if chr(code) in "ABCDEF"},
        0x80: {code for code in range(128) if chr(code) in "0123456789"},
    }
    bits = [sum(bit for bit, members in sets.items() if code in members) for code in range(128)]
    return tuple(", ".join(f"0x{value:02X}" for value in bits[row : row + 8]) for row in range(0, 128, 8))


def tables(description: Description) -> ParserTables:
    """The parser's tables for a description.

    Raises:
        InputError: the description does not fit the widths of the tables.
    """
    return _Builder(description).tables()


def context(model: Model) -> dict[str, Any]:
    """The template variable ``parser``."""
    return {"parser": tables(model.description)}
