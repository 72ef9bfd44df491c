# SPDX-License-Identifier: Apache-2.0
"""What ``make bench`` reckons with, without the tools that it measures with: maps, call graphs, counters and keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aws_fota import resources
from aws_fota.config.limits import Settings
from aws_fota.errors import CheckFailed, EnvironmentLacks, InputError
from aws_fota.jobdoc.load import load
from aws_fota.oracle.outcome import MessageKind, ParseResult
from aws_fota.oracle.parser import parse
from benchmarks import cortex_m33, costs, footprint, run, tables, toolchain, update_engine
from benchmarks.comparison import MESSAGES, QUOTED, comparison
from benchmarks.messages import Message, all_messages, c_source

MAP = """Archive member included to satisfy reference by file (symbol)

Discarded input sections

 .text.unused   0x0000000000000000       0x40 objects/parser.o

Linker script and memory map

 .text.feed     0x0000000010000000       0x38 objects/parser.o
 .text.aws_fota_parser_finish
                0x0000000010000038      0x100 objects/parser.o
 .rodata.nodes  0x0000000010000138       0x20 objects/parser_tables.o
 .text.call     0x0000000010000158      0x500 objects/caller.o
 .text.memset   0x0000000010000658       0x10 /usr/lib/picolibc/arm/lib/libc.a(libc_string_memset.c.o)
 .text          0x0000000010000668        0x8 /usr/lib/gcc/arm/12.2.1/libgcc.a(_arm_muldf3.o)
 .bss.size_of_parser
                0x0000000020000000       0x40 objects/caller.o
 .debug_info    0x0000000000000000      0x900 objects/parser.o
