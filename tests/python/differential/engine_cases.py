# SPDX-License-Identifier: Apache-2.0
"""The builds whose engines are compared: the default job document under every policy and switch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, Foreign, Options
from descriptions import DEFAULT


@dataclass(frozen=True)
class EngineCase:
    """One build."""

    description: Description = DEFAULT
    settings: Settings = Settings()  # noqa: RUF009 - frozen


#: Neither version nor sha256, and an image may have no bytes.
_BARE = replace(
    DEFAULT,
    fields=tuple(
        replace(field, minimum=0) if field.destination == "size" else field
        for field in DEFAULT.fields
        if field.destination not in ("version", "sha256")
    ),
)

#: By the name that test reports use.
ENGINE_CASES = {
    "reject": EngineCase(),
    "offer": EngineCase(replace(DEFAULT, foreign=Foreign.OFFER), Settings(step_timeout_minutes=7)),
    "leave-early": EngineCase(
        replace(DEFAULT, foreign=Foreign.LEAVE, options=Options(progress_step_percent=1, remembered_jobs=9)),
        Settings(report_on_download=True, backoff_max_seconds=30),
    ),
    "strict": EngineCase(
        replace(DEFAULT, operations=("another", "app_fw_update")),
        Settings(allow_http=False, retries_max=2, file_path_max_len=64, hostname_max_len=16),
    ),
    "bare": EngineCase(
        replace(_BARE, operations=()),
        Settings(allow_downgrade=True, retries_max=3, resume_step=5000, answer_timeout_seconds=600),
    ),
}
