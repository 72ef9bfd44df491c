# SPDX-License-Identifier: Apache-2.0
"""How long presigned URLs get, against the lengths that were measured (bucket of 3 characters, key ``fw.bin``)."""

from __future__ import annotations

import random
from urllib.parse import quote

import pytest

from aws_fota.check.deployment import Address, Deployment, Signing, addresses, token_encoded_max

#: Characters of the token, and of the whole URL.
MEASURED = ((350, 718), (500, 874), (700, 1084), (900, 1298), (1100, 1496), (1300, 1730), (1500, 1938))
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def address(**given: object) -> Address:
    (found,) = addresses(Deployment(**{"bucket": "abc", "key": "fw.bin", **given}))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(("region", "url", "query"), [("us-east-1", 312, 266), ("ap-southeast-1", 322, 271)])
def test_without_a_token_the_length_is_exact(region: str, url: int, query: int) -> None:
    found = address(region=region, signing=Signing.SIGV4)
    assert (found.url.low, found.url.high) == (url, url)
    assert found.path.high == len("/fw.bin?") + query


@pytest.mark.parametrize(("token", "measured"), MEASURED)
def test_with_a_token_the_length_is_a_bound(token: int, measured: int) -> None:
    longest = address(region="us-east-1", signing=Signing.STS, token_length=token).url.high
    assert measured <= longest <= 1.05 * measured


def test_random_tokens_keep_the_bound() -> None:
    chance = random.Random(5)
    for length in (16, 100, 356, 1024, 1500):
        for _ in range(500):
            token = "".join(chance.choices(BASE64, k=length - 2)) + "=="
            assert len(quote(token, safe="")) <= token_encoded_max(length)


def test_a_key_is_percent_encoded() -> None:
    assert address(key="a b/ü~.bin", region="eu-west-1").path.high == len("/a%20b/%C3%BC~.bin")


def test_without_a_region_both_ends_are_known() -> None:
    found = address(signing=Signing.SIGV4)
    assert (found.url.low, found.url.high, found.host.missing) == (312, 322, "--region")


def test_a_plain_url_and_one_that_was_measured() -> None:
    assert address(region="eu-west-1").url.high == len("https://abc.s3.eu-west-1.amazonaws.com/fw.bin")
    found = address(region="eu-west-1", url_length=1700)
    assert found.url.high == 1700
    assert found.path.high == 1700 - len("https://abc.s3.eu-west-1.amazonaws.com")
