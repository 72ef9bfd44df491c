# SPDX-License-Identifier: Apache-2.0
"""The generated parser as a process of its own, compiled with the sanitizers, to be asked about one message at a time.

Outputs lie between canaries, pieces in blocks of exactly their size: a byte read or written outside ends the process.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import URL_TYPES, Description, FieldType
from aws_fota.oracle.outcome import JobStatus, JobValue, MessageKind, Outcome, ParseResult, Refusal, Scheme, Url

_SOURCE = Path(__file__).with_name("parser_process.c")
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror")


class ParserProcessDied(AssertionError):
    """The process ended, and what it said last."""


@dataclass(frozen=True)
class JobMember:
    """One member of ``struct aws_fota_job``, how it is written to the pipe, and read from it."""

    destination: str
    type: FieldType
    size: int = 0

    @property
    def statement(self) -> str:
        """C that writes it."""
        member = f"message->job.{self.destination}"
        if self.type in URL_TYPES:
            return f"write_url(&{member});"
        if self.type is FieldType.STRING:
            return f"write_text({member}, sizeof({member}));"
        if self.type is FieldType.HEX:
            return f"write_bytes({member}, sizeof({member}));"
        signed = "(uint64_t)(int64_t)" if self.type is FieldType.I32 else "(uint64_t)"
        return f"write_number({signed}{member});"


def job_members(description: Description) -> tuple[JobMember, ...]:
    """The members that a description makes."""
    made: dict[str, JobMember] = {}
    for described in description.fields:
        made.setdefault(described.destination, JobMember(described.destination, described.type, described.size))
    return tuple(made.values())


def write_module(description: Description, settings: Settings, folder: Path) -> None:
    """Generate the whole module into a folder."""
    for name, content in generate(Model(description, settings)).files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def build(description: Description, settings: Settings, folder: Path, compiler: str = "gcc") -> Path:
    """Compile the parser of a description and return the program."""
    write_module(description, settings, folder)
    statements = "\n".join(f"\t{dump.statement}" for dump in job_members(description))
    (folder / "dump_job.h").write_text(
        "static void write_job(const struct aws_fota_message *message)\n{\n" + statements + "\n}\n", encoding="utf-8"
    )
    program = folder / "parser_process"
    subprocess.run(
        [
            compiler,
            *STRICT,
            *SANITIZED,
            f"-I{folder}",
            f"-I{folder / 'include'}",
            str(_SOURCE),
            *(str(path) for path in sorted((folder / "src" / "core").glob("parser*.c"))),
            "-o",
            str(program),
        ],
        check=True,
    )
    return program


@dataclass
class ParserProcess:
    """A running parser; ask it with :meth:`parse`. One that died is started again by the next question."""

    program: Path
    description: Description
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ParserProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> str:
        """End the process; returns what it said last."""
        if self._process is None:
            return ""
        _, said = self._process.communicate(timeout=30)
        self._process = None
        return said.decode(errors="replace")

    def _read(self, size: int) -> bytes:
        assert self._process and self._process.stdout
        data = self._process.stdout.read(size)
        if len(data) != size:
            raise ParserProcessDied(self._end())
        return data

    def _number(self) -> int:
        return int(struct.unpack("<Q", self._read(8))[0])

    def _bytes(self) -> bytes:
        return self._read(self._number())

    def _url(self) -> Url:
        scheme, port = Scheme(self._number()), self._number()
        return Url(scheme, self._bytes().decode("ascii"), port, self._bytes().decode("ascii"))

    def _ask(self, request: bytes) -> None:
        if self._process is None:
            self._process = subprocess.Popen(
                [str(self.program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        assert self._process.stdin
        self._process.stdin.write(request)
        self._process.stdin.flush()

    def parse(
        self,
        kind: MessageKind,
        data: bytes,
        splits: Sequence[int] | None = None,
        remembered: frozenset[int] = frozenset(),
    ) -> Outcome:
        """What the C makes of a message fed in pieces of the given lengths; by default in one."""
        lengths = [len(data)] if splits is None else list(splits)
        assert sum(lengths) == len(data)
        request = struct.pack("<QQQ", 0, kind, len(remembered))
        request += b"".join(struct.pack("<Q", hashed) for hashed in sorted(remembered))
        request += struct.pack(f"<Q{len(lengths)}Q", len(lengths), *lengths) + data
        self._ask(request)
        return self._outcome()

    def split_url(self, text: bytes) -> Url | ParseResult:
        """What ``aws_fota_url_split()`` makes of a text."""
        self._ask(struct.pack("<QQ", 1, len(text)) + text)
        result = ParseResult(self._number())
        url = self._url()
        if result is ParseResult.OK:
            return url
        assert url == Url(), "a refused URL leaves something behind"
        return result

    def job_hash(self, job_id: bytes) -> int:
        """What ``aws_fota_job_hash()`` makes of a text without a NUL."""
        self._ask(struct.pack("<QQ", 2, len(job_id) + 1) + job_id + b"\0")
        return self._number()

    def _outcome(self) -> Outcome:
        result, index, offset, token, version, status, code = (self._number() for _ in range(7))
        job_id = self._bytes().decode("ascii")
        present = frozenset(self._number() for _ in range(self._number()))
        job: dict[str, JobValue] = {}
        for dump in job_members(self.description):
            value = self._value(dump)
            indices = {
                16 + position
                for position, described in enumerate(self.description.fields)
                if described.destination == dump.destination
            }
            if indices & present:
                job[dump.destination] = value
            else:
                assert value in (0, "", False, Url(), bytes(dump.size)), f"{dump.destination} is absent, yet {value!r}"
        return Outcome(
            ParseResult(result),
            index,
            offset,
            token,
            job_id,
            JobStatus(status),
            version,
            Refusal(code),
            present,
            job,
        )

    def _value(self, dump: JobMember) -> Any:
        if dump.type in URL_TYPES:
            return self._url()
        if dump.type is FieldType.STRING:
            return self._bytes().decode("utf-8")
        if dump.type is FieldType.HEX:
            return self._bytes()
        number = self._number()
        if dump.type is FieldType.BOOL:
            return bool(number)
        return number - (1 << 64) if dump.type is FieldType.I32 and number >> 63 else number
