# SPDX-License-Identifier: Apache-2.0
"""The record that survives a reboot: a frozen format, read by older and newer images."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from aws_fota.oracle.engine_io import Phase
from aws_fota.oracle.engine_state import Job
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.topics import JOB_ID

#: Longest record in bytes.
RECORD_MAX = 256
MAGIC = 0xF07A
FORMAT = 1
#: Longest ETag that allows to resume, quotes included.
ETAG_MAX = 64

#: Everything before the jobId: magic, format, flags, length, phase, pending status, reason, retries, length of the
#: jobId, length of the ETag, version, size, offset, detail, identity, sha256, slot hash.
_HEAD = struct.Struct("<HBBHBBBBBBIIII32s32s32s")
_CRC = struct.Struct("<I")
_SHA256_THERE = 1
_SLOT_HASH_THERE = 2


class RecordPhase(IntEnum):
    """The phases that a record tells apart."""

    DOWNLOADING = 1
    VERIFIED = 2
    REQUESTED = 3
    REPORTING = 4


_WRITTEN_AS = {
    Phase.APPLYING: RecordPhase.VERIFIED,
    Phase.REBOOTING: RecordPhase.REQUESTED,
    Phase.CONFIRMING: RecordPhase.REQUESTED,
    Phase.REVERTING: RecordPhase.REQUESTED,
    Phase.REPORTING: RecordPhase.REPORTING,
}
#: What can be pending: a device reports nothing else as final.
_FINAL = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.REJECTED)


@dataclass(frozen=True)
class Record:
    """What a record says."""

    phase: RecordPhase
    job: Job


def encode(phase: Phase, job: Job) -> bytes:
    """The record of a job in a phase."""
    job_id, etag = job.job_id.encode("ascii"), job.etag or b""
    length = _HEAD.size + len(job_id) + len(etag) + _CRC.size
    flags = (_SHA256_THERE if job.sha256 is not None else 0) | (_SLOT_HASH_THERE if job.slot_hash is not None else 0)
    head = _HEAD.pack(
        MAGIC,
        FORMAT,
        flags,
        length,
        _WRITTEN_AS.get(phase, RecordPhase.DOWNLOADING),
        job.pending if phase is Phase.REPORTING else JobStatus.NONE,
        job.reason if phase in (Phase.REVERTING, Phase.REPORTING) else 0,
        job.retries,
        len(job_id),
        len(etag),
        job.version,
        job.size,
        job.persisted,
        job.detail,
        job.identity,
        job.sha256 or bytes(32),
        job.slot_hash or bytes(32),
    )
    body = head + job_id + etag
    return body + _CRC.pack(zlib.crc32(body))


def decode(data: bytes) -> Record | None:
    """What a record says, or None when it is torn or not understood."""
    if len(data) < _HEAD.size:
        return None
    (
        magic,
        format,
        flags,
        length,
        phase,
        pending,
        reason,
        retries,
        job_id_length,
        etag_length,
        version,
        size,
        offset,
        detail,
        identity,
        sha256,
        slot_hash,
    ) = _HEAD.unpack_from(data)
    etag_at = _HEAD.size + job_id_length
    end = etag_at + etag_length
    if magic != MAGIC or format < FORMAT or length > len(data) or length < end + _CRC.size:
        return None
    if zlib.crc32(data[: length - _CRC.size]) != _CRC.unpack_from(data, length - _CRC.size)[0]:
        return None
    job_id = data[_HEAD.size : etag_at].decode("latin-1")
    etag = data[etag_at:end]
    if not JOB_ID.fullmatch(job_id) or etag_length > ETAG_MAX or not etag_is_plain(etag):
        return None
    if phase not in list(RecordPhase) or offset > size:
        return None
    if phase == RecordPhase.REPORTING and pending not in _FINAL:
        return None
    if phase in (RecordPhase.VERIFIED, RecordPhase.REQUESTED) and not flags & _SLOT_HASH_THERE:
        return None
    return Record(
        RecordPhase(phase),
        Job(
            job_id=job_id,
            version=version,
            size=size,
            sha256=sha256 if flags & _SHA256_THERE else None,
            identity=identity,
            etag=etag or None,
            offset=offset,
            persisted=offset,
            # Of what says how the job ended, nothing is there before it has.
            pending=JobStatus(pending) if phase == RecordPhase.REPORTING else JobStatus.NONE,
            reason=reason,
            detail=detail,
            retries=retries,
            slot_hash=slot_hash if flags & _SLOT_HASH_THERE else None,
        ),
    )


def etag_is_plain(etag: bytes) -> bool:
    """Whether an ETag consists of visible ASCII, so that it can go into a header as it is."""
    return all(0x21 <= byte <= 0x7E for byte in etag)
