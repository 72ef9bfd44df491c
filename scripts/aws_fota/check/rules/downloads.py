# SPDX-License-Identifier: Apache-2.0
"""Rules on downloads: host, path, request, stack, ranges and the bucket."""

from __future__ import annotations

from aws_fota.check.amounts import Amount, exactly, total, unknown
from aws_fota.check.deployment import Signing
from aws_fota.check.inputs import OWN_CLIENT, Inputs
from aws_fota.check.verdict import BOTH, OURS, Comparison, Found, Library, Mending, Rule

#: nRF91: payload of the largest range; one TLS record has 2303 bytes with headers.
MODEM_RANGE_MAX = 2048
#: Bytes of the in-tree download client's ranged GET beside file, host and the two offsets.
_REQUEST_FIXED = 66
_OFFSET_MAX = len("4294967295")
#: Bytes of stack that the 2.x download client's default leaves beside host and file: 1280 - 255 - 255.
_STACK_REST = 770

_SHORTER = "use a shorter key, or a URL that is not presigned (a CDN's, for instance)"

_HOST = {
    "2.4": "AWS_FOTA_HOSTNAME_MAX_LEN",
    "2.x": "DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE",
    "3.x": "DOWNLOADER_MAX_HOSTNAME_SIZE",
}
_FILE = {
    "2.4": "AWS_FOTA_FILE_PATH_MAX_LEN",
    "2.x": "DOWNLOAD_CLIENT_MAX_FILENAME_SIZE",
    "3.x": "DOWNLOADER_MAX_FILENAME_SIZE",
}


def _path_ours(inputs: Inputs) -> Found:
    symbol = "AWS_FOTA_FILE_PATH_MAX_LEN"
    need = inputs.path
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, _SHORTER))


def _host_ours(inputs: Inputs) -> Found:
    symbol = "AWS_FOTA_HOSTNAME_MAX_LEN"
    need = inputs.host
    words = "use a shorter bucket name"
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, words))


def _path_of_client(inputs: Inputs) -> Found:
    if not inputs.download_client:
        return None
    symbol = _FILE[inputs.generation]
    # The library drops the leading '/' and adds a NUL; of a URL without a query it counts the '/' too.
    plain = any(not address.query for address in inputs.addresses)
    need = (
        total(
            [("path with query, its '/' replaced by the NUL", inputs.path), ("for a URL without query", exactly(1, ""))]
        )
        if plain
        else inputs.path
    )
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, _SHORTER))


def _host_of_client(inputs: Inputs) -> Found:
    if not inputs.download_client:
        return None
    symbol = _HOST[inputs.generation]
    # The client counts the NUL twice when neither ':' nor '/' ends the host.
    need = total([("host", inputs.authority), ("NUL, counted twice", exactly(2, ""))])
    words = "use a shorter bucket name"
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, words))


def _request_of_client(inputs: Inputs) -> Found:
    if not inputs.download_client:
        return None
    symbol = "FOTA_DOWNLOAD_BUF_SZ" if inputs.generation == "3.x" else "DOWNLOAD_CLIENT_BUF_SIZE"
    need = total(
        [
            ("path", inputs.path),
            ("host", inputs.authority),
            ("rest of the GET and NUL", exactly(_REQUEST_FIXED - 1 + 2 * _OFFSET_MAX + 1, "")),
        ]
    )
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, _SHORTER))


def _stack_of_client(inputs: Inputs) -> Found:
    if not inputs.download_client:
        return None
    if inputs.generation == "3.x":
        need = exactly(1280, "the SDK's default; host and file are not on the stack in 3.x")
        symbol = "DOWNLOADER_STACK_SIZE"
        return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, ""))
    symbol = "DOWNLOAD_CLIENT_STACK_SIZE"
    sizes = [(name, inputs.bounded(f"DOWNLOAD_CLIENT_MAX_{name}_SIZE")) for name in ("HOSTNAME", "FILENAME")]
    need = total([*sizes, ("what the default leaves beside them", exactly(_STACK_REST, ""))])
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, _SHORTER))


def _modem_range_ours(inputs: Inputs) -> Found:
    if inputs.download_client or not (inputs.modem and inputs.https):
        return None
    return _range(inputs, "AWS_FOTA_RANGE_SIZE", (("AWS_FOTA_RANGE_SIZE", MODEM_RANGE_MAX),))


def _modem_range_of_client(inputs: Inputs) -> Found:
    if not (inputs.download_client and inputs.modem and inputs.https) or inputs.symbols.is_on(
        "FOTA_DOWNLOAD_NATIVE_TLS"
    ):
        return None
    if inputs.generation == "3.x":
        # The 3.x client asks for 2048 bytes at most there, whatever is configured.
        limit = exactly(MODEM_RANGE_MAX, "fixed in the downloader")
        return Comparison(limit, exactly(MODEM_RANGE_MAX, "modem TLS"))
    return _range(inputs, "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE", (("DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_2048", True),))


