# SPDX-License-Identifier: Apache-2.0
"""Rules on TLS: security tags, sockets, Mbed TLS buffers and heap, cleartext."""

from __future__ import annotations

from aws_fota.check.amounts import Amount, exactly, total, unknown
from aws_fota.check.inputs import Inputs
from aws_fota.check.verdict import BOTH, OURS, Comparison, Found, Mending, Rule

#: The largest record (RFC 5246, 6.2.1; RFC 8446, 5.1).
RECORD_MAX = 16384
#: A handshake, beside the record buffers. The help of MBEDTLS_HEAP_SIZE says "up to another 20KB"; with the chain of
#: four certificates that doc/memory.md tells of it was 19720 bytes, and a fifth is for what was not measured.
_HANDSHAKE = 24 * 1024
#: What an open connection keeps beside its record buffers, the certificates that the server sent above all. Measured in
#: the same way: 9452 bytes.
_KEPT = 10 * 1024

_TAG = "AWS_FOTA_DOWNLOAD_SECURITY_TAG"


def _switch(inputs: Inputs, symbol: str, wanted: bool = True) -> Comparison:
    """That a switch is y, or n: 1 where it is not and 0 where it is as wanted, against 0."""
    found = inputs.symbols.value(symbol)
    where = found[1] if found else f"{inputs.symbols.name} does not set it"
    on = inputs.symbols.is_on(symbol)
    need = exactly(int(wanted), f"CONFIG_{symbol}={'y' if wanted else 'n'} is needed")
    have = exactly(int(on), where)
    if not wanted:
        need, have = exactly(int(on), where), exactly(0, f"CONFIG_{symbol}=n is needed")
    return Comparison(need, have, "", Mending(((symbol, wanted),)))


def _security_tag(inputs: Inputs) -> Found:
    if not inputs.https:
        return None
    tag = inputs.deployment.security_tag
    lines = () if tag is None else ((_TAG, tag),)
    words = (
        "" if tag is not None else f"set CONFIG_{_TAG} to the tag that holds the server's root CA (or give --sec-tag)"
    )
    have = inputs.symbols.number(_TAG)
    if have.missing:
        have = unknown(have.missing, -1)
    return Comparison(exactly(0, "the smallest tag, which https needs"), have, "(tag)", Mending(lines, words))


def _tls_sockets(inputs: Inputs) -> Found:
    if not inputs.https or inputs.modem:
        return None
    return _switch(inputs, "NET_SOCKETS_SOCKOPT_TLS")


def _cleartext(inputs: Inputs) -> Found:
    if not inputs.uses("http"):
        return None
    symbol = "AWS_FOTA_ALLOW_HTTP"
    if not inputs.symbols.present(symbol) and not inputs.symbols.is_on("NET_SOCKETS_SOCKOPT_TLS"):
        default = exactly(1, "default in a build without TLS sockets")
        return Comparison(exactly(1, "an http URL"), default, "", Mending(((symbol, True),)))
    return _switch(inputs, symbol)


def _content_symbols(inputs: Inputs) -> tuple[str, str]:
    """Where the sizes of incoming and outgoing records are."""
    one = "MBEDTLS_SSL_MAX_CONTENT_LEN"
    if inputs.symbols.present(one) or inputs.symbols.is_on("MBEDTLS_BUILTIN"):
        return one, one
    return "MBEDTLS_SSL_IN_CONTENT_LEN", "MBEDTLS_SSL_OUT_CONTENT_LEN"


def _tls_record(inputs: Inputs) -> Found:
    if not _native(inputs):
        return None
    symbol = _content_symbols(inputs)[0]
    need = exactly(RECORD_MAX, "the largest record that a server may send")
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, ""))


def _tls_heap(inputs: Inputs) -> Found:
    if not _native(inputs) or not inputs.symbols.is_on("MBEDTLS_ENABLE_HEAP"):
        return None
    incoming, outgoing = (inputs.symbols.number(symbol) for symbol in _content_symbols(inputs))
    parts: list[tuple[str, Amount]] = []
    for number, _ in enumerate(_connections(inputs)):
        if number > 0:
            parts.append(("one connection that is open", exactly(_KEPT, "doc/memory.md")))
        parts += [("incoming record", incoming), ("outgoing record", outgoing)]
    need = total([*parts, ("one handshake", exactly(_HANDSHAKE, "doc/memory.md"))])
    symbol = "MBEDTLS_HEAP_SIZE"
    return Comparison(need, inputs.bounded(symbol), mending=inputs.symbols.raising(symbol, need, ""))


