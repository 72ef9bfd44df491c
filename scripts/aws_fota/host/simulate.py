# SPDX-License-Identifier: Apache-2.0
"""``simulate``: the local AWS and a virtual device, one whole update, and what went to and fro."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from aws_fota.cli.model_options import add_model_arguments, model_source
from aws_fota.codegen.model import Model
from aws_fota.emulator import jobs_documents
from aws_fota.emulator.clock import ShiftedClock
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.jobs_model import Execution, JobConfig, Status
from aws_fota.errors import ExitCode, InputError
from aws_fota.host.bootloader import Bootloader
from aws_fota.host.build_cache import build
from aws_fota.host.device_settings import DeviceSettings
from aws_fota.host.image import read_image
from aws_fota.host.job_document import Offer, job_document
from aws_fota.host.library import Core
from aws_fota.host.mqtt_link import Endpoint
from aws_fota.host.scenario_run import ScenarioRun, Update
from aws_fota.host.simulate_images import Images, images_around, made_images
from aws_fota.host.simulate_progress import ProgressDisplay
from aws_fota.host.slot import Flash
from aws_fota.output import write_all
from aws_fota.report.diagram_svg import svg_diagram
from aws_fota.report.diagram_text import text_diagram
from aws_fota.report.sequence import sequence
from aws_fota.report.trace import Entry, Trace
from aws_fota.scenario import library
from aws_fota.scenario.model import Scenario
from aws_fota.scenario.orders import Order, missing, order_all, told_missing

JOB_ID = "update-1"
BUCKET = "firmware"
_REGION = "eu-west-1"

#: Without a scenario everything goes well.
_PLAIN = Scenario("", "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``simulate``."""
    add_model_arguments(parser)
    update = parser.add_argument_group("the update")
    update.add_argument(
        "--image",
        type=Path,
        metavar="FILE",
        help="a signed image to install (default: one of 256 KiB made on the spot)",
    )
    update.add_argument("--thing", default="demo", metavar="NAME", help="the thing name (default: demo)")
    update.add_argument(
        "--scenario",
        metavar="NAME",
        help="what goes wrong, and how it is to end: a name of the library, or a file (see doc/scenarios.md)",
    )
    update.add_argument("--list-scenarios", action="store_true", help="print the scenarios of the library, and end")
    update.add_argument(
        "--latency", type=_milliseconds, default=20, metavar="MS", help="of each answer to a download (default: 20)"
    )
    update.add_argument(
        "--speed",
        type=_factor,
        default=1.0,
        metavar="N",
        help="let the device's waits pass N times faster (default: 1)",
    )
    update.add_argument(
        "--timeout", type=_seconds, default=300.0, metavar="S", help="give up after so many seconds (default: 300)"
    )
    update.add_argument(
        "--mqtt-port", type=_port, default=0, metavar="PORT", help="of the broker (default: a free one)"
    )
    update.add_argument(
        "--http-port", type=_port, default=0, metavar="PORT", help="of the download server (default: a free one)"
    )
    output = parser.add_argument_group("what it leaves")
    output.add_argument(
        "--trace",
        type=Path,
        default=Path("simulation/trace.jsonl"),
        metavar="FILE",
        help="everything that happened, as JSON lines (default: simulation/trace.jsonl)",
    )
    output.add_argument(
        "--svg",
        type=Path,
        default=Path("simulation/sequence.svg"),
        metavar="FILE",
        help="the sequence of messages (default: simulation/sequence.svg)",
    )
    output.add_argument("--no-color", action="store_true", help="print without colours")


