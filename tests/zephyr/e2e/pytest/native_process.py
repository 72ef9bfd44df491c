# SPDX-License-Identifier: Apache-2.0
"""One run of the native_sim executable, with its log."""

from __future__ import annotations

import re
import subprocess
import threading
from pathlib import Path

#: Seconds. Nothing here takes longer than a few, on a machine that does nothing else.
PATIENCE = 60.0

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class NativeProcess:
    """A device that runs until it ends by itself, or is killed as by a power cut.

    Args:
        executable: ``zephyr.exe``.
        arguments: its command line.
        log: the file that its output is appended to.
    """

    def __init__(self, executable: Path, arguments: list[str], log: Path) -> None:
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self._ended = False
        self._log = log
        self._process = subprocess.Popen(
            [str(executable), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> NativeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def wait_for(self, pattern: str, timeout: float = PATIENCE) -> re.Match[str]:
        """The first line of this run that matches `pattern`, as soon as it is there."""
        found: re.Match[str] | None = None
        seen = 0

        def there() -> bool:
            nonlocal found, seen
            while found is None and seen < len(self.lines):
                found = re.search(pattern, self.lines[seen])
                seen += 1
            return found is not None or self._ended

        with self._grown:
            in_time = self._grown.wait_for(there, timeout)
        if found is None:
            why = "ended" if in_time else f"said nothing of it in {timeout} s"
            raise AssertionError(f"no line matches '{pattern}', the device {why}:\n" + "\n".join(self.lines))
        return found

    def wait_end(self, timeout: float = PATIENCE) -> int:
        """The exit code, once the process has ended by itself."""
        code = self._process.wait(timeout)
        self._reader.join(timeout)
        return code

    def kill(self) -> None:
        """Cut the power."""
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output, self._log.open("a") as log:
            for line in output:
                log.write(line)
                with self._grown:
                    self.lines.append(_COLOUR.sub("", line.rstrip("\n")))
                    self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()
