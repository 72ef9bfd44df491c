# SPDX-License-Identifier: Apache-2.0
"""One whole update made with the unmodified AWS CLI, as the README shows it: the commands are read from there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_fota.emulator.emulator_thread import EmulatorThread
from aws_fota.emulator.jobs_model import Status
from aws_fota.host.library import Core
from e2e.rig import JOB, THING, Images, Rig
from emulator.api_bench import ENVIRONMENT, ApiBench

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(name="tools")
def _tools(core: Core, images: Images, tmp_path: Path) -> Iterator[tuple[Rig, ApiBench]]:
    with EmulatorThread(api_port=0) as aws:
        made = Rig(aws, core, images, tmp_path)
        try:
            yield made, ApiBench(aws)
        finally:
            made.stop()


def shown() -> list[list[str]]:
    """The commands of the README's section, each as its words."""
    section = README.read_text(encoding="utf-8").partition("## Use the AWS CLI\n")[2].partition("\n## ")[0]
    block = section.partition("```console\n")[2].partition("```")[0].replace("\\\n", " ")
    return [shlex.split(line[2:], comments=True) for line in block.splitlines() if line.startswith("$ ")]


def test_the_readmes_update_with_the_aws_cli(tools: tuple[Rig, ApiBench], tmp_path: Path) -> None:
    rig, aws = tools
    (tmp_path / "app-1.1.0.bin").write_bytes(rig.images.new)
    document = rig.document(rig.images.new)
    document["location"]["url"] = re.sub(
        "https://.*(?=})", "https://s3.eu-west-1.amazonaws.com/fota/app-1.1.0.bin", document["location"]["url"]
    )
    (tmp_path / "job.json").write_text(json.dumps(document))
    commands = shown()
    exports = dict(word.split("=", 1) for command in commands if command[0] == "export" for word in command[1:])
    assert exports.pop("AWS_ENDPOINT_URL").startswith("http://127.0.0.1:")
    assert exports.items() <= ENVIRONMENT.items()
    rig.start()
    answers = {}
    for command in commands:
        if command[0] == "aws":
            if command[2] == "describe-job-execution":
                assert rig.settled().status is Status.SUCCEEDED
            answers[command[2]] = aws.command(*command[1:], folder=tmp_path)
    assert answers["create-job"]["jobId"] == JOB
    assert answers["create-thing"]["thingName"] == THING
    assert answers["describe-job-execution"]["execution"]["status"] == "SUCCEEDED"
    assert answers["describe-job-execution"]["execution"]["statusDetails"]["detailsMap"]["progress"] == "100"
    rig.assert_installed(rig.images.new)
    assert aws.cli("iot", "describe-job", "--job-id", JOB)["job"]["status"] == "COMPLETED"
