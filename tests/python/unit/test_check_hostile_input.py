# SPDX-License-Identifier: Apache-2.0
"""Input that ``check`` once took badly: each ends in a report or in one line, and nothing is overwritten."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from aws_fota.check import job_file
from aws_fota.check.debug_information import debug_information
from aws_fota.check.deployment import Deployment
from aws_fota.check.fragment import fragment
from aws_fota.check.linked import linked_limits
from aws_fota.check.verdict import Library
from aws_fota.cli import run
from aws_fota.size.elf_file import DAMAGED

LONG = ["--url-length", "1700", "--host", "abc.s3.eu-west-1.amazonaws.com"]
CONFIG = 'CONFIG_BOARD="x"\nCONFIG_AWS_FOTA=y\nCONFIG_AWS_FOTA_PAYLOAD_SIZE=1350\n'
LINKED = """\
struct aws_fota_url { int scheme; char host[256]; char path[2048]; };
struct aws_fota_job { char operation[33]; struct aws_fota_url url; };
struct aws_fota_job aws_fota_linked;
int main(void) { return aws_fota_linked.operation[0]; }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sdk.config").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--key", "\udcff", "--bucket", "abc"], "--key: is not UTF-8"),
        (["--key", "", "--bucket", "abc"], "--key: has not 1 to 1024 bytes"),
        (["--rx-buffer", "9" * 5000], "--rx-buffer: is out of range"),
        (["--image-size", "9" * 4000], "--image-size"),
        (["--sdk", "x"], "--sdk: 'x' is no version"),
        (["--sdk", "2.x"], "--sdk: '2.x' is no version"),
        (["--url-length", "20", "--host", "a-long-host.example"], "--url-length: 20 is too short"),
        (["--url-length", "27", "--host", "a-long-host.example"], "--url-length: 27 is too short"),
        (["--sec-tag", "2147483648"], "--sec-tag: 2147483648 is out of range"),
        (["--status-details", str(1 << 21)], "--status-details"),
    ],
)
def test_an_option_out_of_range_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(["check", *arguments]) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert words in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("name", ["sdk.config", "./sdk.config", "other", "build/zephyr/.config"])
def test_a_fix_replaces_no_file_but_a_fix(capsys: pytest.CaptureFixture[str], name: str, folder: Path) -> None:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(CONFIG, encoding="utf-8")
    build = ["-d", "build"] if name.startswith("build") else ["--config", str(folder / "sdk.config")]
    assert run(["check", *build, *LONG, "--fix", name]) == 2
    assert "[usage]" in capsys.readouterr().err
    assert target.read_text(encoding="utf-8") == CONFIG


@pytest.mark.parametrize("before", ["", fragment({"AWS_FOTA_PAYLOAD_SIZE": 9})])
def test_a_fix_is_written_again(before: str) -> None:
    Path("fix.conf").write_text(before, encoding="utf-8")
    assert run(["check", "--config", "sdk.config", *LONG, "--fix", "fix.conf"]) == 1
    assert "CONFIG_AWS_FOTA_PAYLOAD_SIZE=2" in Path("fix.conf").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("placeholder", "delivered"),
    [
        ("https://s3.eu-west-1.amazonaws.com/abc/\u00e9.bin", "https://abc.s3.eu-west-1.amazonaws.com/%C3%A9.bin?"),
        # The global endpoint: the host that is signed has the bucket, and perhaps the region.
        ("https://s3.amazonaws.com/abc/k", "https://abc.s3.ap-southeast-1.amazonaws.com/k?"),
        ("https://abc.s3.amazonaws.com/k", "https://abc.s3.amazonaws.com/k?"),
        ("https://s3.cn-north-1.amazonaws.com.cn/abc/k", "https://abc.s3.cn-north-1.amazonaws.com.cn/k?"),
        ("https://[x/b/k", "https://[x/b/k?"),
        ("https://s3.eu-west-1.amazonaws.com\u00bc/b/k", "https://s3.eu-west-1.amazonaws.com\u00bc/b/k?"),
        ("https://s3.eu-west-1.amazonaws.com/abc", "https://s3.eu-west-1.amazonaws.com/abc?"),
    ],
)
def test_a_placeholder_s_url(placeholder: str, delivered: str) -> None:
    Path("job.json").write_text(f'"${{aws:iot:s3-presigned-url:{placeholder}}}"', encoding="utf-8")
    file = job_file.read(Path("job.json"), Deployment())
    assert file.delivered.decode("utf-8").startswith(f'"{delivered}X-Amz-Algorithm=')


