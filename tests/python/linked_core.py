# SPDX-License-Identifier: Apache-2.0
"""Images that the host's compiler links from the generated core, with what a Zephyr build's have: map and glue."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from descriptions import DEFAULT

#: A glue, as far as sizes go.
QUEUE = "static char queue_stack[512];\nchar *aws_fota_queue(void) { return queue_stack; }\nint aws_fota_count = 7;\n"


def compiled(folder: Path, *flags: str, settings: Settings | None = None, glue: str = QUEUE) -> Path:
    """An ELF file with a map beside it, of the whole generated core and a little glue."""
    files = generate(Model(DEFAULT, settings or Settings())).files
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "src/zephyr").mkdir(parents=True)
    (folder / "src/zephyr/queue.c").write_text(glue, encoding="utf-8")
    (folder / "start.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
    objects = []
    for source in sorted([*folder.glob("src/*/*.c"), folder / "start.c"]):
        name = source.relative_to(folder).with_suffix(".o").as_posix()
        gcc(folder, ["-c", "-g", "-Iinclude", *flags, "-o", name, source.relative_to(folder).as_posix()])
        objects.append(name)
    gcc(folder, [*objects, "-o", "zephyr.elf", "-no-pie", "-Wl,-Map=zephyr.map"])
    return folder / "zephyr.elf"


def gcc(folder: Path, arguments: Sequence[str]) -> None:
    """Run gcc in a folder, without position-independent code."""
    subprocess.run(["gcc", "-fno-pie", *arguments], cwd=folder, check=True, capture_output=True)
