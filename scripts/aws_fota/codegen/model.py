# SPDX-License-Identifier: Apache-2.0
"""Everything that a generated module depends on, checked and frozen."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description


@dataclass(frozen=True)
class Model:
    """The input of the generator. Two equal models give the same bytes, on every machine."""

    description: Description
    settings: Settings = field(default_factory=Settings)
    #: Whether the Zephyr glue is wanted: only where a Zephyr ``.config`` was given.
    zephyr: bool = False
    #: Whether that ``.config`` is one of the nRF Connect SDK, which has net/aws_fota.h and net/aws_jobs.h of its own.
    nrf: bool = False
    #: Whether that SDK's fota_download fetches the images, and not the module's own HTTP client.
    fota_download: bool = False
