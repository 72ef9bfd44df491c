# SPDX-License-Identifier: Apache-2.0
"""The depfile of a generation: a Make rule that names everything that was read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from aws_fota import resources
from aws_fota.codegen.result import GenerationResult
from aws_fota.errors import InputError
from aws_fota.output import write_if_changed


def write(path: Path, folder: Path, result: GenerationResult, inputs: Sequence[Path | None]) -> None:
    """Write the rule, if it changed.

    Args:
        path: the depfile.
        folder: the output folder; every generated file in it is a target.
        result: what was generated, with its templates.
        inputs: the files of the user that were read; None for one that was not.

    Raises:
        InputError: the depfile cannot be written.
    """
    targets = [folder / name for name in result.files]
    schema = resources.schemas() / "aws_fota.schema.yaml"
    sources = {*result.templates, *_package(), schema, *(file.absolute() for file in inputs if file is not None)}
    rule = " \\\n  ".join(_escaped(target) for target in targets)
    rule += ": \\\n  " + " \\\n  ".join(_escaped(source) for source in sorted(sources)) + "\n"
    write_if_changed(path, rule.encode("utf-8", "surrogateescape"))


def refuse_overwriting(path: Path, folder: Path, result: GenerationResult, inputs: Sequence[Path | None]) -> None:
    """Refuse a depfile in the place of a file that the rule itself is about; the arguments are those of :func:`write`.

    Raises:
        InputError: `path` is an input, a template, or one of the generated files.
    """
    taken = [*(folder / name for name in result.files), *result.templates, *(file for file in inputs if file)]
    # Not resolve(): that fails on a link that leads to itself.
    if os.path.realpath(path) in {os.path.realpath(file) for file in taken}:
        raise InputError(
            "is read or generated itself, and cannot be the depfile",
            rule="usage",
            path=path,
            field="--depfile",
            fix="name another file",
        )


def _package() -> set[Path]:
    """The files of this package that took part: those that were imported."""
    files = [module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "aws_fota"]
    return {Path(file) for file in files if file}


def _escaped(path: Path) -> str:
    text = path.as_posix().replace("$", "$$")
    for character in (" ", "#"):
        text = text.replace(character, "\\" + character)
    return text
