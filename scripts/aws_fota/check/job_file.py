# SPDX-License-Identifier: Apache-2.0
"""One job document, judged as a device would: by the oracle, and by the C parser where there is a compiler."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aws_fota import s3_host
from aws_fota.check.amounts import exactly
from aws_fota.check.deployment import Address, Deployment, Signing, address_of_url, query_length
from aws_fota.check.inputs import Document
from aws_fota.config.limits import Settings
from aws_fota.errors import EnvironmentLacks, InputError
from aws_fota.jobdoc.model import Description
from aws_fota.oracle.outcome import FIRST_FIELD, EnvelopeField, JobValue, MessageKind, Outcome, ParseResult, Scheme, Url
from aws_fota.oracle.parser import parse

if TYPE_CHECKING:
    from aws_fota.host.inputs import Parsed

#: Bytes; far more than AWS IoT takes, so that a document that is too long is still judged.
SIZE_MAX = 1 << 20

#: No character of another placeholder's start is in one: text with many starts and no end is searched once.
PLACEHOLDER = re.compile(rb"\$\{aws:iot:s3-presigned-url:(https?://[^{}\s\"]+)\}")
#: A URL and its query; one without a query matches too, so that its text is searched once.
_QUERY = re.compile(rb"(https?:(?:\\?/){2}[^\"\s?]*)(\?[^\"\n]*)?")
#: What may be the query of a path that stands by itself, or of a URL with its mark escaped.
_MARKED = re.compile(rb"(\?|\\u003[fF])([^\"\n]*)")

#: Of the regions that have S3.
_LONGEST_REGION = "ap-southeast-1"

_HEAD = b'{"execution":{"jobId":"check","status":"QUEUED","versionNumber":1,"jobDocument":'
_TAIL = b"}}"


class ParsersDisagree(RuntimeError):
    """Two parsers written from one page read a document differently: a defect of this package, never the user's."""


@dataclass(frozen=True)
class JobFile:
    """A job document as it is stored, and as it is delivered.

    Attributes:
        stored: the file's bytes.
        delivered: placeholders replaced by URLs of the greatest length.
        pieces: start in `delivered`, start in `stored`, and length of what replaced a placeholder, in order.
    """

    name: str
    stored: bytes
    delivered: bytes
    pieces: tuple[tuple[int, int, int, int], ...]

    def stored_offset(self, offset: int) -> int:
        """The byte of the file that a byte of the delivered document comes from."""
        shift = 0
        for start, origin, length, replaced in self.pieces:
            if offset < start:
                break
            if offset < start + length:
                return origin
            shift = (origin + replaced) - (start + length)
        return offset + shift


@dataclass(frozen=True)
class Judgement:
    """What a device makes of a job document.

    Attributes:
        result: of the parser.
        field: the dotted name of the field that the result is about; empty when it is fine.
        offset: the first wrong byte of the file; None when nothing is wrong or something is missing.
        outcome: the oracle's, for its fields.
        judges: who parsed it.
        note: why the C parser did not, if so.
    """

    file: JobFile
    result: ParseResult
    field: str
    offset: int | None
    outcome: Outcome
    judges: tuple[str, ...]
    note: str = ""


def read(path: Path, deployment: Deployment) -> JobFile:
    """Read a job document and sign its placeholders.

    Raises:
        InputError: it cannot be read, or is larger than :data:`SIZE_MAX`.
    """
    try:
        with path.open("rb") as stream:
            stored = stream.read(SIZE_MAX + 1)
    except OSError as error:
        fix = "name a file with a job document"
        raise InputError(f"cannot be read: {error.strerror or error}", rule="file", path=path, fix=fix) from error
    if len(stored) > SIZE_MAX:
        fix = "AWS IoT takes job documents of at most 32768 bytes"
        raise InputError(f"is larger than {SIZE_MAX} bytes", rule="file", path=path, fix=fix)
    delivered = bytearray()
    pieces = []
    end = 0
    for match in PLACEHOLDER.finditer(stored):
        delivered += stored[end : match.start()]
        # A key is UTF-8; what is not comes through as it is, for the parsers to judge.
        url = _signed(match[1].decode("utf-8", "surrogateescape"), deployment).encode("utf-8", "surrogateescape")
        pieces.append((len(delivered), match.start(), len(url), len(match[0])))
        delivered += url
        end = match.end()
    delivered += stored[end:]
    return JobFile(str(path), stored, bytes(delivered), tuple(pieces))


