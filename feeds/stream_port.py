"""A TCP port on which a dialect is spoken as a byte stream, by anybody who reaches it: the site's CoT port, and each
`listen = "tcp:PORT"`. It asks for no token: open it to networks you trust.

A place is taken by who has sent a whole frame; silent connections wait in a small crowd of their own
(`feeds/crowd.py`).
"""

import asyncio
import logging

from feeds.byte_feed import CHUNK, ByteFeed
from feeds.crowd import Crowd

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 1000
"""Connections that have sent a frame."""
SILENT_MAX = 200
"""Connections that have not."""
PLACE_MAX = 300
"""Connections from one address: behind one may be a whole operation's devices."""

CROWDED_OUT = "silent stream connection crowded out"
TOO_MANY = "too many stream connections"
TOO_MANY_OF_ONE = "too many stream connections of one address"


class StreamPort:
    """See the head."""

    def __init__(self, feed: ByteFeed) -> None:
        self.port = 0
        """The port it listens on, once started."""
        self._feed = feed
        self._server: asyncio.Server | None = None
        self._tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._crowd: Crowd[asyncio.StreamWriter] = Crowd(
            admitted_max=CONNECTIONS_MAX, silent_max=SILENT_MAX, place_max=PLACE_MAX
        )

    async def start(self, bind: str, port: int) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._connected, bind, port, limit=CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more and read no more; what was read stays with the lanes."""
        if self._server is not None:
            self._server.close()
        for task, writer in self._tasks.items():
            task.cancel()
            writer.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.3)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        name = writer.get_extra_info("peername")
        address = str(name[0]) if name else ""
        if not self._crowd.enter(writer, address):
            self._feed.refused[TOO_MANY_OF_ONE] += 1
            writer.transport.abort()
            return
        if (out := self._crowd.too_silent()) is not None:
            self._feed.refused[CROWDED_OUT] += 1
            self._crowd.leave(out)
            out.transport.abort()
        self._tasks[task] = writer
        peer = self._feed.peer(address, writer.write, writer.transport.get_write_buffer_size)
        reason = ""
        try:
            reason = await peer.read(reader, lambda: self._admit(writer))
            if reason:
                log.info("stream_closed adapter=%s reason=%r", self._feed.adapter.name, reason)
        except (OSError, asyncio.CancelledError):
            pass  # gone, or the gateway stops
        finally:
            peer.forget(reason)
            self._crowd.leave(writer)
            del self._tasks[task]
            writer.transport.abort()

    def _admit(self, writer: asyncio.StreamWriter) -> bool:
        """Give a connection that has sent a frame its place; return False, and count, when the port is full."""
        if self._crowd.admit(writer):
            return True
        self._feed.refused[TOO_MANY] += 1
        return False
