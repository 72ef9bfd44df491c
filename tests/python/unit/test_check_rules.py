# SPDX-License-Identifier: Apache-2.0
"""Both sides of the edge of every rule; the edges were worked out by hand from the sources that the rules name."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aws_fota.check.amounts import Amount, exactly, unknown
from aws_fota.check.deployment import Deployment, Signing, addresses
from aws_fota.check.inputs import Document, Inputs, Layout, Linked
from aws_fota.check.judge import judge
from aws_fota.check.load import read_symbols
from aws_fota.check.rules import RULES
from aws_fota.check.verdict import Library, State, Verdict
from aws_fota.config.dotconfig import DotConfig, Scalar, Value

IN_TREE: dict[str, Scalar] = {"BOARD": "nrf9160dk", "AWS_FOTA": True}
OURS: dict[str, Scalar] = {"BOARD": "frdm_k64f", "AWS_FOTA_CODEGEN": True}
#: Our module above fota_download.
CLIENT: dict[str, Scalar] = OURS | {"FOTA_DOWNLOAD": True, "AWS_FOTA_FILE_PATH_MAX_LEN": 2047}
NATIVE: dict[str, Scalar] = {"NET_SOCKETS_SOCKOPT_TLS": True, "MBEDTLS": True, "MQTT_LIB_TLS": True}
#: What else has descriptors.
SERVICES: dict[str, Scalar] = {
    "NET_SOCKETS_SERVICE": True,
    "DNS_RESOLVER": True,
    "DNS_RESOLVER_MAX_SERVERS": 2,
    "POSIX_DEVICE_IO": True,
}
HELPER: dict[str, Scalar] = {"MQTT_HELPER": True}
MODEM: dict[str, Scalar] = {"NRF_MODEM_LIB": True}
#: A URL of 1700 characters: scheme and "://" are 8, the host 30, so the path with its query 1662.
LONG = {"url_length": 1700, "host": "abc.s3.eu-west-1.amazonaws.com", "thing": "my-thing"}
PLAIN_HTTP = {"host": "example.com", "key": "fw.bin", "scheme": "http"}
PLAIN = {"host": "example.com", "key": "fw.bin"}


@dataclass(frozen=True)
class Edge:
    """A rule, and one place that is moved over its edge: a Kconfig symbol, or an attribute of the deployment."""

    rule: str
    config: dict[str, Scalar]
    place: str
    holds: Any
    fails: Any
    deployment: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)


EDGES = (
    # The document is 1700 + 86 bytes, the envelope 308 with 8 of the thing's name and 64 of the jobId; and a NUL.
    Edge("payload-in-tree", IN_TREE, "CONFIG_AWS_FOTA_PAYLOAD_SIZE", 2167, 2166, LONG),
    Edge("payload-piece", OURS, "CONFIG_AWS_FOTA_PAYLOAD_SIZE", 64, 63),
    # 2048 - 115 of the PUBLISH header = 1933 = 86 + 308 + 72 + URL.
    Edge("mqtt-modem", IN_TREE | MODEM, "url_length", 1467, 1468, LONG),
    # 8 + 64 + 43.
    Edge("mqtt-rx", IN_TREE | HELPER, "CONFIG_MQTT_HELPER_RX_TX_BUFFER_SIZE", 115, 114, LONG),
    Edge("mqtt-rx", OURS, "rx_buffer", 235, 234, {"thing_length": 128}),
    # Ours subscribes to two topics of 24 and 29 characters beside the name: 7 + 2 * 128 + 3 + 24 + 3 + 29.
    Edge("mqtt-tx", OURS, "tx_buffer", 322, 321, {"thing_length": 128}),
    # The PUBLISH of an update: 8 + 64 + 25 + 9.
    Edge("mqtt-tx", IN_TREE | HELPER, "CONFIG_MQTT_HELPER_RX_TX_BUFFER_SIZE", 106, 105, LONG),
    Edge("mqtt-helper-payload", IN_TREE | HELPER, "CONFIG_MQTT_HELPER_PAYLOAD_BUFFER_LEN", 2166, 2165, LONG),
    Edge("client-id", IN_TREE | {"AWS_IOT": True}, "CONFIG_AWS_IOT_CLIENT_ID_MAX_LEN", 8, 7, LONG),
    # Thing name and jobId of 123 characters together fit, with CLIENT_ID_MAX_LEN=64.
    Edge("topic-in-tree", IN_TREE | {"CLIENT_ID_MAX_LEN": 64}, "thing_length", 59, 60),
    Edge("topic", OURS, "thing_length", 128, 129),
    # 71 around the values, IN_PROGRESS, ten digits, and the NUL.
    Edge("update-in-tree", IN_TREE, "CONFIG_UPDATE_JOB_PAYLOAD_LEN", 193, 192, {"status_details": 100}),
    # 1350 - 183: the braces, keys, quotes and commas, IN_PROGRESS, an int of ten digits and a token of 64 characters.
    Edge("update", OURS, "status_details", 1167, 1168),
    # What the application sent comes back with the job: 2167 + 100.
    Edge("payload-in-tree", IN_TREE, "CONFIG_AWS_FOTA_PAYLOAD_SIZE", 2267, 2266, LONG | {"status_details": 100}),
    Edge("path", OURS, "CONFIG_AWS_FOTA_FILE_PATH_MAX_LEN", 1662, 1661, LONG),
    Edge("host", OURS, "CONFIG_AWS_FOTA_HOSTNAME_MAX_LEN", 30, 29, LONG),
    # The module has a number for the port; the SDK's client is given it in the host.
    Edge("host", OURS, "CONFIG_AWS_FOTA_HOSTNAME_MAX_LEN", 17, 16, PLAIN_HTTP | {"host": "[2001:db8::1:2:3]:8080"}),
    Edge(
        "client-host", IN_TREE, "CONFIG_DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE", 17, 16, PLAIN | {"host": "a.example:65535"}
    ),
    Edge("client-path", IN_TREE, "CONFIG_DOWNLOAD_CLIENT_MAX_FILENAME_SIZE", 1662, 1661, LONG),
    # Without a query "/fw.bin" takes its 7 characters and a NUL.
    Edge("client-path", IN_TREE, "CONFIG_DOWNLOAD_CLIENT_MAX_FILENAME_SIZE", 8, 7, PLAIN),
    Edge("client-path", IN_TREE, "CONFIG_DOWNLOADER_MAX_FILENAME_SIZE", 1662, 1661, LONG),
    Edge("client-path", IN_TREE, "CONFIG_AWS_FOTA_FILE_PATH_MAX_LEN", 1662, 1661, LONG | {"sdk": "2.4"}),
    Edge("client-host", IN_TREE, "CONFIG_DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE", 32, 31, LONG),
    # GET, Host, Range with two numbers of ten digits and Connection are 86; the leading '/' is one of them.
    Edge("client-request", IN_TREE, "CONFIG_DOWNLOAD_CLIENT_BUF_SIZE", 1778, 1777, LONG),
    Edge("client-request", IN_TREE, "CONFIG_FOTA_DOWNLOAD_BUF_SZ", 1778, 1777, LONG | {"sdk": "3.0"}),
    Edge(
        "client-stack",
        IN_TREE | {"DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE": 255, "DOWNLOAD_CLIENT_MAX_FILENAME_SIZE": 1662},
        "CONFIG_DOWNLOAD_CLIENT_STACK_SIZE",
        2687,
        2686,
    ),
    Edge("client-stack", IN_TREE, "CONFIG_DOWNLOADER_STACK_SIZE", 1280, 1279, {"sdk": "3.0"}),
    Edge("modem-range", OURS | MODEM, "CONFIG_AWS_FOTA_RANGE_SIZE", 2048, 2049, PLAIN),
    Edge("client-fragment", IN_TREE | MODEM, "CONFIG_DOWNLOAD_CLIENT_HTTP_FRAG_SIZE", 2048, 4096, PLAIN),
    Edge("client-path", CLIENT, "CONFIG_DOWNLOAD_CLIENT_MAX_FILENAME_SIZE", 1662, 1661, LONG),
    Edge(
        "client-locator",
        IN_TREE,
        "CONFIG_FOTA_DOWNLOAD_RESOURCE_LOCATOR_LENGTH",
        1662,
        1661,
        LONG,
        {"layout": Layout(second_bootloader=True)},
    ),
    Edge("bucket-dots", OURS, "bucket", "my-bucket", "my.bucket", {"key": "fw.bin"}),
    Edge(
        "bucket-dots",
        OURS,
        "host",
        "my-bucket.s3.eu-west-1.amazonaws.com",
        "my.bucket.s3.eu-west-1.amazonaws.com",
        {"key": "fw.bin"},
    ),
    # 1 000 001 bytes at 100 bytes a second take 10 001 seconds, begun ones counted.
    Edge("url-expiry", IN_TREE, "expires", 10001, 10000, LONG | {"link_rate": 100, "image_size": 1000001}),
    Edge("url-expiry", CLIENT, "expires", 10001, 10000, LONG | {"link_rate": 100, "image_size": 1000001}),
    Edge("security-tag", OURS, "CONFIG_AWS_FOTA_DOWNLOAD_SECURITY_TAG", 0, -1, PLAIN),
    Edge("security-tag", IN_TREE, "CONFIG_AWS_FOTA_DOWNLOAD_SECURITY_TAG", 0, -1, PLAIN),
    Edge("tls-sockets", OURS, "CONFIG_NET_SOCKETS_SOCKOPT_TLS", True, False, PLAIN),
    Edge("cleartext", OURS, "CONFIG_AWS_FOTA_ALLOW_HTTP", True, False, PLAIN_HTTP),
    Edge("tls-record", OURS | NATIVE, "CONFIG_MBEDTLS_SSL_MAX_CONTENT_LEN", 16384, 16383, PLAIN),
    Edge("tls-record", IN_TREE | NATIVE, "CONFIG_MBEDTLS_SSL_IN_CONTENT_LEN", 16384, 16383, PLAIN),
    # Two connections with two records of 16384 bytes each, 10240 that the first keeps, and 24576 for a handshake.
    Edge(
        "tls-heap",
        OURS | NATIVE | {"MBEDTLS_ENABLE_HEAP": True, "MBEDTLS_SSL_MAX_CONTENT_LEN": 16384},
        "CONFIG_MBEDTLS_HEAP_SIZE",
        100352,
        100351,
        PLAIN,
    ),
    Edge("tls-contexts", OURS | NATIVE, "CONFIG_NET_SOCKETS_TLS_MAX_CONTEXTS", 2, 1, PLAIN),
    # A tag without a URL: the download is meant to be over https.
    Edge(
        "tls-contexts",
        OURS | NATIVE | {"AWS_FOTA_DOWNLOAD_SECURITY_TAG": 0},
        "CONFIG_NET_SOCKETS_TLS_MAX_CONTEXTS",
        2,
        1,
    ),
    # One of MQTT, one of the download.
    Edge("descriptors", OURS, "CONFIG_ZVFS_OPEN_MAX", 2, 1),
    # Two each, with TLS; the socket service; two DNS servers; three standard streams.
    Edge("descriptors", OURS | NATIVE | SERVICES, "CONFIG_ZVFS_OPEN_MAX", 10, 9, PLAIN),
    # A modem has no sockets below those with TLS.
    Edge("descriptors", IN_TREE | NATIVE | MODEM, "CONFIG_ZVFS_OPEN_MAX", 2, 1, PLAIN),
    Edge("autoschedule", OURS | {"FOTA_DOWNLOAD": True}, "CONFIG_FOTA_CLIENT_AUTOSCHEDULE_UPDATE", False, True),
    # The last 40 bytes are the trailer, in either library, or more where the build knows of it.
    Edge(
        "slot",
        OURS,
        "image_size",
        0x69000 - 40,
        0x69000 - 39,
        inputs={"layout": Layout(exactly(0x69000, "dts"), False)},
    ),
    Edge(
        "slot",
        OURS | {"MCUBOOT_UPDATE_FOOTER_SIZE": 0xC80},
        "image_size",
        0x69000 - 0xC80,
        0x69000 - 0xC7F,
        inputs={"layout": Layout(exactly(0x69000, "dts"), False)},
    ),
    # The image begins at the second sector.
    Edge(
        "slot",
        OURS | {"MCUBOOT_BOOTLOADER_MODE_SWAP_USING_OFFSET": True},
        "image_size",
        0x69000 - 2 * 4096,
        0x69000 - 2 * 4096 + 1,
        inputs={"layout": Layout(exactly(0x69000, "dts"), False, exactly(4096, "dts"))},
    ),
    Edge(
        "slot",
        OURS | {"MCUBOOT_BOOTLOADER_MODE_SWAP_USING_OFFSET": True, "MCUBOOT_UPDATE_FOOTER_SIZE": 0x1800},
        "image_size",
        0x69000 - 4096 - 0x1800,
        0x69000 - 4096 - 0x17FF,
        inputs={"layout": Layout(exactly(0x69000, "dts"), False, exactly(4096, "dts"))},
    ),
    # One with the trailer, and one to move the image into.
    Edge(
        "slot",
        OURS | {"MCUBOOT_BOOTLOADER_MODE_SWAP_USING_MOVE": True},
        "image_size",
        0x69000 - 2 * 4096,
        0x69000 - 2 * 4096 + 1,
        inputs={"layout": Layout(exactly(0x69000, "dts"), False, exactly(4096, "dts"))},
    ),
    # A write block of 16 bytes takes two for the trailer: 128 * 3 * 16 + 40.
    Edge(
        "slot",
        OURS | {"MCUBOOT_BOOTLOADER_MODE_SWAP_USING_MOVE": True},
        "image_size",
        0x69000 - 3 * 4096,
        0x69000 - 3 * 4096 + 1,
        inputs={"layout": Layout(exactly(0x69000, "dts"), False, exactly(4096, "dts"), exactly(16, "dts"))},
    ),
    # More sectors than MCUboot has by default have more states: 0x200000 / 4096 * 3 * 4 + 40.
    Edge(
        "slot",
        OURS | {"MCUBOOT_BOOTLOADER_MODE_SWAP_USING_MOVE": True},
        "image_size",
        0x200000 - 3 * 4096,
        0x200000 - 3 * 4096 + 1,
        inputs={"layout": Layout(exactly(0x200000, "dts"), False, exactly(4096, "dts"), exactly(4, "dts"))},
    ),
    # A tenth of 3 600 000 bytes at 1000 bytes a second takes 6 minutes.
    Edge(
        "step-timer",
        OURS,
        "CONFIG_AWS_FOTA_STEP_TIMEOUT_MINUTES",
        6,
        5,
        {"link_rate": 1000, "image_size": 3600000},
    ),
    Edge("bounds", OURS, "CONFIG_AWS_FOTA_JSON_DEPTH", 4, 3),
    Edge("bounds", OURS, "CONFIG_AWS_FOTA_RANGE_SIZE", 1048576, 1048577),
    Edge("resume-step", OURS | {"AWS_FOTA_RANGE_SIZE": 8192}, "CONFIG_AWS_FOTA_RESUME_STEP", 8192, 8191),
    Edge("resume-step", OURS | {"AWS_FOTA_RANGE_SIZE": 65536}, "CONFIG_AWS_FOTA_RESUME_STEP", 16384, 16383),
    Edge("resume-block", OURS | {"IMG_BLOCK_BUF_SIZE": 512}, "CONFIG_AWS_FOTA_RESUME_STEP", 8192, 8193),
    Edge("answer-timeout", OURS, "CONFIG_AWS_FOTA_BACKOFF_MAX_SECONDS", 20, 19),
    Edge("slow-retry", OURS, "CONFIG_AWS_FOTA_SLOW_RETRY_SECONDS", 300, 299),
    Edge("step-answer", OURS | {"AWS_FOTA_ANSWER_TIMEOUT_SECONDS": 60}, "CONFIG_AWS_FOTA_STEP_TIMEOUT_MINUTES", 2, 1),
    Edge("dropped-options", IN_TREE | {"AWS_FOTA_HOSTNAME_MAX_LEN": 255}, "sdk", "2.4", "2.5"),
    Edge("dropped-options", IN_TREE | {"DOWNLOAD_CLIENT_STACK_SIZE": 1280}, "sdk", "2.9", "3.0"),
    Edge("dropped-options", CLIENT | {"DOWNLOAD_CLIENT_STACK_SIZE": 1280}, "sdk", "2.9", "3.0"),
    Edge(
        "stale-build",
        OURS,
        "CONFIG_AWS_FOTA_FILE_PATH_MAX_LEN",
        2047,
        2048,
        inputs={"elf": "zephyr.elf", "linked": (Linked("AWS_FOTA_FILE_PATH_MAX_LEN", 2047, "path"),)},
    ),
)


def built(config: dict[str, Scalar], deployment: dict[str, Any], **more: Any) -> Inputs:
    """A build of these symbols; line numbers are their positions."""
    values = {symbol: Value(value, line) for line, (symbol, value) in enumerate(config.items(), 1)}
    symbols = read_symbols([DotConfig(Path("build/.config"), values)])
    given = Deployment(**deployment)
    library = Library.OURS if symbols.ours else Library.IN_TREE
    return dataclasses.replace(Inputs(symbols, library, given, tuple(addresses(given))), **more)


def verdict(rule: str, inputs: Inputs) -> Verdict:
    (found,) = [one for one in judge(inputs).verdicts if one.rule.id == rule]
    return found


def moved(edge: Edge, value: Any) -> Verdict:
    """The edge's rule with its place at `value`."""
    if edge.place.startswith("CONFIG_"):
        config = edge.config | {edge.place.removeprefix("CONFIG_"): value}
        return verdict(edge.rule, built(config, edge.deployment, **edge.inputs))
    return verdict(edge.rule, built(edge.config, edge.deployment | {edge.place: value}, **edge.inputs))


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge.rule}-{edge.place}-{edge.fails}")
def test_both_sides_of_the_edge(edge: Edge) -> None:
    assert moved(edge, edge.holds).state is State.HOLDS
    broken = moved(edge, edge.fails)
    assert broken.state is State.FAILS
    assert broken.found.mending.lines or broken.found.mending.words
    assert broken.found.need.source and broken.found.have.source


