# SPDX-License-Identifier: Apache-2.0
"""Writes what the oracle says of messages and inputs, for the tests on the target."""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from oracle_pair import OraclePair, block, number
from vector_messages import MESSAGES

from aws_fota import resources
from aws_fota.config.limits import Settings
from aws_fota.config.settings import read_settings
from aws_fota.jobdoc.load import load
from aws_fota.jobdoc.model import Description
from aws_fota.oracle.outcome import Outcome, Url
from aws_fota.oracle.parser import parse
from aws_fota.output import write_if_changed
from differential import engine_scenarios_download
from differential.engine_pair import Pair
from differential.engine_scenarios import SCENARIOS
from differential.engine_script import Script

assert engine_scenarios_download.__name__, "its scenarios join the others when it is imported"


def message_vector(outcome: Outcome, kind: int, text: bytes) -> bytes:
    """A message and every field of its outcome, as ``test_messages.c`` reads them."""
    job = outcome.job
    url = job.get("url", Url())
    assert isinstance(url, Url)
    made = number(kind) + block(text)
    present = sum(1 << index for index in outcome.present)
    for value in (outcome.result, outcome.field, outcome.offset, outcome.client_token, outcome.status):
        made += number(value)
    made += number(outcome.version_number) + number(outcome.code) + number(present) + block(outcome.job_id.encode())
    for name in ("operation", "version"):
        made += block(cast(str, job.get(name, "")).encode())
    made += number(cast(int, job.get("size", 0))) + block(cast(bytes, job.get("sha256", bytes(32))))
    return made + number(url.scheme) + number(url.port) + block(url.host.encode()) + block(url.path.encode())


def messages(description: Description, settings: Settings) -> bytes:
    """All message vectors."""
    vectors = [
        message_vector(parse(description, settings, kind, text, frozenset()), kind, text) for kind, text in MESSAGES
    ]
    return number(len(vectors)) + b"".join(vectors)


def traces(description: Description, settings: Settings, most: int) -> bytes:
    """The scenarios of the differential tests, as many as fit into `most` bytes."""
    made = b"".join(_fitting(description, settings, most))
    if not made:
        raise SystemExit("write_vectors.py: no scenario fits this build")
    return made


def _fitting(description: Description, settings: Settings, most: int) -> Iterator[bytes]:
    # In an order that mixes them, so that what fits is a bit of everything.
    for _, scenario in sorted(SCENARIOS.items(), key=lambda item: zlib.crc32(item[0].encode())):
        pair = OraclePair(settings, description)
        scenario(Script(cast(Pair, pair)))
        if pair.steps and len(pair.trace) <= most:
            most -= len(pair.trace)
            yield bytes(pair.trace)


def as_array(data: bytes) -> bytes:
    """The elements of a C array."""
    lines = [", ".join(map(str, data[at : at + 24])) for at in range(0, len(data), 24)]
    return ",\n".join(lines).encode() + b"\n"


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--traces-max", type=int, required=True)
    args = parser.parse_args()
    settings = read_settings(args.config)
    description = load(resources.default_description(), settings)
    write_if_changed(args.output / "messages.inc", as_array(messages(description, settings)))
    write_if_changed(args.output / "traces.inc", as_array(traces(description, settings, args.traces_max)))


if __name__ == "__main__":
    main()
