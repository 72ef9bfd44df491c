# SPDX-License-Identifier: Apache-2.0
"""From a checked model to the bytes of the module. Nothing is written here."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from aws_fota import __version__, resources
from aws_fota.codegen import enum_names, environment
from aws_fota.codegen.assembly import CONTRIBUTORS, OUTPUTS, Output
from aws_fota.codegen.model import Model
from aws_fota.codegen.result import GenerationResult


def generate(model: Model) -> GenerationResult:
    """Render every file of the module for `model`; the same model gives the same bytes.

    Raises:
        InputError, ErrorList: the names of an enum of the description meet names of the module.
    """
    loader = environment.RecordingLoader(resources.templates())
    jinja = environment.environment(loader)
    variables = _variables(model)

    def render(output: Output) -> bytes:
        return jinja.get_template(output.template).render(variables, title=output.title).encode("utf-8")

    files = {output.path: render(output) for output in OUTPUTS if output.belongs_to(model)}
    # Headers that the nRF Connect SDK brings along have the names of ours.
    elsewhere = (output for output in OUTPUTS if output.path not in files and output.path.startswith("include/"))
    enum_names.refuse_taken(model.description, files, lambda: [render(output) for output in elsewhere])
    return GenerationResult(MappingProxyType(dict(sorted(files.items()))), tuple(sorted(loader.loaded)))


def _variables(model: Model) -> dict[str, Any]:
    description = model.description
    variables: dict[str, Any] = {
        "fields": description.fields,
        "foreign": description.foreign,
        "fota_download": model.fota_download,
        "generator_version": __version__,
        "operations": description.operations,
        "options": description.options,
        "settings": model.settings,
        "source": description.source,
        "zephyr": model.zephyr,
    }
    for contribute in CONTRIBUTORS:
        contributed = contribute(model)
        twice = variables.keys() & contributed.keys()
        if twice:
            raise ValueError(f"template variables are contributed twice: {', '.join(sorted(twice))}")
        variables.update(contributed)
    return variables
