# SPDX-License-Identifier: Apache-2.0
"""Things and groups of things, as the registry knows them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field


@dataclass
class Thing:
    """A thing.

    Attributes:
        version: +1 with each change.
        thing_id: the registry's own name of it.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    version: int = 1
    thing_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class ThingGroup:
    """A static group.

    Attributes:
        things: its members, in the order in which they joined.
        created_at: seconds since the epoch.
    """

    name: str
    created_at: float
    description: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    things: list[str] = field(default_factory=list)
    version: int = 1
    group_id: str = field(default_factory=lambda: str(uuid.uuid4()))