"""

GRAPH = """graph: { title: "src/core/parser.c"
node: { title: "feed" label: "feed\\nparser.c:112:5\\n32 bytes (static)" }
node: { title: "parser.c:close" label: "close\\nparser.c:9:5\\n4 bytes (static)" }
edge: { sourcename: "feed" targetname: "parser.c:close" label: "parser.c:171:9" }
node: { title: "put" label: "put\\nparser_private.h:129:6" shape : ellipse }
edge: { sourcename: "feed" targetname: "put" label: "parser.c:183:5" }
edge: { sourcename: "feed" targetname: "memset" label: "parser.c:184:5" }
}
"""
PUT = """graph: { title: "src/core/parser_string.c"
node: { title: "put" label: "put\\nparser_string.c:144:6\\n40 bytes (dynamic,bounded)" }
}
"""


def graph_of(folder: Path, *texts: str) -> footprint.CallGraph:
    paths = [folder / f"{index}.ci" for index in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return footprint.call_graph(paths)


def test_flash_is_what_is_linked_of_the_parser_and_the_library(tmp_path: Path) -> None:
    path = tmp_path / "a.map"
    path.write_text(MAP, encoding="utf-8")
    assert footprint.flash_by_owner(path, ["parser.o", "parser_tables.o"]) == {
        "parser.o": 0x138,
        "parser_tables.o": 0x20,
        "library libc_string_memset.c.o": 0x10,
        "library _arm_muldf3.o": 0x8,
    }
    assert footprint.flash_by_section(path, ["parser.o", "parser_tables.o"]) == {
        "text.feed": 0x38,
        "text.aws_fota_parser_finish": 0x100,
        "rodata.nodes": 0x20,
    }
    assert footprint.size_of(path, ".bss.size_of_parser") == 64


def test_an_object_that_the_map_does_not_have_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.map"
    path.write_text(MAP, encoding="utf-8")
    with pytest.raises(InputError, match=r"holds nothing of parser_new\.o"):
        footprint.flash_by_owner(path, ["parser.o", "parser_new.o"])
    with pytest.raises(InputError, match=r"holds 0 sections \.bss\.other"):
        footprint.size_of(path, ".bss.other")


def test_the_deepest_way_goes_across_files(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, GRAPH, PUT)
    assert graph.deepest("feed") == (72, ("feed", "put"))
    assert graph.deepest("put") == (40, ("put",))
    assert graph.outside == {"memset"}


def test_a_stack_without_a_bound_is_refused(tmp_path: Path) -> None:
    recursive = PUT.replace("\n}", '\nedge: { sourcename: "put" targetname: "feed" label: "p" }\n}')
    with pytest.raises(InputError, match="feed calls itself: feed > put > feed"):
        graph_of(tmp_path, GRAPH, recursive).deepest("feed")
    through_pointer = PUT.replace("\n}", '\nedge: { sourcename: "put" targetname: "__indirect_call" label: "p" }\n}')
    with pytest.raises(InputError, match="put calls through a pointer"):
        graph_of(tmp_path, GRAPH, through_pointer).deepest("feed")
    with pytest.raises(InputError, match="the frame of put is dynamic"):
        graph_of(tmp_path, GRAPH, PUT.replace("dynamic,bounded", "dynamic"))
    with pytest.raises(InputError, match="no frame of other is known"):
        graph_of(tmp_path, GRAPH).deepest("other")


def ticks(instructions: int) -> int:
    return instructions * 1024 // 50


def report(message: Message, *, turn: int = 2, around: int = 6, values: str = "") -> str:
    lines = [f"turns {n} {ticks(around + turn * n)} 0 0" for n in (1, 1001, 100001)]
    for piece, instructions in ((0, 5000), (128, 5100)):
        lines += [f"{message.name} {piece} {ticks(around + instructions)} 124 0"]
        lines += [values or " ".join(["values", *message.values])]
    return "\n".join(lines)


def test_ticks_are_counted_as_instructions() -> None:
    message = all_messages()[0]
    counts = cortex_m33.read_report(report(message), [message])
    assert counts == {
        (message.name, 0): cortex_m33.Count(5000, 124),
        (message.name, 128): cortex_m33.Count(5100, 124),
    }


def test_a_counter_that_does_not_count_instructions_is_found() -> None:
    message = all_messages()[0]
    with pytest.raises(CheckFailed, match="loops of 2 instructions a turn were counted as"):
        cortex_m33.read_report(report(message, turn=3), [message])
    with pytest.raises(CheckFailed, match="the machine said 'fault'"):
        cortex_m33.read_report("fault\n", [message])


def test_a_message_that_was_misread_is_not_counted() -> None:
    message = all_messages()[0]
    with pytest.raises(CheckFailed, match="seed_345 was read with the result 0 as something else: values another"):
        cortex_m33.read_report(report(message, values="values another job"), [message])
    with pytest.raises(CheckFailed, match="of 2 messages only"):
        cortex_m33.read_report(report(message), all_messages()[:2])


@pytest.mark.parametrize("message", all_messages(), ids=lambda message: message.name)
def test_the_messages_are_as_long_as_they_say_and_valid(message: Message) -> None:
    document = json.dumps(json.loads(message.data)["execution"]["jobDocument"], separators=(",", ":"))
    length = len(document) if message.name.startswith("managed") else len(message.data)
    assert message.name.endswith(f"_{length}")
    kind = MessageKind.WATCH if message.watch else MessageKind.EXECUTION
    outcome = parse(load(resources.default_description()), Settings(), kind, message.data)
    assert outcome.result == ParseResult.OK
    assert outcome.job_id == message.values[0]


def test_the_messages_become_a_table_in_c() -> None:
    message = Message("tiny", b"{}", True, ())
    assert "data_0[] = {123,125};" in c_source((message,))
    assert '{"tiny", data_0, sizeof(data_0), true},' in c_source((message,))


def test_every_figure_has_the_name_that_others_read() -> None:
    assert {key for part in run.PARTS for key in part.keys} == {
        "parser.flash_picolibc",
        "parser.flash_newlib_nano",
        "parser.ram",
        "parser.stack",
        "parser.m33_instructions_per_byte",
        "engine.flash_picolibc",
        "engine.flash_limited",
        "engine.ram",
        "engine.stack",
        "peers.jsmn.flash_picolibc",
        "peers.jsmn.stack",
        "peers.jsmn.m33_instructions",
        "peers.jsmn.host_instructions",
        "peers.cjson.host_instructions",
        "generate.wall_ms",
        "emulator.devices",
        "emulator.updates_per_s",
        "emulator.rss_mb",
    }


def test_the_engine_is_told_by_its_parts() -> None:
    by_file = {"engine.o": 1, "engine_table.o": 2, "publication.o": 4, "publication_identity.o": 8, "library x.o": 16}
    assert update_engine.flash_by_part(by_file) == {
        "library": 16,
        "identity": 8,
        "payloads": 4,
        "table": 2,
        "engine": 1,
    }


def measured(folder: Path) -> Mapping[str, Any]:
    assert not list(folder.iterdir())
    (folder / "left").touch()
    return {"a.size": 12, "a.by_name": {"one": 1.5, "two": 22}}


def test_figures_are_gathered_shown_and_written(tmp_path: Path) -> None:
    shown: list[str] = []
    for _ in range(2):
        figures = run.measure([run.Part("a", measured, ("a.size",))], tmp_path, shown.append)
    assert json.loads(run.document(figures)) == {"version": 1, **measured_values()}
    assert shown[0] == "a\n=\na.size  12\n\na.by_name\n  one  1.50\n  two    22\n"


def measured_values() -> dict[str, Any]:
    return {"a.size": 12, "a.by_name": {"one": 1.5, "two": 22}}


def test_a_part_measures_what_it_promises_and_nothing_of_others(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"not measured: \['a.other'\]"):
        run.measure([run.Part("a", measured, ("a.other",))], tmp_path, lambda text: None)
    parts = [run.Part("a", measured, ()), run.Part("b", measured, ())]
    with pytest.raises(RuntimeError, match=r"measured twice: \['a.by_name', 'a.size'\]"):
        run.measure(parts, tmp_path, lambda text: None)


def comparable() -> dict[str, Any]:
    """Figures such as the parts of ``make bench`` measure."""
    counts = {name: 1000 + index for index, name in enumerate(MESSAGES)}
    return {
        "parser.flash_picolibc": 2100,
        "parser.ram": 63,
        "parser.stack": 161,
        "parser.m33_instructions": counts,
        "parser.host": "x86_64",
        "parser.host_instructions": counts,
        "peers.jsmn.flash_picolibc": 2949,
        "peers.jsmn.stack": 3720,
        "peers.jsmn.m33_instructions": counts,
        "peers.jsmn.host_instructions": counts,
        "peers.cjson.host_instructions": counts,
        "engine.flash_picolibc": 4000,
        "engine.ram": 512,
        "engine.stack": 212,
    }


def test_the_comparison_says_what_is_measured_and_what_is_quoted() -> None:
    figures = comparable()
    lines = [line.split() for line in comparison(figures).splitlines()]
    assert lines[1] == ["this", "parser", "2100", "63", "0", "161", "1000", "1001", "1002", "1003"]
    assert lines[3] == ["jsmn", "2949", "-", "0", "3720", "1000", "1001", "1002", "1003"]
    assert [" ".join(line) for line in lines if "quoted" in line] == [
        f"{name}, quoted {' '.join(row)}" for name, row in QUOTED.items()
    ]


def test_a_readme_with_other_costs_is_told_of(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing\n", encoding="utf-8")
    table = costs.costs(comparable())
    assert "| **parser**, built-in description | 2100 | 63 | 0 | 161 | 1000 | 1001 | 1002 | 1003 |\n" in table
    assert "| **engine**, topics, payloads, record | 4000 | 512 | 0 | 212 | | | | |\n" in table
    assert costs.differs(readme, comparable()).endswith(f"which is:\n\n{table}")
    readme.write_text(f"before\n\n{table}\nbehind\n", encoding="utf-8")
    assert costs.differs(readme, comparable()) == ""
    assert costs.differs(readme, comparable() | {"engine.stack": 213}) != ""


def test_the_readme_has_a_table_of_costs() -> None:
    text = (Path(run.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert all(line in text for line in costs.costs(comparable()).splitlines()[:2])


def test_a_text_stands_in_a_table_as_it_is() -> None:
    assert tables.rows({"way": "a > b", "size": 7}) == ["way   a > b", "size  7"]


def test_all_missing_tools_are_told_at_once_with_the_line_that_installs_them() -> None:
    packages = {"no-such-compiler": "gcc-none", "/no/such/header.h": "libnone-dev", "sh": "dash"}
    with pytest.raises(EnvironmentLacks, match="apt install gcc-none libnone-dev") as error:
        toolchain.require(packages)
    assert error.value.exit_code == 3


def test_a_tool_that_fails_says_how_it_was_called(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="sh ended with 4: no; sh -c"):
        toolchain.run(tmp_path, ["sh", "-c", "echo no >&2; exit 4"])
    with pytest.raises(CheckFailed, match="sleep ran for more than 0 s"):
        toolchain.run(tmp_path, ["sleep", "20"], seconds=0)


def test_ci_installs_what_the_benchmarks_need() -> None:
    script = (Path(run.__file__).parents[1] / ".ci" / "run").read_text(encoding="utf-8")
    listed = script.partition("packages=(")[2].partition(")")[0].split()
    assert set(toolchain.PACKAGES.values()) <= set(listed)
    assert "make bench" in script


def test_a_part_that_is_not_there_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(["no-such-part"])
    assert ended.value.code == 2
    names = ", ".join(part.name for part in run.PARTS)
    assert f"there is no part no-such-part: choose from {names}" in capsys.readouterr().err
