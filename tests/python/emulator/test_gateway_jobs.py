# SPDX-License-Identifier: Apache-2.0
"""Jobs over MQTT: answers to the publisher, subscribed or not; notifications to subscribers; faults; the trace."""

from __future__ import annotations

import asyncio
import json

import pytest
from mqtt_bench import PATIENCE, bench, puback, publish, run, subscribe

from aws_fota.emulator.clock import ManualClock
from aws_fota.emulator.gateway_faults import Fault, Misfortune
from aws_fota.emulator.jobs_model import Status
from aws_fota.emulator.trace import Trace, without_queries

JOBS = "$aws/things/lamp/jobs"
DOCUMENT = {"operation": "app_fw_update", "size": 4}


@pytest.mark.parametrize("packet_id", [0, 77])
def test_an_answer_reaches_a_client_that_never_subscribed_with_the_qos_of_the_request(packet_id: int) -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            client = await mqtt.client()
            answer = await client.ask(f"{JOBS}/$next/get", {"clientToken": "t"}, packet_id=packet_id)
            assert answer.topic == f"{JOBS}/$next/get/accepted"
            assert answer.qos == (1 if packet_id else 0)
            assert answer.members["execution"]["jobDocument"] == DOCUMENT
            refusal = await client.ask(f"{JOBS}/none/update", {"status": "FAILED"}, packet_id=packet_id)
            assert (refusal.topic, refusal.members["code"]) == (f"{JOBS}/none/update/rejected", "ResourceNotFound")

    run(test())


def test_a_client_that_subscribed_gets_the_answer_once_and_others_never() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.client()
            client.send(subscribe(1, f"{JOBS}/#", f"{JOBS}/get/accepted"))
            await client.expect(0x90)
            other = await mqtt.client("door")
            other.send(subscribe(1, "#"))
            await other.expect(0x90)
            assert (await client.ask(f"{JOBS}/get")).topic == f"{JOBS}/get/accepted"
            await client.quiet()
            await other.quiet()

    run(test())


def test_notifications_go_to_subscribers_only() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.client()
            mqtt.emulator.create_job("unheard", DOCUMENT, ["lamp"])
            await client.quiet()
            client.send(subscribe(1, f"{JOBS}/notify", f"{JOBS}/notify-next"))
            await client.expect(0x90)
            await client.quiet()
            mqtt.emulator.cancel_job("unheard")
            first, second = await client.message(), await client.message()
            assert [(it.topic, it.qos) for it in (first, second)] == [(f"{JOBS}/notify", 1), (f"{JOBS}/notify-next", 1)]
            assert "execution" not in second.members
            client.send(puback(first.packet_id), puback(second.packet_id))
            await client.quiet()

    run(test())


def test_a_whole_update_over_mqtt() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.client()
            client.send(subscribe(1, f"{JOBS}/notify-next"))
            await client.expect(0x90)
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            told = (await client.message()).members["execution"]
            assert (told["jobId"], told["versionNumber"]) == ("j", 1)
            version = 1
            for progress in ("0", "50"):
                answer = await client.ask(
                    f"{JOBS}/j/update",
                    {
                        "status": "IN_PROGRESS",
                        "statusDetails": {"progress": progress},
                        "expectedVersion": version,
                        "includeJobExecutionState": True,
                    },
                    packet_id=3,
                )
                version = answer.members["executionState"]["versionNumber"]
            waiting = mqtt.emulator.wait_execution("j", "lamp", timeout=PATIENCE)
            client.send(publish(f"{JOBS}/j/update", b'{"status":"SUCCEEDED","expectedVersion":3}', packet_id=4))
            execution = await waiting
            assert execution.status is Status.SUCCEEDED
            assert [str(it.status) for it in execution.history] == ["QUEUED", "IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED"]
            await client.expect(0x40)
            assert (await client.message()).topic == f"{JOBS}/j/update/accepted"
            assert (await client.message()).topic == f"{JOBS}/notify-next"

    run(test())


def test_a_timeout_is_told_when_the_clock_moved() -> None:
    clock = ManualClock()

    async def test() -> None:
        async with bench(clock=clock) as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            client = await mqtt.client()
            client.send(subscribe(1, f"{JOBS}/notify-next", qos=0))
            await client.expect(0x90)
            await client.ask(f"{JOBS}/j/update", {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 1})
            clock.advance(60)
            mqtt.emulator.tick()
            assert (await client.message()).members == {"timestamp": 1_600_000_060}
            assert mqtt.emulator.execution("j", "lamp").status is Status.TIMED_OUT

    run(test())


def test_an_update_is_handled_again_when_the_client_sends_it_again() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            client = await mqtt.client()
            update = b'{"status":"IN_PROGRESS","expectedVersion":1}'
            client.send(publish(f"{JOBS}/j/update", update, packet_id=5))
            client.send(publish(f"{JOBS}/j/update", update, packet_id=5, dup=True))
            await client.expect(0x40)
            assert (await client.message()).topic.endswith("/accepted")
            await client.expect(0x40)
            assert (await client.message()).members["code"] == "VersionMismatch"

    run(test())


