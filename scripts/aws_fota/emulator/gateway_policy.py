# SPDX-License-Identifier: Apache-2.0
"""Who a client is, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from aws_fota.emulator import jobs_limits, jobs_topics


@dataclass(frozen=True)
class Identity:
    """A client.

    Attributes:
        certificate: what the TLS layer says of the client's certificate, None on a connection without one.
    """

    client_id: str
    certificate: dict[str, Any] | None = None

    @property
    def certified_name(self) -> str | None:
        """The common name of the certificate's subject, None when it has not exactly one."""
        subject = (self.certificate or {}).get("subject", ())
        names = [value for part in subject for name, value in part if name == "commonName"]
        return names[0] if len(names) == 1 else None


class Policy(Protocol):
    """Answers for one client at a time; whatever is refused is refused as AWS refuses it."""

    def may_connect(self, identity: Identity) -> bool:
        """Refused with CONNACK 5."""

    def may_publish(self, identity: Identity, topic: str) -> bool:
        """Refused by closing the connection."""

    def may_subscribe(self, identity: Identity, pattern: str) -> bool:
        """Refused with 0x80 in SUBACK."""


class OwnThing:
    """A client is the thing of its name: it reaches its own reserved topics, no other's, and all ordinary ones.

    One with a certificate is the thing of its certificate, and must take that one's name as its client id. A client
    id that no thing can have reaches no reserved topics: ``+``, or another's name and ``/jobs``, would open that one's.
    """

    def may_connect(self, identity: Identity) -> bool:
        return identity.certificate is None or identity.certified_name == identity.client_id

    def may_publish(self, identity: Identity, topic: str) -> bool:
        if not topic.startswith("$"):
            return True
        thing = identity.client_id
        return bool(jobs_limits.THING_NAME.fullmatch(thing)) and topic.startswith(f"{jobs_topics.PREFIX}{thing}/")

    def may_subscribe(self, identity: Identity, pattern: str) -> bool:
        return self.may_publish(identity, pattern)
