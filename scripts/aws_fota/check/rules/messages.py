# SPDX-License-Identifier: Apache-2.0
"""Rules on messages: payload buffers, MQTT buffers, topics and what is sent."""

from __future__ import annotations

from aws_fota.check.amounts import Amount, exactly, total, unknown
from aws_fota.check.deployment import THING_NAME_MAX
from aws_fota.check.envelope import largest_publish_header, largest_sent_packet, worst_message
from aws_fota.check.inputs import Inputs
from aws_fota.check.verdict import BOTH, IN_TREE, OURS, Comparison, Found, Mending, Rule
from aws_fota.config.limits import PAYLOAD_SIZE

#: nRF91: what its TLS passes of one incoming MQTT message ("about 2 KB").
MODEM_MQTT_MAX = 2048
#: Bytes of the in-tree library's topic buffer beyond CLIENT_ID_MAX_LEN, and of its longest topic beyond the names.
_IN_TREE_TOPIC_ROOM = 20 + 65
_IN_TREE_TOPIC_FIXED = len("$aws/things/") + len("/jobs/") + len("/update")
#: Bytes of the in-tree library's update around its five values: keys, quotes, colons, commas, braces.
_IN_TREE_UPDATE_FIXED = 71
_STATUS_MAX = len("IN_PROGRESS")
_VERSION_MAX = len("4294967295")
#: Ours, net/aws_jobs.h: AWS_JOBS_UPDATE_MAX_LEN, and what aws_jobs_update_job_execution() writes at most beside the
#: details: an expectedVersion is an int there, a clientToken has up to 64 characters.
UPDATE_MAX = 1350
_UPDATE_FIXED = len(
    '{"status":"IN_PROGRESS","statusDetails":,"expectedVersion":2147483647,"includeJobExecutionState":true'
    ',"clientToken":""}'
)
_TOKEN_MAX = 64

_SHORTER = "use a shorter key or bucket name, or a URL that is not presigned (a CDN's, for instance)"


def _payload_in_tree(inputs: Inputs) -> Found:
    need = total([("message", worst_message(inputs)), ("NUL that its JSON parser reads to", exactly(1, ""))])
    have = inputs.bounded("AWS_FOTA_PAYLOAD_SIZE")
    return Comparison(need, have, mending=inputs.symbols.raising("AWS_FOTA_PAYLOAD_SIZE", need, _SHORTER))


def _payload_piece(inputs: Inputs) -> Found:
    need = exactly(PAYLOAD_SIZE.minimum, "the message is parsed piece by piece: only a smallest piece is needed")
    have = inputs.bounded("AWS_FOTA_PAYLOAD_SIZE")
    return Comparison(need, have, mending=inputs.symbols.raising("AWS_FOTA_PAYLOAD_SIZE", need, ""))


def _modem_message(inputs: Inputs) -> Found:
    if not inputs.modem or inputs.symbols.is_on("MQTT_HELPER_NATIVE_TLS"):
        return None
    need = total([("message", worst_message(inputs)), ("PUBLISH header", largest_publish_header(inputs))])
    return Comparison(need, exactly(MODEM_MQTT_MAX, "modem TLS"), mending=Mending(words=_SHORTER))


def _rx_buffer(inputs: Inputs) -> Found:
    return _mqtt_buffer(inputs, largest_publish_header(inputs), inputs.deployment.rx_buffer, "rx_buf")


def _tx_buffer(inputs: Inputs) -> Found:
    return _mqtt_buffer(inputs, largest_sent_packet(inputs), inputs.deployment.tx_buffer, "tx_buf")


def _mqtt_buffer(inputs: Inputs, need: Amount, given: int | None, member: str) -> Comparison:
    option = f"--{member.replace('_', '-')}fer"
    if given is not None:
        words = f"let {member} of the struct mqtt_client have {need.high} bytes"
        return Comparison(need, exactly(given, option), mending=Mending(words=words))
    if inputs.symbols.is_on("MQTT_HELPER") or inputs.symbols.is_on("AWS_IOT"):
        symbol = "MQTT_HELPER_RX_TX_BUFFER_SIZE"
        return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, ""))
    missing = f"{option} (the application's own buffer)"
    return Comparison(need, unknown(missing))


def _helper_payload(inputs: Inputs) -> Found:
    if not (inputs.symbols.is_on("MQTT_HELPER") or inputs.symbols.is_on("AWS_IOT")):
        return None
    symbol = "MQTT_HELPER_PAYLOAD_BUFFER_LEN"
    have = inputs.bounded(symbol)
    if have.missing and not inputs.symbols.complete:
        have = exactly(2048 if inputs.modem else 4096, "default in the nRF Connect SDK's mqtt_helper/Kconfig")
    need = worst_message(inputs)
    return Comparison(need, have, mending=inputs.symbols.raising(symbol, need, _SHORTER))


def _client_id(inputs: Inputs) -> Found:
    if not inputs.symbols.is_on("AWS_IOT"):
        return None
    symbol = "AWS_IOT_CLIENT_ID_MAX_LEN"
    need = inputs.thing
    return Comparison(need, inputs.bounded(symbol), "characters", inputs.symbols.raising(symbol, need, ""))


