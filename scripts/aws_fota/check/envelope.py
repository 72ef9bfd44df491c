# SPDX-License-Identifier: Apache-2.0
"""The largest messages of AWS IoT Jobs around a job document, in bytes (AWS IoT developer guide, "Jobs MQTT API")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_fota.check.amounts import Amount, exactly, largest, total, unknown

if TYPE_CHECKING:
    from aws_fota.check.inputs import Inputs

#: Fixed header (one byte and up to four of length), the topic's length and the packet id (MQTT 3.1.1, 3.3).
PUBLISH_OVERHEAD = 5 + 2 + 2

_TOPIC = len("$aws/things/") + len("/jobs/")

#: The answer to a describe while the job is IN_PROGRESS: the longest that carries the document. Times are seconds,
#: with the ten digits that they have until 2286; the numbers are u32.
_ANSWER = (
    '{"clientToken":"","timestamp":1700000000,"execution":{"jobId":"","thingName":"","status":"IN_PROGRESS",'
    '"statusDetails":{},"queuedAt":1700000000,"startedAt":1700000000,"lastUpdatedAt":1700000000,'
    '"versionNumber":4294967295,"executionNumber":4294967295,"approximateSecondsBeforeTimedOut":604800,'
    '"jobDocument":}}'
)
#: The clientToken and the details that our module sends (doc/engine.md, "Requests").
_OUR_TOKEN = 8
_OUR_DETAILS = len('"progress":"100"')
#: The default document with a URL: the URL's own characters left out.
_DOCUMENT = '{"operation":"app_fw_update","fwversion":"v1.0.2","size":181124,"location":{"url":""}}'


def document(inputs: Inputs) -> Amount:
    """Bytes of the job document as it is delivered."""
    delivered = [one.delivered for one in inputs.documents]
    if delivered:
        return largest(delivered)
    if not inputs.addresses:
        return unknown("--bucket and --key, --url-length, or --job", len(_DOCUMENT))
    url = largest([address.url for address in inputs.addresses])
    return total([("URL", url), ("rest of the document", exactly(len(_DOCUMENT), ""))])


def worst_message(inputs: Inputs) -> Amount:
    """Bytes of the largest message that carries the job document."""
    ours = inputs.library.name == "OURS"
    fixed = len(_ANSWER) + (_OUR_TOKEN + _OUR_DETAILS if ours else 0)
    return total(
        [
            ("document", document(inputs)),
            ("thing name", inputs.thing),
            ("jobId", exactly(inputs.job_id.high, "")),
            ("envelope", exactly(fixed, "")),
            *_details(inputs),
        ]
    )


def _details(inputs: Inputs) -> list[tuple[str, Amount]]:
    """What the application sent as statusDetails, which the answer has too."""
    sent = inputs.deployment.status_details
    return [("statusDetails", exactly(sent, "--status-details"))] if sent else []


def largest_publish_header(inputs: Inputs) -> Amount:
    """Bytes before the payload of the longest PUBLISH that a device receives: ``{jobId}/update/accepted``."""
    fixed = PUBLISH_OVERHEAD + _TOPIC + len("/update/accepted")
    return total(
        [
            ("thing name", inputs.thing),
            ("jobId", exactly(inputs.job_id.high, "")),
            ("header and topic", exactly(fixed, "")),
        ]
    )


def largest_sent_packet(inputs: Inputs) -> Amount:
    """Bytes of the longest packet that a device sends for Jobs, payload left out.

    It is the PUBLISH to ``{jobId}/update``, or the SUBSCRIBE to both notification topics.
    """
    publish = total(
        [
            ("thing name", inputs.thing),
            ("jobId", exactly(inputs.job_id.high, "")),
            ("header and topic", exactly(PUBLISH_OVERHEAD + _TOPIC + len("/update"), "")),
        ]
    )
    # SUBSCRIBE: fixed header, packet id, then length, topic and QoS of each (MQTT 3.1.1, 3.8).
    topics = ("notify", "notify-next") if inputs.library.name == "OURS" else ("notify-next",)
    fixed = 5 + 2 + sum(2 + _TOPIC + len(name) + 1 for name in topics)
    count = len(topics)
    names = Amount(count * inputs.thing.low, count * inputs.thing.high, inputs.thing.source, inputs.thing.missing)
    subscribe = total(
        [("thing name" if count == 1 else f"in {count} thing names", names), ("SUBSCRIBE", exactly(fixed, ""))]
    )
    return largest([publish, subscribe])
