# SPDX-License-Identifier: Apache-2.0
"""All rules, in the order in which they are told."""

from __future__ import annotations

from aws_fota.check.rules import downloads, images, messages, options, security, stale

RULES = (*messages.RULES, *downloads.RULES, *security.RULES, *images.RULES, *options.RULES, *stale.RULES)
