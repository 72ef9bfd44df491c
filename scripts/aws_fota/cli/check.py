# SPDX-License-Identifier: Apache-2.0
"""``check``: everything that can be known before a device is."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_fota.cli.model_options import ModelSource, add_model_arguments, model_source
from aws_fota.errors import ExitCode, InputError

if TYPE_CHECKING:
    from aws_fota.check.deployment import Deployment
    from aws_fota.check.inputs import Inputs
    from aws_fota.check.job_file import Judgement
    from aws_fota.check.judge import Report
    from aws_fota.jobdoc.model import Description


#: Of a size in memory; Python does not even read thousands.
_DIGITS_MAX = 10


def _whole(text: str) -> int:
    """A number that is not negative, for argparse."""
    value = int(text, 0)
    if value < 0:
        raise ValueError(text)
    return value


_whole.__name__ = "number"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``check``."""
    add_model_arguments(parser)
    build = parser.add_argument_group("the build")
    build.add_argument(
        "--overlay",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a Kconfig fragment above the configuration, for instance one that --fix wrote; may be repeated",
    )
    build.add_argument("--elf", type=Path, metavar="FILE", help="also take the limits that this ELF file has linked")
    build.add_argument("--board", default="", metavar="NAME", help="the board, where no .config names it")
    build.add_argument("--sdk", default="", metavar="VERSION", help="of the nRF Connect SDK, such as 2.9")
    for name in ("rx", "tx"):
        build.add_argument(
            f"--{name}-buffer",
            metavar="N|SYMBOL",
            help=f"the application's MQTT {name} buffer: its bytes, or with --elf its name",
        )
    fleet = parser.add_argument_group("the fleet and its jobs")
    fleet.add_argument("--thing", metavar="NAME", help="name of the thing")
    fleet.add_argument("--thing-length", type=_whole, metavar="N", help="longest name of a thing")
    fleet.add_argument("--job-id-length", type=_whole, default=64, metavar="N", help="longest jobId (default: 64)")
    fleet.add_argument("--job", type=Path, action="append", default=[], metavar="FILE", help="a job document")
    fleet.add_argument("--bucket", metavar="NAME", help="S3 bucket of the images")
    fleet.add_argument("--key", metavar="KEY", help="longest key of an image")
    fleet.add_argument("--region", metavar="NAME", help="of the bucket")
    fleet.add_argument("--host", metavar="NAME", help="host of the images instead of a bucket's")
    fleet.add_argument("--scheme", choices=("https", "http"), default="https", help="of the URL (default: https)")
    fleet.add_argument(
        "--signing",
        choices=("none", "sigv4", "sts"),
        help="none, SigV4 with long-term credentials, or with temporary ones (default: none)",
    )
    fleet.add_argument("--token-length", type=_whole, metavar="N", help="characters of the session token")
    fleet.add_argument("--expires", type=_whole, default=3600, metavar="S", help="life of a presigned URL (3600)")
    fleet.add_argument("--url-length", type=_whole, metavar="N", help="characters of a whole URL that was measured")
    fleet.add_argument("--image-size", type=_whole, metavar="N", help="bytes of the largest signed image")
    fleet.add_argument("--link-rate", type=_whole, metavar="N", help="slowest link in bytes a second")
    fleet.add_argument("--sec-tag", type=_whole, metavar="N", help="tag with the download server's root CA")
    fleet.add_argument(
        "--status-details", type=_whole, default=0, metavar="N", help="bytes of the statusDetails that you send"
    )
    output = parser.add_argument_group("what happens")
    output.add_argument("--fix", type=Path, metavar="FILE", help="write what mends the failures as a Kconfig fragment")
    output.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed (default: text)")


def run(args: argparse.Namespace) -> int:
    """Carry ``check`` out."""
    from aws_fota.check.judge import judge, mend
    from aws_fota.check.verdict import State

    source = model_source(args)
    inputs, judgements, description = _inputs(args, source)
    report = judge(inputs)
    if args.fix is not None:
        lines, mended = mend(inputs)
        _write_fix(args, report, mended, lines)
    if args.format == "json":
        from aws_fota.check import job_file, report_json

        jobs = [job_file.as_data(judgement, description) for judgement in judgements]
        print(json.dumps(report_json.as_data(report, jobs), indent=2))
    else:
        _print_text(report, judgements, description)
    wrong = report.of(State.FAILS) or any(judgement.result.value for judgement in judgements)
    return ExitCode.FAILED if wrong else ExitCode.OK


