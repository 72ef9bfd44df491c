# SPDX-License-Identifier: Apache-2.0
"""The fuzz targets of ``tests/fuzz``: what each is made of, how it is built, and the corpus that is kept."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_fota import resources
from aws_fota.cli.model_options import ModelSource
from aws_fota.codegen.model import Model
from aws_fota.jobdoc.model import URL_TYPES, Description, FieldType
from aws_fota.oracle.outcome import MessageKind
from aws_fota.oracle.parser import job_hash
from differential.parser_process import SANITIZED, STRICT, job_members, write_module

FOLDER = Path(__file__).resolve().parents[1] / "fuzz"
CORPUS = FOLDER / "corpus"
_CASES = FOLDER.parent / "python" / "golden" / "cases"

#: Longest input that is tried, in bytes.
INPUT_MAX = 4096

#: Clang's libFuzzer beside the sanitizers that the tests use anyway.
LIBFUZZER = ("-O1", "-g", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")

#: The jobs that ``PENDING`` passes over in fuzz_parser.c.
REMEMBERED = frozenset({job_hash("job-1"), job_hash("a")})


@dataclass(frozen=True)
class Target:
    """One program that is fuzzed.

    Attributes:
        name: of the target and of its corpus.
        source: the C file with its properties.
        dictionary: words that libFuzzer tries.
        module: where the module comes from that is fuzzed.
        parts: patterns of the module's C files that are compiled in.
    """

    name: str
    source: str
    dictionary: str
    module: ModelSource
    parts: tuple[str, ...]

    @property
    def is_parser(self) -> bool:
        """Whether inputs are messages, so that the oracle can be asked too."""
        return self.source == "fuzz_parser.c"

    @property
    def model(self) -> Model:
        """The module's model."""
        return self.module.model()

    def build(self, folder: Path, compiler: str = "gcc", flags: Sequence[str] = SANITIZED) -> Path:
        """Generate the module and compile the target; returns the program.

        Without libFuzzer among the flags the program runs the files that are its arguments, or else stdin.
        """
        model = self.model
        write_module(model.description, model.settings, folder)
        (folder / "job_members.h").write_text(_members_header(model.description), encoding="utf-8")
        core = folder / "src" / "core"
        sources = [FOLDER / self.source, *sorted(path for part in self.parts for path in core.glob(part))]
        if flags is not LIBFUZZER:
            sources.append(FOLDER / "runner.c")
        program = folder / self.name
        includes = [f"-I{path}" for path in (FOLDER, folder, folder / "include", core)]
        names = [str(path) for path in sources]
        # strnlen() is POSIX.
        posix = "-D_POSIX_C_SOURCE=200809L"
        subprocess.run([compiler, *STRICT, *flags, posix, *includes, *names, "-o", str(program)], check=True)
        return program

    def words(self) -> bytes:
        """The dictionary, with the names and texts that the description has."""
        kept = (FOLDER / self.dictionary).read_bytes()
        if not self.is_parser:
            return kept
        names = {
            text
            for field in self.model.description.fields
            for text in (*(step for step in field.path if isinstance(step, str)), *field.values)
        }
        quoted = (b'"' + b"".join(b"\\x%02X" % byte for byte in name.encode()) + b'"\n' for name in sorted(names))
        return kept + b"".join(quoted)


_DEFAULT = ModelSource(resources.default_description())

TARGETS = {
    target.name: target
    for target in (
        Target("default", "fuzz_parser.c", "parser.dict", _DEFAULT, ("parser*.c",)),
        Target(
            "arrays",
            "fuzz_parser.c",
            "parser.dict",
            ModelSource(_CASES / "arrays.yaml", _CASES / "arrays.config"),
            ("parser*.c",),
        ),
        Target("forty", "fuzz_parser.c", "parser.dict", ModelSource(_CASES / "forty.yaml"), ("parser*.c",)),
        Target("url", "fuzz_url.c", "url.dict", _DEFAULT, ("parser*.c",)),
        Target("record", "fuzz_record.c", "record.dict", _DEFAULT, ("record.c", "topic.c")),
        Target("topic", "fuzz_topic.c", "topic.dict", _DEFAULT, ("topic.c",)),
    )
}


def _members_header(description: Description) -> str:
    """JOB_MEMBERS(): what fuzz_parser.c has to know of a description."""

    def macro(type: FieldType) -> str:
        return "URL" if type in URL_TYPES else "TEXT" if type is FieldType.STRING else "PLAIN"

    members = " ".join(f"{macro(member.type)}({member.destination})" for member in job_members(description))
    return f"#define JOB_MEMBERS(TEXT, PLAIN, URL) {members}\n"


def message_of(data: bytes) -> tuple[MessageKind, frozenset[int], bytes]:
    """What fuzz_parser.c makes of an input: kind, jobs to pass over, message."""
    kind = MessageKind(data[0] % len(MessageKind))
    return kind, REMEMBERED if data[0] // len(MessageKind) % 2 else frozenset(), data[2:]


def input_of(kind: MessageKind, message: bytes, *, remembered: bool = False, split: int = ord("m")) -> bytes:
    """The input that means a message; ``split`` decides on the pieces."""
    return bytes([ord("0") + kind + (len(MessageKind) if remembered else 0), split]) + message


def corpus_path(name: str) -> Path:
    """The file with a target's corpus: an input a line, written like a Python string."""
    return CORPUS / f"{name}.txt"


def read_corpus(name: str) -> list[bytes]:
    """The inputs that are kept for a target."""
    lines = corpus_path(name).read_text(encoding="ascii").splitlines()
    return [line.encode("ascii").decode("unicode_escape").encode("latin-1") for line in lines]


def write_corpus(name: str, inputs: Iterable[bytes]) -> None:
    """Keep inputs for a target, each once, the short ones first."""
    ordered = sorted(set(inputs), key=lambda data: (len(data), data))
    lines = [data.decode("latin-1").encode("unicode_escape").decode("ascii") + "\n" for data in ordered]
    corpus_path(name).parent.mkdir(parents=True, exist_ok=True)
    corpus_path(name).write_text("".join(lines), encoding="ascii")
