import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from feeds import dialled_feed
from feeds.dialled_feed import ENDED, NOT_REACHED
from feeds.memory_bus import MemoryBus
from tests.support.devices import event
from tests.support.gateway import GUEST, gateway, health, source
from tests.support.redis import until


class Receiver:
    """A server that says something to whoever connects."""

    def __init__(self) -> None:
        self.says: list[bytes] = []
        self.port = 0
        self.lines: list[asyncio.StreamWriter] = []

    async def connected(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.append(writer)
        if self.says:
            writer.write(self.says.pop(0))


@contextlib.asynccontextmanager
async def receiver(*says: bytes, port: int = 0) -> AsyncIterator[Receiver]:
    there = Receiver()
    there.says = list(says)
    server = await asyncio.start_server(there.connected, "127.0.0.1", port)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()
        for line in there.lines:
            line.transport.abort()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialled_feed, "PAUSE_S", 0.02)
    monkeypatch.setattr(dialled_feed, "PAUSE_MOST_S", 0.05)


def fetched(port: int):
    return [source("guest-fetched", GUEST, "cot", connect=f"tcp://127.0.0.1:{port}")]


async def test_what_the_other_side_says_is_taken_and_a_line_that_ends_is_opened_again():
    async with receiver(event("A"), event("B")) as there, gateway(MemoryBus(), fetched(there.port)) as door:
        await until(lambda: health(door, "guest-fetched").accepted == 1)
        assert health(door, "guest-fetched").connections == 1
        there.lines[0].close()
        await until(lambda: health(door, "guest-fetched").accepted == 2)
        assert health(door, "guest-fetched").closed == {ENDED: 1}


async def test_a_server_that_is_not_there_is_told_in_health_and_found_when_it_comes():
    async with receiver() as there:
        port = there.port
    async with gateway(MemoryBus(), fetched(port)) as door:
        await until(lambda: health(door, "guest-fetched").closed.get(NOT_REACHED, 0) >= 2)
        assert health(door, "guest-fetched").last_reason == NOT_REACHED
        async with receiver(event("A"), port=port):
            await until(lambda: health(door, "guest-fetched").accepted == 1)
