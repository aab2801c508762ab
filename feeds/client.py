"""FeedClient: what an agency's own program sends with. Needs msgspec, numpy and websockets, nothing else.

    put() -> number, spool -> messages -> line -> door
                 └──────── forgets ─── answers ───┘

Rules
- What `put` or `send` returned for is in the spool: it outlives this process, goes to the door in order, and is
  forgotten when the door has answered for it. With a spool in memory (`spool=None`) it dies with the process.
- The door journals every report exactly once: what was not answered is sent again under its run and number, also by
  the next process on the same spool.
- Memory is bounded: of a long wait some megabytes are held, the rest is on disk. At the spool's bound `send` waits
  and `put` raises SpoolFull: it is the caller who knows what may be lost.
- The line comes back by itself. A door that refuses us is asked again slowly: the site may mend its file.
"""

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from feeds.adapter import MESSAGES_MAX
from feeds.adapters import native
from feeds.disk_spool import DiskSpool, boot_id
from feeds.errors import DecodeError, FeedLost, FeedRefused, SpoolFull
from feeds.feed_line import SILENCE_S, Counts, Line, open_line
from feeds.ids import named
from feeds.outbox import Outbox, Refused
from feeds.report import AnyReport, Report
from feeds.spool import MemorySpool, Spool

__all__ = ["FeedClient", "Refused"]

log = logging.getLogger(__name__)

SPOOL_BYTES = 1024**3
"""What a spool on disk takes, bytes: about an hour of 1,500 positions a second."""
MEMORY_SPOOL_BYTES = 16 * 1024**2
PAUSE_S, PAUSE_MOST_S = 0.2, 10.0
"""Shortest and longest wait before connecting again, seconds; doubled at each try, and up to half of it is chance."""
REFUSED_PAUSE_S = 60.0
"""Wait before asking a door again that refused us, seconds."""
TIDY_S = 1.0
"""How often the spool is brought to the disk and forgets what was answered, seconds."""
FAREWELL_S = 2.0
"""How long leaving waits for answers, seconds."""

Said = AnyReport | dict[str, Any]
"""A report of `feeds.report`, or the same as a dict: `{"kind": "unit", "unit_id": ..., "observed_at": ...}`."""

_encode = msgspec.json.Encoder().encode
_decoder = native.ADAPTER.open()


class _RunIsThrough(Exception):
    """The line has done its work; what comes next is of another run."""


