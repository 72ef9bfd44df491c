# SPDX-License-Identifier: Apache-2.0
"""The oracle's update engine: ``doc/engine.md`` in Python, to be compared with the generated C step by step.

The sections of the page stand in modules of their own, each a class that builds on the one before it:
``engine_procedures``, ``engine_downloads``, ``engine_judgement``, ``engine_messages``, ``engine_boot``; this one has
what the application says, and the end of each step.
"""

from __future__ import annotations

from aws_fota.config.limits import Settings
from aws_fota.errors import InputError
from aws_fota.jobdoc.model import Description
from aws_fota.oracle import engine_io as io
from aws_fota.oracle.engine_boot import Boots
from aws_fota.oracle.engine_io import Action, ActionId, Phase, Request, Tell, TimerId
from aws_fota.oracle.engine_procedures import LINES, MASK32
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.engine_state import Backoff, Job, Link, State
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.topics import THING

#: Most actions of one step.
ACTIONS_MAX = 8

#: Where CANCEL still finds a download, or a job that would begin one.
_DOWNLOADING = frozenset(
    {
        Phase.STARTING,
        Phase.REQUESTING,
        Phase.ERASING,
        Phase.RECEIVING,
        Phase.WAITING,
        Phase.PAUSED,
        Phase.REFRESHING,
        Phase.VERIFYING,
    }
)


#: The timers that run, by whether ``TIMER_REQUEST`` and ``TIMER_DOWNLOAD`` do.
_TIMERS = {
    (False, False): frozenset[TimerId](),
    (True, False): frozenset({TimerId.REQUEST}),
    (False, True): frozenset({TimerId.DOWNLOAD}),
    (True, True): frozenset({TimerId.REQUEST, TimerId.DOWNLOAD}),
}


