# SPDX-License-Identifier: Apache-2.0
"""From an ``aws_fota.yaml`` to a checked :class:`Description`."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_fota import __version__, cache, resources
from aws_fota.config.limits import Settings
from aws_fota.jobdoc.model import Description, Foreign, Options
from aws_fota.yamlfile.file_content import content

if TYPE_CHECKING:
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
    path = resources.default_description() if path is None else path
    settings = settings or Settings()
    data = content(path)
    kept = _place_in_cache(path, data, settings)
    if kept and (description := _kept(kept)):
        return description
    from aws_fota.yamlfile import source as yaml_source

    description = check(yaml_source.parse(path, data), settings)
    if kept:
        cache.keep(kept, pickle.dumps(description))
    return description


def _place_in_cache(path: Path, data: bytes, settings: Settings) -> Path | None:
    """Where the description of the same text is kept if the same rules let it through before.

    PyYAML and the rules take a third of a whole generation that changes nothing.
    """
    folder = cache.private_folder("checked")
    if folder is None:
        return None
    digest = hashlib.sha256(repr((__version__, str(path), settings)).encode())
    package = Path(__file__).parents[1]
    rules = [file for name in ("jobdoc", "yamlfile") for file in sorted((package / name).glob("*.py"))]
    for part in (data, *(file.read_bytes() for file in (resources.schemas() / SCHEMA, *rules))):
        digest.update(hashlib.sha256(part).digest())
    return folder / digest.hexdigest()


def _kept(path: Path) -> Description | None:
    # Whatever is wrong with a file that anybody could have damaged: the description is checked again.
    with contextlib.suppress(Exception):
        description = pickle.loads(path.read_bytes())
        if isinstance(description, Description):
            return description
    return None


def check(source: YamlSource, settings: Settings) -> Description:
    """The description that a YAML file holds; raises as :func:`load` does."""
    # Not at the top: a description that was checked before needs none of them.
    from aws_fota.jobdoc import description_rules
    from aws_fota.jobdoc.field_rules import read_field
    from aws_fota.yamlfile import schema
    from aws_fota.yamlfile.findings import Findings

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
