"""Our clock is set back ten seconds: nothing refused, nothing lost, ids grow, and the picture goes on."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

import pytest

from feeds.embedded_redis import EmbeddedRedis
from feeds.feed_line import Line
from feeds.redis_bus import RedisBus
from tests.support.faults import FORM
from tests.support.gateway import CPD, gateway, health, journal, sender, unit
from tests.support.live import Watcher, hub_on, watching
from tests.support.redis import until

pytestmark = [pytest.mark.redis, pytest.mark.chaos]


class SetClock:
    """The machine's clock, set to something else."""

    def __init__(self) -> None:
        self.by = 0.0

    def now(self) -> float:
        return time.time() + self.by


class Speaker:
    """A car that drives on and reports by its own clock, which is right."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.seq = 0

    async def report(self) -> int:
        """Report once; return where it is, 1e-7 degrees."""
        self.seq += 1
        lat = round(41.7 + self.seq / 1e4, 4)
        await self._line.send(json.dumps(unit(self.seq, at=time.time(), lat=lat)).encode())
        assert (await self._line.answer(5.0)).ack == (self.seq,)
        return round(lat * 1e7)


def place(viewer: Watcher) -> int:
    return viewer.client.by_id("units").get(("cpd", "1213R"), {}).get("lat", 0)


@contextlib.asynccontextmanager
async def closing(bus: RedisBus) -> AsyncIterator[RedisBus]:
    try:
        yield bus
    finally:
        await bus.close()
        await asyncio.sleep(0)


@pytest.mark.parametrize("ahead_s", [0.0, 10.0], ids=["set wrong", "set right"])
async def test_a_clock_set_back_ten_seconds_refuses_and_loses_nothing_and_the_picture_goes_on(
    fresh_redis: EmbeddedRedis, ahead_s: float
):
    clock = SetClock()
    clock.by = ahead_s
    async with (
        closing(RedisBus(fresh_redis.url, clock)) as bus,
        gateway(bus, clock=clock) as door,
        hub_on(bus, clock=clock) as hub,
        watching(hub) as viewer,
        sender(door, "cpd-avl", "r1") as line,
    ):
        car = Speaker(line)
        for _ in range(5):
            where = await car.report()
        await until(lambda: place(viewer) == where, 3.0, "the car on the picture")
        for _ in range(FORM.rounds):  # a minute in all is waited out
            clock.by -= 10.0
            for _ in range(20):
                where = await car.report()
                await until(lambda where=where: place(viewer) == where, 1.0, "the car, further on")
        told, frames = len(viewer.said("health")), len(viewer.client.frames)
        await until(lambda: len(viewer.said("health")) >= told + 2, 3.0, "health goes on")
        await until(lambda: len(viewer.client.frames) >= frames + 2, 3.0, "heartbeats go on")
        book = health(door, "cpd-avl")
        assert (book.accepted, book.duplicate, book.rejected, book.gaps) == (car.seq, 0, 0, 0)
        found = await journal(bus, CPD)
        assert [e.report.seq for d in found for e in d.batch.envelopes()] == list(range(1, car.seq + 1))
        assert [d.id for d in found] == sorted({d.id for d in found})
        received = [p.received_at for d in found for p in d.batch.parcels]
        assert received == sorted(received), "what came later is not stamped earlier"
