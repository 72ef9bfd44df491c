# SPDX-License-Identifier: Apache-2.0
"""From an ``aws_fota.yaml`` to a checked :class:`Description`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_fota import resources
from aws_fota.config.limits import Settings
from aws_fota.jobdoc import description_rules
from aws_fota.jobdoc.field_rules import read_field
from aws_fota.jobdoc.model import Description, Foreign, Options
from aws_fota.yamlfile import schema
from aws_fota.yamlfile import source as yaml_source
from aws_fota.yamlfile.findings import Findings
from aws_fota.yamlfile.source import YamlSource

#: The schema, in the folder of schemas.
SCHEMA = "aws_fota.schema.yaml"


def load(path: Path | None = None, settings: Settings | None = None) -> Description:
    """Read a description and check it whole.

    Args:
        path: the file; None for the one that comes with this package.
        settings: the limits of the build, which bound how deep a path can go; None for the defaults.

    Raises:
        InputError, ErrorList: every mistake that was found, each with file, line, key, rule and the way out.
    """
    source = yaml_source.read(resources.default_description() if path is None else path)
    return check(source, settings or Settings())


def check(source: YamlSource, settings: Settings) -> Description:
    """The description that a YAML file holds; raises as :func:`load` does."""
    findings = Findings(source)
    findings.errors.extend(schema.violations(source, SCHEMA))
    sound = not findings.errors
    fields = [
        (index, field) for index in _readable(source, findings) if (field := read_field(index, findings)) is not None
    ]
    description_rules.check_fields(fields, findings)
    description_rules.check_depth(fields, settings.json_depth, findings)
    if sound:
        description_rules.check_operations(source.data["operations"], fields, findings)
    if sound and len(fields) == len(source.data["fields"]):
        description_rules.check_complete(fields, findings)
    findings.raise_any()
    return Description(
        operations=tuple(source.data["operations"]),
        foreign=Foreign(source.data.get("foreign", Foreign.REJECT.value)),
        fields=tuple(field for _, field in fields),
        options=Options(**source.data.get("options", {})),
        source=source.path.name,
        path=str(source.path),
    )


def _readable(source: YamlSource, findings: Findings) -> list[int]:
    """The indices of the fields that keep the schema: those can be checked further although others break it."""
    entries: Any = source.data.get("fields") if isinstance(source.data, dict) else None
    if not isinstance(entries, list):
        return []
    broken = {error.field.split(".")[0] for error in findings.errors}
    return [index for index in range(len(entries)) if f"fields[{index}]" not in broken]
