# SPDX-License-Identifier: Apache-2.0
"""From files and options to :class:`Inputs`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_fota.check.build_layout import layout, signed_image
from aws_fota.check.deployment import Deployment, addresses
from aws_fota.check.inputs import Inputs, Layout
from aws_fota.check.symbols import Symbols
from aws_fota.check.verdict import Library
from aws_fota.config import dotconfig
from aws_fota.config.dotconfig import PREFIX, DotConfig
from aws_fota.config.limits import FILE_PATH_MAX_LEN, HOSTNAME_MAX_LEN, JSON_DEPTH, LIMITS, Settings
from aws_fota.errors import InputError
from aws_fota.jobdoc.model import Description


@dataclass(frozen=True)
class Sources:
    """The files of a build.

    Attributes:
        config: a ``.config`` or a fragment such as ``prj.conf``; None for the built-in limits.
        overlays: Kconfig fragments above it, the last one on top.
        application: the application's build folder.
    """

    config: Path | None = None
    overlays: Sequence[Path] = ()
    application: Path | None = None


def load(sources: Sources, deployment: Deployment, description: Description | None = None) -> Inputs:
    """Everything but job documents and an ELF file.

    Raises:
        InputError, ErrorList: a file cannot be read, or the build has neither library.
    """
    layers = [dotconfig.read(sources.config)] if sources.config is not None else []
    layers += [dotconfig.read(path) for path in sources.overlays if not _only_comments(path)]
    symbols = read_symbols(layers)
    if sources.application is not None and deployment.image_size is None:
        deployment = dataclasses.replace(deployment, image_size=signed_image(sources.application))
    return Inputs(
        symbols,
        Library.OURS if symbols.ours else Library.IN_TREE,
        deployment,
        tuple(addresses(deployment)),
        layout=layout(sources.application) if sources.application is not None else Layout(),
        description=description,
    )


def _only_comments(path: Path) -> bool:
    """Whether a fragment sets nothing, as one that had nothing to mend."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return False
    return all(not line.strip() or (line.startswith(b"#") and b"CONFIG_" not in line) for line in lines)


def read_symbols(layers: Sequence[DotConfig]) -> Symbols:
    """The symbols of some files, and whose library they build.

    Raises:
        InputError: neither library is on.
    """
    complete = bool(layers) and is_whole(layers[0])
    bare = Symbols(tuple(layers), complete, ours=not layers)
    in_tree = bare.is_on(Library.IN_TREE.value) or (
        # AWS_FOTA is y by default with AWS_IOT, where fota_download is there.
        not complete
        and not bare.present(Library.IN_TREE.value)
        and bare.is_on("AWS_IOT")
        and bare.is_on("FOTA_DOWNLOAD")
    )
    ours = not layers or bare.is_on(Library.OURS.value)
    if in_tree and ours:
        raise InputError(
            f"{PREFIX}{Library.IN_TREE.value} and {PREFIX}{Library.OURS.value} are both y",
            rule="library",
            path=layers[0].path,
            fix="keep one of the two",
        )
    if not in_tree and not ours:
        raise InputError(
            f"builds no AWS FOTA library: neither {PREFIX}{Library.IN_TREE.value} nor "
            f"{PREFIX}{Library.OURS.value} is y",
            rule="library",
            path=layers[0].path,
            fix="name the build of an application that uses one, or set one of the two",
        )
    return dataclasses.replace(bare, ours=ours)


def is_whole(config: DotConfig) -> bool:
    """Whether a file is a whole ``.config``: every one has the board's name, and no fragment needs it."""
    return "BOARD" in config.values or "ARCH" in config.values


#: The greatest lengths that any build can have, for the facts that rules hold against the build's own.
LENIENT = Settings(
    hostname_max_len=HOSTNAME_MAX_LEN.maximum,
    file_path_max_len=FILE_PATH_MAX_LEN.maximum,
    json_depth=JSON_DEPTH.maximum,
)


def parser_settings(inputs: Inputs) -> Settings:
    """The limits that a job document is parsed with; those out of bounds are left at their defaults.

    The in-tree library's own limits are told by rules, so documents for it are held against the description only.
    """
    if inputs.library is Library.IN_TREE:
        return LENIENT
    values: dict[str, Any] = {}
    for limit in LIMITS:
        found = inputs.symbols.number(limit.symbol)
        if not found.missing and limit.minimum <= found.low <= limit.maximum:
            values[limit.symbol.removeprefix("AWS_FOTA_").lower()] = found.low
    return Settings(**values)
