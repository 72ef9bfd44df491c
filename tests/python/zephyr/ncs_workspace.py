# SPDX-License-Identifier: Apache-2.0
"""A workspace of the nRF Connect SDK, and builds of the applications in tests/zephyr in it."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


def _without_spaces(checkout: Path) -> Path:
    """The checkout, or a copy of it: Zephyr takes no space in the path of an application or a fragment."""
    if not any(character.isspace() for character in str(checkout)):
        return checkout
    copy = Path(tempfile.mkdtemp(prefix="aws-fota-checkout-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, capture_output=True, check=True).stdout
    for name in filter(None, listing.decode().split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / name, copy / name, follow_symlinks=False)
    return copy


ROOT = _without_spaces(Path(__file__).resolve().parents[3])
APPLICATION = ROOT / "tests/zephyr/coexistence"
#: The workspace: its top folder, or the zephyr folder inside as ZEPHYR_BASE has it.
WORKSPACE = Path(os.environ.get("NCS_BASE") or Path.home() / "ncs")
TOOLS = WORKSPACE / ".venv/bin"
BOARD = "native_sim/native/64"


def missing() -> str:
    """Why there is nothing to build with; empty where there is."""
    if not (WORKSPACE / "nrf/subsys/net/lib/aws_fota").is_dir() or not (WORKSPACE / "zephyr/cmake").is_dir():
        return f"there is no nRF Connect SDK workspace at {WORKSPACE} (set NCS_BASE)"
    tools = [tool for tool in ("cmake", "ninja") if shutil.which(tool) is None]
    return f"not installed: {', '.join(tools)}" if tools else ""


def run(*command: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody in that workspace does."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "ZEPHYR_BASE": str(WORKSPACE / "zephyr"),
        "ZEPHYR_TOOLCHAIN_VARIANT": "host",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [*map(str, command)], env=environment, cwd=folder or WORKSPACE, capture_output=True, text=True, timeout=900
    )


@dataclass(frozen=True)
class Build:
    """One build folder.

    Attributes:
        folder: where it is built.
        application: what is built.
        with_module: whether this project is a module of the workspace.
        fragments: Kconfig fragments beside prj.conf.
    """

    folder: Path
    application: Path = APPLICATION
    with_module: bool = True
    fragments: tuple[Path, ...] = ()

    def configure(self) -> subprocess.CompletedProcess[str]:
        """Configure it anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        options = [f"-DEXTRA_ZEPHYR_MODULES={ROOT}"] if self.with_module else []
        if self.fragments:
            options.append(f"-DEXTRA_CONF_FILE={';'.join(map(str, self.fragments))}")
        return run("cmake", "-G", "Ninja", "-S", self.application, "-B", self.folder, f"-DBOARD={BOARD}", *options)

    def build(self) -> None:
        """Configure and build it; fails the test with what the tools say."""
        done = self.configure()
        assert done.returncode == 0, done.stdout + done.stderr
        done = run("ninja", "-C", self.folder)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

    @property
    def config(self) -> list[str]:
        """The lines of its .config that set something, or say that it is not set."""
        text = (self.folder / "zephyr/.config").read_text(encoding="utf-8")
        return [line for line in text.splitlines() if line.startswith("CONFIG_") or line.endswith(" is not set")]

    @property
    def objects(self) -> dict[str, str]:
        """Every object file with the digest of its content."""
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*.obj"))
        }
