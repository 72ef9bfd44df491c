# SPDX-License-Identifier: Apache-2.0
"""The emulator's own certificate authority, in a folder: its server's certificate, and one for each thing.

    ca.crt ca.der ca.key        the authority, which devices trust and which signs all others
    server.crt server.key       for localhost, 127.0.0.1, ::1 and the address that the emulator binds to
    things/NAME/                ca.crt device.crt device.key, what one device is given; the same as .der

What is in the folder already is used again, so that a device keeps its certificate from run to run.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from aws_fota import output
from aws_fota.errors import InputError

#: How long a certificate is valid, and how long it must still be to be used again.
VALID = timedelta(days=3650)
LEFT = timedelta(days=1)
#: Devices whose clock is a little behind must take a new certificate too.
BACKDATED = timedelta(days=1)

#: What the server is called, whatever it binds to.
NAMES = ("localhost", "127.0.0.1", "::1")

#: What AWS IoT negotiates on port 443; clients on other ports offer nothing.
ALPN = "x-amzn-mqtt-ca"

_PEM, _DER = serialization.Encoding.PEM, serialization.Encoding.DER
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class KeyKind(str, Enum):
    """What kind of key new certificates get, spelled as on the command line."""

    EC = "ec"
    RSA = "rsa"

    def generate(self) -> _Key:
        """A new key: P-256, or RSA with 2048 bits."""
        if self is KeyKind.EC:
            return ec.generate_private_key(ec.SECP256R1())
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class CertificateFolder:
    """The authority in a folder, made with its first use.

    Args:
        folder: made when it is not there.
        keys: the kind of new keys.

    Raises:
        InputError: from every method, a file in the folder cannot be read, written or used.
    """

    def __init__(self, folder: Path, keys: KeyKind = KeyKind.EC) -> None:
        self.folder = folder
        self._keys = keys
        self._loaded: tuple[x509.Certificate, _Key] | None = None

    def mqtt_context(self, host: str) -> ssl.SSLContext:
        """The gateway's side of TLS: a client needs a certificate of this authority.

        Args:
            host: what devices call the server, beside its usual names.
        """
        context = self.http_context(host)
        context.load_verify_locations(self.folder / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols([ALPN])
        return context

    def http_context(self, host: str) -> ssl.SSLContext:
        """The storage's side of TLS: S3 asks a client for no certificate."""
        certificate, key = self._server(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(certificate, key)
        except ssl.SSLError as error:
            raise _unusable(certificate, "does not belong to its key") from error
        return context

    def issue(self, thing: str) -> Path:
        """Make sure that a thing has a certificate.

        Returns:
            The folder with what its device is given.
        """
        folder = self.folder / "things" / quote(thing, safe="")
        authority, _ = self._authority()
        path = folder / "device.crt"
        if self._usable(path) is None:
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, thing)])
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
            certificate, key = self._signed(name, [(usage, False)])
            files = {
                "ca.crt": authority.public_bytes(_PEM),
                "ca.der": authority.public_bytes(_DER),
                "device.crt": certificate.public_bytes(_PEM),
                "device.der": certificate.public_bytes(_DER),
            }
            keys = {"device.key": _private(key), "device.key.der": _private(key, _DER)}
            self._write({folder / name: content for name, content in {**files, **keys}.items()})
        return folder

    def _server(self, host: str) -> tuple[Path, Path]:
        wanted = [_general_name(name) for name in dict.fromkeys([*NAMES, host])]
        path, key_path = self.folder / "server.crt", self.folder / "server.key"
        present = self._usable(path)
        if present is None or not set(wanted) <= set(_names_of(present)):
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
            certificate, key = self._signed(subject, [(x509.SubjectAlternativeName(wanted), False), (usage, False)])
            self._write({path: certificate.public_bytes(_PEM), key_path: _private(key)})
        return path, key_path

    def _authority(self) -> tuple[x509.Certificate, _Key]:
        if self._loaded is None:
            path, key_path = self.folder / "ca.crt", self.folder / "ca.key"
            if path.exists() or key_path.exists():
                certificate, key = _read_certificate(path), _read_key(key_path)
                if certificate.public_key() != key.public_key():
                    raise _unusable(path, f"does not belong to {key_path.name}")
                if certificate.not_valid_after_utc < _now() + LEFT:
                    raise _unusable(path, "has expired")
            else:
                key = self._keys.generate()
                certificate = _authority_certificate(key)
                files = {"ca.crt": certificate.public_bytes(_PEM), "ca.der": certificate.public_bytes(_DER)}
                self._write(
                    {self.folder / name: content for name, content in {**files, "ca.key": _private(key)}.items()}
                )
            self._loaded = certificate, key
        return self._loaded

    def _usable(self, path: Path) -> x509.Certificate | None:
        """The certificate in a file; None when there is none, or when it must be made anew because it expires."""
        authority, _ = self._authority()
        if not path.exists():
            return None
        certificate = _read_certificate(path)
        try:
            certificate.verify_directly_issued_by(authority)
        except Exception as error:  # each kind of key has an exception of its own for this
            raise _unusable(path, "is of another authority") from error
        return certificate if certificate.not_valid_after_utc >= _now() + LEFT else None

    def _signed(
        self, subject: x509.Name, extensions: Iterable[tuple[x509.ExtensionType, bool]]
    ) -> tuple[x509.Certificate, _Key]:
        authority, signer = self._authority()
        key = self._keys.generate()
        issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        usage = _key_usage(digital_signature=True)
        basic = x509.BasicConstraints(ca=False, path_length=None)
        builder = _builder(subject, authority.subject, key)
        for extension, critical in [(basic, True), (usage, True), (issued_by, False), *extensions]:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(signer, hashes.SHA256()), key

    def _write(self, files: dict[Path, bytes]) -> None:
        for path in files:
            if ".key" in path.name:
                # A file keeps its mode when it is replaced: a key is never readable by others.
                output.make_folder(path.parent)
                try:
                    path.touch(mode=0o600)
                except OSError as error:
                    raise _unusable(path, f"cannot be written: {error.strerror}") from error
        output.write_all(files)


def _authority_certificate(key: _Key) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "west-aws-fota emulator")])
    builder = _builder(name, name, key)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
    return builder.sign(key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: _Key) -> x509.CertificateBuilder:
    now = _now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(**used: bool) -> x509.KeyUsage:
    unused = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**{**unused, **used})


def _private(key: _Key, encoding: serialization.Encoding = _PEM) -> bytes:
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_of(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


def _read_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _unusable(path, "is no certificate in PEM") from error


def _read_key(path: Path) -> _Key:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise _unusable(path, "is no key in PEM without a password") from error
    if not isinstance(key, _Key):
        raise _unusable(path, "is neither an EC nor an RSA key")
    return key


def _unusable(path: Path, why: str) -> InputError:
    return InputError(
        why,
        rule="certificates",
        path=path,
        field="--certificates",
        fix="remove the folder to have all of it made anew, or name another one",
    )


def _now() -> datetime:
    return datetime.now(timezone.utc)
