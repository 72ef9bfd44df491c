# SPDX-License-Identifier: Apache-2.0
"""Amazon Resource Names of the local AWS: one account, one region."""

from __future__ import annotations

import re

#: The account of AWS's documentation.
ACCOUNT = "123456789012"
_TARGET = re.compile(r"arn:aws(?:-cn|-us-gov)?:iot:(?P<region>[^:]*):(?P<account>[^:]*):(?P<kind>[a-z]+)/(?P<name>.+)")


class Arns:
    """Writes and reads ARNs.

    Args:
        region: of everything.
    """

    def __init__(self, region: str) -> None:
        self._region = region

    def thing(self, name: str) -> str:
        return self._iot("thing", name)

    def group(self, name: str) -> str:
        return self._iot("thinggroup", name)

    def job(self, job_id: str) -> str:
        return self._iot("job", job_id)

    def certificate(self, certificate_id: str) -> str:
        return self._iot("cert", certificate_id)

    def policy(self, name: str) -> str:
        return self._iot("policy", name)

    def name_of(self, arn: str, kind: str) -> str | None:
        """The name in an ARN of this account, region and kind, None for any other."""
        match = _TARGET.fullmatch(arn)
        if match is None or (match["region"], match["account"], match["kind"]) != (self._region, ACCOUNT, kind):
            return None
        return match["name"]

    def _iot(self, kind: str, name: str) -> str:
        return f"arn:aws:iot:{self._region}:{ACCOUNT}:{kind}/{name}"
