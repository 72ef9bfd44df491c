# SPDX-License-Identifier: Apache-2.0
"""``aws-fota check --elf``: the limits that are really linked, and builds that are stale."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aws_fota import resources
from aws_fota.check import linked
from aws_fota.cli import run
from aws_fota.config.limits import Settings
from linked_core import compiled

#: Buffers with the names and sizes that the nRF Connect SDK 2.9's libraries have with their defaults.
AWS_FOTA = """\
static unsigned char payload_buf[1350], hostname[255], file_path[255], notify_next_topic[149];
void *aws_fota_buffers[] = {payload_buf, hostname, file_path, notify_next_topic};
"""
MQTT_HELPER = """\
static char rx_buffer[256], payload_buf[4096];
void *helper_buffers[] = {rx_buffer, payload_buf};
"""
CONFIG = """\
CONFIG_BOARD="nrf9160dk"
CONFIG_AWS_FOTA=y
CONFIG_MQTT_HELPER=y
CONFIG_AWS_FOTA_PAYLOAD_SIZE=1350
CONFIG_CLIENT_ID_MAX_LEN=64
CONFIG_DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE=255
CONFIG_DOWNLOAD_CLIENT_MAX_FILENAME_SIZE=255
CONFIG_MQTT_HELPER_RX_TX_BUFFER_SIZE=256
CONFIG_MQTT_HELPER_PAYLOAD_BUFFER_LEN=4096
"""


def judged(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int) -> dict[str, Any]:
    assert run(["check", *arguments, "--format", "json"]) == code
    return {rule["id"]: rule for rule in json.loads(capsys.readouterr().out)["rules"]}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("image"), settings=Settings(hostname_max_len=99, file_path_max_len=500))


@pytest.fixture
def in_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("aws_fota.c").write_text(AWS_FOTA, encoding="utf-8")
    Path("mqtt_helper.c").write_text(MQTT_HELPER, encoding="utf-8")
    Path("start.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
    subprocess.run(["gcc", "aws_fota.c", "mqtt_helper.c", "start.c", "-o", "zephyr.elf"], check=True)
    Path("sdk.config").write_text(CONFIG, encoding="utf-8")
    return Path("zephyr.elf")


def test_our_limits_come_from_debug_information(ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / ".config"
    config.write_text(
        "CONFIG_AWS_FOTA_CODEGEN=y\nCONFIG_AWS_FOTA_HOSTNAME_MAX_LEN=99\nCONFIG_AWS_FOTA_FILE_PATH_MAX_LEN=500\n"
    )
    fits = ["--config", str(config), "--elf", str(ours), "--scheme", "http", "--host", "h" * 99, "--key", "k" * 499]
    rules = judged(capsys, fits, 0)
    assert rules["host"]["have"] == {
        "low": 99,
        "high": 99,
        "source": f"host of struct aws_fota_url in {ours}",
    }
    assert rules["path"]["have"]["low"] == 500
    assert rules["stale-build"]["state"] == "holds"


def test_a_stale_build_is_told(ours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = judged(capsys, ["--elf", str(ours)], 1)["stale-build"]
    assert rule["need"]["low"] == 2
    assert "CONFIG_AWS_FOTA_FILE_PATH_MAX_LEN is 2047 (default) and 500 linked" in rule["need"]["source"]
    assert "build again" in rule["change"]


def test_the_in_tree_library_s_limits_come_from_symbols(in_tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--config", "sdk.config", "--elf", "zephyr.elf", "--thing-length", "59"]
    rules = judged(capsys, arguments, 0)
    assert rules["payload-in-tree"]["have"]["source"] == "payload_buf of aws_fota.c in zephyr.elf"
    assert rules["mqtt-helper-payload"]["have"]["low"] == 4096
    assert rules["topic-in-tree"]["have"]["low"] == 149
    assert rules["stale-build"]["state"] == "holds"


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("AWS_FOTA_PAYLOAD_SIZE=1350", "AWS_FOTA_PAYLOAD_SIZE=1351"),
        ("FILENAME_SIZE=255", "FILENAME_SIZE=2048"),
        ("CLIENT_ID_MAX_LEN=64", "CLIENT_ID_MAX_LEN=65"),
        ("RX_TX_BUFFER_SIZE=256", "RX_TX_BUFFER_SIZE=255"),
    ],
)
def test_each_linked_limit_can_be_stale(
    in_tree: Path, capsys: pytest.CaptureFixture[str], line: str, other: str
) -> None:
    assert line in CONFIG
    Path("sdk.config").write_text(CONFIG.replace(line, other), encoding="utf-8")
    rule = judged(capsys, ["--config", "sdk.config", "--elf", "zephyr.elf"], 1)["stale-build"]
    assert rule["need"]["low"] == 1
    assert other.split("=")[1] in rule["need"]["source"]


def test_an_image_of_another_application_is_refused(
    in_tree: Path, ours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (["--config", "sdk.config", "--elf", str(ours)], ["--elf", "start.elf"]):
        subprocess.run(["gcc", "start.c", "-o", "start.elf"], check=True)
        assert run(["check", *arguments]) == 2
        out, err = capsys.readouterr()
        assert not out
        assert "has no symbol of the library" in err
        assert len(err.splitlines()) == 1


@pytest.mark.parametrize(("architecture", "code"), [("arm", 2), ("riscv", 2), ("x86", 0), ("posix", 0), ("new", 0)])
def test_an_image_of_another_architecture_is_refused(
    in_tree: Path, capsys: pytest.CaptureFixture[str], architecture: str, code: int
) -> None:
    path = Path("sdk.config")
    path.write_text(f'{CONFIG}CONFIG_ARCH="{architecture}"\n', encoding="utf-8")
    got = run(["check", "--config", "sdk.config", "--elf", "zephyr.elf"])
    out, err = capsys.readouterr()
    if code:
        assert (got, out, len(err.splitlines())) == (2, "", 1)
        assert f"zephyr.elf: is for X86_64, and the configuration for '{architecture}'" in err
    else:
        assert got in (0, 1) and "architecture" not in err


def test_a_description_that_changed_since_is_told(
    ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / ".config"
    config.write_text(
        "CONFIG_AWS_FOTA_CODEGEN=y\nCONFIG_AWS_FOTA_HOSTNAME_MAX_LEN=99\nCONFIG_AWS_FOTA_FILE_PATH_MAX_LEN=500\n"
    )
    text = resources.default_description().read_text(encoding="utf-8")
    description = tmp_path / "aws_fota.yaml"
    description.write_text(text, encoding="utf-8")
    arguments = ["--config", str(config), "--elf", str(ours), "--description", str(description)]
    assert judged(capsys, arguments, 0)["stale-build"]["state"] == "holds"
    description.write_text(text.replace("max: 32", "max: 31", 1), encoding="utf-8")
    rule = judged(capsys, arguments, 1)["stale-build"]
    assert "operation of aws_fota.yaml takes 32 elements and 33 are linked" in rule["need"]["source"]
    extra = "  - path: extra\n    type: bool\n    to: extra\n\noptions:"
    description.write_text(text.replace("options:", extra), encoding="utf-8")
    rule = judged(capsys, arguments, 1)["stale-build"]
    assert "extra of aws_fota.yaml takes 1 elements and 0 are linked" in rule["need"]["source"]


def test_a_buffer_can_be_named(in_tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--config", "sdk.config", "--elf", "zephyr.elf", "--rx-buffer", "rx_buffer", "--thing-length", "59"]
    rule = judged(capsys, arguments, 0)["mqtt-rx"]
    assert (rule["state"], rule["have"]["low"]) == ("holds", 256)
    for name, words in (("none", "no variable"), ("payload_buf", "several variables"), ("main", "no variable")):
        assert run(["check", "--config", "sdk.config", "--elf", "zephyr.elf", "--rx-buffer", name]) == 2
        assert words in capsys.readouterr().err
    assert run(["check", "--config", "sdk.config", "--rx-buffer", "rx_buffer"]) == 2
    assert "--rx-buffer: 'rx_buffer' is no number of bytes" in capsys.readouterr().err


def test_a_damaged_image_is_refused_in_one_line(ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image, chance = ours.read_bytes(), random.Random(7)
    damaged = tmp_path / "damaged.elf"
    seen = set()
    for _ in range(60):
        content = bytearray(image)
        for _ in range(chance.choice((1, 5, 20))):
            where = chance.choice((chance.randrange(64), len(image) - 1 - chance.randrange(3000)))
            content[chance.choice((where, chance.randrange(len(image))))] = chance.choice(
                (0, 255, chance.randrange(256))
            )
        damaged.write_bytes(content)
        for command in (["size", str(damaged)], ["check", "--elf", str(damaged), "--scheme", "http"]):
            code = run(command)
            err = capsys.readouterr().err
            seen.add(code)
            assert code in (0, 1, 2), err
            assert len(err.splitlines()) == (code == 2), err
    assert {0, 2} <= seen or {1, 2} <= seen


def test_debug_information_that_goes_round_is_refused() -> None:
    class Entry:
        offset = 5

        def iter_children(self) -> Iterator[Entry]:
            return itertools.repeat(self)

    with pytest.raises(ValueError, match="circle"):
        list(linked._children(Entry()))
