"""Short commands of many callers on one line: what is asked for at the same moment goes in one piece.

A gateway of seven agencies makes thirty such errands a second: one by one each is a round trip, with the loop, the
server and the processor's caches in between.
"""

import asyncio
from typing import Any

from feeds.errors import BusDown
from feeds.redis_line import Command, Line


class Errands:
    """The callers of one line. For one event loop."""

    def __init__(self, line: Line, within: float) -> None:
        """`within`: longest wait for the replies of one piece, seconds."""
        self.line = line
        self._within = within
        self._asked: list[tuple[tuple[Command, ...], asyncio.Future[list[Any]]]] = []
        self._going: asyncio.Task[None] | None = None

    async def ask(self, *commands: Command) -> list[Any]:
        """Return the replies to the commands, which are sent together; an error reply stays a ResponseError.

        Raises BusDown. Who no longer waits is not told, and the others of his piece are.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Future[list[Any]] = loop.create_future()
        self._asked.append((commands, told))
        if self._going is None:
            self._going = loop.create_task(self._go())
        return await told

    async def _go(self) -> None:
        try:
            while self._asked:
                piece, self._asked = self._asked, []
                try:
                    replies = await self.line.ask(*(one for asked, _ in piece for one in asked), within=self._within)
                except BusDown as error:
                    for _, told in piece:
                        if not told.done():
                            told.set_exception(BusDown(str(error), error.why))  # each its own: it gathers traces
                    continue
                except Exception as error:  # nobody is left to wait for ever
                    for _, told in piece:
                        if not told.done():
                            told.set_exception(error)
                    continue
                at = 0
                for asked, told in piece:
                    if not told.done():
                        told.set_result(replies[at : at + len(asked)])
                    at += len(asked)
        finally:
            self._going = None
