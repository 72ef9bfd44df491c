# SPDX-License-Identifier: Apache-2.0
"""Hosts of Amazon S3."""

from __future__ import annotations

import pytest

from aws_fota import s3_host


@pytest.mark.parametrize(
    ("host", "bucket", "region"),
    [
        ("s3.amazonaws.com", "", ""),
        ("s3.eu-west-1.amazonaws.com", "", "eu-west-1"),
        ("s3-eu-west-1.amazonaws.com", "", "eu-west-1"),
        ("s3.cn-north-1.amazonaws.com.cn", "", "cn-north-1"),
        ("abc.s3.amazonaws.com", "abc", ""),
        ("ABC.S3.EU-West-1.amazonaws.com", "abc", "eu-west-1"),
        ("a.b.s3.dualstack.eu-west-1.amazonaws.com", "a.b", "eu-west-1"),
        ("abc.s3-fips.us-gov-west-1.amazonaws.com", "abc", "us-gov-west-1"),
        ("abc.s3-accelerate.dualstack.amazonaws.com", "abc", ""),
        ("a.s3.b.s3.eu-west-1.amazonaws.com", "a.s3.b", "eu-west-1"),
    ],
)
def test_what_a_host_says(host: str, bucket: str, region: str) -> None:
    assert s3_host.parse(host) == (bucket, region)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "amazonaws.com",
        "s3.example.com",
        "abc.s3.eu-west-1.amazonaws.com.example",
        "xs3.amazonaws.com",
        "s3.amazonaws.com:443",
    ],
)
def test_what_is_no_host_of_s3(host: str) -> None:
    assert s3_host.parse(host) is None
