# SPDX-License-Identifier: Apache-2.0
"""What the parser reads of the messages of AWS IoT Jobs themselves, whatever the job document is.

Members and kinds are those of the table in ``doc/parser.md``; the numbers are ``enum aws_fota_field``.
"""

from __future__ import annotations

from collections.abc import Callable

from aws_fota.codegen.parser_nodes import Node
from aws_fota.codegen.parser_words import WordTable

STATUSES = ("QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED")
CODES = (
    "InvalidTopic",
    "InvalidJson",
    "InvalidRequest",
    "InvalidStateTransition",
    "ResourceNotFound",
    "VersionMismatch",
    "InternalError",
    "RequestThrottled",
    "TerminalStateReached",
)

_MESSAGE = {
    "clientToken": 1,
    "execution": 2,
    "executionState": 7,
    "code": 8,
    "inProgressJobs": 9,
    "queuedJobs": 10,
}
#: Below execution, executionState and the elements of both lists; in which kinds is a matter of the nodes.
_EXECUTION = {"jobId": 3, "status": 4, "versionNumber": 5, "jobDocument": 6}

_OF_EXECUTION = "IN(EXECUTION) | IN(WATCH)"
_OF_STATE = "IN(UPDATED) | IN(REJECTED)"
_OF_LIST = "IN(PENDING)"


def _words(table: WordTable, name: str, comment: str, members: dict[str, int]) -> str:
    return table.add(name, comment, [(text.encode(), node) for text, node in members.items()])


def _leaf(id: int, name: str, type: str, parameter: str, member: str, kinds: str) -> Node:
    offset = f"offsetof(struct aws_fota_message, {member})"
    return Node(id, f"AWS_FOTA_FIELD_{name}", member, type, parameter, offset, kinds=kinds)


def envelope(
    table: WordTable,
    document_words: str,
    fields: frozenset[int],
    node_end: int,
    container: Callable[[frozenset[int], str], int],
    bounds: Callable[[int, int], str],
) -> list[Node]:
    """The nodes of the envelope.

    Args:
        table: gets their words.
        document_words: the list of the job document's members.
        fields: the nodes of all fields of the job document.
        node_end: one more than the highest node.
        container: adds an entry to the table of containers and returns its number.
        bounds: adds an entry to the table of bounds and returns its number.
    """
    message = _words(table, "WORDS_MESSAGE", "the message", _MESSAGE)
    execution = _words(table, "WORDS_EXECUTION", "execution, executionState and the elements of lists", _EXECUTION)
    status = table.add_positions("WORDS_STATUS", "status", STATUSES)
    code = table.add_positions("WORDS_CODE", "code", CODES)
    anywhere = f"{_OF_EXECUTION} | {_OF_STATE}"

    def object(id: int, name: str, words: str, below: frozenset[int], kinds: str, kind: str = "KIND_OBJECT") -> Node:
        entry = container(below | {id}, name)
        field = f"AWS_FOTA_FIELD_{name}"
        return Node(id, field, name, f"KIND({kind})", words, f"{field} | {entry} << 8", kinds=kinds)

    return [
        object(0, "MESSAGE", message, frozenset(range(1, node_end)), ""),
        _leaf(1, "CLIENT_TOKEN", "TEXT(SINK_TOKEN)", "8", "client_token", f"{anywhere} | {_OF_LIST}"),
        object(2, "EXECUTION", execution, frozenset({3, 4, 5, 6}) | fields, _OF_EXECUTION),
        _leaf(3, "JOB_ID", "TEXT(SINK_JOB_ID)", "AWS_FOTA_JOB_ID_MAX", "job_id", f"{_OF_EXECUTION} | {_OF_LIST}"),
        _leaf(4, "STATUS", "TEXT(SINK_WORD)", status, "status", anywhere),
        _leaf(5, "VERSION_NUMBER", "KIND(KIND_NUMBER) | SINK_U32", bounds(1, 2**32 - 1), "version_number", anywhere),
        object(6, "JOB_DOCUMENT", document_words, fields, "IN(EXECUTION)"),
        object(7, "EXECUTION_STATE", execution, frozenset({4, 5}), _OF_STATE),
        _leaf(8, "CODE", "TEXT(SINK_WORD)", code, "code", "IN(REJECTED)"),
        object(9, "IN_PROGRESS_JOBS", execution, frozenset({3}), _OF_LIST, "KIND_ARRAY"),
        object(10, "QUEUED_JOBS", execution, frozenset({3}), _OF_LIST, "KIND_ARRAY"),
    ]
