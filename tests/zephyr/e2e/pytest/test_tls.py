# SPDX-License-Identifier: Apache-2.0
"""The same device over MQTT and HTTP with TLS and a client certificate, and whom it must not talk to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from bench import THING
from mcuboot_flash import PRIMARY, SECONDARY
from secure_bench import HOST, SecureBench
from slow_front import SlowFront

from aws_fota.emulator import certificates
from aws_fota.emulator.certificates import CertificateFolder
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.jobs_model import Status

HANDSHAKE = rf"No connection to {HOST} port \d+: -\d+, the TLS handshake failed"


@pytest.fixture
def authority(tmp_path: Path) -> CertificateFolder:
    return CertificateFolder(tmp_path / "authority")


@pytest.fixture
def bench(executable: Path, authority: CertificateFolder, tmp_path: Path) -> Iterator[SecureBench]:
    with EmulatorThread(tls_port=0, https_port=0, certificates=authority) as aws:
        yield SecureBench(executable, aws, tmp_path, authority)


def test_a_whole_update(bench: SecureBench) -> None:
    bench.upload()
    bench.create_job(sha256=hashlib.sha256(bench.new).hexdigest())
    with bench.start() as device:
        device.wait_for(r"Connected as device-1")
        device.wait_for(r"The new image is in place")
        device.wait_end()
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new
    assert bench.flash.reset() == "test"
    with bench.start() as device:
        device.wait_for(r"Self-test passed")
        device.wait_for(r"Job job-1 is done: status 3")
        execution = bench.ended()
    assert (execution.status, execution.status_details) == (Status.SUCCEEDED, {"progress": "100"})
    assert bench.flash.confirmed()
    assert bench.flash.slot(PRIMARY)[: len(bench.new)] == bench.new
    assert bench.aws.emulator.storage_url.startswith("https:")
    assert bench.aws.emulator.http.records


def test_a_killed_download_goes_on_where_it_was_saved(bench: SecureBench) -> None:
    stored = bench.upload()
    stored.order(HttpFault(chunk_bytes=1024, chunk_delay_s=0.02, times=None))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"5\d %")
    stored.faults.clear()
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
        device.wait_end()
    starts = bench.starts
    back = [after for before, after in pairwise(starts) if after <= before]
    assert len(back) == 1 and back[0] >= 32768 and back[0] % 16384 == 0
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new


def test_a_broker_of_another_authority_is_not_talked_to(bench: SecureBench, tmp_path: Path) -> None:
    bench.upload()
    bench.create_job()
    bench.trust(CertificateFolder(tmp_path / "stranger").issue(THING))
    with bench.start() as device:
        device.wait_for(HANDSHAKE)
    assert "unknown ca" in bench.refused()
    assert bench.aws.emulator.execution("job-1", THING).status is Status.QUEUED


def test_a_certificate_of_another_authority_is_refused(bench: SecureBench, tmp_path: Path) -> None:
    stranger = CertificateFolder(tmp_path / "stranger").issue(THING)
    (stranger / "ca.crt").write_bytes((tmp_path / "authority/ca.crt").read_bytes())
    bench.trust(stranger)
    with bench.start() as device:
        device.wait_for(HANDSHAKE)
    assert "unable to get local issuer certificate" in bench.refused()


def test_a_certificate_that_expired_is_refused(
    bench: SecureBench, authority: CertificateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(certificates, "VALID", -timedelta(hours=1))
        bench.trust(CertificateFolder(authority.folder).issue("late"))
    with bench.start() as device:
        device.wait_for(HANDSHAKE)
    assert "certificate has expired" in bench.refused()


def test_a_download_server_of_another_authority_gets_no_request(bench: SecureBench, tmp_path: Path) -> None:
    stored = bench.upload()
    context = CertificateFolder(tmp_path / "stranger").http_context(HOST)
    port = bench.aws.wait(bench.aws.emulator.http.listen("127.0.0.1", 0, option="", tls=context))
    bench.create_job(location={"url": f"https://{HOST}:{port}{stored.path}"})
    with bench.start() as device:
        execution = bench.ended()
        device.wait_for(rf"No connection to {HOST} port {port}: -\d+, the TLS handshake failed")
    # 2: the handshake, by enum aws_fota_fetch_error.
    reason = {"reason": "download failed too often", "detail": "2"}
    assert (execution.status, execution.status_details) == (Status.FAILED, reason)
    assert not bench.aws.emulator.http.records
    assert not bench.flash.pending()


def test_a_download_server_that_is_slow_to_shake_hands_is_tried_again(bench: SecureBench) -> None:
    bench.upload()
    emulator = bench.aws.emulator
    assert emulator.https_port is not None
    # The bound on a handshake is 3 s here.
    with SlowFront(emulator.https_port, [6.0, 1.5]) as front:
        # URLs name the front from now on.
        emulator.https_port = front.port
        bench.create_job()
        with bench.start() as device:
            device.wait_for(
                rf"No connection to 127.0.0.1 port {front.port}: -\d+, .* CONFIG_NET_SOCKETS_CONNECT_TIMEOUT"
            )
            device.wait_for(r"The new image is in place")
            device.wait_end()
    assert front.accepted == 2
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new
