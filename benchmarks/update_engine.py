# SPDX-License-Identifier: Apache-2.0
"""What the update engine costs on a Cortex-M33 at -Os, of the default description.

engine.flash_picolibc  bytes of code and constants of engine, topics, payloads, record and versions, linked with
                       --gc-sections against picolibc, with the functions of it that they need
engine.flash_limited   of these engine, topics and payloads, to be 4096 at most: without record, versions,
                       identity and the library's functions
engine.ram             bytes of struct aws_fota_engine; host and path are in struct aws_fota_message beside it
engine.stack           bytes of the deepest way from a public function, from GCC's call graph
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_fota import resources
from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.jobdoc.load import load
from benchmarks import cortex_m33, footprint, toolchain

KEYS = ("engine.flash_picolibc", "engine.flash_limited", "engine.ram", "engine.stack")
#: The sources that count.
_SOURCES = ("engine*.c", "publication*.c", "record.c", "topic.c", "version.c")
#: What a source is part of, by how its name begins.
_PARTS = {
    "engine_table": "table",
    "engine": "engine",
    "publication_identity": "identity",
    "publication": "payloads",
    "topic": "topics",
    "record": "record",
    "version": "versions",
    "library": "library",
}
_LIMITED = ("engine", "table", "payloads", "topics")
#: Calls every public function, so that the linker keeps what a device keeps.
_CALLER = """
#include <aws_fota/parser.h>
#include <aws_fota/publication.h>
#include <aws_fota/record.h>

char size_of_engine[sizeof(struct aws_fota_engine)];
struct aws_fota_engine engine;
struct aws_fota_message message;
struct aws_fota_input input;
struct aws_fota_action actions[AWS_FOTA_ACTIONS_MAX];
struct aws_fota_topic topic;
char buffer[512];
const char *piece;
volatile uintptr_t sink;

void call(void)
{
	sink = (uintptr_t)aws_fota_engine_init(&engine, buffer, &message);
	sink = aws_fota_engine_step(&engine, &input, actions);
	topic = aws_fota_topic_parse(buffer, buffer, sizeof(buffer));
	sink = aws_fota_engine_message_kind(&engine, &topic);
	sink = aws_fota_engine_phase(&engine);
	sink = (uintptr_t)aws_fota_engine_job_id(&engine);
	sink = aws_fota_engine_reason(&engine);
	sink = aws_fota_engine_detail(&engine);
	sink = (uintptr_t)aws_fota_engine_told(&engine);
	sink = (uintptr_t)aws_fota_engine_etag(&engine);
	sink = aws_fota_engine_size(&engine);
	sink = aws_fota_record_encode(&engine, (uint8_t *)buffer);
	sink = (uintptr_t)aws_fota_subscription_topic(&engine, sink, buffer, sizeof(buffer));
	sink = (uintptr_t)aws_fota_publication_topic(&engine, buffer, sizeof(buffer));
	sink = (uintptr_t)aws_fota_publication_payload(&engine, buffer, sizeof(buffer));
	sink = aws_fota_url_identity(&message.job.url, (unsigned int)sink, &piece, buffer);
}
"""


def measure(folder: Path) -> dict[str, Any]:
    """The figures, with everything that is built left in `folder`."""
    for name, content in generate(Model(load(resources.default_description()))).files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    caller = folder / "caller.c"
    caller.write_text(_CALLER, encoding="utf-8")
    core = folder / "src" / "core"
    sources = [*sorted(core.glob("*.c")), caller]
    objects = cortex_m33.compile_objects(folder, sources, toolchain.PICOLIBC, f"-I{folder / 'include'}")
    link_map = folder / "caller.map"
    link = ("-nostartfiles", "-Wl,--gc-sections", "-Wl,--entry=call", "-Wl,--undefined=size_of_engine")
    command = [toolchain.CROSS_COMPILER, *toolchain.CORTEX_M33, toolchain.PICOLIBC, *link, f"-Wl,-Map={link_map.name}"]
    toolchain.run(folder, [*command, *objects, "-o", folder / "caller.elf"])
    ours = [f"{source.stem}.o" for pattern in _SOURCES for source in sorted(core.glob(pattern))]
    parts = footprint.flash_by_owner(link_map, ours)
    graph = footprint.call_graph(sorted((folder / "objects").glob("*.ci")))
    depths = {function: graph.deepest(function) for function in graph.calls["call"]}
    by_part = flash_by_part(parts)
    return {
        "engine.flash_picolibc": sum(parts.values()),
        "engine.flash_limited": sum(by_part[part] for part in _LIMITED),
        "engine.ram": footprint.size_of(link_map, ".bss.size_of_engine"),
        "engine.stack": max(size for size, _ in depths.values()),
        "engine.flash_by_part": by_part,
        "engine.flash_by_file": dict(parts.most_common()),
        "engine.flash_by_section": dict(footprint.flash_by_section(link_map, ours).most_common()),
        "engine.stack_way": " > ".join(max(depths.values())[1]),
    }


def flash_by_part(by_file: Mapping[str, int]) -> dict[str, int]:
    """Bytes by part of the engine, largest first, of those by object file."""
    sizes: Counter[str] = Counter()
    for name, size in by_file.items():
        sizes[next(part for start, part in _PARTS.items() if name.startswith(start))] += size
    return dict(sizes.most_common())
