"""The engine of `jointops feed`: a captured file goes through the door as a source.

Rules
- The file's newest time becomes now, spacing kept, and all goes as fast as it is acknowledged. With a rate, R recorded
  seconds pass per second and the first time becomes now: each message is dated when it is due. Or times stay.
- One run per call. Native messages without `seq` get one, after the largest in the file.
- A message that cannot be read is sent as it is: the door says why it is refused.
- At most `WINDOW` frames are unanswered. When the line drops they are sent again; the door tells duplicates.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from feeds import adapters
from feeds.access import Way, find_access, find_way, offer_access, withdraw_access
from feeds.adapter import FRAME_MAX, Adapter, Capture, Message
from feeds.clock import Clock, SystemClock
from feeds.door import TOO_LARGE
from feeds.errors import ConfigError, FeedLost
from feeds.feed_line import Answer, Counts, Line, open_line

__all__ = ["Totals", "Way", "find_access", "find_way", "offer_access", "send_file", "withdraw_access"]

WINDOW = 32
"""Frames that may wait for their answer."""
FRAME_BYTES = 32 * 1024
FRAME_MESSAGES = 200
TOGETHER_S = 0.05
"""With a rate, messages due within this time go in one frame, seconds."""
PAUSES_S = (0.1, 0.3, 1.0, 2.0, 4.0)
"""Waits before connecting again, seconds; after the last without an answer in between we give up."""


class Totals(Counts):
    """What became of a file's messages so far: messages = accepted + duplicate + refused, at the end.

    Of a message that holds several things (an EIDO document) each that was refused is counted besides.
    """

    messages: int = 0
    """How many the file holds."""

    @property
    def answered(self) -> int:
        """How many are through, one way or the other."""
        return min(self.messages, super().answered)


# ---- from a file to frames


def looks_like(head: bytes) -> Adapter | None:
    """Return the dialect that a file's first bytes look like, or None."""
    # Our own dialect takes any JSON for its own, so that a broken file is still told what is wrong: it is asked last.
    for candidate in map(adapters.load, sorted(adapters.names(), key="native".__eq__)):
        if candidate.capture is not None and candidate.capture.speaks(head):
            return candidate
    return None


def dialect_of(data: bytes, name: str = "") -> Adapter:
    """Return the dialect `name`, else the one the file's beginning looks like. Raises ConfigError."""
    if name:
        adapter = adapters.load(name)
        if adapter.capture is None:
            raise ConfigError("--source", f"files of the dialect {name!r} cannot be fed")
        return adapter
    looks = looks_like(data[:4096])
    if looks is None:
        known = ", ".join(adapters.names())
        raise ConfigError("FILE", f"cannot tell the file's dialect by its beginning; known are {known}")
    return looks


class _Frame(NamedTuple):
    due_s: float
    """When to send it, seconds after the start."""
    body: bytes
    messages: int


def _dated(messages: list[Message], now: float, rate: float | None, keep: bool) -> Iterator[tuple[float, float]]:
    """Yield for each message when it is due (seconds after the start) and by how much its times move (seconds)."""
    times = [m.at for m in messages if m.at is not None]
    if not times:
        yield from ((0.0, 0.0) for _ in messages)
        return
    due, move = 0.0, now - max(times)
    for message in messages:
        if rate is not None and message.at is not None:
            after = (message.at - times[0]) / rate
            due, move = max(due, after), now + after - message.at
        yield due, 0.0 if keep else move


def _frames(
    capture: Capture, messages: list[Message], number: bool, now: float, rate: float | None, keep: bool
) -> Iterator[_Frame]:
    """Yield the file as frames: what is due together goes together, where the dialect can."""
    seq = max((m.seq for m in messages if m.seq is not None), default=0)
    group: list[bytes] = []
    group_due, size = 0.0, 0
    for message, (due, move) in zip(messages, _dated(messages, now, rate, keep), strict=True):
        given = None
        if number and message.whole and message.seq is None:
            seq += 1
            given = seq
        body = capture.move(message.raw, move, given)
        # Without numbers a frame has one answer, whatever it holds: joined messages could not be counted.
        alone = not number or capture.join is None or not message.whole
        full = len(group) >= FRAME_MESSAGES or size + len(body) > FRAME_BYTES or due - group_due > TOGETHER_S
        if group and (alone or full):
            assert capture.join is not None
            yield _Frame(group_due, capture.join(group), len(group))
            group, size = [], 0
        if alone:
            yield _Frame(due, body, 1)
            continue
        if not group:
            group_due = due
        group.append(body)
        size += len(body) + 1
    if group:
        assert capture.join is not None
        yield _Frame(group_due, capture.join(group), len(group))