def test_a_reserved_topic_of_another_service_is_swallowed() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            client = await mqtt.client()
            client.send(subscribe(1, "$aws/things/lamp/shadow/#"))
            await client.expect(0x90)
            client.send(publish("$aws/things/lamp/shadow/get", b"", packet_id=2))
            await client.expect(0x40)
            await client.quiet()

    run(test())


def test_a_lost_request_is_neither_acknowledged_nor_carried_out() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            fault = mqtt.emulator.gateway.faults.order(
                Fault(Misfortune.DROP, f"{JOBS}/+/update", incoming=True, skip=1)
            )
            client = await mqtt.client()
            assert (await client.ask(f"{JOBS}/j/update", {"status": "IN_PROGRESS"}, packet_id=1)).topic
            client.send(publish(f"{JOBS}/j/update", b'{"status":"SUCCEEDED"}', packet_id=2))
            await client.quiet()
            assert (fault.hits, mqtt.emulator.execution("j", "lamp").version) == (1, 2)
            assert [it.note for it in mqtt.emulator.trace.find("PUBLISH", direction="in")] == ["", "dropped"]
            assert (await client.ask(f"{JOBS}/j/update", {"status": "SUCCEEDED"}, packet_id=3)).topic

    run(test())


def test_a_dropped_answer_leaves_the_update_done() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            mqtt.emulator.gateway.faults.order(Fault(Misfortune.DROP, f"{JOBS}/j/update/+", client_id="lamp"))
            client = await mqtt.client()
            client.send(publish(f"{JOBS}/j/update", b'{"status":"IN_PROGRESS"}', packet_id=1))
            await client.expect(0x40)
            await client.quiet()
            assert mqtt.emulator.execution("j", "lamp").status is Status.IN_PROGRESS

    run(test())


def test_a_dropped_puback_leaves_the_answer() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.gateway.faults.order(Fault(Misfortune.DROP, None))
            client = await mqtt.client()
            client.send(publish(f"{JOBS}/get", b"{}", packet_id=1))
            assert (await client.message()).topic == f"{JOBS}/get/accepted"
            await client.quiet()

    run(test())


def test_an_answer_comes_twice_when_duplicated() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.gateway.faults.order(Fault(Misfortune.DUPLICATE, f"{JOBS}/get/accepted", times=None))
            client = await mqtt.client()
            for _ in range(2):
                first = await client.ask(f"{JOBS}/get")
                assert await client.message() == first
            await client.quiet()

    run(test())


def test_held_answers_come_when_released_in_any_order() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            fault = mqtt.emulator.gateway.faults.order(
                Fault(Misfortune.HOLD, f"{JOBS}/#", times=2, wanted=lambda it: b"clientToken" in it.payload)
            )
            client = await mqtt.client()
            client.send(*(publish(f"{JOBS}/get", b'{"clientToken":"%d"}' % number) for number in (1, 2, 3)))
            assert (await client.message()).members["clientToken"] == "3"
            await client.quiet()
            fault.release(backwards=True)
            assert [(await client.message()).members["clientToken"] for _ in range(2)] == ["2", "1"]
            fault.release()
            await client.quiet()

    run(test())


def test_clearing_the_faults_releases_what_is_held() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            faults = mqtt.emulator.gateway.faults
            faults.order(Fault(Misfortune.HOLD, f"{JOBS}/get/accepted", times=None))
            client = await mqtt.client()
            client.send(publish(f"{JOBS}/get", b"{}"))
            await client.quiet()
            faults.clear()
            assert (await client.message()).topic == f"{JOBS}/get/accepted"
            assert (await client.ask(f"{JOBS}/get")).topic == f"{JOBS}/get/accepted"

    run(test())


def test_a_delayed_answer_is_overtaken() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.gateway.faults.order(Fault(Misfortune.DELAY, f"{JOBS}/get/accepted", seconds=0.2))
            client = await mqtt.client()
            client.send(publish(f"{JOBS}/get", b"{}"), publish(f"{JOBS}/$next/get", b"{}"))
            assert (await client.message()).topic == f"{JOBS}/$next/get/accepted"
            assert (await client.message()).topic == f"{JOBS}/get/accepted"

    run(test())


@pytest.mark.parametrize(("incoming", "done"), [(True, Status.QUEUED), (False, Status.IN_PROGRESS)])
def test_a_connection_is_cut_before_or_after_the_update_was_done(incoming: bool, done: Status) -> None:
    async def test() -> None:
        async with bench() as mqtt:
            mqtt.emulator.create_job("j", DOCUMENT, ["lamp"])
            topic = f"{JOBS}/j/update" if incoming else f"{JOBS}/j/update/accepted"
            mqtt.emulator.gateway.faults.order(Fault(Misfortune.CUT, topic, incoming=incoming))
            client = await mqtt.client()
            client.send(publish(f"{JOBS}/j/update", b'{"status":"IN_PROGRESS"}'))
            await client.ended()
            assert await mqtt.closed("lamp") == "cut on demand"
            assert mqtt.emulator.execution("j", "lamp").status is done
            await (await mqtt.client()).quiet()

    run(test())