class FeedClient:
    """Sends as one source, for ever: `async with FeedClient(url, source, token, folder) as feed: ...`.

    Of one event loop. `url`: `ws://HOST:8052`. `spool`: a folder of this client alone. `on_refused` is told of every
    report that the door did not take, `on_trouble` of every change of `trouble`. Raises ConfigError for a spool it
    cannot use.
    """

    def __init__(
        self,
        url: str,
        source: str,
        token: str,
        spool: Path | None = None,
        *,
        spool_bytes: int | None = None,
        on_refused: Callable[[Refused], None] = lambda refused: None,
        on_trouble: Callable[[str], None] = lambda trouble: None,
        silence_s: float = SILENCE_S,
        chance: random.Random | None = None,
    ) -> None:
        self.trouble = "not connected yet"
        """Why nothing goes out just now, in words for people; `""` while the line is up."""
        self._url, self._source, self._token = url, source, token
        self._spool: Spool = MemorySpool(secrets.token_hex(8)) if spool is None else DiskSpool(spool, source, boot_id())
        self._kept = spool is not None
        self._outbox = Outbox(self._spool, spool_bytes or (SPOOL_BYTES if self._kept else MEMORY_SPOOL_BYTES))
        self._on_refused, self._on_trouble = on_refused, on_trouble
        self._silence_s = silence_s
        self._chance = chance or random.Random()  # noqa: S311 - spreads tries, guards nothing
        self._more = asyncio.Event()
        """Set when there may be something to send."""
        self._moved = asyncio.Event()
        """Set when something was answered."""
        self._told: set[str] = set()
        """Reasons of refusals that are in the log."""
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "FeedClient":
        """Begin to connect and to send."""
        self._tasks = [asyncio.create_task(self._keep_sending()), asyncio.create_task(self._keep_tidy())]
        for task in self._tasks:
            task.add_done_callback(lambda _: self._moved.set())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait a moment for answers, hang up, close the spool: what is left in it goes out next time."""
        if kind is None:
            with contextlib.suppress(TimeoutError):
                await self.flush(within_s=FAREWELL_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._outbox.save()
        try:
            await asyncio.to_thread(self._spool.close)
        except OSError as error:  # the reports are in it: the next client finds them, and the door what it has already
            log.error("spool_not_closed source=%s error=%s", self._source, error.strerror)
        if self.waiting:
            what = "kept" if self._kept else "lost"
            log.warning("feed_left source=%s waiting=%d %s", self._source, self.waiting, what)

    # ---- what the caller does

    def put(self, reports: Said | Sequence[Said]) -> None:
        """Take reports to be sent; never waits. All of them or, with an error, none.

        Raises DecodeError for a dict that is no report (with the door's own words, and where: `$[2].lat`), and
        SpoolFull.
        """
        self._outbox.put(_reports(reports))
        self._more.set()

    async def send(self, reports: Said | Sequence[Said]) -> None:
        """Take reports to be sent, waiting for room in the spool.

        Raises DecodeError; SpoolFull when there is no room and nothing under way that could make some.
        """
        checked = _reports(reports)
        while True:
            try:
                self._outbox.put(checked)
                break
            except SpoolFull:
                if not self.waiting:
                    raise
            await self._until_moved(TIDY_S)  # a disk that was full says nothing when it is no longer
        self._more.set()
        if self._outbox.is_full:
            await asyncio.sleep(0)  # a caller that only sends shall not starve the line

    async def flush(self, waiting: int = 0, within_s: float | None = None) -> None:
        """Return when at most `waiting` reports wait for the door's answer. Raises TimeoutError after `within_s`."""
        async with asyncio.timeout(within_s):
            while self.waiting > waiting:
                await self._until_moved(None)

    def lose(self, reports: int) -> None:
        """Say that so many reports will never be sent, so that the site's feed strip shows the gap."""
        self._outbox.lose(reports)

    @property
    def waiting(self) -> int:
        """Reports that the door has not answered for."""
        return len(self._outbox)

    @property
    def waiting_bytes(self) -> int:
        """Their size in the spool, bytes."""
        return self._outbox.size

    @property
    def held_bytes(self) -> int:
        """How many of these are in memory too, bytes."""
        return self._outbox.in_memory

    @property
    def counts(self) -> Counts:
        """What the door answered since this client was made, in reports."""
        return self._outbox.counts

    # ---- the line

    async def _keep_sending(self) -> None:
        tries = 0
        while True:
            answered = self.counts.answered
            try:
                run = self._outbox.run
                line = await open_line(self._url, self._source, self._token, run, silence_s=self._silence_s)
                self._outbox.speak(columns=line.takes_columns)
                self._tell("")
                try:
                    await self._talk(line, run)
                finally:
                    self._outbox.line_lost()
                    await line.close()
            except _RunIsThrough:
                continue
            except FeedRefused as error:
                self._tell(str(error))
                pause = REFUSED_PAUSE_S
            except FeedLost as error:
                self._tell(str(error))
                tries = 0 if self.counts.answered > answered else tries + 1
                pause = min(PAUSE_S * 2 ** min(tries, 10), PAUSE_MOST_S)
            except OSError as error:
                self._tell(f"the spool cannot be read: {error.strerror}")
                pause = PAUSE_MOST_S
            await asyncio.sleep(pause * (1 - self._chance.random() / 2))

    async def _talk(self, line: Line, run: str) -> None:
        """Send and hear answers until the line breaks. Raises FeedLost, _RunIsThrough."""
        ends = [asyncio.create_task(self._say(line, run)), asyncio.create_task(self._hear(line))]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    async def _say(self, line: Line, run: str) -> None:
        while True:
            self._more.clear()
            while (message := self._outbox.next(run)) is not None:
                await line.send(message)
            if self._outbox.is_through(run):
                raise _RunIsThrough
            await self._more.wait()

    async def _hear(self, line: Line) -> None:
        while True:
            # As long as the line holds: the answer may take as long as the bus does, and pings find a dead line.
            answer = await line.answer(within_s=None)
            refused = self._outbox.answer(answer)
            self._more.set()
            self._moved.set()
            for report in refused:
                if report.reason not in self._told:
                    self._told.add(report.reason)
                    log.warning("feed_refused source=%s reason=%r; more of it are counted", self._source, report.reason)
                _call(self._on_refused, report)

    async def _keep_tidy(self) -> None:
        """Once a second: what was said is on the disk, and what was answered is forgotten."""
        while True:
            await asyncio.sleep(TIDY_S)
            self._outbox.save()
            try:
                await asyncio.to_thread(self._spool.sync)
            except OSError as error:
                log.error("spool_not_synced source=%s error=%s", self._source, error.strerror)

    async def _until_moved(self, within_s: float | None) -> None:
        for task in self._tasks:
            if task.done():
                task.result()  # they end by cancellation alone: let a fault be seen
        self._moved.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._moved.wait()

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            log.log(
                logging.WARNING if trouble else logging.INFO, "feed_line source=%s trouble=%r", self._source, trouble
            )
            _call(self._on_trouble, trouble)


def _reports(said: Said | Sequence[Said]) -> Sequence[AnyReport]:
    """Return reports, dicts checked. Raises DecodeError."""
    several: Sequence[Any] = [said] if isinstance(said, Report | dict) else said
    if not any(issubclass(kind, dict) for kind in set(map(type, several))):
        return several
    checked: list[AnyReport] = []
    for start in range(0, len(several), MESSAGES_MAX):
        decoded = named(_decoder.decode(_encode(several[start : start + MESSAGES_MAX]), 0.0))
        for refusal in decoded.refusals:
            raise DecodeError(refusal.reason, refusal.path.replace("$", f"$[{start + refusal.index}]", 1))
        for index in decoded.agencies:
            raise DecodeError("a source publishes for its own agency only", f"$[{start + index}].agency")
        checked += decoded.reports
    return checked


def _call(told: Callable[[Any], None], what: Any) -> None:
    try:
        told(what)
    except Exception:
        log.exception("feed_callback_failed")
