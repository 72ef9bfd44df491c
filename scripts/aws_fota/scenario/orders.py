# SPDX-License-Identifier: Apache-2.0
"""A scenario's faults, ordered from the local AWS."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aws_fota.emulator.emulator import Emulator
from aws_fota.emulator.gateway_faults import Fault, Misfortune
from aws_fota.emulator.http_faults import HttpFault
from aws_fota.emulator.jobs_device import PlannedRefusal
from aws_fota.emulator.jobs_model import Status
from aws_fota.emulator.mqtt_packets import Publish
from aws_fota.emulator.storage_objects import StoredObject
from aws_fota.scenario.model import DownloadFault, MessageFault, Scenario

_MISFORTUNES = {
    "drop": Misfortune.DROP,
    "delay": Misfortune.DELAY,
    "double": Misfortune.DUPLICATE,
    "reorder": Misfortune.REORDER,
    "corrupt": Misfortune.CORRUPT,
    "cut": Misfortune.CUT,
}


@dataclass(frozen=True)
class Order:
    """What was ordered for one entry of a scenario.

    Attributes:
        entry: the entry.
        fault: counts how often it struck.
    """

    entry: DownloadFault | MessageFault
    fault: HttpFault | Fault | PlannedRefusal

    @property
    def happened(self) -> bool:
        """Whether it struck as often as the entry says, or at all where that gives no number."""
        return self.fault.hits >= (self.entry.times or 1)


def told_missing(entries: Iterable[tuple[int, str]]) -> str:
    """What of a scenario never happened, for people: its lines and deeds; empty when there is nothing to tell."""
    words = ", ".join(f"line {line} ({deed})" for line, deed in sorted(entries))
    return f"some of the scenario never happened: {words}" if words else ""


def missing(orders: Iterable[Order]) -> list[tuple[int, str]]:
    """Lines and deeds of the entries that did not happen as often as they say."""
    return [(order.entry.line, order.entry.do) for order in orders if not order.happened]


def order_all(emulator: Emulator, scenario: Scenario, thing: str, image: StoredObject) -> list[Order]:
    """Order what goes wrong with the downloads of `image`, and with the messages from and to a thing."""
    orders = [Order(entry, http_fault(entry, image.data)) for entry in scenario.downloads]
    image.faults.extend(order.fault for order in orders if isinstance(order.fault, HttpFault))
    for entry in scenario.messages:
        topics = f"$aws/things/{thing}/jobs/{entry.topic}"
        if entry.do == "refuse":
            device = emulator.service.device
            refusal = device.refuse_next(entry.code, entry.times, topics=topics, skip=entry.skip)
            orders.append(Order(entry, refusal))
        else:
            orders.append(Order(entry, emulator.gateway.faults.order(_gateway_fault(entry, thing, topics))))
    return orders


def http_fault(fault: DownloadFault, image: bytes) -> HttpFault:
    """What the download server is told."""
    ordered = HttpFault(times=fault.times, skip=fault.skip, from_offset=fault.position.offset(len(image)))
    if fault.do == "replace":
        ordered.replace_with = image[:-1] + bytes([image[-1] ^ 1])
    elif fault.do == "whole-object":
        ordered.ignore_range = True
    elif fault.do == "no-length":
        ordered.no_length = True
    elif fault.do == "no-range":
        ordered.no_content_range = True
    elif fault.do == "wrong-start":
        ordered.start = 1
    elif fault.do == "wrong-total":
        ordered.total = len(image) + 1
    elif fault.do == "no-etag":
        ordered.no_etag = True
    elif fault.do == "cut":
        ordered.cut_after = fault.after_bytes
    elif fault.do == "trickle":
        ordered.chunk_bytes = fault.chunk_bytes
        ordered.chunk_delay_s = fault.milliseconds / 1000
    else:
        ordered.status = fault.status
        ordered.location = fault.to if fault.do == "redirect" else None
    return ordered


def _gateway_fault(fault: MessageFault, thing: str, topics: str) -> Fault:
    return Fault(
        _MISFORTUNES[fault.do],
        topics,
        incoming=fault.incoming,
        client_id=thing,
        wanted=None if fault.status is None else partial(_says, fault.status),
        times=fault.times,
        skip=fault.skip,
        seconds=fault.milliseconds / 1000,
        behind=fault.behind,
        byte=fault.byte,
    )


def _says(status: Status, message: Publish) -> bool:
    """Whether a message tells this status, or asks for it."""
    try:
        return _holds(json.loads(message.payload), status.value)
    except ValueError:
        return False


def _holds(value: Any, status: str) -> bool:
    if not isinstance(value, dict):
        return False
    return value.get("status") == status or any(_holds(member, status) for member in value.values())
