# SPDX-License-Identifier: Apache-2.0
"""The modules whose every byte is kept in ``expected/``, and how each of them is asked for on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Case:
    """One module.

    Attributes:
        name: of its folder in ``expected/``.
        arguments: of ``aws-fota generate``, but for the output folder; relative to this folder.
    """

    name: str
    arguments: tuple[str, ...] = ()

    @property
    def expected(self) -> Path:
        """The folder with the golden files."""
        return HERE / "expected" / self.name


CASES = (
    #: What `aws-fota generate` makes without any option; the repository's folder `generated` leads here.
    Case("default"),
    Case("forty", ("--description", "cases/forty.yaml")),
    Case("arrays", ("--description", "cases/arrays.yaml", "--config", "cases/arrays.config")),
    Case("ncs", ("--config", "cases/ncs.config")),
)
