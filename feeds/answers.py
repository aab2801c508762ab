"""The answers of one WebSocket: in the order of its messages, each as soon as it and all before it are ready.

A task that waits for each answer, sends it and waits for the line costs a message of the usual size a tenth of all that
it costs the door. So answers are written when the last of them lands, all that are ready in one piece, and nobody waits
for the line while it takes them. What is ready when it does not stays here, at most `most` answers, until it does.
"""

import asyncio
import contextlib
from collections import deque

from websockets.asyncio.connection import Connection
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN

from feeds.pending import Pending


class Answers:
    """For one event loop, and one task that adds."""

    def __init__(self, connection: Connection, most: int) -> None:
        self._connection = connection
        self._most = most
        self._waiting: deque[Pending] = deque()
        self._moved = asyncio.Event()
        self.stuck = asyncio.Event()
        """Set when the line does not take what is ready: slow, or gone."""

    async def add(self, pending: Pending) -> None:
        """Take the answer to the next message; return when there is room for one more."""
        self._waiting.append(pending)
        pending.done.add_done_callback(self._ready)
        while len(self._waiting) >= self._most:
            self._moved.clear()
            await self._moved.wait()

    async def all_written(self) -> None:
        """Return when no answer waits."""
        while self._waiting:
            self._moved.clear()
            await self._moved.wait()

    async def until_taken(self) -> bool:
        """Return when the line takes answers again, and those that were ready are written; False: it is gone."""
        with contextlib.suppress(OSError):  # the line broke
            await self._connection.drain()
        self.stuck.clear()
        self._write()
        return self._connection.protocol.state is OPEN

    def _ready(self, _: asyncio.Future[None]) -> None:
        if self._waiting and self._waiting[0].done.done():
            self._write()

    def _write(self) -> None:
        connection, waiting = self._connection, self._waiting
        if connection.paused or connection.protocol.state is not OPEN:
            self.stuck.set()
            return
        frames: list[bytes] = []
        while waiting and waiting[0].done.done():
            # Framed here, past the library's own sending: nothing of ours goes in fragments or with extensions.
            frames.append(Frame(Opcode.TEXT, waiting.popleft().answer()).serialize(mask=False))
        if frames:
            connection.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
            self._moved.set()
            if connection.paused:
                self.stuck.set()
