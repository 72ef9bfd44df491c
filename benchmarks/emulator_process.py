# SPDX-License-Identifier: Apache-2.0
"""The emulator that is measured: it prints its port, and on a line of input what became of every execution.

Arguments: the number of things, the job's id, and a state file or nothing.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from aws_fota.emulator.emulator import Emulator

#: ru_maxrss counts in bytes on macOS and in KiB elsewhere.
_UNIT = 1 if sys.platform == "darwin" else 1024


async def serve(things: int, job: str, state: Path | None) -> None:
    """Run until there is no more input."""
    async with Emulator(state=state) as emulator:
        names = [f"thing-{number}" for number in range(things)]
        for name in names:
            emulator.create_thing(name)
        emulator.create_job(job, {"operation": "app_fw_update", "size": 181124}, names)
        print(emulator.mqtt_port, flush=True)
        idle = time.process_time()
        while await asyncio.to_thread(sys.stdin.readline):
            executions = {
                name: [
                    [change.status, change.version_number, change.status_details.get("progress", "")]
                    for execution in tries
                    for change in execution.history
                ]
                for name, tries in emulator.service.ledger.jobs[job].executions.items()
            }
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 2**20
            cpu_s = time.process_time() - idle
            print(json.dumps({"executions": executions, "rss_mb": peak, "cpu_s": cpu_s}), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]) if len(sys.argv) > 3 else None))
