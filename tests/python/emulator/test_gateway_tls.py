# SPDX-License-Identifier: Apache-2.0
"""TLS: a certificate belongs to one thing and reaches only its topics; strangers are refused and the others go on."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from mqtt_bench import PATIENCE, MqttBench, RawClient, bench, connect, publish, run, subscribe

from aws_fota.emulator import certificates
from aws_fota.emulator.certificates import CertificateFolder, KeyKind
from aws_fota.emulator.emulator import Emulator
from aws_fota.emulator.gateway_policy import Identity


def context(authority: Path, given: Path | None = None) -> ssl.SSLContext:
    """A client's side: it trusts the authority in a folder, and shows what a thing was given."""
    made = ssl.create_default_context(cafile=str(authority / "ca.crt"))
    if given is not None:
        made.load_cert_chain(given / "device.crt", given / "device.key")
    return made


class TlsBench:
    """An emulator that listens with TLS, and clients that do."""

    def __init__(self, mqtt: MqttBench, folder: Path) -> None:
        self.mqtt = mqtt
        self.emulator = mqtt.emulator
        self.folder = folder

    async def open(self, given: Path | None) -> RawClient:
        assert self.emulator.tls_port is not None
        streams = await asyncio.open_connection(
            "127.0.0.1", self.emulator.tls_port, ssl=context(self.folder, given), server_hostname="localhost"
        )
        return self.mqtt.keep(RawClient(*streams))

    async def device(self, thing: str) -> RawClient:
        client = await self.open(self.folder / "things" / thing)
        client.send(connect(thing))
        await client.expect(0x20, b"\0\0")
        return client

    async def refused(self, given: Path | None) -> str:
        """Why a client is refused; nothing of what it sends is answered."""
        with contextlib.suppress(OSError):
            client = await self.open(given)
            client.send(connect("lamp"))
            # With TLS 1.3 a client believes that it is connected until it hears otherwise.
            assert await client.ended() == b""
        entry = await self.emulator.trace.wait(lambda it: it.kind == "REFUSED", PATIENCE)
        assert len(self.emulator.trace.find("REFUSED")) == 1
        return entry.note


@contextlib.asynccontextmanager
async def tls_bench(folder: Path, keys: KeyKind = KeyKind.EC) -> AsyncIterator[TlsBench]:
    async with bench(tls_port=0, https_port=0, certificates=CertificateFolder(folder, keys)) as mqtt:
        yield TlsBench(mqtt, folder)


