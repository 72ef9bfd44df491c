# SPDX-License-Identifier: Apache-2.0
"""The tools that benchmarks need from Debian, and running them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from aws_fota.errors import CheckFailed, EnvironmentLacks

#: What is looked for, a command or an absolute path, and the package that brings it. `.ci/run` knows them too.
PACKAGES = {
    "gcc": "gcc",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "/usr/lib/picolibc/arm-none-eabi/picolibc.specs": "picolibc-arm-none-eabi",
    "/usr/lib/arm-none-eabi/newlib/nano.specs": "libnewlib-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "valgrind": "valgrind",
    "/usr/include/cjson/cJSON.h": "libcjson-dev",
    "/usr/include/jsmn.h": "libjsmn-dev",
}
CROSS_COMPILER = "arm-none-eabi-gcc"
CORTEX_M33 = ("-mcpu=cortex-m33", "-mthumb", "-Os", "-std=c99", "-ffunction-sections", "-fdata-sections")
PICOLIBC = "--specs=picolibc.specs"
NEWLIB_NANO = "--specs=nano.specs"


def require(packages: Mapping[str, str] = PACKAGES) -> None:
    """Look for every tool at once.

    Raises:
        EnvironmentLacks: some are missing; the line that installs them all is the way out.
    """
    missing = sorted({package for tool, package in packages.items() if not _is_there(tool)})
    if missing:
        raise EnvironmentLacks(
            f"the benchmarks need {len(missing)} more package{'s' if len(missing) > 1 else ''}",
            rule="toolchain",
            fix=f"apt install {' '.join(missing)}",
        )


def _is_there(tool: str) -> bool:
    return Path(tool).exists() if tool.startswith("/") else shutil.which(tool) is not None


def run(folder: Path, command: Iterable[str | Path], *, seconds: int = 120) -> str:
    """Run a command in `folder` and return what it printed.

    Raises:
        CheckFailed: it failed, or took longer than `seconds`.
    """
    words = [str(word) for word in command]
    # The figures must not depend on whoever runs them.
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise CheckFailed(f"{words[0]} ran for more than {seconds} s", rule="tool", fix=" ".join(words)) from error
    if done.returncode != 0:
        told = (done.stderr or done.stdout).strip()
        raise CheckFailed(f"{words[0]} ended with {done.returncode}: {told}", rule="tool", fix=" ".join(words))
    return done.stdout
