# SPDX-License-Identifier: Apache-2.0
"""The MQTT decoder: every split of the bytes, every malformed packet; the encoder against bytes from the standard."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt_bench import DISCONNECT, PINGREQ, connect, packet, puback, publish, subscribe, text, unsubscribe

from aws_fota.emulator import mqtt_packets as mqtt
from aws_fota.emulator.mqtt_decoder import Decoder
from aws_fota.emulator.mqtt_packets import ConnectCode, ProtocolError

LIMIT = 1000

GOOD = [
    (connect("lamp"), mqtt.Connect("lamp", True, 60)),
    (connect("", clean=False, keep_alive=0), mqtt.Connect("", False, 0)),
    (
        connect("lamp", will=("gone", b"\0\xff", 1)),
        mqtt.Connect("lamp", True, 60, mqtt.Publish("gone", b"\0\xff", 1)),
    ),
    (
        packet(0x10, text("MQTT") + b"\x04\xc2\0\x05" + text("c") + text("name") + text(b"\0pass")),
        mqtt.Connect("c", True, 5, None, "name", b"\0pass"),
    ),
    (publish("a/b", b"x"), mqtt.Publish("a/b", b"x")),
    (publish("a", b"", packet_id=7), mqtt.Publish("a", b"", 1, packet_id=7)),
    (publish("ü/$", b"x", packet_id=65535, retain=True, dup=True), mqtt.Publish("ü/$", b"x", 1, True, True, 65535)),
    (packet(0x34, text("a") + b"\0\x01x"), mqtt.Publish("a", b"x", 2, packet_id=1)),
    (publish("a", b"x" * (LIMIT - 3)), mqtt.Publish("a", b"x" * (LIMIT - 3))),
    (puback(9), mqtt.Puback(9)),
    (subscribe(1, "a/+/b", "#", qos=0), mqtt.Subscribe(1, (("a/+/b", 0), ("#", 0)))),
    (subscribe(2, "+", qos=2), mqtt.Subscribe(2, (("+", 2),))),
    (unsubscribe(3, "a", "b/#"), mqtt.Unsubscribe(3, ("a", "b/#"))),
    (PINGREQ, mqtt.Pingreq()),
    (DISCONNECT, mqtt.Disconnect()),
]

BAD = {
    "type 0": packet(0x00),
    "type 15": packet(0xF0),
    "connack from a client": packet(0x20, b"\0\0"),
    "suback from a client": packet(0x90, b"\0\x01\0"),
    "pingresp from a client": packet(0xD0),
    "pubrec": packet(0x50, b"\0\x01"),
    "pubrel": packet(0x62, b"\0\x01"),
    "pubcomp": packet(0x70, b"\0\x01"),
    "flags of connect": packet(0x11, connect("a")[2:]),
    "flags of puback": packet(0x41, b"\0\x01"),
    "flags of subscribe": packet(0x80, subscribe(1, "a")[2:]),
    "flags of unsubscribe": packet(0xA0, unsubscribe(1, "a")[2:]),
    "flags of pingreq": packet(0xC1),
    "flags of disconnect": packet(0xE2),
    "pingreq with a body": packet(0xC0, b"x"),
    "puback too short": packet(0x40, b"\0"),
    "puback too long": packet(0x40, b"\0\x01\0"),
    "puback of 0": packet(0x40, b"\0\0"),
    "publish of 0": packet(0x32, text("a") + b"\0\0"),
    "publish without an id": packet(0x32, text("a") + b"\x01"),
    "publish with qos 3": packet(0x36, text("a") + b"\0\x01"),
    "publish qos 0 dup": packet(0x38, text("a")),
    "publish without a topic": packet(0x30, b""),
    "publish to an empty topic": packet(0x30, text("")),
    "publish to a wildcard": packet(0x30, text("a/+")),
    "publish to a hash": packet(0x30, text("a/#")),
    "topic past the end": packet(0x30, b"\0\x05abc"),
    "topic not utf-8": packet(0x30, text(b"\xc3\x28")),
    "topic with a surrogate": packet(0x30, text(b"\xed\xa0\x80")),
    "topic overlong": packet(0x30, text(b"\xc0\xaf")),
    "topic with nul": packet(0x30, text("a\0b")),
    "subscribe to nothing": packet(0x82, b"\0\x01"),
    "subscribe of 0": subscribe(0, "a"),
    "subscribe with qos 3": subscribe(1, "a", qos=3),
    "subscribe with reserved bits": subscribe(1, "a", qos=0x80),
    "subscribe without a qos": packet(0x82, b"\0\x01" + text("a")),
    "subscribe to an empty filter": subscribe(1, ""),
    "subscribe hash inside": subscribe(1, "a/#/b"),
    "subscribe hash attached": subscribe(1, "a#"),
    "subscribe plus attached": subscribe(1, "a/b+"),
    "unsubscribe nothing": packet(0xA2, b"\0\x01"),
    "unsubscribe empty": unsubscribe(1, ""),
    "another protocol": packet(0x10, text("HTTP") + b"\x04\x02\0\0" + text("a")),
    "connect reserved flag": packet(0x10, text("MQTT") + b"\x04\x03\0\0" + text("a")),
    "connect will flags without a will": packet(0x10, text("MQTT") + b"\x04\x0a\0\0" + text("a")),
    "connect will retain without a will": packet(0x10, text("MQTT") + b"\x04\x22\0\0" + text("a")),
    "connect will qos 3": packet(0x10, text("MQTT") + b"\x04\x1e\0\0" + text("a") + text("t") + text("")),
    "connect will to a wildcard": packet(0x10, text("MQTT") + b"\x04\x06\0\0" + text("a") + text("#") + text("")),
    "connect password without a name": packet(0x10, text("MQTT") + b"\x04\x42\0\0" + text("a") + text("p")),
    "connect without an id": packet(0x10, text("MQTT") + b"\x04\x02\0\0"),
    "connect with a tail": packet(0x10, connect("a")[2:] + b"x"),
    "too long by one": publish("a", b"x" * (LIMIT - 2)),
    "256 MiB announced": b"\x30\xff\xff\xff\x7f",
    "a length of five bytes": b"\x30\x80\x80\x80\x80\x01",
}


@pytest.mark.parametrize(
    ("raw", "expected"), GOOD, ids=lambda it: type(it).__name__ if not isinstance(it, bytes) else ""
)
def test_a_good_packet_is_read_whole_and_byte_by_byte(raw: bytes, expected: mqtt.Packet) -> None:
    assert list(Decoder(LIMIT).feed(raw)) == [expected]
    decoder = Decoder(LIMIT)
    for index in range(len(raw) - 1):
        assert list(decoder.feed(raw[index : index + 1])) == []
    assert list(decoder.feed(raw[-1:])) == [expected]


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD.keys())
def test_a_bad_packet_is_refused_after_those_before_it(raw: bytes) -> None:
    packets = Decoder(LIMIT).feed(PINGREQ + raw)
    assert next(packets) == mqtt.Pingreq()
    with pytest.raises(ProtocolError) as caught:
        next(packets)
    assert caught.value.reason
    assert caught.value.connect_code is None


@pytest.mark.parametrize("first", [*range(0x10), 0x11, 0x20, 0x36, 0x38, 0x39, 0x47, 0x80, 0xC1, 0xD0, 0xF0])
def test_a_first_byte_is_refused_before_the_rest_comes(first: int) -> None:
    with pytest.raises(ProtocolError):
        next(Decoder(LIMIT).feed(bytes([first])))


@pytest.mark.parametrize(("name", "level"), [("MQTT", 5), ("MQTT", 3), ("MQTT", 0), ("MQIsdp", 3)])
def test_another_version_is_told_so(name: str, level: int) -> None:
    raw = packet(0x10, text(name) + bytes([level]) + b"\x02\0\0" + text("a"))
    with pytest.raises(ProtocolError) as caught:
        list(Decoder(LIMIT).feed(raw))
    five = ConnectCode.UNSUPPORTED_PROTOCOL_VERSION
    assert caught.value.connect_code is (five if (name, level) == ("MQTT", 5) else ConnectCode.WRONG_PROTOCOL_VERSION)


@settings(derandomize=True, deadline=None)
@given(order=st.lists(st.sampled_from(GOOD), max_size=6), cuts=st.lists(st.integers(0, 3000), max_size=8))
def test_the_split_of_the_bytes_does_not_matter(order: list[tuple[bytes, mqtt.Packet]], cuts: list[int]) -> None:
    raw = b"".join(one for one, _ in order)
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    decoder = Decoder(LIMIT)
    read = [it for start, end in itertools.pairwise(edges) for it in decoder.feed(raw[start:end])]
    assert read == [expected for _, expected in order]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    raw=st.binary(max_size=60)
    | st.tuples(st.sampled_from(GOOD), st.integers(0, 99), st.integers(1, 255)).map(
        lambda it: bytes(
            byte ^ it[2] if index == it[1] % len(it[0][0]) else byte for index, byte in enumerate(it[0][0])
        )
    )
)
def test_garbage_is_read_or_refused_and_never_more(raw: bytes) -> None:
    try:
        read = list(Decoder(LIMIT).feed(raw))
    except ProtocolError:
        return
    assert len(read) <= len(raw)


@pytest.mark.parametrize(
    ("packet_", "raw"),
    [
        (mqtt.Connack(ConnectCode.ACCEPTED), b"\x20\x02\0\0"),
        (mqtt.Connack(ConnectCode.ACCEPTED, session_present=True), b"\x20\x02\x01\0"),
        (mqtt.Connack(ConnectCode.NOT_AUTHORIZED), b"\x20\x02\0\x05"),
        (mqtt.Puback(0x1234), b"\x40\x02\x12\x34"),
        (mqtt.Suback(1, (1, 0x80, 0)), b"\x90\x05\0\x01\x01\x80\0"),
        (mqtt.Unsuback(2), b"\xb0\x02\0\x02"),
        (mqtt.Pingresp(), b"\xd0\0"),
        (mqtt.Publish("a", b"x"), b"\x30\x04\0\x01ax"),
        (mqtt.Publish("a", b"x", 1, True, True, 5), b"\x3b\x06\0\x01a\0\x05x"),
        (mqtt.Publish("a", b"x" * 125), b"\x30\x80\x01\0\x01a" + b"x" * 125),
    ],
)
def test_what_the_server_sends(packet_: mqtt.Outgoing, raw: bytes) -> None:
    assert mqtt.encode(packet_) == raw


@pytest.mark.parametrize("length", [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_lengths_at_the_edges_of_the_encoding(length: int) -> None:
    message = mqtt.Publish("t", bytes(length))
    assert list(Decoder(3_000_000).feed(mqtt.encode(message))) == [message]
