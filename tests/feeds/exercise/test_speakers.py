"""feeds.exercise.speakers against the real door."""

import asyncio

from feeds.exercise.speakers import CotSpeaker, NativeSpeaker
from feeds.memory_bus import MemoryBus
from feeds.report import UnitReport
from tests.support.exercise import TOKENS, eventually, journaled, journaled_count, open_door


def _report(unit: str, at: float = 1_790_000_000.0) -> UnitReport:
    return UnitReport(
        observed_at=at, status="exercise", unit_id=unit, lat=41.88, lon=-87.63, course_deg=0.0, speed_mps=0.0
    )


async def test_what_a_native_source_says_is_journaled_once_and_answered() -> None:
    bus = MemoryBus()
    async with open_door(bus) as gate:
        speaker = NativeSpeaker("cpd-cad", f"ws://127.0.0.1:{gate.feed_port}", TOKENS["cpd-cad"])
        task = asyncio.create_task(speaker.run())
        for n in range(20):
            speaker.put("cpd", [_report(f"CPD-{n}"), _report(f"CPD-{n}b")])
        await eventually(lambda: speaker.feed.counts.accepted == 40)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    reports = await journaled(bus, "cpd")
    assert len(reports) == 40
    assert {r.seq for r in reports} == set(range(1, 41))
    assert speaker.feed.counts.refused == {}


async def test_a_door_that_goes_away_costs_nothing() -> None:
    bus = MemoryBus()
    async with open_door(bus) as gate:
        port = gate.feed_port
        speaker = NativeSpeaker("cpd-cad", f"ws://127.0.0.1:{port}", TOKENS["cpd-cad"])
        task = asyncio.create_task(speaker.run())
        speaker.put("cpd", [_report("CPD-1")])
        await eventually(lambda: speaker.feed.counts.accepted == 1)
    for n in range(2, 12):
        speaker.put("cpd", [_report(f"CPD-{n}")])
    async with open_door(bus, feed_port=port):
        await eventually(lambda: speaker.waiting == 0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [r.seq for r in await journaled(bus, "cpd")] == list(range(1, 12))


async def test_a_wrong_token_is_tried_again_and_nothing_is_lost() -> None:
    bus = MemoryBus()
    async with open_door(bus) as gate:
        speaker = NativeSpeaker("cpd-cad", f"ws://127.0.0.1:{gate.feed_port}", "wrong")
        task = asyncio.create_task(speaker.run())
        speaker.put("cpd", [_report("CPD-1")])
        await eventually(lambda: gate.refused.total() > 0)
        assert speaker.waiting == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await journaled(bus, "cpd") == []


async def test_cot_goes_to_the_source_its_prefix_names() -> None:
    bus = MemoryBus()
    async with open_door(bus) as gate:
        speaker = CotSpeaker("isp-cot", "127.0.0.1", gate.cot_port)
        task = asyncio.create_task(speaker.run())
        speaker.put("isp", [_report("ISP-31"), _report("ISP-32")])
        reports = await journaled_count(bus, "isp", 2)
        assert {getattr(r, "unit_id", "") for r in reports} == {"ISP-31", "ISP-32"}
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await journaled(bus, "guest") == []
