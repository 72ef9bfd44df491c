# SPDX-License-Identifier: Apache-2.0
"""An emulator with its page, and a headless Chromium that looks at it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from mqtt_bench import MqttBench, bench
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from aws_fota.emulator.happenings import Happenings
from aws_fota.emulator.overview import Overview
from aws_fota.emulator.page_server import PageServer

#: Why there is no browser, empty when there is one.
NO_BROWSER = (
    ""
    if shutil.which("chromium") and shutil.which("chromedriver")
    else "no browser: the page was only read over HTTP; apt install chromium chromium-driver"
)


class PageBench:
    """The emulator, its raw clients, and the address of its page."""

    def __init__(self, mqtt: MqttBench, overview: Overview, port: int) -> None:
        self.mqtt = mqtt
        self.emulator = mqtt.emulator
        self.overview = overview
        self.url = f"http://127.0.0.1:{port}/"

    async def update(self, thing: str, job: str, status: str, **details: str) -> None:
        client = await self.mqtt.client(thing)
        answer = await client.ask(
            f"$aws/things/{thing}/jobs/{job}/update", {"status": status, "statusDetails": details}
        )
        assert answer.topic.endswith("/accepted"), answer


@contextlib.asynccontextmanager
async def page_bench(**options: Any) -> AsyncIterator[PageBench]:
    async with bench(**options) as mqtt:
        overview = Overview(mqtt.emulator)
        Happenings(mqtt.emulator, overview.tell)
        server = PageServer(overview)
        try:
            yield PageBench(mqtt, overview, await server.listen(0))
        finally:
            await server.close()


@contextlib.contextmanager
def browser(folder: Path, *arguments: str) -> Iterator[Chrome]:
    """A Chromium of its own, which reaches this machine only."""
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1200,1000",
        f"--user-data-dir={folder}",
        *arguments,
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(str(shutil.which("chromedriver"))))
    try:
        yield driver
    finally:
        driver.quit()