def _tls_contexts(inputs: Inputs) -> Found:
    connections = _connections(inputs) if inputs.native_tls else []
    if not connections:
        return None
    symbol = "NET_SOCKETS_TLS_MAX_CONTEXTS"
    need = exactly(len(connections), f"open at the same time: {' and '.join(connections)}")
    return Comparison(need, inputs.bounded(symbol), "contexts", inputs.symbols.raising(symbol, need, ""))


def _descriptors(inputs: Inputs) -> Found:
    symbol = "ZVFS_OPEN_MAX"
    if not inputs.symbols.present(symbol):
        # Zephyr before 3.7, or a file of limits only.
        return None
    over_tls = _connections(inputs) if inputs.native_tls else []
    parts = [
        (name, exactly(2, "a TLS socket, and the one below it") if name in over_tls else exactly(1, ""))
        for name in ("MQTT", "the download")
    ]
    if inputs.symbols.is_on("NET_SOCKETS_SERVICE"):
        parts.append(("the socket service", exactly(1, "CONFIG_NET_SOCKETS_SERVICE=y")))
    if inputs.symbols.is_on("DNS_RESOLVER"):
        parts.append(("DNS servers", inputs.symbols.number("DNS_RESOLVER_MAX_SERVERS")))
    if inputs.symbols.is_on("POSIX_DEVICE_IO"):
        parts.append(("standard streams", exactly(3, "CONFIG_POSIX_DEVICE_IO=y")))
    need = total(parts)
    return Comparison(need, inputs.bounded(symbol), "descriptors", inputs.symbols.raising(symbol, need, ""))


def _connections(inputs: Inputs) -> list[str]:
    """What is connected over TLS at the same time. Whoever sets a security tag means to download over https."""
    connections = ["MQTT"] if inputs.symbols.is_on("MQTT_LIB_TLS") else []
    tag = inputs.symbols.number(_TAG)
    if inputs.https or (not tag.missing and tag.low >= 0):
        connections.append("the download")
    return connections


def _native(inputs: Inputs) -> bool:
    return inputs.native_tls and (inputs.https or inputs.symbols.is_on("MQTT_LIB_TLS"))


def _autoschedule(inputs: Inputs) -> Found:
    if not inputs.download_client:
        return None
    return _switch(inputs, "FOTA_CLIENT_AUTOSCHEDULE_UPDATE", wanted=False)


RULES = (
    Rule(
        "security-tag",
        "A download over https has a security tag",
        "aws_fota: an https job without a tag is reported FAILED; without credentials no server can be verified",
        BOTH,
        _security_tag,
    ),
    Rule(
        "tls-sockets",
        "A download over https has TLS sockets",
        "Zephyr, sockets: IPPROTO_TLS_1_2 needs NET_SOCKETS_SOCKOPT_TLS where no modem offers it",
        OURS,
        _tls_sockets,
    ),
    Rule(
        "cleartext",
        "A download over http is allowed",
        "design: http needs AWS_FOTA_ALLOW_HTTP",
        OURS,
        _cleartext,
    ),
    Rule(
        "tls-record",
        "Mbed TLS can take the largest record",
        "RFC 5246, 6.2.1: a record has up to 16384 bytes, a certificate chain among them",
        BOTH,
        _tls_record,
    ),
    Rule(
        "tls-heap",
        "Mbed TLS's heap holds the records of every connection, what an open one keeps, and one handshake",
        "doc/memory.md: measured; the help of MBEDTLS_HEAP_SIZE tells of one connection",
        BOTH,
        _tls_heap,
    ),
    Rule(
        "tls-contexts",
        "There is a TLS context for every connection",
        "Zephyr, sockets: without a free one of NET_SOCKETS_TLS_MAX_CONTEXTS a TLS socket fails with -ENOMEM",
        BOTH,
        _tls_contexts,
    ),
    Rule(
        "descriptors",
        "There is a file descriptor for every socket of the connections, and of what they need",
        "Zephyr, sockets: without a free one of ZVFS_OPEN_MAX a socket fails with -ENFILE",
        BOTH,
        _descriptors,
    ),
    Rule(
        "autoschedule",
        "fota_download leaves the upgrade to the engine",
        "design: under the nRF Connect SDK the engine requests the upgrade after verifying",
        OURS,
        _autoschedule,
    ),
)
