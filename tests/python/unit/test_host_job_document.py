# SPDX-License-Identifier: Apache-2.0
"""Job documents made for a description: what the generated parser of that description accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aws_fota.config.limits import Settings
from aws_fota.host.job_document import Offer, job_document
from aws_fota.jobdoc.load import load
from aws_fota.jobdoc.model import Description
from aws_fota.oracle.outcome import MessageKind, ParseResult, Url
from aws_fota.oracle.parser import parse

OFFER = Offer("v1.2.3", 300, b"\xab" * 32, "http://127.0.0.1:8080/b/app.bin", "http://127.0.0.1:8080/b/app.bin?sig=1")

HEAD = """
version: 1
operations: [app_fw_update]
foreign: reject
fields:
"""


def _field(path: str, kind: str, to: str, **more: Any) -> str:
    rest = "".join(f", {name}: {json.dumps(value)}" for name, value in more.items())
    return f"  - {{path: {json.dumps(path)}, type: {kind}, to: {to}{rest}}}\n"


CORE = _field("op", "string", "operation", max=32, required=True) + _field("n", "u32", "size", min=1, required=True)
WHOLE = _field("at.url", "url", "url", required=True)
PARTS = "".join(
    _field(f"at.{name}", kind, "url", required=True)
    for name, kind in (("protocol", "scheme"), ("host", "host"), ("path", "path"))
)
EXTRAS = (
    _field("steps[1].name", "string", "name", max=8, required=True)
    + _field("steps[1].level", "i32", "level", min=-7, max=-3, required=True)
    + _field("force", "bool", "force", required=True)
    + _field("kind", "enum", "kind", values=["full", "delta"], required=True)
    + _field("mark", "hex", "mark", bytes=2, required=True)
    + _field("note", "string", "note", max=8)
)


def _described(tmp_path: Path, fields: str) -> Description:
    path = tmp_path / "aws_fota.yaml"
    path.write_text(HEAD + fields, encoding="utf-8")
    return load(path)


def _accepted(description: Description, document: dict[str, Any]) -> dict[str, Any]:
    """What the oracle reads of `document`."""
    execution = {"jobId": "j", "status": "QUEUED", "versionNumber": 1, "jobDocument": document}
    outcome = parse(description, Settings(), MessageKind.EXECUTION, json.dumps({"execution": execution}).encode())
    assert outcome.result is ParseResult.OK, (outcome, document)
    return dict(outcome.job)


def test_the_default_description_gets_every_field_and_a_whole_url() -> None:
    document = job_document(load(), OFFER)
    assert document == {
        "operation": "app_fw_update",
        "fwversion": "v1.2.3",
        "size": 300,
        "sha256": "ab" * 32,
        "location": {"url": "http://127.0.0.1:8080/b/app.bin?sig=1"},
    }
    _accepted(load(), document)


def test_the_parts_of_a_url_where_no_whole_one_is_described(tmp_path: Path) -> None:
    description = _described(tmp_path, CORE + PARTS)
    document = job_document(description, OFFER)
    assert document["at"] == {"protocol": "http", "host": "127.0.0.1:8080", "path": "/b/app.bin"}
    read = _accepted(description, document)
    assert read["url"] == Url(read["url"].scheme, "127.0.0.1", 8080, "/b/app.bin")


def test_whatever_else_is_required_gets_a_value_that_its_rule_allows(tmp_path: Path) -> None:
    description = _described(tmp_path, CORE + WHOLE + EXTRAS)
    document = job_document(description, OFFER)
    assert document["steps"] == [None, {"name": "", "level": -3}]
    assert (document["force"], document["kind"], document["mark"]) == (False, "full", "0000")
    assert "note" not in document
    assert "sha256" not in document
    _accepted(description, document)


@pytest.mark.parametrize("order", [WHOLE + PARTS, PARTS + WHOLE])
def test_a_whole_url_is_preferred(tmp_path: Path, order: str) -> None:
    description = _described(tmp_path, CORE + order)
    assert job_document(description, OFFER)["at"] == {"url": OFFER.signed_url}