def run(args: argparse.Namespace) -> int:
    """Carry ``simulate`` out."""
    if args.list_scenarios:
        return _list_scenarios()
    if args.trace.resolve() == args.svg.resolve() and not args.svg.is_char_device():
        raise InputError(
            "is wanted for the trace and for the diagram",
            rule="output",
            path=args.svg,
            fix="give --trace and --svg different names",
        )
    scenario = library.find(args.scenario) if args.scenario else _PLAIN
    source = model_source(args)
    model = source.model()
    images = images_around(args.image) if args.image else made_images(scenario.image_size)
    built = build(model)
    how = "compiled" if built.fresh else "compiled before"
    print(f"module generated from {source.words}, {how}", file=sys.stderr)
    core = Core(built)
    trace = Trace()
    with tempfile.TemporaryDirectory(prefix="aws-fota-") as folder:
        outcome = _simulate(args, scenario, model, core, images, trace, Path(folder))
    _write(args, images, trace, outcome)
    return _tell(args, scenario, images, outcome)


@dataclass(frozen=True)
class _Outcome:
    """How a simulation ended.

    Attributes:
        status: of the job on the device, in AWS.
        details: its statusDetails in words; empty where they say nothing.
        unexpected: what is not as the scenario says; empty when all is.
        entries: the trace up to the end of the job.
    """

    status: Status
    details: str
    unexpected: str
    entries: tuple[Entry, ...]


def _simulate(
    args: argparse.Namespace,
    scenario: Scenario,
    model: Model,
    core: Core,
    images: Images,
    trace: Trace,
    folder: Path,
) -> _Outcome:
    Flash.create(folder / "flash.bin", images.slot_size, images.running).close()
    clock = ShiftedClock()
    with EmulatorThread(mqtt_port=args.mqtt_port, http_port=args.http_port, clock=clock) as aws:
        orders = _offer(args, scenario, model, images, aws)
        settings = DeviceSettings(
            args.thing,
            Endpoint(aws.emulator.host, aws.emulator.mqtt_port),
            folder / "flash.bin",
            folder / "record.bin",
            images.key,
            time_scale=1 / args.speed,
        )
        run = ScenarioRun(core, settings, scenario, Update(JOB_ID, args.thing), aws, clock, trace)
        with run, ProgressDisplay(color=not args.no_color) as display:
            end = run.watch(display.show, time.monotonic() + args.timeout)
        execution = aws.call(aws.emulator.execution, JOB_ID, args.thing)
    entries = trace.entries[: end.number] if end else trace.entries
    with Flash(settings.flash) as flash:
        confirmed = Bootloader(flash).confirmed
        installed = read_image(flash.primary.read()).hash == images.offered_image.hash
    unexpected = _timeless(args, end, execution) or _unexpected(scenario, execution) or _missed(orders, run)
    if not unexpected and installed is not (execution.status is Status.SUCCEEDED):
        unexpected = f"the job is {execution.status}, but the {'new' if installed else 'old'} image runs"
    if not unexpected and not confirmed:
        unexpected = f"the job is {execution.status}, but the image that runs is not confirmed"
    return _Outcome(execution.status, _details(execution), unexpected, entries)


def _offer(
    args: argparse.Namespace, scenario: Scenario, model: Model, images: Images, aws: EmulatorThread
) -> list[Order]:
    """Upload the image, make the job, and order what goes wrong."""
    emulator = aws.emulator
    key = f"app-{images.offered_image.version}.bin"
    aws.call(emulator.create_thing, args.thing)
    # Public, because a document that holds the parts of a URL cannot hold a signature.
    stored = aws.call(emulator.upload, BUCKET, key, images.offered, public=True)
    orders = aws.call(order_all, emulator, scenario, args.thing, stored)
    for fault in stored.faults:
        fault.chunk_delay_s = fault.chunk_delay_s or args.latency / 1000
    stored.faults.append(HttpFault(chunk_delay_s=args.latency / 1000, times=None))
    placeholder = jobs_documents.placeholder(f"https://s3.{_REGION}.amazonaws.com/{BUCKET}/{key}")
    offer = Offer(
        f"v{images.offered_image.version}",
        len(images.offered),
        hashlib.sha256(images.offered).digest(),
        emulator.object_url(stored),
        placeholder,
    )
    document = scenario.changed(job_document(model.description, offer))
    config = JobConfig(in_progress_timeout_minutes=scenario.in_progress_timeout_minutes)
    aws.call(emulator.create_job, JOB_ID, document, [args.thing], config)
    return orders


