# SPDX-License-Identifier: Apache-2.0
"""Certificates as heavy as those of a large cloud: servers send a chain of four, signed with RSA and ECDSA."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from aws_fota.emulator.certificates import CertificateFolder

#: Certificates between the root that devices trust and the server's own, all of which the server sends.
INTERMEDIATES = 3
#: What a server for many regions is called besides.
OTHER_NAMES = 20
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_PEM = serialization.Encoding.PEM
_ENDPOINTS = "http://crl.example.com/root/some-authority-with-a-long-name.crl"


class LongChain(CertificateFolder):
    """An authority that signs by intermediate ones.

    Args:
        folder: made with its first use.
        host: what the device calls the server.
    """

    def __init__(self, folder: Path, host: str) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._key = _key()
        self._root = _certificate("root", self._key, "root", self._key, x509.BasicConstraints(True, None))
        (folder / "ca.crt").write_bytes(self._root.public_bytes(_PEM))
        issuer = "root"
        signer: _Key = self._key
        chain = []
        for number in range(INTERMEDIATES):
            key: _Key = ec.generate_private_key(ec.SECP256R1()) if number == 1 else _key()
            name = f"intermediate {number}"
            chain.append(_certificate(name, key, issuer, signer, x509.BasicConstraints(True, None)))
            issuer, signer = name, key
        own = _key()
        others = [x509.DNSName(f"*.service-{number}.some-region-1.example.com") for number in range(OTHER_NAMES)]
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host)), *others])
        chain.append(_certificate("server", own, issuer, signer, x509.BasicConstraints(False, None), names))
        sent = b"".join(certificate.public_bytes(_PEM) for certificate in reversed(chain))
        (folder / "server.crt").write_bytes(sent)
        (folder / "server.key").write_bytes(_private(own))

    def http_context(self, host: str) -> ssl.SSLContext:
        """The storage's side of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        return context

    def issue(self, thing: str) -> Path:
        """Give a thing its certificate.

        Returns:
            The folder with what its device is given.
        """
        folder = self.folder / "things" / thing
        folder.mkdir(parents=True, exist_ok=True)
        key = _key()
        certificate = _certificate(thing, key, "root", self._key, x509.BasicConstraints(False, None))
        (folder / "ca.crt").write_bytes(self._root.public_bytes(_PEM))
        (folder / "device.crt").write_bytes(certificate.public_bytes(_PEM))
        (folder / "device.key").write_bytes(_private(key))
        return folder


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _name(common: str) -> x509.Name:
    parts = {
        NameOID.COUNTRY_NAME: "US",
        NameOID.ORGANIZATION_NAME: "Example Trust Services",
        NameOID.COMMON_NAME: common,
    }
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items()])


def _certificate(
    subject: str,
    key: _Key,
    issuer: str,
    signer: _Key,
    *extensions: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(timezone.utc)
    # What makes a public authority's certificates as long as they are.
    points = x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(_ENDPOINTS)], None, None, None)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    more = (
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
        points,
    )
    for extension in (*extensions, *more):
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(signer, hashes.SHA256())
