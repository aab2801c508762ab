"""How the exercise's agencies speak: one connection per source, through the door everybody uses.

Native sources send numbered messages over a WebSocket and wait for their answers; CoT sources write to a TCP stream
that answers nothing. Either comes back by itself when the line breaks.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import Counter, deque
from collections.abc import Sequence
from typing import Protocol

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from feeds.exercise import cot_event
from feeds.exercise.outbox import Outbox
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
    """A source that speaks the native dialect."""

    def __init__(self, source: str, feed_url: str, token: str) -> None:
        self.source = source
        self.outbox = Outbox()
        self.counts: Counter[str] = Counter()
        """What the door answered: `ack`, `duplicate`, `refused`, in reports."""
        self._url = f"{feed_url}/feed/{source}?run={secrets.token_hex(8)}"
        self._token = token
        self._lost = _Lost(source)
        self._more = asyncio.Event()

    def put(self, agency: str, reports: Sequence[AnyReport]) -> None:
        """Take reports to be sent; never waits."""
        self.outbox.put(reports)
        self._more.set()

    @property
    def waiting(self) -> int:
        """Reports not answered yet."""
        return len(self.outbox)

    async def run(self) -> None:
        """Keep the line up and send, until cancelled."""
        pause = _PAUSE_S
        while True:
            answered = self.outbox.answered
            try:
                async with connect(
                    self._url,
                    additional_headers={"Authorization": f"Bearer {self._token}"},
                    compression=None,
                    proxy=None,
                    open_timeout=_OPEN_S,
                    close_timeout=0.5,
                ) as line:
                    self._lost.found()
                    await self._talk(line)
            except InvalidStatus as error:
                self._lost.lost(f"HTTP {error.response.status_code}")
            except (OSError, WebSocketException, TimeoutError) as error:
                self._lost.lost(type(error).__name__)
            self.outbox.line_lost()
            pause = _PAUSE_S if self.outbox.answered > answered else min(pause * 2, _PAUSE_MOST_S)
            await asyncio.sleep(pause)

    async def _talk(self, line: ClientConnection) -> None:
        """Send and hear answers until the line breaks."""
        listening = asyncio.create_task(self._listen(line))
        listening.add_done_callback(lambda _: self._more.set())
        try:
            while not listening.done():
                self._more.clear()
                while (body := self.outbox.next()) is not None:
                    async with asyncio.timeout(_WRITE_S):
                        await line.send(body.decode())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE_S):
                        await self._more.wait()
            await listening
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError, WebSocketException, TimeoutError):
                await listening

    async def _listen(self, line: ClientConnection) -> None:
        while True:
            # No timeout: the answer may take as long as the bus does, and the library's pings find a dead line.
            text = await line.recv()
            answer = msgspec.json.decode(text)
            self.outbox.answer()
            self._more.set()
            for part in ("ack", "duplicate", "refused"):
                self.counts[part] += len(answer.get(part, ()))
            for refusal in answer.get("refused", ())[:1]:
                log.warning("exercise_report_refused source=%s reason=%s", self.source, refusal.get("reason"))


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
