# SPDX-License-Identifier: Apache-2.0
"""The folder of certificates: what is in it, that it is used again, and what is told when it cannot be."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from aws_fota.emulator import certificates
from aws_fota.emulator.certificates import CertificateFolder, KeyKind
from aws_fota.errors import InputError


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("keys", "kind"), [(KeyKind.EC, ec.EllipticCurvePrivateKey), (KeyKind.RSA, rsa.RSAPrivateKey)])
def test_a_thing_gets_all_that_its_device_needs(keys: KeyKind, kind: type, tmp_path: Path) -> None:
    given = CertificateFolder(tmp_path / "made" / "anew", keys).issue("lamp")
    files = contents(given)
    assert sorted(files) == ["ca.crt", "ca.der", "device.crt", "device.der", "device.key", "device.key.der"]
    certificate = x509.load_pem_x509_certificate(files["device.crt"])
    authority = x509.load_pem_x509_certificate(files["ca.crt"])
    certificate.verify_directly_issued_by(authority)
    assert certificate.subject.rfc4514_string() == "CN=lamp"
    assert certificate == x509.load_der_x509_certificate(files["device.der"])
    assert authority == x509.load_der_x509_certificate(files["ca.der"])
    key = load_pem_private_key(files["device.key"], None)
    assert isinstance(key, kind)
    assert key.public_key() == certificate.public_key()
    assert load_der_private_key(files["device.key.der"], None).public_key() == key.public_key()


def test_keys_are_for_the_owner_only(tmp_path: Path) -> None:
    folder = CertificateFolder(tmp_path)
    folder.issue("lamp")
    folder.mqtt_context("127.0.0.1")
    keys = [path for path in tmp_path.rglob("*.key*") if path.is_file()]
    assert len(keys) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def test_what_is_there_is_used_again(tmp_path: Path) -> None:
    first = CertificateFolder(tmp_path)
    first.issue("lamp")
    first.mqtt_context("127.0.0.1")
    before = contents(tmp_path)
    again = CertificateFolder(tmp_path)
    again.issue("lamp")
    again.mqtt_context("127.0.0.1")
    assert contents(tmp_path) == before
    again.issue("a:b")
    assert before.items() < contents(tmp_path).items()
    assert (tmp_path / "things" / "a%3Ab" / "device.crt").exists()


def test_another_address_gets_another_server_certificate(tmp_path: Path) -> None:
    CertificateFolder(tmp_path).http_context("127.0.0.1")
    before = contents(tmp_path)
    CertificateFolder(tmp_path).http_context("192.0.2.7")
    after = contents(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"server.crt", "server.key"}
    names = x509.load_pem_x509_certificate(after["server.crt"]).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert [str(name.value) for name in names.value] == ["localhost", "127.0.0.1", "::1", "192.0.2.7"]


def test_one_that_is_about_to_expire_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = CertificateFolder(tmp_path)
    folder.mqtt_context("127.0.0.1")
    with monkeypatch.context() as patched:
        patched.setattr(certificates, "VALID", certificates.LEFT / 2)
        folder.issue("lamp")
    before = contents(tmp_path)
    CertificateFolder(tmp_path).issue("lamp")
    after = contents(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {
        f"things/lamp/{name}" for name in ("device.crt", "device.der", "device.key", "device.key.der")
    }


def spoil(folder: Path, name: str, content: bytes | None) -> None:
    path = folder / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ca.crt", b"", "is no certificate in PEM"),
        ("ca.crt", None, "cannot be read"),
        ("ca.key", b"nothing", "is no key in PEM"),
        ("ca.key", None, "cannot be read"),
        ("server.crt", b"\xff\0", "is no certificate in PEM"),
        ("server.key", b"", "does not belong to its key"),
        ("things/lamp/device.crt", b"-----BEGIN CERTIFICATE-----\n", "is no certificate in PEM"),
    ],
)
def test_a_damaged_folder_is_one_clear_error(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    folder = CertificateFolder(tmp_path)
    folder.issue("lamp")
    folder.mqtt_context("127.0.0.1")
    spoil(tmp_path, name, content)
    with pytest.raises(InputError, match=message) as caught:
        again = CertificateFolder(tmp_path)
        again.issue("lamp")
        again.mqtt_context("127.0.0.1")
    assert (caught.value.path, caught.value.field) in [
        (str(tmp_path / name), "--certificates"),
        # A pair that does not fit is told with the certificate's name.
        (str(tmp_path / name.replace(".key", ".crt")), "--certificates"),
    ]


def test_certificates_of_two_authorities_are_told_apart(tmp_path: Path) -> None:
    for name in ("one", "other"):
        CertificateFolder(tmp_path / name).issue("lamp")
    for name in ("ca.crt", "ca.key"):
        spoil(tmp_path / "one", name, (tmp_path / "other" / name).read_bytes())
    with pytest.raises(InputError, match="is of another authority"):
        CertificateFolder(tmp_path / "one").issue("lamp")
    spoil(
        tmp_path / "one", "ca.key", CertificateFolder(tmp_path / "third").issue("x").joinpath("device.key").read_bytes()
    )
    with pytest.raises(InputError, match=r"does not belong to ca\.key"):
        CertificateFolder(tmp_path / "one").issue("lamp")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError):
        CertificateFolder(tmp_path / "file").issue("lamp")


def test_an_authority_that_expired_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "VALID", certificates.LEFT / 2)
    CertificateFolder(tmp_path).issue("lamp")
    with pytest.raises(InputError, match="has expired"):
        CertificateFolder(tmp_path).issue("lamp")


def test_the_gateway_asks_for_certificates_and_the_storage_does_not(tmp_path: Path) -> None:
    folder = CertificateFolder(tmp_path)
    assert folder.mqtt_context("127.0.0.1").verify_mode is ssl.CERT_REQUIRED
    assert folder.http_context("127.0.0.1").verify_mode is ssl.CERT_NONE
