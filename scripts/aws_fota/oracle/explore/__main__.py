# SPDX-License-Identifier: Apache-2.0
"""``python -m aws_fota.oracle.explore``: explore the worlds, print what was gone through and what does not hold."""

from __future__ import annotations

import argparse
import sys
import time

from aws_fota.errors import ExitCode
from aws_fota.oracle.explore.search import Search
from aws_fota.oracle.explore.worlds import SMALL, WORLDS


def run(arguments: list[str]) -> ExitCode:
    """Explore, and print one line for each world and the way to each violation."""
    parser = argparse.ArgumentParser(prog="aws_fota.oracle.explore", description=__doc__)
    parser.add_argument("--small", action="store_true", help="only the small worlds that the tests explore")
    parser.add_argument("--world", action="append", help="only the world of this name; may be repeated")
    parser.add_argument("--brief", action="store_true", help="print no traces")
    options = parser.parse_args(arguments)
    chosen = SMALL if options.small else WORLDS
    broken = 0
    for scenario in chosen:
        if options.world and scenario.name not in options.world:
            continue
        began = time.monotonic()
        findings = Search(scenario).run()
        print(
            f"{scenario.name}: {findings.states} states, {findings.transitions} transitions,"
            f" {findings.engine_states} states and {findings.engine_steps} steps of the engine,"
            f" at most {scenario.faults} faults, {len(findings.violations)} violations,"
            f" {time.monotonic() - began:.1f} s",
            flush=True,
        )
        for violation in findings.violations:
            broken += 1
            print(f"  {violation.property}: {violation.text}")
            if not options.brief:
                print("".join(f"    {line}\n" for line in violation.trace), end="")
    return ExitCode.FAILED if broken else ExitCode.OK


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
