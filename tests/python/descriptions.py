# SPDX-License-Identifier: Apache-2.0
"""Descriptions of job documents that the tests of parser, generator and oracle share, as model objects.

Each obeys the rules of ``aws_fota.jobdoc``: ``operation``, ``size`` and ``url`` are described and required.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, Field, FieldType, Foreign, Options, PathStep

U32_MAX = 2**32 - 1
I32_MIN, I32_MAX = -(2**31), 2**31 - 1
U64_MAX = 2**64 - 1

_RANGES = {FieldType.U32: (0, U32_MAX), FieldType.I32: (I32_MIN, I32_MAX), FieldType.U64: (0, U64_MAX)}


def _field(path: PathStep | tuple[PathStep, ...], type: FieldType, destination: str, **attributes: Any) -> Field:
    steps = path if isinstance(path, tuple) else (path,)
    minimum, maximum = _RANGES.get(type, (0, 0))
    attributes = {"minimum": minimum, "maximum": maximum, **attributes}
    return Field(steps, type, destination, **attributes)


def _description(
    source: str,
    fields: Sequence[Field],
    foreign: Foreign = Foreign.REJECT,
    operations: tuple[str, ...] = ("app_fw_update",),
) -> Description:
    return Description(operations, foreign, tuple(fields), Options(), source)


#: ``schemas/default/aws_fota.yaml``; a test compares the two.
DEFAULT = _description(
    "aws_fota.yaml",
    [
        _field("operation", FieldType.STRING, "operation", max_length=32, required=True),
        _field("fwversion", FieldType.STRING, "version", max_length=32, required=True),
        _field("size", FieldType.U32, "size", minimum=1, required=True),
        _field("sha256", FieldType.HEX, "sha256", size=32),
        _field(("location", "protocol"), FieldType.SCHEME, "url", required=True),
        _field(("location", "host"), FieldType.HOST, "url", required=True),
        _field(("location", "path"), FieldType.PATH, "url", required=True),
        _field(("location", "url"), FieldType.URL, "url", required=True),
    ],
)

#: The least that can be described.
SMALLEST = _description(
    "smallest.yaml",
    [
        _field("o", FieldType.STRING, "operation", max_length=1, required=True),
        _field("s", FieldType.U32, "size", required=True),
        _field("u", FieldType.URL, "url", required=True),
    ],
    Foreign.LEAVE,
    ("u", "v"),
)

#: A managed template of AWS IoT: what matters lies below elements of arrays.
MANAGED = _description(
    "managed.yaml",
    [
        _field("version", FieldType.ENUM, "doc_version", values=("1.0", "1.1"), required=True),
        _field(("steps", 0, "action", "name"), FieldType.STRING, "operation", max_length=24, required=True),
        _field(("steps", 0, "action", "input", "args", 1), FieldType.URL, "url", required=True),
        _field(("steps", 0, "action", "input", "args", 2), FieldType.HEX, "sha256", size=32),
        _field(
            ("steps", 0, "action", "input", "size"), FieldType.U32, "size", minimum=1, maximum=0xF0000, required=True
        ),
        _field(
            ("steps", 1, "action", "type"), FieldType.ENUM, "second_step", values=("runHandler", "runCommand", "run")
        ),
        _field(("steps", 1, "delay"), FieldType.I32, "delay", minimum=-60, maximum=3600),
    ],
    Foreign.OFFER,
)

#: The parts of a URL in different places, in another order than they stand in the YAML, beside a whole URL.
SCATTERED = _description(
    "scattered.yaml",
    [
        _field("z", FieldType.PATH, "url", required=True),
        _field(("a", "size"), FieldType.U32, "size", required=True),
        _field(("a", "operation"), FieldType.STRING, "operation", max_length=16, required=True),
        _field(("a", "b", "host"), FieldType.HOST, "url", required=True),
        _field(("c", "note"), FieldType.STRING, "note", max_length=8, control_characters=True),
        _field(("c", "url"), FieldType.URL, "url", required=True),
        _field(("c", "scheme"), FieldType.SCHEME, "url", required=True),
        _field("jobId", FieldType.U64, "inner_job"),
    ],
)

_LONG_NAME = "k" * 63

#: Forty fields: every type, bounds of every kind, arrays by index, names that share beginnings or need escapes.
FORTY = _description(
    "forty.yaml",
    [
        _field("operation", FieldType.STRING, "operation", max_length=32, required=True),
        _field("op", FieldType.STRING, "op", max_length=1),
        _field("operations", FieldType.BOOL, "operations"),
        _field("size", FieldType.U32, "size", minimum=1, required=True),
        _field("fw", FieldType.STRING, "version", max_length=64),
        _field("sha256", FieldType.HEX, "sha256", size=32),
        _field("sha1", FieldType.HEX, "sha1", size=20),
        _field("sha", FieldType.HEX, "one_byte", size=1),
        _field(("location", "protocol"), FieldType.SCHEME, "url", required=True),
        _field(("location", "host"), FieldType.HOST, "url", required=True),
        _field(("location", "path"), FieldType.PATH, "url", required=True),
        _field(("location", "url"), FieldType.URL, "url", required=True),
        _field(("n", "u32"), FieldType.U32, "u32_whole"),
        _field(("n", "u32s"), FieldType.U32, "u32_some", minimum=5, maximum=4000),
        _field(("n", "u32m"), FieldType.U32, "u32_top", minimum=U32_MAX, maximum=U32_MAX),
        _field(("n", "i32"), FieldType.I32, "i32_whole"),
        _field(("n", "i32s"), FieldType.I32, "i32_around", minimum=-100, maximum=99),
        _field(("n", "i32n"), FieldType.I32, "i32_below", minimum=-20, maximum=-10),
        _field(("n", "i32p"), FieldType.I32, "i32_above", minimum=10, maximum=20),
        _field(("n", "u64"), FieldType.U64, "u64_whole"),
        _field(("n", "u64s"), FieldType.U64, "u64_some", minimum=1, maximum=10**15),
        _field(("n", "u64m"), FieldType.U64, "u64_top", minimum=U64_MAX - 1, maximum=U64_MAX),
        _field(("n", "z"), FieldType.U32, "zero", minimum=0, maximum=0),
        _field(("b", "on"), FieldType.BOOL, "is_on", required=True),
        _field(("b", "off"), FieldType.BOOL, "is_off"),
        _field("mode", FieldType.ENUM, "doc_mode", values=("a", "ab", "abc", "b-c", "x y"), required=True),
        _field("accent", FieldType.ENUM, "accent", values=("é", "è", "e€1", "e\U0001f6002")),
        _field("long", FieldType.ENUM, "long_text", values=("l" * 64, "l" * 63 + "m", "l" * 40)),
        _field(("list", 0), FieldType.U32, "list_0", maximum=9),
        _field(("list", 2), FieldType.STRING, "list_2", max_length=4),
        _field(("list", 7), FieldType.BOOL, "list_7"),
        _field(("matrix", 0, 1), FieldType.I32, "matrix_0_1"),
        _field(("matrix", 1, 0), FieldType.I32, "matrix_1_0"),
        _field(("parts", 0, "name"), FieldType.STRING, "part_0_name", max_length=3, control_characters=True),
        _field(("parts", 0, "sums", 1), FieldType.HEX, "part_0_sum", size=4),
        _field(("parts", 3, "name"), FieldType.STRING, "part_3_name", max_length=200, required=True),
        _field(_LONG_NAME + "1", FieldType.U32, "long_name_1"),
        _field(_LONG_NAME + "2", FieldType.U32, "long_name_2"),
        _field(("größe.x[0]", "\U0001f600", 'a"b\\c'), FieldType.STRING, "odd_names", max_length=6),
        _field(("d", "e", "e", "p", "e", "r"), FieldType.U32, "deeper"),
    ],
)

#: Every description by the name that test reports use.
DESCRIPTIONS = {
    "default": DEFAULT,
    "smallest": SMALLEST,
    "managed": MANAGED,
    "scattered": SCATTERED,
    "forty": FORTY,
}

#: Buffers at their least, and nesting as deep as each of :data:`DESCRIPTIONS` needs at most.
TIGHT = Settings(hostname_max_len=16, file_path_max_len=16, json_depth=8)

#: Description and settings of each parser that the differential tests build.
CASES = {
    "default": (DEFAULT, Settings()),
    "default-tight": (DEFAULT, Settings(hostname_max_len=16, file_path_max_len=16, json_depth=4)),
    "smallest": (SMALLEST, Settings(json_depth=4)),
    "managed": (MANAGED, TIGHT),
    "scattered": (SCATTERED, Settings(json_depth=5, hostname_max_len=64, file_path_max_len=128)),
    "forty": (FORTY, Settings(json_depth=32)),
    "forty-tight": (FORTY, TIGHT),
}
