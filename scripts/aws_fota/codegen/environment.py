# SPDX-License-Identifier: Apache-2.0
"""The Jinja environment of the C templates."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from aws_fota import cache
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


class TemplateCache(jinja2.BytecodeCache):
    """Compiled templates between runs. Compiling them takes longer than everything else that a generation does.

    Args:
        folder: where they are kept; only the user can write to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        # Whatever is wrong with a file that anybody could have damaged: the template is compiled again.
        with contextlib.suppress(Exception):
            bucket.bytecode_from_string((self.folder / bucket.key).read_bytes())

    def dump_bytecode(self, bucket: Bucket) -> None:
        cache.keep(self.folder / bucket.key, bucket.bytecode_to_string())


def _template_cache() -> TemplateCache | None:
    # Jinja's key is the template's name and content, and Python's version; not how the environment is set up.
    setup = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    folder = cache.private_folder(f"templates/{setup}")
    return None if folder is None else TemplateCache(folder)


def environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """An environment whose output is C in its final form.

    A variable that is not there is an error, a block tag leaves no line behind, and the last newline stays.
    """
    result = jinja2.Environment(
        loader=loader,
        bytecode_cache=_template_cache(),
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
