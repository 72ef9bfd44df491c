# SPDX-License-Identifier: Apache-2.0
"""The one source of every limit that Kconfig sets: symbol, default, bounds, unit and who bounds it.

Kconfig's ``range``, the check at configure time and the ``BUILD_ASSERT`` in the C are written from this table.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple


class Limit(NamedTuple):
    """One Kconfig symbol of the module, without its ``CONFIG_`` prefix."""

    symbol: str
    default: int
    minimum: int
    maximum: int
    unit: str
    #: Who sets the bounds, for help texts and messages.
    source: str


PAYLOAD_SIZE = Limit(
    "AWS_FOTA_PAYLOAD_SIZE", 1350, 64, 131072, "bytes", "the piece of a payload read at once; AWS IoT allows 128 KiB"
)
HOSTNAME_MAX_LEN = Limit("AWS_FOTA_HOSTNAME_MAX_LEN", 255, 16, 255, "bytes", "a DNS name has at most 253 characters")
FILE_PATH_MAX_LEN = Limit(
    "AWS_FOTA_FILE_PATH_MAX_LEN", 2047, 16, 8191, "bytes", "the URL's path with its query; presigned ones reach 1938"
)
JSON_DEPTH = Limit("AWS_FOTA_JSON_DEPTH", 16, 4, 32, "levels", "nesting of the whole message, envelope included")
RANGE_SIZE = Limit("AWS_FOTA_RANGE_SIZE", 4096, 256, 1048576, "bytes", "one ranged GET; 2048 at most over nRF91 TLS")
RESUME_STEP = Limit(
    "AWS_FOTA_RESUME_STEP", 16384, 512, 1048576, "bytes", "how often the offset is persisted; a multiple of the page"
)
STEP_TIMEOUT_MINUTES = Limit(
    "AWS_FOTA_STEP_TIMEOUT_MINUTES", 0, 0, 10080, "minutes", "stepTimeoutInMinutes of AWS IoT Jobs; 0 sends none"
)
ANSWER_TIMEOUT_SECONDS = Limit("AWS_FOTA_ANSWER_TIMEOUT_SECONDS", 20, 1, 600, "seconds", "first wait for an answer")
BACKOFF_MAX_SECONDS = Limit("AWS_FOTA_BACKOFF_MAX_SECONDS", 300, 1, 3600, "seconds", "longest wait inside a burst")
RETRIES_MAX = Limit("AWS_FOTA_RETRIES_MAX", 6, 1, 20, "attempts", "attempts of one burst")
SLOW_RETRY_SECONDS = Limit("AWS_FOTA_SLOW_RETRY_SECONDS", 900, 10, 86400, "seconds", "wait between bursts")

LIMITS = (
    PAYLOAD_SIZE,
    HOSTNAME_MAX_LEN,
    FILE_PATH_MAX_LEN,
    JSON_DEPTH,
    RANGE_SIZE,
    RESUME_STEP,
    STEP_TIMEOUT_MINUTES,
    ANSWER_TIMEOUT_SECONDS,
    BACKOFF_MAX_SECONDS,
    RETRIES_MAX,
    SLOW_RETRY_SECONDS,
)


@dataclass(frozen=True)
class Settings:
    """The values of one build, in the units of :data:`LIMITS`, and the switches."""

    payload_size: int = PAYLOAD_SIZE.default
    hostname_max_len: int = HOSTNAME_MAX_LEN.default
    file_path_max_len: int = FILE_PATH_MAX_LEN.default
    json_depth: int = JSON_DEPTH.default
    range_size: int = RANGE_SIZE.default
    resume_step: int = RESUME_STEP.default
    step_timeout_minutes: int = STEP_TIMEOUT_MINUTES.default
    answer_timeout_seconds: int = ANSWER_TIMEOUT_SECONDS.default
    backoff_max_seconds: int = BACKOFF_MAX_SECONDS.default
    retries_max: int = RETRIES_MAX.default
    slow_retry_seconds: int = SLOW_RETRY_SECONDS.default
    #: ``CONFIG_AWS_FOTA_ALLOW_HTTP``: cleartext downloads; by default only in a build without TLS sockets.
    allow_http: bool = True
    allow_downgrade: bool = False
    report_on_download: bool = False


def symbol_of(setting: str) -> str:
    """The Kconfig symbol of a field of :class:`Settings`, without ``CONFIG_``."""
    if setting not in {field.name for field in fields(Settings)}:
        raise KeyError(setting)
    return "AWS_FOTA_" + setting.upper()
