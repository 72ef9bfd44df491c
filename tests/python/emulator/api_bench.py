# SPDX-License-Identifier: Apache-2.0
"""An emulator with its HTTP API, boto3's clients for it, and the AWS CLI."""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from aws_fota.emulator.emulator import OPERATOR
from aws_fota.emulator.emulator_thread import EmulatorThread

#: Nothing of the machine's own configuration, and no metadata service, may take part.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": OPERATOR.access_key,
    "AWS_SECRET_ACCESS_KEY": OPERATOR.secret_key,
    "AWS_DEFAULT_REGION": OPERATOR.region,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_PAGER": "",
    "NO_PROXY": "127.0.0.1",
}


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """What a refusal is called."""
        named = self.headers.get("x-amzn-errortype")
        return named or self.body.decode().partition("<Code>")[2].partition("</Code>")[0]


class ApiBench:
    """The emulator, and those that ask it."""

    def __init__(self, aws: EmulatorThread) -> None:
        self.aws = aws
        self.emulator = aws.emulator
        assert self.emulator.api_port is not None
        self.url = f"http://127.0.0.1:{self.emulator.api_port}"
        self._clients: dict[str, Any] = {}

    def client(self, service: str, *, url: str = "", secret: str = OPERATOR.secret_key, **options: Any) -> Any:
        """A client of boto3; `options` are its configuration's."""
        access_key = options.pop("access_key", OPERATOR.access_key)
        made = boto3.client(
            service,
            endpoint_url=url or self.url,
            region_name=options.pop("region", OPERATOR.region),
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            # Whether a request is right is for the emulator to say.
            config=Config(retries={"max_attempts": 0}, proxies={}, parameter_validation=False, **options),
        )
        # boto3 overlooks members that its model does not know, and values that break the model's rules.
        made.meta.events.register(f"after-call.{service}", _by_the_model)
        return made

    def _kept(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.client(service)
        return self._clients[service]

    @property
    def iot(self) -> Any:
        return self._kept("iot")

    @property
    def jobs_data(self) -> Any:
        return self._kept("iot-jobs-data")

    @property
    def s3(self) -> Any:
        return self._kept("s3")

    def raw(
        self,
        service: str,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        signed: bool = True,
        secret: str = OPERATOR.secret_key,
    ) -> Reply:
        """Send a request that no client would make, with a right signature."""
        request = AWSRequest(method, f"{self.url}{path}", dict(headers or {}), body)
        if signed:
            kind = S3SigV4Auth if service == "s3" else SigV4Auth
            request.context["payload_signing_enabled"] = True
            kind(Credentials(OPERATOR.access_key, secret), service, OPERATOR.region).add_auth(request)
        return self.send(method, path, body, dict(request.headers.items()))

    def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request as it is."""
        assert self.emulator.api_port is not None
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.api_port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}))
            reply = connection.getresponse()
            return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())

    def thing(self, name: str) -> str:
        """A new thing; its ARN."""
        return str(self.iot.create_thing(thingName=name)["thingArn"])

    def job(self, job_id: str, *things: str, **settings: Any) -> dict[str, Any]:
        """A new job, on new things."""
        targets = [self.thing(thing) for thing in things]
        document = settings.pop("document", '{"operation":"app_fw_update"}')
        answer: dict[str, Any] = self.iot.create_job(jobId=job_id, targets=targets, document=document, **settings)
        return answer

    def cli(self, *arguments: str, expect: int = 0) -> Any:
        """Run the AWS CLI in this process; what it prints, read as JSON if it is that."""
        code, out, error = _driven([*arguments, "--endpoint-url", self.url])
        assert code == expect, error
        if expect:
            return error
        with contextlib.suppress(ValueError):
            return json.loads(out)
        return out

    def command(self, *arguments: str, folder: Path) -> Any:
        """Run the AWS CLI as a process, as a person does."""
        # Not the script "aws": its first line does not bear a space in the path of the interpreter.
        command = [sys.executable, "-m", "awscli", *arguments, "--endpoint-url", self.url]
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **ENVIRONMENT}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, cwd=folder)
        assert done.returncode == 0, done.stderr
        with contextlib.suppress(ValueError):
            return json.loads(done.stdout)
        return done.stdout


@contextlib.contextmanager
def api_bench(**options: Any) -> Iterator[ApiBench]:
    with EmulatorThread(api_port=0, **options) as aws:
        bench = ApiBench(aws)
        yield bench
        for client in bench._clients.values():
            client.close()


@contextlib.contextmanager
def refused(code: str, status: int = 0, text: str = "") -> Iterator[None]:
    """What runs inside is refused by AWS's `code`."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    assert not status or answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
    assert text in answer["Error"]["Message"], answer


def _by_the_model(model: Any, parsed: dict[str, Any], **_: Any) -> None:
    if model.output_shape is None or "Error" in parsed:
        return
    told = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    report = ParamValidator().validate(told, model.output_shape)
    assert not report.has_errors(), report.generate_report()


def _driven(arguments: list[str]) -> tuple[int, str, str]:
    out, error = io.StringIO(), io.StringIO()
    driver = _driver()
    with (
        _environment(ENVIRONMENT),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(error),
    ):
        code = driver.main(arguments)
    return code, out.getvalue(), error.getvalue()


@functools.cache
def _driver() -> Any:
    # Its import sets AWS_DATA_PATH, which must outlast the test: nothing that is undone may be around it.
    from awscli.clidriver import create_clidriver

    return create_clidriver()


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [it for it in os.environ if it.startswith("AWS_") and it != "AWS_DATA_PATH"]:
            patch.delenv(name)
        for name, value in values.items():
            patch.setenv(name, value)
        yield
