# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs: AWS's published example, and every way in which one can be wrong."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_fota.emulator import storage_signature
from aws_fota.emulator.storage_signature import Credentials, SignatureRefused

#: "Authenticating requests: using query parameters", the example of the S3 user guide.
KEY = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
HOST, PATH = "examplebucket.s3.amazonaws.com", "/test.txt"
NOW = datetime(2013, 5, 24, tzinfo=timezone.utc).timestamp()
QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
    "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)


def check(query: str = QUERY, *, method: str = "GET", path: str = PATH, host: str = HOST, at: float = NOW) -> None:
    storage_signature.check([KEY], method, path, query, {"Host": host}, at)


def refused(code: str, **arguments: object) -> str:
    with pytest.raises(SignatureRefused) as caught:
        check(**arguments)  # type: ignore[arg-type]
    assert caught.value.code == code
    return caught.value.message


def test_the_example_of_the_user_guide_is_made_and_accepted() -> None:
    assert storage_signature.presigned_query(KEY, HOST, PATH, NOW, 86400) == QUERY
    check()


def test_the_order_of_the_parameters_does_not_matter() -> None:
    check("&".join(reversed(QUERY.split("&"))))


def test_it_expires_to_the_second() -> None:
    check(at=NOW + 86399.9)
    assert refused("AccessDenied", at=NOW + 86400) == "Request has expired"
    check(at=NOW - 900)
    assert refused("AccessDenied", at=NOW - 901) == "Request is not valid yet"


@pytest.mark.parametrize(
    "change",
    [
        {"method": "HEAD"},
        {"path": "/other.txt"},
        {"path": "/test%2Etxt"},
        {"host": "examplebucket.s3.amazonaws.com:8080"},
        {"query": QUERY.replace("Expires=86400", "Expires=86401")},
        {"query": QUERY + "0"},
        {"query": QUERY[:-1] + "5"},
        {"query": QUERY + "&response-content-type=x"},
        {"query": QUERY + "&X-Amz-Security-Token=x"},
        {"query": QUERY[: QUERY.index("aeeed")] + "%C3%BC"},
        {"query": QUERY[: QUERY.index("aeeed")] + "%FF"},
    ],
    ids=str,
)
def test_any_change_breaks_the_signature(change: dict[str, str]) -> None:
    refused("SignatureDoesNotMatch", **change)


def test_another_key_another_region_another_day_are_refused() -> None:
    refused("InvalidAccessKeyId", query=QUERY.replace("AKIAIOSFODNN7", "AKIAIOSFODNN8"))
    told = refused("AuthorizationQueryParametersError", query=QUERY.replace("us-east-1", "us-east-2"))
    assert "the region 'us-east-2' is wrong; expecting 'us-east-1'" in told
    refused("AuthorizationQueryParametersError", query=QUERY.replace("20130524%2F", "20130525%2F"))


def test_one_of_several_access_keys_must_have_signed() -> None:
    other = Credentials("AKIAOTHER", "other", "us-east-1")
    storage_signature.check([other, KEY], "GET", PATH, QUERY, {"Host": HOST}, NOW)
    with pytest.raises(SignatureRefused, match="does not exist in our records"):
        storage_signature.check([other], "GET", PATH, QUERY, {"Host": HOST}, NOW)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "&".join(it for it in QUERY.split("&") if not it.startswith(f"X-Amz-{name}="))
            for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
        ),
        QUERY.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        QUERY.replace("=86400", "=0"),
        QUERY.replace("=86400", "=604801"),
        QUERY.replace("=86400", "=-1"),
        QUERY.replace("=86400", "=9999999"),
        QUERY.replace("=86400", "=1e3"),
        QUERY.replace("=86400", "=%D9%A1"),
        QUERY.replace("20130524T000000Z", "20130524T0000Z"),
        QUERY.replace("=host", "=x-missing"),
        QUERY.replace("=host", "=host;x-missing"),
        "X-Amz-Signature=x",
    ],
)
def test_a_query_that_is_not_one_is_malformed(query: str) -> None:
    refused("AuthorizationQueryParametersError", query=query)


@settings(derandomize=True, deadline=None)
@given(
    path=st.text("abc/%._-", min_size=1, max_size=20).map(lambda it: f"/{it}"),
    token=st.text(max_size=30),
    expires=st.integers(1, 604_800),
    later=st.integers(0, 700_000),
    at=st.integers(0, 300),
    flip=st.integers(1, 255),
)
def test_what_is_made_is_accepted_until_it_expires_and_not_when_altered(
    path: str, token: str, expires: int, later: int, at: int, flip: int
) -> None:
    key = Credentials(KEY.access_key, KEY.secret_key, KEY.region, token.encode("utf-8", "ignore").decode())
    query = storage_signature.presigned_query(key, "h:1", path, NOW, expires)
    try:
        storage_signature.check([KEY], "GET", path, query, {"HOST": "h:1"}, NOW + later)
        assert later < expires
    except SignatureRefused as error:
        assert later >= expires and error.code == "AccessDenied"
    raw = bytearray(query.encode())
    at %= len(raw)
    altered = chr(raw[at] ^ flip)
    with pytest.raises(SignatureRefused):
        text = query[:at] + altered + query[at + 1 :]
        assume_other = storage_signature._parsed(text) != storage_signature._parsed(query)
        if not assume_other:
            raise SignatureRefused("", "the same parameters, written in another way")
        storage_signature.check([KEY], "GET", path, text, {"host": "h:1"}, NOW)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", False),
        ("a=b", False),
        ("x-amz-date=1", False),
        ("X-Amz-Date=1", True),
        ("X%2DAmz-Date=1", True),
        (QUERY, True),
    ],
)
def test_a_query_with_any_part_of_a_signature_is_presigned(query: str, expected: bool) -> None:
    assert storage_signature.is_presigned(query) is expected
