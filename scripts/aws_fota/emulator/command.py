# SPDX-License-Identifier: Apache-2.0
"""The ``emulate`` command: the local AWS with one image and one job, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aws_fota.emulator import listening
from aws_fota.emulator.command_offer import offer
from aws_fota.emulator.command_show import View, in_red, shown
from aws_fota.emulator.emulator import OPERATOR, Emulator
from aws_fota.errors import ExitCode, InputError
from aws_fota.scenario import library
from aws_fota.scenario.model import Scenario
from aws_fota.scenario.orders import missing, told_missing

if TYPE_CHECKING:
    from aws_fota.emulator.certificates import CertificateFolder

Inform = Callable[[str], None]


@dataclass(frozen=True)
class EmulateOptions:
    """What ``emulate`` is asked for.

    Attributes:
        thing: empty to offer nothing: the AWS CLI or boto3 will.
        image: None for the same.
        api_port: of the HTTP API; None for a free one where botocore is installed, and for none elsewhere.
        fwversion: read from the image's header when empty.
        tls_port: None for no MQTT over TLS.
        https_port: None for no HTTPS.
        certificates: the folder of the certificates; None for one that is removed at the end.
        certificate_keys: the kind of new keys.
        state: the file that the state survives in; None to begin with nothing and to leave nothing.
        view: what the terminal shows.
        page_port: of the page that shows the same; None for no page.
        split_form: location as protocol, host and path, and not as a presigned URL.
        document: a job document to use as it is.
        scenario: what goes wrong; a name of the library or a file, empty for nothing.
    """

    thing: str = ""
    image: Path | None = None
    host: str = "127.0.0.1"
    mqtt_port: int = 0
    http_port: int = 0
    api_port: int | None = None
    tls_port: int | None = None
    https_port: int | None = None
    certificates: Path | None = None
    certificate_keys: str = "ec"
    state: Path | None = None
    view: View = View.AUTO
    page_port: int | None = None
    job_id: str = ""
    operation: str = "app_fw_update"
    fwversion: str = ""
    split_form: bool = False
    document: Path | None = None
    scenario: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``emulate``."""
    parser.add_argument(
        "--thing",
        default="",
        metavar="NAME",
        help="the thing that gets the job; its MQTT client id (default: none; things and jobs come over the API)",
    )
    parser.add_argument("--image", type=Path, metavar="FILE", help="the image to offer to it")
    parser.add_argument("--host", default="127.0.0.1", help="the address to bind to (default: %(default)s)")
    parser.add_argument("--mqtt-port", type=_port, default=0, metavar="N", help="default: a free one")
    parser.add_argument("--http-port", type=_port, default=0, metavar="N", help="default: a free one")
    parser.add_argument(
        "--api-port",
        type=_port,
        metavar="N",
        help="what the AWS CLI and boto3 call with --endpoint-url (default: a free one; needs botocore)",
    )
    parser.add_argument(
        "--tls-port", type=_port, metavar="N", help="MQTT over TLS with client certificates (0: a free one)"
    )
    parser.add_argument("--https-port", type=_port, metavar="N", help="HTTPS, which the URLs then use (0: a free one)")
    parser.add_argument(
        "--certificates",
        type=Path,
        metavar="DIR",
        help="where CA, server's and things' certificates are kept; those that are there are used "
        "(default: made for this run)",
    )
    parser.add_argument(
        "--certificate-keys", choices=("ec", "rsa"), default="ec", help="of new ones (default: %(default)s, P-256)"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="where things, jobs, objects and sessions survive a restart"
    )
    parser.add_argument(
        "--view",
        choices=[view.value for view in View],
        default="auto",
        help="a live view of things, jobs and progress, or lines only (default: live on a terminal)",
    )
    parser.add_argument(
        "--page-port", type=_port, metavar="N", help="a page on 127.0.0.1 with the same, live (0: a free one)"
    )
    parser.add_argument("--job-id", default="", metavar="ID", help="default: from the image's digest")
    parser.add_argument("--operation", default="app_fw_update", help="of the job document (default: %(default)s)")
    parser.add_argument("--fwversion", default="", metavar="V", help="default: read from the image's header")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--url-form", dest="split_form", action="store_false", help="location as one presigned URL (the default)"
    )
    form.add_argument(
        "--split-form", dest="split_form", action="store_true", help="location as protocol, host and path, unsigned"
    )
    form.add_argument("--document", type=Path, metavar="FILE", help="a job document to use as it is")
    parser.set_defaults(split_form=False)
    parser.add_argument(
        "--scenario",
        default="",
        metavar="NAME",
        help="what goes wrong with downloads and messages: a name of the library, or a file (see doc/scenarios.md)",
    )


