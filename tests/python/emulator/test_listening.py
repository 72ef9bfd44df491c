# SPDX-License-Identifier: Apache-2.0
"""Binding ports."""

from __future__ import annotations

import asyncio

from aws_fota.emulator.listening import listen, stop_listening


def test_a_host_with_two_addresses_has_one_free_port() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        addresses = ["127.0.0.1", "127.0.0.2"]
        server, port = await listen(
            lambda free: loop.create_server(asyncio.Protocol, addresses, free), "two.example", 0, "--mqtt-port"
        )
        assert {listening.getsockname() for listening in server.sockets} == {(address, port) for address in addresses}
        for address in addresses:
            _, writer = await asyncio.open_connection(address, port)
            writer.close()
        await stop_listening([server])

    asyncio.run(test())
