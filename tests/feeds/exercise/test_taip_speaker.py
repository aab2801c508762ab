"""feeds.exercise.taip_speaker against the real door."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from feeds.exercise import taip_speaker
from feeds.exercise.taip_speaker import TaipSpeaker
from feeds.memory_bus import MemoryBus
from feeds.report import UnitReport
from tests.support.exercise import eventually, journaled, open_door


def place(n: int) -> UnitReport:
    return UnitReport(observed_at=round(time.time(), 3), unit_id=f"CPD-{n}", lat=41.88, lon=-87.63, speed_mps=9.0)


@contextlib.asynccontextmanager
async def speaking(speaker: TaipSpeaker) -> AsyncIterator[None]:
    task = asyncio.create_task(speaker.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_each_message_is_kept_until_it_is_acknowledged_and_a_lost_door_costs_nothing() -> None:
    bus = MemoryBus()
    async with open_door(bus) as gate:
        speaker = TaipSpeaker("cpd-avl", "127.0.0.1", gate.listening["tcp:0"])
        async with speaking(speaker):
            speaker.put("cpd", [place(n) for n in range(50)])
            await eventually(lambda: speaker.waiting == 0)
        assert len(await journaled(bus, "cpd")) == 50
    speaker.put("cpd", [place(n) for n in range(50, 60)])
    assert speaker.waiting == 10
    async with open_door(bus) as gate:
        speaker._line.port = gate.listening["tcp:0"]
        async with speaking(speaker):
            await eventually(lambda: speaker.waiting == 0)
    reports = await journaled(bus, "cpd")
    assert [r.unit_id for r in reports] == [f"CPD-{n}" for n in range(60)]  # type: ignore[union-attr]
    assert {r.status for r in reports} == {"exercise"}


async def test_what_waits_is_bounded_and_what_goes_is_counted(monkeypatch) -> None:
    monkeypatch.setattr(taip_speaker, "LINES_MAX", 5)
    speaker = TaipSpeaker("cpd-avl", "127.0.0.1", 1)
    speaker.put("cpd", [place(n) for n in range(8)])
    assert (speaker.waiting, speaker.dropped) == (5, 3)
