# SPDX-License-Identifier: Apache-2.0
"""Binding a port, and saying clearly why it could not be bound."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Awaitable, Callable

from aws_fota.errors import InputError

#: Seconds that an HTTP connection may wait for a whole request; S3 and AWS give no number, this one is ours.
IDLE_S = 60.0


async def listen(
    create: Callable[[int], Awaitable[asyncio.Server]], host: str, port: int, option: str
) -> tuple[asyncio.Server, int]:
    """Start a server.

    Args:
        create: starts it on `host` and the port that it is given.
        option: the command line option that gives the port.

    Returns:
        The server, and the port that it took.

    Raises:
        InputError: the address is taken, not this machine's, or not to be bound by this user.
    """
    try:
        server = await create(port)
        bound: int = server.sockets[0].getsockname()[1]
        if any(listening.getsockname()[1] != bound for listening in server.sockets):
            # A name with two addresses, as localhost often is, took a free port of each.
            server.close()
            server = await create(bound)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if isinstance(error, socket.gaierror) or getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
            raise InputError(
                f"{host} is no address of this machine: {reason}",
                rule="address",
                field="--host",
                fix="leave --host out to use 127.0.0.1, or give the address of one of this machine's interfaces",
            ) from error
        raise InputError(
            f"port {port} of {host} cannot be used: {reason}",
            rule="port",
            field=option,
            fix=f"choose another port with {option}, or 0 for a free one",
        ) from error
    return server, bound


async def stop_listening(servers: list[asyncio.Server]) -> None:
    """Close servers, and take them out of the list.

    asyncio (3.11) forgets the socket of a connection that it has accepted when its server is closed in the same turn
    of the event loop; so nothing is accepted any more first, and what was accepted gets its protocol.
    """
    loop = asyncio.get_running_loop()
    for server in servers:
        for listening in server.sockets:
            # A loop without readers, as on Windows, accepts in another way.
            with contextlib.suppress(NotImplementedError):
                loop.remove_reader(listening.fileno())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for server in servers:
        server.close()
    servers.clear()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that is bound to `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reachable(host: str) -> str:
    """The address by which others reach a server that is bound to `host`: itself, unless it means all addresses."""
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            # Connecting a UDP socket sends nothing; it only asks for the route. The addresses are for documentation.
            with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect(("192.0.2.1" if address.version == 4 else "2001:db8::1", 9))
                return str(probe.getsockname()[0])
            return "127.0.0.1" if address.version == 4 else "::1"
    return host


def authority(host: str, port: int, scheme: str = "http") -> str:
    """Host and port as they stand in a URL and in a Host header; the scheme's own port is left out, as clients do."""
    named = f"[{host}]" if ":" in host else host
    return named if port == (443 if scheme == "https" else 80) else f"{named}:{port}"