@pytest.mark.parametrize("host", [b"s3.x.amazonaws.com.cn", b"s3.eu-west-1.amazonaws.com", b"example.com"])
def test_a_placeholder_that_is_not_utf_8_is_left_to_the_parsers(
    capsys: pytest.CaptureFixture[str], host: bytes
) -> None:
    place = b"${aws:iot:s3-presigned-url:https://" + host + b"/b/\xff}"
    Path("job.json").write_bytes(b'{"operation":"' + place + b'"}')
    assert run(["check", "--job", "job.json"]) == 1
    assert "FAILS job.json: the document is not JSON (SYNTAX" in capsys.readouterr().out


@pytest.mark.parametrize(
    "start", [b"https://", b"?", b"\\u003f", b"${aws:iot:s3-presigned-url:https://a", b"https://a:"]
)
def test_many_starts_of_urls_are_searched_once(start: bytes) -> None:
    """A search that went back for each start took minutes for such a file, the largest that is read."""
    Path("job.json").write_bytes(b'"' + start * (job_file.SIZE_MAX // len(start) - 1))
    file = job_file.read(Path("job.json"), Deployment())
    assert file.delivered == file.stored
    assert job_file._hidden_queries(file.stored) == file.stored


@pytest.mark.parametrize(
    "url",
    [
        "https://a.b/c?X-Amz=secret",
        "https://a.b:80/c:d?secret",
        "http:\\/\\/a.b\\/c?secret",
        "https://a?secret",
        "https://a.b/c\\u003fX-Amz=secret",
        "https:\\/\\/a.b\\/c\\u003FX-Amz=secret",
        # The seed's document has the path in a member of its own.
        "images/fw.bin?X-Amz-Signature=secret",
    ],
)
def test_a_query_is_hidden(url: str) -> None:
    hidden = job_file._hidden_queries(json.dumps(url, ensure_ascii=True).replace("\\\\", "\\").encode())
    assert b"secret" not in hidden
    assert b"***" in hidden


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_lengths_of_arrays_in_either_compiler_s_debug_information(compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.fail(f"{compiler} is not installed (Debian: apt install {compiler})")
    source = Path("src/core/parser.c")
    source.parent.mkdir(parents=True)
    source.write_text(LINKED, encoding="utf-8")
    subprocess.run([compiler, "-g", "-o", "linked.elf", str(source)], check=True)
    found = {one.symbol: one.value for one in linked_limits(Path("linked.elf"), Library.OURS)}
    assert found == {"AWS_FOTA_HOSTNAME_MAX_LEN": 255, "AWS_FOTA_FILE_PATH_MAX_LEN": 2047}


def test_damaged_compressed_debug_information_is_expected() -> None:
    with pytest.raises(DAMAGED):
        zlib.decompress(b"\x00" * 8)


ONLY_ON_X86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="gcc has no -m32 here")


@pytest.mark.parametrize("flags", [[], ["-gz=zlib"], pytest.param(["-m32"], marks=ONLY_ON_X86)])
def test_a_relocatable_file_is_read_as_pyelftools_does(flags: list[str]) -> None:
    Path("parser.c").write_text(LINKED, encoding="utf-8")
    subprocess.run(["gcc", "-g", *flags, "-c", "-o", "whole.o", "parser.c"], check=True)
    with Path("whole.o").open("rb") as stream:
        elf = ELFFile(stream)
        fast = debug_information(elf).debug_info_sec.stream.getvalue()
        slow = elf.get_dwarf_info().debug_info_sec.stream.getvalue()
        bare = elf.get_dwarf_info(relocate_dwarf_sections=False).debug_info_sec.stream.getvalue()
    assert fast == slow
    # Where addends are in place, those of sections are right as they are.
    assert fast != bare or flags == ["-m32"]
