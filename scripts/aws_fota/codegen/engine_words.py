# SPDX-License-Identifier: Apache-2.0
"""The words of the transition table: phases, events, guards and effects, each with what it means.

The order of events matters: those up to ``UPDATE_REFUSED`` leave the request in flight to their effect, and those of
inputs follow in the order of ``enum aws_fota_input_id``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

#: In the order of ``enum aws_fota_phase``.
PHASES = (
    "UNBOOTED",
    "IDLE",
    "OFFERED",
    "STARTING",
    "REQUESTING",
    "ERASING",
    "RECEIVING",
    "WAITING",
    "PAUSED",
    "REFRESHING",
    "VERIFYING",
    "APPLYING",
    "REBOOTING",
    "CONFIRMING",
    "REVERTING",
    "REPORTING",
)

#: Every phase after ``BOOT``.
BOOTED = PHASES[1:]
#: Work is under way that ``ABORT`` stops.
BUSY = ("REQUESTING", "ERASING", "RECEIVING", "VERIFYING")
#: Every phase in which another pending job is worth a question.
UNREPORTED = tuple(phase for phase in BOOTED if phase != "REPORTING")

#: In the order of ``enum aws_fota_input_id``; each is an event of its own, which some rows look into (``EXAMINE``).
INPUTS = (
    "BOOT",
    "CONNECTED",
    "SUBSCRIBED",
    "DISCONNECTED",
    "MESSAGE",
    "TIMER",
    "HTTP_RESPONSE",
    "FETCH_FAILED",
    "ERASED",
    "WRITTEN",
    "VERIFIED",
    "UPGRADE_REQUESTED",
    "CONFIRMED",
    "ACCEPT",
    "REJECT",
    "CONFIRM",
    "REVERT",
    "CANCEL",
    "PAUSE",
    "RESUME",
)

#: Flags for the end of the step, most urgent first, and the request that each asks for.
DUES = {"NEXT_DUE": "DESCRIBE_NEXT", "JOB_DUE": "DESCRIBE_JOB", "UPDATE_DUE": "UPDATE", "LIST_DUE": "LIST"}

EVENTS = {
    "NONE": "nothing that counts",
    "RETRY_NOW": "the request in flight is lost, or worth another attempt at once",
    "RETRY_LATER": "the request in flight was refused",
    "UPDATE_REFUSED": "an update was refused, and the job lives",
    "BOOT": "the device started",
    "CONNECTED": "MQTT is connected",
    "SUBSCRIBED": "the notification topics are subscribed, or not",
    "DISCONNECTED": "MQTT is not connected any more",
    "MESSAGE": "a message on a Jobs topic was read",
    "TIMER": "a timer expired",
    "HTTP_RESPONSE": "the headers of a response",
    "FETCH_FAILED": "the request or its body failed",
    "ERASED": "the slot is blank past the offset, or could not be erased",
    "WRITTEN": "the slot is written up to an offset",
    "VERIFIED": "what stands in the slot",
    "UPGRADE_REQUESTED": "the bootloader will swap, or was not to be asked",
    "CONFIRMED": "the running image is confirmed, or could not be",
    "ACCEPT": "the application carries out the offered job itself",
    "REJECT": "the application rejects the offered job",
    "CONFIRM": "the application confirms the new image",
    "REVERT": "the application gives the new image up",
    "CANCEL": "the application cancels the update",
    "PAUSE": "the application pauses downloads",
    "RESUME": "the application resumes downloads",
    "STARTED_UP": "the record was read",
    "STARTED_SILENTLY": "the application is not told of the job's image",
    "BACKOFF_OVER": "the wait before another attempt is over",
    "NOTIFIED": "notify: the list of pending jobs changed",
    "NOTHING_PENDING": "notify-next: there is no job",
    "NEXT_CHANGED": "notify-next: there may be a job to do",
    "OTHER_JOB": "the service names another job than the one worked on, or none",
    "SEEN": "the service tells the job's version",
    "LISTED": "the list of pending jobs",
    "UNREADABLE": "a full description is not even JSON",
    "IDENTIFIED": "a description without document, of an unreadable job",
    "NOTHING_DESCRIBED": "there is no job in a full description of $next",
    "DESCRIBED": "a full description of a job to do",
    "FOREIGN": "the operation is not ours",
    "FIT": "the job document is fit for this device",
    "LEAVE_ALONE": "the job is not this module's to carry out",
    "UPDATE_ACCEPTED": "the service accepted IN_PROGRESS",
    "DOWNLOAD": "the next range, or the end of the download",
    "DOWNLOAD_TIMER": "the wait before another fetch is over",
    "RANGE": "206 with the range asked for",
    "WHOLE": "200 with the whole object",
    "BODY": "the body can be written",
    "NO_RANGES": "200 where a range was asked for",
    "RESTART": "the object changed",
    "EXPIRED": "403: the URL may have expired",
    "REDIRECT": "the object is elsewhere",
    "REDIRECTED": "the new URL was split",
    "SERVER_BUSY": "the server asks for patience",
    "INTERRUPTED": "the connection failed",
    "ADVANCED": "the slot is written up to a new offset",
    "DIGEST_DIFFERS": "the slot holds something else than the job's image",
    "IMAGE_FITS": "the slot holds the job's image",
    "SUCCEED": "the job's image runs and is confirmed",
    "FAIL": "the job failed",
    "FINISHED": "the service knows the final status",
    "ENDED": "the job ended in the cloud",
    "ANSWERED": "an answer from which nothing follows",
    "JUDGE": "never in a row: the description is judged, which makes it another event",
    "EXAMINE": "never in a row: the input is looked into, which makes it another event",
}

GUARDS = {
    "RUNS_CONFIRMED": "the job's image runs and is confirmed",
    "RUNS_UNDONE": "the job's image runs, and the job was cancelled or ended in the cloud before it did",
    "RUNS": "the job's image runs",
    "FAILED": "the input tells an error",
    "FAILED_RETRIES_LEFT": "the input tells an error, and the upgrade was requested fewer than 3 times",
    "NOT_SUBSCRIBING": "nothing is subscribed to",
    "UNDOING_ENDED": "the job ended in the cloud, and its upgrade is being undone",
    "SWAP_UNWANTED": "the bootloader will still swap, and the update was cancelled",
    "SWAP_REFUSED": "the bootloader would still swap, and did not so 3 times",
    "SWAP_PENDING": "the bootloader will still swap",
    "RETRIES_LEFT": "the upgrade was requested, or found pending, fewer than 3 times",
    "REASON_KNOWN": "the record holds a reason",
    "CONFIRMED": "the running image is confirmed",
    "UNCONFIRMED": "the running image is not confirmed",
    "ATTEMPTS_LEFT": "the burst has attempts left",
    "VERSION_TOLD": "VersionMismatch, with the version",
    "LEFT_ALONE": "$next was left alone",
    "REMEMBERED": "the named job was left alone",
    "ASKED_BY_ID": "the job was asked for by its id",
    "JOB_LIVES": "there is a job, queued or in progress",
    "RESUMABLE": "a job of the record waits to be found again",
    "NEW": "the job was not left alone before",
    "COMPLETE": "everything is downloaded",
    "PAUSED": "downloads are paused",
    "BLANK_FROM_START": "the slot is blank, and nothing is written yet",
    "BLANK": "the slot is blank past the offset",
    "STREAMING": "the object came in one response, and begins anew",
    "REACHES_RANGE_END": "the range is written",
    "RESUMED": "the slot holds bytes from before the last start",
    "RESTARTED": "the download started over for this before",
    "TRIES_LEFT": "fewer than RETRIES_MAX tries",
    "TRIES_LEFT_HERE": "fewer than RETRIES_MAX tries since the last progress",
    "REFRESHES_LEFT": "fewer than 2 refreshes since the last progress",
    "REDIRECTS_LEFT": "fewer than 3 redirects in a row",
    "URL_ALLOWED": "the URL was split, and its scheme is allowed",
    "AWAITS_REBOOT": "SUCCEEDED is reported, and the image does not run yet",
    "AWAITS_REBOOT_IN_VAIN": "the same, and the service says otherwise",
}

EFFECTS = {
    "BOOT": "set everything anew and read the record",
    "VERIFY_AGAIN": "keep the whole download for another verification",
    "BLAME": "FAILED, with the reason that is known",
    "CONNECT": "as after a lost connection, then subscribe",
    "DISCONNECT": "keep what was asked for, forget the request",
    "GO_ONLINE": "the link is up",
    "END_BACKOFF": "attempts may begin again",
    "END_SLOW_WAIT": "the service is heard: attempts may begin again now, if the wait is the slow one",
    "RETURN_REQUEST": "the request is due again",
    "BACK_OFF": "the request is due again after a wait",
    "TAKE_VERSION": "take over the version",
    "TAKE_REFUSED_VERSION": "take over the version, if it is told or disproved",
    "SCAN": "$next was left alone: look at the list from its beginning",
    "END_LEFT_ALONE": "$next is not one that was left alone",
    "TAKE_JOB_ID": "take over the jobId, if there is one",
    "SET_UNREADABLE": "ask next without the document",
    "TAKE_UNREADABLE_ID": "take over the jobId, unless one is resumable; ask with the document again",
    "END_UNREADABLE": "ask with the document again",
    "ADOPT": "take over jobId and version; forget the rest unless it is the record's job",
    "REJECT_FOREIGN": "REJECTED, for its operation",
    "REJECT_OFFERED": "REJECTED, by the application",
    "TAKE": "take over size, digest and identity; keep the offset of the same object",
    "TAKE_FOUND": "the same; bytes in the slot that were kept are from before the last start",
    "LEAVE": "remember the job",
    "REMEMBER": "remember the job",
    "TAKE_RANGE": "take over ETag and end of the range",
    "TAKE_WHOLE": "write the whole object, which cannot be resumed",
    "SET_BLANK": "the slot is blank past the offset",
    "ADVANCE": "take over the offset; tell, report and persist it where due",
    "SET_RESTARTED": "start over for this only once",
    "RESTART": "forget what was written; one more try",
    "EXPIRE": "one more refresh",
    "FOLLOW": "replace the URL; one more redirect",
    "WAIT": "one more try, after a wait",
    "SEAL": "remember the image's hash; one more retry",
    "SET_CONFIRMED": "the image is confirmed",
    "BLAME_CONFIRM": "tell the reason CONFIRM",
    "BLAME_APPLICATION": "the reason is APPLICATION",
    "BLAME_CANCEL": "the reason is CANCELLED; the slot may be erased and the trial ended 3 times",
    "BLAME_CLOUD": "the reason is ENDED; the slot may be erased and the trial ended 3 times",
    "BLAME_BOOTLOADER": "the reason is ROLLED_BACK",
    "FAIL_ROLLED_BACK": "FAILED, with the reason ROLLED_BACK",
    "TELL_PLAINLY": "what is told has no value",
    "COUNT_RETRY": "one more retry",
    "PAUSE": "pause; what cannot be resumed starts over",
    "SET_PAUSED": "pause",
    "END_PAUSED": "pause no more",
    "SUCCEED": "SUCCEEDED is to be reported",
    "FAIL": "FAILED or REJECTED is to be reported, with the reason",
    "FINISH": "tell the status that was reported",
}


#: Guards that look at bytes of the state, and effects that set some: words of engine_table.h. Everything else is C of
#: its own, in engine_guards.c and engine_effects.c.
GUARDS_OF_MEMBERS = {
    "NOT_SUBSCRIBING": ("IF_BELOW(link, AWS_FOTA_LINK_SUBSCRIBING)",),
    "RUNS_CONFIRMED": ("IF_SET(confirmed)", "IF(RUNS)"),
    "FAILED_RETRIES_LEFT": ("IF(FAILED)", "IF_BELOW(job.retries, AWS_FOTA_UPGRADES_MAX)"),
    "RUNS_UNDONE": (
        "IF(RUNS)",
        "IF_AT_LEAST(job.reason, AWS_FOTA_REASON_CANCELLED)",
        "IF_BELOW(job.retries, AWS_FOTA_UPGRADES_MAX)",
    ),
    "UNDOING_ENDED": ("IF_AT_LEAST(job.reason, AWS_FOTA_REASON_ENDED)",),
    "SWAP_UNWANTED": ("IF(SWAP_PENDING)", "IF_SET(job.reason)"),
    "SWAP_REFUSED": ("IF(SWAP_PENDING)", "IF_AT_LEAST(job.retries, AWS_FOTA_UPGRADES_MAX)"),
    "BLANK_FROM_START": ("IF_SET(job.erased)", "IF(AT_START)"),
    "RETRIES_LEFT": ("IF_BELOW(job.retries, AWS_FOTA_UPGRADES_MAX)",),
    "REASON_KNOWN": ("IF_SET(job.reason)",),
    "CONFIRMED": ("IF_SET(confirmed)",),
    "UNCONFIRMED": ("IF_BELOW(confirmed, 1)",),
    "ATTEMPTS_LEFT": ("IF_BELOW(attempts, AWS_FOTA_RETRIES_MAX)",),
    "LEFT_ALONE": ("IF_SET(left_alone)",),
    "RESUMABLE": ("IF_SET(job.resumable)",),
    "PAUSED": ("IF_SET(paused)",),
    "BLANK": ("IF_SET(job.erased)",),
    "STREAMING": ("IF_SET(job.streaming)",),
    "RESUMED": ("IF_SET(job.resumed)",),
    "RESTARTED": ("IF_SET(job.restarted)",),
    "TRIES_LEFT": ("IF_BELOW(job.tries, AWS_FOTA_RETRIES_MAX)",),
    "REFRESHES_LEFT": ("IF_BELOW(job.refreshes, AWS_FOTA_REFRESHES_MAX)",),
    "REDIRECTS_LEFT": ("IF_BELOW(job.redirects, AWS_FOTA_REDIRECTS_MAX)",),
}
EFFECTS_ON_MEMBERS = {
    "END_BACKOFF": ("DO(END_SLOW_WAIT)", "SET(request, AWS_FOTA_REQUEST_NONE)"),
    "COUNT_RETRY": ("ONE_MORE(job.retries)",),
    "EXPIRE": ("ONE_MORE(job.refreshes)",),
    "SEAL": ("ONE_MORE(job.retries)", "DO(SEAL)"),
    "FOLLOW": ("ONE_MORE(job.redirects)", "DO(FOLLOW)"),
    "BLAME": ("DO(CONCLUDE)",),
    "CONNECT": ("DO(RETURN_REQUEST)", "SET(attempts, 0)", "SET(link, AWS_FOTA_LINK_SUBSCRIBING)"),
    "DISCONNECT": ("DO(RETURN_REQUEST)", "SET(attempts, 0)", "SET(link, AWS_FOTA_LINK_OFFLINE)"),
    "GO_ONLINE": ("SET(link, AWS_FOTA_LINK_ONLINE)", "SET(request, AWS_FOTA_REQUEST_NONE)", "SET(attempts, 0)"),
    "BACK_OFF": ("DO(RETURN_REQUEST)", "DO(BACK_OFF)"),
    "VERIFY_AGAIN": ("SET(job.resumable, true)", "DO(VERIFY_AGAIN)"),
    "SCAN": ("SET(left_alone, true)", "SET(passed, 0)"),
    "END_LEFT_ALONE": ("SET(left_alone, false)",),
    "SET_UNREADABLE": ("SET(unreadable, true)",),
    "TAKE_UNREADABLE_ID": ("SET(unreadable, false)", "DO(TAKE_UNREADABLE_ID)"),
    "END_UNREADABLE": ("SET(unreadable, false)",),
    "REJECT_FOREIGN": (
        "SET(job.reason, AWS_FOTA_REASON_FOREIGN)",
        "DO(CONCLUDE)",
        "SET(job.pending, AWS_FOTA_JOB_REJECTED)",
    ),
    "REJECT_OFFERED": (
        "SET(job.reason, AWS_FOTA_REASON_APPLICATION)",
        "DO(CONCLUDE)",
        "SET(job.pending, AWS_FOTA_JOB_REJECTED)",
    ),
    "TAKE_FOUND": ("SET(job.resumed, true)", "DO(TAKE)"),
    "SET_BLANK": ("SET(job.erased, true)",),
    "RESTART": ("ONE_MORE(job.tries)", "SET(job.streaming, false)", "DO(RESTART)"),
    "SET_RESTARTED": ("SET(job.restarted, true)",),
    "SET_CONFIRMED": ("SET(confirmed, true)",),
    "BLAME_CONFIRM": ("SET(value, AWS_FOTA_REASON_CONFIRM)",),
    "BLAME_APPLICATION": ("SET(job.reason, AWS_FOTA_REASON_APPLICATION)",),
    "BLAME_CANCEL": ("SET(job.reason, AWS_FOTA_REASON_CANCELLED)", "SET(job.retries, 0)"),
    "BLAME_CLOUD": ("SET(job.reason, AWS_FOTA_REASON_ENDED)", "SET(job.retries, 0)"),
    "BLAME_BOOTLOADER": ("SET(job.reason, AWS_FOTA_REASON_ROLLED_BACK)",),
    "FAIL_ROLLED_BACK": ("SET(job.reason, AWS_FOTA_REASON_ROLLED_BACK)", "DO(CONCLUDE)"),
    "TELL_PLAINLY": ("SET(value, 0)",),
    "PAUSE": ("SET(paused, true)", "DO(REWIND_STREAM)"),
    "SET_PAUSED": ("SET(paused, true)",),
    "END_PAUSED": ("SET(paused, false)",),
    "SUCCEED": (
        "SET(job.reason, AWS_FOTA_REASON_NONE)",
        "DO(CONCLUDE)",
        "SET(job.pending, AWS_FOTA_JOB_SUCCEEDED)",
    ),
}
#: What the guards and effects above have in common that is C.
SHARED_GUARDS = {"AT_START": "nothing is written yet"}
SHARED_EFFECTS = {
    "CONCLUDE": "FAILED is to be reported, with the reason that is known and no detail",
    "REWIND_STREAM": "what cannot be resumed starts over",
}


def guard_words(guard: str) -> tuple[str, ...]:
    """The words of engine_table.h that a guard is in C, as its macros."""
    if not guard:
        return ()
    return GUARDS_OF_MEMBERS.get(guard, (f"IF({guard})",))


def effect_words(effect: str) -> tuple[str, ...]:
    """The words of engine_table.h that an effect is in C, as its macros."""
    if not effect:
        return ()
    return EFFECTS_ON_MEMBERS.get(effect, (f"DO({effect})",))


class Words(NamedTuple):
    """The words that one build uses, in the order of the tables above.

    Attributes:
        events: all of them; they are cheap, and their order matters.
        guards: those in C that are used.
        effects: those in C that are used.
    """

    events: dict[str, str]
    guards: dict[str, str]
    effects: dict[str, str]


def used(guards: Collection[str], effects: Collection[str]) -> Words:
    """The words of a build whose rows name `guards` and `effects`."""
    conditions = {word for guard in guards for word in guard_words(guard)}
    deeds = {word for effect in effects for word in effect_words(effect)}
    return Words(
        events=EVENTS,
        guards={name: text for name, text in {**GUARDS, **SHARED_GUARDS}.items() if f"IF({name})" in conditions},
        effects={name: text for name, text in {**EFFECTS, **SHARED_EFFECTS}.items() if f"DO({name})" in deeds},
    )
