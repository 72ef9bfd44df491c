# SPDX-License-Identifier: Apache-2.0
"""One boot of the virtual device: the glue between the generated engine and sockets, flash and timers.

Everything that happens becomes a call on one queue; one thread takes them one at a time, steps the engine, and carries
out its actions in their order. No decision about an update is taken here.
"""

from __future__ import annotations

import errno
import hashlib
import queue
import time
from collections.abc import Callable
from functools import partial

from aws_fota.host import mqtt_link
from aws_fota.host.application import Application, Reply, Told
from aws_fota.host.bootloader import Bootloader, Running
from aws_fota.host.device_settings import DeviceSettings
from aws_fota.host.engine import Engine
from aws_fota.host.fetcher import Fetcher, Outcome, Piece, Request
from aws_fota.host.image import NotAnImage, read_image
from aws_fota.host.inputs import Action, Boot, FetchFailed, HttpResponse, Input, Plain, Result, Timer, Verified, Written
from aws_fota.host.library import Core
from aws_fota.host.mqtt_link import MqttLink
from aws_fota.host.record_file import RecordFile
from aws_fota.host.session_trace import SessionTrace
from aws_fota.host.slot import Flash, FlashError


class Session:
    """What runs from one reset to the next.

    Args:
        core: the loaded core.
        settings: what makes the device.
        flash: the slots.
        bootloader: the one that booted.
        application: the firmware around the module.
        trace: where everything is noted.
    """

    def __init__(
        self,
        core: Core,
        settings: DeviceSettings,
        flash: Flash,
        bootloader: Bootloader,
        application: Application,
        trace: SessionTrace,
    ) -> None:
        self._core = core
        self._engine = Engine(core, settings.thing)
        self._piece_size = core.limit("PAYLOAD_SIZE")
        self._flash = flash
        self._bootloader = bootloader
        self._records = RecordFile(settings.record)
        self._application = application
        self._trace = trace
        self._time_scale = settings.time_scale
        self._link = MqttLink(settings.endpoint, settings.thing, self._post, pause_s=settings.time_scale)
        self._fetcher = Fetcher(self._post_outcome, settings.http_timeout_s, settings.https)
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._deadlines: dict[str, float] = {}
        # Work that was aborted must not be heard of again: its answers carry an older number.
        self._generation = 0
        self._write_at = 0
        self._connection = 0
        self._ending = ""
        self._replies: list[Reply] = []
        self._carry_out: dict[str, Callable[[Action], None]] = {
            "ACKNOWLEDGE": self._acknowledge,
            "ABORT": self._abort,
            "PERSIST": self._persist,
            "CLEAR": self._clear,
            "TELL": self._tell,
            "ERASE": self._erase,
            "FETCH": self._fetch,
            "RECEIVE": self._receive,
            "VERIFY": self._verify,
            "REQUEST_UPGRADE": self._request_upgrade,
            "CONFIRM_IMAGE": self._confirm_image,
            "SUBSCRIBE": self._subscribe,
            "PUBLISH": self._publish,
            "TIMER_START": self._timer_start,
            "TIMER_STOP": self._timer_stop,
        }
        self._take: dict[type, Callable[..., None]] = {
            mqtt_link.Connected: self._connected,
            mqtt_link.Disconnected: self._disconnected,
            mqtt_link.Subscribed: self._subscribed,
            mqtt_link.Arrived: self._arrived,
            mqtt_link.Unreachable: self._unreachable,
        }

    def reply(self, reply: Reply) -> None:
        """Let the application do something of its own accord; from any thread."""
        self._calls.put(partial(self._replied, reply))

    def stop(self) -> None:
        """End the session after the step under way; from any thread."""
        self._calls.put(partial(self._end, "STOP"))

    def run(self, running: Running, seed: int) -> bool:
        """Run until the application reboots or the session is stopped.

        Args:
            running: what was booted.
            seed: random bits for the engine.

        Returns:
            Whether it was a reboot.
        """
        boot = Boot(
            self._records.load(),
            running.image.hash,
            running.image.version,
            running.confirmed,
            self._bootloader.swap_pending,
            self._flash.slot_size,
            seed,
        )
        self._step(boot)
        self._link.start()
        try:
            while not self._ending:
                self._next()()
        finally:
            self._fetcher.abort()
            self._link.stop()
        return self._ending == "REBOOT"

    def _post(self, event: mqtt_link.LinkEvent) -> None:
        self._calls.put(partial(self._take[type(event)], event))

    def _post_outcome(self, generation: int, outcome: Outcome) -> None:
        self._calls.put(partial(self._fetched, generation, outcome))

    def _next(self) -> Callable[[], None]:
        """The next thing to do: a timer that expired, or what comes first on the queue."""
        while True:
            name = min(self._deadlines, key=self._deadlines.__getitem__, default="")
            left = self._deadlines[name] - time.monotonic() if name else None
            if left is not None and left <= 0:
                del self._deadlines[name]
                return partial(self._step, Timer(name))
            try:
                return self._calls.get(timeout=left)
            except queue.Empty:
                continue

    def _step(self, given: Input) -> None:
        for action in self._engine.step(given):
            self._carry_out[action.name](action)
        replies, self._replies = self._replies, []
        for reply in replies:
            self._calls.put(partial(self._replied, reply))

    def _work(self, answer: Input) -> None:
        """Deliver the answer to work that is done at once, as an input of its own; an abort until then calls it off."""
        self._calls.put(partial(self._worked, self._generation, answer))

    def _worked(self, generation: int, answer: Input) -> None:
        if generation == self._generation:
            self._step(answer)

    def _end(self, how: str) -> None:
        self._ending = self._ending or how

    def _replied(self, reply: Reply) -> None:
        self._trace.replied(reply.value)
        if reply is Reply.REBOOT:
            self._end(reply.value)
        else:
            self._step(Plain(reply.value))

    def _connected(self, event: mqtt_link.Connected) -> None:
        self._connection = event.number
        self._trace.connected()
        self._step(Plain("CONNECTED"))

    def _disconnected(self, event: mqtt_link.Disconnected) -> None:
        self._trace.disconnected()
        self._step(Plain("DISCONNECTED"))

    def _unreachable(self, event: mqtt_link.Unreachable) -> None:
        self._trace.unreachable(event.error)

    def _subscribed(self, event: mqtt_link.Subscribed) -> None:
        self._trace.subscribed(event.granted)
        self._step(Result("SUBSCRIBED", 0 if event.granted else -errno.EACCES))

    def _arrived(self, event: mqtt_link.Arrived) -> None:
        splits = range(self._piece_size, len(event.payload), self._piece_size)
        read = self._engine.read(event.topic, event.payload, event.packet_id, splits)
        self._trace.arrived(event.topic.decode("utf-8"), event.payload)
        if read is None:
            # Not a Jobs topic of this thing: the application's, which acknowledges it.
            self._link.acknowledge(event.number, event.packet_id)
        else:
            message, parsed = read
            if parsed.result:
                self._trace.refused(self._core.results.name(parsed.result), parsed.field, parsed.offset)
            self._step(message)

    def _fetched(self, generation: int, outcome: Outcome) -> None:
        if generation != self._generation:
            return
        if isinstance(outcome, Piece):
            self._store(outcome)
            return
        if isinstance(outcome, HttpResponse):
            self._trace.response(outcome)
        else:
            self._trace.fetch_failed(outcome.error)
        self._step(outcome)

    def _store(self, piece: Piece) -> None:
        generation = self._generation
        try:
            self._flash.secondary.write(self._write_at, piece.data)
        except FlashError as error:
            self._trace.flash_failed(str(error))
            self._fetcher.abort()
            self._step(FetchFailed("FLASH"))
            return
        self._write_at += len(piece.data)
        self._step(Written(self._write_at))
        if not piece.last and generation == self._generation:
            self._fetcher.pull()

    def _acknowledge(self, action: Action) -> None:
        self._trace.acknowledged(action.packet_id)
        self._link.acknowledge(self._connection, action.packet_id)

    def _abort(self, action: Action) -> None:
        self._generation += 1
        self._fetcher.abort()

    def _persist(self, action: Action) -> None:
        record = self._engine.record()
        self._records.store(record)
        self._trace.persisted(len(record))

    def _clear(self, action: Action) -> None:
        self._records.clear()
        self._trace.cleared()

    def _tell(self, action: Action) -> None:
        name = ""
        if action.what == "ERROR":
            name = self._core.reasons.name(action.value)
        elif action.what == "FINISHED":
            name = self._core.statuses.name(action.value)
        told = Told(action.what, action.value, name, self._engine.told_job_id)
        self._trace.told(told)
        self._replies.extend(self._application.told(told))

    def _erase(self, action: Action) -> None:
        self._trace.erase(action.value)
        error = 0
        try:
            self._flash.secondary.erase(action.value)
            self._bootloader.forget_upgrade()
        except FlashError as problem:
            error = _negative(problem)
        self._work(Result("ERASED", error))

    def _fetch(self, action: Action) -> None:
        url = self._engine.url
        if url is None:
            raise RuntimeError("the core asks for a range and has no URL")
        request = Request(url, action.value, action.length, self._engine.etag)
        self._write_at = action.value
        self._trace.request(request)
        self._fetcher.fetch(self._generation, request)

    def _receive(self, action: Action) -> None:
        self._fetcher.pull()

    def _verify(self, action: Action) -> None:
        try:
            content = self._flash.secondary.read(0, self._engine.size)
        except FlashError as problem:
            self._trace.flash_failed(str(problem))
            self._work(Verified(_negative(problem), None, False, None, None))
            return
        digest = hashlib.sha256(content).digest()
        try:
            image = read_image(content)
        except NotAnImage as refusal:
            self._trace.verified(digest, refusal.message)
            self._work(Verified(0, digest, False, None, None))
        else:
            self._trace.verified(digest, f"image {image.version}")
            self._work(Verified(0, digest, True, image.hash, image.version))

    def _request_upgrade(self, action: Action) -> None:
        self._trace.upgrade_requested()
        self._bootloader.request_upgrade()
        self._calls.put(partial(self._step, Result("UPGRADE_REQUESTED")))

    def _confirm_image(self, action: Action) -> None:
        self._trace.confirmed()
        self._bootloader.confirm()
        self._calls.put(partial(self._step, Result("CONFIRMED")))

    def _subscribe(self, action: Action) -> None:
        filters = self._engine.subscriptions()
        self._trace.subscribe(filters)
        self._link.subscribe(self._connection, filters)

    def _publish(self, action: Action) -> None:
        topic, payload = self._engine.publication()
        self._trace.publish(topic, payload)
        self._link.publish(self._connection, topic, payload)

    def _timer_start(self, action: Action) -> None:
        self._deadlines[action.what] = time.monotonic() + action.value / 1000 * self._time_scale

    def _timer_stop(self, action: Action) -> None:
        self._deadlines.pop(action.what, None)


def _negative(problem: OSError) -> int:
    """An error as C has it: a negative errno."""
    return -(problem.errno or errno.EIO)