def _topic_in_tree(inputs: Inputs) -> Found:
    symbol = "CLIENT_ID_MAX_LEN"
    need = total(
        [
            ("thing name", inputs.thing),
            ("jobId", exactly(inputs.job_id.high, "")),
            ("topic and NUL", exactly(_IN_TREE_TOPIC_FIXED + 1, "")),
        ]
    )
    limit = inputs.bounded(symbol)
    have = Amount(
        limit.low + _IN_TREE_TOPIC_ROOM,
        (limit + _IN_TREE_TOPIC_ROOM).high,
        f"{symbol} {limit.text} ({limit.source}) + {_IN_TREE_TOPIC_ROOM}",
        limit.missing,
    )
    return Comparison(need, have, mending=inputs.symbols.raising(symbol, need + -_IN_TREE_TOPIC_ROOM, ""))


def _topic_ours(inputs: Inputs) -> Found:
    have = exactly(THING_NAME_MAX, "AWS_FOTA_THING_NAME_MAX of the generated limits.h")
    return Comparison(inputs.thing, have, "characters", Mending(words="use a shorter thing name"))


def _update_in_tree(inputs: Inputs) -> Found:
    symbol = "UPDATE_JOB_PAYLOAD_LEN"
    need = total(
        [
            ("statusDetails", exactly(inputs.deployment.status_details, "--status-details")),
            (
                "status, version, NUL and the JSON around them",
                exactly(_IN_TREE_UPDATE_FIXED + _STATUS_MAX + _VERSION_MAX + 1, ""),
            ),
        ]
    )
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, ""))


def _update_ours(inputs: Inputs) -> Found:
    details = inputs.deployment.status_details
    if not details:
        # The engine's own updates are written elsewhere, and fit.
        return None
    need = total(
        [
            ("statusDetails", exactly(details, "--status-details")),
            ("the longest JSON around them", exactly(_UPDATE_FIXED + _TOKEN_MAX, "")),
        ]
    )
    have = exactly(UPDATE_MAX, "AWS_JOBS_UPDATE_MAX_LEN of the generated net/aws_jobs.h")
    return Comparison(need, have, mending=Mending(words="send shorter statusDetails"))


RULES = (
    Rule(
        "payload-in-tree",
        "The largest message with a job fits the in-tree library's payload buffer",
        "nRF Connect SDK, aws_fota: a longer message is left unread, and comes again after each reconnect",
        IN_TREE,
        _payload_in_tree,
    ),
    Rule(
        "payload-piece",
        "The payload buffer holds the smallest piece that is read at once",
        "config/limits: PAYLOAD_SIZE does not bound the message",
        OURS,
        _payload_piece,
    ),
    Rule(
        "mqtt-modem",
        "The largest message with a job passes the nRF91's modem TLS",
        "nRF91 modem: incoming MQTT over modem TLS is limited to about 2 KB",
        BOTH,
        _modem_message,
    ),
    Rule(
        "mqtt-rx",
        "The MQTT client's rx buffer holds the longest PUBLISH header",
        "Zephyr, mqtt_decoder: header and topic of a PUBLISH are decoded in rx_buf, the payload is not",
        BOTH,
        _rx_buffer,
    ),
    Rule(
        "mqtt-tx",
        "The MQTT client's tx buffer holds the longest packet that is sent, its payload left out",
        "Zephyr, mqtt_encoder: packets are encoded in tx_buf, the payload of a PUBLISH is not",
        BOTH,
        _tx_buffer,
    ),
    Rule(
        "mqtt-helper-payload",
        "A job message that is handed on fits the MQTT helper's payload buffer",
        "nRF Connect SDK, mqtt_helper: a longer payload is left unread",
        BOTH,
        _helper_payload,
    ),
    Rule(
        "client-id",
        "The thing name fits the AWS IoT library's client id",
        "nRF Connect SDK, aws_iot: its topics are sized for AWS_IOT_CLIENT_ID_MAX_LEN",
        BOTH,
        _client_id,
    ),
    Rule(
        "topic-in-tree",
        "The longest topic fits the in-tree library's topic buffer",
        "nRF Connect SDK, aws_jobs: topics of CLIENT_ID_MAX_LEN + 85 bytes with the NUL",
        IN_TREE,
        _topic_in_tree,
    ),
    Rule(
        "topic",
        "The thing name is one that topics are sized for",
        "AWS IoT: a thing name has 1 to 128 characters",
        OURS,
        _topic_ours,
    ),
    Rule(
        "update-in-tree",
        "The longest update of the job fits the in-tree library's buffer",
        "nRF Connect SDK, aws_jobs: an update of UPDATE_JOB_PAYLOAD_LEN bytes or more is not sent",
        IN_TREE,
        _update_in_tree,
    ),
    Rule(
        "update",
        "The longest update that the application sends fits the buffer of net/aws_jobs.h",
        "the generated net/aws_jobs.h: a longer update is refused with -ENOMEM",
        OURS,
        _update_ours,
    ),
)
