# SPDX-License-Identifier: Apache-2.0
"""Generated parsers that run beside the oracle, each built once in a test session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description
from aws_fota.oracle.outcome import MessageKind, Outcome
from aws_fota.oracle.parser import parse
from descriptions import CASES
from differential.parser_process import ParserProcess, build
from fuzz_targets import TARGETS


def _fuzzed(name: str) -> tuple[Description, Settings]:
    model = TARGETS[name].model
    return model.description, model.settings


#: Description and settings by name: those of the tests, and the golden ones that are fuzzed, read from their YAML.
PARSERS: dict[str, tuple[Description, Settings]] = {
    **CASES,
    "golden-arrays": _fuzzed("arrays"),
    "golden-forty": _fuzzed("forty"),
}


@dataclass(frozen=True)
class ParserCase:
    """One generated parser, running."""

    description: Description
    settings: Settings
    process: ParserProcess

    def oracle(self, kind: MessageKind, data: bytes, remembered: frozenset[int] = frozenset()) -> Outcome:
        """What the oracle makes of a message."""
        return parse(self.description, self.settings, kind, data, remembered)

    def agreed(
        self,
        kind: MessageKind,
        data: bytes,
        splits: Iterable[Sequence[int] | None] = (None,),
        remembered: frozenset[int] = frozenset(),
    ) -> Outcome:
        """Assert that the C says the same as the oracle for each way to split a message; returns what they say."""
        expected = self.oracle(kind, data, remembered)
        for pieces in splits:
            assert self.process.parse(kind, data, pieces, remembered) == expected, (kind, data, pieces)
        return expected


class RunningParsers:
    """Parsers by the names of :data:`PARSERS`, built and started when they are first asked for."""

    def __init__(self, folder_for: Callable[[str], Path]) -> None:
        self._folder_for = folder_for
        self._running = ExitStack()
        self._cases: dict[str, ParserCase] = {}

    def __enter__(self) -> RunningParsers:
        return self

    def __exit__(self, *exception: object) -> None:
        self._running.close()

    def __getitem__(self, name: str) -> ParserCase:
        if name not in self._cases:
            description, settings = PARSERS[name]
            program = build(description, settings, self._folder_for(name))
            process = self._running.enter_context(ParserProcess(program, description))
            self._cases[name] = ParserCase(description, settings, process)
        return self._cases[name]
