# SPDX-License-Identifier: Apache-2.0
"""The generated core as a shared library, built once for each content.

The cache is one folder per SHA-256 over everything that goes in; it is put in place by one rename, so that concurrent
runs never see half of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.errors import InputError
from aws_fota.host.compiler import Compiler, find_compiler

_LIBRARY = "libaws_fota_core.so"
_DECLARATIONS = "declarations.h"
_CORE = ("include/aws_fota/", "src/core/")


@dataclass(frozen=True)
class Built:
    """A core ready to be loaded.

    Attributes:
        library: the shared library.
        declarations: C declarations that cffi reads.
        fresh: whether it was compiled just now, and not found in the cache.
    """

    library: Path
    declarations: str
    fresh: bool


def cache_folder() -> Path:
    """``$AWS_FOTA_CACHE``, else ``west-aws-fota`` below the user's cache folder."""
    named = os.environ.get("AWS_FOTA_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "west-aws-fota"


def build(model: Model, *, sanitize: bool = False, cache: Path | None = None) -> Built:
    """Generate the module of `model` and compile its core, or take it from the cache.

    Args:
        model: what to generate.
        sanitize: with AddressSanitizer and UndefinedBehaviorSanitizer; see :meth:`Compiler.preload`.
        cache: the folder to use instead of :func:`cache_folder`.

    Raises:
        EnvironmentLacks: there is no compiler.
        InputError: the cache cannot be written.
        CompileFailed: the generated C does not compile.
    """
    files = {path: text for path, text in generate(model).files.items() if path.startswith(_CORE)}
    compiler = find_compiler()
    root = cache_folder() if cache is None else cache
    folder = root / _key(files, compiler, sanitize)
    fresh = not folder.is_dir()
    if fresh:
        _build_into(folder, files, compiler, sanitize)
    return Built(folder / _LIBRARY, (folder / _DECLARATIONS).read_text(encoding="utf-8"), fresh)


def _key(files: dict[str, bytes], compiler: Compiler, sanitize: bool) -> str:
    digest = hashlib.sha256()
    head = (*compiler.command, compiler.version, *compiler.flags(sanitize=sanitize))
    for part in (
        *(text.encode() for text in head),
        *(part for path in sorted(files) for part in (path.encode(), files[path])),
    ):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _build_into(folder: Path, files: dict[str, bytes], compiler: Compiler, sanitize: bool) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        work = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
        _fill(work, folder, files, compiler, sanitize)
    except OSError as error:
        raise InputError(
            f"the cache of compiled cores cannot be written: {error.strerror}",
            rule="cache",
            path=folder.parent,
            fix="set AWS_FOTA_CACHE to a folder that can be written to",
        ) from error


def _fill(work: Path, folder: Path, files: dict[str, bytes], compiler: Compiler, sanitize: bool) -> None:
    """Build in `work`, which becomes `folder`."""
    try:
        for path, text in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_bytes(text)
        headers = sorted(path.removeprefix("include/") for path in files if path.startswith("include/"))
        sources = sorted(path for path in files if path.endswith(".c"))
        scratch = work / "stand-ins"
        scratch.mkdir()
        (work / _DECLARATIONS).write_text(compiler.declarations(headers, work / "include", scratch), encoding="utf-8")
        compiler.shared_library(work, sources, _LIBRARY, sanitize=sanitize)
        shutil.rmtree(scratch)
        # Whoever comes second finds the folder there, with the same content.
        with contextlib.suppress(OSError):
            work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
