# SPDX-License-Identifier: Apache-2.0
"""A bench with TLS and client certificates."""

from __future__ import annotations

from pathlib import Path

from bench import THING, Bench

from aws_fota.emulator.certificates import CertificateFolder
from aws_fota.emulator.emulator_thread import EmulatorThread

#: A name that the emulator's certificates are for.
HOST = "localhost"


class SecureBench(Bench):
    """A bench whose device has what the emulator's authority gave it, and knows the port with TLS only."""

    def __init__(self, executable: Path, aws: EmulatorThread, folder: Path, authority: CertificateFolder) -> None:
        super().__init__(executable, aws, folder)
        self.trust(authority.issue(THING))

    def trust(self, credentials: Path) -> None:
        """Give the device other credentials."""
        port = self.aws.emulator.tls_port
        self.options = [f"-broker={HOST}", f"-port={port}", f"-credentials={credentials}"]

    def refused(self) -> str:
        """Why the gateway refused the device; it never came to a CONNECT."""
        trace = self.aws.emulator.trace
        entry = self.aws.wait(trace.wait(lambda it: it.kind == "REFUSED", 30))
        assert trace.find("CONNECT") == []
        return str(entry.note)
