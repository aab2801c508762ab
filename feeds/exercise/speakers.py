"""How the exercise's agencies speak: one connection per source, through the door everybody uses.

Native sources send numbered messages over a WebSocket and wait for their answers; CoT sources write to a TCP stream
that answers nothing. Either comes back by itself when the line breaks.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from feeds.client import FeedClient
from feeds.errors import SpoolFull
from feeds.exercise import cot_event
from feeds.report import AnyReport, UnitReport

log = logging.getLogger(__name__)

_OPEN_S = 5.0
_WRITE_S = 10.0
_IDLE_S = 30.0
"""Longest sleep between two looks at the line, seconds."""
_PAUSE_S, _PAUSE_MOST_S = 0.2, 5.0
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


class _Lost:
    """Logs a line that is lost and found again, once each."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._why = ""

    def lost(self, why: str) -> None:
        if why != self._why:
            log.warning("exercise_line_lost source=%s reason=%s", self._source, why)
        self._why = why

    def found(self) -> None:
        if self._why:
            log.warning("exercise_line_back source=%s", self._source)
        self._why = ""


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
        self._host, self._port = host, port
        self._lost = _Lost(source)
        self._events: deque[bytes] = deque()
        self._signs: dict[str, str] = {}
        self._more = asyncio.Event()

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
        self._more.set()

    @property
    def waiting(self) -> int:
        """Events not handed to the line yet."""
        return len(self._events)

    async def run(self) -> None:
        """Keep the line up and send, until cancelled."""
        pause = _PAUSE_S
        while True:
            try:
                async with asyncio.timeout(_OPEN_S):
                    reader, writer = await asyncio.open_connection(self._host, self._port)
                pause = _PAUSE_S
                self._lost.found()
                try:
                    await self._talk(reader, writer)
                finally:
                    writer.close()
            except (OSError, TimeoutError) as error:
                self._lost.lost(type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _PAUSE_MOST_S)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening = asyncio.create_task(_drain_until_end(reader))
        listening.add_done_callback(lambda _: self._more.set())
        try:
            while not listening.done():
                self._more.clear()
                # One write for all that waits; what a broken line swallowed is lost, as CoT streams do.
                if self._events and not listening.done():
                    body = b"".join(self._events)
                    self.written += len(self._events)
                    self._events.clear()
                    writer.write(body)
                    async with asyncio.timeout(_WRITE_S):
                        await writer.drain()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE_S):
                        await self._more.wait()
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await listening


async def _drain_until_end(reader: asyncio.StreamReader) -> None:
    """Read and forget what the door says, until it hangs up."""
    while await reader.read(4096):
        pass