def test_a_job_document_may_have_32768_bytes() -> None:
    def of(size: int) -> State:
        return verdict(
            "job-document", built(OURS, {}, documents=(Document("job", size, exactly(size, ""), None),))
        ).state

    assert (of(32768), of(32769)) == (State.HOLDS, State.FAILS)


def test_every_rule_has_an_edge() -> None:
    assert {rule.id for rule in RULES} == {edge.rule for edge in EDGES} | {"job-document"}
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_the_kconfig_line_is_that_of_the_edge() -> None:
    for edge in EDGES:
        if edge.place.startswith("CONFIG_") and isinstance(edge.holds, int):
            mending = moved(edge, edge.fails).found.mending
            if mending.lines and edge.rule not in ("client-fragment", "modem-range", "step-answer", "resume-block"):
                assert mending.lines[0] == (edge.place.removeprefix("CONFIG_"), edge.holds), edge.rule


def test_what_is_not_known_is_not_judged() -> None:
    found = verdict("path", built(OURS, {}))
    assert found.state is State.UNKNOWN
    assert "--key" in found.missing
    absent = verdict("client-path", built(IN_TREE, LONG))
    assert absent.state is State.UNKNOWN
    assert "CONFIG_DOWNLOAD_CLIENT_MAX_FILENAME_SIZE" in absent.missing