def test_a_late_packet_of_a_closed_connection_is_forgotten() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            fault = mqtt.emulator.gateway.faults.order(Fault(Misfortune.HOLD, f"{JOBS}/get/accepted"))
            client = await mqtt.client()
            client.send(publish(f"{JOBS}/get", b"{}"))
            await client.quiet()
            mqtt.emulator.gateway.cut("lamp")
            again = await mqtt.client()
            sent = len(mqtt.emulator.trace.find("PUBLISH", direction="out"))
            fault.release()
            await again.quiet()
            assert len(mqtt.emulator.trace.find("PUBLISH", direction="out")) == sent

    run(test())


def test_a_held_packet_that_breaks_a_rule_closes_the_connection_when_released() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            fault = mqtt.emulator.gateway.faults.order(Fault(Misfortune.HOLD, "a", incoming=True))
            client = await mqtt.client()
            client.send(publish("a", bytes(128 * 1024 + 1)))
            await client.quiet()
            fault.release()
            assert "payload has more" in await mqtt.closed("lamp")

    run(test())


def test_waiting_in_the_trace_starts_after_a_given_entry() -> None:
    async def test() -> None:
        trace = Trace(ManualClock())
        for client_id in ("a", "b", "a"):
            trace.add(client_id, "", "OPENED")
        assert (await trace.wait(lambda it: it.client_id == "a", PATIENCE)).number == 1
        assert (await trace.wait(lambda it: it.client_id == "a", PATIENCE, after=1)).number == 3
        waiting = asyncio.create_task(trace.wait(lambda it: it.client_id == "c", PATIENCE, after=3))
        await asyncio.sleep(0)
        trace.add("b", "", "CLOSED")
        trace.add("c", "", "CLOSED")
        assert (await waiting).number == 5
        assert trace.listeners == []
        with pytest.raises(asyncio.TimeoutError):
            await trace.wait(lambda it: True, 0, after=5)

    run(test())


def test_the_trace_forgets_the_oldest() -> None:
    trace = Trace(ManualClock(), kept=2)
    for kind in ("OPENED", "CONNECT", "CLOSED"):
        trace.add("a", "", kind)
    assert [it.kind for it in trace.entries] == ["CONNECT", "CLOSED"]


def test_the_trace_holds_every_packet_in_order_with_its_time() -> None:
    clock = ManualClock()

    async def test() -> None:
        async with bench(clock=clock) as mqtt:
            client = await mqtt.client()
            clock.advance(1.5)
            await client.ask(f"{JOBS}/get", {"clientToken": "t"}, packet_id=6)
            await client.close()
            await mqtt.closed("lamp")
            entries = list(mqtt.emulator.trace.entries)
            assert [(it.at, it.direction, it.kind, it.topic, it.packet_id) for it in entries] == [
                (0.0, "", "OPENED", "", 0),
                (0.0, "in", "CONNECT", "", 0),
                (0.0, "out", "CONNACK", "", 0),
                (1.5, "in", "PUBLISH", f"{JOBS}/get", 6),
                (1.5, "out", "PUBACK", "", 6),
                (1.5, "out", "PUBLISH", f"{JOBS}/get/accepted", 1),
                (1.5, "", "CLOSED", "", 0),
            ]
            assert [it.number for it in entries] == [1, 2, 3, 4, 5, 6, 7]
            assert json.loads(entries[3].payload) == {"clientToken": "t"}
            assert entries[-1].note == "closed by the client"
            assert {it.client_id for it in entries[1:]} == {"lamp"}

    run(test())


def test_the_trace_never_holds_the_query_of_a_url() -> None:
    async def test() -> None:
        async with bench() as mqtt:
            stored = mqtt.emulator.upload("bucket", "fw.bin", b"image")
            url = "https://bucket.s3.eu-west-1.amazonaws.com/fw.bin"
            document = {"location": {"url": f"${{aws:iot:s3-presigned-url:{url}}}"}}
            mqtt.emulator.create_job("j", document, ["lamp"])
            client = await mqtt.client()
            answer = await client.ask(f"{JOBS}/$next/get")
            delivered = answer.members["execution"]["jobDocument"]["location"]["url"]
            assert "X-Amz-Signature=" in delivered
            entry = mqtt.emulator.trace.find("PUBLISH", direction="out")[0]
            assert b"X-Amz" not in entry.payload
            url_in_trace = json.loads(entry.payload)["execution"]["jobDocument"]["location"]["url"]
            assert url_in_trace == f"{mqtt.emulator.object_url(stored)}?(query)"
            assert entry.size == len(answer.payload) > len(entry.payload)

    run(test())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"url":"https://h/p?a=b&c=d","x":1}', b'{"url":"https://h/p?(query)","x":1}'),
        (b'{"path":"b/k?X-Amz-Date=1%2F"}', b'{"path":"b/k?(query)"}'),
        (b'{"q":"really? yes"}', b'{"q":"really? yes"}'),
        (b'["h?a=1 h?b=2"]', b'["h?(query) h?(query)"]'),
    ],
)
def test_queries_are_cut_out_of_any_text(text: bytes, expected: bytes) -> None:
    assert without_queries(text) == expected
