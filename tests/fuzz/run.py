# SPDX-License-Identifier: Apache-2.0
"""Fuzz the generated C with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.

Each target begins with the corpus that is kept in tests/fuzz/corpus. Every input that is found is put to the oracle
too, and what the two disagree on is a finding like a crash. Findings are written to build/fuzz/TARGET/findings.

Exit codes: 0 no finding, 1 one, 2 wrong usage, 3 no clang with libFuzzer.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "python")]

# The folders above come first.
# ruff: noqa: E402
from aws_fota.oracle.parser import parse
from differential.parser_process import ParserProcess, ParserProcessDied
from differential.parser_process import build as build_parser
from fuzz_targets import CORPUS, INPUT_MAX, LIBFUZZER, TARGETS, Target, message_of, read_corpus, write_corpus

BUILD = ROOT / "build" / "fuzz"

#: Inputs that take longer are findings, in seconds; so is more memory, in MB.
TIMEOUT = 10
MEMORY = 1024


class NoLibFuzzer(Exception):
    """The compiler is not installed, or has no libFuzzer."""


def build(target: Target) -> Path:
    """The target's folder with its program, fresh."""
    folder = BUILD / target.name
    for name in ("found", "kept", "least", "module"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("found", "findings", "kept", "least", "module"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if shutil.which("clang") is None:
        raise NoLibFuzzer("clang is not installed (Debian: apt install clang)")
    try:
        target.build(folder / "module", "clang", LIBFUZZER)
    except subprocess.CalledProcessError as error:
        raise NoLibFuzzer("clang cannot build with libFuzzer (Debian: apt install libclang-rt-14-dev)") from error
    (folder / "words.dict").write_bytes(target.words())
    return folder


def store(inputs: Iterable[bytes], folder: Path) -> None:
    """Write each input to a file of its own."""
    for data in inputs:
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def fuzzed(target: Target, folder: Path, seconds: int, seed: int) -> bool:
    """Let libFuzzer run; whether it ended without a finding. New inputs are in the folder ``found``."""
    kept = read_corpus(target.name) if (CORPUS / f"{target.name}.txt").exists() else []
    store(kept, folder / "kept")
    log = folder / "log.txt"
    with log.open("w", encoding="utf-8") as written:
        done = subprocess.run(
            [
                str(folder / "module" / target.name),
                f"-max_total_time={seconds}",
                f"-max_len={INPUT_MAX}",
                f"-timeout={TIMEOUT}",
                f"-rss_limit_mb={MEMORY}",
                f"-seed={seed}",
                f"-dict={folder / 'words.dict'}",
                f"-artifact_prefix={folder / 'findings'}/",
                "-use_value_profile=1",
                "-print_final_stats=1",
                str(folder / "found"),
                str(folder / "kept"),
            ],
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    text = log.read_text(encoding="utf-8", errors="replace")
    executions = re.search(r"stat::number_of_executed_units: (\d+)", text)
    found = len(list((folder / "found").iterdir()))
    told = f"{executions[1] if executions else 'unknown'} executions, {len(kept)} inputs kept, {found} new"
    print(f"{target.name}: {told}", flush=True)
    if done.returncode:
        print(f"{target.name}: FINDING, see {log.relative_to(ROOT)} and {folder.relative_to(ROOT)}/findings")
        print("\n".join(text.splitlines()[-40:]))
    return done.returncode == 0


def agreed(target: Target, folder: Path) -> bool:
    """Put what was found to the oracle and to the C: whether they agree on all of it."""
    model = target.model
    (folder / "oracle").mkdir(exist_ok=True)
    program = build_parser(model.description, model.settings, folder / "oracle")
    count = 0
    disagreed = False
    with ParserProcess(program, model.description) as process:
        for path in sorted((folder / "found").iterdir()):
            data = path.read_bytes()
            if len(data) < 2:
                continue
            kind, remembered, message = message_of(data)
            expected = parse(model.description, model.settings, kind, message, remembered)
            count += 1
            try:
                answer = process.parse(kind, message, None, remembered)
            except ParserProcessDied as died:
                answer = None
                print(died)
            if answer != expected:
                disagreed = True
                shutil.copy(path, folder / "findings" / f"oracle-{path.name}")
                print(f"{target.name}: FINDING: C and oracle disagree on {kind.name} {message!r}")
                print(f"  C:      {answer}\n  oracle: {expected}")
    print(f"{target.name}: {count} new inputs put to the oracle", flush=True)
    return not disagreed


def keep(target: Target, folder: Path) -> None:
    """Replace the corpus by the least set of inputs that reaches as much."""
    subprocess.run(
        [
            str(folder / "module" / target.name),
            "-merge=1",
            f"-max_len={INPUT_MAX}",
            str(folder / "least"),
            str(folder / "kept"),
            str(folder / "found"),
        ],
        check=True,
        capture_output=True,
    )
    inputs = [path.read_bytes() for path in (folder / "least").iterdir()]
    write_corpus(target.name, inputs)
    print(f"{target.name}: {len(inputs)} inputs are kept now", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seconds", type=int, default=600, help="for each description; the small targets get a tenth (default: 600)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of libFuzzer (default: 0, another one each time)")
    parser.add_argument("--target", choices=TARGETS, action="append", help="fuzz this one only (default: each)")
    parser.add_argument("--keep", action="store_true", help="replace the corpus in tests/fuzz/corpus by the new one")
    args = parser.parse_args()
    if args.seconds < 1:
        parser.error("--seconds must be at least 1")
    fine = True
    try:
        for name in args.target or TARGETS:
            target = TARGETS[name]
            folder = build(target)
            seconds = args.seconds if target.is_parser else max(1, args.seconds // 10)
            passed = fuzzed(target, folder, seconds, args.seed)
            if target.is_parser:
                passed = agreed(target, folder) and passed
            if args.keep and passed:
                keep(target, folder)
            fine = fine and passed
    except NoLibFuzzer as error:
        print(f"fuzz: {error}", file=sys.stderr)
        return 3
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
