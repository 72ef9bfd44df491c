# SPDX-License-Identifier: Apache-2.0
"""``aws-fota check``: what it reads, prints, writes and refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from aws_fota import resources
from aws_fota.check.report_text import COLUMNS
from aws_fota.cli import run

#: What matters here of the .config that a sample of the nRF Connect SDK 2.9 gets, with its defaults.
SDK = """\
CONFIG_BOARD="nrf9160dk"
CONFIG_AWS_FOTA=y
CONFIG_AWS_FOTA_PAYLOAD_SIZE=1350
CONFIG_AWS_FOTA_DOWNLOAD_SECURITY_TAG=-1
CONFIG_AWS_IOT=y
CONFIG_AWS_IOT_CLIENT_ID_STATIC="my-thing"
CONFIG_AWS_IOT_CLIENT_ID_MAX_LEN=40
CONFIG_CLIENT_ID_MAX_LEN=64
CONFIG_UPDATE_JOB_PAYLOAD_LEN=1350
CONFIG_DOWNLOAD_CLIENT=y
CONFIG_DOWNLOAD_CLIENT_BUF_SIZE=2048
CONFIG_DOWNLOAD_CLIENT_HTTP_FRAG_SIZE=2048
CONFIG_DOWNLOAD_CLIENT_STACK_SIZE=1280
CONFIG_DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE=255
CONFIG_DOWNLOAD_CLIENT_MAX_FILENAME_SIZE=255
CONFIG_MQTT_HELPER=y
CONFIG_MQTT_HELPER_RX_TX_BUFFER_SIZE=256
CONFIG_MQTT_HELPER_PAYLOAD_BUFFER_LEN=4096
"""
LONG = ["--url-length", "1700", "--host", "abc.s3.eu-west-1.amazonaws.com"]
PLACEHOLDER = "${aws:iot:s3-presigned-url:https://s3.eu-west-1.amazonaws.com/abc/fw.bin}"
JOB: dict[str, Any] = {
    "operation": "app_fw_update",
    "fwversion": "v1.0.2",
    "size": 181124,
    "location": {"url": PLACEHOLDER},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sdk.config").write_text(SDK, encoding="utf-8")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int) -> tuple[str, str]:
    assert run(["check", *arguments]) == code
    captured = capsys.readouterr()
    return captured.out, captured.err


def report(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int) -> dict[str, Any]:
    """The JSON report, held against its schema."""
    from pykwalify.core import Core

    found: dict[str, Any] = json.loads(told(capsys, [*arguments, "--format", "json"], code)[0])
    schema = yaml.safe_load((resources.schemas() / "check_report.schema.yaml").read_bytes())
    Core(source_data=found, schema_data=schema).validate()
    return found


def states(found: dict[str, Any]) -> dict[str, str]:
    return {rule["id"]: rule["state"] for rule in found["rules"]}


def written(name: str, document: Any) -> str:
    text = document if isinstance(document, str) else json.dumps(document, indent=2)
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_the_sdk_with_a_long_url(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, ["--config", "sdk.config", *LONG], 1)
    failing = {rule["id"]: rule["lines"] for rule in found["rules"] if rule["state"] == "fails"}
    assert failing == {
        "payload-in-tree": ["CONFIG_AWS_FOTA_PAYLOAD_SIZE=2167"],
        "client-path": ["CONFIG_DOWNLOAD_CLIENT_MAX_FILENAME_SIZE=1662"],
        "security-tag": [],
    }
    (payload,) = [rule for rule in found["rules"] if rule["id"] == "payload-in-tree"]
    assert payload["have"] == {"low": 1350, "high": 1350, "source": "sdk.config:3"}


def test_the_fix_mends_it(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--config", "sdk.config", *LONG, "--sec-tag", "42"]
    out, _ = told(capsys, [*arguments, "--fix", "fix.conf"], 1)
    assert out.splitlines()[0] == "fix.conf: 4 lines; 3 rules fail without it, 0 with it"
    assert Path("fix.conf").read_text(encoding="utf-8").splitlines()[2:] == [
        "CONFIG_AWS_FOTA_DOWNLOAD_SECURITY_TAG=42",
        "CONFIG_AWS_FOTA_PAYLOAD_SIZE=2167",
        "CONFIG_DOWNLOAD_CLIENT_MAX_FILENAME_SIZE=1662",
        "CONFIG_DOWNLOAD_CLIENT_STACK_SIZE=2687",
    ]
    again = report(capsys, [*arguments, "--overlay", "fix.conf"], 0)
    assert "fails" not in states(again).values()
    told(capsys, [*arguments, "--overlay", "fix.conf", "--fix", "nothing.conf"], 0)
    assert report(capsys, [*arguments, "--overlay", "fix.conf", "--overlay", "nothing.conf"], 0)["rules"]


def test_the_text_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    written("job.json", JOB)
    out, _ = told(capsys, ["--config", "sdk.config", "--job", "job.json", "--thing", "t" * 100], 1)
    assert max(len(line) for line in out.splitlines()) <= COLUMNS
    assert "FAILS payload-in-tree" in out
    assert "write  CONFIG_AWS_FOTA_PAYLOAD_SIZE=" in out
    assert "sdk.config:3" in out
    assert re.search(r"^\d+ rules: \d+ hold, \d+ fail, \d+ cannot be known$", out.splitlines()[-1])


def test_built_in_limits_hold(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, [], 0)
    assert found["library"] == "AWS_FOTA_CODEGEN"
    assert set(states(found).values()) == {"holds", "cannot be known"}


def test_a_fragment_is_judged_with_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    lines = "CONFIG_AWS_IOT=y\nCONFIG_FOTA_DOWNLOAD=y\nCONFIG_AWS_FOTA_HOSTNAME_MAX_LEN=200\n"
    written("prj.conf", lines)
    found = report(capsys, ["--config", "prj.conf", *LONG, "--board", "nrf9161dk/nrf9161/ns"], 1)
    assert not found["complete"]
    assert found["library"] == "AWS_FOTA"
    judged = {rule["id"]: rule for rule in found["rules"]}
    assert judged["client-path"]["state"] == "fails"
    assert "default in" in judged["client-path"]["have"]["source"]
    assert judged["dropped-options"]["state"] == "fails"
    assert "CONFIG_DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE=200" in judged["dropped-options"]["change"]
    assert judged["mqtt-modem"]["state"] == "fails"


def test_the_worst_message_is_one_that_the_service_could_send(capsys: pytest.CaptureFixture[str]) -> None:
    written("job.json", {"operation": "o", "location": {"url": "https://h/p"}})
    arguments = ["--config", "sdk.config", "--job", "job.json", "--thing", "t" * 20, "--job-id-length", "36"]
    found = report(capsys, arguments, 1)
    message = {
        "clientToken": "",
        "timestamp": 1_700_000_000,
        "execution": {
            "jobId": "j" * 36,
            "thingName": "t" * 20,
            "status": "IN_PROGRESS",
            "statusDetails": {},
            "queuedAt": 1_700_000_000,
            "startedAt": 1_700_000_000,
            "lastUpdatedAt": 1_700_000_000,
            "versionNumber": 2**32 - 1,
            "executionNumber": 2**32 - 1,
            "approximateSecondsBeforeTimedOut": 10_080 * 60,
            "jobDocument": None,
        },
    }
    around = len(json.dumps(message, separators=(",", ":"))) - len("null")
    (payload,) = [rule for rule in found["rules"] if rule["id"] == "payload-in-tree"]
    assert payload["need"]["low"] == around + Path("job.json").stat().st_size + 1


def test_a_build_folder_tells_slot_and_image(capsys: pytest.CaptureFixture[str]) -> None:
    zephyr = Path("build/zephyr")
    zephyr.mkdir(parents=True)
    (zephyr / ".config").write_text('CONFIG_BOARD="b"\nCONFIG_AWS_FOTA_CODEGEN=y\n', encoding="utf-8")
    (zephyr / "zephyr.dts").write_text(
        '\tslot1_partition: partition@75000 {\n\t\tlabel = "image-1";\n\t\treg = < 0x75000 0x1000 >;\n\t};\n',
        encoding="utf-8",
    )
    (zephyr / "zephyr.signed.bin").write_bytes(bytes(0x1000 - 40))
    assert states(report(capsys, ["-d", "build"], 0))["slot"] == "holds"
    (zephyr / "zephyr.signed.bin").write_bytes(bytes(0x1000 - 39))
    (rule,) = [one for one in report(capsys, ["-d", "build"], 1)["rules"] if one["id"] == "slot"]
    assert (rule["state"], rule["have"]["low"]) == ("fails", 0x1000 - 40)
    generated = zephyr / "include" / "generated"
    generated.mkdir(parents=True)
    (generated / "pm_config.h").write_text("#define PM_MCUBOOT_SECONDARY_SIZE 0x2000\n", encoding="utf-8")
    assert states(report(capsys, ["-d", "build"], 0))["slot"] == "holds"


DEVICETREE = """/ {
	flash: flash@0 {
		SECTOR
		reg = < 0x0 0x100000 >;
		partitions {
			slot0_partition: partition@c000 {
				reg = < 0xc000 0x1000 >;
			};
			slot1_partition: partition@75000 {
				reg = < 0x75000 0x1000 >;
			};
		};
	};
	other: flash@1 {
		erase-block-size = < 0x10 >;
	};
};
"""


def test_a_swap_by_offset_takes_the_first_sector_of_the_slot(capsys: pytest.CaptureFixture[str]) -> None:
    zephyr = Path("build/zephyr")
    zephyr.mkdir(parents=True)
    mode = "CONFIG_MCUBOOT_BOOTLOADER_MODE_SWAP_USING_OFFSET=y"
    (zephyr / ".config").write_text(f'CONFIG_BOARD="b"\nCONFIG_AWS_FOTA_CODEGEN=y\n{mode}\n', encoding="utf-8")
    (zephyr / "zephyr.dts").write_text(DEVICETREE.replace("SECTOR", "erase-block-size = < 0x400 >;"), encoding="utf-8")
    (zephyr / "zephyr.signed.bin").write_bytes(bytes(0x1000 - 2 * 0x400))
    assert states(report(capsys, ["-d", "build"], 0))["slot"] == "holds"
    (zephyr / "zephyr.signed.bin").write_bytes(bytes(0x1000 - 2 * 0x400 + 1))
    (rule,) = [one for one in report(capsys, ["-d", "build"], 1)["rules"] if one["id"] == "slot"]
    assert (rule["state"], rule["have"]["low"]) == ("fails", 0x1000 - 2 * 0x400)
    # 128 sectors of three states that take 8 bytes each are 3072, and so four sectors with the trailer.
    tree = DEVICETREE.replace("SECTOR", "erase-block-size = < 0x400 >; write-block-size = < 0x8 >;")
    (zephyr / "zephyr.dts").write_text(tree.replace("0x1000 >", "0x8000 >"), encoding="utf-8")
    (rule,) = [one for one in report(capsys, ["-d", "build"], 0)["rules"] if one["id"] == "slot"]
    assert rule["have"]["low"] == 0x8000 - 4 * 0x400 - 0x400
    (zephyr / "zephyr.dts").write_text(DEVICETREE.replace("SECTOR", ""), encoding="utf-8")
    (rule,) = [one for one in report(capsys, ["-d", "build"], 0)["rules"] if one["id"] == "slot"]
    assert (rule["state"], rule["missing"]) == (
        "cannot be known",
        "the erase-block-size of the slot's flash in the devicetree",
    )


def test_a_job_document_that_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    written("job.json", JOB)
    found = report(capsys, ["--job", "job.json", "--token-length", "700"], 1)
    (job,) = found["jobs"]
    assert (job["result"], job["field"], job["offset"], job["note"]) == ("OK", None, None, None)
    assert job["judges"] == ["oracle", "C parser"]
    assert job["fields"]["version"] == '"v1.0.2"'
    assert job["fields"]["url"].startswith("https://abc.s3.eu-west-1.amazonaws.com/fw.bin?... (")
    (rule,) = [one for one in found["rules"] if one["id"] == "path"]
    # "/fw.bin?", the query of 1084 - 43 measured characters at most, and what the worst token adds.
    assert 1084 - 43 + 8 <= rule["need"]["low"] <= 1200
    assert rule["state"] == "holds"


@pytest.mark.parametrize(
    ("document", "result", "field", "marked"),
    [
        ('{"operation": "app_fw_update",\n "size": ¦x}', "SYNTAX", "the document", "x"),
        ('{"operation": "app_fw_update"', "TRUNCATED", "the document", ""),
        ('{} ¦{"jobId": "x"}', "SYNTAX", "the document", "{"),
        ('¦["no object"]', "WRONG_TYPE", "the document", "["),
        (JOB | {"size": "MARK"}, "WRONG_TYPE", "size", '"'),
        (JOB | {"location": {"url": f"MARKftp://{PLACEHOLDER}"}}, "WRONG_VALUE", "location.url", "f"),
    ],
)
def test_a_job_document_that_is_wrong(
    capsys: pytest.CaptureFixture[str], document: Any, result: str, field: str, marked: str
) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    text = text.replace('"MARK"', '¦"MARK"').replace("MARKftp", "¦ftp")
    offset = text.find("¦")
    written("job.json", text.replace("¦", ""))
    job = report(capsys, ["--job", "job.json"], 1)["jobs"][0]
    assert (job["result"], job["field"]) == (result, field)
    assert job["judges"] == ["oracle", "C parser"]
    assert job["offset"] == (offset if offset >= 0 else len(text))
    lines = told(capsys, ["--job", "job.json"], 1)[0].splitlines()
    (under,) = [number for number, line in enumerate(lines) if line.strip() == "^"]
    assert lines[under - 1][lines[under].index("^") :].startswith(marked)


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("https://my.bucket.s3.eu-west-1.amazonaws.com/fw.bin", "fails"),
        ("https://my.bucket.s3-accelerate.amazonaws.com:443/fw.bin", "fails"),
        ("${aws:iot:s3-presigned-url:https://s3.eu-west-1.amazonaws.com/my.bucket/fw.bin}", "fails"),
        ("https://my-bucket.s3.dualstack.eu-west-1.amazonaws.com/fw.bin", "holds"),
        ("https://s3.eu-west-1.amazonaws.com/my.bucket/fw.bin", None),
        ("http://my.bucket.s3.eu-west-1.amazonaws.com/fw.bin", None),
        ("https://downloads.s3.example.com/fw.bin", None),
    ],
)
def test_dots_in_the_bucket_of_a_job_document(capsys: pytest.CaptureFixture[str], url: str, state: str | None) -> None:
    written("job.json", JOB | {"location": {"url": url}})
    # Over TLS the built-in limits lack a security tag.
    found = report(capsys, ["--job", "job.json", "--token-length", "700"], 0 if url.startswith("http:") else 1)
    assert states(found).get("bucket-dots") == state


def test_a_missing_field_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    written("job.json", {key: value for key, value in JOB.items() if key != "size"})
    job = report(capsys, ["--job", "job.json"], 1)["jobs"][0]
    assert (job["result"], job["field"], job["offset"]) == ("MISSING", "size", None)
    assert "size is missing" in told(capsys, ["--job", "job.json"], 1)[0]


def test_a_placeholder_that_gets_too_long_is_pointed_at(capsys: pytest.CaptureFixture[str]) -> None:
    written("small.config", "CONFIG_AWS_FOTA_CODEGEN=y\nCONFIG_AWS_FOTA_FILE_PATH_MAX_LEN=300\n")
    text = json.dumps(JOB)
    written("job.json", text)
    found = report(capsys, ["--config", "small.config", "--job", "job.json"], 1)
    job = found["jobs"][0]
    assert (job["result"], job["offset"]) == ("TOO_LONG", text.index("${"))
    assert states(found)["path"] == "fails"


def test_an_operation_that_is_not_ours_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    written("job.json", JOB | {"operation": "reboot"})
    job = report(capsys, ["--job", "job.json"], 1)["jobs"][0]
    assert job["operation"] == 'operation "reboot" is not one of app_fw_update: the device rejects the job'


def test_a_literal_query_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    written("job.json", '{"location": {"url": "https://h/p?X-Amz-Signature=secret"}, "size": x}')
    out, err = told(capsys, ["--job", "job.json"], 1)
    assert "://h/p?***" in out
    assert "secret" not in out + err


def test_without_a_compiler_only_the_oracle_judges(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written("job.json", JOB)
    monkeypatch.setenv("CC", "no-such-compiler")
    job = report(capsys, ["--job", "job.json"], 1)["jobs"][0]
    assert job["judges"] == ["oracle"]
    assert job["note"].startswith("only the oracle judged: no C compiler")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "none.config"], "none.config: cannot be read"),
        (["--config", "empty.config"], "empty.config:1: is empty"),
        (["--config", "binary.config"], "is a binary file"),
        (["--config", "."], "cannot be read"),
        (["--config", "other.config"], "builds no AWS FOTA library"),
        (["--config", "both.config"], "are both y"),
        (["--config", "sdk.config", "--overlay", "none.conf"], "none.conf: cannot be read"),
        (["-d", "nowhere"], "nowhere: is not a folder"),
        (["--job", "none.json"], "none.json: cannot be read"),
        (["--description", "none.yaml"], "none.yaml"),
        (["--thing", "a b"], "--thing: 'a b' is not allowed"),
        (["--thing-length", "129"], "--thing-length: 129 is out of range"),
        (["--thing", "a", "--thing-length", "3"], "give one of the two"),
        (["--bucket", "UPPER"], "--bucket: 'UPPER' is not allowed"),
        (["--key", ""], "--key: has not 1 to 1024 bytes"),
        (["--signing", "none", "--token-length", "9"], "--token-length"),
        (["--config", "sdk.config", "--sdk", "new"], "--sdk: 'new' is no version"),
        (["--config", "sdk.config", "--fix", "sdk.config"], "is read by this check"),
        (["--elf", "sdk.config"], "sdk.config: is no ELF file"),
        (["--elf", "none.elf"], "none.elf: cannot be read"),
        (["--elf", "cut.elf"], "cut.elf: is a damaged ELF file"),
    ],
)
def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    written("empty.config", "")
    Path("binary.config").write_bytes(b"CONFIG_X=1\n\0\0")
    Path("cut.elf").write_bytes(b"\x7fELF\2\1\1" + bytes(20))
    written("other.config", 'CONFIG_BOARD="b"\n')
    written("both.config", "CONFIG_AWS_FOTA=y\nCONFIG_AWS_FOTA_CODEGEN=y\n")
    out, err = told(capsys, arguments, 2)
    assert not out
    assert len(err.splitlines()) == 1
    assert words in err


@pytest.mark.parametrize("arguments", [["--signing", "magic"], ["--image-size", "-1"], ["--url-length", "x"]])
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert "error: argument" in told(capsys, arguments, 2)[1]


def test_a_fix_that_cannot_be_written(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "file").write_text("", encoding="utf-8")
    _, err = told(capsys, ["--fix", "file/fix.conf"], 2)
    assert "cannot be written" in err


def test_what_a_build_calls_is_light() -> None:
    """Neither Jinja nor cffi, pyelftools, pykwalify or argparse come with the rules."""
    code = (
        "import sys; from aws_fota.check import judge; from aws_fota.check.load import Sources, load;"
        "from aws_fota.check.deployment import Deployment;"
        "from pathlib import Path; assert judge(load(Sources(Path('sdk.config')), Deployment())).verdicts;"
        "heavy = {'jinja2', 'cffi', 'elftools', 'pykwalify', 'argparse', 'yaml'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
