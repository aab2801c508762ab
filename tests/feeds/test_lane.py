"""One agency's way into the journal."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from feeds import lane
from feeds.envelope import Packed, Parcel, pack
from feeds.errors import BusDown
from feeds.lane import BATCH_MAX, QUEUED_MAX, Lane
from feeds.names import SourceId
from feeds.report import UnitReport
from tests.support.gateway import CPD, LooseBus, journal
from tests.support.redis import until


def parcel(first: int, count: int = 1) -> Packed:
    reports = tuple(UnitReport(unit_id="U1", observed_at=1.0, seq=first + i) for i in range(count))
    return pack(Parcel(SourceId("cpd-avl"), "a", 1.0, reports))


@contextlib.asynccontextmanager
async def running(bus: LooseBus) -> AsyncIterator[Lane]:
    way = Lane(CPD, bus)
    task = asyncio.create_task(way.run())
    try:
        yield way
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_what_comes_in_during_an_append_goes_with_the_next():
    bus = LooseBus()
    landed: list[int] = []
    async with running(bus) as way:
        bus.flow.clear()
        way.put(parcel(1), lambda: landed.append(1))
        await until(lambda: bus.tried == 1)
        for n in range(2, 30):
            way.put(parcel(n), lambda n=n: landed.append(n))
        assert landed == []
        bus.flow.set()
        await asyncio.wait_for(way.idle(), 5)
    assert [len(d.batch) for d in await journal(bus, CPD)] == [1, 28]
    assert landed == list(range(1, 30))
    assert bus.most_flying == 1


async def test_a_batch_holds_no_more_than_its_bound():
    bus = LooseBus()
    async with running(bus) as way:
        bus.flow.clear()
        for n in range(0, 4 * 300, 300):
            way.put(parcel(n, 300), lambda: None)
        bus.flow.set()
        await asyncio.wait_for(way.idle(), 5)
    assert all(len(d.batch) <= BATCH_MAX for d in await journal(bus, CPD))


async def test_while_the_bus_is_down_nothing_lands_and_then_everything_does_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lane, "PAUSES_S", (0.005,))
    bus = LooseBus()
    bus.plugged = False
    landed: list[int] = []
    async with running(bus) as way:
        for n in range(5):
            way.put(parcel(n), lambda n=n: landed.append(n))
        await until(lambda: bus.tried > 3)
        assert landed == []
        bus.plugged = True
        await asyncio.wait_for(way.idle(), 5)
    assert landed == [0, 1, 2, 3, 4]
    assert [e.report.seq for d in await journal(bus, CPD) for e in d.batch.envelopes()] == [0, 1, 2, 3, 4]


async def test_it_says_why_the_journal_takes_nothing_until_it_takes(monkeypatch: pytest.MonkeyPatch):
    class Full(LooseBus):
        full = True

        async def append(self, batch):
            if self.full:
                self.tried += 1
                raise BusDown("refused", "disk full")
            return await super().append(batch)

    monkeypatch.setattr(lane, "PAUSES_S", (0.01,))
    bus = Full()
    async with running(bus) as way:
        assert way.why == ""
        way.put(parcel(1), lambda: None)
        await until(lambda: bus.tried >= 2)
        assert way.why == "disk full"
        bus.full = False
        await asyncio.wait_for(way.idle(), 5)
        assert way.why == ""
    assert way.own == {(await journal(bus, CPD))[0].id}


async def test_an_append_that_never_returns_is_tried_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lane, "APPEND_WITHIN_S", 0.02)
    monkeypatch.setattr(lane, "PAUSES_S", (0.005,))
    bus = LooseBus()
    bus.flow.clear()
    async with running(bus) as way:
        way.put(parcel(1), lambda: None)
        await until(lambda: bus.tried >= 3)
        bus.flow.set()
        await asyncio.wait_for(way.idle(), 5)
    assert len(await journal(bus, CPD)) == 1


async def test_a_full_lane_has_no_room_until_it_has_appended():
    bus = LooseBus()
    bus.flow.clear()
    async with running(bus) as way:
        for n in range(0, QUEUED_MAX, 500):
            await asyncio.wait_for(way.room(), 1)
            way.put(parcel(n, 500), lambda: None)
        waiting = asyncio.create_task(way.room())
        await until(lambda: bus.tried == 1)
        assert not waiting.done() and way.queued == QUEUED_MAX
        bus.flow.set()
        await asyncio.wait_for(waiting, 5)
        await asyncio.wait_for(way.idle(), 5)
    assert way.queued == 0
