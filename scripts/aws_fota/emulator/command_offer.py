# SPDX-License-Identifier: Apache-2.0
"""What ``emulate`` offers: the image in the storage, and a job for it; what a state file has of both is used again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Protocol

from aws_fota.emulator.command_document import image_document, read_document, s3_objects_of
from aws_fota.emulator.emulator import Emulator
from aws_fota.emulator.jobs_model import JobConfig
from aws_fota.emulator.storage_objects import StoredObject
from aws_fota.errors import InputError
from aws_fota.scenario.model import Scenario
from aws_fota.scenario.orders import Order, order_all

#: The bucket that the image is put into.
BUCKET = "firmware"


class Wanted(Protocol):
    """What the command line says of the offer; see :class:`command.EmulateOptions`."""

    @property
    def thing(self) -> str: ...
    @property
    def image(self) -> Path | None: ...
    @property
    def job_id(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def fwversion(self) -> str: ...
    @property
    def split_form(self) -> bool: ...
    @property
    def document(self) -> Path | None: ...


def offer(
    emulator: Emulator, image: bytes, wanted: Wanted, scenario: Scenario | None = None
) -> tuple[list[tuple[str, str]], list[Order]]:
    """Store the image and make the job, unless they are there, and order what goes wrong.

    Returns:
        What a device and its owner need to know, names and values; and what was ordered.

    Raises:
        InputError: a name, the document or the image cannot be used, or the job that is there is another one.
    """
    emulator.create_thing(wanted.thing)
    digest = hashlib.sha256(image).hexdigest()
    stored, document = _document(emulator, image, digest, wanted)
    job_id = wanted.job_id or f"fota-{digest[:12]}"
    config = JobConfig()
    orders: list[Order] = []
    if scenario is not None:
        orders = order_all(emulator, scenario, wanted.thing, stored)
        document = scenario.changed(document)
        config = JobConfig(in_progress_timeout_minutes=scenario.in_progress_timeout_minutes)
    said = [
        ("client id", wanted.thing),
        ("thing", wanted.thing),
        ("job", job_id + _made(emulator, job_id, document, wanted.thing, config)),
        ("image", emulator.object_url(stored)),
        ("size", f"{len(image)} bytes"),
        ("sha256", digest),
    ]
    return said, orders


def _document(emulator: Emulator, image: bytes, digest: str, wanted: Wanted) -> tuple[StoredObject, dict[str, Any]]:
    stored = _put(emulator, BUCKET, f"{digest[:16]}.bin", image, public=wanted.split_form)
    if wanted.document is not None:
        document = read_document(wanted.document)
        for bucket, key in s3_objects_of(document):
            stored = _put(emulator, bucket, key, image)
        return stored, document
    assert wanted.image is not None
    document = image_document(
        stored,
        operation=wanted.operation,
        fwversion=wanted.fwversion or _version_of(image, wanted.image),
        split_storage=emulator.storage_url if wanted.split_form else None,
    )
    return stored, document


def _put(emulator: Emulator, bucket: str, key: str, data: bytes, *, public: bool = False) -> StoredObject:
    present = emulator.store.get(bucket, key)
    if present is not None and (present.data, present.public) == (data, public):
        return present
    return emulator.upload(bucket, key, data, public=public)


def _made(emulator: Emulator, job_id: str, document: dict[str, Any], thing: str, config: JobConfig) -> str:
    """Make the job; one that is there goes on, when it is the same. What to add to its id for people."""
    job = emulator.service.ledger.jobs.get(job_id)
    if job is None:
        emulator.create_job(job_id, document, [thing], config)
        return ""
    if job.document != document or thing not in job.executions:
        what = "another document" if job.document != document else "other things"
        raise InputError(
            f"the state has a job {job_id} with {what}",
            rule="job",
            field="--job-id",
            fix="choose another id with --job-id, or take the same image, options and ports as before",
        )
    return f" (goes on: {job.executions[thing][-1].status})"


def _version_of(image: bytes, path: Path) -> str:
    """``v`` and the version in the image's header, which must be signed: a bootloader would refuse any other."""
    # imgtool, which the reading needs, belongs to another extra; with --fwversion it is not needed.
    from aws_fota.host.image import read_image

    signed = read_image(image, path)
    if not signed.signed:
        raise InputError(
            "has a hash and no signature, so a bootloader refuses it",
            rule="image",
            path=path,
            fix="sign it with 'imgtool sign --key', or give --fwversion to offer it as it is",
        )
    return f"v{signed.version}"
