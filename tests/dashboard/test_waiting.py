"""Connections that wait for a whole request."""

import asyncio
import contextlib

from dashboard.waiting import Waiting
from tests.support.live import wait_for


class Door(asyncio.Protocol):
    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._waiting.add(transport)


async def test_the_one_that_waited_longest_is_cut_when_there_are_too_many() -> None:
    waiting = Waiting(2)
    server = await asyncio.get_running_loop().create_server(lambda: Door(waiting), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    lines = []
    for n in range(3):
        lines.append(await asyncio.open_connection("127.0.0.1", port))
        await wait_for(lambda n=n: len(waiting) == min(n + 1, 2))
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(lines[0][0].read(), 5) == b""
    assert not lines[1][0].at_eof()
    assert not lines[2][0].at_eof()
    for _, writer in lines:
        writer.close()
    server.close()
