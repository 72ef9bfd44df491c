# SPDX-License-Identifier: Apache-2.0
"""The same update with TLS on both connections, and what must not pass for it."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.jobs_model import Status
from aws_fota.host.device_settings import DeviceSettings
from aws_fota.host.mqtt_link import Endpoint
from e2e.rig import WAIT_S, Rig

NAME = "localhost"


class Tls:
    """A server's certificate that is its own authority, and both sides' contexts."""

    def __init__(self, folder: Path, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        chain = folder / f"{name}.pem"
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        chain.write_bytes(certificate.public_bytes(pem) + private)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(chain)
        self.client = ssl.create_default_context(cafile=str(chain))


class TlsRig:
    """A rig whose emulator also listens with TLS."""

    def __init__(self, rig: Rig, tls: Tls) -> None:
        self.rig = rig
        listening = {"option": "", "tls": tls.server}
        self.mqtt_port = rig.aws.wait(rig.emulator.gateway.listen("127.0.0.1", 0, **listening))
        self.http_port = rig.aws.wait(rig.emulator.http.listen("127.0.0.1", 0, **listening))

    def settings(self, tls: Tls) -> DeviceSettings:
        plain = self.rig.settings()
        return DeviceSettings(
            plain.thing,
            Endpoint(NAME, self.mqtt_port, tls.client),
            plain.flash,
            plain.record,
            plain.key,
            plain.time_scale,
            plain.http_timeout_s,
            tls.client,
        )

    def offer(self, *faults: HttpFault) -> None:
        stored = self.rig.aws.call(self.rig.emulator.upload, "firmware", "app.bin", self.rig.images.new, public=True)
        self.rig.aws.call(stored.faults.extend, faults)
        url = f"https://{NAME}:{self.http_port}{stored.path}"
        self.rig.create_job(self.rig.document(self.rig.images.new, location={"url": url}))


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path, NAME)


def test_an_update_over_tls(rig: Rig, tls: Tls) -> None:
    both = TlsRig(rig, tls)
    both.offer()
    rig.start(settings=both.settings(tls))
    assert rig.settled().status is Status.SUCCEEDED
    rig.assert_installed(rig.images.new)


def test_a_redirect_to_cleartext_is_refused(rig: Rig, tls: Tls) -> None:
    both = TlsRig(rig, tls)
    both.offer(HttpFault(location=f"http://127.0.0.1:{rig.emulator.http_port}/firmware/app.bin", times=None))
    rig.start(settings=both.settings(tls))
    execution = rig.settled()
    assert (execution.status, execution.status_details) == (Status.FAILED, {"reason": "redirect refused"})
    assert [record.status for record in rig.http()] == [302]
    rig.assert_untouched()


def test_a_server_that_is_not_trusted_gets_no_request(rig: Rig, tls: Tls, tmp_path: Path) -> None:
    stranger = TlsRig(rig, Tls(tmp_path, "stranger"))
    stranger.offer()
    plain = rig.settings()
    rig.start(settings=DeviceSettings(**{**vars(plain), "https": tls.client}))
    execution = rig.settled()
    reason = {"reason": "download failed too often", "detail": str(rig.core.fetch_errors.value("TLS"))}
    assert (execution.status, execution.status_details) == (Status.FAILED, reason)
    assert rig.http() == []
    rig.assert_untouched()


# paho leaves it to the garbage collector to close a socket whose handshake failed.
@pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_a_broker_that_is_not_trusted_is_not_talked_to(rig: Rig, tls: Tls, tmp_path: Path) -> None:
    stranger = TlsRig(rig, Tls(tmp_path, "stranger"))
    device = rig.start(settings=stranger.settings(tls))
    refused = device.trace.wait(lambda entry: entry.what == "UNREACHABLE", WAIT_S)
    assert refused is not None
    assert "certificate verify failed" in str(refused.facts["error"])
    rig.stop()
    assert not [entry for entry in device.trace.entries if entry.what == "CONNECT"]
