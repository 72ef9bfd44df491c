# SPDX-License-Identifier: Apache-2.0
"""The engine's transition table, as data: the one source of ``engine_table.c`` and of ``doc/transitions.md``.

Each input is an event; ``EXAMINE`` makes it a more exact one (``engine_events.c``). The first row whose phase and event
are met and whose guard holds is taken: its effect runs, its actions and flags are added, its phase is entered, and the
event in ``then``, if there is one, is looked up next. No row means that nothing changes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from aws_fota.codegen.engine_words import BOOTED, BUSY, UNREPORTED
from aws_fota.codegen.model import Model
from aws_fota.jobdoc.model import Foreign


class Features(NamedTuple):
    """What a build has; rows of what it has not are not generated."""

    #: Jobs of other operations are offered to the application.
    offers: bool
    #: Jobs of other operations are left alone, at once or after the application took them.
    leaves: bool
    #: Jobs of other operations are refused.
    rejects: bool
    #: There are other operations: some are described as ours.
    dispatches: bool
    #: SUCCEEDED is reported before the reboot.
    reports_on_download: bool
    #: Jobs can tell the image's SHA-256.
    digests: bool

    @classmethod
    def of(cls, model: Model) -> Features:
        """The features of one build."""
        foreign = model.description.foreign if model.description.operations else None
        return cls(
            offers=foreign is Foreign.OFFER,
            leaves=foreign in (Foreign.OFFER, Foreign.LEAVE),
            rejects=foreign is Foreign.REJECT,
            dispatches=foreign is not None,
            reports_on_download=model.settings.report_on_download,
            digests=any(field.destination == "sha256" for field in model.description.fields),
        )


#: Every feature, the ones that exclude each other too: for the documentation.
ALL = Features(offers=True, leaves=True, rejects=True, dispatches=True, reports_on_download=True, digests=True)


class Row(NamedTuple):
    """One transition.

    Attributes:
        event: what happened, a name of :data:`engine_words.EVENTS`.
        phases: where it counts.
        guard: a name of :data:`engine_words.GUARDS`, or empty for always.
        effect: a name of :data:`engine_words.EFFECTS`, or empty.
        does: actions (without ``TELL``), flags that are set (``NEXT_DUE``, ...) and ``FORGET``.
        tell: the event for the application, or empty.
        to: the phase that is entered, or empty to stay.
        then: the event that follows, or ``FAIL(reason)``, or empty.
        only: the feature that it belongs to, with ``not`` before it for its absence, or empty.
    """

    event: str
    phases: tuple[str, ...]
    guard: str = ""
    effect: str = ""
    does: tuple[str, ...] = ()
    tell: str = ""
    to: str = ""
    then: str = ""
    only: str = ""

    def present(self, features: Features) -> bool:
        """Whether a build with `features` has this row."""
        if not self.only:
            return True
        negated = self.only.startswith("not ")
        return bool(getattr(features, self.only.removeprefix("not "))) is not negated


def _row(event: str, phases: str | tuple[str, ...], **more: Any) -> Row:
    names = tuple(phases.split()) if isinstance(phases, str) else phases
    does = tuple(more.pop("does", "").split())
    return Row(event, names, does=does, **more)


def _besides(phases: str) -> tuple[str, ...]:
    """Every phase after BOOT but these: where rows above have taken them, or the event cannot come."""
    return tuple(phase for phase in BOOTED if phase not in phases.split())


_ENDED = "CLEAR FORGET NEXT_DUE"
_REPORT = "PERSIST UPDATE_DUE"
#: The phases that a download goes on from.
_READY = "STARTING RECEIVING WAITING PAUSED REFRESHING"
#: The phases in which an update can be in flight.
_UPDATING = _besides("IDLE OFFERED CONFIRMING")

#: In order: the first row that fits is the one.
ROWS: tuple[Row, ...] = (
    # After a reboot. The effect reads the record and enters the phase that wrote it.
    _row("BOOT", ("UNBOOTED", *BOOTED), effect="BOOT", then="STARTED_UP"),
    _row("STARTED_UP", "REPORTING", does="UPDATE_DUE", then="STARTED_SILENTLY"),
    _row("STARTED_UP", "IDLE", then="STARTED_SILENTLY"),
    _row("STARTED_UP", "APPLYING REBOOTING", guard="RUNS_CONFIRMED", then="SUCCEED"),
    _row("STARTED_UP", "APPLYING", guard="RUNS", does="PERSIST", tell="CONFIRM", to="CONFIRMING"),
    _row(
        "STARTED_UP",
        "REBOOTING",
        guard="RUNS_UNDONE",
        effect="COUNT_RETRY",
        does="PERSIST",
        tell="DONE",
        to="REVERTING",
    ),
    _row("STARTED_UP", "REBOOTING", guard="RUNS", tell="CONFIRM", to="CONFIRMING"),
    _row("STARTED_UP", "REBOOTING", guard="SWAP_UNWANTED", does="ERASE", to="REVERTING", then="STARTED_SILENTLY"),
    _row(
        "STARTED_UP",
        "APPLYING REBOOTING",
        guard="SWAP_REFUSED",
        effect="BLAME_BOOTLOADER",
        does="PERSIST ERASE",
        to="REVERTING",
        then="STARTED_SILENTLY",
    ),
    _row(
        "STARTED_UP",
        "APPLYING REBOOTING",
        guard="SWAP_PENDING",
        effect="COUNT_RETRY",
        does="PERSIST",
        tell="DONE",
        to="REBOOTING",
    ),
    _row("STARTED_UP", "APPLYING", guard="RETRIES_LEFT", effect="VERIFY_AGAIN", to="IDLE", then="STARTED_SILENTLY"),
    _row("STARTED_UP", "REBOOTING", guard="UNDOING_ENDED", does="CLEAR FORGET", to="IDLE", then="STARTED_SILENTLY"),
    _row(
        "STARTED_UP",
        "REBOOTING",
        guard="REASON_KNOWN",
        effect="BLAME",
        does=_REPORT,
        tell="ERROR",
        to="REPORTING",
        then="STARTED_SILENTLY",
    ),
    _row(
        "STARTED_UP",
        "APPLYING REBOOTING",
        effect="FAIL_ROLLED_BACK",
        does=_REPORT,
        tell="ERROR",
        to="REPORTING",
        then="STARTED_SILENTLY",
    ),
    # That an image is on trial is told instead of what a row above would tell.
    _row("STARTED_SILENTLY", "IDLE REVERTING REPORTING", guard="UNCONFIRMED", effect="TELL_PLAINLY", tell="CONFIRM"),
    # The link and the request in flight.
    _row("CONNECTED", BOOTED, effect="CONNECT"),
    _row("DISCONNECTED", BOOTED, effect="DISCONNECT"),
    _row("SUBSCRIBED", BOOTED, guard="NOT_SUBSCRIBING"),
    _row("SUBSCRIBED", BOOTED, guard="FAILED", then="RETRY_LATER"),
    _row("SUBSCRIBED", BOOTED, effect="GO_ONLINE", does="NEXT_DUE"),
    _row("TIMER", BOOTED, then="EXAMINE"),
    _row("BACKOFF_OVER", BOOTED, effect="END_BACKOFF"),
    _row("RETRY_NOW", BOOTED, guard="ATTEMPTS_LEFT", effect="RETURN_REQUEST"),
    _row("RETRY_NOW", BOOTED, then="RETRY_LATER"),
    _row("RETRY_LATER", BOOTED, effect="BACK_OFF"),
    _row("UPDATE_REFUSED", _UPDATING, guard="VERSION_TOLD", effect="TAKE_VERSION", then="RETRY_NOW"),
    _row("UPDATE_REFUSED", _UPDATING, effect="TAKE_REFUSED_VERSION", then="RETRY_LATER"),
    # What the service says, besides answers to updates.
    _row("MESSAGE", BOOTED, then="EXAMINE"),
    _row("NOTIFIED", "IDLE", guard="LEFT_ALONE", effect="SCAN", does="LIST_DUE", only="leaves"),
    _row("NOTHING_PENDING", "IDLE", guard="LEFT_ALONE", effect="END_SLOW_WAIT", does="NEXT_DUE", only="leaves"),
    _row("NEXT_CHANGED", "IDLE", guard="REMEMBERED", effect="SCAN", does="LIST_DUE", only="leaves"),
    _row("NEXT_CHANGED", "IDLE", effect="END_SLOW_WAIT", does="NEXT_DUE"),
    _row("OTHER_JOB", UNREPORTED, effect="END_SLOW_WAIT", does="JOB_DUE"),
    _row("SEEN", _besides("IDLE"), effect="TAKE_VERSION"),
    _row("LISTED", "IDLE", effect="TAKE_JOB_ID", does="JOB_DUE", only="leaves"),
    _row("UNREADABLE", "IDLE REFRESHING", guard="ASKED_BY_ID", then="FAIL(UNREADABLE)"),
    _row("UNREADABLE", "IDLE", effect="SET_UNREADABLE", does="NEXT_DUE"),
    _row("IDENTIFIED", "IDLE", guard="JOB_LIVES", effect="TAKE_UNREADABLE_ID", does="JOB_DUE"),
    _row("IDENTIFIED", "IDLE", effect="END_UNREADABLE"),
    _row("NOTHING_DESCRIBED", "IDLE", guard="RESUMABLE", then="ENDED"),
    _row("NOTHING_DESCRIBED", "IDLE", effect="END_LEFT_ALONE", only="leaves"),
    # A full description: the job is adopted, then judged.
    _row("DESCRIBED", "IDLE", effect="ADOPT", then="JUDGE"),
    _row("DESCRIBED", "REFRESHING", effect="TAKE_VERSION", then="JUDGE"),
    _row("FOREIGN", "REFRESHING", then="FAIL(FOREIGN)", only="dispatches"),
    _row("FOREIGN", "IDLE", effect="REJECT_FOREIGN", does=_REPORT, to="REPORTING", only="rejects"),
    _row("FOREIGN", "IDLE", guard="NEW", tell="FOREIGN", to="OFFERED", only="offers"),
    _row("FOREIGN", "IDLE", then="LEAVE_ALONE", only="leaves"),
    _row("FIT", "IDLE", effect="TAKE_FOUND", does="UPDATE_DUE", to="STARTING"),
    _row("FIT", "REFRESHING", effect="TAKE", then="DOWNLOAD"),
    _row("ACCEPT", "OFFERED", then="LEAVE_ALONE", only="offers"),
    _row("REJECT", "OFFERED", effect="REJECT_OFFERED", does=_REPORT, to="REPORTING", only="offers"),
    _row("LEAVE_ALONE", "IDLE OFFERED", effect="LEAVE", does="FORGET", to="IDLE", only="leaves"),
    # Answers to updates.
    _row("UPDATE_ACCEPTED", "STARTING", effect="TAKE_VERSION", tell="STARTED", then="DOWNLOAD"),
    _row("UPDATE_ACCEPTED", _besides("IDLE OFFERED STARTING CONFIRMING"), effect="TAKE_VERSION"),
    # The download.
    _row("DOWNLOAD", "STARTING RECEIVING REFRESHING", guard="COMPLETE", does="VERIFY", to="VERIFYING"),
    _row("DOWNLOAD", "STARTING WAITING REFRESHING", guard="PAUSED", to="PAUSED"),
    _row("DOWNLOAD", _READY, does="FETCH", to="REQUESTING"),
    _row("DOWNLOAD_TIMER", "WAITING", guard="STREAMING", does="JOB_DUE", to="REFRESHING"),
    _row("DOWNLOAD_TIMER", "WAITING", then="DOWNLOAD"),
    _row("HTTP_RESPONSE", "REQUESTING", then="EXAMINE"),
    _row("RANGE", "REQUESTING", effect="TAKE_RANGE", then="BODY"),
    _row("WHOLE", "REQUESTING", effect="TAKE_WHOLE", then="BODY"),
    _row("BODY", "REQUESTING", guard="BLANK_FROM_START", does="PERSIST RECEIVE", to="RECEIVING"),
    _row("BODY", "REQUESTING", guard="BLANK", does="RECEIVE", to="RECEIVING"),
    _row("BODY", "REQUESTING", does="PERSIST ERASE", tell="ERASE_PENDING", to="ERASING"),
    _row("ERASED", "ERASING", guard="FAILED", then="FAIL(FLASH)"),
    _row("ERASED", "ERASING", guard="PAUSED", effect="SET_BLANK", does="ABORT", tell="ERASE_DONE", to="PAUSED"),
    _row("ERASED", "ERASING", effect="SET_BLANK", does="RECEIVE", tell="ERASE_DONE", to="RECEIVING"),
    _row("WRITTEN", "RECEIVING", then="EXAMINE"),
    _row("ADVANCED", "RECEIVING", guard="REACHES_RANGE_END", effect="ADVANCE", then="DOWNLOAD"),
    _row("ADVANCED", "RECEIVING", effect="ADVANCE"),
    _row("NO_RANGES", "REQUESTING", guard="RESTARTED", then="FAIL(NO_RANGES)"),
    _row("NO_RANGES", "REQUESTING", effect="SET_RESTARTED", then="RESTART"),
    _row("RESTART", "REQUESTING", guard="TRIES_LEFT", effect="RESTART", does="ABORT FETCH"),
    _row("RESTART", "REQUESTING", then="FAIL(OBJECT_CHANGED)"),
    _row("EXPIRED", "REQUESTING", guard="REFRESHES_LEFT", effect="EXPIRE", does="ABORT JOB_DUE", to="REFRESHING"),
    _row("EXPIRED", "REQUESTING", then="FAIL(HTTP_STATUS)"),
    _row("REDIRECT", "REQUESTING", guard="REDIRECTS_LEFT", effect="FOLLOW", then="REDIRECTED"),
    _row("REDIRECT", "REQUESTING", then="FAIL(REDIRECT)"),
    _row("REDIRECTED", "REQUESTING", guard="URL_ALLOWED", does="ABORT FETCH"),
    _row("REDIRECTED", "REQUESTING", then="FAIL(REDIRECT)"),
    _row("SERVER_BUSY", "REQUESTING", guard="TRIES_LEFT_HERE", effect="WAIT", does="ABORT", to="WAITING"),
    _row("SERVER_BUSY", "REQUESTING", then="FAIL(HTTP_STATUS)"),
    _row("FETCH_FAILED", "REQUESTING RECEIVING", then="EXAMINE"),
    _row("INTERRUPTED", "REQUESTING RECEIVING", guard="TRIES_LEFT_HERE", effect="WAIT", does="ABORT", to="WAITING"),
    _row("INTERRUPTED", "REQUESTING RECEIVING", then="FAIL(CONNECTION)"),
    # The image.
    _row("VERIFIED", "VERIFYING", then="EXAMINE"),
    _row(
        "DIGEST_DIFFERS",
        "VERIFYING",
        guard="RESUMED",
        effect="RESTART",
        does="JOB_DUE",
        to="REFRESHING",
        only="digests",
    ),
    _row("DIGEST_DIFFERS", "VERIFYING", then="FAIL(DIGEST)", only="digests"),
    _row("IMAGE_FITS", "VERIFYING", effect="SEAL", does="PERSIST REQUEST_UPGRADE", to="APPLYING"),
    _row("UPGRADE_REQUESTED", "APPLYING", guard="FAILED", then="FAIL(UPGRADE)"),
    _row("UPGRADE_REQUESTED", "APPLYING", then="SUCCEED", only="reports_on_download"),
    _row("UPGRADE_REQUESTED", "APPLYING", does="PERSIST", tell="DONE", to="REBOOTING", only="not reports_on_download"),
    _row("CONFIRM", BOOTED, guard="UNCONFIRMED", does="CONFIRM_IMAGE"),
    _row("CONFIRMED", BOOTED, guard="CONFIRMED"),
    _row("CONFIRMED", BOOTED, guard="FAILED", effect="BLAME_CONFIRM", tell="ERROR"),
    _row("CONFIRMED", "CONFIRMING REVERTING", guard="RUNS", effect="SET_CONFIRMED", then="SUCCEED"),
    _row("CONFIRMED", "IDLE", effect="SET_CONFIRMED", does="NEXT_DUE"),
    _row("CONFIRMED", _besides("IDLE CONFIRMING"), effect="SET_CONFIRMED"),
    _row("REVERT", "CONFIRMING", effect="BLAME_APPLICATION", does="PERSIST", to="REVERTING"),
    _row("CANCEL", "CONFIRMING", effect="BLAME_APPLICATION", does="PERSIST", to="REVERTING"),
    _row("CANCEL", "APPLYING REBOOTING", effect="BLAME_CANCEL", does="PERSIST ERASE", to="REVERTING"),
    _row("ERASED", "REVERTING", guard="RUNS"),
    _row(
        "ERASED",
        "REVERTING",
        guard="FAILED_RETRIES_LEFT",
        effect="COUNT_RETRY",
        does="PERSIST",
        tell="DONE",
    ),
    _row("ERASED", "REVERTING", guard="UNDOING_ENDED", does=_ENDED, to="IDLE"),
    _row("ERASED", "REVERTING", effect="BLAME", does=_REPORT, tell="ERROR", to="REPORTING"),
    # The application.
    _row("CANCEL", ("STARTING", *BUSY, "WAITING", "PAUSED", "REFRESHING"), then="FAIL(CANCELLED)"),
    _row("PAUSE", "REQUESTING RECEIVING", effect="PAUSE", does="ABORT", to="PAUSED"),
    _row("PAUSE", _besides("REQUESTING RECEIVING PAUSED"), effect="SET_PAUSED"),
    _row("RESUME", "PAUSED", effect="END_PAUSED", then="DOWNLOAD"),
    _row("RESUME", _besides("REQUESTING RECEIVING PAUSED"), effect="END_PAUSED"),
    # The ways a job ends.
    _row("SUCCEED", "APPLYING REBOOTING CONFIRMING REVERTING", guard="UNDOING_ENDED", does=_ENDED, to="IDLE"),
    _row(
        "SUCCEED",
        "IDLE VERIFYING APPLYING REBOOTING CONFIRMING REVERTING",
        effect="SUCCEED",
        does=_REPORT,
        to="REPORTING",
    ),
    _row("FAIL", BUSY, effect="FAIL", does=f"ABORT {_REPORT}", tell="ERROR", to="REPORTING"),
    _row(
        "FAIL",
        "IDLE STARTING WAITING PAUSED REFRESHING APPLYING",
        effect="FAIL",
        does=_REPORT,
        tell="ERROR",
        to="REPORTING",
    ),
    _row(
        "FINISHED", "REPORTING", guard="AWAITS_REBOOT", does=_ENDED, tell="DONE", to="IDLE", only="reports_on_download"
    ),
    _row("FINISHED", "REPORTING", effect="FINISH", does=_ENDED, tell="FINISHED", to="IDLE"),
    _row(
        "ENDED",
        "REPORTING",
        guard="AWAITS_REBOOT_IN_VAIN",
        effect="BLAME_CLOUD",
        does="PERSIST ERASE",
        tell="CANCELLED",
        to="REVERTING",
        only="reports_on_download",
    ),
    _row("ENDED", "REPORTING", then="FINISHED"),
    _row("ENDED", "IDLE", guard="RESUMABLE", does=_ENDED, tell="CANCELLED"),
    _row("ENDED", "IDLE", effect="REMEMBER", does="FORGET", only="leaves"),
    _row("ENDED", "IDLE", does="FORGET NEXT_DUE", only="not leaves"),
    _row("ENDED", BUSY, does=f"ABORT {_ENDED}", tell="CANCELLED", to="IDLE"),
    _row("ENDED", "APPLYING REBOOTING", effect="BLAME_CLOUD", does="PERSIST ERASE", tell="CANCELLED", to="REVERTING"),
    _row("ENDED", "REVERTING", guard="UNDOING_ENDED"),
    _row("ENDED", "REVERTING", effect="BLAME_CLOUD", does="PERSIST", tell="CANCELLED"),
    _row(
        "ENDED",
        "OFFERED STARTING WAITING PAUSED REFRESHING CONFIRMING",
        does=_ENDED,
        tell="CANCELLED",
        to="IDLE",
    ),
)


def rows(features: Features) -> tuple[Row, ...]:
    """The rows of a build, in order: those of one event together, the events as they come first."""
    chosen = [row for row in ROWS if row.present(features)]
    events = list(dict.fromkeys(row.event for row in chosen))
    return tuple(sorted(chosen, key=lambda row: events.index(row.event)))
