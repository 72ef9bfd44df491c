# SPDX-License-Identifier: Apache-2.0
"""REST-JSON services by botocore's models: requests read and checked, answers written.

The models are what boto3 and the AWS CLI are made from; paths, names, types and limits are taken from them and from
nowhere else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn
from urllib.parse import parse_qs, unquote

from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

from aws_fota.emulator.api_checks import Checks
from aws_fota.emulator.api_errors import ApiError
from aws_fota.errors import EnvironmentLacks


@dataclass(frozen=True)
class Call:
    """One request: an operation, and its input by the names of the model."""

    operation: str
    members: dict[str, Any]


class RestJsonService:
    """One service.

    Args:
        name: of botocore's model, such as ``iot``.

    Raises:
        EnvironmentLacks: botocore has no such model.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._model = _model_of(name)
        operations = [self._model.operation_model(one) for one in self._model.operation_names]
        # `/jobs/$next` must win over `/jobs/{jobId}`.
        self._operations = sorted(operations, key=lambda it: it.http["requestUri"].count("{"))

    def call(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Call:
        """What a request asks for.

        Args:
            path: percent-encoded, as it was sent.
            query: as it was sent, without the ``?``.
            headers: with lowercase names.

        Raises:
            ApiError: there is no such operation, or its input breaks the model.
        """
        operation, placed = self._routed(method, path)
        shape = operation.input_shape
        if shape is None:
            return Call(operation.name, {})
        members: dict[str, Any] = {}
        asked = parse_qs(query, keep_blank_values=True)
        problems = Checks()
        inside = _object_of(body)
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            place = member.serialization.get("location")
            if place == "uri":
                members[name] = _scalar(member, placed[wire], name)
            elif place == "querystring" and wire in asked:
                members[name] = _scalar(member, asked[wire][-1], name)
            elif place == "header" and wire.lower() in headers:
                members[name] = _scalar(member, headers[wire.lower()], name)
            elif place is None and inside.get(wire) is not None:
                members[name] = problems.typed(member, inside[wire], name)
        problems.check(shape, members)
        return Call(operation.name, members)

    def answer(self, call: Call, result: dict[str, Any]) -> bytes:
        """The body of an answer; members that are None are left out.

        Raises:
            KeyError: the result has a member that the model does not know.
        """
        shape = self._model.operation_model(call.operation).output_shape
        return json.dumps(_written(shape, result) if shape is not None else {}).encode()

    def error_status(self, code: str) -> int:
        """The HTTP status of an error, 400 for one that the model does not know."""
        shapes = self._model.shape_for_error_code(code)
        return int(shapes.metadata.get("error", {}).get("httpStatusCode", 400)) if shapes is not None else 400

    def _routed(self, method: str, path: str) -> tuple[OperationModel, dict[str, str]]:
        given = [unquote(part, errors="strict") for part in path.split("/")] if _is_utf8(path) else []
        for operation in self._operations:
            wanted = operation.http["requestUri"].partition("?")[0].split("/")
            if operation.http["method"] == method and len(wanted) == len(given):
                members = _matched(wanted, given)
                if members is not None:
                    return operation, members
        raise ApiError("UnknownOperationException", f"no operation of {self.name} is {method} {path}", 404)


@cache
def _model_of(name: str) -> ServiceModel:
    try:
        return ServiceModel(Loader().load_service_model(name, "service-2"), name)
    except DataNotFoundError as error:
        raise EnvironmentLacks(
            f"botocore has no model of {name}", rule="botocore", fix="pip install --upgrade botocore"
        ) from error


def _matched(wanted: list[str], given: list[str]) -> dict[str, str] | None:
    members: dict[str, str] = {}
    for pattern, part in zip(wanted, given, strict=True):
        if pattern.startswith("{"):
            if not part:
                return None
            members[pattern.strip("{}+")] = part
        elif pattern != part:
            return None
    return members


def _is_utf8(path: str) -> bool:
    try:
        unquote(path, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _object_of(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        members = json.loads(body.decode("utf-8"), parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", "the body is not JSON in UTF-8") from error
    if not isinstance(members, dict):
        raise ApiError("SerializationException", "the body is not a JSON object")
    return members


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _scalar(shape: Shape, text: str, name: str) -> Any:
    """A value from the query or from a header."""
    if shape.type_name == "boolean":
        if text.lower() not in ("true", "false"):
            raise ApiError("SerializationException", f"{name} is true or false")
        return text.lower() == "true"
    if shape.type_name in ("integer", "long"):
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
            raise ApiError("SerializationException", f"{name} is an integer")
        return int(text)
    return text


def _written(shape: Shape, value: Any) -> Any:
    if shape.type_name == "structure":
        return {
            shape.members[name].serialization.get("name", name): _written(shape.members[name], member)
            for name, member in value.items()
            if member is not None
        }
    if shape.type_name == "list":
        return [_written(shape.member, one) for one in value]
    if shape.type_name == "map":
        return {key: _written(shape.value, one) for key, one in value.items()}
    return value
