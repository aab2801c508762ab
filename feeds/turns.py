"""Fair turns at the door: in one pass of the event loop each agency is served so many bytes, and no more.

A flood is a line of frames before one agency's turn; another agency's frame waits for one turn of each other agency
at the most, never for the flood. Who comes when nobody waits goes through without waiting.
"""

import asyncio
from collections import deque
from collections.abc import Hashable

TURN_BYTES = 64 * 1024
"""What an agency may bring in one pass, and one frame over it: about a millisecond's work."""


class _Turn:
    """What an agency has left in this pass, and who of it waits for the next."""

    __slots__ = ("left", "line")

    def __init__(self, size: int) -> None:
        self.left = TURN_BYTES - size
        self.line: deque[tuple[asyncio.Future[None], int]] = deque()


class Turns:
    """Hands out turns by agency. For one event loop."""

    def __init__(self) -> None:
        self._served: dict[Hashable, _Turn] = {}
        """Agencies that had something of their turn in this pass."""

    def waiting(self, agency: Hashable) -> int:
        """Return how many frames of the agency wait for a turn."""
        turn = self._served.get(agency)
        return 0 if turn is None else len(turn.line)

    async def take(self, agency: Hashable, size: int) -> None:
        """Return when it is the turn of a frame of so many bytes; at once while the agency's turn is not used up."""
        turn = self._served.get(agency)
        loop = asyncio.get_running_loop()
        if turn is None:
            self._served[agency] = _Turn(size)
            loop.call_soon(self._over, agency)
        elif turn.left > 0 and not turn.line:
            turn.left -= size
        else:
            waiting: asyncio.Future[None] = loop.create_future()
            turn.line.append((waiting, size))
            await waiting

    def _over(self, agency: Hashable) -> None:
        """End the agency's turn; whoever of it waits begins the next one."""
        line = self._served.pop(agency).line
        next_ = _Turn(0)
        while line and next_.left > 0:
            waiting, size = line.popleft()
            if not waiting.done():  # who was waiting may have been cancelled
                waiting.set_result(None)
                next_.left -= size
        if next_.left < TURN_BYTES:
            next_.line = line
            self._served[agency] = next_
            # Two passes: in the next one what was woken is worked on, in the one after that the turn is over.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._over, agency)
