# SPDX-License-Identifier: Apache-2.0
"""The HTTP API: one port on which the AWS CLI and boto3 find AWS IoT, its Jobs data plane, S3 and STS.

Which of them a request is for stands in its signature, as each of these services signs with a name of its own; a
request without a signature in a header is for S3, where presigned URLs and public objects are.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from aws_fota.emulator import api_authorization, listening, storage_presigned
from aws_fota.emulator.api_arns import ACCOUNT, Arns
from aws_fota.emulator.api_authorization import Authorization
from aws_fota.emulator.api_bodies import read_body
from aws_fota.emulator.api_errors import ApiError, error_document, text_of
from aws_fota.emulator.api_jobs import JobsApi
from aws_fota.emulator.api_jobs_data import JobsDataApi
from aws_fota.emulator.api_models import RestJsonService
from aws_fota.emulator.api_s3 import S3Api, S3Request, request_of
from aws_fota.emulator.api_things import ThingsApi
from aws_fota.emulator.http_log import LOGGER
from aws_fota.emulator.http_server import HttpServer
from aws_fota.emulator.jobs_model import ControlError, Delivery
from aws_fota.emulator.listening import listen, stop_listening
from aws_fota.emulator.service import JobsService
from aws_fota.emulator.storage_objects import ObjectStore
from aws_fota.emulator.storage_signature import Credentials, SignatureRefused
from aws_fota.errors import AwsFotaError, EnvironmentLacks

#: Bytes of a JSON body; AWS gives no number, the largest request, CreateJob, stays far below.
JSON_MAX_BYTES = 1024 * 1024

Members = dict[str, Any]

_LOG = logging.getLogger(__name__)

#: Refusals of a signature as the JSON services name them.
_JSON_REFUSALS = {
    "AuthorizationHeaderMalformed": "IncompleteSignatureException",
    "InvalidAccessKeyId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "RequestTimeTooSkewed": "InvalidSignatureException",
    "AccessDenied": "MissingAuthenticationTokenException",
}


@dataclass(frozen=True)
class Backend:
    """What the API speaks for.

    Attributes:
        keyring: the access keys that may sign.
        create_thing: registers a thing, unless it is there.
        deliver: sends notifications.
        commit: makes what was changed last, before it is said that it was done.
        ask: answers a device's request: from its thing, topic and payload to the payload of the answer.
        endpoint: where a kind of endpoint, such as ``iot:Data-ATS``, is; None for a kind that there is not.
        own: whether a host and port, as they stand in a URL, are this emulator's.
    """

    service: JobsService
    store: ObjectStore
    http: HttpServer
    keyring: Sequence[Credentials]
    region: str
    create_thing: Callable[[str], None]
    deliver: Callable[[list[Delivery]], None]
    commit: Callable[[], None]
    ask: Callable[[str, str, bytes], bytes]
    endpoint: Callable[[str], str | None]
    own: Callable[[str], bool]


class ApiServer:
    """The server; must be used from one event loop only.

    Args:
        backend: the state.

    Raises:
        EnvironmentLacks: botocore has no model of a service.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._clock = backend.service.clock
        arns = Arns(backend.region)
        control = {
            **ThingsApi(backend.service, backend.create_thing, backend.deliver, arns).operations,
            **JobsApi(backend.service, backend.store, backend.deliver, arns, backend.own).operations,
            "DescribeEndpoint": self._describe_endpoint,
        }
        self._services = {
            "iot": (RestJsonService("iot"), control),
            "iot-jobs-data": (RestJsonService("iot-jobs-data"), JobsDataApi(backend.ask).operations),
        }
        self._s3 = S3Api(backend.store, backend.http, self._clock, backend.region)
        self._servers: list[asyncio.Server] = []
        self._web: web.Server | None = None

    async def listen(self, host: str, port: int, *, option: str) -> int:
        """Accept connections on one more port; 0 takes a free one. See :meth:`Gateway.listen`."""
        if self._web is None:
            # Decompressed by aiohttp, a body would not be the one that was signed.
            self._web = web.Server(
                self._handle, access_log=None, logger=LOGGER, keepalive_timeout=listening.IDLE_S, auto_decompress=False
            )
        handler = self._web
        loop = asyncio.get_running_loop()
        server, bound = await listen(lambda free: loop.create_server(handler, host, free), host, port, option)
        self._servers.append(server)
        return bound

    async def close(self) -> None:
        """Stop listening and close all connections."""
        await stop_listening(self._servers)
        if self._web is not None:
            await self._web.shutdown(timeout=1.0)
            self._web = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
        request_id = secrets.token_hex(16)
        service = api_authorization.service_of(headers.get("authorization")) or "s3"
        answer: web.StreamResponse
        try:
            if service in self._services:
                answer = await self._rest_json(service, request, path, query, headers)
            elif service == "sts":
                answer = await self._sts(request, path, query, headers, request_id)
            else:
                answer = await self._simple_storage(request, path, query, headers, request_id)
        except ConnectionError:
            return web.Response()
        if not answer.prepared:
            answer.headers["x-amzn-RequestId" if service != "s3" else "x-amz-request-id"] = request_id
        if request.can_read_body and not request.content.at_eof():
            # What is left of a refused body must not be taken for the next request.
            answer.force_close()
        return answer

    async def _rest_json(
        self, name: str, request: web.BaseRequest, path: str, query: str, headers: dict[str, str]
    ) -> web.Response:
        model, operations = self._services[name]
        try:
            body = await read_body(request, JSON_MAX_BYTES, _request_too_large())
            self._authorized(request.method, path, query, headers, body)
            call = model.call(request.method, path, query, headers, body)
            operation = operations.get(call.operation)
            if operation is None:
                raise ApiError("NotImplementedException", f"{call.operation} is not in the local AWS", 501)
            answer = model.answer(call, operation(call.members))
            if request.method != "GET":
                self._backend.commit()
            return web.Response(body=answer, content_type="application/json")
        except SignatureRefused as refused:
            status = 400 if refused.code == "AuthorizationHeaderMalformed" else 403
            error = ApiError(_JSON_REFUSALS[refused.code], refused.message, status)
        except ApiError as refused:
            error = refused
        except ControlError as refused:
            error = ApiError(f"{refused.code}Exception", _words(refused))
        except EnvironmentLacks as lack:
            error = ApiError("InternalFailureException", _words(lack), 500)
        except AwsFotaError as refused:
            error = ApiError("InvalidRequestException", _words(refused))
        except Exception:
            _LOG.exception("%s %s of %s failed", request.method, path, name)
            error = ApiError("InternalFailureException", "a defect of the local AWS; its log has the details", 500)
        body = json.dumps({"message": error.message, **error.members}).encode()
        named = {"x-amzn-ErrorType": error.code}
        status = error.status or model.error_status(error.code)
        return web.Response(status=status, body=body, headers=named, content_type="application/json")

    async def _simple_storage(
        self, request: web.BaseRequest, path: str, query: str, headers: dict[str, str], request_id: str
    ) -> web.StreamResponse:
        try:
            asked = self._s3_request(request, path, query, headers)
            answer = await self._s3.answer(asked)
            if request.method not in ("GET", "HEAD"):
                self._backend.commit()
            return answer
        except SignatureRefused as refused:
            malformed = ("AuthorizationHeaderMalformed", "AuthorizationQueryParametersError")
            error = ApiError(refused.code, refused.message, 400 if refused.code in malformed else 403)
        except ApiError as refused:
            error = refused
        except EnvironmentLacks as lack:
            error = ApiError("InternalError", _words(lack), 500)
        except AwsFotaError as refused:
            error = ApiError("InvalidRequest", _words(refused), 400)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            _LOG.exception("%s %s of S3 failed", request.method, path)
            error = ApiError("InternalError", "a defect of the local AWS; its log has the details", 500)
        body = b"" if request.method == "HEAD" else error_document(error, path, request_id)
        return web.Response(status=error.status, body=body, headers=error.headers, content_type="application/xml")

    def _s3_request(self, request: web.BaseRequest, path: str, query: str, headers: dict[str, str]) -> S3Request:
        if not path.startswith("/"):
            raise ApiError("InvalidURI", "Couldn't parse the specified URI.", 400)
        authorization: Authorization | None = None
        if "authorization" in headers:
            payload = headers.get("x-amz-content-sha256")
            if payload is None:
                message = "Missing required header for this request: x-amz-content-sha256"
                raise ApiError("InvalidRequest", message, 400)
            authorization = api_authorization.read(self._backend.keyring, headers, self._clock.wall())
            authorization.check(request.method, path, query, headers, payload)
            return request_of(request, path, query, headers, authorization)
        asked = request_of(request, path, query, headers, None)
        if storage_presigned.is_presigned(query):
            in_host = "" if path.startswith(f"/{asked.bucket}") else asked.bucket
            now = self._clock.wall()
            storage_presigned.check(
                self._backend.keyring, request.method, path, query, headers, now, bucket_in_host=in_host
            )
            return asked
        stored = self._backend.store.get(asked.bucket, asked.key)
        if request.method not in ("GET", "HEAD") or stored is None or not stored.public:
            raise ApiError("AccessDenied", "Access Denied", 403)
        return asked

    def _authorized(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> None:
        authorization = api_authorization.read(self._backend.keyring, headers, self._clock.wall())
        authorization.check(method, path, query, headers, hashlib.sha256(body).hexdigest())

    async def _sts(
        self, request: web.BaseRequest, path: str, query: str, headers: dict[str, str], request_id: str
    ) -> web.Response:
        try:
            body = await read_body(request, JSON_MAX_BYTES, _request_too_large())
            self._authorized(request.method, path, query, headers, body)
            action = parse_qs(body.decode("utf-8", "replace") or query).get("Action", [""])[-1]
            if action != "GetCallerIdentity":
                raise ApiError("InvalidAction", f"{action} is not in the local AWS", 400)
        except (SignatureRefused, ApiError) as refused:
            status = refused.status if isinstance(refused, ApiError) and refused.status else 403
            told = f"<Code>{text_of(refused.code)}</Code><Message>{text_of(refused.message)}</Message>"
            error = f"<Error><Type>Sender</Type>{told}</Error><RequestId>{request_id}</RequestId>"
            return _sts_document("ErrorResponse", error, status)
        result = (
            f"<Arn>arn:aws:iam::{ACCOUNT}:user/operator</Arn><UserId>AIDAEMULATEDOPERATOR</UserId>"
            f"<Account>{ACCOUNT}</Account>"
        )
        inner = (
            f"<GetCallerIdentityResult>{result}</GetCallerIdentityResult>"
            f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        )
        return _sts_document("GetCallerIdentityResponse", inner, 200)

    def _describe_endpoint(self, members: Members) -> Members:
        kind = members.get("endpointType", "iot:Data")
        address = self._backend.endpoint(kind)
        if address is None:
            raise ApiError("InvalidRequestException", f"Invalid endpointType {kind}")
        return {"endpointAddress": address}


def _sts_document(root: str, inner: str, status: int) -> web.Response:
    text = f'<{root} xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{inner}</{root}>'
    return web.Response(status=status, text=text, content_type="text/xml")


def _words(error: AwsFotaError) -> str:
    field = f"{error.field}: " if error.field else ""
    fix = f"; {error.fix}" if error.fix else ""
    return f"{field}{error.message}{fix}"


def _request_too_large() -> ApiError:
    return ApiError("RequestEntityTooLargeException", f"the body has more than {JSON_MAX_BYTES} bytes", 413)
