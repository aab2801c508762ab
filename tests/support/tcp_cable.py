"""A TCP line to a door, which a test can cut, swallow what goes over it, and lead to another door."""

import asyncio
from pathlib import Path

from tests.support.redis import Cable


class TcpCable(Cable):
    """Listens on a free port of its own, `url`, and leads to `port`."""

    def __init__(self, port: int) -> None:
        super().__init__("", Path())
        self.port = port
        """Where new lines lead; nobody there: they end at once."""
        self.swallow = False
        """Let nothing through in either direction, and say nothing: a network that went away."""
        self.cut_after: int | None = None
        """Cut the line once so many bytes have come back from the door."""

    async def _listen(self) -> asyncio.Server:
        door = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{door.sockets[0].getsockname()[1]}"
        return door

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, to_server: bool) -> None:
        while data := await source.read(65536):
            if self.swallow:
                continue
            if not to_server and self.cut_after is not None:
                self.cut_after -= len(data)
                if self.cut_after < 0:
                    self.cut_after = None
                    return
            target.write(data)
            await target.drain()
