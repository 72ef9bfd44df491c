# SPDX-License-Identifier: Apache-2.0
"""The generated core, loaded with cffi: its parser, and its functions on URLs, versions and topics.

Declarations come out of the preprocessor, so they cannot drift from the headers; no Python headers are needed.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import cffi
from pycparser import c_generator, c_parser

from aws_fota.host.build_cache import Built
from aws_fota.host.image import ImageVersion
from aws_fota.host.inputs import JobValue, Parsed, Url

#: What cffi knows by itself and its C parser does not.
_TYPEDEFS = "".join(
    f"typedef int {name};"
    for name in ("size_t", *(f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)))
)


class Names:
    """One C enum, both ways; iterating gives its names in the order of their numbers."""

    def __init__(self, ffi: Any, enum: str, prefix: str) -> None:
        self._names: dict[int, str] = {
            int(value): str(name).removeprefix(prefix)
            for value, name in sorted(ffi.typeof(f"enum {enum}").elements.items())
        }
        self._values = {name: value for value, name in self._names.items()}

    def name(self, value: int) -> str:
        """The enumerator without its prefix."""
        return self._names[value]

    def value(self, name: str) -> int:
        """Its number."""
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)


class Core:
    """One loaded core; it has no state of its own.

    Memory that C sees comes from ``malloc`` in its exact size, so that a sanitized build notices each byte too many.

    Args:
        built: what :func:`aws_fota.host.build_cache.build` made.
    """

    def __init__(self, built: Built) -> None:
        self.ffi = cffi.FFI()
        self.ffi.cdef(_without_functions(built.declarations) + "void *malloc(size_t size); void free(void *ptr);")
        self.lib = self.ffi.dlopen(str(built.library))
        libc = self.ffi.dlopen(None)
        self._libc = libc
        self.new = self.ffi.new_allocator(alloc=libc.malloc, free=libc.free)
        self.inputs = self._names("input_id", "INPUT")
        self.actions = self._names("action_id", "ACTION")
        self.tells = self._names("tell", "TELL")
        self.timers = self._names("timer", "TIMER")
        self.phases = self._names("phase", "PHASE")
        self.reasons = self._names("reason", "REASON")
        self.fetch_errors = self._names("fetch_error", "FETCH")
        self.kinds = self._names("message_kind", "MESSAGE")
        self.results = self._names("parse_result", "PARSE")
        self.statuses = self._names("job_status", "JOB")
        self.refusals = self._names("refusal", "REFUSAL")
        self.topics = self._names("topic_kind", "TOPIC")
        self.fields = self._names("field", "FIELD")

    def limit(self, name: str) -> int:
        """A numeric macro of the headers, without ``AWS_FOTA_``."""
        return int(self.ffi.typeof("enum aws_fota_constants").relements[f"CONST_AWS_FOTA_{name}"])

    def parse(self, kind: str, data: bytes, splits: Iterable[int] = (), remembered: Iterable[int] = ()) -> Parsed:
        """Parse one message.

        Args:
            kind: name of ``enum aws_fota_message_kind``.
            data: the whole message.
            splits: where to cut it into pieces; by default it is fed whole.
            remembered: hashes of jobs that ``PENDING`` passes over.
        """
        message = self.new("struct aws_fota_message *")
        hashes = self.new("uint64_t[]", list(remembered))
        message.remembered = hashes
        message.remembered_count = len(hashes)
        return self.parse_into(message, self.kinds.value(kind), data, splits)

    def parse_into(self, message: Any, kind: int, data: bytes, splits: Iterable[int] = ()) -> Parsed:
        """Parse one message into a ``struct aws_fota_message``; `kind` is its number."""
        parser = self.new("struct aws_fota_parser *")
        self.lib.aws_fota_parser_init(parser, kind, message)
        edges = [0, *sorted(split for split in splits if 0 < split < len(data)), len(data)]
        for start, end in itertools.pairwise(edges):
            piece = self.memory(data[start:end])
            self.lib.aws_fota_parser_feed(parser, piece, end - start)
        result = self.lib.aws_fota_parser_finish(parser)
        return self._parsed(parser, message, result)

    def split_url(self, text: bytes) -> tuple[str, Url]:
        """Name of the result, and the parts, of ``aws_fota_url_split()``."""
        url = self.new("struct aws_fota_url *")
        result = self.lib.aws_fota_url_split(self.memory(text, "char"), len(text), url)
        return self.results.name(result), self.url(url)

    def url_identity(self, url: Any) -> bytes:
        """SHA-256 over the pieces that name the object of a ``struct aws_fota_url *``."""
        digest = hashlib.sha256()
        text = self.new("char *[1]")
        scratch = self.new("char[8]")
        piece = 0
        while length := self.lib.aws_fota_url_identity(url, piece, text, scratch):
            digest.update(self.ffi.buffer(text[0], length)[:])
            piece += 1
        return digest.digest()

    def job_hash(self, job_id: str) -> int:
        """``aws_fota_job_hash()``."""
        return int(self.lib.aws_fota_job_hash(self.text(job_id)))

    def parse_version(self, text: str) -> ImageVersion | None:
        """``aws_fota_version_parse()``; None where `text` is no version."""
        version = self.new("struct aws_fota_version *")
        if not self.lib.aws_fota_version_parse(self.text(text), version):
            return None
        return ImageVersion(version.major, version.minor, version.revision, version.build)

    def compare_versions(self, a: ImageVersion, b: ImageVersion) -> int:
        """``aws_fota_version_compare()``."""
        return int(self.lib.aws_fota_version_compare(self.version(a), self.version(b)))

    def parse_topic(self, thing: str, topic: bytes) -> tuple[str, str]:
        """Kind and jobId of ``aws_fota_topic_parse()``."""
        text = self.memory(topic, "char")
        parts = self.lib.aws_fota_topic_parse(self.text(thing), text, len(topic))
        job_id = self.ffi.buffer(parts.job_id, parts.job_id_len)[:] if parts.job_id_len else b""
        return self.topics.name(parts.kind), job_id.decode("ascii")

    def version(self, version: ImageVersion) -> Any:
        """A ``struct aws_fota_version *``."""
        return self.new("struct aws_fota_version *", [version.major, version.minor, version.revision, version.build])

    def url(self, url: Any) -> Url:
        """A ``struct aws_fota_url`` as Python has it."""
        scheme = {0: "", 1: "http", 2: "https"}[url.scheme]
        return Url(scheme, self._string(url.host), url.port, self._string(url.path))

    def memory(self, data: bytes, item: str = "uint8_t") -> Any:
        """`data` in memory of exactly its size, as an array of `item`; NULL when it is empty."""
        if not data:
            return self.ffi.NULL
        memory = self.new(f"{item}[]", len(data))
        self.ffi.buffer(memory)[:] = data
        return memory

    def text(self, text: str) -> Any:
        """NUL-terminated text."""
        return self.new("char[]", text.encode("utf-8"))

    def _names(self, enum: str, prefix: str) -> Names:
        return Names(self.ffi, f"aws_fota_{enum}", f"AWS_FOTA_{prefix}_")

    def _string(self, array: Any) -> str:
        return bytes(self.ffi.string(array)).decode("utf-8")

    def _parsed(self, parser: Any, message: Any, result: int) -> Parsed:
        words = list(message.present)
        present = frozenset(32 * i + bit for i, word in enumerate(words) for bit in range(32) if word >> bit & 1)
        return Parsed(
            result,
            parser.field,
            parser.offset,
            message.client_token,
            self._string(message.job_id),
            message.status,
            message.version_number,
            message.code,
            present,
            {name: self._member(message.job, name, field.type) for name, field in self.ffi.typeof(message.job).fields},
        )

    def _member(self, job: Any, name: str, kind: Any) -> JobValue:
        value = getattr(job, name)
        if kind.kind == "struct":
            return self.url(value)
        if kind.kind == "array":
            return self._string(value) if kind.item.cname == "char" else bytes(value)
        return bool(value) if kind.cname == "_Bool" else int(value)


def _without_functions(declarations: str) -> str:
    """C that cffi can read: the bodies of inline functions left out."""
    tree = c_parser.CParser().parse(_TYPEDEFS + declarations)
    count = _TYPEDEFS.count(";")
    tree.ext = [node for node in tree.ext[count:] if type(node).__name__ != "FuncDef"]
    return str(c_generator.CGenerator().visit(tree))
