# SPDX-License-Identifier: Apache-2.0
"""Records of any content: what is written is read back, and whatever else is read leads to no wrong report."""

from __future__ import annotations

import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.oracle.engine_io import Phase
from aws_fota.oracle.engine_state import Job
from aws_fota.oracle.outcome import JobStatus
from aws_fota.oracle.record import RECORD_MAX, RecordPhase, decode, encode
from oracle_engine_driver import Driver

U32 = st.integers(0, 2**32 - 1)
DIGESTS = st.binary(min_size=32, max_size=32)
ETAGS = st.binary(min_size=1, max_size=64).map(lambda data: bytes(0x21 + byte % 0x5E for byte in data))


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    size = draw(U32)
    return Job(
        job_id=draw(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)),
        version=draw(U32),
        size=size,
        sha256=draw(st.none() | DIGESTS),
        identity=draw(DIGESTS),
        etag=draw(st.none() | ETAGS),
        persisted=draw(st.integers(0, size)),
        pending=draw(st.sampled_from([JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.REJECTED])),
        reason=draw(st.integers(0, 255)),
        detail=draw(U32),
        retries=draw(st.integers(0, 255)),
        slot_hash=draw(DIGESTS),
    )


@settings(derandomize=True, deadline=None)
@given(jobs())
def test_what_is_written_is_read_back(job: Job) -> None:
    data = encode(Phase.REPORTING, job)
    assert len(data) <= RECORD_MAX
    record = decode(data)
    assert record is not None
    job.offset = job.persisted
    assert (record.phase, record.job) == (RecordPhase.REPORTING, job)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(jobs(), st.data())
def test_one_wrong_bit_anywhere_is_seen(job: Job, data: st.DataObject) -> None:
    whole = encode(data.draw(st.sampled_from([Phase.RECEIVING, Phase.APPLYING, Phase.REPORTING])), job)
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    broken = bytearray(whole)
    broken[bit // 8] ^= 1 << bit % 8
    assert decode(bytes(broken)) is None
    assert decode(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None


@settings(derandomize=True, deadline=None, max_examples=300)
@given(jobs(), st.binary(max_size=80), st.integers(0, 251), st.sampled_from(list(Phase)))
def test_bytes_with_the_right_crc_are_read_or_refused_and_go_on_sanely(
    job: Job, noise: bytes, at: int, phase: Phase
) -> None:
    """A record of another make: whatever it says, the engine boots and its next record can be read."""
    whole = bytearray(encode(phase, job)[:-4])
    whole[at : at + len(noise)] = noise[: max(0, len(whole) - at)]
    body = bytes(whole)
    driver = Driver()
    driver.boot(record=body + zlib.crc32(body).to_bytes(4, "little"))
    driver.connect()
    driver.describe_nothing()
    if driver.record is not None:
        assert decode(driver.record) is not None


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_no_record(data: bytes) -> None:
    assert decode(data) is None
