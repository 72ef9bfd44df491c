# SPDX-License-Identifier: Apache-2.0
"""The generated engine as a process of its own, compiled with the sanitizers, to be asked one step at a time.

It also tells which rows of the transition table a step took. Whatever it reads or writes outside its state, its
inputs and the promised sizes ends the process.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description
from aws_fota.oracle import engine_io as io
from aws_fota.oracle.outcome import MessageKind, Scheme, Url
from differential.engine_table import Bases, Table
from differential.parser_process import SANITIZED, STRICT, write_module

#: The number of the question about the table.
_TABLE = 6

_SOURCE = Path(__file__).with_name("engine_process.c")

#: ``enum aws_fota_input_id``.
INPUT_IDS: dict[type[io.Input], int] = {
    kind: number
    for number, kind in enumerate(
        (
            io.Boot,
            io.Connected,
            io.Subscribed,
            io.Disconnected,
            io.Message,
            io.Timer,
            io.HttpResponse,
            io.FetchFailed,
            io.Erased,
            io.Written,
            io.Verified,
            io.UpgradeRequested,
            io.Confirmed,
            io.Accept,
            io.Reject,
            io.Confirm,
            io.Revert,
            io.Cancel,
            io.Pause,
            io.Resume,
        )
    )
}


class EngineProcessDied(AssertionError):
    """The process ended, and what it said last."""


@dataclass(frozen=True)
class Snapshot:
    """What can be seen of an engine after a step."""

    actions: tuple[io.Action, ...]
    phase: io.Phase
    job_id: str
    reason: int
    detail: int
    told: io.Subject
    etag: bytes
    size: int
    record: bytes
    #: Topic and payload of the request in flight; None where there is none.
    topic: bytes | None
    payload: bytes | None
    url: Url


def build(
    description: Description,
    settings: Settings,
    folder: Path,
    compiler: str = "gcc",
    flags: Iterable[str] = SANITIZED,
    program: str = "engine_process",
) -> Path:
    """Compile the engine of a description and return the program."""
    write_module(description, settings, folder)
    core = folder / "src" / "core"
    # These two are included, to see into them.
    sources = [path for path in sorted(core.glob("*.c")) if path.name not in ("engine.c", "engine_guards.c")]
    command = [compiler, *STRICT, *flags, f"-I{core}", f"-I{folder / 'include'}", str(_SOURCE)]
    subprocess.run([*command, *map(str, sources), "-o", str(folder / program)], check=True)
    return folder / program


def encode_number(number: int) -> bytes:
    """A number as the process reads and writes it."""
    return struct.pack("<Q", number & (2**64 - 1))


def encode_block(data: bytes | None) -> bytes:
    """Bytes that may be absent."""
    return encode_number(0) if data is None else encode_number(1) + encode_number(len(data)) + data


def encode_table(table: Table) -> bytes:
    """The question that gives a program built with LOADED_TABLE its table; it has no answer."""
    rules, sets = table.encode()
    return encode_number(_TABLE) + _block(rules) + b"".join(map(encode_number, (len(sets), *sets)))


def encode_input(input: io.Input) -> bytes:
    """An input as the process reads it."""
    n = encode_number
    head = n(INPUT_IDS[type(input)])
    match input:
        case io.Boot():
            version = input.running_version
            parts = (version.major, version.minor, version.revision, version.build) if version else (0, 0, 0, 0)
            head += encode_block(input.record) + encode_block(input.running_hash) + n(version is not None)
            head += b"".join(map(n, parts)) + n(input.confirmed) + n(input.swap_pending) + n(input.slot_size)
            return head + n(input.seed)
        case io.Message():
            return head + n(input.packet_id) + encode_block(input.identity)
        case io.Timer():
            return head + n(input.timer)
        case io.HttpResponse():
            start, end, total = input.content_range or (0, 0, 0)
            head += n(input.status) + n(input.content_range is not None) + n(start) + n(end) + n(total)
            head += n(input.content_length is not None) + n(input.content_length or 0)
            return head + encode_block(input.etag) + encode_block(input.location)
        case io.FetchFailed():
            return head + n(input.error)
        case io.Written():
            return head + n(input.end)
        case io.Verified():
            head += n(input.error) + encode_block(input.digest) + n(input.image_valid)
            return head + encode_block(input.hash) + b"".join(map(n, input.version))
        case io.Subscribed() | io.Erased() | io.UpgradeRequested() | io.Confirmed():
            return head + n(input.error)
    return head


@dataclass
class EngineProcess:
    """A running engine. One that died is started again by :meth:`init`."""

    program: Path
    #: Rows of the transition table that were taken so far.
    rows: set[int] = field(default_factory=set)
    #: Questions and their answers, where they are to be asked of another program.
    exchanges: list[tuple[bytes, bytes]] | None = None
    _process: subprocess.Popen[bytes] | None = None
    _question: bytes = b""
    _answer: bytearray = field(default_factory=bytearray)

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._note()
        self._end()

    def init(self, thing: str) -> int:
        """``aws_fota_engine_init()``: 0, or a negative errno."""
        self._ask(0, _block(thing.encode()))
        return self._signed()

    def topic(self, text: bytes) -> tuple[int, bytes, MessageKind]:
        """Kind and jobId of a topic, and what a message on it is to be read as; the next step is about it."""
        self._ask(1, _block(text))
        return self._number(), self._bytes(), MessageKind(self._number())

    def parse(self, kind: MessageKind, text: bytes) -> tuple[int, int, bytes]:
        """Result and field of a message, and the text that names its object; the next step is about it."""
        self._ask(2, encode_number(kind) + _block(text))
        return self._number(), self._number(), self._bytes()

    def step(self, input: io.Input) -> Snapshot:
        """``aws_fota_engine_step()``."""
        self._ask(3, encode_input(input))
        snapshot = Snapshot(
            actions=tuple(self._action() for _ in range(self._number())),
            phase=io.Phase(self._number()),
            job_id=self._bytes().decode("ascii"),
            reason=self._number(),
            detail=self._number(),
            told=io.Subject(self._bytes().decode("ascii"), self._number(), self._number()),
            etag=self._bytes(),
            size=self._number(),
            record=self._bytes(),
            topic=self._publication()[1],
            payload=self._publication()[1],
            url=Url(
                Scheme(self._number()),
                self._bytes().decode("ascii"),
                self._number(),
                self._bytes().decode("ascii"),
            ),
        )
        self.rows |= {self._number() for _ in range(self._number())}
        return snapshot

    def publication(self, which: int, size: int) -> tuple[int, bytes | None]:
        """Topic (0), payload (1), subscriptions (2, 3) or one too many (4) with a buffer of `size` bytes."""
        self._ask(4, encode_number(which) + encode_number(size))
        return self._publication()

    def versions(self, first: bytes, second: bytes) -> tuple[list[tuple[int, ...]], int]:
        """Whether each text is a version, its parts, and how the two compare."""
        self._ask(5, _block(first) + _block(second))
        return [tuple(self._number() for _ in range(5)) for _ in range(2)], self._signed()

    def table(self) -> Table:
        """The table, taken apart. Not of a program that loads its table."""
        self._ask(_TABLE, b"")
        rules = self._bytes()
        sets = [self._number() for _ in range(self._number())]
        return Table.decode(rules, sets, Bases(*(self._number() for _ in range(7))))

    def load(self, table: Table) -> None:
        """Give a program built with LOADED_TABLE its table."""
        self._ask(_TABLE, encode_table(table)[8:])

    def _action(self) -> io.Action:
        number, what, packet_id, value, length = (self._number() for _ in range(5))
        return io.Action(io.ActionId(number), what, packet_id, value, length)

    def _publication(self) -> tuple[int, bytes | None]:
        length = self._signed()
        return length, self._read(length) if length >= 0 else None

    def _note(self) -> None:
        if self.exchanges is not None and self._question:
            self.exchanges.append((self._question, bytes(self._answer)))
        self._question = b""
        self._answer = bytearray()

    def _ask(self, number: int, arguments: bytes) -> None:
        self._note()
        if self._process is None:
            self._process = subprocess.Popen(
                [str(self.program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        self._question = encode_number(number) + arguments
        assert self._process.stdin
        try:
            self._process.stdin.write(self._question)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise EngineProcessDied(self._end()) from None

    def _end(self) -> str:
        if self._process is None:
            return ""
        process, self._process = self._process, None
        _, said = process.communicate(timeout=30)
        return said.decode(errors="replace")

    def _read(self, size: int) -> bytes:
        assert self._process and self._process.stdout
        data = self._process.stdout.read(size)
        if len(data) != size:
            raise EngineProcessDied(self._end())
        self._answer += data
        return data

    def _number(self) -> int:
        return int(struct.unpack("<Q", self._read(8))[0])

    def _signed(self) -> int:
        return int(struct.unpack("<q", self._read(8))[0])

    def _bytes(self) -> bytes:
        return self._read(self._number())


def _block(data: bytes) -> bytes:
    return encode_number(len(data)) + data