def test_what_holds_or_fails_whatever_is_not_known_is_judged() -> None:
    limit = {"CLIENT_ID_MAX_LEN": 133}
    assert verdict("topic-in-tree", built(IN_TREE | limit, {})).state is State.HOLDS
    limit = {"CLIENT_ID_MAX_LEN": 132}
    assert verdict("topic-in-tree", built(IN_TREE | limit, {})).state is State.UNKNOWN
    limit = {"CLIENT_ID_MAX_LEN": 5}
    assert verdict("topic-in-tree", built(IN_TREE | limit, {})).state is State.FAILS


def test_a_limit_that_kconfig_bounds_is_mended_in_words() -> None:
    long = LONG | {"url_length": 2100, "signing": Signing.SIGV4}
    config = IN_TREE | {"DOWNLOAD_CLIENT_MAX_FILENAME_SIZE": 2048}
    found = verdict("client-path", built(config, long))
    assert found.state is State.FAILS
    assert not found.found.mending.lines
    assert "at most 2048" in found.found.mending.words


def test_modem_rules_concern_modem_builds_only() -> None:
    rules = {one.rule.id for one in judge(built(OURS, LONG)).verdicts}
    assert "modem-range" not in rules
    assert "mqtt-modem" not in rules
    fragment: dict[str, Scalar] = {"AWS_FOTA_CODEGEN": True}
    for board in ("nrf9151dk/nrf9151/ns", "actinius_icarus/nrf9160/ns", "thingy91x"):
        assert "modem-range" in {one.rule.id for one in judge(built(fragment, LONG | {"board": board})).verdicts}
    native = IN_TREE | MODEM | {"FOTA_DOWNLOAD_NATIVE_TLS": True, "MQTT_HELPER_NATIVE_TLS": True}
    rules = {one.rule.id for one in judge(built(native, LONG)).verdicts}
    assert "client-fragment" not in rules
    assert "mqtt-modem" not in rules


