"""The demo site's door on free ports, and what came through it."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable

from feeds.bus import BEGINNING, Bus
from feeds.clock import SystemClock
from feeds.exercise.site import AGENCIES, GUEST, SOURCES
from feeds.gateway import Gateway
from feeds.names import AgencyId, SourceId
from feeds.report import AnyReport
from feeds.source import SourceSettings

TOKENS = {s.id: f"token-of-{s.id}" for s in SOURCES}


def demo_sources() -> tuple[SourceSettings, ...]:
    """Return the demo's sources as the door takes them."""
    return tuple(
        SourceSettings(
            id=SourceId(s.id),
            agency=AgencyId(s.agency),
            adapter=s.adapter,
            token_sha256=hashlib.sha256(TOKENS[s.id].encode()).hexdigest(),
            cadence_s=s.cadence_s,
            cadence_by_state=s.cadence_by_state,
            status="actual" if s.agency == GUEST else "exercise",
            listen=f"{s.own_port}:0" if s.own_port else "",
            uid_prefixes=s.uid_prefixes,
            catch_all=s.catch_all,
        )
        for s in SOURCES
    )


@contextlib.asynccontextmanager
async def open_door(bus: Bus, feed_port: int = 0) -> AsyncIterator[Gateway]:
    """Run the demo's gateway while the block runs."""
    gate = Gateway(
        bus, demo_sources(), [AgencyId(a.id) for a in AGENCIES], SystemClock(), feed_port=feed_port, cot_port=0
    )
    stop = asyncio.Event()
    task = asyncio.create_task(gate.run(stop))
    try:
        async with asyncio.timeout(10):
            await gate.ready.wait()
        yield gate
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


async def journaled(bus: Bus, agency: str) -> list[AnyReport]:
    """Return every report in the agency's journal, oldest first."""
    deliveries = await bus.read(AgencyId(agency), BEGINNING, 100_000)
    return [e.report for d in deliveries for e in d.batch.envelopes()]


async def journaled_count(bus: Bus, agency: str, count: int, within_s: float = 10.0) -> list[AnyReport]:
    """Return the agency's reports once there are `count` of them or more; fail after `within_s` seconds."""
    async with asyncio.timeout(within_s):
        while len(reports := await journaled(bus, agency)) < count:  # noqa: ASYNC110 - bounded above
            await asyncio.sleep(0.01)
    return reports


async def eventually(true: Callable[[], bool], within_s: float = 10.0) -> None:
    """Return when `true()` is; fail after `within_s` seconds."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - bounded above
            await asyncio.sleep(0.01)
