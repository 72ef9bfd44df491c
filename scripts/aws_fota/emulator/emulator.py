# SPDX-License-Identifier: Apache-2.0
"""The local AWS as one object: gateway, Jobs service and storage on one clock."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import importlib.util
import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from aws_fota.emulator import listening, storage_objects, storage_signature
from aws_fota.emulator.clock import Clock, SystemClock
from aws_fota.emulator.gateway import Gateway
from aws_fota.emulator.gateway_limits import GatewayLimits
from aws_fota.emulator.gateway_policy import Policy
from aws_fota.emulator.http_server import HttpServer
from aws_fota.emulator.jobs_model import Change, Delivery, Execution, JobConfig
from aws_fota.emulator.service import JobsService
from aws_fota.emulator.storage_objects import ObjectStore, StoredObject
from aws_fota.emulator.storage_signature import Credentials
from aws_fota.emulator.trace import Trace
from aws_fota.errors import EnvironmentLacks

if TYPE_CHECKING:
    from pathlib import Path

    from aws_fota.emulator.api_server import ApiServer
    from aws_fota.emulator.certificates import CertificateFolder
    from aws_fota.emulator.state import State
    from aws_fota.errors import AwsFotaError

#: Characters of the session token in presigned URLs; with it they get as long as users report, about 1700.
SESSION_TOKEN_CHARS = 1300

REGION = "eu-west-1"

#: The access key for tools that ask this AWS: the pair that AWS's documentation uses, so that nobody takes it for a
#: secret.
OPERATOR = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", REGION)


class Emulator:
    """The local AWS; used as an asynchronous context manager, and from its event loop only.

    Args:
        host: what to bind to.
        mqtt_port: 0 for a free one.
        http_port: 0 for a free one.
        api_port: of the HTTP API for the AWS CLI and boto3: 0 for a free one, None for none.
        tls_port: for MQTT with client certificates: 0 for a free one, None for none.
        https_port: the same for HTTP; with it, the URLs of objects are https.
        certificates: for both; each thing that is made gets one.
        state: the file that the state survives in, None to forget it at the end.
        clock: the machine's, unless a test gives its own.
        policy: what MQTT clients may do.
        limits: of the gateway.
        session_token_chars: length of the session token in presigned URLs.

    Raises:
        InputError: on entering, a port, a certificate or the state file cannot be used.
        EnvironmentLacks: on entering, the API is wanted and botocore is missing.

    Attributes:
        service: the Jobs service; call its ``control`` through this object, so that notifications are sent.
        gateway: the MQTT side, with its ``faults``.
        store: the objects, with their ``faults``.
        http: the HTTP side, with its ``records``.
        trace: what went over MQTT.
        host: the address by which devices reach it.
        mqtt_port: the port it listens on, once entered.
        http_port: the same for HTTP.
        api_port: the same for the HTTP API, None without one.
        tls_port: the same for MQTT over TLS, None without one.
        https_port: the same for HTTPS.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        mqtt_port: int = 0,
        http_port: int = 0,
        api_port: int | None = None,
        tls_port: int | None = None,
        https_port: int | None = None,
        certificates: CertificateFolder | None = None,
        state: Path | None = None,
        clock: Clock | None = None,
        policy: Policy | None = None,
        limits: GatewayLimits | None = None,
        session_token_chars: int = SESSION_TOKEN_CHARS,
    ) -> None:
        if certificates is None and (tls_port, https_port) != (None, None):
            raise ValueError("TLS needs certificates")
        self.clock = clock or SystemClock()
        self.trace = Trace(self.clock)
        self.service = JobsService(self.clock, self.presigned_url)
        self.gateway = Gateway(self._answer, self.trace, policy=policy, limits=limits)
        self.store = ObjectStore(self.clock)
        self._credentials = Credentials("ASIAEMULATEDACCESSKY", secrets.token_urlsafe(30), REGION)
        self.http = HttpServer(self.store, (self._credentials, OPERATOR), self.clock)
        self.host = listening.reachable(host)
        self.mqtt_port = mqtt_port
        self.http_port = http_port
        self.api_port = api_port
        self._api: ApiServer | None = None
        self.tls_port = tls_port
        self.https_port = https_port
        self._certificates = certificates
        self._certified: set[str] = set()
        self._state_path = state
        self._state: State | None = None
        self._bind = host
        self._token_chars = session_token_chars
        self._tokens = itertools.count(1)
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Emulator:
        self._open_state()
        try:
            self._certify()
            await self._listen()
        except BaseException:
            await self._close()
            raise
        return self

    def _open_state(self) -> None:
        if self._state_path is None:
            return
        # The binding needs a package that only those need who keep the state.
        from aws_fota.emulator.state import State

        self._state = State(self._state_path, self.service.ledger, self.store, self.gateway)
        # URLs that were signed before stay valid.
        secret_key = self._state.setting("secret_key", self._credentials.secret_key)
        self._credentials = replace(self._credentials, secret_key=secret_key)
        self.http.keyring = (self._credentials, OPERATOR)
        self._arm()

    async def restart(self, away_s: float) -> None:
        """Close all ports and connections, and open the same ports again after `away_s` seconds; the state stays."""
        await self.gateway.interrupt()
        await self._close_http()
        await asyncio.sleep(away_s)
        await self._listen()

    async def _listen(self) -> None:
        self.mqtt_port = await self.gateway.listen(self._bind, self.mqtt_port, option="--mqtt-port")
        self.http_port = await self.http.listen(self._bind, self.http_port, option="--http-port")
        if self.api_port is not None:
            self._api = self._api or self._api_server()
            self.api_port = await self._api.listen(self._bind, self.api_port, option="--api-port")
        if self._certificates is None:
            return
        if self.tls_port is not None:
            context = self._certificates.mqtt_context(self.host)
            self.tls_port = await self.gateway.listen(self._bind, self.tls_port, option="--tls-port", tls=context)
        if self.https_port is not None:
            context = self._certificates.http_context(self.host)
            self.https_port = await self.http.listen(self._bind, self.https_port, option="--https-port", tls=context)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._close()

    async def _close(self) -> None:
        await self.gateway.close()
        await self._close_http()
        if self._state is not None:
            self._state.close()

    async def _close_http(self) -> None:
        await self.http.close()
        if self._api is not None:
            await self._api.close()

    async def failed(self) -> AwsFotaError:
        """Wait until the state cannot be kept any more, which may be for ever; why it cannot. A defect is raised."""
        if self._state is None:
            never: asyncio.Future[AwsFotaError] = asyncio.get_running_loop().create_future()
            return await never
        return await asyncio.shield(self._state.output.failed)

    def commit(self) -> None:
        """Make what an operator changed last, before the operator is told that it was done.

        Raises:
            AwsFotaError: the state file, or a certificate for a thing that was made, cannot be written.
        """
        self._certify()
        if self._state is not None:
            self._state.changed()
            self._state.output.release()
            if self._state.output.failed.done():
                raise self._state.output.failed.result()

    def tick(self) -> None:
        """Do what the clock has made due; needed only after a test moved its own clock."""
        self._changed(self.service.tick())

    def create_thing(self, name: str) -> None:
        """Register a thing; its client id is its name, and so is that of its certificate."""
        self.service.control.create_thing(name)
        self._certify()
        self._kept()

    def upload(self, bucket: str, key: str, data: bytes, *, public: bool = False) -> StoredObject:
        """Store an object; one that is not public needs a presigned URL."""
        self._kept()
        return self.store.put(bucket, key, data, public=public)

    def create_job(
        self, job_id: str, document: dict[str, Any], things: Sequence[str], config: JobConfig | None = None
    ) -> None:
        """Make a job, and notify its things. See :meth:`JobsControl.create_job`."""
        self._changed(self.service.control.create_job(job_id, document, things, config))

    def cancel_job(self, job_id: str, *, force: bool = False) -> None:
        """Cancel a job. See :meth:`JobsControl.cancel_job`."""
        self._changed(self.service.control.cancel_job(job_id, force=force))

    def cancel_execution(self, job_id: str, thing: str, *, force: bool = False) -> None:
        """Cancel a job on one thing. See :meth:`JobsControl.cancel_execution`."""
        self._changed(self.service.control.cancel_execution(job_id, thing, force=force))

    def remove_target(self, job_id: str, thing: str) -> None:
        """Take a thing out of a job. See :meth:`JobsControl.remove_target`."""
        self._changed(self.service.control.remove_target(job_id, thing))

    def delete_job(self, job_id: str, *, force: bool = False) -> None:
        """Forget a job. See :meth:`JobsControl.delete_job`."""
        self._changed(self.service.control.delete_job(job_id, force=force))

    def execution(self, job_id: str, thing: str, number: int | None = None) -> Execution:
        """One execution with its history. See :meth:`JobsControl.execution`."""
        return self.service.control.execution(job_id, thing, number)

    async def wait_execution(
        self, job_id: str, thing: str, *, timeout: float, wanted: Callable[[Execution], bool] | None = None
    ) -> Execution:
        """The latest execution of a job on a thing, as soon as it is `wanted`, by default as soon as it has ended.

        Raises:
            ControlError: there is no such job or execution.
            asyncio.TimeoutError: it does not come to that within `timeout` seconds.
        """
        suits = wanted or (lambda execution: execution.status.terminal)
        execution = self.execution(job_id, thing)
        if suits(execution):
            return execution
        found: asyncio.Future[Execution] = asyncio.get_running_loop().create_future()

        def observe(change: Change) -> None:
            if found.done() or (change.job_id, change.thing) != (job_id, thing):
                return
            changed = self.service.ledger.execution(job_id, thing, change.execution_number)
            if changed is not None and suits(changed):
                found.set_result(changed)

        self.service.ledger.observers.append(observe)
        try:
            return await asyncio.wait_for(found, timeout)
        finally:
            self.service.ledger.observers.remove(observe)

    @property
    def storage_url(self) -> str:
        """Scheme, host and port of the storage, as they stand at the start of a URL."""
        if self.https_port is not None:
            return f"https://{listening.authority(self.host, self.https_port, 'https')}"
        return f"http://{listening.authority(self.host, self.http_port)}"

    def object_url(self, stored: StoredObject) -> str:
        """The address of an object, unsigned."""
        return f"{self.storage_url}{stored.path}"

    def presigned_url(self, url: str, expires_s: int) -> str:
        """The URL on this server that stands for one of S3, signed now with a session token of its own.

        Raises:
            InputError: `url` is not S3's address of an object.
        """
        bucket, key = storage_objects.bucket_and_key(url)
        storage, path = self.storage_url, storage_objects.path_of(bucket, key)
        credentials = replace(self._credentials, session_token=self._session_token())
        address = storage.partition("://")[2]
        query = storage_signature.presigned_query(credentials, address, path, self.clock.wall(), expires_s)
        return f"{storage}{path}?{query}"

    def ask_jobs(self, thing: str, topic: str, payload: bytes) -> bytes:
        """The answer to a request that a thing makes other than over MQTT, by its topic and payload there."""
        deliveries = self._answer(thing, topic, payload)
        self.gateway.notify(deliveries)
        return next(one.payload for one in deliveries if one.to_publisher)

    def endpoint(self, kind: str) -> str | None:
        """Host and port of a kind of endpoint, as DescribeEndpoint names them; None for one that there is not."""
        if kind in ("iot:Data", "iot:Data-ATS", "iot:Data-Beta"):
            return listening.authority(self.host, self.mqtt_port if self.tls_port is None else self.tls_port)
        if kind == "iot:Jobs" and self.api_port is not None:
            return listening.authority(self.host, self.api_port)
        return None

    def _api_server(self) -> ApiServer:
        if importlib.util.find_spec("botocore") is None:
            raise EnvironmentLacks(
                "the HTTP API needs botocore",
                rule="botocore",
                field="--api-port",
                fix="pip install 'west-aws-fota[aws]', or leave --api-port out",
            )
        from aws_fota.emulator.api_server import ApiServer, Backend

        return ApiServer(
            Backend(
                service=self.service,
                store=self.store,
                http=self.http,
                keyring=(self._credentials, OPERATOR),
                region=REGION,
                create_thing=self.create_thing,
                deliver=self._changed,
                commit=self.commit,
                ask=self.ask_jobs,
                endpoint=self.endpoint,
                own=self._is_own,
            )
        )

    def _is_own(self, authority: str) -> bool:
        ports = (self.http_port, self.https_port, self.api_port)
        return authority in {listening.authority(self.host, port) for port in ports if port is not None}

    def _session_token(self) -> str:
        seed = f"{self._credentials.secret_key} {next(self._tokens)}".encode()
        return base64.b64encode(hashlib.shake_256(seed).digest(self._token_chars)).decode()[: self._token_chars]

    def _answer(self, thing: str, topic: str, payload: bytes) -> list[Delivery]:
        deliveries = self.service.handle(thing, topic, payload)
        self._arm()
        return deliveries

    def _certify(self) -> None:
        """See that each thing has a certificate, whoever made it."""
        if self._certificates is not None:
            for name in sorted(self.service.ledger.things.keys() - self._certified):
                self._certificates.issue(name)
                self._certified.add(name)

    def _kept(self) -> None:
        if self._state is not None:
            self._state.changed()

    def _changed(self, deliveries: list[Delivery]) -> None:
        self._kept()
        self.gateway.notify(deliveries)
        self._arm()

    def _arm(self) -> None:
        """Wake up when the next execution times out."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.service.next_deadline()
        if deadline is not None:
            left = max(0.0, deadline - self.clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(left, self.tick)