def test_a_linked_limit_comes_before_the_configured_one() -> None:
    linked = (Linked("AWS_FOTA_FILE_PATH_MAX_LEN", 100, "path of struct aws_fota_url"),)
    found = verdict("path", built(OURS, LONG, linked=linked, elf="zephyr.elf"))
    assert found.state is State.FAILS
    assert found.found.have == exactly(100, "path of struct aws_fota_url in zephyr.elf")


def test_amounts_add_up() -> None:
    assert unknown("x") + 1 == unknown("x", 1)
    assert Amount(1, 2, "a") + 3 == Amount(4, 5, "a")


def test_a_download_over_tls_is_not_assumed() -> None:
    contexts = {"NET_SOCKETS_TLS_MAX_CONTEXTS": 1}
    assert verdict("tls-contexts", built(OURS | NATIVE | contexts, {})).state is State.HOLDS
    none = {"AWS_FOTA_DOWNLOAD_SECURITY_TAG": -1}
    assert verdict("tls-contexts", built(OURS | NATIVE | contexts | none, {})).state is State.HOLDS
    assert verdict("tls-contexts", built(OURS | NATIVE | contexts | none, PLAIN)).state is State.FAILS


def test_a_dropped_switch_is_named_as_kconfig_writes_it() -> None:
    found = verdict("dropped-options", built(IN_TREE | {"DOWNLOAD_CLIENT": True}, {"sdk": "3.0"}))
    assert found.found.mending.words == "write CONFIG_DOWNLOADER=y instead of CONFIG_DOWNLOAD_CLIENT"


