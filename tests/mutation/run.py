# SPDX-License-Identifier: Apache-2.0
"""Break the transition table in one place at a time, and see that the tests notice.

The scenarios and random walks of the lockstep tests are run once with whole tables, their questions and answers are
kept, and each broken table is asked the same. A mutant is killed when an answer differs: when some action, record,
publication or phase is another one than doc/engine.md says, by the oracle and by the whole engine alike.

Exit codes: 0 every mutant is killed or explained, 1 one survived (or an explained one does not any more), 2 wrong
usage, 3 no compiler.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "python"), str(Path(__file__).parent)]

# The folders above come first.
# ruff: noqa: E402
from explained import EXPLAINED
from table_mutants import Mutant, mutants

from aws_fota.codegen import transitions
from aws_fota.codegen.model import Model
from differential import engine_scenarios
from differential.engine_cases import ENGINE_CASES, EngineCase
from differential.engine_choices import SeededChooser
from differential.engine_pair import Pair
from differential.engine_process import EngineProcess, build, encode_table
from differential.engine_script import Script
from differential.engine_table import Table
from differential.engine_world import World

#: One build of each policy: together they have every row.
CASES = ("reject", "offer", "leave-early", "bare")

#: Random walks besides the scenarios, and steps of each.
WALKS = 60
WALK_STEPS = 120
#: Seconds after which a mutant runs in a circle.
TIMEOUT = 60


@dataclass(frozen=True)
class Recorded:
    """A build with what it was asked and what it answered."""

    name: str
    program: Path
    rows: tuple[transitions.Row, ...]
    table: Table
    questions: bytes
    answers: bytes


def walk(world: World, choose: SeededChooser) -> None:
    """A random walk, as in test_engine_machine.py."""
    for _ in range(WALK_STEPS):
        moment = choose.number(0, 99)
        if moment < 84:
            world.go_on(choose)
        elif moment < 88:
            world.any_input(choose)
        elif moment < 91:
            world.any_response(choose)
        elif moment < 98:
            world.any_message(choose)
        else:
            world.boot(choose)


def record(name: str, case: EngineCase, folder: Path) -> Recorded:
    """Run everything on the whole table, against the oracle, and keep what was said."""
    rows = transitions.rows(transitions.Features.of(Model(case.description, case.settings)))
    with EngineProcess(build(case.description, case.settings, folder, flags=["-O1"])) as process:
        table = process.table()
    flags = ["-O1", "-DLOADED_TABLE"]
    program = build(case.description, case.settings, folder, flags=flags, program="loaded")
    exchanges: list[tuple[bytes, bytes]] = []
    with EngineProcess(program) as process:
        process.load(table)
        process.exchanges = exchanges
        for scenario in engine_scenarios.load().values():
            scenario(Script(Pair(process, case.settings, case.description)))
        for seed in range(WALKS):
            script = Script(Pair(process, case.settings, case.description))
            walk(World(script), SeededChooser(random.Random(seed)))
    # The first was the table.
    exchanges = exchanges[1:]
    questions, answers = (b"".join(said[side] for said in exchanges) for side in (0, 1))
    return Recorded(name, program, rows, table, questions, answers)


def survives(recorded: Recorded, table: Table) -> bool:
    """Whether nobody notices that the table is `table`."""
    question = encode_table(table) + recorded.questions
    try:
        done = subprocess.run([str(recorded.program)], input=question, capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and done.stdout == recorded.answers


def judge(recorded: Recorded, jobs: int, only: re.Pattern[str]) -> dict[str, bool]:
    """The mutants of a build whose name `only` is found in, by name, and whether they survive."""
    every: list[Mutant] = [mutant for mutant in mutants(recorded.rows, recorded.table) if only.search(mutant.name)]
    with ThreadPoolExecutor(jobs) as pool:
        fates = pool.map(lambda mutant: survives(recorded, mutant.table), every)
        return {mutant.name: alive for mutant, alive in zip(every, fates, strict=True)}


def explanation(name: str) -> str | None:
    """Why a mutant makes no difference, if that is known."""
    return next((pattern for pattern in EXPLAINED if re.fullmatch(pattern, name)), None)


def report(fates: dict[str, dict[str, bool]], complete: bool) -> int:
    """Tell what came out; a mutant is killed when it is in one build."""
    alive = [name for name, by_build in fates.items() if all(by_build.values())]
    unexplained = [name for name in alive if explanation(name) is None]
    used = {explanation(name) for name in alive}
    stale = [pattern for pattern in EXPLAINED if pattern not in used] if complete else []
    print(f"{len(fates)} mutants: {len(fates) - len(alive)} killed, {len(alive) - len(unexplained)} explained")
    for name in unexplained:
        print(f"SURVIVES {name} ({', '.join(fates[name])})")
    for pattern in stale:
        print(f"EXPLAINED, YET NONE SURVIVES {pattern}")
    return 1 if unexplained or stale else 0


def pattern(text: str) -> re.Pattern[str]:
    """A regular expression of the command line."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no regular expression: {error}") from None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, help="mutants at once (default: 2)")
    parser.add_argument("--case", choices=ENGINE_CASES, action="append", help="a build (default: every policy)")
    parser.add_argument(
        "--only", type=pattern, default=pattern(""), metavar="REGEX", help="mutants of such names (default: every one)"
    )
    args = parser.parse_args()
    if shutil.which("gcc") is None:
        print("mutate: gcc is not installed (Debian: apt install gcc)", file=sys.stderr)
        return 3
    fates: dict[str, dict[str, bool]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in args.case or CASES:
            begun = time.monotonic()
            recorded = record(name, ENGINE_CASES[name], Path(folder) / name)
            if not survives(recorded, recorded.table):
                raise AssertionError("the whole table does not answer as it did")
            of_build = judge(recorded, args.jobs, args.only)
            for mutant, alive in of_build.items():
                fates.setdefault(mutant, {})[name] = alive
            took = time.monotonic() - begun
            told = f"{len(recorded.rows)} rows, {len(of_build)} mutants, {sum(of_build.values())} survive here"
            print(f"{name}: {told}, {took:.0f} s", flush=True)
    if not fates:
        parser.error(f"no mutant has a name like '{args.only.pattern}'")
    return report(fates, complete=not args.case and not args.only.pattern)


if __name__ == "__main__":
    sys.exit(main())
