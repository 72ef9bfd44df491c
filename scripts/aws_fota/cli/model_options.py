# SPDX-License-Identifier: Apache-2.0
"""The options that say which module is meant, for every command that needs one, and what they lead to."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aws_fota import resources
from aws_fota.config.limits import Settings

if TYPE_CHECKING:
    from aws_fota.codegen.model import Model


class ModelSource(NamedTuple):
    """Where a model comes from.

    Attributes:
        description: the ``aws_fota.yaml``.
        config: the ``.config``; None for the built-in defaults.
        build: the application's build folder, if one was named.
    """

    description: Path
    config: Path | None = None
    build: Path | None = None

    @property
    def words(self) -> str:
        """What the model comes from, for people."""
        limits = "the built-in limits" if self.config is None else str(self.config)
        built_in = self.description == resources.default_description()
        return f"{limits} and {'the built-in aws_fota.yaml' if built_in else self.description}"

    def model(self) -> Model:
        """The model, checked.

        Raises:
            AwsFotaError: whatever is wrong with the files.
        """
        from aws_fota.codegen.model import Model
        from aws_fota.jobdoc.load import load

        if self.config is None:
            return Model(load(self.description, Settings()))
        from aws_fota.config import dotconfig
        from aws_fota.config.settings import CORE_ONLY, FOTA_DOWNLOAD, NRF_CONNECT_SDK, settings

        config = dotconfig.read(self.config)
        chosen = settings(config)
        return Model(
            load(self.description, chosen),
            chosen,
            zephyr=not config.is_set(CORE_ONLY),
            nrf=config.is_set(NRF_CONNECT_SDK),
            fota_download=config.is_set(FOTA_DOWNLOAD),
        )


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``-d``, ``--config`` and ``--description``."""
    group = parser.add_argument_group("what the module is for")
    limits = group.add_mutually_exclusive_group()
    limits.add_argument(
        "-d",
        "--build-dir",
        type=Path,
        metavar="BUILD",
        help="take the limits from this Zephyr build folder, and aws_fota.yaml from its application",
    )
    limits.add_argument(
        "--config", type=Path, metavar="FILE", help="take the limits from this .config (default: the built-in limits)"
    )
    group.add_argument(
        "--description",
        type=Path,
        metavar="FILE",
        help="the job document (default: aws_fota.yaml beside the prj.conf of BUILD, else the built-in one)",
    )


def model_source(args: argparse.Namespace) -> ModelSource:
    """What the options of :func:`add_model_arguments` name.

    Raises:
        InputError: the build folder is none.
    """
    if args.build_dir is None:
        return ModelSource(args.description or resources.default_description(), args.config)
    from aws_fota.config import build_folder

    found = build_folder.locate(args.build_dir)
    description = args.description or found.description or resources.default_description()
    return ModelSource(description, found.config, found.path)
