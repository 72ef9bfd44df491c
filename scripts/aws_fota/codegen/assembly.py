# SPDX-License-Identifier: Apache-2.0
"""Which files a module consists of, and who supplies the variables of their templates.

The one place to add a file or a source of variables. A module listed in :data:`CONTRIBUTORS` has a function
``context(model) -> dict`` whose keys no other one uses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from aws_fota.codegen import engine_table, engine_texts, job_members, parser_tables
from aws_fota.codegen.model import Model


class Output(NamedTuple):
    """One generated file.

    Attributes:
        path: where it goes, relative to the output folder, with ``/``.
        title: the first line of its banner.
        zephyr: whether it is part of the glue, and so generated for a Zephyr ``.config`` only.
        nrf: True when it is for the nRF Connect SDK only, False when that has its own, None when it is for all.
        fota_download: True when it is for downloads through the nRF Connect SDK's fota_download only, False when for
            the module's own HTTP client only, None when for both.
    """

    path: str
    title: str
    zephyr: bool = False
    nrf: bool | None = None
    fota_download: bool | None = None

    def belongs_to(self, model: Model) -> bool:
        """Whether the module of `model` has this file."""
        return (
            (model.zephyr or not self.zephyr)
            and self.nrf in (None, model.nrf)
            and self.fota_download in (None, model.fota_download)
        )

    @property
    def template(self) -> str:
        """The template, named like the file that it makes."""
        return self.path + ".j2"


OUTPUTS = (
    Output("include/aws_fota/limits.h", "Sizes and switches of the AWS FOTA module"),
    Output("include/aws_fota/message.h", "What a message of AWS IoT Jobs yields"),
    Output("include/aws_fota/parser.h", "Streaming parser of the messages of AWS IoT Jobs"),
    Output("src/core/parser.c", "Streaming parser of the messages of AWS IoT Jobs"),
    Output("src/core/parser_private.h", "The parser: what its parts share"),
    Output("src/core/parser_string.c", "The parser: strings, and the URLs in them"),
    Output("src/core/parser_tables.c", "The parser: its tables"),
    Output("src/core/parser_tables.h", "The parser: the words of its tables"),
    Output("src/core/parser_value.c", "The parser: values of described members"),
    Output("include/aws_fota/engine.h", "The update engine: inputs in, actions out"),
    Output("include/aws_fota/publication.h", "Topics and payloads of what this device sends"),
    Output("include/aws_fota/reason.h", "Why a job did not succeed"),
    Output("include/aws_fota/record.h", "What survives a reboot"),
    Output("include/aws_fota/topic.h", "The topics of AWS IoT Jobs"),
    Output("include/aws_fota/version.h", "Versions as imgtool writes them"),
    Output("src/core/engine.c", "The update engine: one step"),
    Output("src/core/engine_actions.c", "The update engine: what a step comes to"),
    Output("src/core/engine_download.c", "The update engine: effects on the download"),
    Output("src/core/engine_effects.c", "The update engine: effects of the transitions"),
    Output("src/core/engine_events.c", "The update engine: from inputs to events"),
    Output("src/core/engine_guards.c", "The update engine: conditions of the transitions"),
    Output("src/core/engine_job.c", "The update engine: effects on the job"),
    Output("src/core/engine_judge.c", "The update engine: whether a job fits this device"),
    Output("src/core/engine_messages.c", "The update engine: from messages to events"),
    Output("src/core/engine_private.h", "The update engine: what its parts share"),
    Output("src/core/engine_table.c", "The update engine: its transition table"),
    Output("src/core/engine_table.h", "The update engine: the words of its transition table"),
    Output("src/core/engine_timing.c", "The update engine: backoff and jitter"),
    Output("src/core/publication.c", "Topics and payloads of what this device sends"),
    Output("src/core/publication_identity.c", "What names an object"),
    Output("src/core/record.c", "What survives a reboot"),
    Output("src/core/topic.c", "The topics of AWS IoT Jobs"),
    Output("src/core/topic_private.h", "Rules of topics that others share"),
    Output("src/core/version.c", "Versions as imgtool writes them"),
    Output("include/net/aws_fota.h", "Firmware updates through AWS IoT Jobs", nrf=False),
    Output("include/net/aws_fota_ext.h", "What this module adds to net/aws_fota.h"),
    Output("include/net/aws_jobs.h", "Requests to AWS IoT Jobs", nrf=False),
    Output(
        "src/ncs/fota_download.c", "Downloads by the nRF Connect SDK's fota_download", zephyr=True, fota_download=True
    ),
    Output("src/zephyr/application.c", "The functions of net/aws_fota.h and net/aws_fota_ext.h", zephyr=True),
    Output("src/zephyr/connection.c", "The connection to the download server", zephyr=True, fota_download=False),
    Output("src/zephyr/connection.h", "The connection to the download server", zephyr=True, fota_download=False),
    Output("src/zephyr/download.c", "The download thread", zephyr=True),
    Output("src/zephyr/glue.h", "What the parts of the glue have to do with each other", zephyr=True),
    Output("src/zephyr/http.c", "One ranged GET", zephyr=True, fota_download=False),
    Output("src/zephyr/http_headers.c", "The headers of a response", zephyr=True, fota_download=False),
    Output("src/zephyr/http_headers.h", "The headers of a response", zephyr=True, fota_download=False),
    Output("src/zephyr/image.c", "What stands in an image for MCUboot", zephyr=True),
    Output("src/zephyr/image.h", "What stands in an image for MCUboot", zephyr=True),
    Output("src/zephyr/jobs_private.h", "The topics of net/aws_jobs.h", zephyr=True),
    Output("src/zephyr/jobs_requests.c", "Updates and descriptions of a job", zephyr=True),
    Output("src/zephyr/jobs_topics.c", "The topics of net/aws_jobs.h", zephyr=True),
    Output("src/zephyr/mqtt.c", "MQTT events in, requests out", zephyr=True),
    Output("src/zephyr/queue.c", "The engine in its work queue", zephyr=True),
    Output("src/zephyr/record_store.c", "The record in Zephyr's settings", zephyr=True),
    Output("src/zephyr/sha256.c", "SHA-256 by the library of the build", zephyr=True),
    Output("src/zephyr/sha256.h", "SHA-256 by the library of the build", zephyr=True),
    Output("src/zephyr/slot.c", "The secondary slot", zephyr=True),
    Output("src/zephyr/slot.h", "The secondary slot", zephyr=True),
    Output("src/zephyr/slot_writer.c", "What writes to the secondary slot", zephyr=True, fota_download=False),
)

CONTRIBUTORS: tuple[Callable[[Model], dict[str, Any]], ...] = (
    engine_table.context,
    engine_texts.context,
    job_members.context,
    parser_tables.context,
)
