# SPDX-License-Identifier: Apache-2.0
"""Persistent sessions and retained messages in the state file."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_fota.emulator.gateway_session import Kept
from aws_fota.emulator.mqtt_packets import Publish
from aws_fota.emulator.output_commit import OutputCommit
from aws_fota.emulator.state_file import StateFile
from aws_fota.errors import AwsFotaError


class SessionsKeeper:
    """Writes each change at once, to be committed with all others; see :class:`gateway_session.Keeper`.

    Args:
        file: the state file.
        output: commits.
    """

    def __init__(self, file: StateFile, output: OutputCommit) -> None:
        self._file = file
        self._output = output

    def sessions(self) -> dict[str, tuple[dict[str, int], list[Kept]]]:
        """The sessions that are in the file: subscriptions and messages by client id.

        Raises:
            InputError: the file is damaged.
        """
        found: dict[str, tuple[dict[str, int], list[Kept]]] = {}
        try:
            for client_id, subscriptions in self._file.rows("SELECT client_id, subscriptions FROM sessions"):
                granted = {str(pattern): int(qos) for pattern, qos in json.loads(subscriptions).items()}
                found[client_id] = granted, []
            rows = self._file.rows(
                "SELECT client_id, serial, packet_id, topic, retain, payload FROM messages ORDER BY client_id, serial"
            )
            for client_id, serial, packet_id, topic, retain, payload in rows:
                message = Publish(topic, bytes(payload), 1, bool(retain), packet_id=packet_id)
                found[client_id][1].append(Kept(serial, message))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise self._file.damaged(f"what it says of sessions makes no sense ({type(error).__name__})") from error
        return found

    def retained_messages(self) -> list[Publish]:
        """The retained messages that are in the file.

        Raises:
            InputError: the file is damaged.
        """
        rows = self._file.rows("SELECT topic, qos, payload FROM retained")
        return [Publish(topic, bytes(payload), qos, retain=True) for topic, qos, payload in rows]

    def session_changed(self, client_id: str, subscriptions: Mapping[str, int]) -> None:
        self._execute("INSERT OR REPLACE INTO sessions VALUES (?, ?)", client_id, json.dumps(subscriptions))

    def session_ended(self, client_id: str) -> None:
        self._execute("DELETE FROM sessions WHERE client_id = ?", client_id)
        self._execute("DELETE FROM messages WHERE client_id = ?", client_id)

    def message_kept(self, client_id: str, kept: Kept) -> None:
        message = kept.message
        values = (client_id, kept.serial, message.packet_id, message.topic, message.retain, message.payload)
        self._execute("INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?, ?)", *values)

    def message_done(self, client_id: str, serial: int) -> None:
        self._execute("DELETE FROM messages WHERE client_id = ? AND serial = ?", client_id, serial)

    def retained_changed(self, topic: str, message: Publish | None) -> None:
        if message is None:
            self._execute("DELETE FROM retained WHERE topic = ?", topic)
        else:
            self._execute("INSERT OR REPLACE INTO retained VALUES (?, ?, ?)", topic, message.qos, message.payload)

    def _execute(self, statement: str, *values: object) -> None:
        try:
            self._file.execute(statement, values)
        except AwsFotaError as error:
            self._output.fail(error)
        else:
            self._output.changed()
