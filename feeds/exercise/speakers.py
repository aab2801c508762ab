"""How the exercise's agencies speak: one connection per source, through the door everybody uses.

Native sources send numbered messages over a WebSocket and wait for their answers; CoT sources write to a TCP stream
that answers nothing. Either comes back by itself when the line breaks.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from feeds.client import FeedClient
from feeds.errors import SpoolFull
from feeds.exercise import cot_event
from feeds.exercise.stream_line import StreamLine
from feeds.report import AnyReport, UnitReport

COT_EVENTS_MAX = 2_000
"""CoT events kept while the line is away; then the oldest goes: a stream without answers has no better."""


class Speaker(Protocol):
    """One source's voice."""

    source: str

    def put(self, agency: str, reports: Sequence[AnyReport]) -> None:
        """Take reports to be sent; never waits."""
        ...

    @property
    def waiting(self) -> int:
        """Reports the door does not have yet, as far as this side can tell."""
        ...

    async def run(self) -> None:
        """Keep the line up and send, until cancelled."""
        ...


class NativeSpeaker:
    """A source that speaks the native dialect: the client every agency has, with its spool in memory."""

    def __init__(self, source: str, feed_url: str, token: str) -> None:
        self.source = source
        self.feed = FeedClient(feed_url, source, token)

    def put(self, agency: str, reports: Sequence[AnyReport]) -> None:
        """Take reports to be sent; never waits. What the spool has no room for is lost, and leaves a gap."""
        try:
            self.feed.put(reports)
        except SpoolFull:
            self.feed.lose(len(reports))

    @property
    def waiting(self) -> int:
        """Reports not answered yet."""
        return self.feed.waiting

    async def run(self) -> None:
        """Keep the line up and send, until cancelled."""
        async with self.feed:
            await asyncio.Event().wait()


class CotSpeaker:
    """A source that speaks Cursor on Target over TCP."""

    def __init__(self, source: str, host: str, port: int) -> None:
        self.source = source
        self.dropped = 0
        self.written = 0
        """Events handed to the line."""
        self._line = StreamLine(source, host, port, more=self._next)
        self._events: deque[bytes] = deque()
        self._signs: dict[str, str] = {}

    def put(self, agency: str, reports: Sequence[AnyReport]) -> None:
        """Take reports to be sent; never waits. What is no unit has no place in CoT and is left out."""
        for report in reports:
            if not isinstance(report, UnitReport):
                continue
            if report.call_sign is not None:
                self._signs[report.unit_id] = report.call_sign
            sign = self._signs.get(report.unit_id, report.unit_id)
            self._events.append(cot_event.event(report, agency, sign))
        while len(self._events) > COT_EVENTS_MAX:
            self._events.popleft()
            self.dropped += 1
        self._line.wake()

    @property
    def waiting(self) -> int:
        """Events not handed to the line yet."""
        return len(self._events)

    async def run(self) -> None:
        """Keep the line up and send, until cancelled."""
        await self._line.run()

    def _next(self) -> bytes:
        """Return all that waits; what a broken line swallows is lost, as CoT streams do."""
        body = b"".join(self._events)
        self.written += len(self._events)
        self._events.clear()
        return body
