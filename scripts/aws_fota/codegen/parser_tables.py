# SPDX-License-Identifier: Apache-2.0
"""The tables of the generated parser: which members are described, what they are called and what becomes of them.

Written from ``doc/parser.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from aws_fota.codegen.model import Model
from aws_fota.codegen.parser_envelope import envelope
from aws_fota.codegen.parser_nodes import (
    FIRST_FIELD,
    FREE_NODES,
    JOB_DOCUMENT,
    Container,
    Node,
    container_node,
    containers,
    field_node,
)
from aws_fota.codegen.parser_words import WORD_LIST_UNITS, DoesNotFit, WordList, WordTable
from aws_fota.config import limits
from aws_fota.errors import InputError
from aws_fota.jobdoc.model import URL_TYPES, Description, Field, FieldType, dotted

#: A node is one byte, and two values more say that a value is not described, or a name.
NODES_MAX = 254
#: Containers that the upper byte of an entry's offset can tell apart.
CONTAINERS_MAX = 255
#: An element's index is one byte, and the last value means "behind all described ones".
INDEX_MAX = 254
#: What the 16-bit offsets of the node table reach.
MESSAGE_MAX = 65535

#: Described containers around those of the job document: the message and execution.
_OUTER = 2


class Bounds(NamedTuple):
    """Least and greatest value of an integer, as C writes them."""

    minimum: str
    maximum: str


class ContainerEntry(NamedTuple):
    """The members that violate together with a container."""

    mask: str
    comment: str


class Uses(NamedTuple):
    """What the parser is generated without when a description does not have it."""

    boolean: bool
    control: bool
    i32: bool
    u64: bool
    arrays: bool
    #: A table of words with entries of 16 bits.
    wide_words: bool
    #: A table of bytes with values that are too large to stand for the end of a word.
    long_values: bool


class ParserTables(NamedTuple):
    """Everything that the parser's templates vary with; masks are initialisers of sets of members."""

    nodes: tuple[Node, ...]
    node_end: int
    lists: tuple[WordList, ...]
    word_list_unit: int
    bounds: tuple[Bounds, ...]
    containers: tuple[ContainerEntry, ...]
    classes: tuple[str, ...]
    path_length: int
    uses: Uses
    member_words: int
    word_type: str
    value_type: str
    parameter_type: str
    presentable: str
    plain: str
    required: str
    control: str
    url: str
    url_whole: str
    url_required: int
    url_member: str