def _timeless(args: argparse.Namespace, end: Entry | None, execution: Execution) -> str:
    return "" if end else f"did not end within {args.timeout:g} seconds, the job is {execution.status}"


def _unexpected(scenario: Scenario, execution: Execution) -> str:
    """How the job ended, if it is not as the scenario says; else empty."""
    expected, reason = scenario.expect, execution.status_details.get("reason", "")
    if execution.status is not expected.status or (expected.reason and expected.reason != reason):
        wanted = f"{expected.status}{f': {expected.reason}' if expected.reason else ''}"
        told = f"the job is {execution.status}{_details(execution)}"
        return told if scenario is _PLAIN else f"{told}; the scenario says {wanted}"
    return ""


def _missed(orders: Sequence[Order], run: ScenarioRun) -> str:
    """What of the scenario never happened, so that its end shows nothing; empty when all did."""
    return told_missing(missing(orders) + [(event.line, event.do) for event in run.missed])


def _details(execution: Execution) -> str:
    """What statusDetails say besides the progress, to stand behind the status."""
    details = dict(execution.status_details)
    details.pop("progress", None)
    reason = details.pop("reason", "")
    more = ", ".join(f"{name} {value}" for name, value in details.items())
    return f"{f': {reason}' if reason else ''}{f' ({more})' if more else ''}"


def _write(args: argparse.Namespace, images: Images, trace: Trace, outcome: _Outcome) -> None:
    steps = sequence(outcome.entries)
    title = f"{JOB_ID}: {images.running_version} to {images.offered_image.version}"
    result = outcome.unexpected or f"{outcome.status}{outcome.details}"
    sys.stdout.write(text_diagram(steps, sys.stdout.encoding or "ascii"))
    write_all({args.trace: trace.json_lines(), args.svg: svg_diagram(steps, f"{title}, {result}")})


class _Console(Console):
    """Leaves a reader that went away to the one place where errors become exit codes; rich's own would be 1."""

    def on_broken_pipe(self) -> None:
        raise


def _tell(args: argparse.Namespace, scenario: Scenario, images: Images, outcome: _Outcome) -> int:
    console = _Console(color_system=None if args.no_color else "auto", highlight=False, soft_wrap=True)
    versions = f"{images.running_version} to {images.offered_image.version}"
    if outcome.unexpected:
        console.print("FAILED", style="bold red", end="     ")
        console.print(outcome.unexpected, markup=False)
    elif outcome.status is Status.SUCCEEDED:
        console.print("SUCCEEDED", style="bold green", end="  ")
        console.print(f"{versions}, running and confirmed", markup=False)
    else:
        console.print("EXPECTED", style="bold green", end="   ")
        console.print(f"the job is {outcome.status}{outcome.details}", markup=False)
    if scenario is not _PLAIN:
        console.print(f"scenario   {scenario.name}: {scenario.summary}", markup=False)
    console.print(
        f"sha256     {hashlib.sha256(images.offered).hexdigest()}  ({len(images.offered)} bytes)", markup=False
    )
    console.print(f"trace      {args.trace}", markup=False)
    console.print(f"diagram    {args.svg}", markup=False)
    return ExitCode.FAILED if outcome.unexpected else ExitCode.OK


def _list_scenarios() -> int:
    names = library.names()
    width = max(map(len, names))
    for name in names:
        print(f"{name:<{width}}  {library.find(name).summary}")
    return ExitCode.OK


def _port(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not a port")
    return int(_number(text, 0, 65535))


def _milliseconds(text: str) -> float:
    return _number(text, 0, 60_000)


def _factor(text: str) -> float:
    return _number(text, 0.01, 1000)


def _seconds(text: str) -> float:
    return _number(text, 1, 86_400)


def _number(text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from {low:g} to {high:g}")
    return value
