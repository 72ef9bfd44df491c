# SPDX-License-Identifier: Apache-2.0
"""Everything that rules are held against: the build, the jobs to come, and what was found linked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_fota.check.amounts import UNBOUNDED, Amount, exactly, largest, unknown
from aws_fota.check.deployment import THING_NAME_MAX, Address, Deployment, version
from aws_fota.check.symbols import Symbols
from aws_fota.check.verdict import Library
from aws_fota.config.dotconfig import Scalar
from aws_fota.jobdoc.model import Description

#: Our own HTTP client was chosen; without a choice it is fota_download, where that is on.
OWN_CLIENT = "AWS_FOTA_DOWNLOADER_HTTP"
#: Symbols that hold the client id, which is the thing's name.
CLIENT_ID_SYMBOLS = ("AWS_IOT_CLIENT_ID_STATIC", "SAMPLE_CLIENT_ID", "MQTT_CLIENT_ID")


@dataclass(frozen=True)
class Document:
    """A job document that was given as a file.

    Attributes:
        name: the file, as it was named.
        size: bytes of the file.
        delivered: bytes as a device gets it, placeholders signed.
        image_size: what it says the image has, None where it says nothing.
    """

    name: str
    size: int
    delivered: Amount
    image_size: int | None


@dataclass(frozen=True)
class Layout:
    """The flash of one build.

    Attributes:
        slot: bytes of the slot that images are written to.
        second_bootloader: whether there is an S1 partition; None where nothing tells.
        sector: bytes of the first sector of that slot.
        write_block: bytes that its flash writes at once.
    """

    slot: Amount = field(default_factory=lambda: unknown("-d BUILD"))
    second_bootloader: bool | None = None
    sector: Amount = field(default_factory=lambda: unknown("-d BUILD"))
    write_block: Amount = field(default_factory=lambda: unknown("-d BUILD"))


@dataclass(frozen=True)
class Linked:
    """One limit as it is in an ELF file.

    Attributes:
        symbol: of Kconfig; for a field of the job document, its name.
        value: what the linked buffer amounts to, in the unit of `symbol`.
        what: the buffer, for people.
        described: for a field of the job document, what ``aws_fota.yaml`` makes of it.
    """

    symbol: str
    value: int
    what: str
    described: int | None = None


@dataclass(frozen=True)
class Inputs:
    """One build and what it is to be ready for."""

    symbols: Symbols
    library: Library
    deployment: Deployment = field(default_factory=Deployment)
    addresses: tuple[Address, ...] = ()
    documents: tuple[Document, ...] = ()
    layout: Layout = field(default_factory=Layout)
    linked: tuple[Linked, ...] = ()
    #: The ELF file that `linked` is from; empty without one.
    elf: str = ""
    description: Description | None = None

    def with_proposed(self, lines: Mapping[str, Scalar]) -> Inputs:
        """The same build after a fix."""
        return dataclasses.replace(self, symbols=self.symbols.with_proposed(lines))

    @property
    def thing(self) -> Amount:
        """Characters of the thing's name."""
        if self.deployment.thing is not None:
            return exactly(len(self.deployment.thing), "--thing")
        if self.deployment.thing_length is not None:
            return exactly(self.deployment.thing_length, "--thing-length")
        for symbol in CLIENT_ID_SYMBOLS:
            name = self.symbols.text(symbol)
            if name:
                found = self.symbols.value(symbol)
                return exactly(len(name), f"CONFIG_{symbol}, {found[1]}" if found else symbol)
        return Amount(1, THING_NAME_MAX, "any that AWS IoT allows", "--thing")

    @property
    def job_id(self) -> Amount:
        """Characters of a jobId."""
        return exactly(self.deployment.job_id_length, "jobId")

    @property
    def host(self) -> Amount:
        """Characters of the image's host, as our module keeps it: it has a number for the port."""
        return self._of_addresses([address.host for address in self.addresses])

    @property
    def authority(self) -> Amount:
        """Characters of the image's host and port, as the nRF Connect SDK's download client is given them."""
        return self._of_addresses([address.authority for address in self.addresses])

    @property
    def path(self) -> Amount:
        """Characters of the image's path, with the leading ``/`` and the query."""
        return self._of_addresses([address.path for address in self.addresses])

    def _of_addresses(self, amounts: list[Amount]) -> Amount:
        return largest(amounts) if amounts else unknown("--bucket and --key, --url-length, or --job", 1)

    def uses(self, scheme: str) -> bool:
        """Whether some image is at a URL of this scheme."""
        return any(address.scheme == scheme for address in self.addresses)

    @property
    def https(self) -> bool:
        """Whether some image is downloaded over TLS."""
        return self.uses("https")

    @property
    def image_size(self) -> Amount:
        """Bytes of the largest image."""
        sizes = [exactly(one.image_size, f"size in {one.name}") for one in self.documents if one.image_size is not None]
        if self.deployment.image_size is not None:
            sizes.append(exactly(self.deployment.image_size, "--image-size"))
        return largest(sizes) if sizes else unknown("--image-size")

    @property
    def modem(self) -> bool:
        """Whether TLS runs in an nRF91's modem, as far as is known."""
        if self.symbols.complete or self.symbols.present("NRF_MODEM_LIB"):
            return self.symbols.is_on("NRF_MODEM_LIB")
        # As in nrf9151dk/nrf9151/ns, actinius_icarus/nrf9160 or thingy91x.
        return any(name in self.deployment.board for name in ("nrf91", "thingy91"))

    @property
    def generation(self) -> str:
        """Which download client the nRF Connect SDK has: ``2.4`` and before, ``2.x``, or ``3.x``."""
        if self.deployment.sdk:
            major, minor = version(self.deployment.sdk)
            if major >= 3:
                return "3.x"
            return "2.4" if (major, minor) <= (2, 4) else "2.x"
        if any(self.symbols.present(name) for name in ("DOWNLOADER", "DOWNLOADER_MAX_FILENAME_SIZE")):
            return "3.x"
        in_tree = self.library is Library.IN_TREE
        if in_tree and self.symbols.complete and self.symbols.present("AWS_FOTA_FILE_PATH_MAX_LEN"):
            return "2.4"
        return "2.x"

    @property
    def download_client(self) -> bool:
        """Whether the nRF Connect SDK's download client fetches images: for its own library, and below our glue."""
        if self.library is Library.IN_TREE:
            return True
        return self.symbols.is_on("FOTA_DOWNLOAD") and not self.symbols.is_on(OWN_CLIENT)

    @property
    def native_tls(self) -> bool:
        """Whether Mbed TLS, and not a modem, speaks TLS."""
        return self.symbols.is_on("NET_SOCKETS_SOCKOPT_TLS") and self.symbols.is_on("MBEDTLS") and not self.modem

    def bounded(self, symbol: str) -> Amount:
        """A limit: what an ELF file has linked where it tells, else what Kconfig says."""
        for found in self.linked:
            if found.symbol == symbol and symbol not in self.symbols.proposed:
                return exactly(found.value, f"{found.what} in {self.elf}")
        return self.symbols.number(symbol)


def without_bound(amount: Amount) -> bool:
    """Whether nothing bounds a number from above."""
    return amount.high == UNBOUNDED
