# SPDX-License-Identifier: Apache-2.0
"""Names and limits of AWS IoT Jobs, each in one constant.

Source: the AWS IoT developer guide ("Jobs device MQTT API operations", "Job limits", "Timeout and retry
configurations") and botocore's models of ``iot`` and ``iot-jobs-data``. "Read in one place only" marks a limit
that no second source confirms.
"""

from __future__ import annotations

import re

JOB_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
THING_NAME = re.compile(r"[a-zA-Z0-9:_-]{1,128}")

#: Bytes of a job document, as UTF-8.
DOCUMENT_MAX_BYTES = 32_768
#: Objects and arrays in each other. AWS gives no number, this one is ours: what signs and keeps documents is recursive.
DOCUMENT_MAX_DEPTH = 100

DETAIL_KEY = re.compile(r"[a-zA-Z0-9:_-]{1,128}")
#: 1 to 1024 characters, none of Unicode's category C (botocore's pattern: ``[^\p{C}]+``).
DETAIL_VALUE_MAX_CHARS = 1024
#: Pairs in statusDetails; read in one place only.
DETAIL_PAIRS_MAX = 10

CLIENT_TOKEN_MAX_BYTES = 64

#: Minutes, of the in-progress timer and of the step timer.
TIMEOUT_MINUTES_MIN = 1
TIMEOUT_MINUTES_MAX = 10_080
#: The stepTimeoutInMinutes that cancels the step timer.
STEP_TIMEOUT_CANCEL = -1

#: Retries of one job over all failure types.
RETRIES_MAX = 10

#: Execution summaries in one notify; read in one place only.
NOTIFY_SUMMARIES_MAX = 15

#: Seconds that a presigned URL lives.
PRESIGNED_EXPIRES_MIN_S = 60
PRESIGNED_EXPIRES_MAX_S = 3600
PRESIGNED_EXPIRES_DEFAULT_S = 3600

#: Whether an update of an ended execution is refused as InvalidStateTransition (with executionState), and not as
#: TerminalStateReached; read in one place only.
ENDED_UPDATE_IS_INVALID_TRANSITION = True