class Engine(Boots):
    """One device's updates.

    Args:
        settings: the limits and switches of the build.
        description: what a job document holds, and the module's options.
        thing: the thing name.

    Raises:
        InputError: the thing name breaks its rule.
    """

    def __init__(self, settings: Settings, description: Description, thing: str) -> None:
        if not THING.fullmatch(thing):
            raise InputError(
                f"'{thing}' is no thing name", rule="thing-name", fix="use 1 to 128 characters of A-Z a-z 0-9 : _ -"
            )
        super().__init__(settings, description)
        self.thing = thing

    def __copy__(self) -> Engine:
        """Another engine in the same state, for exploring: its steps leave this one as it is."""
        twin = Engine.__new__(Engine)
        twin.__dict__.update(self.__dict__)
        twin.state = self.state.duplicate()
        twin.job_state = self.job_state.duplicate()
        return twin

    def step(self, input: io.Input) -> list[Action]:
        """Take one input; what is to be done, in its order."""
        self._lines = {}
        ran = self.running_timers()
        self.take_input(input)
        if self.state.phase is not Phase.UNBOOTED:
            self.send()
        if isinstance(input, io.Timer):
            ran -= {input.timer}
        if not isinstance(input, io.Boot):
            self.stop_timers(ran - self.running_timers())
        return [self._lines[line] for line in LINES if line in self._lines]

    # Accessors of engine.h.

    @property
    def phase(self) -> Phase:
        return self.state.phase

    @property
    def job_id(self) -> str:
        return self.job_state.job_id

    @property
    def reason(self) -> int:
        return self.job_state.reason

    @property
    def detail(self) -> int:
        return self.job_state.detail

    @property
    def etag(self) -> bytes | None:
        return self.job_state.etag

    @property
    def size(self) -> int:
        return self.job_state.size

    @property
    def remembered_hashes(self) -> tuple[int, ...]:
        """Hashes of the jobs that a list is to be read without, for the parser."""
        return self.state.ring

    # Inputs.

    def take_input(self, input: io.Input) -> None:
        if isinstance(input, io.Message) and input.packet_id:
            self.do("acknowledge", Action(ActionId.ACKNOWLEDGE, packet_id=input.packet_id))
        if isinstance(input, io.Boot):
            self.state, self.job_state, self.told = State(), Job(), io.Subject()
            self.boot(input)
        if self.state.phase is Phase.UNBOOTED:
            return
        match input:
            case io.Connected():
                self.connected()
            case io.Subscribed(error):
                self.subscribed(error)
            case io.Disconnected():
                self.disconnected()
            case io.Message():
                self.message(input)
            case io.Timer(TimerId.REQUEST):
                self.request_timer_expired()
            case io.Timer(TimerId.DOWNLOAD):
                self.download_timer_expired()
            case io.HttpResponse():
                self.http_response(input)
            case io.FetchFailed(fetch_error):
                self.fetch_failed(fetch_error)
            case io.Erased(error):
                self.erased(error)
            case io.Written(end):
                self.written(end)
            case io.Verified():
                self.verified(input)
            case io.UpgradeRequested(error):
                self.upgrade_requested(error)
            case io.Confirmed(error):
                self.confirmed(error)
            case io.Pause():
                self.pause()
            case io.Resume():
                self.resume()
            case io.Confirm():
                if not self.state.confirmed:
                    self.work(ActionId.CONFIRM_IMAGE)
            case io.Accept():
                if self.state.phase is Phase.OFFERED:
                    self.leave_alone()
            case io.Reject():
                if self.state.phase is Phase.OFFERED:
                    self.fail(JobStatus.REJECTED, Reason.APPLICATION, quietly=True)
            case io.Revert():
                if self.state.phase is Phase.CONFIRMING:
                    self.revert(Reason.APPLICATION)
            case io.Cancel():
                self.cancel()

    def cancel(self) -> None:
        phase = self.state.phase
        if phase in _DOWNLOADING:
            self.fail(JobStatus.FAILED, Reason.CANCELLED)
        elif phase in (Phase.APPLYING, Phase.REBOOTING):
            self.undo(Reason.CANCELLED)
        elif phase is Phase.CONFIRMING:
            self.revert(Reason.APPLICATION)

    def confirmed(self, error: int) -> None:
        state = self.state
        if state.confirmed:
            return
        if error:
            self.tell(Tell.ERROR, Reason.CONFIRM)
            return
        state.confirmed = True
        if state.phase in (Phase.CONFIRMING, Phase.REVERTING) and self.runs_the_slot_image:
            self.succeed()
        elif state.phase is Phase.IDLE:
            state.next_due = True

    # The end of each step.

    def send(self) -> None:
        state = self.state
        if state.request is not Request.NONE or state.backoff is not Backoff.NONE:
            return
        if state.link is Link.SUBSCRIBING:
            self.put_in_flight(Request.SUBSCRIBE, ActionId.SUBSCRIBE)
        elif state.link is Link.ONLINE:
            request = self.first_due()
            if request is not Request.NONE:
                state.token = state.token + 1 & MASK32
                self.prepare(request)
                self.put_in_flight(request, ActionId.PUBLISH)

    def first_due(self) -> Request:
        """The request whose turn it is; its flag is cleared."""
        state = self.state
        if not self.job_state.job_id:
            state.job_due = False
        if state.phase is Phase.IDLE:
            state.update_due = False
        if state.next_due:
            state.next_due = False
            return Request.DESCRIBE_NEXT
        if state.job_due:
            state.job_due = False
            return Request.DESCRIBE_JOB
        if state.update_due:
            state.update_due = False
            return Request.UPDATE
        if state.list_due and state.phase is Phase.IDLE:
            state.list_due = False
            return Request.LIST
        return Request.NONE

    def prepare(self, request: Request) -> None:
        """Note what an answer to the request will have to be understood by."""
        state, job = self.state, self.job_state
        takes_jobs = state.phase is Phase.IDLE and state.confirmed and not state.unreadable
        refreshes = request is Request.DESCRIBE_JOB and state.phase is Phase.REFRESHING
        state.full = request in (Request.DESCRIBE_NEXT, Request.DESCRIBE_JOB) and (takes_jobs or refreshes)
        if request is Request.DESCRIBE_NEXT:
            state.passed = 0
        elif request is Request.UPDATE and state.phase is Phase.REPORTING:
            state.asked = job.pending
        elif request is Request.UPDATE:
            state.asked = JobStatus.IN_PROGRESS
            job.reported = job.percent

    def put_in_flight(self, request: Request, how: ActionId) -> None:
        state = self.state
        state.request = request
        state.attempts += 1
        self.do("send", Action(how))
        self.start_request_timer(self.wait(self.settings.answer_timeout_seconds, state.attempts))

    def running_timers(self) -> frozenset[TimerId]:
        """The timers that something waits for."""
        state = self.state
        waits = state.request is not Request.NONE or state.backoff is not Backoff.NONE
        return _TIMERS[waits, state.phase is Phase.WAITING]

    def stop_timers(self, timers: frozenset[TimerId]) -> None:
        for timer in timers:
            self.do(f"{timer.name.lower()} timer", Action(ActionId.TIMER_STOP, what=timer))
