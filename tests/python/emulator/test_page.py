# SPDX-License-Identifier: Apache-2.0
"""The page: what it serves to whom, and that a real browser shows what happens, as it happens, and as text only."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from jobs_bench import DOCUMENT
from mqtt_bench import PATIENCE, run
from page_bench import NO_BROWSER, PageBench, browser, page_bench
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


async def event(reply: aiohttp.ClientResponse) -> dict[str, Any]:
    line = await asyncio.wait_for(reply.content.readline(), PATIENCE)
    assert line.startswith(b"data: ")
    assert await reply.content.readline() == b"\n"
    snapshot: dict[str, Any] = json.loads(line[6:])
    return snapshot


def test_the_stream_tells_what_changes() -> None:
    async def test() -> None:
        async with page_bench() as page, aiohttp.ClientSession() as session:
            reply = await session.get(f"{page.url}events")
            async with reply:
                assert reply.headers["Content-Type"] == "text/event-stream"
                first = await event(reply)
                assert (first["thing_count"], first["connected_count"], first["jobs"]) == (2, 0, [])
                page.emulator.create_job("j", DOCUMENT, ["lamp", "door"])
                await page.update("lamp", "j", "IN_PROGRESS", progress="7", note="x")
                while (
                    not (snapshot := await event(reply))["jobs"] or "IN_PROGRESS" not in snapshot["jobs"][0]["counts"]
                ):
                    pass
                assert snapshot["connected_count"] == 1
                job = snapshot["jobs"][0]
                assert (job["job_id"], job["counts"]) == ("j", {"IN_PROGRESS": 1, "QUEUED": 1})
                row = job["executions"][0]
                assert (row["thing"], row["progress"], row["details"], row["version"]) == ("lamp", 7, "note: x", 2)
                assert snapshot["things"][0] == {
                    "name": "lamp",
                    "connected": True,
                    "job_id": "j",
                    "status": "IN_PROGRESS",
                    "progress": 7,
                }
                assert "lamp connected" in snapshot["lines"]

    run(test())


def test_the_query_of_a_url_is_never_shown() -> None:
    async def test() -> None:
        async with page_bench() as page, aiohttp.ClientSession() as session:
            page.emulator.upload("firmware", "app.bin", b"image")
            url = page.emulator.presigned_url("https://s3.eu-west-1.amazonaws.com/firmware/app.bin", 60)
            async with session.get(url.replace("Signature=", "Signature=0")) as refused:
                assert refused.status == 403
            async with session.get(f"{page.url}events") as reply:
                snapshot = await event(reply)
            assert snapshot["lines"] == ["GET /firmware/app.bin  -> 403 SignatureDoesNotMatch"]

    run(test())


@pytest.mark.parametrize(
    ("method", "path", "host", "status"),
    [
        ("GET", "/", None, 200),
        ("HEAD", "/", None, 200),
        ("GET", "/page.css", "localhost", 200),
        ("GET", "/page.js", None, 200),
        ("GET", "/", "evil.example", 403),
        ("GET", "/events", "evil.example:80", 403),
        ("POST", "/", None, 405),
        ("GET", "/favicon.ico", None, 404),
        ("GET", "/../page_server.py", None, 404),
        ("GET", "/%2e%2e/page_server.py", None, 404),
        ("GET", "//etc/passwd", None, 404),
        ("<>", "\\0", None, 400),
    ],
)
def test_three_files_are_served_to_this_machine(method: str, path: str, host: str | None, status: int) -> None:
    async def test() -> None:
        async with page_bench() as page:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(page.url.split(":")[2].strip("/")))
            writer.write(
                f"{method} {path} HTTP/1.1\r\nHost: {host or '127.0.0.1'}\r\nConnection: close\r\n\r\n".encode()
            )
            reply = (await reader.read()).decode()
            writer.close()
            assert int(reply.split(" ")[1]) == status
            assert status == 400 or "default-src 'none'" in reply

    run(test())


class Looking:
    """A browser on the page, asked from the event loop."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    async def until(self, question: Callable[[], bool]) -> None:
        """Wait until the page is as it must be."""
        deadline = time.monotonic() + PATIENCE
        while not await asyncio.to_thread(question):
            assert time.monotonic() < deadline, await asyncio.to_thread(self.text, "body")
            await asyncio.sleep(0.05)

    def text(self, selector: str) -> str:
        return "\n".join(element.text for element in self.driver.find_elements(By.CSS_SELECTOR, selector))


async def watch(page: PageBench, driver: Chrome) -> None:
    look = Looking(driver)
    await asyncio.to_thread(driver.get, page.url)
    await look.until(lambda: look.text("#state") == "live")
    assert look.text("#jobs") == "No job yet."
    page.emulator.create_job("my-job", DOCUMENT, ["lamp", "door"])
    await look.until(lambda: look.text("h3") == "my-job")
    assert look.text(".counts") == "2 queued"
    await page.update("lamp", "my-job", "IN_PROGRESS", progress="42")
    await look.until(lambda: "42 %" in look.text("#jobs"))
    bar = driver.find_element(By.CSS_SELECTOR, "#jobs progress")
    assert bar.get_attribute("value") == "42"
    assert bar.accessible_name == "progress of lamp"
    assert look.text("#figure-connected") == "1"
    await page.update("door", "my-job", "FAILED", reason=HOSTILE)
    await look.until(lambda: HOSTILE in look.text("#jobs"))
    await page.mqtt.client(HOSTILE)
    await look.until(lambda: f"{HOSTILE} connected" in look.text("#lines"))
    assert driver.title == "Local AWS"
    assert driver.find_elements(By.CSS_SELECTOR, "img, main script") == []
    page.emulator.delete_job("my-job", force=True)
    await look.until(lambda: look.text("#jobs") == "No job yet.")
    # Nothing on the page failed, and nothing was asked of anybody else.
    assert driver.get_log("browser") == []
    names = driver.execute_script("return performance.getEntriesByType('resource').map((it) => it.name)")
    assert {name.removeprefix(page.url) for name in names} <= {"page.css", "page.js", "events"}


@pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER or "there is a browser")
def test_a_browser_shows_it_live(tmp_path: Path) -> None:
    async def test() -> None:
        async with page_bench() as page:
            with browser(tmp_path) as driver:
                await watch(page, driver)

    asyncio.run(asyncio.wait_for(test(), 120))


@pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER or "there is a browser")
def test_a_browser_tells_when_the_emulator_is_gone(tmp_path: Path) -> None:
    async def test(driver: Chrome) -> None:
        look = Looking(driver)
        async with page_bench() as page:
            await asyncio.to_thread(driver.get, page.url)
            await look.until(lambda: look.text("#state") == "live")
        await look.until(lambda: look.text("#state") == "the emulator does not answer")

    with browser(tmp_path) as driver:
        asyncio.run(asyncio.wait_for(test(driver), 60))
