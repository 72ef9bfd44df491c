# SPDX-License-Identifier: Apache-2.0
"""Every valid description yields C that two compilers take without a warning, and that C++ can include."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from aws_fota.errors import AwsFotaError
from aws_fota.jobdoc.load import check
from aws_fota.yamlfile import source as yaml_source

FLAGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsyntax-only", "-I", "include"]
Fields = list[dict[str, Any]]

OPERATION = {"path": "operation", "type": "string", "max": 32, "required": True, "to": "operation"}
SIZE = {"path": "size", "type": "u32", "required": True, "to": "size"}
URL = {"path": "url", "type": "url", "required": True, "to": "url"}
NEEDED = [OPERATION, SIZE, URL]


def model(fields: Fields, chosen: Settings | None = None, **rest: Any) -> Model:
    document = {"version": 1, "operations": ["a"], "fields": fields, **rest}
    # JSON is YAML, as far as the names here go.
    source = yaml_source.parse(Path("any.yaml"), json.dumps(document, ensure_ascii=False).encode())
    chosen = chosen or Settings(json_depth=32)
    return Model(check(source, chosen), chosen)


def complaints(files: Mapping[str, bytes]) -> str:
    """What gcc and clang say to the core, and a C++ compiler to all headers together."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        headers = sorted(path.removeprefix("include/") for path in files if path.startswith("include/"))
        (folder / "all.cpp").write_text("".join(f"#include <{header}>\n" for header in headers))
        sources = sorted(path for path in files if path.startswith("src/core/") and path.endswith(".c"))
        said = [
            ran(folder, compiler, standard, *compiled)
            for compiler, standard, compiled in (
                ("gcc", "-std=c99", sources),
                ("clang", "-std=c99", sources),
                ("clang++", "-std=c++20", ["all.cpp"]),
            )
        ]
    return "".join(said)


def ran(folder: Path, compiler: str, *arguments: str) -> str:
    if shutil.which(compiler) is None:
        pytest.fail(f"{compiler} is not installed (Debian: apt install {compiler.rstrip('+')})")
    done = subprocess.run([compiler, *FLAGS, *arguments], capture_output=True, text=True, cwd=folder)
    return done.stderr[:2000]


def text(path: Any, to: str, longest: int) -> dict[str, Any]:
    return {"path": path, "type": "string", "max": longest, "to": to}


def number(path: Any, to: str, kind: str, least: int, greatest: int) -> dict[str, Any]:
    return {"path": path, "type": kind, "min": least, "max": greatest, "to": to}


EXTREMES: dict[str, tuple[Fields, Settings]] = {
    "needed only": (NEEDED, Settings(json_depth=4)),
    "arrays only": (
        [{**OPERATION, "path": "a[0]"}, {**SIZE, "path": "a[1]"}, {**URL, "path": "a[254][3]"}],
        Settings(),
    ),
    "200 flags": ([*NEEDED, *({"path": f"k{i}", "type": "bool", "to": f"d{i}"} for i in range(197))], Settings()),
    "200 texts": ([*NEEDED, *(text(f"k{i}", f"d{i}", 200) for i in range(197))], Settings()),
    # Together just below the 64 KiB that the parser's offsets reach.
    "the longest texts": ([*NEEDED, text("k0", "d0", 32768), text("k1", "d1", 24000)], Settings()),
    "digests of 1024 bytes": (
        [*NEEDED, *({"path": f"k{i}", "type": "hex", "bytes": 1024, "to": f"d{i}"} for i in range(20))],
        Settings(),
    ),
    "a text behind the longest URL": ([*NEEDED, text("t", "t", 7800), text("u", "u", 4)], Settings(8192, 255, 8191)),
    "bounds of every width": (
        [
            *NEEDED,
            number("a", "a", "u64", 2**64 - 1, 2**64 - 1),
            number("b", "b", "i32", -(2**31), -(2**31)),
            number("c", "c", "u32", 2**32 - 1, 2**32 - 1),
            number("d", "d", "i32", -(2**31), 2**31 - 1),
            number("e", "e", "u64", 0, 0),
        ],
        Settings(),
    ),
    "254 texts of an enum": (
        [*NEEDED, {"path": "e", "type": "enum", "values": [f"v{i}" for i in range(254)], "to": "e"}],
        Settings(),
    ),
    "26 containers": ([*NEEDED, *(number([f"k{i}", "v"], f"d{i}", "u32", 0, i) for i in range(26))], Settings()),
    "as deep as can be": ([*NEEDED, number(["x"] * 27, "x", "u32", 0, 9)], Settings(json_depth=32)),
    "names that C reads otherwise": (
        [
            *NEEDED,
            *(number([name], f"d{i}", "u32", 0, 9) for i, name in enumerate(("??/", "*/", "/*x", "\\", '"', "%s"))),
        ],
        Settings(),
    ),
}


@pytest.mark.parametrize(("fields", "chosen"), EXTREMES.values(), ids=EXTREMES)
def test_extremes(fields: Fields, chosen: Settings) -> None:
    assert complaints(generate(model(fields, chosen)).files) == ""


words = st.sampled_from(
    ["a", "A", "b", "aB", "a_b", "a-b", "é", "größe", "😀", "0", "9z", "??/", "*/", '"', "\\", "x.y"]
)
names = words | st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
#: Some of them are refused: those that are not must compile.
DESTINATIONS = [
    "field",
    "evt",
    "state",
    "int8_t",
    "size_t",
    "mips",
    "requires",
    "memcpy",
    "offsetof",
    "job",
    "main",
    "id",
]


@st.composite
def field(draw: st.DrawFn, index: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["string", "u32", "i32", "u64", "bool", "enum", "hex"]))
    path = [draw(names), *draw(st.lists(names | st.integers(0, 254), max_size=3))]
    made: dict[str, Any] = {"path": path, "type": kind, "required": draw(st.booleans())}
    made["to"] = draw(st.just(f"d{index}") | st.sampled_from(DESTINATIONS))
    if kind == "string":
        made |= {"max": draw(st.integers(1, 32768)), "control_characters": draw(st.booleans())}
    elif kind == "hex":
        made["bytes"] = draw(st.integers(1, 1024))
    elif kind == "enum":
        made["values"] = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    elif kind != "bool":
        low, high = {"u32": (0, 2**32 - 1), "i32": (-(2**31), 2**31 - 1), "u64": (0, 2**64 - 1)}[kind]
        made["min"], made["max"] = sorted(draw(st.tuples(st.integers(low, high), st.integers(low, high))))
    return made


@given(
    st.integers(0, 8).flatmap(lambda count: st.tuples(*(field(index) for index in range(count)))),
    st.lists(names, min_size=1, max_size=4, unique=True),
    st.sampled_from(["offer", "reject", "leave"]),
    st.sampled_from(
        [Settings(json_depth=32), Settings(64, 16, 16, 32), Settings(131072, 255, 8191, 32, 1048576, 1048576)]
    ),
)
@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_any_description(
    fields: tuple[dict[str, Any], ...], operations: list[str], foreign: str, chosen: Settings
) -> None:
    try:
        files = generate(model([*NEEDED, *fields], chosen, operations=operations, foreign=foreign)).files
    except AwsFotaError:
        assume(False)
    assert complaints(files) == ""
