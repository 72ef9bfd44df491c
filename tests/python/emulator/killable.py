# SPDX-License-Identifier: Apache-2.0
"""An emulator in a process of its own, to be killed: its arguments are a state file and a number of things."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aws_fota.emulator.emulator import Emulator

JOB = "endless"


async def serve(path: Path, things: int) -> None:
    async with Emulator(state=path) as emulator:
        names = [f"thing-{number}" for number in range(things)]
        for name in names:
            emulator.create_thing(name)
        if JOB not in emulator.service.ledger.jobs:
            emulator.create_job(JOB, {"operation": "app_fw_update"}, names)
        emulator.commit()
        print(emulator.mqtt_port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
