# SPDX-License-Identifier: Apache-2.0
"""The corpus of the fuzz targets as a regression: each input through its target, and the messages by the oracle too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from differential.parser_cases import RunningParsers
from differential.parser_process import SANITIZED, STRICT
from fuzz_targets import CORPUS, FOLDER, TARGETS, message_of, read_corpus, write_corpus

PARSER_NAMES = {"default": "default", "arrays": "golden-arrays", "forty": "golden-forty"}

#: Arguments at once.
BATCH = 500


def run(program: Path, inputs: list[bytes], folder: Path) -> None:
    """Run a target over inputs; one that ends it is the last that it named."""
    names = []
    for number, data in enumerate(inputs):
        path = folder / f"{number:04}"
        path.write_bytes(data)
        names.append(str(path))
    for first in range(0, len(names), BATCH):
        done = subprocess.run([str(program), *names[first : first + BATCH]], capture_output=True, timeout=120)
        if done.returncode:
            said = done.stderr.decode(errors="replace").splitlines()
            named = [line for line in said if line in names]
            culprit = inputs[names.index(named[-1])] if named else b""
            raise AssertionError(f"{program.name}: input {culprit!r}\n" + "\n".join(said[said.index(named[-1]) :]))


def test_every_target_has_a_corpus() -> None:
    assert {path.stem for path in CORPUS.iterdir()} == set(TARGETS)
    assert {target.source for target in TARGETS.values()} == {path.name for path in FOLDER.glob("fuzz_*.c")}


@pytest.mark.parametrize("name", TARGETS)
def test_each_input_holds(name: str, tmp_path: Path) -> None:
    program = TARGETS[name].build(tmp_path / "module")
    inputs = read_corpus(name)
    assert len(inputs) > 20
    (tmp_path / "inputs").mkdir()
    run(program, inputs, tmp_path / "inputs")


@pytest.mark.parametrize("name", PARSER_NAMES)
def test_the_oracle_says_the_same(name: str, parsers: RunningParsers) -> None:
    case = parsers[PARSER_NAMES[name]]
    for data in read_corpus(name):
        if len(data) >= 2:
            kind, remembered, message = message_of(data)
            case.agreed(kind, message, (None, [1] * len(message)), remembered)


#: A parser that is pleased with everything.
PLEASED = """
#include <aws_fota/parser.h>
#include <string.h>
void aws_fota_parser_init(struct aws_fota_parser *parser, enum aws_fota_message_kind kind,
                          struct aws_fota_message *message)
{
    memset(parser, 0, sizeof(*parser));
    if (kind == AWS_FOTA_MESSAGE_EXECUTION) {
        memset(message, 0, sizeof(*message));
    } else {
        memset(message, 0, offsetof(struct aws_fota_message, remembered));
    }
}
int aws_fota_parser_feed(struct aws_fota_parser *parser, const uint8_t *data, size_t len)
{
    (void)parser, (void)data, (void)len;
    return AWS_FOTA_PARSE_OK;
}
int aws_fota_parser_finish(struct aws_fota_parser *parser) { return parser->result; }
uint64_t aws_fota_job_hash(const char *job_id) { return (uint8_t)job_id[0]; }
"""


def test_the_reference_notices_what_a_parser_lets_through(tmp_path: Path) -> None:
    TARGETS["default"].build(tmp_path)
    (tmp_path / "pleased.c").write_text(PLEASED, encoding="ascii")
    includes = [f"-I{path}" for path in (FOLDER, tmp_path, tmp_path / "include")]
    sources = [str(path) for path in (FOLDER / "fuzz_parser.c", FOLDER / "runner.c", tmp_path / "pleased.c")]
    program = tmp_path / "pleased"
    subprocess.run(["gcc", *STRICT, *SANITIZED, *includes, *sources, "-o", str(program)], check=True)

    def judged(text: bytes) -> bool:
        return subprocess.run([str(program)], input=b"0m" + text, capture_output=True, timeout=60).returncode == 0

    assert judged(b'{"a":[1,-0.5e+1,"\\ud83d\\ude00\xc3\xa9",true,null,{}]} ')
    for broken in (b"", b"{", b"01", b'{"a":1,}', b"[1] x", b'"\xc0\xaf"', b'"\x1f"', b'"\\x"', b"[" * 17 + b"]" * 17):
        assert not judged(broken), broken


def test_the_corpus_is_written_as_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz_targets.CORPUS", tmp_path)
    inputs = [b"", b"\n", b"\\", bytes(range(256)), b"\x85\x1c\xff"]
    write_corpus("x", [*inputs, b"\n"])
    assert read_corpus("x") == sorted(inputs, key=lambda data: (len(data), data))
