# SPDX-License-Identifier: Apache-2.0
"""How long ``generate`` takes, as a whole process of a machine that ran it before.

    generate.wall_ms            median of processes that write the default module into an empty folder
    generate.unchanged_wall_ms  the same where nothing changed, and so nothing is written
    generate.shares_ms          where that time goes, each share the median of the same processes

On a busy machine wall time says more about the machine; ``generate.cpu_ms`` is what the processes had of the processor.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aws_fota.errors import CheckFailed

KEYS = ("generate.wall_ms",)
RUNS = 15
#: The steps of the command, each timed inside one process.
_SHARES = """
import json, time
marks = [time.perf_counter()]
import jinja2
marks.append(time.perf_counter())
import pathlib, sys
import aws_fota.cli.program, aws_fota.cli.generate
import aws_fota.codegen.output_folder
from aws_fota import resources
from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.jobdoc.load import load
marks.append(time.perf_counter())
description = load(resources.default_description())
marks.append(time.perf_counter())
files = generate(Model(description)).files
marks.append(time.perf_counter())
from aws_fota.output import write_all
write_all({pathlib.Path(sys.argv[1]) / name: content for name, content in files.items()}, durable=False)
marks.append(time.perf_counter())
names = ["import jinja2", "other imports", "description", "rendering", "writing"]
print(json.dumps(dict(zip(names, (1000 * (b - a) for a, b in zip(marks, marks[1:]))))))
"""


def measure(folder: Path) -> dict[str, Any]:
    """The figures in milliseconds; everything is written below `folder`, the template cache too."""
    output = folder / "module"
    environment = {**os.environ, "AWS_FOTA_CACHE": str(folder / "cache"), "PYTHONPYCACHEPREFIX": str(folder / "pyc")}
    # Else each process would compile whatever was changed since somebody else ran it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def process(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise CheckFailed(f"generate ended with {done.returncode}: {done.stderr.strip()}", rule="generate")
        return done.stdout

    def command() -> None:
        process("-m", "aws_fota", "generate", "-o", str(output))

    def empty() -> None:
        shutil.rmtree(output, ignore_errors=True)

    empty()
    command()
    process("-c", _SHARES, str(output))
    fresh_cpu = _cpu_ms()
    fresh = _times(command, before=empty)
    fresh_cpu = (_cpu_ms() - fresh_cpu) / RUNS
    unchanged = _times(command, before=lambda: None)
    start = _times(lambda: process("-c", "pass"), before=lambda: None)
    shares: list[dict[str, float]] = []
    for _ in range(RUNS):
        empty()
        shares.append(json.loads(process("-c", _SHARES, str(output))))
    named = {name: statistics.median(share[name] for share in shares) for name in shares[0]}
    return {
        "generate.wall_ms": round(statistics.median(fresh), 1),
        "generate.wall_ms_least": round(min(fresh), 1),
        "generate.unchanged_wall_ms": round(statistics.median(unchanged), 1),
        "generate.cpu_ms": round(fresh_cpu, 1),
        "generate.shares_ms": {
            "python start": round(statistics.median(start), 1),
            **{name: round(value, 1) for name, value in named.items()},
        },
    }


def _times(work: Callable[[], None], before: Callable[[], None]) -> Sequence[float]:
    """Milliseconds of each of RUNS runs, `before` not counted."""
    times = []
    for _ in range(RUNS):
        before()
        begin = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begin))
    return times


def _cpu_ms() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (usage.ru_utime + usage.ru_stime)
