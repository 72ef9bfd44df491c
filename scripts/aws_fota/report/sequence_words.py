# SPDX-License-Identifier: Apache-2.0
"""What stands at the arrows of a sequence diagram."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from aws_fota.report.trace import MODULE, Entry


def label(entry: Entry) -> str:
    """The words for one entry; empty for what a diagram leaves out."""
    words = _WORDS.get(entry.what)
    return words(entry) if words else ""


def many_label(group: Sequence[Entry], repetitions: int) -> str:
    """The words for entries of one kind inside a loop of so many repetitions."""
    first, last = group[0], group[-1]
    if first.what == "GET":
        text = f"GET {_path(first.name)}"
    elif first.what == "TELL":
        text = f"PROGRESS {first.facts.get('percent')} ... {last.facts.get('percent')}%"
    elif first.source == MODULE and len(group) > 1:
        text = f"{_short(first.name)}: IN_PROGRESS, {first.facts.get('progress')} ... {last.facts.get('progress')}%"
    elif first.what == "PUBLISH" and len(group) > 1:
        text = _short(first.name)
    else:
        text = label(first)
    return text if len(group) == repetitions else f"{text} ({len(group)}x)"


def _short(topic: str) -> str:
    return topic.rpartition("/jobs/")[2]


def _path(url: str) -> str:
    return urlsplit(url).path


def _subscribe(entry: Entry) -> str:
    return "SUBSCRIBE " + ", ".join(_short(topic) for topic in entry.name.split(", "))


def _suback(entry: Entry) -> str:
    return "SUBACK" if entry.facts.get("granted") == "yes" else "SUBACK: refused"


def _publish(entry: Entry) -> str:
    facts = entry.facts
    parts = [f"{facts[name]}" for name in ("code", "operation", "fwversion") if name in facts]
    if "jobId" in facts and not _short(entry.name).startswith(f"{facts['jobId']}/"):
        parts.insert(0, f"job {facts['jobId']}")
    if "status" in facts:
        parts.append(str(facts["status"]))
    if "size" in facts:
        parts.append(f"{facts['size']} bytes")
    if "reason" in facts:
        parts.append(f"'{facts['reason']}'")
    if "progress" in facts and entry.source == MODULE:
        parts.append(f"{facts['progress']}%")
    # Only a service says "version": a request merely repeats what it expects.
    if "versionNumber" in facts:
        parts.append(f"version {facts['versionNumber']}")
    described = _short(entry.name)
    return f"{described}: {', '.join(parts)}" if parts else described


def _get(entry: Entry) -> str:
    return f"GET {_path(entry.name)} bytes {entry.facts.get('range')}"


def _response(entry: Entry) -> str:
    status = int(entry.facts.get("status", 0))
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    if "location" in entry.facts:
        phrase += f", to {entry.facts['location']}"
    return f"{status}{phrase}"


def _tell(entry: Entry) -> str:
    if "percent" in entry.facts:
        return f"{entry.name} {entry.facts['percent']}%"
    what = entry.facts.get("reason") or entry.facts.get("status")
    return f"{entry.name}: {what or _ASKS[entry.name]}" if what or entry.name in _ASKS else entry.name


def _boot(entry: Entry) -> str:
    unconfirmed = "" if entry.facts.get("confirmed") == "yes" else ", unconfirmed"
    return f"{entry.name}: {entry.facts.get('version')} runs{unconfirmed}"


def _verify(entry: Entry) -> str:
    return f"SHA-256 of slot 1: {str(entry.facts.get('sha256'))[:16]}..., {entry.facts.get('verdict')}"


#: What the application is to do on being told.
_ASKS = {"CONFIRM": "test the new image", "DONE": "reboot into the new image", "FOREIGN": "is this job yours?"}

_WORDS: dict[str, Callable[[Entry], str]] = {
    "ACCEPT": lambda entry: "accept the job",
    "BOOT": _boot,
    "CANCEL": lambda entry: "cancel the update",
    "CONFIRM": lambda entry: "confirm: the new image is healthy",
    "CONFIRM_IMAGE": lambda entry: "confirm the image",
    "CONNECT": lambda entry: "CONNECT",
    "EVENT": lambda entry: f"({entry.name.replace('-', ' ')})",
    "CRASH": lambda entry: f"crash: {entry.facts.get('error')}",
    "DISCONNECTED": lambda entry: "connection lost",
    "ERASE": lambda entry: f"erase slot 1 from byte {entry.facts.get('offset')}",
    "FETCH_FAILED": lambda entry: f"download interrupted: {entry.facts.get('error')}",
    "FLASH_FAILED": lambda entry: f"flash: {entry.facts.get('error')}",
    "GET": _get,
    "PARSE": lambda entry: f"message refused: {entry.facts.get('result')}",
    "PAUSE": lambda entry: "pause the download",
    "PUBLISH": _publish,
    "REBOOT": lambda entry: "reboot",
    "REJECT": lambda entry: "reject the job",
    "REQUEST_UPGRADE": lambda entry: "request the upgrade, on trial",
    "RESPONSE": _response,
    "RESUME": lambda entry: "resume the download",
    "REVERT": lambda entry: "give the new image up",
    "SUBACK": _suback,
    "SUBSCRIBE": _subscribe,
    "TELL": _tell,
    "UNREACHABLE": lambda entry: f"cannot connect: {entry.facts.get('error')}",
    "VERIFY": _verify,
}
