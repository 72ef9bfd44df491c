# SPDX-License-Identifier: Apache-2.0
"""The record of the generated engine against the table in doc/engine.md, and against what is no record."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aws_fota.oracle import engine_io as io
from aws_fota.oracle import publications
from aws_fota.oracle.engine_io import Phase
from aws_fota.oracle.outcome import Scheme, Url
from differential.engine_script import DIGEST, ETAG, JOB, NEW_HASH, SIZE, Script, document, record
from unit.engine_fixture import running_engine

IDENTITY = publications.identity(Url(Scheme.HTTPS, "host.example", 0, "/fw.bin?X=1"))
NO_HASH = bytes(32)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    yield from running_engine(tmp_path_factory)


def is_taken(script: Script, stored: bytes) -> bool:
    """Whether the engine believes a record."""
    script.boot(stored)
    return script.pair.seen.job_id != ""


def version(script: Script) -> int:
    return script.pair.engine.job_state.version


def test_a_download(script: Script) -> None:
    script.to_receiving()
    expected = record(1, version=version(script), offset=0, flags=1, identity=IDENTITY, slot_hash=NO_HASH)
    assert script.pair.seen.record == expected
    for _ in range(4):
        script.write()
        script.range()
    expected = record(1, version=version(script), offset=16384, flags=1, identity=IDENTITY, slot_hash=NO_HASH)
    assert script.pair.seen.record == expected


def test_a_verified_image(script: Script) -> None:
    script.to_applying()
    expected = record(2, version=version(script), offset=49152, identity=IDENTITY, retries=1)
    assert script.pair.seen.record == expected


def test_a_requested_upgrade(script: Script) -> None:
    script.to_confirming()
    known = {"version": version(script), "offset": 49152, "identity": IDENTITY, "retries": 1}
    assert script.pair.seen.record == record(3, **known)
    script.step(io.Revert())
    assert script.pair.seen.record == record(3, **known, reason=26)


def test_a_report(script: Script) -> None:
    script.to_receiving()
    script.write(1000)
    script.step(io.FetchFailed(io.FetchError.FLASH))
    known = {"version": version(script), "flags": 1, "identity": IDENTITY, "slot_hash": NO_HASH, "offset": 0}
    assert script.pair.seen.record == record(4, **known, status=4, reason=21)
    script.boot()
    script.connect()
    script.version = 3
    script.describe(jobDocument=document(size=2**31))
    expected = record(
        4,
        flags=0,
        version=3,
        status=6,
        reason=10,
        size=0,
        offset=0,
        detail=100000,
        etag=b"",
        sha256=NO_HASH,
        slot_hash=NO_HASH,
    )
    assert script.pair.seen.record == expected


def test_a_report_of_success(script: Script) -> None:
    script.boot(record(3), running_hash=NEW_HASH)
    assert script.pair.seen.record == record(4, status=3)


def test_the_longest_record_has_256_bytes(script: Script) -> None:
    longest = record(1, job_id=b"j" * 64, etag=b"e" * 64)
    assert len(longest) == 256
    assert is_taken(script, longest)
    script.boot(record(4, status=3, job_id=b"j" * 64, etag=b"e" * 64))
    assert len(script.pair.seen.record) == 256


def test_every_corrupted_byte_is_found(script: Script) -> None:
    whole = record(3, reason=26)
    assert is_taken(script, whole)
    for place in range(len(whole)):
        flips = range(1, 256) if place < 12 else (0x01, 0x10, 0x80, 0xFF)
        for flip in flips:
            damaged = whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :]
            assert not is_taken(script, damaged), (place, flip)


def test_a_record_cut_short_is_none(script: Script) -> None:
    whole = record(1)
    for length in range(len(whole)):
        assert not is_taken(script, whole[:length])
    assert is_taken(script, whole + b"what the storage held before")


@hypothesis_settings(max_examples=500, deadline=None)
@given(data=st.binary(max_size=300))
def test_random_bytes_are_no_record(script: Script, data: bytes) -> None:
    assert not is_taken(script, data)


@hypothesis_settings(max_examples=500, deadline=None)
@given(middle=st.binary(min_size=118, max_size=250), extra=st.integers(-3, 3))
def test_random_bytes_with_a_right_frame(script: Script, middle: bytes, extra: int) -> None:
    """Magic, format, length and CRC are right, or nearly: what lies between is checked too."""
    length = len(middle) + 6 + 4 + extra
    body = struct.pack("<HBBH", 0xF07A, 1, middle[0], length) + middle
    data = body + struct.pack("<I", zlib.crc32(body))
    # The comparison with the oracle is the assertion; what is believed has a jobId that can stand in a topic.
    if is_taken(script, data):
        assert script.pair.seen.job_id.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "changes",
    [
        {"phase": 0},
        {"phase": 5},
        {"phase": 255},
        {"phase": 1, "job_id": b""},
        {"phase": 1, "job_id": b"x" * 65},
        {"phase": 1, "job_id": b"a/b"},
        {"phase": 1, "job_id": b"a\0b"},
        {"phase": 1, "job_id": b"\xc3\xa9"},
        {"phase": 1, "etag": b"e" * 65},
        {"phase": 1, "etag": b"a b"},
        {"phase": 1, "etag": b"a\x7fb"},
        {"phase": 1, "etag": b"a\xffb"},
        {"phase": 1, "offset": SIZE + 1},
        {"phase": 1, "format": 0},
        {"phase": 2, "flags": 1},
        {"phase": 3, "flags": 1},
        {"phase": 4, "status": 0},
        {"phase": 4, "status": 2},
        {"phase": 4, "status": 5},
        {"phase": 4, "status": 8},
    ],
    ids=str,
)
def test_what_no_engine_writes_is_refused(script: Script, changes: dict[str, object]) -> None:
    assert not is_taken(script, record(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("format", [2, 3, 255])
@pytest.mark.parametrize("appended", [b"", b"\0", b"x" * 100])
def test_later_formats_are_read_as_far_as_they_are_known(script: Script, format: int, appended: bytes) -> None:
    script.boot(record(4, status=4, reason=77, detail=9, format=format, appended=appended))
    assert (script.phase, script.pair.seen.reason) == (Phase.REPORTING, 77)
    # And written back in the format that this engine knows: the older image reads it after a revert.
    assert script.pair.seen.record == record(4, status=4, reason=77, detail=9)


def test_an_unknown_reason_survives_the_reboot(script: Script) -> None:
    script.boot(record(4, status=4, reason=200))
    assert script.pair.seen.record[8] == 200
    script.connect()
    script.describe(nothing=True)
    assert b'{"reason":"unknown reason"}' in (script.pair.seen.payload or b"")


def test_hashes_count_only_where_their_flags_say_so(script: Script) -> None:
    script.boot(record(1, flags=0))
    assert script.pair.seen.record == record(1, flags=0, sha256=NO_HASH, slot_hash=NO_HASH)
    script.boot(record(3, flags=2), running_hash=NEW_HASH)
    assert script.pair.seen.record == record(4, flags=2, status=3, sha256=NO_HASH)
    assert DIGEST not in script.pair.seen.record


def test_the_record_of_this_test_is_the_one_of_the_page() -> None:
    made = record(1, job_id=JOB.encode(), etag=ETAG)
    assert made[:2] == b"\x7a\xf0"
    assert struct.unpack_from("<H", made, 4)[0] == len(made) == 124 + len(JOB) + len(ETAG) + 4
    assert made[124:-4] == JOB.encode() + ETAG
