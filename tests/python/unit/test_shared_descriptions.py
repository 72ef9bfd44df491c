# SPDX-License-Identifier: Apache-2.0
"""The descriptions that other tests share are what an aws_fota.yaml could say, and the first is the default one."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from aws_fota.config.limits import Settings
from aws_fota.jobdoc.load import load
from aws_fota.jobdoc.model import Description, Field, FieldType
from descriptions import CASES, DEFAULT, DESCRIPTIONS, FORTY


def _entry(field: Field) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": list(field.path), "type": field.type.value, "to": field.destination}
    if field.required:
        entry["required"] = True
    if field.type in (FieldType.U32, FieldType.I32, FieldType.U64):
        entry.update(min=field.minimum, max=field.maximum)
    if field.type is FieldType.STRING:
        entry.update(max=field.max_length, control_characters=field.control_characters)
    if field.type is FieldType.HEX:
        entry["bytes"] = field.size
    if field.type is FieldType.ENUM:
        entry["values"] = list(field.values)
    return entry


def _without_lines(description: Description) -> Description:
    fields = tuple(dataclasses.replace(field, line=0) for field in description.fields)
    return dataclasses.replace(description, fields=fields)


@pytest.mark.parametrize("name", CASES)
def test_a_yaml_file_can_say_each_of_them(name: str, tmp_path: Path) -> None:
    description, settings = CASES[name]
    path = tmp_path / description.source
    document = {
        "version": 1,
        "operations": list(description.operations),
        "foreign": description.foreign.value,
        "fields": [_entry(field) for field in description.fields],
    }
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    assert _without_lines(load(path, settings)) == description


def test_the_default_is_the_one_that_comes_with_the_package() -> None:
    assert _without_lines(load()) == DEFAULT


def test_forty_has_forty_fields_of_all_types_and_elements_of_arrays() -> None:
    assert len(FORTY.fields) == 40
    assert {field.type for field in FORTY.fields} == set(FieldType)
    assert any(isinstance(step, int) for field in FORTY.fields for step in field.path[:-1])
    assert any(isinstance(field.path[-1], int) for field in FORTY.fields)


def test_each_description_is_in_a_case_and_some_settings_are_the_defaults() -> None:
    described = [description for description, _ in CASES.values()]
    assert all(description in described for description in DESCRIPTIONS.values())
    assert Settings() in [settings for _, settings in CASES.values()]