# ---- from frames to the door

Progress = Callable[[Totals], None]


class _Sending:
    """One file on its way; outlives lines that drop."""

    def __init__(self, frames: Iterator[_Frame], totals: Totals, progress: Progress) -> None:
        self.totals = totals
        self._frames = frames
        self._progress = progress
        self._unanswered: deque[_Frame] = deque()
        self._held: _Frame | None = None
        self._owed = asyncio.Event()
        self._moved = asyncio.Event()
        self._started = asyncio.get_running_loop().time()
        self.answers = 0

    async def over(self, line: Line) -> None:
        """Send what is left and return when all is answered. Raises FeedLost."""
        collecting = asyncio.create_task(self._collect(line))
        sending = asyncio.create_task(self._send(line))
        try:
            await asyncio.wait({collecting, sending}, return_when=asyncio.FIRST_COMPLETED)
            for task in (sending, collecting):
                if task.done():
                    return task.result()
        finally:
            for task in (sending, collecting):
                task.cancel()
            await asyncio.gather(sending, collecting, return_exceptions=True)

    async def _send(self, line: Line) -> None:
        for again in list(self._unanswered):
            await line.send(again.body)
        while (frame := self._held or next(self._frames, None)) is not None:
            self._held = frame  # a line that drops while we wait must not lose it
            await asyncio.sleep(self._started + frame.due_s - asyncio.get_running_loop().time())
            while len(self._unanswered) >= WINDOW:
                await self._answered()
            self._held = None
            if len(frame.body) > FRAME_MAX:
                self.totals.refused[TOO_LARGE] += frame.messages
                self._progress(self.totals)
                continue
            self._unanswered.append(frame)
            self._owed.set()
            await line.send(frame.body)
        while self._unanswered:
            await self._answered()

    async def _answered(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    async def _collect(self, line: Line) -> None:
        while True:
            if not self._unanswered:  # nothing is owed, so silence says nothing
                self._owed.clear()
                await self._owed.wait()
            self._note(await line.answer(), self._unanswered.popleft())

    def _note(self, answer: Answer, frame: _Frame) -> None:
        self.answers += 1
        self.totals.note(answer)
        self._moved.set()
        self._progress(self.totals)


async def send_file(
    path: Path,
    source: str,
    way: Way,
    *,
    rate: float | None = None,
    keep_times: bool = False,
    unit: str = "",
    clock: Clock | None = None,
    progress: Progress = lambda totals: None,
) -> Totals:
    """Send a captured file as `source` and return the counts; `progress` is called after each answer.

    `unit`: whom its messages are about that name nobody (NMEA, GPX).

    Raises ConfigError (the file), FeedRefused (the token), FeedLost (no door, or it is gone for good).
    """
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise ConfigError("FILE", f"cannot read {path}: {error.strerror}") from error
    if not data.strip():
        raise ConfigError("FILE", f"{path} is empty")
    adapter = dialect_of(data, way.adapter)
    assert adapter.capture is not None
    messages = await asyncio.to_thread(adapter.capture.split, data)
    line: Line | None = await open_line(way.url, source, way.token, run := f"file-{secrets.token_hex(8)}", unit=unit)
    now = (clock or SystemClock()).now()
    frames = _frames(adapter.capture, messages, adapter.sequenced, now, rate, keep_times)
    sending = _Sending(frames, Totals(messages=len(messages)), progress)
    failed = 0
    while True:
        answers = sending.answers
        try:
            line = line or await open_line(way.url, source, way.token, run, unit=unit)
            await sending.over(line)
        except FeedLost:
            failed = 1 if sending.answers > answers else failed + 1
            if failed > len(PAUSES_S):
                raise
            await asyncio.sleep(PAUSES_S[failed - 1])
        else:
            return sending.totals
        finally:
            if line is not None:
                await line.close()
            line = None