def run(args: argparse.Namespace) -> int:
    """Carry out ``emulate``; see :func:`run_emulate`."""
    inform: Inform = getattr(args, "inform", print)
    options = EmulateOptions(
        thing=args.thing,
        image=args.image,
        host=args.host,
        mqtt_port=args.mqtt_port,
        http_port=args.http_port,
        api_port=args.api_port,
        tls_port=args.tls_port,
        https_port=args.https_port,
        certificates=args.certificates,
        certificate_keys=args.certificate_keys,
        state=args.state,
        view=View(args.view),
        page_port=args.page_port,
        job_id=args.job_id,
        operation=args.operation,
        fwversion=args.fwversion,
        split_form=args.split_form,
        document=args.document,
        scenario=args.scenario,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_emulate(options, inform))
    return ExitCode.OK


async def run_emulate(options: EmulateOptions, inform: Inform, stop: asyncio.Event | None = None) -> None:
    """Run the local AWS with one job until `stop` is set, or until SIGINT or SIGTERM without one.

    Args:
        options: what to offer, to whom.
        inform: tells people one line.

    Raises:
        InputError: image, document, names, ports or the state file cannot be used; nothing listens then.
        EnvironmentLacks: the state cannot be kept any more, or a port of the API is given and botocore is missing.
    """
    image = _image_of(options)
    scenario = _scenario(options.scenario)
    api_port = options.api_port
    if api_port is None and importlib.util.find_spec("botocore") is not None:
        api_port = 0
    with contextlib.ExitStack() as exits:
        if stop is None:
            stop = asyncio.Event()
            exits.enter_context(_stopped_by_signals(stop))
        certificates = _certificates(options, exits)
        async with Emulator(
            host=options.host,
            mqtt_port=options.mqtt_port,
            http_port=options.http_port,
            api_port=api_port,
            tls_port=options.tls_port,
            https_port=options.https_port,
            certificates=certificates,
            state=options.state,
        ) as emulator:
            offered, orders = ([], []) if image is None else offer(emulator, image, options, scenario)
            if not listening.is_loopback(options.host):
                inform(in_red(f"warning: whoever reaches {emulator.host} can take part; nothing asks for a password"))
            _tell(inform, "MQTT broker", f"{emulator.host}:{emulator.mqtt_port} (3.1.1, no TLS)")
            _tell(inform, "HTTP", f"{emulator.host}:{emulator.http_port}")
            for name, value in offered:
                _tell(inform, name, value)
            _tell_of_api(emulator, inform)
            if certificates is not None:
                _tell_of_tls(emulator, certificates, inform)
            async with shown(emulator, options.view, options.page_port, inform):
                inform("Ctrl-C ends it.")
                await _stopped(stop, emulator)
        if never := told_missing(missing(orders)):
            inform(in_red(never))
        inform("ended")


async def _stopped(stop: asyncio.Event, emulator: Emulator) -> None:
    """Wait until `stop` is set.

    Raises:
        EnvironmentLacks: the state cannot be kept any more.
    """
    stopping, failing = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(emulator.failed())
    await asyncio.wait({stopping, failing}, return_when=asyncio.FIRST_COMPLETED)
    failed = failing.done()
    stopping.cancel()
    failing.cancel()
    if failed:
        raise failing.result()


