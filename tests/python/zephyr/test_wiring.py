# SPDX-License-Identifier: Apache-2.0
"""How the module is wired into a Zephyr build: what is generated when, from where, and what it says when it cannot.

Runs where a Zephyr tree is: ``ZEPHYR_BASE``, or ``~/zephyrproject/zephyr``. Little is compiled here; twister does that.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mcuboot_modes
import pytest

ROOT = Path(__file__).resolve().parents[3]
TREE = Path(os.environ.get("ZEPHYR_BASE") or Path.home() / "zephyrproject/zephyr")
TOOLS = TREE.parent / ".venv/bin"
TARGET = "aws_fota_headers"
GENERATED = "modules/west-aws-fota/generated"
#: What a build takes from the checkout.
PARTS = ("schemas", "scripts", "templates", "zephyr")

pytestmark = pytest.mark.skipif(
    not (TREE / "cmake").is_dir() or not TOOLS.is_dir() or shutil.which("cmake") is None,
    reason=f"there is no Zephyr workspace around {TREE} (set ZEPHYR_BASE)",
)


def digests(folder: Path) -> dict[str, str]:
    """Every file in `folder`, with the digest of its content."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run(*command: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody in an activated workspace does."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "ZEPHYR_BASE": str(TREE),
        "ZEPHYR_TOOLCHAIN_VARIANT": "host",
        **changes,
    }
    return subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, timeout=300)


