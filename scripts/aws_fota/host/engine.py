# SPDX-License-Identifier: Apache-2.0
"""One engine of the generated core, with dataclasses around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aws_fota.errors import InputError
from aws_fota.host.inputs import (
    Action,
    Boot,
    FetchFailed,
    HttpResponse,
    Input,
    Message,
    Parsed,
    Plain,
    Result,
    Timer,
    Url,
    Verified,
    Written,
)
from aws_fota.host.library import Core

_EINVAL = -22


class Engine:
    """A ``struct aws_fota_engine`` and the ``struct aws_fota_message`` that its messages are parsed into.

    Args:
        core: the loaded core.
        thing: the thing name.

    Raises:
        InputError: the thing name breaks its rule.
    """

    def __init__(self, core: Core, thing: str) -> None:
        self._core = core
        self._thing = core.text(thing)
        self._message = core.new("struct aws_fota_message *")
        self._engine = core.new("struct aws_fota_engine *")
        if core.lib.aws_fota_engine_init(self._engine, self._thing, self._message) == _EINVAL:
            raise InputError(
                f"'{thing}' is no thing name", rule="thing-name", fix="use 1 to 128 characters of A-Z a-z 0-9 : _ -"
            )
        self._actions = core.new(f"struct aws_fota_action[{core.limit('ACTIONS_MAX')}]")
        self._fill: dict[type, Callable[[Any, Any], list[Any]]] = {
            Boot: self._boot,
            Message: self._take_message,
            HttpResponse: self._http,
            Verified: self._verified,
            Timer: self._timer,
            Result: self._result,
            FetchFailed: self._fetch_failed,
            Written: self._written,
            Plain: self._plain,
        }

    def step(self, given: Input) -> tuple[Action, ...]:
        """Take one input; what is to be done, in this order."""
        filled = self._core.new("struct aws_fota_input *")
        # What C points to must live until the step is over.
        alive = self._fill[type(given)](filled, given)
        count = self._core.lib.aws_fota_engine_step(self._engine, filled, self._actions)
        del alive
        return tuple(self._action(self._actions[i]) for i in range(count))

    def read(
        self, topic: bytes, payload: bytes, packet_id: int, splits: Iterable[int] = ()
    ) -> tuple[Message, Parsed] | None:
        """Parse a message that came on `topic`.

        Args:
            topic: where it came.
            payload: the whole payload.
            packet_id: what to acknowledge, 0 for QoS 0.
            splits: where the payload is cut into pieces.

        Returns:
            The input to step with, and what was read; None when the topic is none of this thing's Jobs topics.
        """
        core = self._core
        text = core.memory(topic, "char")
        parts = core.lib.aws_fota_topic_parse(self._thing, text, len(topic))
        if core.topics.name(parts.kind) == "FOREIGN":
            return None
        parts_memory = core.new("struct aws_fota_topic *", parts)
        kind = core.lib.aws_fota_engine_message_kind(self._engine, parts_memory)
        parsed = core.parse_into(self._message, kind, payload, splits)
        identity = None
        if core.kinds.name(kind) == "EXECUTION" and core.results.name(parsed.result) == "OK":
            identity = self.identity()
        return Message(topic, parsed.result, parsed.field, packet_id, identity), parsed

    def identity(self) -> bytes | None:
        """SHA-256 that names the object at the job's URL, or None without one."""
        url = self._url()
        return None if url is None else self._core.url_identity(self._core.ffi.addressof(url))

    def record(self) -> bytes:
        """What ``PERSIST`` asks to store."""
        record = self._core.new(f"uint8_t[{self._core.limit('RECORD_MAX')}]")
        length = self._core.lib.aws_fota_record_encode(self._engine, record)
        return bytes(self._core.ffi.buffer(record, length))

    def publication(self) -> tuple[str, bytes]:
        """Topic and payload of what ``PUBLISH`` asks to send."""
        lib = self._core.lib
        topic = self._written_text(lib.aws_fota_publication_topic, self._core.limit("TOPIC_MAX"))
        payload = self._written_text(lib.aws_fota_publication_payload, self._core.limit("PUBLICATION_MAX"))
        return topic.decode("ascii"), payload

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters of ``SUBSCRIBE``."""
        write, longest = self._core.lib.aws_fota_subscription_topic, self._core.limit("TOPIC_MAX")
        count = self._core.limit("SUBSCRIPTIONS")
        return tuple(self._written_text(write, longest, i).decode("ascii") for i in range(count))

    @property
    def phase(self) -> str:
        """Name of ``enum aws_fota_phase``."""
        return self._core.phases.name(self._core.lib.aws_fota_engine_phase(self._engine))

    @property
    def job_id(self) -> str:
        """jobId of the job worked on; empty without one."""
        return bytes(self._core.ffi.string(self._core.lib.aws_fota_engine_job_id(self._engine))).decode("ascii")

    @property
    def told_job_id(self) -> str:
        """``jobId`` of the job that the last ``TELL`` is about; empty without one."""
        told = self._core.lib.aws_fota_engine_told(self._engine)
        return bytes(self._core.ffi.string(told.job_id)).decode("ascii")

    @property
    def reason(self) -> str:
        """Name of ``enum aws_fota_reason``."""
        return self._core.reasons.name(self._core.lib.aws_fota_engine_reason(self._engine))

    @property
    def detail(self) -> int:
        """Detail of the reason."""
        return int(self._core.lib.aws_fota_engine_detail(self._engine))

    @property
    def etag(self) -> str | None:
        """What to send as If-Match, or None."""
        etag = self._core.lib.aws_fota_engine_etag(self._engine)
        return None if etag == self._core.ffi.NULL else bytes(self._core.ffi.string(etag)).decode("latin-1")

    @property
    def size(self) -> int:
        """Bytes of the job's image."""
        return int(self._core.lib.aws_fota_engine_size(self._engine))

    @property
    def url(self) -> Url | None:
        """The job's URL as it stands in the message, or None."""
        url = self._url()
        return None if url is None else self._core.url(url)

    def _url(self) -> Any:
        job = self._message.job
        for name, field in self._core.ffi.typeof(job).fields:
            if field.type.cname == "struct aws_fota_url":
                url = getattr(job, name)
                return url if url.scheme else None
        return None

    def _written_text(self, write: Callable[..., int], longest: int, *which: int) -> bytes:
        text = self._core.new(f"char[{longest + 1}]")
        length = write(self._engine, *which, text, longest + 1)
        if length < 0:
            raise RuntimeError(f"the core could not write a text: errno {-length}")
        return bytes(self._core.ffi.buffer(text, length))

    def _action(self, action: Any) -> Action:
        core, name = self._core, self._core.actions.name(action.id)
        what = ""
        if name == "TELL":
            what = core.tells.name(action.what)
        elif name in ("TIMER_START", "TIMER_STOP"):
            what = core.timers.name(action.what)
        return Action(name, what, action.packet_id, action.value, action.length)

    def _boot(self, filled: Any, given: Boot) -> list[Any]:
        core, boot = self._core, filled.data.boot
        filled.id = core.inputs.value("BOOT")
        record = core.memory(given.record or b"")
        running = core.memory(given.running_hash or b"")
        boot.record, boot.record_len = record, len(given.record or b"")
        boot.running_hash = running
        if given.version is not None:
            boot.version = core.version(given.version)[0]
            boot.version_valid = True
        boot.confirmed, boot.swap_pending = given.confirmed, given.swap_pending
        boot.slot_size, boot.seed = given.slot_size, given.seed
        return [record, running]

    def _take_message(self, filled: Any, given: Message) -> list[Any]:
        core, message = self._core, filled.data.message
        filled.id = core.inputs.value("MESSAGE")
        topic = core.memory(given.topic, "char")
        identity = core.memory(given.identity or b"")
        message.topic = core.lib.aws_fota_topic_parse(self._thing, topic, len(given.topic))
        message.result, message.field, message.packet_id = given.result, given.field, given.packet_id
        message.identity = identity
        return [topic, identity]

    def _http(self, filled: Any, given: HttpResponse) -> list[Any]:
        core, http = self._core, filled.data.http
        filled.id = core.inputs.value("HTTP_RESPONSE")
        http.status = given.status
        if given.content_range is not None:
            http.has_range = True
            http.range_start, http.range_end, http.range_total = given.content_range
        if given.length is not None:
            http.has_length, http.length = True, given.length
        etag, location = core.memory(given.etag or b"", "char"), core.memory(given.location or b"", "char")
        http.etag, http.etag_len = etag, len(given.etag or b"")
        http.location, http.location_len = location, len(given.location or b"")
        return [etag, location]

    def _verified(self, filled: Any, given: Verified) -> list[Any]:
        core, verified = self._core, filled.data.verified
        filled.id = core.inputs.value("VERIFIED")
        digest, image_hash = core.memory(given.digest or b""), core.memory(given.hash or b"")
        verified.error, verified.image_valid = given.error, given.image_valid
        verified.digest, verified.hash = digest, image_hash
        if given.version is not None:
            verified.version = core.version(given.version)[0]
        return [digest, image_hash]

    def _timer(self, filled: Any, given: Timer) -> list[Any]:
        filled.id = self._core.inputs.value("TIMER")
        filled.data.timer = self._core.timers.value(given.timer)
        return []

    def _result(self, filled: Any, given: Result) -> list[Any]:
        filled.id = self._core.inputs.value(given.name)
        filled.data.error = given.error
        return []

    def _fetch_failed(self, filled: Any, given: FetchFailed) -> list[Any]:
        filled.id = self._core.inputs.value("FETCH_FAILED")
        filled.data.fetch_error = self._core.fetch_errors.value(given.error)
        return []

    def _written(self, filled: Any, given: Written) -> list[Any]:
        filled.id = self._core.inputs.value("WRITTEN")
        filled.data.written = given.end
        return []

    def _plain(self, filled: Any, given: Plain) -> list[Any]:
        filled.id = self._core.inputs.value(given.name)
        return []
