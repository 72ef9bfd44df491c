# SPDX-License-Identifier: Apache-2.0
"""Running a command: the one place where errors become messages and exit codes."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import shlex
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, TextIO, cast

from aws_fota import resources
from aws_fota.cli.commands import COMMANDS
from aws_fota.errors import AwsFotaError, EnvironmentLacks, ErrorList, ExitCode

#: What a shell reports for a program that Ctrl-C ended (128 + SIGINT), and for one whose reader went away (+ SIGPIPE).
INTERRUPTED = 130
READER_GONE = 141
#: A defect of this program; sysexits.h calls it EX_SOFTWARE.
DEFECT = 70

#: What a write says for which there is no room.
_FULL = (errno.ENOSPC, errno.EDQUOT)


def run(argv: Sequence[str] | None = None) -> int:
    """The console script ``aws-fota``.

    Args:
        argv: the arguments, without the program's name; None for those of the process.

    Returns:
        The exit code. What argparse itself ends (``--help``, wrong usage) is returned too.
    """
    from aws_fota.cli.parser import parser

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character must not end the program.
            stream.reconfigure(errors="backslashreplace")

    def parsed() -> int:
        args = parser().parse_args(argv)
        args.inform = print
        return _dispatch(args)

    return _guarded(parsed, "--debug" in (sys.argv[1:] if argv is None else argv))


def execute(args: argparse.Namespace) -> int:
    """Carry out a command whose arguments were parsed, by :func:`aws_fota.cli.parser.add_commands`, elsewhere.

    Args:
        args: with ``inform``, a function that tells people a line of text.
    """
    return _guarded(lambda: _dispatch(args), args.debug)


def ended_by(error: Exception, debug: bool) -> int:
    """Tell an error that ends the program before a command is carried out.

    Returns:
        The exit code.
    """

    def failed() -> int:
        raise error

    return _coded(failed, debug)


def _dispatch(args: argparse.Namespace) -> int:
    return int(COMMANDS[args.aws_fota_command].load().run(args))


class _Terminated(KeyboardInterrupt):
    """Somebody else than Ctrl-C ended the program; unwinds it as Ctrl-C does, so that no temporary file is left.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated(number)


@contextlib.contextmanager
def _unwound_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP raise :class:`_Terminated`, where nobody has other plans with them."""
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    ours = []
    if threading.current_thread() is threading.main_thread():
        ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


class _Watched:
    """The standard output, remembering how it failed: a broken pipe elsewhere, say of a socket, is another matter."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self.failure = error
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _guarded(action: Callable[[], int], debug: bool) -> int:
    # A shell's >&- leaves none, which print() takes and others do not.
    stdout = sys.stdout or io.StringIO()
    watched = _Watched(stdout)
    sys.stdout = cast(TextIO, watched)
    try:
        with _unwound_by_signals():
            code = _coded(action, debug)
        watched.flush()
    except OSError as error:
        return _stdout_failed(stdout, error)
    finally:
        sys.stdout = stdout
    return code


def _coded(action: Callable[[], int], debug: bool) -> int:
    """What `action` returns, or the exit code of what it raises; only a failure of stdout goes on."""
    try:
        return action()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ExitCode.OK if ended.code is None else ExitCode.USAGE
    except _Terminated as ended:
        _tell("terminated")
        return 128 + ended.number
    except KeyboardInterrupt:
        _tell("interrupted")
        return INTERRUPTED
    except AwsFotaError as error:
        _show(debug)
        _tell_all(error)
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "aws_fota":
            return _defect(error, debug)
        _show(debug)
        lacks = _missing_package(error.name)
        _tell_all(lacks)
        return lacks.exit_code
    except Exception as error:
        if error is cast(_Watched, sys.stdout).failure:
            raise
        if isinstance(error, OSError) and error.errno in _FULL:
            _show(debug)
            full = _disk_is_full(error)
            _tell_all(full)
            return full.exit_code
        return _defect(error, debug)


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):
        print(f"aws-fota: {text}", file=sys.stderr)


def _tell_all(error: AwsFotaError) -> None:
    for single in error.errors if isinstance(error, ErrorList) else [error]:
        _tell(f"error: {single}")


def _show(debug: bool) -> None:
    if debug:
        traceback.print_exc()


#: Packages of scripts/requirements.txt, as they are imported: all that a Zephyr workspace needs.
_REQUIRED = ("elftools", "jinja2", "pykwalify", "yaml")


def _missing_package(name: str) -> EnvironmentLacks:
    extras = ",".join(sorted({extra for command in COMMANDS.values() for extra in command.extra.split(",") if extra}))
    package, root = name.split(".")[0], resources.checkout()
    if root is None:
        wanted = f"'west-aws-fota[{extras}]'"
    elif package in _REQUIRED:
        wanted = f"-r {shlex.quote(str(root / 'scripts/requirements.txt'))}"
    else:
        wanted = shlex.quote(f"{root}[{extras}]")
    return EnvironmentLacks(
        f"the Python package '{package}' is missing",
        rule="python-package",
        fix=f"install it with: {shlex.quote(sys.executable)} -m pip install {wanted}",
    )


def _disk_is_full(error: OSError) -> EnvironmentLacks:
    where = error.filename if isinstance(error.filename, str) else tempfile.gettempdir()
    return EnvironmentLacks(
        f"a temporary file cannot be written: {error.strerror}",
        rule="disk-space",
        path=where,
        fix="make room there, or set TMPDIR to a folder with some",
    )


def _defect(error: Exception, debug: bool) -> int:
    """One line that says that it is our fault, and how to tell us."""
    _show(debug)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    what = " ".join(f"{type(error).__name__}: {error}".split())
    how = "please report it with what is above" if debug else "please report it with what --debug shows"
    _tell(f"error: this is a defect of west-aws-fota: {what} ({Path(frame.filename).name}:{frame.lineno}); {how}")
    return DEFECT


def _stdout_failed(stdout: TextIO, error: OSError) -> int:
    # What is still in the buffer cannot be delivered; Python's own flush at the end must not fail over it again.
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stdout.fileno())
        os.close(nowhere)
    if isinstance(error, BrokenPipeError):
        return READER_GONE
    lacks = EnvironmentLacks(
        f"the standard output cannot be written: {error.strerror or error}",
        rule="output",
        fix="send it to a place that can be written to",
    )
    _tell_all(lacks)
    return lacks.exit_code
