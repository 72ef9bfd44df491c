# SPDX-License-Identifier: Apache-2.0
"""What can be known before any device is: ``judge(inputs)`` holds a build against every rule.

It needs neither the command line nor Jinja, so that a build can call it at configure time.
"""

from __future__ import annotations

from aws_fota.check.judge import Report, judge, mend

__all__ = ["Report", "judge", "mend"]
