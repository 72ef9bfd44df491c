# SPDX-License-Identifier: Apache-2.0
"""Updates with the nRF Connect SDK's own fota_download, dfu_target and download client on native_sim, against the local
AWS: what doc/ncs.md says of them, seen.

Runs where a workspace of that SDK is: ``NCS_BASE``, or ``~/ncs``. `make zephyr` runs it, `make test` does not.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ncs_workspace import ROOT, Build, missing

sys.path.append(str(ROOT / "tests/zephyr/e2e/pytest"))

from bench import IMAGE_BYTES, THING, Bench
from mcuboot_flash import PRIMARY, SECONDARY, SLOT_SIZE
from secure_bench import SecureBench

from aws_fota.emulator.certificates import CertificateFolder
from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.http_server import NO_PORT
from aws_fota.emulator.jobs_model import Execution, Status

APPLICATION = ROOT / "tests/zephyr/fota_download"
#: CONFIG_DOWNLOAD_CLIENT_HTTP_FRAG_SIZE.
FRAGMENT = 2048
#: CONFIG_AWS_FOTA_RETRIES_MAX.
RETRIES = 4

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def executable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = Build(tmp_path_factory.mktemp("fota_download") / "build", application=APPLICATION)
    build.build()
    assert "CONFIG_AWS_FOTA_DOWNLOADER_FOTA_DOWNLOAD=y" in build.config
    return build.folder / "zephyr/zephyr.exe"


@pytest.fixture(scope="module")
def executable_with_tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fota_download_tls") / "build"
    build = Build(folder, application=APPLICATION, fragments=(ROOT / "samples/aws_fota/tls.conf",))
    build.build()
    return build.folder / "zephyr/zephyr.exe"


@pytest.fixture
def authority(tmp_path: Path) -> CertificateFolder:
    return CertificateFolder(tmp_path / "authority")


@pytest.fixture
def secure_bench(executable_with_tls: Path, authority: CertificateFolder, tmp_path: Path) -> Iterator[SecureBench]:
    with EmulatorThread(tls_port=0, https_port=0, certificates=authority) as aws:
        yield SecureBench(executable_with_tls, aws, tmp_path, authority)


@pytest.fixture
def bench(executable: Path, tmp_path: Path) -> Iterator[Bench]:
    with EmulatorThread() as aws:
        yield Bench(executable, aws, tmp_path)


def failed(execution: Execution) -> str:
    """The reason of a FAILED execution."""
    assert execution.status is Status.FAILED
    return execution.status_details["reason"]


def install(bench: Bench) -> None:
    """Go on to the end with the device after the download."""
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
        assert device.wait_end() == 1
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new
    assert bench.flash.reset() == "test"
    with bench.start() as device:
        device.wait_for(r"Self-test passed")
        device.wait_for(r"Job \S+ is done: status 3")
    assert bench.flash.confirmed()
    assert bench.flash.slot(PRIMARY)[: len(bench.new)] == bench.new


def test_a_whole_update(bench: Bench) -> None:
    bench.upload()
    bench.create_job(sha256=hashlib.sha256(bench.new).hexdigest())
    install(bench)
    execution = bench.ended()
    assert (execution.status, execution.status_details) == (Status.SUCCEEDED, {"progress": "100"})
    records = bench.aws.emulator.http.records
    assert bench.starts == list(range(0, len(bench.new), FRAGMENT))
    assert {(record.status, record.note) for record in records} == {(206, NO_PORT)}


def test_a_cancelled_job_stops_the_download_and_the_next_one_is_done(bench: Bench) -> None:
    stored = bench.upload()
    stored.order(HttpFault(chunk_bytes=1024, chunk_delay_s=0.02, times=None))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"2\d %")
        bench.aws.call(bench.aws.emulator.cancel_job, "job-1", force=True)
        device.wait_for(r"The job was cancelled")
        asked = bench.asked_no_more()
        assert asked < IMAGE_BYTES // FRAGMENT
        stored.faults.clear()
        bench.create_job("job-2")
        device.wait_for(r"Update job-2 begins")
        device.wait_for(r"The new image is in place")
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new
    assert bench.starts[asked:] == list(range(0, len(bench.new), FRAGMENT))
    assert bench.aws.emulator.execution("job-1", THING).status is Status.CANCELED


def test_a_job_cancelled_before_the_first_byte_stops_at_it(bench: Bench) -> None:
    stored = bench.upload()
    stored.order(HttpFault(chunk_delay_s=2.0, times=1))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"Downloading")
        bench.aws.call(bench.aws.emulator.cancel_job, "job-1", force=True)
        # The engine is not held up ...
        device.wait_for(r"The job was cancelled", timeout=1.5)
        assert len(bench.aws.emulator.http.records) == 0
        # ... the next download is.
        bench.create_job("job-2")
        device.wait_for(r"The new image is in place")
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new
    assert bench.starts.count(0) == 2


def test_a_wrong_digest_is_reported_and_nothing_installed(bench: Bench) -> None:
    bench.upload()
    bench.create_job(sha256="0" * 64)
    with bench.start() as device:
        assert failed(bench.ended()) == "sha256 differs"
        device.wait_for(r"The job failed: reason 22")
    assert not bench.flash.pending()


def test_an_object_that_is_no_image_is_refused(bench: Bench) -> None:
    bench.upload(bytes(len(bench.new)))
    bench.create_job()
    with bench.start():
        assert failed(bench.ended()) == "not a bootable image"
    assert bench.starts == [0]


def test_an_object_larger_than_the_slot_is_refused_by_the_library(bench: Bench) -> None:
    bench.upload(bench.new + bytes(SLOT_SIZE))
    bench.create_job()
    with bench.start():
        assert failed(bench.ended()) == "not a bootable image"
    assert bench.starts == [0]


@pytest.mark.parametrize("more", [b"", b"\xff" * 3000], ids=["shorter", "longer"])
def test_an_object_of_another_size_is_never_installed(bench: Bench, more: bytes) -> None:
    bench.upload(bench.new + more if more else bench.new[:-3000])
    bench.create_job()
    with bench.start():
        assert failed(bench.ended()) == "object has another size"
    assert not bench.flash.pending()


@pytest.mark.parametrize(("times", "downloads"), [(2, 1), (3, 2)], ids=["inside the library", "one more"])
def test_a_connection_that_is_cut(bench: Bench, times: int, downloads: int) -> None:
    """The library goes on CONFIG_FOTA_SOCKET_RETRIES times; then the download begins again."""
    bench.upload().order(HttpFault(cut_after=1000, times=times, skip=10))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
    assert bench.starts.count(0) == downloads
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new


def test_a_killed_download_begins_again(bench: Bench) -> None:
    stored = bench.upload()
    stored.order(HttpFault(chunk_bytes=1024, chunk_delay_s=0.02, times=None))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"5\d %")
    stored.faults.clear()
    install(bench)
    assert bench.starts.count(0) == 2
    assert bench.ended().status is Status.SUCCEEDED


def asked_for(bench: Bench) -> int:
    """How often the job was described by its id, which gives a fresh URL."""
    topic = f"$aws/things/{THING}/jobs/job-1/get"
    return len(bench.aws.emulator.trace.find("PUBLISH", topic=topic, direction="in"))


@pytest.mark.parametrize("skip", [0, 10], ids=["at the first range", "at a later one"])
def test_a_url_that_expired_is_asked_for_anew(bench: Bench, skip: int) -> None:
    bench.upload().order(HttpFault(status=403, times=1, skip=skip))
    bench.create_job()
    with bench.start() as device:
        device.wait_for(r"The new image is in place")
    assert asked_for(bench) == 1
    assert bench.starts.count(0) == 2
    assert bench.flash.slot(SECONDARY)[: len(bench.new)] == bench.new


@pytest.mark.parametrize(
    "fault",
    [
        HttpFault(status=403, times=None),
        HttpFault(status=404, times=None),
        HttpFault(status=500, times=None),
        HttpFault(location="http://127.0.0.1:9/fw.bin", times=None),
        HttpFault(ignore_range=True, times=None),
        HttpFault(no_content_range=True, times=None),
    ],
    ids=["403", "404", "500", "redirect", "no ranges", "no Content-Range"],
)
def test_what_the_server_never_gives_ends_with_the_number_for_nothing_came(bench: Bench, fault: HttpFault) -> None:
    bench.upload().order(fault)
    bench.create_job()
    with bench.start():
        execution = bench.ended()
    assert failed(execution) == "download failed too often"
    assert execution.status_details["detail"] == "9"
    assert bench.starts == [0] * (1 + RETRIES)
    assert asked_for(bench) == RETRIES
    assert not bench.flash.pending()


def test_a_whole_update_with_tls_and_a_client_certificate(secure_bench: SecureBench) -> None:
    bench = secure_bench
    bench.upload()
    bench.create_job(sha256=hashlib.sha256(bench.new).hexdigest())
    install(bench)
    assert bench.ended().status is Status.SUCCEEDED
    assert bench.aws.emulator.storage_url.startswith("https:")
    assert bench.starts == list(range(0, len(bench.new), FRAGMENT))


def test_a_download_server_of_another_authority_gets_no_request(secure_bench: SecureBench, tmp_path: Path) -> None:
    bench = secure_bench
    stored = bench.upload()
    context = CertificateFolder(tmp_path / "stranger").http_context("localhost")
    port = bench.aws.wait(bench.aws.emulator.http.listen("127.0.0.1", 0, option="", tls=context))
    bench.create_job(location={"url": f"https://localhost:{port}/{stored.bucket}/{stored.key}"})
    with bench.start():
        execution = bench.ended()
    assert failed(execution) == "download failed too often"
    assert execution.status_details["detail"] == "1"
    assert not bench.aws.emulator.http.records
    assert not bench.flash.pending()
