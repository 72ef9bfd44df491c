# SPDX-License-Identifier: Apache-2.0
"""``emulate``: what it prints, what it offers, what it refuses, and that Ctrl-C ends it."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib.util
import json
import os
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from mqtt_bench import PATIENCE, RawClient, connect, publish, run

import aws_fota
from aws_fota.emulator.command import EmulateOptions, add_arguments, run_emulate
from aws_fota.emulator.state_file import StateFile
from aws_fota.errors import EnvironmentLacks, ExitCode, InputError
from aws_fota.host.image import ImageVersion, generate_key, make_image


@pytest.fixture(name="image", scope="module")
def _image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "app.bin"
    path.write_bytes(make_image(ImageVersion(1, 2, 3, 4), 4096, generate_key()))
    return path


class Running:
    """An ``emulate`` whose lines are read one by one."""

    def __init__(self, options: EmulateOptions) -> None:
        self.lines: list[str] = []
        self.said: dict[str, str] = {}
        self._new: asyncio.Queue[str] = asyncio.Queue()
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(run_emulate(options, self._inform, self._stop))

    def _inform(self, line: str) -> None:
        self.lines.append(line)
        name, colon, value = line.partition(":")
        if colon:
            self.said[name] = value.strip()
        self._new.put_nowait(line)

    async def line(self, text: str) -> str:
        """The next line that holds `text`."""
        while text not in (line := await self._next()):
            pass
        return line

    async def client(self) -> RawClient:
        host, _, port = self.said["MQTT broker"].split(" ")[0].rpartition(":")
        client = RawClient(*await asyncio.open_connection(host, int(port)))
        client.send(connect(self.said["client id"]))
        await client.expect(0x20)
        return client

    async def end(self) -> None:
        self._stop.set()
        await self._task

    async def _next(self) -> str:
        waiting = asyncio.create_task(self._new.get())
        done, _ = await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
        if waiting in done:
            return waiting.result()
        waiting.cancel()
        if done:
            self._task.result()
        raise AssertionError(f"no such line in {self.lines}")


def test_it_prints_what_a_device_needs_and_then_what_happens(image: Path) -> None:
    digest = hashlib.sha256(image.read_bytes()).hexdigest()

    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=image))
        await emulate.line("Ctrl-C")
        said = emulate.said
        assert (said["client id"], said["thing"], said["sha256"]) == ("lamp", "lamp", digest)
        assert said["image"].startswith(f"http://{said['HTTP']}/")
        assert said["size"] == f"{image.stat().st_size} bytes"
        assert said["job"] == f"fota-{digest[:12]}"
        assert said["image"].startswith("http://127.0.0.1:") and "?" not in said["image"]
        client = await emulate.client()
        assert await emulate.line("lamp") == "lamp connected"
        answer = await client.ask("$aws/things/lamp/jobs/$next/get")
        document = answer.members["execution"]["jobDocument"]
        url = document["location"].pop("url")
        assert document == {
            "operation": "app_fw_update",
            "fwversion": "v1.2.3+4",
            "size": image.stat().st_size,
            "sha256": digest,
            "location": {},
        }
        assert url.split("?")[0] == said["image"]
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as reply:
                assert await reply.read() == image.read_bytes()
            async with session.get(said["image"]) as reply:
                assert reply.status == 403
        assert (await emulate.line("GET")).endswith("-> 403 AccessDenied")
        job = said["job"]
        details = {"progress": "5", "note": "x"}
        await client.ask(f"$aws/things/lamp/jobs/{job}/update", {"status": "IN_PROGRESS", "statusDetails": details})
        assert await emulate.line("IN_PROGRESS") == f"lamp {job} IN_PROGRESS (version 2) progress=5 note=x"
        await client.ask(f"$aws/things/lamp/jobs/{job}/update", {"status": "SUCCEEDED", "statusDetails": {}})
        assert await emulate.line("SUCCEEDED") == f"lamp {job} SUCCEEDED (version 3)"
        await client.close()
        assert await emulate.line("disconnected") == "lamp disconnected: closed by the client"
        await emulate.end()
        assert emulate.lines[-1] == "ended"
        assert not any("X-Amz" in line for line in emulate.lines)

    run(test())


def test_a_client_id_cannot_play_with_the_terminal(image: Path) -> None:
    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=image))
        await emulate.line("Ctrl-C")
        emulate.said["client id"] = "\x1b[31mred\n"
        client = await emulate.client()
        assert await emulate.line("connected") == "\\x1b[31mred\\n connected"
        await client.close()
        await emulate.end()

    run(test())


def test_a_host_that_others_reach_is_warned_of(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aws_fota.emulator.listening.is_loopback", lambda host: False)

    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=image))
        await emulate.line("Ctrl-C")
        assert emulate.lines[0].startswith("warning: whoever reaches 127.0.0.1 can take part")
        await emulate.end()

    run(test())


def test_a_page_shows_the_lines_too(image: Path) -> None:
    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=image, page_port=0))
        await emulate.line("Ctrl-C")
        client = await emulate.client()
        await emulate.line("lamp connected")
        async with aiohttp.ClientSession() as session, session.get(f"{emulate.said['page']}events") as reply:
            snapshot = json.loads((await reply.content.readline())[6:])
        assert snapshot["lines"] == ["lamp connected"]
        assert snapshot["jobs"][0]["job_id"] == emulate.said["job"]
        await client.close()
        await emulate.end()

    run(test())


def test_a_terminal_gets_the_live_view_and_the_warning_in_red(image: Path) -> None:
    pty = pytest.importorskip("pty", reason="no terminals on this system")
    command = [sys.executable, "-m", "aws_fota", "emulate", "--thing", "lamp", "--image", str(image)]
    environment = {**os.environ, "PYTHONPATH": str(Path(aws_fota.__file__).parents[1]), "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    ours, theirs = pty.openpty()
    with subprocess.Popen([*command, "--host", "0.0.0.0"], stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        try:
            while b"QUEUED" not in seen:
                seen += os.read(ours, 65536)
            process.send_signal(signal.SIGINT)
            while b"ended" not in seen:
                seen += os.read(ours, 65536)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            os.close(ours)
    assert b"\x1b[1;31mwarning: whoever reaches" in seen
    assert b"1 thing, 0 connected, 1 job" in seen


def test_the_split_form_is_public_and_the_options_are_used(image: Path) -> None:
    options = EmulateOptions(
        thing="door:1", image=image, job_id="my-job", operation="modem", fwversion="7", split_form=True
    )

    async def test() -> None:
        emulate = Running(options)
        await emulate.line("Ctrl-C")
        client = await emulate.client()
        answer = await client.ask("$aws/things/door:1/jobs/my-job/get")
        document = answer.members["execution"]["jobDocument"]
        assert (document["operation"], document["fwversion"]) == ("modem", "7")
        location = document["location"]
        url = f"{location['protocol']}//{location['host']}/{location['path']}"
        assert url == emulate.said["image"]
        async with aiohttp.ClientSession() as session, session.get(url) as reply:
            assert await reply.read() == image.read_bytes()
        await client.close()
        await emulate.end()

    run(test())


def test_a_document_is_used_as_it_is_and_its_urls_lead_to_the_image(image: Path, tmp_path: Path) -> None:
    url = "https://my-bucket.s3.eu-central-1.amazonaws.com/dir/app.bin"
    document = {"any": ["thing", {"url": f"${{aws:iot:s3-presigned-url:{url}}}"}], "n": 1}
    path = tmp_path / "job.json"
    path.write_text(json.dumps(document))

    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=image, document=path))
        await emulate.line("Ctrl-C")
        assert emulate.said["image"].endswith("/my-bucket/dir/app.bin")
        client = await emulate.client()
        answer = await client.ask("$aws/things/lamp/jobs/$next/get")
        delivered = answer.members["execution"]["jobDocument"]
        assert (delivered["n"], delivered["any"][0]) == (1, "thing")
        async with aiohttp.ClientSession() as session, session.get(delivered["any"][1]["url"]) as reply:
            assert await reply.read() == image.read_bytes()
        await client.close()
        await emulate.end()

    run(test())


def test_a_scenario_goes_wrong_for_a_real_device(image: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\nsummary: x\njob: {document: {size: 7, sha256: null}}\ndownloads: [{do: refuse, status: 404}]\n"
        "messages: [{do: refuse, to: aws, topic: get, code: InternalError}]\n",
        encoding="utf-8",
    )

    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=image, scenario=str(path)))
        await emulate.line("Ctrl-C")
        client = await emulate.client()
        assert (await client.ask("$aws/things/lamp/jobs/get")).members["code"] == "InternalError"
        document = (await client.ask("$aws/things/lamp/jobs/$next/get")).members["execution"]["jobDocument"]
        assert document["size"] == 7 and "sha256" not in document
        async with aiohttp.ClientSession() as session:
            for status in (404, 200):
                async with session.get(document["location"]["url"]) as reply:
                    assert reply.status == status
        await client.close()
        await emulate.end()
        assert not any("never happened" in line for line in emulate.lines)

    run(test())


def test_what_of_a_scenario_never_happened_is_told_at_the_end(image: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\nsummary: x\ndownloads: [{do: refuse, status: 404}]\n"
        "messages:\n  - {do: refuse, to: aws, topic: get, code: InternalError, times: 2}\n",
        encoding="utf-8",
    )

    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=image, scenario=str(path)))
        await emulate.line("Ctrl-C")
        client = await emulate.client()
        assert (await client.ask("$aws/things/lamp/jobs/get")).members["code"] == "InternalError"
        await client.close()
        await emulate.end()
        assert "some of the scenario never happened: line 3 (refuse), line 5 (refuse)" in emulate.lines[-2]
        assert emulate.lines[-1] == "ended"

    run(test())


@pytest.mark.parametrize("kept", [True, False])
def test_tls_is_served_with_certificates_from_a_folder(image: Path, tmp_path: Path, kept: bool) -> None:
    folder = tmp_path / "certificates" if kept else None
    options = EmulateOptions(thing="lamp", image=image, tls_port=0, https_port=0, certificates=folder, split_form=True)

    async def test() -> Path:
        emulate = Running(options)
        await emulate.line("Ctrl-C")
        given = Path(emulate.said["certificate"].partition(" ")[0])
        assert emulate.said["CA"] == str(given.parents[1] / "ca.crt")
        context = ssl.create_default_context(cafile=str(given / "ca.crt"))
        context.load_cert_chain(given / "device.crt", given / "device.key")
        port = int(emulate.said["MQTT TLS"].split(" ")[0].rpartition(":")[2])
        client = RawClient(*await asyncio.open_connection("127.0.0.1", port, ssl=context))
        client.send(connect("lamp"))
        await client.expect(0x20)
        answer = await client.ask("$aws/things/lamp/jobs/$next/get")
        location = answer.members["execution"]["jobDocument"]["location"]
        url = f"{location['protocol']}//{location['host']}/{location['path']}"
        assert url == emulate.said["image"]
        assert url.startswith(f"https://{emulate.said['HTTPS']}/")
        async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as reply:
            assert await reply.read() == image.read_bytes()
        await client.close()
        plain = await emulate.client()
        await plain.close()
        nobody = ssl.create_default_context(cafile=str(given / "ca.crt"))
        stranger = RawClient(*await asyncio.open_connection("127.0.0.1", port, ssl=nobody))
        assert await emulate.line("refused") == "a client was refused: TLS: peer did not return a certificate"
        await stranger.close()
        await emulate.end()
        return given

    given = run(test())
    assert given.exists() is kept
    if kept:
        assert given.parents[1] == folder


def test_a_restart_with_the_same_state_goes_on(image: Path, tmp_path: Path) -> None:
    options = EmulateOptions(thing="lamp", image=image, state=tmp_path / "state")

    async def test() -> None:
        emulate = Running(options)
        await emulate.line("Ctrl-C")
        job = emulate.said["job"]
        client = await emulate.client()
        await client.ask(f"$aws/things/lamp/jobs/{job}/update", {"status": "IN_PROGRESS"})
        await client.close()
        await emulate.end()
        again = Running(options)
        await again.line("Ctrl-C")
        assert again.said["job"] == f"{job} (goes on: IN_PROGRESS)"
        client = await again.client()
        answer = await client.ask("$aws/things/lamp/jobs/$next/get")
        execution = answer.members["execution"]
        assert (execution["jobId"], execution["versionNumber"]) == (job, 2)
        async with (
            aiohttp.ClientSession() as session,
            session.get(execution["jobDocument"]["location"]["url"]) as reply,
        ):
            assert await reply.read() == image.read_bytes()
        await client.close()
        await again.end()

    run(test())
    other = refused(thing="door", image=image, state=options.state)
    assert "with other things" in str(other)
    assert "with another document" in str(refused(thing="lamp", image=image, state=options.state, fwversion="v9"))
    run(ends(EmulateOptions(thing="lamp", image=image, state=options.state, fwversion="v9", job_id="other")))


async def ends(options: EmulateOptions) -> None:
    emulate = Running(options)
    await emulate.line("Ctrl-C")
    await emulate.end()


def test_a_state_that_cannot_be_kept_any_more_ends_it(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=image, state=tmp_path / "state"))
        await emulate.line("Ctrl-C")
        client = await emulate.client()

        def full(file: StateFile) -> None:
            raise file._lost(sqlite3.OperationalError("database or disk is full"))

        monkeypatch.setattr(StateFile, "commit", full)
        client.send(publish(f"$aws/things/lamp/jobs/{emulate.said['job']}/update", b'{"status":"IN_PROGRESS"}'))
        assert await client.ended() == b""
        with pytest.raises(EnvironmentLacks, match="disk is full"):
            await emulate.end()
        await client.close()

    run(test())


def refused(**options: object) -> InputError:
    lines: list[str] = []
    with pytest.raises(InputError) as caught:
        run(run_emulate(EmulateOptions(**options), lines.append))  # type: ignore[arg-type]
    assert lines == []
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def test_wrong_input_is_refused_before_anything_is_said(image: Path, tmp_path: Path) -> None:
    assert "lamp post" in str(refused(thing="lamp post", image=image))
    assert refused(thing="lamp", image=image, job_id="a b").field == "jobId"
    missing = refused(thing="lamp", image=tmp_path / "none.bin")
    assert (missing.field, missing.path) == ("--image", str(tmp_path / "none.bin"))
    empty = tmp_path / "empty.bin"
    empty.write_bytes(b"")
    assert "is empty" in str(refused(thing="lamp", image=empty))
    assert "cannot be read" in str(refused(thing="lamp", image=tmp_path))
    assert "nothing listens with TLS" in str(refused(thing="lamp", image=image, certificates=tmp_path))
    assert refused(document=image).field == "--document"
    assert refused(job_id="j").field == "--job-id"
    assert refused(fwversion="v1").field == "--fwversion"
    assert refused(split_form=True).field == "--split-form"
    scenario = refused(thing="lamp", image=image, scenario="power-fails-midway")
    assert (scenario.field, "simulate" in scenario.fix) == ("--scenario", True)
    assert "is not a state file" in str(refused(thing="lamp", image=image, state=image))
    file = refused(thing="lamp", image=image, tls_port=0, certificates=empty)
    assert file.exit_code is ExitCode.USAGE


def test_an_image_that_is_not_signed_is_refused_unless_its_version_is_given(tmp_path: Path) -> None:
    unsigned = tmp_path / "unsigned.bin"
    unsigned.write_bytes(make_image(ImageVersion(1, 0, 0), 1024, None))
    assert "no signature" in str(refused(thing="lamp", image=unsigned))
    plain = tmp_path / "plain.bin"
    plain.write_bytes(b"not an image at all, whatever one does with it")
    assert "magic" in str(refused(thing="lamp", image=plain))

    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=plain, fwversion="v9"))
        await emulate.line("Ctrl-C")
        await emulate.end()

    run(test())


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (b"{\n  nope\n}", 2, "is not JSON"),
        (b"[]", None, "is not a JSON object"),
        (b"\xff", None, "is not JSON in UTF-8"),
        (b'{"u":"${aws:iot:s3-presigned-url:https://example.com/x}"}', None, "is not S3's address"),
        (b'{"a":"' + b"x" * 32768 + b'"}', None, "the limit is 32768"),
    ],
)
def test_a_wrong_document_is_refused(text: bytes, line: int | None, message: str, image: Path, tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_bytes(text)
    error = refused(thing="lamp", image=image, document=path)
    assert message in str(error)
    assert error.line == line


def test_the_options_have_their_defaults_and_their_limits(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args(["--thing", "lamp", "--image", "a.bin"])
    assert (args.host, args.mqtt_port, args.http_port, args.split_form) == ("127.0.0.1", 0, 0, False)
    assert parser.parse_args(["--thing", "lamp", "--image", "a.bin", "--split-form"]).split_form
    assert (args.tls_port, args.https_port, args.certificates, args.certificate_keys) == (None, None, None, "ec")
    for wrong in (
        ["--tls-port", "-1"],
        ["--certificate-keys", "dsa"],
        ["--mqtt-port", "65536"],
        ["--http-port", "x"],
        ["--url-form", "--split-form"],
    ):
        with pytest.raises(SystemExit) as caught:
            parser.parse_args(["--thing", "lamp", "--image", "a.bin", *wrong])
        assert caught.value.code == ExitCode.USAGE
    assert "65536" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_process_cleanly(image: Path, number: signal.Signals) -> None:
    program = (
        "import argparse, sys\n"
        "from aws_fota.emulator.command import add_arguments, run\n"
        "parser = argparse.ArgumentParser()\n"
        "add_arguments(parser)\n"
        "args = parser.parse_args()\n"
        "args.inform = lambda line: print(line, flush=True)\n"
        "sys.exit(run(args))\n"
    )
    command = [sys.executable, "-c", program, "--thing", "lamp", "--image", str(image)]
    environment = {**os.environ, "PYTHONPATH": str(Path(aws_fota.__file__).parents[1])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            if line.startswith("Ctrl-C"):
                process.send_signal(number)
                break
        assert process.wait(PATIENCE) == 0
        assert process.stdout.read() == "ended\n"
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("options", "field"),
    [({"thing": "lamp"}, "--image"), ({"image": Path("a.bin")}, "--thing"), ({"scenario": "x"}, "--scenario")],
)
def test_an_offer_is_whole_or_there_is_none(options: dict[str, object], field: str) -> None:
    assert refused(**options).field == field


def test_nothing_is_offered_and_the_api_is_told() -> None:
    async def test() -> None:
        emulate = Running(EmulateOptions())
        await emulate.line("Ctrl-C")
        assert "thing" not in emulate.said
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+ \(--endpoint-url of .*\)", emulate.said["API"])
        assert emulate.said["access key"].startswith("AKIAIOSFODNN7EXAMPLE, secret ")
        async with aiohttp.ClientSession() as session, session.get(emulate.said["API"].split(" ")[0]) as reply:
            assert reply.status == 403
        await emulate.end()

    run(test())


def test_without_botocore_there_is_no_api(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    async def test() -> None:
        emulate = Running(EmulateOptions(thing="lamp", image=image))
        await emulate.line("Ctrl-C")
        assert emulate.said["API"] == "none, since botocore is missing: pip install 'west-aws-fota[aws]'"
        await emulate.end()

    run(test())
    with pytest.raises(EnvironmentLacks) as caught:
        run(run_emulate(EmulateOptions(api_port=0), print))
    assert str(caught.value).startswith("--api-port: the HTTP API needs botocore; pip install")
    assert caught.value.exit_code is ExitCode.ENVIRONMENT