def test_the_download_client_does_not_concern_our_own_download() -> None:
    ids = {one.rule.id for one in judge(built(OURS, LONG)).verdicts}
    assert not {one for one in ids if one.startswith("client-")}


def test_fota_download_may_be_there_for_others() -> None:
    build = CLIENT | {"FOTA_CLIENT_AUTOSCHEDULE_UPDATE": True}
    rules = {"autoschedule", "client-path", "client-host", "client-request", "client-stack", "url-expiry"}
    asked = {one.rule.id for one in judge(built(build, LONG)).verdicts}
    assert rules <= asked
    with_our_client = {one.rule.id for one in judge(built(build | {"AWS_FOTA_DOWNLOADER_HTTP": True}, LONG)).verdicts}
    assert not rules & with_our_client


def test_the_page_lists_every_rule() -> None:
    page = (Path(__file__).parents[3] / "doc" / "check.md").read_text(encoding="utf-8")
    told = [line.split("|") for line in page.splitlines() if line.startswith("| `")]
    words = {Library.IN_TREE: "in-tree", Library.OURS: "ours"}
    assert [(row[1].strip(), row[2].strip(), row[3].strip()) for row in told] == [
        (
            f"`{rule.id}`",
            "both" if len(rule.libraries) == 2 else words[next(iter(rule.libraries))],
            rule.statement,
        )
        for rule in RULES
    ]
