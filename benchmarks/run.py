# SPDX-License-Identifier: Apache-2.0
"""Run every benchmark, print its figures and write them to ``build/bench.json``: what ``make bench`` does.

Names of parts select them; the file is written only when all were run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_fota import output
from aws_fota.errors import AwsFotaError
from benchmarks import costs, emulator, generation, parser, peers, tables, toolchain, update_engine
from benchmarks.comparison import comparison

ROOT = Path(__file__).resolve().parents[1]
#: Of the form of ``build/bench.json``.
VERSION = 1


@dataclass(frozen=True)
class Part:
    """One module of benchmarks.

    Attributes:
        measure: from an empty folder to figures: a number, or an object of numbers, for each key.
        keys: figures that must be among them. A part may have more.
    """

    name: str
    measure: Callable[[Path], Mapping[str, Any]]
    keys: tuple[str, ...]


PARTS = (
    Part("parser", parser.measure, parser.KEYS),
    Part("engine", update_engine.measure, update_engine.KEYS),
    Part("peers", peers.measure, peers.KEYS),
    Part("generate", generation.measure, generation.KEYS),
    Part("emulator", emulator.measure, emulator.KEYS),
)


def measure(parts: Sequence[Part], folder: Path, show: Callable[[str], None]) -> dict[str, Any]:
    """The figures of `parts`, each shown as soon as it is there.

    Raises:
        RuntimeError: a part has not measured what it promises, or what another one did.
    """
    figures: dict[str, Any] = {}
    for part in parts:
        place = folder / part.name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        measured = part.measure(place)
        missing = [key for key in part.keys if key not in measured]
        twice = sorted(figures.keys() & measured.keys())
        if missing or twice:
            raise RuntimeError(f"{part.name}: not measured: {missing}, measured twice: {twice}")
        figures.update(measured)
        show(tables.table(part.name, measured))
    return figures


def document(figures: Mapping[str, Any]) -> bytes:
    """The content of ``build/bench.json``."""
    return json.dumps({"version": VERSION, **figures}, indent=2).encode("utf-8") + b"\n"


def main(arguments: Sequence[str]) -> int:
    names = [part.name for part in PARTS]
    options = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__)
    options.add_argument("part", nargs="*", help=f"one of {', '.join(names)}; all without one")
    chosen = options.parse_args(arguments).part or names
    unknown = [name for name in chosen if name not in names]
    if unknown:
        options.error(f"there is no part {', '.join(unknown)}: choose from {', '.join(names)}")
    build = ROOT / "build"
    try:
        toolchain.require()
        figures = measure([part for part in PARTS if part.name in chosen], build / "bench", print)
        if {"parser", "peers"} <= set(chosen):
            print(comparison(figures))
        if {"parser", "engine", "peers"} <= set(chosen):
            # Another compiler measures something else, so that this is no failure.
            print(costs.differs(ROOT / "README.md", figures), end="")
        if set(chosen) == set(names):
            output.write_atomically(build / "bench.json", document(figures))
            print(f"written to {(build / 'bench.json').relative_to(ROOT)}")
    except AwsFotaError as error:
        print(f"bench: {error}", file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
