# SPDX-License-Identifier: Apache-2.0
"""The host's C compiler: found, asked for the declarations of headers, and made to build a shared library."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_fota.errors import EnvironmentLacks

#: Tried in this order where ``$CC`` is not set.
CANDIDATES = ("gcc", "cc", "clang")

#: Lines of the compiler that are passed on; what follows the first errors comes of them.
_WORDS_MAX = 8

_WARNINGS = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror")
_SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")

#: What the preprocessor finds instead of the system's headers: nothing that cffi would have to understand.
_STAND_INS = {
    "stdbool.h": "#define bool _Bool\n#define true 1\n#define false 0\n",
    "stddef.h": "#define NULL ((void *)0)\n",
    "stdint.h": "",
}


class CompileFailed(RuntimeError):
    """The generated C does not compile: a defect of this package, never the user's."""


@dataclass(frozen=True)
class Compiler:
    """One C compiler.

    Attributes:
        command: the program and the arguments that ``$CC`` brings.
        version: what it says of itself; part of the cache's key.
    """

    command: tuple[str, ...]
    version: str

    def flags(self, *, sanitize: bool) -> tuple[str, ...]:
        """The options of every build."""
        return (*_WARNINGS, "-O1", "-fPIC", *(_SANITIZERS if sanitize else ()))

    def shared_library(self, folder: Path, sources: Sequence[str], output: str, *, sanitize: bool) -> None:
        """Compile and link.

        Args:
            folder: where the compiler runs, so that what it says and writes names no other place; headers are in its
                ``include``.
            sources: relative to `folder`.
            output: the library, relative to `folder`.
            sanitize: with AddressSanitizer and UndefinedBehaviorSanitizer.

        Raises:
            CompileFailed: with the compiler's words.
        """
        arguments = [*self.flags(sanitize=sanitize), "-shared", "-Iinclude", "-o", output, *sources]
        self._run(arguments, folder)

    def declarations(self, headers: Sequence[str], include: Path, scratch: Path) -> str:
        """What `headers` declare, as C without a preprocessor; their numeric macros are enumerators ``CONST_<name>``.

        Args:
            headers: names as they stand in ``#include <...>``.
            include: where they are.
            scratch: an existing folder for stand-ins of the system's headers.

        Raises:
            CompileFailed: with the compiler's words.
        """
        for name, text in _STAND_INS.items():
            (scratch / name).write_text(text, encoding="utf-8")
        source = scratch / "declarations.c"
        text = "".join(f"#include <{header}>\n" for header in headers)
        source.write_text(text, encoding="utf-8")
        arguments = ["-E", "-nostdinc", f"-I{scratch}", f"-I{include}", str(source)]
        macros = sorted(set(re.findall(r"^#define (AWS_FOTA_\w+) [^\"\n]+$", self._run(["-dM", *arguments]), re.M)))
        constants = ",\n".join(f"CONST_{macro} = ({macro})" for macro in macros)
        source.write_text(f"{text}enum aws_fota_constants {{\n{constants}\n}};\n", encoding="utf-8")
        return self._run(["-P", *arguments])

    def preload(self) -> Mapping[str, str]:
        """Environment of a process that loads a sanitized library though it was not itself built with sanitizers."""
        runtime = self._run(["-print-file-name=libasan.so"]).strip()
        if not Path(runtime).is_absolute():
            raise EnvironmentLacks(
                f"'{self.command[0]}' has no libasan", rule="sanitizer", fix="use gcc (Debian: apt install gcc)"
            )
        # Python itself never frees all it has, and cffi's dlopen comes after the interpreter's start.
        return {"LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}

    def _run(self, arguments: Sequence[str], folder: Path | None = None) -> str:
        environment = {**os.environ, "LC_ALL": "C"}
        if folder is not None:
            # A compiler that is killed leaves its temporary files; here they go with the folder.
            environment["TMPDIR"] = str(folder.resolve())
        done = subprocess.run(
            [*self.command, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            cwd=folder,
            check=False,
        )
        if done.returncode:
            words = "\n".join(done.stderr.strip().splitlines()[:_WORDS_MAX])
            raise CompileFailed(f"the generated C does not compile: {words}")
        return done.stdout


def find_compiler() -> Compiler:
    """The compiler of ``$CC``, else the first of :data:`CANDIDATES` there is.

    Raises:
        EnvironmentLacks: there is none.
    """
    named = shlex.split(os.environ.get("CC", ""))
    for command in [named] if named else [[name] for name in CANDIDATES]:
        program = shutil.which(command[0])
        if program is None:
            continue
        done = subprocess.run([program, "--version"], capture_output=True, text=True, errors="replace", check=False)
        if done.returncode == 0:
            return Compiler((program, *command[1:]), done.stdout)
    wanted = f"'{named[0]}', which CC names, is none" if named else "gcc, cc and clang are not here"
    raise EnvironmentLacks(f"no C compiler: {wanted}", rule="compiler", fix="install one (Debian: apt install gcc)")
