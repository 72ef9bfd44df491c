# SPDX-License-Identifier: Apache-2.0
"""The record's bytes, and what its reader refuses and takes."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from aws_fota.oracle.engine_io import Phase
from aws_fota.oracle.engine_state import Job
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.record import RECORD_MAX, RecordPhase, decode, encode

JOB = Job(
    job_id="job-1_A",
    version=0x01020304,
    size=0x00050607,
    sha256=b"s" * 32,
    identity=b"i" * 32,
    etag=b'"etag"',
    offset=0x4321,
    persisted=0x4000,
    pending=JobStatus.FAILED,
    reason=25,
    detail=0x0A0B0C0D,
    retries=3,
    slot_hash=b"h" * 32,
)


def resealed(data: bytes) -> bytes:
    """The same bytes with the CRC that belongs to them."""
    return data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")


def patched(at: int, value: bytes, phase: Phase = Phase.REPORTING) -> bytes:
    """A record with some bytes changed and its CRC right."""
    data = encode(phase, JOB)
    return resealed(data[:at] + value + data[at + len(value) :])


def test_the_bytes_are_those_of_the_page() -> None:
    """Written out by hand from the table in ``doc/engine.md``, but for the CRC."""
    body = (
        bytes.fromhex("7af0 01 03 8d00 04 04 19 03 07 06 04030201 07060500 00400000 0d0c0b0a")
        + b"i" * 32
        + b"s" * 32
        + b"h" * 32
        + b'job-1_A"etag"'
    )
    assert encode(Phase.REPORTING, JOB) == body + zlib.crc32(body).to_bytes(4, "little")
    assert zlib.crc32(b"123456789") == 0xCBF43926, "the CRC of the standard"


def test_what_is_not_there_is_zeros() -> None:
    data = encode(Phase.RECEIVING, Job(job_id="j"))
    assert data[3] == 0
    assert data[60:124] == bytes(64)
    record = decode(data)
    assert record is not None
    assert (record.job.sha256, record.job.slot_hash, record.job.etag) == (None, None, None)


@pytest.mark.parametrize(
    ("phase", "written"),
    [
        (Phase.STARTING, RecordPhase.DOWNLOADING),
        (Phase.ERASING, RecordPhase.DOWNLOADING),
        (Phase.RECEIVING, RecordPhase.DOWNLOADING),
        (Phase.APPLYING, RecordPhase.VERIFIED),
        (Phase.REBOOTING, RecordPhase.REQUESTED),
        (Phase.CONFIRMING, RecordPhase.REQUESTED),
        (Phase.REVERTING, RecordPhase.REQUESTED),
        (Phase.REPORTING, RecordPhase.REPORTING),
    ],
)
def test_a_phase_is_written_as_one_of_four(phase: Phase, written: RecordPhase) -> None:
    record = decode(encode(phase, JOB))
    assert record is not None
    assert record.phase is written
    assert record.job.reason == (25 if phase in (Phase.REVERTING, Phase.REPORTING) else 0)
    assert record.job.pending is (JobStatus.FAILED if phase is Phase.REPORTING else JobStatus.NONE)


def test_the_offset_that_is_read_is_the_persisted_one() -> None:
    record = decode(encode(Phase.RECEIVING, JOB))
    assert record is not None
    assert (record.job.offset, record.job.persisted) == (0x4000, 0x4000)


def test_the_longest_record_fits() -> None:
    job = replace(JOB, job_id="j" * 64, etag=b'"' + b"e" * 62 + b'"')
    data = encode(Phase.REPORTING, job)
    assert len(data) == RECORD_MAX
    record = decode(data)
    assert record is not None
    assert (record.job.job_id, record.job.etag) == (job.job_id, job.etag)


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("magic", patched(0, b"\x7b")),
        ("format 0", patched(2, b"\x00")),
        ("longer than given", patched(4, b"\x8e")),
        ("too short for its parts", patched(10, b"\x10")),
        ("no phase", patched(6, b"\x00")),
        ("unknown phase", patched(6, b"\x05")),
        ("pending IN_PROGRESS", patched(7, b"\x02")),
        ("pending nothing", patched(7, b"\x00")),
        ("no jobId", patched(10, b"\x00")),
        ("jobId too long", patched(10, b"\x41")),
        ("ETag too long", patched(11, b"\x41")),
        ("jobId with a slash", patched(124, b"/")),
        ("ETag with a space", patched(132, b" ")),
        ("offset past the size", patched(20, b"\x08\x06\x05\x00")),
        ("VERIFIED without a slot hash", patched(3, b"\x01", Phase.APPLYING)),
        ("REQUESTED without a slot hash", patched(3, b"\x01", Phase.REBOOTING)),
        ("CRC", encode(Phase.REPORTING, JOB)[:-1] + b"\x00"),
        ("empty", b""),
        ("head only", encode(Phase.REPORTING, JOB)[:124]),
    ],
)
def test_a_record_is_refused(what: str, data: bytes) -> None:
    assert decode(data) is None, what


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("offset at the size", patched(20, b"\x07\x06\x05\x00")),
        ("unknown flags", patched(3, b"\xff")),
        ("unknown reason", patched(8, b"\xc8")),
        ("later format", patched(2, b"\x02")),
        ("bytes after it", encode(Phase.REPORTING, JOB) + b"garbage"),
    ],
)
def test_a_record_is_taken(what: str, data: bytes) -> None:
    assert decode(data) is not None, what


def test_a_later_format_is_read_as_far_as_it_is_known_and_a_reader_of_it_reads_this_one() -> None:
    """A later image appends before the CRC; the old one goes on from what it writes, as after a revert."""
    data = encode(Phase.REBOOTING, JOB)
    later = bytearray(data[:-4] + b"appended" + bytes(4))
    later[2] = 2
    later[4:6] = len(later).to_bytes(2, "little")
    assert decode(resealed(bytes(later))) == decode(data)


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_each_flag_stands_for_its_digest(flags: int) -> None:
    job = replace(JOB, sha256=b"s" * 32 if flags & 1 else None, slot_hash=b"h" * 32 if flags & 2 else None)
    data = encode(Phase.REPORTING, job)
    assert data[3] == flags
    record = decode(data)
    assert record is not None
    assert (record.job.sha256, record.job.slot_hash) == (job.sha256, job.slot_hash)
