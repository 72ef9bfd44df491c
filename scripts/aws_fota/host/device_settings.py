# SPDX-License-Identifier: Apache-2.0
"""What makes one virtual device."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aws_fota.host.mqtt_link import Endpoint


@dataclass(frozen=True)
class DeviceSettings:
    """What makes one device.

    Attributes:
        thing: its thing name and MQTT client id.
        endpoint: the broker.
        flash: the flash file, made with :meth:`Flash.create`.
        record: where the record is kept.
        key: what images must be signed with; None to accept each with a right hash.
        time_scale: seconds that pass for one second of the engine's timers.
        http_timeout_s: seconds of silence until a download's connection counts as dead.
        https: trust for downloads over TLS; None for the system's.
        seed: of the numbers that the engine is seeded with at each boot.
    """

    thing: str
    endpoint: Endpoint
    flash: Path
    record: Path
    key: Any | None = None
    time_scale: float = 1.0
    http_timeout_s: float = 30.0
    https: ssl.SSLContext | None = field(default=None, repr=False)
    seed: int = 1
