# SPDX-License-Identifier: Apache-2.0
"""What the parser costs, of the default description.

parser.flash_picolibc     bytes of code and constants on a Cortex-M33 at -Os, linked with --gc-sections against
parser.flash_newlib_nano  that C library, with the functions of it that the parser needs
parser.ram                bytes of struct aws_fota_parser
parser.stack              bytes of the deepest way from a public function, from GCC's call graph
parser.m33_instructions_per_byte   by message, each fed whole, and in pieces of 128 bytes
parser.host_instructions_per_byte  the same, as this machine runs it
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_fota import resources
from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.errors import CheckFailed
from aws_fota.jobdoc.load import load
from benchmarks import callgrind, cortex_m33, footprint, toolchain
from benchmarks.messages import Message, all_messages

KEYS = (
    "parser.flash_picolibc",
    "parser.flash_newlib_nano",
    "parser.ram",
    "parser.stack",
    "parser.m33_instructions_per_byte",
)
PUBLIC = (
    "aws_fota_parser_init",
    "aws_fota_parser_feed",
    "aws_fota_parser_finish",
    "aws_fota_url_split",
    "aws_fota_job_hash",
)
_FORTY_FIELDS = Path(__file__).resolve().parents[1] / "tests" / "python" / "golden" / "cases" / "forty.yaml"
SIZE_SECTION = ".bss.size_of_parser"
#: Calls every public function, so that the linker keeps what a device keeps.
_CALLER = """
#include <aws_fota/parser.h>

struct aws_fota_parser parser;
struct aws_fota_message message;
char size_of_parser[sizeof(struct aws_fota_parser)];
volatile uint64_t sink;

void call(const uint8_t *data, size_t size)
{
	aws_fota_parser_init(&parser, (enum aws_fota_message_kind)sink, &message);
	sink = (uint64_t)aws_fota_parser_feed(&parser, data, size);
	sink = (uint64_t)aws_fota_parser_finish(&parser);
	sink = (uint64_t)aws_fota_url_split((const char *)data, size, &message.job.url);
	sink = aws_fota_job_hash(message.job_id);
}
"""


def measure(folder: Path) -> dict[str, Any]:
    """The figures, with everything that is built left in `folder`."""
    messages = all_messages()
    figures = measure_footprint(folder, resources.default_description())
    sources = sorted((folder / "src" / "core").glob("parser*.c"))
    include = f"-I{folder / 'include'}"
    subject = cortex_m33.compile_objects(
        folder / "picolibc",
        [*sources, cortex_m33.SOURCES / "subject_parser.c"],
        toolchain.PICOLIBC,
        include,
        f"-I{cortex_m33.SOURCES}",
    )
    counts = cortex_m33.count(folder / "picolibc", subject, messages, toolchain.PICOLIBC)
    on_host = callgrind.count(folder / "host", [*sources, cortex_m33.SOURCES / "subject_parser.c"], messages, include)
    instructions = {key: count.instructions for key, count in counts.items()}
    figures["parser.m33_instructions"] = by_message(messages, instructions, per_byte=False)
    figures["parser.m33_instructions_per_byte"] = by_message(messages, instructions)
    figures["parser.host"] = callgrind.machine()
    figures["parser.host_instructions"] = by_message(messages, on_host, per_byte=False)
    figures["parser.host_instructions_per_byte"] = by_message(messages, on_host)
    forty = measure_footprint(folder / "forty_fields", _FORTY_FIELDS)
    figures["parser.forty_fields"] = {
        key.removeprefix("parser."): value for key, value in forty.items() if isinstance(value, int)
    }
    # The caller's own frame lies above those of the parser.
    frame = footprint.call_graph([folder / "picolibc" / "objects" / "subject_parser.ci"]).frames["bench_parse"]
    figures["parser.stack_touched"] = max(count.stack for count in counts.values()) - frame
    return figures


def measure_footprint(folder: Path, description: Path) -> dict[str, Any]:
    """Flash, RAM and stack of the parser that a description makes; the module is left in `folder`."""
    for name, content in generate(Model(load(description))).files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "caller.c").write_text(_CALLER, encoding="utf-8")
    figures: dict[str, Any] = {}
    parts = {}
    ours = [f"{source.stem}.o" for source in sorted((folder / "src" / "core").glob("parser*.c"))]
    for library, specs in (("picolibc", toolchain.PICOLIBC), ("newlib_nano", toolchain.NEWLIB_NANO)):
        path = _link(folder, folder / library, specs)
        parts[library] = footprint.flash_by_owner(path, ours)
        figures[f"parser.flash_{library}"] = sum(parts[library].values())
    figures["parser.ram"] = footprint.size_of(folder / "picolibc" / "caller.map", SIZE_SECTION)
    graph = footprint.call_graph(sorted((folder / "picolibc" / "objects").glob("parser*.ci")))
    ways = {function: graph.deepest(function) for function in PUBLIC}
    figures["parser.stack"] = max(size for size, _ in ways.values())
    figures["parser.flash_by_file"] = dict(parts["picolibc"].most_common())
    sections = footprint.flash_by_section(folder / "picolibc" / "caller.map", ours)
    figures["parser.flash_by_section"] = dict(sections.most_common())
    figures["parser.stack_by_function"] = {function: size for function, (size, _) in ways.items()}
    figures["parser.stack_way"] = " > ".join(max(ways.values())[1])
    return figures


def by_message(
    messages: tuple[Message, ...], counts: dict[tuple[str, int], int], *, per_byte: bool = True
) -> dict[str, float]:
    """Figures by message; those in pieces have the size of the pieces behind the name."""
    sizes = {message.name: len(message.data) for message in messages}
    return {
        name + (f"_pieces_{piece}" if piece else ""): round(number / sizes[name], 2) if per_byte else number
        for (name, piece), number in counts.items()
    }


def _link(folder: Path, into: Path, specs: str) -> Path:
    sources = [*sorted((folder / "src" / "core").glob("parser*.c")), folder / "caller.c"]
    objects = cortex_m33.compile_objects(into, sources, specs, f"-I{folder / 'include'}")
    path = into / "caller.map"
    link = ("-nostartfiles", "-Wl,--gc-sections", "-Wl,--entry=call", "-Wl,--undefined=size_of_parser")
    command = [toolchain.CROSS_COMPILER, *toolchain.CORTEX_M33, specs, *link, f"-Wl,-Map={path.name}", *objects]
    toolchain.run(into, [*command, "-o", into / "caller.elf"])
    if not path.is_file():
        raise CheckFailed("the linker wrote no map", rule="link-map", path=path)
    return path
