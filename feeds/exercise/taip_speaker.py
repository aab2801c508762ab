"""A source whose cars say where they are in TAIP, over one TCP line, as a fleet's modem server passes them on.

Each message is numbered; what the door has not acknowledged when the line breaks is said again, and told there as a
duplicate. At most `LINES_MAX` wait; then the oldest goes, and is counted.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import Sequence

from feeds.exercise.taip_line import acknowledged, line
from feeds.framing import Delimited
from feeds.report import AnyReport, UnitReport

log = logging.getLogger(__name__)

LINES_MAX = 20_000
UNANSWERED_MAX = 4_000
"""Messages without an acknowledgement, fewer than there are numbers."""
_OPEN_S, _WRITE_S, _IDLE_S = 5.0, 10.0, 30.0
_PAUSE_S, _PAUSE_MOST_S = 0.2, 5.0


class TaipSpeaker:
    """See the head."""

    def __init__(self, source: str, host: str, port: int) -> None:
        self.source = source
        self.dropped = 0
        self._host, self._port = host, port
        self._reports: deque[UnitReport] = deque()
        self._unanswered: OrderedDict[int, bytes] = OrderedDict()
        self._number = 0
        self._more = asyncio.Event()

    def put(self, agency: str, reports: Sequence[AnyReport]) -> None:
        """Take reports to be sent; never waits. What is no place has no words in TAIP."""
        self._reports.extend(r for r in reports if isinstance(r, UnitReport) and r.lat is not None)
        while len(self._reports) > LINES_MAX:
            self._reports.popleft()
            self.dropped += 1
        self._more.set()

    @property
    def waiting(self) -> int:
        """Messages not acknowledged yet."""
        return len(self._reports) + len(self._unanswered)

    async def run(self) -> None:
        """Keep the line up and send, until cancelled."""
        pause, lost = _PAUSE_S, ""
        while True:
            before = self._number
            try:
                async with asyncio.timeout(_OPEN_S):
                    reader, writer = await asyncio.open_connection(self._host, self._port)
                if lost:
                    log.warning("exercise_line_back source=%s", self.source)
                lost = ""
                try:
                    await self._talk(reader, writer)
                finally:
                    writer.transport.abort()
            except (OSError, TimeoutError) as error:
                if not lost:
                    log.warning("exercise_line_lost source=%s reason=%s", self.source, type(error).__name__)
                lost = type(error).__name__
            pause = _PAUSE_S if self._number != before else min(2 * pause, _PAUSE_MOST_S)
            await asyncio.sleep(pause)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say again what was not acknowledged, then what comes, until the line breaks."""
        listening = asyncio.create_task(self._listen(reader))
        listening.add_done_callback(lambda _: self._more.set())
        try:
            writer.write(b"".join(self._unanswered.values()))
            while not listening.done():
                self._more.clear()
                writer.write(b"".join(self._next()))
                async with asyncio.timeout(_WRITE_S):
                    await writer.drain()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE_S):
                        await self._more.wait()
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await listening

    def _next(self) -> list[bytes]:
        lines = []
        while self._reports and len(self._unanswered) < UNANSWERED_MAX:
            self._number = (self._number + 1) & 0xFFFF
            said = line(self._reports.popleft(), self._number)
            self._unanswered[self._number] = said
            lines.append(said)
        return lines

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        replies = Delimited(b"<")
        while chunk := await reader.read(65536):
            for reply in replies.feed(chunk):
                if (number := acknowledged(reply)) is not None:
                    self._unanswered.pop(number, None)
            self._more.set()