@pytest.mark.parametrize("keys", KeyKind)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_thing_is_served_over_tls(
    keys: KeyKind, version: ssl.TLSVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with tls_bench(tmp_path, keys) as tls:
            lamp = await tls.device("lamp")
            topic = "$aws/things/lamp/jobs/get"
            assert (await lamp.ask(topic, packet_id=1)).topic == f"{topic}/accepted"

    plain = context

    def pinned(authority: Path, given: Path | None = None) -> ssl.SSLContext:
        made = plain(authority, given)
        made.minimum_version = made.maximum_version = version
        return made

    monkeypatch.setitem(globals(), "context", pinned)
    run(test())


def test_a_client_id_other_than_the_certificates_is_refused(tmp_path: Path) -> None:
    async def test() -> None:
        async with tls_bench(tmp_path) as tls:
            client = await tls.open(tmp_path / "things" / "lamp")
            client.send(connect("door"))
            await client.expect(0x20, b"\0\x05")
            assert await client.ended() == b""

    run(test())


def test_a_certificate_reaches_the_topics_of_its_thing_only(tmp_path: Path) -> None:
    async def test() -> None:
        async with tls_bench(tmp_path) as tls:
            lamp, door = await tls.device("lamp"), await tls.device("door")
            lamp.send(subscribe(1, "$aws/things/lamp/jobs/notify", "$aws/things/door/jobs/notify", "$aws/things/+/#"))
            assert (await lamp.expect(0x90))[2:] == b"\x01\x80\x80"
            door.send(publish("$aws/things/lamp/jobs/j/update", b'{"status":"FAILED"}'))
            assert await door.ended() == b""
            assert "may not publish" in await tls.mqtt.closed("door")
            await lamp.quiet()

    run(test())


def test_a_certificate_of_another_authority_is_refused(tmp_path: Path) -> None:
    async def test() -> None:
        stranger = CertificateFolder(tmp_path / "other").issue("lamp")
        async with tls_bench(tmp_path / "own") as tls:
            door = await tls.device("door")
            assert "unable to get local issuer certificate" in await tls.refused(stranger)
            await door.quiet()

    run(test())


def test_an_expired_certificate_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with tls_bench(tmp_path) as tls:
            with monkeypatch.context() as patched:
                patched.setattr(certificates, "VALID", -timedelta(hours=1))
                expired = CertificateFolder(tmp_path).issue("late")
            door = await tls.device("door")
            assert "certificate has expired" in await tls.refused(expired)
            await door.quiet()

    run(test())


def test_a_client_without_a_certificate_is_refused(tmp_path: Path) -> None:
    async def test() -> None:
        async with tls_bench(tmp_path) as tls:
            door = await tls.device("door")
            assert "did not return a certificate" in await tls.refused(None)
            await door.quiet()

    run(test())


def test_a_client_that_does_not_speak_tls_is_refused(tmp_path: Path) -> None:
    async def test() -> None:
        async with tls_bench(tmp_path) as tls:
            door = await tls.device("door")
            assert tls.emulator.tls_port is not None
            plain = tls.mqtt.keep(RawClient(*await asyncio.open_connection("127.0.0.1", tls.emulator.tls_port)))
            plain.send(connect("lamp"))
            await plain.ended()
            entry = await tls.emulator.trace.wait(lambda it: it.kind == "REFUSED", PATIENCE)
            assert entry.note == "TLS: wrong version number"
            await door.quiet()

    run(test())


def test_objects_are_fetched_over_https(tmp_path: Path) -> None:
    async def test() -> None:
        async with tls_bench(tmp_path) as tls:
            stored = tls.emulator.upload("firmware", "app.bin", bytes(range(100)))
            url = tls.emulator.presigned_url("https://s3.eu-west-1.amazonaws.com/firmware/app.bin", 60)
            assert url.startswith(f"https://127.0.0.1:{tls.emulator.https_port}/firmware/app.bin?")
            assert tls.emulator.object_url(stored) == url.partition("?")[0]
            trusting = context(tmp_path)
            async with aiohttp.ClientSession() as session:
                async with session.get(url, ssl=trusting, headers={"Range": "bytes=10-19"}) as reply:
                    assert (reply.status, await reply.read()) == (206, bytes(range(10, 20)))
                async with session.get(tls.emulator.object_url(stored), ssl=trusting) as reply:
                    assert reply.status == 403
                with pytest.raises(aiohttp.ClientSSLError):
                    await session.get(url)

    run(test())


def test_a_thing_that_an_operator_makes_gets_a_certificate_too(tmp_path: Path) -> None:
    async def test(*names: str) -> None:
        folder = CertificateFolder(tmp_path / "-".join(names))
        async with Emulator(tls_port=0, certificates=folder, state=tmp_path / "state") as emulator:
            for name in names:
                # As the HTTP API does it.
                emulator.service.control.create_thing(name)
            emulator.commit()
        made = {path.name for path in (folder.folder / "things").iterdir()}
        assert made == {"pump", *names}

    run(test("pump"))
    # The second one finds the first thing in the state file, and has another folder.
    run(test("pump", "bike"))


def test_tls_without_certificates_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="certificates"):
        run(bench(tls_port=0).__aenter__())


@pytest.mark.parametrize(
    ("certificate", "name"),
    [
        (None, None),
        ({}, None),
        ({"subject": ((("commonName", "lamp"),),)}, "lamp"),
        ({"subject": ((("commonName", "lamp"),), (("commonName", "door"),))}, None),
        ({"subject": ((("organizationName", "lamp"),),)}, None),
    ],
)
def test_the_name_of_a_certificate_is_its_only_common_name(
    certificate: dict[str, object] | None, name: str | None
) -> None:
    assert Identity("lamp", certificate).certified_name == name
