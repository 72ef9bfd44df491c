# SPDX-License-Identifier: Apache-2.0
"""A Zephyr 4 workspace, and builds in it for the Cortex-M4 that QEMU plays."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from ncs_workspace import ROOT

TREE = Path(os.environ.get("ZEPHYR_BASE") or Path.home() / "zephyrproject/zephyr")
TOOLS = TREE.parent / ".venv/bin"

MISSING = [tool for tool in ("cmake", "ninja", "arm-none-eabi-gcc", "qemu-system-arm") if shutil.which(tool) is None]
#: Marks of a module whose tests need both.
NEEDED = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(
        not (TREE / "boards/arm/mps2/mps2_an386.dts").is_file(),
        reason=f"there is no Zephyr 4 workspace around {TREE} (set ZEPHYR_BASE)",
    ),
]


def free_port() -> int:
    """A port of the loopback interface for the local AWS, to build in."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def build(folder: Path, application: Path, *options: str, sysbuild: bool = False) -> None:
    """Build an application; fails the test with what the tools say.

    Args:
        folder: the build folder.
        application: its sources.
        options: more for CMake.
        sysbuild: whether to build what goes with it, such as the bootloader.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "ZEPHYR_BASE": str(TREE),
        "ZEPHYR_TOOLCHAIN_VARIANT": "gnuarmemb",
        "GNUARMEMB_TOOLCHAIN_PATH": str(Path(shutil.which("arm-none-eabi-gcc") or "").parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    source = ["-S", str(TREE / "share/sysbuild"), f"-DAPP_DIR={application}"] if sysbuild else ["-S", str(application)]
    configure = ["cmake", "-G", "Ninja", *source, "-B", str(folder), "-DBOARD=mps2/an386"]
    configure += [f"-DEXTRA_ZEPHYR_MODULES={ROOT}", *options]
    for command in (configure, ["ninja", "-C", str(folder)]):
        done = subprocess.run(
            command, env=environment, cwd=TREE.parent, capture_output=True, text=True, timeout=1800, check=False
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