class _Builder:
    def __init__(self, description: Description) -> None:
        self.description = description
        self.fields = dict(enumerate(description.fields, start=FIRST_FIELD))
        self.url = frozenset(index for index, field in self.fields.items() if field.type in URL_TYPES)
        self.document = containers(description.fields)
        self.node_end = max([FIRST_FIELD + len(self.fields), *(container.id + 1 for container in self.document)])
        self.member_words = (self.node_end + 31) // 32
        self.words = WordTable()
        self.bounds: list[Bounds] = []
        self.containers: list[ContainerEntry] = []
        self.types = {field.type for field in description.fields}
        self.u64 = FieldType.U64 in self.types
        self.arrays = any(container.is_array for container in self.document)

    def refuse(self, message: str, fix: str, member: int = FIRST_FIELD) -> InputError:
        """The error for a description that is too much from the field `member` on."""
        line = self.fields[member].line if member in self.fields else 0
        return InputError(
            message, rule="parser-tables", path=self.description.file, line=line or None, field="fields", fix=fix
        )

    def mask(self, members: Iterable[int]) -> str:
        """A set of members as C initialises it."""
        bits = sum(1 << member for member in set(members))
        return ", ".join(f"0x{bits >> 32 * word & 0xFFFFFFFF:X}U" for word in range(self.member_words))

    def add_bounds(self, minimum: int, maximum: int) -> str:
        """The entry of the bounds table for an integer, made where there is none yet."""
        width, suffix = (64, "ULL") if self.u64 else (32, "U")
        made = Bounds(*(f"{value % (1 << width)}{suffix}" for value in (minimum, maximum)))
        if made not in self.bounds:
            self.bounds.append(made)
        return str(self.bounds.index(made))

    def add_container(self, members: frozenset[int], comment: str) -> int:
        """Add an entry of the container table and return its number."""
        if len(self.containers) == CONTAINERS_MAX:
            raise self.refuse(
                f"its paths lead through more than {CONTAINERS_MAX} objects and arrays",
                "describe fewer of them",
                min(members),
            )
        # The fields of one URL violate together.
        together = members | self.url if members & self.url else members
        self.containers.append(ContainerEntry(self.mask(together), comment))
        return len(self.containers) - 1

    def container_words(self, container: Container) -> str:
        """Add the list of a container's members, or of its elements' indices, and return its name."""
        name = "WORDS_JOB_DOCUMENT" if container.id == JOB_DOCUMENT else f"WORDS_{container.id}"
        comment = dotted(container.path) or "jobDocument"
        words: list[tuple[bytes, int]] = []
        for step, node in container.below.items():
            if isinstance(step, str):
                words.append((step.encode(), node))
            elif step <= INDEX_MAX:
                words.append((bytes([step]), node))
            else:
                raise self.refuse(f"the index {step} of {comment} is greater than {INDEX_MAX}", "describe a lower one")
        return self.words.add(name, comment, words, of_elements=container.is_array)

    def inner_node(self, container: Container) -> Node:
        """The node of a container inside the job document."""
        below = [index for index, field in self.fields.items() if field.path[: len(container.path)] == container.path]
        entry = self.add_container(frozenset(below), dotted(container.path))
        return container_node(container, self.fields[below[0]], self.container_words(container), entry)

    def parameter(self, index: int, field: Field) -> str:
        """The parameter of a field's node."""
        if field.type is FieldType.STRING:
            return str(field.max_length)
        if field.type is FieldType.HEX:
            return str(2 * field.size)
        if field.type is FieldType.ENUM:
            return self.words.add_positions(f"WORDS_{index}", field.dotted, field.values)
        if field.type in (FieldType.U32, FieldType.I32, FieldType.U64):
            return self.add_bounds(field.minimum, field.maximum)
        fixed = {
            FieldType.SCHEME: "WORDS_SCHEME",
            FieldType.URL: "WORDS_URL",
            FieldType.HOST: "AWS_FOTA_HOST_MAX",
        }
        return fixed.get(field.type, "0")

    def nodes(self) -> list[Node]:
        """All nodes; fills the tables of words, bounds and containers."""
        document, *inner = self.document
        document_words = self.container_words(document)
        made = envelope(
            self.words, document_words, frozenset(self.fields), self.node_end, self.add_container, self.add_bounds
        )
        made += [self.inner_node(container) for container in inner]
        made += [field_node(index, field, self.parameter(index, field)) for index, field in self.fields.items()]
        self.words.add("WORDS_SCHEME", "scheme", [(b"http", 1), (b"http:", 1), (b"https", 2), (b"https:", 2)])
        self.words.add("WORDS_URL", "how a URL begins", [(b"http://", 1), (b"https://", 2)])
        self.words.add_positions("WORDS_LITERAL", "literals", ("true", "false", "null"))
        return sorted(made, key=lambda node: node.id)

    def message_max(self) -> int:
        """Bytes that struct aws_fota_message has at most, under any limits and on any machine."""
        outer = 256
        url = 8 + limits.HOSTNAME_MAX_LEN.maximum + limits.FILE_PATH_MAX_LEN.maximum
        return outer + url + sum(max(8, field.max_length + 1, field.size) for field in self.fields.values())

    def tables(self) -> ParserTables:
        """The tables, once."""
        if self.node_end > NODES_MAX:
            raise self.refuse(
                f"its fields and what they lie in need {self.node_end} numbers, and there are {NODES_MAX}",
                "describe fewer fields, or fewer levels",
            )
        if self.message_max() > MESSAGE_MAX:
            raise self.refuse(
                f"what it describes needs up to {self.message_max()} bytes, more than the {MESSAGE_MAX} of one job",
                "lower the max of its strings",
            )
        try:
            nodes = self.nodes()
        except DoesNotFit as error:
            raise self.refuse(str(error), "use shorter names and texts, or fewer") from error
        fields = self.fields
        narrow = self.words.is_narrow
        # 255 is the most that a host can have: see HOSTNAME_MAX_LEN.
        widest = max([255, *(max(field.max_length, 2 * field.size) for field in fields.values())])
        unit = self.words.unit if widest <= 255 else WORD_LIST_UNITS[0]
        lists = self.words.lists(unit)
        widest = max(widest, lists[-1].offset)
        leaves = frozenset({1, 3, 4, 5, 8}) | frozenset(fields)
        return ParserTables(
            nodes=tuple(nodes),
            node_end=self.node_end,
            lists=lists,
            word_list_unit=unit,
            bounds=tuple(self.bounds),
            containers=tuple(self.containers),
            classes=_classes(),
            path_length=max([_OUTER, *(_OUTER + len(field.path) for field in fields.values())]),
            uses=Uses(
                boolean=FieldType.BOOL in self.types,
                control=any(field.control_characters for field in fields.values()),
                i32=FieldType.I32 in self.types,
                u64=self.u64,
                arrays=self.arrays,
                wide_words=not narrow,
                long_values=self.words.has_long_values,
            ),
            member_words=self.member_words,
            word_type="uint8_t" if narrow else "uint16_t",
            value_type="uint64_t" if self.u64 else "uint32_t",
            parameter_type="uint8_t" if widest <= 255 else "uint16_t",
            presentable=self.mask([*range(FREE_NODES.start), *fields]),
            plain=self.mask(leaves - self.url),
            required=self.mask(
                {JOB_DOCUMENT, *(i for i, field in fields.items() if field.required and i not in self.url)}
            ),
            control=self.mask(i for i, field in fields.items() if field.control_characters),
            url=self.mask(self.url),
            url_whole=self.mask(i for i in self.url if fields[i].type is FieldType.URL),
            url_required=int(any(fields[i].required for i in self.url)),
            url_member="job." + next((fields[i].destination for i in sorted(self.url)), "url"),
        )


def _classes() -> tuple[str, ...]:
    """The classes of the ASCII characters, in the order of enum class, eight in a row."""
    letters_and_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    # Quote and backslash are in none: where they are meant they come escaped.
    text = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in '"\\')
    classes = (
        text,
        text.replace(" ", "").replace("#", ""),
        "0123456789abcdef",
        "0123456789abcdefABCDEF",
        letters_and_digits + "_-",
        "0123456789abcdefABCDEF:.",
        letters_and_digits + "._-",
        "0123456789",
    )
    bits = [
        sum(1 << place for place, characters in enumerate(classes) if chr(code) in characters) for code in range(0x80)
    ]
    return tuple(", ".join(f"0x{value:02X}" for value in bits[row : row + 8]) for row in range(0, len(bits), 8))


def tables(description: Description) -> ParserTables:
    """The parser's tables for a description.

    Raises:
        InputError: the description does not fit the widths of the tables.
    """
    return _Builder(description).tables()


def context(model: Model) -> dict[str, Any]:
    """The template variable ``parser``."""
    return {"parser": tables(model.description)}
