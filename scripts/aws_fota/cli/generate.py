# SPDX-License-Identifier: Apache-2.0
"""``generate``: write the C module for a build, or check the one that is there."""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

from aws_fota.cli import generate_report
from aws_fota.cli.model_options import ModelSource, add_model_arguments, model_source
from aws_fota.errors import CheckFailed, ExitCode, InputError

#: Where the module goes without -o: below the build folder of -d, else below the current folder. In the top folder of
#: a west workspace it is that of the manifest repository, if there is one.
DEFAULT_FOLDER = "generated"
DEFAULT_FOLDER_IN_BUILD = "aws_fota/generated"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``generate``."""
    add_model_arguments(parser)
    output = parser.add_argument_group("what happens to it")
    output.add_argument(
        "-o",
        "--output",
        type=_folder,
        metavar="DIR",
        help=f"the folder of the module (default: {DEFAULT_FOLDER}, with -d BUILD/{DEFAULT_FOLDER_IN_BUILD})",
    )
    mode = output.add_mutually_exclusive_group()
    mode.add_argument(
        "--check", action="store_true", help="write nothing; show a diff and exit with 1 if DIR is not up to date"
    )
    mode.add_argument("--dry-run", action="store_true", help="write nothing; say what would be done")
    mode.add_argument(
        "--print",
        choices=("transitions-markdown", "transitions-mermaid"),
        help="write nothing; print the engine's transition table, of every build together",
    )
    output.add_argument(
        "--judge",
        action="store_true",
        help="first hold the configuration against the rules of `check` that need nothing else; 1 if one fails",
    )
    output.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed (default: text)")
    output.add_argument("--depfile", type=Path, metavar="FILE", help="also write a Make rule with everything read")


def run(args: argparse.Namespace) -> int:
    """Carry ``generate`` out."""
    if args.print:
        return _print(args.print)
    with _without_collections():
        return _generate(args)


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """No garbage collections: importing makes many objects and next to no garbage, and they take 7 % of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _generate(args: argparse.Namespace) -> int:
    # Not at the top: ``generate --help`` does without Jinja.
    from aws_fota.codegen import depfile, output_folder
    from aws_fota.codegen.generate import generate

    if args.depfile and (args.check or args.dry_run):
        raise InputError(
            "is written together with the module only",
            rule="usage",
            field="--depfile",
            fix="leave it out beside --check and --dry-run",
        )
    source = model_source(args)
    if args.judge and _rules_fail(source):
        return ExitCode.FAILED
    folder = args.output or _default_folder(source.build, getattr(args, "home", Path()))
    result = generate(source.model())
    inputs = [source.description, source.config]
    if args.depfile:
        depfile.refuse_overwriting(args.depfile, folder, result, inputs)
    with output_folder.alone(folder, writing=not (args.check or args.dry_run)):
        comparisons = output_folder.compare(result, folder)
        if args.dry_run:
            output_folder.refuse_foreign(comparisons, folder)
        elif not args.check:
            output_folder.apply(comparisons, folder)
            if args.depfile:
                depfile.write(args.depfile, folder, result, inputs)
    if args.format == "json":
        print(generate_report.as_json(comparisons, folder, source, generate_report.mode_of(args)))
    elif args.check:
        generate_report.print_diff(comparisons, folder)
    else:
        for line in generate_report.lines(comparisons, folder, source, args.dry_run):
            args.inform(line)
    failure = generate_report.failure(comparisons, folder) if args.check else ""
    if failure:
        raise CheckFailed(failure, rule="generated", path=folder, fix="run the same command without --check")
    return ExitCode.OK


def _rules_fail(source: ModelSource) -> bool:
    """Whether a rule of ``check`` fails by the configuration alone; tells it on stderr, stdout being for the files."""
    from aws_fota.check import report_text
    from aws_fota.check.deployment import Deployment
    from aws_fota.check.judge import judge, mend
    from aws_fota.check.load import Sources, load
    from aws_fota.check.verdict import State

    # Not the build folder: the image in it is the one before this configuration.
    inputs = load(Sources(source.config), Deployment())
    report = judge(inputs)
    if not report.of(State.FAILS):
        return False
    print("\n".join(report_text.failures(report, *mend(inputs))), file=sys.stderr)
    return True


def _print(what: str) -> int:
    from aws_fota.codegen import engine_document

    print(engine_document.as_markdown() if what == "transitions-markdown" else engine_document.as_mermaid(), end="")
    return ExitCode.OK


def _folder(text: str) -> Path:
    """A folder's name from the command line; an empty one is a shell variable that is not set, and not `.`."""
    if not text:
        raise argparse.ArgumentTypeError("the name of the folder is empty")
    return Path(text)


def _default_folder(build: Path | None, home: Path) -> Path:
    if build is not None:
        return build / DEFAULT_FOLDER_IN_BUILD
    elsewhere = home / DEFAULT_FOLDER
    return elsewhere if elsewhere.is_dir() else Path(DEFAULT_FOLDER)