def _scenario(name: str) -> Scenario | None:
    """The scenario, which must ask for nothing that only a virtual device can do."""
    if not name:
        return None
    scenario = library.find(name)
    if scenario.events or scenario.self_test != "passes" or scenario.image_size is not None:
        raise InputError(
            f"'{name}' says what the device does, and here that is a real one",
            rule="scenario",
            field="--scenario",
            fix="use one without 'events' and 'device', or run it with 'aws-fota simulate'",
        )
    return scenario


def _tell(inform: Inform, name: str, value: str) -> None:
    inform(f"{name + ':':<14}{value}")


def _tell_of_api(emulator: Emulator, inform: Inform) -> None:
    if emulator.api_port is None:
        _tell(inform, "API", "none, since botocore is missing: pip install 'west-aws-fota[aws]'")
        return
    url = f"http://{listening.authority(emulator.host, emulator.api_port)}"
    _tell(inform, "API", f"{url} (--endpoint-url of the AWS CLI, endpoint_url of boto3)")
    _tell(inform, "access key", f"{OPERATOR.access_key}, secret {OPERATOR.secret_key}, region {OPERATOR.region}")


def _certificates(options: EmulateOptions, exits: contextlib.ExitStack) -> CertificateFolder | None:
    if options.tls_port is None and options.https_port is None:
        if options.certificates is not None:
            raise InputError(
                "nothing listens with TLS",
                rule="certificates",
                field="--certificates",
                fix="add --tls-port 0 or --https-port 0",
            )
        return None
    # cryptography is imported only by those who want TLS.
    from aws_fota.emulator.certificates import CertificateFolder, KeyKind

    folder = options.certificates
    if folder is None:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="aws-fota-certificates-")))
    return CertificateFolder(folder, KeyKind(options.certificate_keys))


def _tell_of_tls(emulator: Emulator, certificates: CertificateFolder, inform: Inform) -> None:
    if emulator.tls_port is not None:
        _tell(inform, "MQTT TLS", f"{emulator.host}:{emulator.tls_port} (3.1.1, with a client certificate)")
    if emulator.https_port is not None:
        _tell(inform, "HTTPS", f"{emulator.host}:{emulator.https_port}")
    _tell(inform, "CA", str(certificates.folder / "ca.crt"))
    for thing in sorted(emulator.service.ledger.things):
        _tell(inform, "certificate", f"{certificates.issue(thing)} (ca.crt, device.crt, device.key, and .der)")


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set `stop`. Where the loop knows no signals (Windows), Ctrl-C ends asyncio.run instead."""
    loop = asyncio.get_running_loop()
    caught = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
            caught.append(number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


def _image_of(options: EmulateOptions) -> bytes | None:
    if bool(options.thing) != (options.image is not None):
        raise InputError(
            "the image to offer and the thing that gets it belong together",
            rule="offer",
            field="--image" if options.image is None else "--thing",
            fix="give --thing and --image, or neither to offer nothing",
        )
    if options.image is not None:
        return _read_image(options.image)
    if options.scenario:
        raise InputError(
            "nothing is offered that could go wrong",
            rule="scenario",
            field="--scenario",
            fix="give --thing and --image, or leave --scenario out",
        )
    of_the_job = {
        "--document": options.document is not None,
        "--job-id": bool(options.job_id),
        "--fwversion": bool(options.fwversion),
        "--split-form": options.split_form,
    }
    for option in (option for option, given in of_the_job.items() if given):
        raise InputError(
            "belongs to a job, and none is offered",
            rule="offer",
            field=option,
            fix=f"give --thing and --image, or leave {option} out",
        )
    return None


def _read_image(path: Path) -> bytes:
    try:
        image = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", rule="image", path=path, field="--image", fix="name an image file"
        ) from error
    if not image:
        raise InputError("is empty", rule="image", path=path, field="--image", fix="name an image file")
    return image


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535, 0 for a free one")
    return port
