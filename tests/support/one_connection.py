"""A server of one WebSocket, for those who look at a line from its other end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve


@asynccontextmanager
async def one_connection() -> AsyncIterator[tuple[str, "asyncio.Future[ServerConnection]"]]:
    """Yield its address, and the connection that will come; it stays open until the block ends."""
    served: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def connected(connection: ServerConnection) -> None:
        served.set_result(connection)
        await over.wait()

    async with serve(connected, "127.0.0.1", 0, compression=None) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", served
        over.set()
