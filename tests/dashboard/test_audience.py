import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dashboard.audience import Audience, Seat
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from layers.policy import Rules, ViewerClass
from tests.dashboard.test_hub import now, say, units
from tests.support.heard import T0, heard, unit
from tests.support.live import hub_on, wait_for, watching


async def seat_of(hub) -> Seat:
    (audience,) = hub.audiences.values()
    await wait_for(lambda: audience.seats)
    (seat,) = audience.seats
    return seat


async def test_only_a_revision_of_this_epoch_is_gone_on_from() -> None:
    async with hub_on(MemoryBus()) as hub, watching(hub):
        seat = await seat_of(hub)
        other = Audience(heard(), Rules(()), ViewerClass(AgencyId("cpd")), T0)
        for epoch, rev, event, goes_on in (
            (other.epoch, 1, 0, True),
            (other.epoch, 2, 0, False),
            (other.epoch, 1, 1, False),
            (other.epoch, 0, 0, False),
            ("another", 1, 0, False),
        ):
            again = Seat(seat.connection, seat.viewer)
            other.join(again, epoch, rev, event)
            assert (again.subscription.rev == 1) is goes_on


async def test_who_comes_to_an_audience_that_is_over_is_cut_and_gets_the_new_one() -> None:
    headers = {"Authorization": "Bearer jcc-token"}
    async with (
        hub_on(MemoryBus()) as hub,
        connect(f"ws://127.0.0.1:{hub.port}/stream", additional_headers=headers) as it,
    ):
        hello = json.loads(await asyncio.wait_for(it.recv(), 5))
        (audience,) = hub.audiences.values()
        hub._renew(audience)
        await it.send('{"type": "resume"}')
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(it.recv(), 5)
        assert not audience.seats
        async with watching(hub) as again:
            await wait_for(lambda: again.client.frames)
            assert again.hello["epoch"] != hello["epoch"]


async def test_a_heartbeat_never_speaks_of_a_revision_its_viewer_does_not_have() -> None:
    bus = MemoryBus()
    async with hub_on(bus) as hub, watching(hub) as viewer:
        seat = await seat_of(hub)
        await wait_for(lambda: viewer.client.frames)
        seat.subscription.slow = True
        seat.unsent = lambda: 10**9  # type: ignore[method-assign]
        await say(bus, unit(at=now()))
        (audience,) = hub.audiences.values()
        await wait_for(lambda: audience.view.counts()["units"] == 1)
        before = len(viewer.client.frames)
        # The network takes what waited between the frame and the heartbeat of one tick.
        seat.subscription.slow = False
        seat.unsent = lambda: 0  # type: ignore[method-assign]
        audience._spoke_at = 0.0
        await wait_for(lambda: units(viewer) == {"u1"})
        assert len(viewer.client.frames) > before
