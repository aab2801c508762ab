"""How many streams one log-in may have open."""

import asyncio
import contextlib

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dashboard import seating
from feeds.memory_bus import MemoryBus
from tests.support.live import cookie_headers, hub_on, wait_for, watching


async def test_beyond_the_cap_of_a_log_in_its_oldest_seat_is_cut_and_no_other_viewers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seating, "SEATS_PER_LOG_IN", 2)
    async with hub_on(MemoryBus()) as hub, watching(hub) as program, contextlib.AsyncExitStack() as open_:
        headers = {**cookie_headers(hub.port), "Origin": "http://127.0.0.1:8050"}
        seats = []
        for _ in range(3):
            url = f"ws://127.0.0.1:{hub.port}/stream"
            seats.append(await open_.enter_async_context(connect(url, additional_headers=headers)))
            await seats[-1].recv()
        with pytest.raises(ConnectionClosed):
            for _ in range(100):
                await seats[0].recv()
        heard = len(program.said("health"))
        await wait_for(lambda: len(program.said("health")) > heard)
        for seat in seats[1:]:
            await seat.recv()
        assert sum(len(taken) for taken in hub._stream._seating._taken.values()) == 3
    assert hub._stream._seating._taken == {}


async def test_the_cap_of_a_token_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seating, "SEATS_PER_TOKEN", 1)
    async with (
        hub_on(MemoryBus()) as hub,
        watching(hub, "fire-token") as other,
        watching(hub) as first,
        watching(hub) as second,
    ):
        assert first.reading is not None
        await asyncio.wait({first.reading}, timeout=8)
        assert first.reading.done()
        assert other.reading is not None
        assert second.reading is not None
        assert not other.reading.done()
        assert not second.reading.done()
