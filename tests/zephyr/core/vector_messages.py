# SPDX-License-Identifier: Apache-2.0
"""Messages that are parsed on the target: one for each rule of doc/parser.md that a device can meet."""

from __future__ import annotations

from aws_fota.oracle.outcome import MessageKind

_HEAD = b'{"execution":{"jobId":"job-1","status":"QUEUED","versionNumber":1,"jobDocument":'
_TAIL = b'},"timestamp":1,"clientToken":"0123abcd"}'
_PARTS = b'"location":{"protocol":"https:","host":"b.s3.amazonaws.com","path":"fw.bin"}'
_GOOD = b'"operation":"app_fw_update","fwversion":"v1.0.2","size":181124,'


def _document(text: bytes) -> tuple[MessageKind, bytes]:
    return MessageKind.EXECUTION, _HEAD + text + _TAIL


def _url(text: bytes) -> tuple[MessageKind, bytes]:
    return _document(b"{" + _GOOD + b'"location":{"url":"' + text + b'"}}')


def _member(text: bytes) -> tuple[MessageKind, bytes]:
    return _document(b"{" + _GOOD + _PARTS + b',"other":' + text + b"}")


_TEXTS = (
    rb'"\u00e9\ud83d\ude00\n"',
    rb'"\ud800"',
    b'"\xc3\xa9"',
    b'"\xc0\xaf"',
    b'"\xed\xa0\x80"',
    b'"\x01"',
    rb'"\x"',
    b"[[],{},[1,2]]",
    b"[1,]",
    b"[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]",
    b"-0",
    b"01",
    b"1.5e+10",
    b"1.",
    b"tru",
    b"null",
    b"NaN",
)

_URLS = (
    b"https://b.s3.eu-west-1.amazonaws.com/fw.bin?X-Amz-Signature=abc&x=%2F",
    b"HTTP://[::1]:8080//key",
    b"https://user@host/x",
    b"ftp://host/x",
    b"https://host:0/x",
    b"https://host:65536/x",
    b"https://host",
    b"https://host?x",
    b"https://host/#x",
    b"https://host/a b",
    rb"https://host/\r\nX: y",
    b"https://" + b"h" * 300 + b"/x",
    b"https://h/" + b"p" * 500,
)

_DOCUMENTS = (
    b"{" + _GOOD + _PARTS + b"}",
    b"{" + _GOOD + b'"sha256":"' + b"0a" * 32 + b'",' + _PARTS + b"}",
    b"{" + _GOOD + b'"sha256":"' + b"0a" * 31 + b'",' + _PARTS + b"}",
    rb'{"\u006fperation":"app_fw_update","fwversion":"1","size":1,' + _PARTS + b"}",
    b'{"operation":"app_fw_update","fwversion":"1","size":4294967296,' + _PARTS + b"}",
    b'{"operation":"app_fw_update","fwversion":"1","size":-1,' + _PARTS + b"}",
    b'{"operation":"app_fw_update","fwversion":"1","size":1.0,' + _PARTS + b"}",
    b'{"operation":"app_fw_update","fwversion":"1","size":"1",' + _PARTS + b"}",
    b'{"operation":"' + b"o" * 40 + b'","fwversion":"1","size":1,' + _PARTS + b"}",
    b'{"operation":"a","operation":"b","fwversion":"1","size":1,' + _PARTS + b"}",
    b'{"operation":"a\\u0000","fwversion":"1","size":1,' + _PARTS + b"}",
    b'{"fwversion":"1","size":1}',
    b"{" + _GOOD + b'"location":{"url":"https://h/x","host":"h"}}',
    b"{" + _GOOD + b'"location":[]}',
    b"[]",
    b"null",
)

_WHOLE = (
    (MessageKind.EXECUTION, b'{"clientToken":"0123abcd","timestamp":1}'),
    (MessageKind.EXECUTION, b'{"execution":{},"timestamp":1}'),
    (MessageKind.EXECUTION, b""),
    (MessageKind.EXECUTION, b"{} {}"),
    (MessageKind.EXECUTION, b"\xef\xbb\xbf{}"),
    (MessageKind.EXECUTION, _HEAD),
    (MessageKind.WATCH, b'{"execution":{"jobId":"job-1","status":"CANCELED","versionNumber":3}}'),
    (MessageKind.WATCH, b'{"execution":{"jobId":"a/b","status":"CANCELED","versionNumber":3}}'),
    (MessageKind.WATCH, b'{"execution":{"jobId":"job-1","status":"DONE","versionNumber":0}}'),
    (MessageKind.PENDING, b'{"inProgressJobs":[],"queuedJobs":[{"jobId":"a"},{"jobId":"b"}],"clientToken":"0123abcd"}'),
    (MessageKind.PENDING, b'{"inProgressJobs":{},"queuedJobs":[1]}'),
    (MessageKind.UPDATED, b'{"executionState":{"status":"IN_PROGRESS","versionNumber":2},"clientToken":"0123abcd"}'),
    (MessageKind.UPDATED, b'{"clientToken":"0123ABCD"}'),
    (MessageKind.REJECTED, b'{"code":"VersionMismatch","executionState":{"status":"FAILED","versionNumber":9}}'),
    (MessageKind.REJECTED, b'{"code":"Other","message":"x"}'),
    (MessageKind.OTHER, b'{"timestamp":1,"jobs":{"QUEUED":[{"jobId":"x"}]}}'),
    (MessageKind.OTHER, b"3"),
)

MESSAGES: tuple[tuple[MessageKind, bytes], ...] = (
    *_WHOLE,
    *map(_document, _DOCUMENTS),
    *map(_url, _URLS),
    *map(_member, _TEXTS),
)
