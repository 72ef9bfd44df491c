# SPDX-License-Identifier: Apache-2.0
"""``size``: what the library takes up in a linked image."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from aws_fota.config import build_folder
from aws_fota.errors import AwsFotaError, CheckFailed, ErrorList, ExitCode, InputError

if TYPE_CHECKING:
    from aws_fota.size.budget import Excess


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``size``."""
    image = parser.add_mutually_exclusive_group(required=True)
    image.add_argument("elf", type=Path, nargs="?", metavar="ELF", help="a zephyr.elf")
    image.add_argument("-d", "--build-dir", type=Path, metavar="BUILD", help="the one of this Zephyr build folder")
    parser.add_argument("--map", type=Path, metavar="FILE", help="the map linked with it (default: the one beside it)")
    parser.add_argument("--budget", type=Path, metavar="FILE", help="a budget.yaml; exit with 1 where it is exceeded")
    parser.add_argument("--baseline", type=Path, metavar="ELF", help="an earlier image: tell growth by symbol")
    parser.add_argument("--baseline-map", type=Path, metavar="FILE", help="its map (default: the one beside it)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed (default: text)")


def run(args: argparse.Namespace) -> int:
    """Carry ``size`` out."""
    from aws_fota.size import budget, size_report
    from aws_fota.size.footprint import measure

    allowed = {} if args.budget is None else budget.read(args.budget)
    elf = args.elf if args.build_dir is None else build_folder.locate(args.build_dir).path / "zephyr" / "zephyr.elf"
    footprint = measure(elf, args.map)
    baseline = None
    if args.baseline is not None:
        baseline = measure(args.baseline, args.baseline_map)
        if (baseline.machine, baseline.bits) != (footprint.machine, footprint.bits):
            raise InputError(
                f"is for {baseline.machine} with {baseline.bits} bits, "
                f"and {elf} for {footprint.machine} with {footprint.bits}",
                rule="elf",
                path=args.baseline,
                fix="compare images of one architecture",
            )
        if baseline.mapped != footprint.mapped:
            # By names alone symbols go to other groups, and texts are not counted: all would seem to grow or shrink.
            option, without = ("--map", elf) if baseline.mapped else ("--baseline-map", args.baseline)
            raise InputError(
                "has no map beside it, and the other image was measured with one",
                rule="link-map",
                path=without,
                fix=f"name its map with {option}",
            )
    over = budget.excesses(footprint, allowed)
    if args.format == "json":
        print(json.dumps(size_report.as_data(footprint, baseline, over), indent=2))
    else:
        print("\n".join(size_report.lines(footprint, baseline)))
    if over:
        raise ErrorList([_told(one, args.budget) for one in over])
    return ExitCode.OK


def _told(excess: Excess, budget: Path) -> AwsFotaError:
    more = excess.used - excess.allowed
    return CheckFailed(
        f"takes {excess.used} bytes of {excess.memory}, {more} more than the {excess.allowed} allowed",
        rule="budget",
        path=budget,
        field=excess.group,
        fix="make it smaller, or raise the budget",
    )
