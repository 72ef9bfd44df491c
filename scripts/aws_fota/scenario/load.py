# SPDX-License-Identifier: Apache-2.0
"""From the YAML of a scenario to a checked :class:`Scenario`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_fota.emulator.jobs_model import RefusalCode, Status
from aws_fota.scenario.model import DownloadFault, Event, Expectation, MessageFault, Position, Scenario
from aws_fota.yamlfile import schema, source
from aws_fota.yamlfile.findings import Findings
from aws_fota.yamlfile.source import Location

SCHEMA = "scenario.schema.yaml"

#: The events of ``enum aws_fota_tell`` that come at most once in most updates; PROGRESS is what a percentage is for.
TOLD = ("STARTED", "ERASE_PENDING", "ERASE_DONE", "DONE", "ERROR", "FOREIGN", "CONFIRM")

#: When nothing is downloaded any more, or yet.
_WITHOUT_DOWNLOAD = frozenset({"DONE", "ERROR", "FOREIGN", "CONFIRM"})

_RULE = "scenario"
_PERCENT = re.compile(r"(100|[1-9]?[0-9])%")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_TOPIC = re.compile(r"(?:(?:\+|[^/+#\0]+)/)*(?:\+|#|[^/+#\0]+)")


class _Keys:
    """Which keys an entry may have by what it does; those that it must have end in ``!``."""

    def __init__(self, shared: str, **by_do: str) -> None:
        self._shared = frozenset(shared.split())
        self._by_do = {do.replace("_", "-"): keys.split() for do, keys in by_do.items()}

    def misplaced(self, entry: Mapping[str, Any]) -> list[str]:
        """The keys that mean nothing in this entry."""
        known = {key.rstrip("!") for key in self._by_do[entry["do"]]}
        return sorted(set(entry) - self._shared - known - {"do"})

    def missing(self, entry: Mapping[str, Any]) -> list[str]:
        """The keys that this entry lacks."""
        return sorted(key[:-1] for key in self._by_do[entry["do"]] if key.endswith("!") and key[:-1] not in entry)


_DOWNLOADS = _Keys(
    "from skip times",
    refuse="status!",
    redirect="to! status",
    replace="",
    whole_object="",
    no_length="",
    no_range="",
    wrong_start="",
    wrong_total="",
    no_etag="",
    cut="after_bytes",
    trickle="bytes milliseconds",
)
_MESSAGES = _Keys(
    "to topic skip times",
    drop="status",
    delay="milliseconds! status",
    double="status",
    reorder="behind status",
    corrupt="byte status",
    cut="byte status",
    refuse="code",
)
_EVENTS = _Keys(
    "at",
    power_off="milliseconds",
    reboot="",
    pause="milliseconds",
    cancel_by_application="",
    cancel_in_cloud="",
    remove_from_job="",
    cut_connection="",
    restart_service="milliseconds",
    advance_clock="minutes!",
)


def load(path: Path) -> Scenario:
    """Read a scenario and check it whole.

    Raises:
        InputError, ErrorList: every mistake that was found, each with file, line, key, rule and the way out.
    """
    read = source.read(path)
    findings = Findings(read)
    findings.errors.extend(schema.violations(read, SCHEMA))
    findings.raise_any()
    scenario = _Reading(findings).scenario(path.stem)
    findings.raise_any()
    return scenario


class _Reading:
    """One file that keeps its schema."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._data: dict[str, Any] = findings.source.data

    def scenario(self, name: str) -> Scenario:
        data = self._data
        job, device = data.get("job", {}), data.get("device", {})
        document = job.get("document", {})
        if not isinstance(document, dict):
            self._refuse(("job", "document"), "is no mapping", "write 'member: value' lines below it")
            document = {}
        return Scenario(
            name=name,
            summary=self._summary(data["summary"]),
            document=document,
            in_progress_timeout_minutes=job.get("in_progress_timeout_minutes"),
            self_test=device.get("self_test", "passes"),
            image_size=device.get("image_size"),
            downloads=tuple(self._download(at, one) for at, one in self._entries("downloads", _DOWNLOADS)),
            messages=tuple(self._message(at, one) for at, one in self._entries("messages", _MESSAGES)),
            events=tuple(self._event(at, one) for at, one in self._entries("events", _EVENTS)),
            expect=self._expectation(data.get("expect", {})),
        )

    def _summary(self, text: str) -> str:
        """The sentence, which goes to terminals as it is."""
        sentence = text.strip()
        if not sentence or not sentence.isprintable():
            self._refuse(("summary",), "is no line of printable text", "write one sentence")
        return sentence

    def _entries(self, section: str, keys: _Keys) -> list[tuple[Location, dict[str, Any]]]:
        """The entries of a section, with their keys checked against what they do."""
        found: list[tuple[Location, dict[str, Any]]] = []
        for index, entry in enumerate(self._data.get(section, ())):
            at = (section, index)
            for key in keys.misplaced(entry):
                self._refuse((*at, key), f"means nothing with 'do: {entry['do']}'", "remove the key")
            for key in keys.missing(entry):
                self._refuse((*at, key), f"is missing, and 'do: {entry['do']}' needs it", f"add '{key}:' to the entry")
            found.append((at, entry))
        return found

    def _download(self, at: Location, entry: dict[str, Any]) -> DownloadFault:
        status = entry.get("status")
        if entry["do"] == "redirect" and status is not None and status not in _REDIRECTS:
            self._refuse((*at, "status"), f"{status} is no redirect", "use 301, 302, 303, 307 or 308")
        return DownloadFault(
            line=self._findings.source.line(at),
            do=entry["do"],
            position=self._position((*at, "from"), entry.get("from", 0)),
            skip=entry.get("skip", 0),
            times=self._times((*at, "times"), entry.get("times", 1)),
            status=status,
            to=entry.get("to", ""),
            after_bytes=entry.get("after_bytes", 0),
            chunk_bytes=entry.get("bytes", 512),
            milliseconds=entry.get("milliseconds", 10),
        )

    def _message(self, at: Location, entry: dict[str, Any]) -> MessageFault:
        topic = entry.get("topic", "#")
        if not _TOPIC.fullmatch(topic):
            self._refuse((*at, "topic"), f"'{topic[:40]}' is no topic filter", "write one such as +/update/accepted")
        if entry["do"] == "refuse" and entry["to"] != "aws":
            self._refuse((*at, "to"), "is not aws, and only requests to AWS can be refused", "write 'to: aws'")
        return MessageFault(
            line=self._findings.source.line(at),
            do=entry["do"],
            incoming=entry["to"] == "aws",
            topic=topic,
            status=Status(entry["status"]) if "status" in entry else None,
            skip=entry.get("skip", 0),
            times=self._times((*at, "times"), entry.get("times", 1)),
            milliseconds=entry.get("milliseconds", 0),
            behind=entry.get("behind", 1),
            byte=entry.get("byte"),
            code=RefusalCode(entry.get("code", RefusalCode.REQUEST_THROTTLED.value)),
        )

    def _event(self, at: Location, entry: dict[str, Any]) -> Event:
        moment = entry["at"]
        percent = _PERCENT.fullmatch(moment)
        if percent is None and moment not in TOLD:
            self._refuse(
                (*at, "at"),
                f"'{moment[:40]}' is no moment of an update",
                f"use a percentage such as 40%, or one of: {', '.join(TOLD)}",
            )
        elif entry["do"] == "pause" and moment in _WITHOUT_DOWNLOAD:
            self._refuse((*at, "at"), f"'{moment}' is no moment of a download", "pause at a percentage such as 40%")
        return Event(
            line=self._findings.source.line(at),
            do=entry["do"],
            percent=int(percent[1]) if percent else None,
            told="" if percent else moment,
            milliseconds=entry.get("milliseconds", 0),
            minutes=entry.get("minutes", 0),
        )

    def _expectation(self, entry: dict[str, Any]) -> Expectation:
        return Expectation(Status(entry["status"]), entry.get("reason", "")) if entry else Expectation()

    def _position(self, at: Location, value: Any) -> Position:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return Position(value)
        percent = _PERCENT.fullmatch(value) if isinstance(value, str) else None
        if percent is None:
            self._refuse(
                at, f"'{str(value)[:40]}' is no position in the image", "use a percentage such as 40%, or bytes"
            )
            return Position()
        return Position(int(percent[1]), percent=True)

    def _times(self, at: Location, value: Any) -> int | None:
        if value == "always":
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1_000_000:
            self._refuse(at, f"'{str(value)[:40]}' is no number of times", "use an integer from 1 on, or 'always'")
            return 1
        return value

    def _refuse(self, at: Location, message: str, fix: str) -> None:
        self._findings.refuse(at, message, rule=_RULE, fix=fix)
