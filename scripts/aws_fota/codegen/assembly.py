# SPDX-License-Identifier: Apache-2.0
"""Which files a module consists of, and who supplies the variables of their templates.

The one place to add a file or a source of variables. A module listed in :data:`CONTRIBUTORS` has a function
``context(model) -> dict`` whose keys no other one uses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_fota.codegen import job_members, parser_tables
from aws_fota.codegen.model import Model


@dataclass(frozen=True)
class Output:
    """One generated file.

    Attributes:
        path: where it goes, relative to the output folder, with ``/``.
        title: the first line of its banner.
        zephyr: whether it is part of the glue, and so generated for a Zephyr ``.config`` only.
        nrf: True when it is for the nRF Connect SDK only, False when that has its own, None when it is for all.
    """

    path: str
    title: str
    zephyr: bool = False
    nrf: bool | None = None

    def belongs_to(self, model: Model) -> bool:
        """Whether the module of `model` has this file."""
        return (model.zephyr or not self.zephyr) and self.nrf in (None, model.nrf)

    @property
    def template(self) -> str:
        """The template, named like the file that it makes."""
        return self.path + ".j2"


OUTPUTS = (
    Output("include/aws_fota/limits.h", "Sizes and switches of the AWS FOTA module"),
    Output("include/aws_fota/message.h", "What a message of AWS IoT Jobs yields"),
    Output("include/aws_fota/parser.h", "Streaming parser of the messages of AWS IoT Jobs"),
    Output("src/core/parser.c", "Streaming parser of the messages of AWS IoT Jobs"),
    Output("src/core/parser_tables.h", "Tables of the parser"),
    Output("include/net/aws_fota.h", "Firmware updates through AWS IoT Jobs", nrf=False),
    Output("include/net/aws_jobs.h", "Requests to AWS IoT Jobs", nrf=False),
)

CONTRIBUTORS: tuple[Callable[[Model], dict[str, Any]], ...] = (job_members.context, parser_tables.context)