def _signed(url: str, deployment: Deployment) -> str:
    """The longest URL that AWS IoT may put in a placeholder's place; it is always signed with a session token."""
    # Not urlsplit(), which refuses what only the parsers may judge.
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    named = s3_host.parse(host)
    # The global endpoint names no region; the URL that is signed may.
    region = deployment.region or (named and named.region) or _LONGEST_REGION
    length = query_length(region, Signing.STS, deployment.token_length, deployment.expires)
    place = url
    bucket, slash, key = path.partition("/")
    if named and not named.bucket and slash:
        host = host if named.region else f"s3.{region}.amazonaws.com"
        place = f"{scheme}://{bucket}.{host}/{_quoted(key)}"
    head = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Security-Token="
    return f"{place}?{head}{'0' * (length - len(head))}"


def _quoted(key: str) -> str:
    """A key percent-encoded; one that is not UTF-8 as it is, since an encoded one would hide that from the parsers."""
    try:
        return quote(key, safe="/~%")
    except UnicodeEncodeError:
        return key


def judge_file(file: JobFile, description: Description, settings: Settings) -> Judgement:
    """Parse a document as a device does.

    Raises:
        ParsersDisagree: the C parser and the oracle do; a defect of this package.
    """
    kind, message, before = _message(file, description, settings)
    outcome = parse(description, settings, kind, message)
    judges = ["oracle"]
    parsed, note = _in_c(kind, message, description, settings)
    if parsed is not None:
        judges.append("C parser")
        _agree(parsed, outcome, file)
    offset = outcome.offset - before
    there = outcome.result not in (ParseResult.OK, ParseResult.MISSING)
    return Judgement(
        file,
        outcome.result,
        "" if outcome.result is ParseResult.OK else field_name(outcome.field, description),
        min(file.stored_offset(max(0, offset)), len(file.stored)) if there else None,
        outcome,
        tuple(judges),
        note,
    )


def _message(file: JobFile, description: Description, settings: Settings) -> tuple[MessageKind, bytes, int]:
    """The message to parse: the document by itself where its text is wrong, else inside an execution."""
    alone = parse(description, settings, MessageKind.OTHER, file.delivered)
    if alone.result is not ParseResult.OK:
        return MessageKind.OTHER, file.delivered, 0
    return MessageKind.EXECUTION, _HEAD + file.delivered + _TAIL, len(_HEAD)


def _in_c(kind: MessageKind, message: bytes, description: Description, settings: Settings) -> tuple[Parsed | None, str]:
    """What the generated parser yields; None and the reason where it cannot be had."""
    try:
        from aws_fota.codegen.model import Model
        from aws_fota.host.build_cache import build
        from aws_fota.host.library import Core

        core = Core(build(Model(description, settings)))
    except EnvironmentLacks as error:
        return None, f"only the oracle judged: {error.message}"
    except ModuleNotFoundError as error:
        return None, f"only the oracle judged: the Python package '{error.name}' is missing"
    return core.parse(kind.name, message), ""


def _agree(parsed: Parsed, outcome: Outcome, file: JobFile) -> None:
    """Hold result and fields of the C parser against the oracle's."""
    in_c = (parsed.result, parsed.field, parsed.offset)
    in_python = (outcome.result.value, outcome.field, outcome.offset)
    fields = {name: _plain(parsed.job[name]) for name in outcome.job}
    expected = {name: _plain(value) for name, value in outcome.job.items()}
    if in_c != in_python or fields != expected:
        raise ParsersDisagree(f"{file.name}: the C parser and the oracle disagree: {in_c} and {in_python}")


