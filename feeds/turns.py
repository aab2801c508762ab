"""Fair turns at the door: in one pass of the event loop each agency is served one frame.

A flood is a line of frames before one agency's turn; another agency's single frame waits for one frame of each
other agency at the most, never for the flood. Who comes when nobody waits goes through without waiting.
"""

import asyncio
from collections import deque
from collections.abc import Hashable


class Turns:
    """Hands out turns by agency. For one event loop."""

    def __init__(self) -> None:
        self._served: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """Agencies that had their turn in this pass, and who of them waits for the next."""

    def waiting(self, agency: Hashable) -> int:
        """Return how many frames of the agency wait for a turn."""
        return len(self._served.get(agency, ()))

    async def take(self, agency: Hashable) -> None:
        """Return when it is the agency's turn; at once when it had none in this pass of the loop."""
        line = self._served.get(agency)
        if line is None:
            self._begin(agency, deque())
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        await turn

    def _begin(self, agency: Hashable, line: deque[asyncio.Future[None]]) -> None:
        self._served[agency] = line
        # Two passes: in the next one the woken frame is worked on, in the one after that the turn is over.
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self._next, agency)

    def _next(self, agency: Hashable) -> None:
        line = self._served.pop(agency)
        while line:
            turn = line.popleft()
            if not turn.done():  # who was waiting may have been cancelled
                turn.set_result(None)
                self._begin(agency, line)
                return
