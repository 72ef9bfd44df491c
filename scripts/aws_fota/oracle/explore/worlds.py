# SPDX-License-Identifier: Apache-2.0
"""The worlds that are explored: which jobs, which faults, and how many of them on one path."""

from __future__ import annotations

from dataclasses import replace

from aws_fota.jobdoc.model import Foreign
from aws_fota.oracle.explore.world import BASIC, Document, Fault, Scenario

_CLOUD = frozenset({Fault.CLOUD_CANCEL, Fault.CLOUD_TIMEOUT, Fault.CLOUD_DELETE})
_DEVICE = frozenset({Fault.REFUSED, Fault.BOOTLOADER, Fault.CANCEL, Fault.PAUSE})
_SERVER = frozenset(
    {
        Fault.FETCH_FAILED,
        Fault.FORBIDDEN,
        Fault.UNAVAILABLE,
        Fault.NO_RANGES,
        Fault.CHANGED,
        Fault.NO_IF_MATCH,
        Fault.FLASH,
    }
)
_UPDATE, _FOREIGN = Document.UPDATE, Document.FOREIGN
#: Only a digest tells what others wrote, and the record fails in worlds of its own.
_APART = frozenset({Fault.OVERWRITTEN, Fault.RECORD, Fault.UNREAD})
_RECORD = frozenset({Fault.RECORD, Fault.REBOOT, Fault.FLASH}) | _CLOUD | _DEVICE
_UNREAD = frozenset({Fault.UNREAD, Fault.REBOOT, Fault.FLASH}) | _CLOUD | _DEVICE
_DIGEST = (_SERVER - {Fault.UNAVAILABLE}) | {Fault.OVERWRITTEN, Fault.REBOOT, Fault.CLOUD_CANCEL, Fault.PAUSE}
_RECORD_AND_DIGEST = _DIGEST | {Fault.RECORD, Fault.UNREAD}
_SERVICE = BASIC | _CLOUD | {Fault.THROTTLED}

#: What ``make explore`` goes through.
WORLDS = (
    Scenario("two updates", (_UPDATE, _UPDATE), _SERVICE | _DEVICE, 2),
    Scenario("one update, every fault", (_UPDATE,), frozenset(Fault) - _APART, 3),
    Scenario("one download, two tries", (_UPDATE,), _SERVER | {Fault.REBOOT, Fault.PAUSE}, 4, retries_max=2),
    Scenario("report on download", (_UPDATE,), _SERVICE | _DEVICE, 3, report_on_download=True),
    Scenario("record not saved", (_UPDATE,), _RECORD, 3),
    Scenario("record not saved, report on download", (_UPDATE,), _RECORD, 3, report_on_download=True),
    Scenario("record not saved, two updates", (_UPDATE, _UPDATE), BASIC | {Fault.RECORD, Fault.CLOUD_CANCEL}, 2),
    Scenario("record not read", (_UPDATE,), _UNREAD, 3),
    Scenario("record not read, report on download", (_UPDATE,), _UNREAD, 3, report_on_download=True),
    Scenario("record not read, two updates", (_UPDATE, _UPDATE), BASIC | {Fault.UNREAD, Fault.CLOUD_CANCEL}, 2),
    Scenario("record and digest", (Document.DIGESTED,), _RECORD_AND_DIGEST, 3),
    Scenario("record and wrong digest", (Document.MISDIGESTED,), _RECORD_AND_DIGEST, 3),
    Scenario("digest", (Document.DIGESTED,), _DIGEST, 4),
    Scenario("wrong digest", (Document.MISDIGESTED,), _DIGEST, 4),
    Scenario("left alone", (_FOREIGN, _UPDATE), BASIC | {Fault.CLOUD_CANCEL}, 2, foreign=Foreign.LEAVE),
    Scenario("more than remembered", (_FOREIGN, _FOREIGN, _UPDATE), BASIC, 1, foreign=Foreign.LEAVE, remembered_jobs=2),
    Scenario("offered", (_FOREIGN, _UPDATE), BASIC | {Fault.CLOUD_CANCEL}, 2, foreign=Foreign.OFFER),
    Scenario("rejected", (_FOREIGN, _UPDATE), _SERVICE, 1, foreign=Foreign.REJECT),
    Scenario("unreadable", (Document.UNREADABLE, _UPDATE), BASIC | {Fault.CLOUD_CANCEL}, 2, foreign=Foreign.LEAVE),
    Scenario("unfit", (Document.UNFIT, _UPDATE), _SERVICE, 1),
)

#: Smaller ones for a test that runs with all the others: all jobs there from the beginning, and one fault at most.
SMALL = tuple(
    replace(scenario, faults=1 if len(scenario.documents) < 3 else 0, created_later=False) for scenario in WORLDS
)
