# SPDX-License-Identifier: Apache-2.0
"""TLS with client certificates: the policy sees who a client is, whatever client id it takes."""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mqtt_bench import RawClient, bench, connect, run

from aws_fota.emulator.gateway_policy import Identity, OwnThing

Signed = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


class NameOfTheCertificate(OwnThing):
    """A client must be called what its certificate says."""

    def may_connect(self, identity: Identity) -> bool:
        assert identity.certificate is not None
        names = {name: value for part in identity.certificate["subject"] for name, value in part}
        return names["commonName"] == identity.client_id


def certificate(name: str, issuer: Signed | None = None) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer[1] if issuer else key).public_key()),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, issuer is None, False, False, False), critical=True
        )
    )
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def context(purpose: ssl.Purpose, folder: Path, authority: Signed, own: Signed) -> ssl.SSLContext:
    chain, trusted = folder / f"{purpose.shortname}.pem", folder / "authority.pem"
    pem = serialization.Encoding.PEM
    private = own[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(own[0].public_bytes(pem) + private)
    trusted.write_bytes(authority[0].public_bytes(pem))
    made = ssl.create_default_context(purpose, cafile=str(trusted))
    made.load_cert_chain(chain)
    if purpose is ssl.Purpose.CLIENT_AUTH:
        made.verify_mode = ssl.CERT_REQUIRED
    return made


@pytest.mark.parametrize(("client_id", "answer"), [("lamp", b"\x20\x02\0\0"), ("door", b"\x20\x02\0\x05")])
def test_a_certificate_belongs_to_one_thing(client_id: str, answer: bytes, tmp_path: Path) -> None:
    authority = certificate("authority")
    server = context(ssl.Purpose.CLIENT_AUTH, tmp_path, authority, certificate("localhost", authority))
    client = context(ssl.Purpose.SERVER_AUTH, tmp_path, authority, certificate("lamp", authority))

    async def test() -> None:
        async with bench(policy=NameOfTheCertificate()) as mqtt:
            port = await mqtt.emulator.gateway.listen("127.0.0.1", 0, option="--tls-port", tls=server)
            streams = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname="localhost")
            device = RawClient(*streams)
            device.send(connect(client_id))
            assert await device.expect(0x20) == answer[2:]
            if answer[3] == 0:
                topic = f"$aws/things/{client_id}/jobs/get"
                assert (await device.ask(topic)).topic == f"{topic}/accepted"
            await device.close()

    run(test())
