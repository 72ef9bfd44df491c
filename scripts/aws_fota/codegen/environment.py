# SPDX-License-Identifier: Apache-2.0
"""The Jinja environment of the C templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jinja2

from aws_fota.codegen import naming
from aws_fota.jobdoc import c_names


class RecordingLoader(jinja2.FileSystemLoader):
    """Loads templates from one folder and remembers which, included ones too: what a depfile needs.

    Args:
        folder: where the templates are.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, encoding="utf-8")
        self.loaded: set[Path] = set()

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, filename, current = super().get_source(environment, template)
        self.loaded.add(Path(filename))
        return source, filename, current


def environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """An environment whose output is C in its final form.

    A variable that is not there is an error, a block tag leaves no line behind, and the last newline stays.
    """
    result = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        auto_reload=False,
        newline_sequence="\n",
    )
    result.filters.update(
        macro=c_names.macro,
        field_macro=naming.field_macro,
        c_string=naming.c_string,
        c_char=naming.c_char,
        comment=naming.comment,
    )
    return result
