# SPDX-License-Identifier: Apache-2.0
"""The generated C as compilers and the formatter see it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from golden_cases import CASES, HERE, Case

ROOT = HERE.parents[2]
FLAGS = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsyntax-only"]
#: The name of a function that a header declares, not one that it defines.
FUNCTION = re.compile(r"^(?!static)[a-z][\w \t*]*?\b(aws_\w+)\([^;{]*\);", re.MULTILINE)
#: What a macro of the kernel defines at file level, and whether it is static.
KERNEL_OBJECT = re.compile(r"^(static )?K_\w+_DEFINE\((\w+)", re.MULTILINE)
CLANG_FORMAT = Path(sys.executable).parent / "clang-format"


def compiled(compiler: str, *arguments: str | Path) -> str:
    if shutil.which(compiler) is None:
        pytest.fail(f"{compiler} is not installed (Debian: apt install {compiler})")
    return subprocess.run([compiler, *FLAGS, *arguments], capture_output=True, text=True).stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_header_stands_alone(case: Case, compiler: str, tmp_path: Path) -> None:
    headers = sorted((case.expected / "include/aws_fota").glob("*.h"))
    assert headers
    for header in headers:
        # Twice, so that a missing guard shows.
        source = tmp_path / f"{header.stem}.c"
        source.write_text(f"#include <aws_fota/{header.name}>\n" * 2 + "extern int used;\n", encoding="utf-8")
        assert compiled(compiler, "-I", case.expected / "include", source) == ""


def test_kernel_objects_are_static_or_carry_the_prefix() -> None:
    sources = [path for case in CASES for path in (case.expected / "src").glob("*/*.c")]
    objects = [found for path in sources for found in KERNEL_OBJECT.findall(path.read_text(encoding="utf-8"))]
    assert any(static for static, _ in objects)
    # Others would be names that an application may have too.
    assert [name for static, name in objects if not static and not name.startswith("aws_fota_")] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cpp_links_with_every_function(case: Case, tmp_path: Path) -> None:
    include = case.expected / "include"
    headers = [path.relative_to(include) for path in sorted(include.glob("*/*.h"))]
    names = {name for header in headers for name in FUNCTION.findall((include / header).read_text(encoding="utf-8"))}
    assert {"aws_fota_parser_init", "aws_fota_engine_step", "aws_fota_record_encode", "aws_fota_topic_parse"} <= names
    source = tmp_path / "uses.cpp"
    lines = [f"#include <{header}>" for header in headers]
    lines += ["extern const void *const uses[];", "const void *const uses[] = {"]
    lines += [f"\treinterpret_cast<const void *>(&{name})," for name in sorted(names)] + ["};"]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [
        "clang++",
        "-std=c++11",
        "-pedantic",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-S",
        "-o",
        "-",
        "-I",
        include,
        source,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    # C knows a function by its bare name; C++'s own would carry its parameters.
    assert {name for name in names if re.search(rf"\s{name}$", done.stdout, re.MULTILINE)} == names


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed (Debian: apt install g++)")
@pytest.mark.parametrize("standard", ["c++11", "c++20"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_application_in_cpp_gets_no_warning(case: Case, standard: str, tmp_path: Path) -> None:
    """Not even g++'s own ones, as of a function with the name of a struct, which clang++ does not have."""
    include = case.expected / "include"
    source = tmp_path / "application.cpp"
    headers = [path.relative_to(include) for path in sorted(include.glob("*/*.h"))]
    source.write_text("".join(f"#include <{header}>\n" for header in headers), encoding="utf-8")
    flags = ["-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-fsyntax-only"]
    done = subprocess.run(["g++", f"-std={standard}", *flags, "-I", include, source], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_core_compiles_without_a_warning(case: Case, compiler: str) -> None:
    sources = sorted((case.expected / "src/core").glob("*.c"))
    assert sources
    assert compiled(compiler, "-I", case.expected / "include", *sources) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_formatter_has_nothing_to_change(case: Case) -> None:
    version = subprocess.run([CLANG_FORMAT, "--version"], capture_output=True, text=True, check=True).stdout
    assert "18.1.8" in version, "tests are made for the clang-format wheel that pyproject.toml names"
    files = sorted(path for path in case.expected.rglob("*") if path.suffix in (".c", ".h"))
    command = [CLANG_FORMAT, f"--style=file:{ROOT / '.clang-format'}", "--dry-run", "--Werror", *files]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_core_includes_only_what_c99_and_itself_bring(case: Case) -> None:
    allowed = {"stdbool.h", "stddef.h", "stdint.h", "string.h", "limits.h", "assert.h", "errno.h"}
    for path in sorted(case.expected.glob("src/core/*")) + sorted(case.expected.glob("include/aws_fota/*")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#include <") and not line.startswith("#include <aws_fota/"):
                assert line[len("#include <") : -1] in allowed, f"{path.name}: {line}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_parser_divides_without_the_library(case: Case) -> None:
    """A Cortex-M has no division of 64 bits; the function for it is a fifth of the parser."""
    target = ("--target=thumbv8m.main-none-eabi", "-mcpu=cortex-m33", "-Os", "-std=c99", "-ffreestanding")
    for source in sorted((case.expected / "src/core").glob("parser*.c")):
        command = ["clang", *target, "-I", case.expected / "include", "-S", "-o", "-", source]
        made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert ".thumb_func" in made or "tables" in source.name
        assert not re.findall(r"__aeabi_\w*div\w*", made), source.name