def _range(inputs: Inputs, symbol: str, lines: tuple[tuple[str, int | bool], ...]) -> Comparison:
    need = inputs.bounded(symbol)
    return Comparison(need, exactly(MODEM_RANGE_MAX, "modem TLS, records of 2303 bytes"), mending=Mending(lines))


def _locator_of_client(inputs: Inputs) -> Found:
    if not inputs.download_client:
        return None
    if not inputs.layout.second_bootloader:
        return None
    symbol = "FOTA_DOWNLOAD_RESOURCE_LOCATOR_LENGTH"
    need = inputs.path
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, ""))


def _bucket_dots(inputs: Inputs) -> Found:
    buckets = [address.bucket for address in inputs.addresses if address.bucket and address.scheme == "https"]
    if not buckets:
        return None
    worst = max(buckets, key=lambda bucket: bucket.count("."))
    dots = exactly(worst.count("."), f"bucket {worst}")
    words = "use a bucket without dots in its name, or a host of your own (--host)"
    return Comparison(dots, exactly(0, "the wildcard of S3's certificate"), "dots", Mending(words=words))


def _expiry_of_client(inputs: Inputs) -> Found:
    if not inputs.download_client:
        return None
    signed = inputs.deployment.signing not in (None, Signing.NONE) or any(one.signed for one in inputs.addresses)
    if not signed:
        return None
    have = exactly(inputs.deployment.expires, "--expires" if inputs.deployment.expires != 3600 else "default")
    words = "let the URL live longer, or make the image smaller: "
    if inputs.library is Library.IN_TREE:
        words += "the library does not ask for a fresh URL"
    else:
        words += (
            f"with a fresh URL fota_download begins at the first byte again; CONFIG_{OWN_CLIENT}=y goes on where it was"
        )
    rate = inputs.deployment.link_rate
    if rate is None:
        return Comparison(unknown("--link-rate"), have, "seconds", Mending(words=words))
    size = inputs.image_size
    high = size.high if size.missing else -(-size.high // rate)
    need = Amount(-(-size.low // rate), high, f"{size.text} bytes ({size.source}) at {rate} bytes/s", size.missing)
    return Comparison(need, have, "seconds", Mending(words=words))


RULES = (
    Rule(
        "path",
        "The longest path with its query fits the job's path",
        "config/limits: FILE_PATH_MAX_LEN",
        OURS,
        _path_ours,
    ),
    Rule(
        "host",
        "The longest host fits the job's host",
        "config/limits: HOSTNAME_MAX_LEN",
        OURS,
        _host_ours,
    ),
    Rule(
        "client-path",
        "The longest path with its query fits the download client's file name",
        "nRF Connect SDK, aws_fota and its download client: a longer one is refused, and the job fails",
        BOTH,
        _path_of_client,
    ),
    Rule(
        "client-host",
        "The longest host fits the download client's host name",
        "nRF Connect SDK, aws_fota and its download client: a longer one is refused, and the job fails",
        BOTH,
        _host_of_client,
    ),
    Rule(
        "client-request",
        "The GET for one range fits the download client's buffer",
        "nRF Connect SDK, download client: the request is written into the buffer of what is received",
        BOTH,
        _request_of_client,
    ),
    Rule(
        "client-stack",
        "The download client's stack holds host and file name beside the rest",
        "nRF Connect SDK, download client 2.x: both are copied to the stack for each request",
        BOTH,
        _stack_of_client,
    ),
    Rule(
        "modem-range",
        "One range fits a TLS record of the nRF91's modem",
        "nRF91 modem: a TLS record has at most 2303 bytes, so a range at most 2048",
        OURS,
        _modem_range_ours,
    ),
    Rule(
        "client-fragment",
        "One fragment fits a TLS record of the nRF91's modem",
        "nRF91 modem: a TLS record has at most 2303 bytes, so a fragment at most 2048",
        BOTH,
        _modem_range_of_client,
    ),
    Rule(
        "client-locator",
        "The longest path fits the buffer for the names of two bootloader images",
        "nRF Connect SDK, fota_download with an S1 partition: a longer one is cut without a word",
        BOTH,
        _locator_of_client,
    ),
    Rule(
        "bucket-dots",
        "The bucket's name has no dots where TLS is used",
        "Amazon S3: the certificate's wildcard covers one label",
        BOTH,
        _bucket_dots,
    ),
    Rule(
        "url-expiry",
        "The download ends before its presigned URL expires",
        "Amazon S3: a range asked for after the expiry gets 403",
        BOTH,
        _expiry_of_client,
    ),
)