@dataclass(frozen=True)
class Build:
    """An application that has the core only. Zephyr takes spaces in the path of a module, and in no other."""

    folder: Path
    generator: str = "Ninja"

    @property
    def module(self) -> Path:
        return self.folder / "the module"

    @property
    def application(self) -> Path:
        return self.folder / "application"

    @property
    def binary(self) -> Path:
        return self.folder / "build"

    def write(self) -> None:
        """Copy the module, and write the application."""
        for part in PARTS:
            shutil.copytree(ROOT / part, self.module / part, ignore=shutil.ignore_patterns("__pycache__"))
        self.application.mkdir()
        (self.application / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.20.0)\n"
            "find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})\n"
            "project(wiring)\n"
            "target_sources(app PRIVATE device.c)\n"
        )
        (self.application / "device.c").write_text("int main(void)\n{\n\treturn 0;\n}\n")
        (self.application / "prj.conf").write_text("CONFIG_AWS_FOTA_CORE_ONLY=y\nCONFIG_AWS_FOTA_CODEGEN=y\n")

    def configure(self, *options: str, sysbuild: bool = False) -> subprocess.CompletedProcess[str]:
        source = (TREE / "share/sysbuild", f"-DAPP_DIR={self.application}") if sysbuild else (self.application,)
        return run(
            *("cmake", "-G", self.generator, "-B", self.binary, "-S", *source),
            *("-DBOARD=native_sim/native/64", f"-DEXTRA_ZEPHYR_MODULES={self.module}", *options),
        )

    def add(self, *lines: str) -> None:
        """Write more lines to the application's prj.conf."""
        with (self.application / "prj.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def build(self) -> str:
        done = run("cmake", "--build", self.binary, "--target", TARGET)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module", params=["Ninja", "Unix Makefiles"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    build = Build(tmp_path_factory.mktemp("wiring"), request.param)
    build.write()
    done = build.configure()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Generating the AWS FOTA module" in build.build()
    yield build


def test_a_second_build_generates_nothing(built: Build) -> None:
    assert "Generating the AWS FOTA module" not in built.build()


def test_a_template_that_changed_is_generated_from_again(built: Build) -> None:
    template = built.module / "templates/src/core/version.c.j2"
    text = template.read_text()
    before = digests(built.binary / GENERATED)
    template.write_text(text + "/* changed */\n")
    assert "Generating the AWS FOTA module" in built.build()
    after = digests(built.binary / GENERATED)
    assert [path for path in after if after[path] != before[path]] == ["src/core/version.c"]
    template.write_text(text)
    built.build()
    assert digests(built.binary / GENERATED) == before


def test_a_kconfig_edit_writes_only_what_it_changes(built: Build) -> None:
    folder, prj = built.binary / GENERATED, built.application / "prj.conf"
    text = prj.read_text()

    def times() -> dict[str, int]:
        return {path: (folder / path).stat().st_mtime_ns for path in digests(folder)}

    before, then = digests(folder), times()
    built.add("# nothing but a comment")
    assert "Generating the AWS FOTA module" not in built.build()
    built.add('CONFIG_KERNEL_BIN_NAME="other"')
    built.build()
    assert digests(folder) == before
    if built.generator == "Ninja":
        assert times() == then
    built.add("CONFIG_AWS_FOTA_PAYLOAD_SIZE=2000")
    assert "Generating the AWS FOTA module" in built.build()
    after, now = digests(folder), times()
    assert [path for path in after if after[path] != before[path]] == ["include/aws_fota/limits.h"]
    if built.generator == "Ninja":
        assert [path for path in now if now[path] != then[path]] == ["include/aws_fota/limits.h"]
    prj.write_text(text)
    built.build()
    assert digests(folder) == before


def test_generate_makes_the_same_bytes(built: Build, tmp_path: Path) -> None:
    done = run(
        *(TOOLS / "python", "-m", "aws_fota", "generate", "-d", built.binary, "-o", tmp_path / "out"),
        PYTHONPATH=str(built.module / "scripts"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out") == digests(built.binary / GENERATED)


def test_the_checkout_is_not_written_to(built: Build) -> None:
    expected: dict[str, str] = {}
    for part in PARTS:
        expected |= {f"{part}/{path}": value for path, value in digests(ROOT / part).items()}
    there = digests(built.module)
    assert {path for path in there if "__pycache__" in path} == set()
    assert set(there) <= set(expected)


def test_a_description_of_the_application_is_found(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write()
    text = (ROOT / "schemas/default/aws_fota.yaml").read_text().replace("app_fw_update", "mine")
    (build.application / "aws_fota.yaml").write_text(text)
    (tmp_path / "named.yaml").write_text(text.replace("mine", "named"))
    assert build.configure().returncode == 0
    build.build()
    tables = build.binary / GENERATED / "src/core"
    assert any('"mine"' in path.read_text() for path in tables.iterdir())
    assert build.configure(f"-DAWS_FOTA_DESCRIPTION={tmp_path / 'named.yaml'}").returncode == 0
    build.build()
    assert any('"named"' in path.read_text() for path in tables.iterdir())
    # What is wrong with it is told before anything is built, with its line.
    (tmp_path / "named.yaml").write_text("version: 1\n")
    done = build.configure()
    assert done.returncode != 0
    assert "named.yaml:1: fields:" in " ".join(done.stderr.split())


def test_a_description_that_is_written_later_is_found(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write()
    done = build.configure()
    assert done.returncode == 0, done.stderr
    assert "AWS FOTA: jobs as in the built-in aws_fota.yaml" in done.stdout
    build.build()
    tables = build.binary / GENERATED / "src/core"
    assert not any('"mine"' in path.read_text() for path in tables.iterdir())
    text = (ROOT / "schemas/default/aws_fota.yaml").read_text().replace("app_fw_update", "mine")
    description = build.application / "aws_fota.yaml"
    description.write_text(text)
    assert f"AWS FOTA: jobs as in {description}" in build.build()
    assert any('"mine"' in path.read_text() for path in tables.iterdir())
    description.unlink()
    assert "AWS FOTA: jobs as in the built-in aws_fota.yaml" in build.build()
    assert not any('"mine"' in path.read_text() for path in tables.iterdir())


def with_the_glue(folder: Path) -> Build:
    """The sample, which has the glue too."""
    build = Build(folder)
    build.write()
    shutil.copytree(ROOT / "samples/aws_fota", build.application, dirs_exist_ok=True)
    return build


def test_a_priority_that_the_kernel_does_not_have_is_not_compiled(tmp_path: Path) -> None:
    build = with_the_glue(tmp_path)
    build.add("CONFIG_NUM_PREEMPT_PRIORITIES=10", "CONFIG_AWS_FOTA_THREAD_PRIORITY=10")
    done = build.configure()
    assert done.returncode == 0, done.stderr
    queue = "modules/west-aws-fota/CMakeFiles/aws_fota.dir/generated/src/zephyr/queue.c.obj"
    done = run("ninja", "-C", build.binary, queue)
    assert done.returncode != 0
    assert "CONFIG_AWS_FOTA_THREAD_PRIORITY is none that the kernel has" in done.stdout
    build.add("CONFIG_AWS_FOTA_THREAD_PRIORITY=9")
    done = run("ninja", "-C", build.binary, queue)
    assert done.returncode == 0, done.stdout


def test_without_sha256_in_mbed_tls_or_the_psa_crypto_api_the_module_cannot_be_set(tmp_path: Path) -> None:
    build = with_the_glue(tmp_path)
    build.add("CONFIG_MBEDTLS_SHA256=n")
    done = build.configure()
    # A warning of Kconfig's, as with each dependency that is missing.
    missing = "(AWS_FOTA_CORE_ONLY || PSA_CRYPTO_CLIENT || !MBEDTLS_BUILTIN || MBEDTLS_SHA256) (=n)"
    assert missing in " ".join(done.stderr.split())
    assert not (build.binary / GENERATED).exists()
    build.add("CONFIG_MBEDTLS_PSA_CRYPTO_C=y")
    done = build.configure()
    assert done.returncode == 0, done.stderr
    assert "CONFIG_AWS_FOTA_SHA256_PSA=y" in (build.binary / "zephyr/.config").read_text().splitlines()


def told(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What the module says where the configuration ends: the lines of CMake's error, as they were to be copied."""
    assert done.returncode != 0, done.stdout
    lines = done.stderr.split("The AWS FOTA module cannot be built as it is configured:\n", 1)[1].splitlines()
    return [line.strip() for line in lines[: next(i for i, line in enumerate(lines) if line.startswith("Call Stack"))]]


def lines_to_write(lines: list[str]) -> list[str]:
    """The Kconfig lines that the checker ends with."""
    text = [line for line in lines if line]
    start = next(index for index, line in enumerate(text) if line.endswith("with these lines:"))
    return text[start + 1 :]


def test_limits_that_do_not_fit_each_other_end_the_configuration(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write()
    build.add("CONFIG_AWS_FOTA_ANSWER_TIMEOUT_SECONDS=60", "CONFIG_AWS_FOTA_BACKOFF_MAX_SECONDS=30")
    lines = told(build.configure())
    assert [line.split()[1] for line in lines if line.startswith("FAILS ")] == ["answer-timeout"]
    assert f"has    30 seconds: {build.binary}/zephyr/.config" in " ".join(lines)
    assert lines_to_write(lines) == ["CONFIG_AWS_FOTA_BACKOFF_MAX_SECONDS=60"]
    build.add(*lines_to_write(lines))
    done = build.configure()
    assert done.returncode == 0, done.stderr


def test_check_explains_a_configuration_that_failed_under_sysbuild(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write()
    build.add("CONFIG_AWS_FOTA_ANSWER_TIMEOUT_SECONDS=60", "CONFIG_AWS_FOTA_BACKOFF_MAX_SECONDS=30")
    assert build.configure(sysbuild=True).returncode != 0
    done = run(
        *(TOOLS / "python", "-m", "aws_fota", "check", "-d", build.binary),
        PYTHONPATH=str(build.module / "scripts"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILS answer-timeout" in done.stdout
    assert f"{build.binary}/application/zephyr/.config" in done.stdout


#: TLS with records of 4096 bytes.
SMALL_RECORDS = (
    *("CONFIG_NETWORKING=y", "CONFIG_NET_IPV4=y", "CONFIG_NET_TCP=y", "CONFIG_NET_SOCKETS=y"),
    *("CONFIG_NET_SOCKETS_SOCKOPT_TLS=y", "CONFIG_TLS_CREDENTIALS=y", "CONFIG_MQTT_LIB=y", "CONFIG_MQTT_LIB_TLS=y"),
    *("CONFIG_MBEDTLS=y", "CONFIG_MBEDTLS_BUILTIN=y", "CONFIG_TEST_RANDOM_GENERATOR=y"),
    *("CONFIG_MBEDTLS_SSL_MAX_CONTENT_LEN=4096", "CONFIG_MBEDTLS_ENABLE_HEAP=y", "CONFIG_MBEDTLS_HEAP_SIZE=33000"),
)


def test_a_rule_that_fails_on_purpose_can_be_a_warning_or_left_out(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write()
    build.add(*SMALL_RECORDS, "CONFIG_AWS_FOTA_CHECK_FATAL=n")
    done = build.configure()
    assert done.returncode == 0, done.stderr
    warning = done.stderr.split("The AWS FOTA module does not fit its configuration:", 1)[1]
    assert "FAILS tls-record" in warning
    assert "CONFIG_MBEDTLS_SSL_MAX_CONTENT_LEN=16384" in warning
    build.build()
    assert (build.binary / GENERATED / "src/core/parser.c").is_file()
    build.add("CONFIG_AWS_FOTA_CHECK=n")
    done = build.configure()
    assert done.returncode == 0, done.stderr
    assert "tls-record" not in done.stderr + done.stdout
    # What cannot be generated ends the configuration all the same.
    (build.application / "aws_fota.yaml").write_text("version: 1\n")
    assert "fields:" in " ".join(told(build.configure()))


def test_buffers_of_tls_end_the_configuration_and_jobs_to_come_do_not(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write()
    build.add(*SMALL_RECORDS)
    lines = told(build.configure())
    # The heap is too small only for the records that the first line makes room for.
    assert [line.split()[1] for line in lines if line.startswith("FAILS ")] == ["tls-record"]
    assert [line for line in lines if line.startswith(("?", "holds"))] == []
    heap = 2 * 16384 + 24 * 1024
    assert lines_to_write(lines) == [
        f"CONFIG_MBEDTLS_HEAP_SIZE={heap}",
        "CONFIG_MBEDTLS_SSL_MAX_CONTENT_LEN=16384",
    ]
    build.add(*lines_to_write(lines))
    done = build.configure()
    assert done.returncode == 0, done.stderr


def test_a_missing_python_package_is_one_line_with_the_command(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write()
    # Found before the one that is installed, it is as good as none.
    (build.module / "scripts/jinja2.py").write_text("raise ModuleNotFoundError(name='jinja2')\n")
    (line,) = [line for line in told(build.configure()) if line]
    assert line.startswith("aws-fota: error: the Python package 'jinja2' is missing; install it with: ")
    assert f" -m pip install -r {build.module}/scripts/requirements.txt" in line.replace("'", "")


def test_every_mode_of_mcuboot_is_supported_or_refused() -> None:
    mcuboot_modes.assert_all_are_decided(TREE)