def _inputs(args: argparse.Namespace, source: ModelSource) -> tuple[Inputs, list[Judgement], Description]:
    from aws_fota.check.load import LENIENT, Sources, load, parser_settings
    from aws_fota.jobdoc.load import load as load_description

    deployment = _deployment(args)
    inputs = load(Sources(source.config, args.overlay, source.build), deployment)
    settings = parser_settings(inputs)
    description = load_description(source.description, settings)
    inputs = dataclasses.replace(inputs, description=description)
    judgements = []
    if args.job:
        from aws_fota.check import job_file

        for path in args.job:
            file = job_file.read(path, deployment)
            judgements.append(job_file.judge_file(file, description, settings))
            document, addresses = job_file.document(file, description, LENIENT)
            inputs = dataclasses.replace(
                inputs, documents=(*inputs.documents, document), addresses=(*inputs.addresses, *addresses)
            )
    if args.elf is not None:
        from aws_fota.check.linked import linked_limits, refuse_other_architecture

        refuse_other_architecture(args.elf, inputs.symbols.text("ARCH"))
        linked = linked_limits(args.elf, inputs.library, inputs.generation, description)
        inputs = dataclasses.replace(inputs, linked=linked, elf=str(args.elf))
    return inputs, judgements, description


def _deployment(args: argparse.Namespace) -> Deployment:
    from aws_fota.check.deployment import Deployment, Signing, check

    result = Deployment(
        thing=args.thing,
        thing_length=args.thing_length,
        job_id_length=args.job_id_length,
        bucket=args.bucket,
        key=args.key,
        region=args.region,
        scheme=args.scheme,
        signing=None if args.signing is None else Signing(args.signing),
        token_length=args.token_length,
        host=args.host,
        url_length=args.url_length,
        image_size=args.image_size,
        link_rate=args.link_rate,
        expires=args.expires,
        security_tag=args.sec_tag,
        rx_buffer=_buffer(args, "--rx-buffer", args.rx_buffer),
        tx_buffer=_buffer(args, "--tx-buffer", args.tx_buffer),
        status_details=args.status_details,
        board=args.board,
        sdk=args.sdk,
    )
    check(result)
    return result


def _buffer(args: argparse.Namespace, option: str, given: str | None) -> int | None:
    """Bytes of a buffer that was given by its size or by its name."""
    if given is None:
        return None
    if given.isascii() and given.isdecimal():
        if len(given.lstrip("0")) > _DIGITS_MAX:
            raise InputError(
                "is out of range", rule="usage", field=option, fix="give the bytes of a buffer that fits a device"
            )
        return int(given)
    if args.elf is None:
        raise InputError(
            f"'{given}' is no number of bytes", rule="usage", field=option, fix="give --elf to name a buffer in it"
        )
    from aws_fota.check.linked import buffer_size

    return buffer_size(args.elf, given)


def _write_fix(args: argparse.Namespace, report: Report, mended: Report, lines: dict[str, Any]) -> None:
    from aws_fota.check.fragment import fragment, is_fragment
    from aws_fota.check.verdict import State
    from aws_fota.output import write_atomically

    if args.fix in (args.config, *args.overlay):
        raise InputError("is read by this check", rule="usage", path=args.fix, fix="name another file for --fix")
    if args.fix.is_file() and (content := _content(args.fix)) and not is_fragment(content):
        raise InputError("is no fix that could be written again", rule="usage", path=args.fix, fix="name a new file")
    write_atomically(args.fix, fragment(lines).encode("utf-8"))
    if args.format == "text":
        left = len(mended.of(State.FAILS))
        words = f"{len(report.of(State.FAILS))} rules fail without it, {left} with it"
        args.inform(f"{args.fix}: {len(lines)} lines; {words}")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fix = "name a new file for --fix"
        raise InputError(f"cannot be read: {error.strerror or error}", rule="file", path=path, fix=fix) from error


def _print_text(report: Report, judgements: list[Judgement], description: Description) -> None:
    from aws_fota.check import report_text

    for judgement in judgements:
        from aws_fota.check import report_job

        print("\n".join(report_job.lines(judgement, description)), end="\n\n")
    print("\n".join(report_text.lines(report)))