def _plain(value: Any) -> Any:
    """A value of either side's types as one that can be compared."""
    if isinstance(value, Url):
        scheme = "" if value.scheme is Scheme.NONE else value.scheme.name.lower()
        return scheme, value.host, value.port, value.path
    if hasattr(value, "host"):
        return value.scheme, value.host, value.port, value.path
    return value


def field_name(index: int, description: Description) -> str:
    """A field's name for people: the path in the document, or the part of the message."""
    if index >= FIRST_FIELD:
        return description.fields[index - FIRST_FIELD].dotted
    if index in (EnvelopeField.MESSAGE, EnvelopeField.JOB_DOCUMENT):
        return "the document"
    return EnvelopeField(index).name.lower()


def device_fields(judgement: Judgement) -> Iterator[tuple[str, str]]:
    """Name and value of each field as the device has it; a URL's query is told by its length only."""
    for name, value in judgement.outcome.job.items():
        yield name, _shown(value)


def _shown(value: JobValue) -> str:
    if isinstance(value, Url):
        path, mark, query = value.path.partition("?")
        port = f":{value.port}" if value.port else ""
        scheme = value.scheme.name.lower() if value.scheme is not Scheme.NONE else ""
        hidden = f"?... ({len(query)} characters of query)" if mark else ""
        return f"{scheme}://{value.host}{port}{path}{hidden}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True)
    return str(value).lower() if isinstance(value, bool) else str(value)


def foreign_operation(judgement: Judgement, description: Description) -> str:
    """What becomes of a job whose operation is not ours; empty when it is."""
    operation = judgement.outcome.job.get("operation")
    if judgement.result is not ParseResult.OK or not isinstance(operation, str):
        return ""
    if operation in description.operations:
        return ""
    action = {"offer": "offers it to the application", "reject": "rejects the job", "leave": "leaves the job alone"}
    known = ", ".join(description.operations)
    return f"operation {json.dumps(operation)} is not one of {known}: the device {action[description.foreign.value]}"


def excerpt(judgement: Judgement, columns: int = 88) -> list[str]:
    """The line with the first wrong byte, and a mark below it; the query of a URL is not shown."""
    if judgement.offset is None:
        return []
    data = _hidden_queries(judgement.file.stored)
    start = data.rfind(b"\n", 0, judgement.offset) + 1
    end = data.find(b"\n", judgement.offset)
    end = len(data) if end < 0 else end
    first = max(start, judgement.offset - columns // 2)
    shown = data[first : min(end, first + columns)]
    printable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in shown)
    line = data.count(b"\n", 0, judgement.offset) + 1
    head = f"{line:>6} | "
    return [head + printable, " " * (len(head) + judgement.offset - first) + "^"]


def _hidden_queries(data: bytes) -> bytes:
    data = _QUERY.sub(lambda match: match[1] + (b"?" + b"*" * (len(match[2]) - 1) if match[2] else b""), data)
    return _MARKED.sub(lambda match: match[1] + (b"*" * len(match[2]) if b"=" in match[2] else match[2]), data)


def document(file: JobFile, description: Description, lenient: Settings) -> tuple[Document, list[Address]]:
    """What the rules need to know of a document, read with limits that no build exceeds."""
    kind, message, _ = _message(file, description, lenient)
    job = parse(description, lenient, kind, message).job
    size = job.get("size")
    found = [value for value in job.values() if isinstance(value, Url) and value.host]
    delivered = exactly(len(file.delivered), f"{file.name}{', placeholders signed' if file.pieces else ''}")
    return (
        Document(file.name, len(file.stored), delivered, size if isinstance(size, int) else None),
        [address_of_url(_text(url), file.name) for url in found],
    )


def _text(url: Url) -> str:
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme.name.lower()}://{url.host}{port}{url.path}"


def as_data(judgement: Judgement, description: Description) -> dict[str, Any]:
    """A judgement as JSON has it."""
    fields: Mapping[str, str] = dict(device_fields(judgement))
    return {
        "file": judgement.file.name,
        "result": judgement.result.name,
        "field": judgement.field or None,
        "offset": judgement.offset,
        "judges": list(judgement.judges),
        "note": judgement.note or None,
        "operation": foreign_operation(judgement, description) or None,
        "fields": fields,
    }
