"""The bus on Redis: a stream per agency is the journal, a channel per agency carries the same bytes live.

The parts: `redis_line` (a connection that hides nothing), `redis_journal` (what the bytes are),
`redis_tail` (exactly one entry per append), `redis_ear` (every entry exactly once to a subscriber).
"""

import asyncio
import logging
from bisect import bisect_left
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from typing import Any

from redis.exceptions import ResponseError

from feeds.bus import BEGINNING, BatchId, BusEvent, Delivery, LineBack, LineLost, Pace, SourceHealth
from feeds.clock import Clock, SystemClock
from feeds.envelope import Batch, PackedBatch, decode_sequences, encode_batch
from feeds.errors import BusDown, DecodeError
from feeds.names import (
    AgencyId,
    SourceId,
    journal_key,
    keyframe_key,
    live_channel,
    recorder_key,
    site_log_key,
    trimmed_key,
)
from feeds.redis_ear import Ear
from feeds.redis_errands import Errands
from feeds.redis_journal import WRITTEN, deliveries, encode_beat, entry_data, info_command, last_id, page_command
from feeds.redis_line import Command, Line, accepted
from feeds.redis_tail import Tail
from feeds.sequences import Range, Runs

log = logging.getLogger(__name__)

REPLY_WITHIN_S = 2.0
"""Longest wait for one reply, seconds."""
BACKOFF_S = 0.1
"""Between two tries of a subscription to reach the server, seconds."""
NOTE_PAGE = 100
"""Journal entries read at a time when only their sequences are wanted."""
TRIM_STEP = 1000
"""Journal entries dropped at a time."""


class RedisBus:
    """See `feeds.bus.Bus` for what each call promises."""

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        """Make a bus on the server at `url`; nothing is opened yet. Raises ConfigError."""
        self._url = url
        self._clock = clock or SystemClock()
        self._tails: dict[AgencyId, Tail] = {}
        self._errands = Errands(Line(url), REPLY_WITHIN_S)
        self._lines: set[Line] = {self._errands.line}
        self._closed = False

    async def append(self, batch: Batch | PackedBatch) -> BatchId:
        """Journal and publish the batch; return its id. Raises BusDown after 5 s, or at once when refused."""
        self._open_or_raise()
        tail = self._tails.get(batch.agency)
        if tail is None:
            tail = self._tails[batch.agency] = Tail(Line(self._url), batch.agency, self._clock)
            self._lines.add(tail.line)
        return await tail.append(encode_batch(batch))

    async def beat(self, agency: AgencyId, sources: Sequence[SourceHealth], at: float) -> None:
        """Publish the agency's heartbeat, with the journal's last id. Raises BusDown."""
        (info,) = await self._run(info_command(agency))
        accepted(await self._run((b"PUBLISH", live_channel(agency), encode_beat(last_id(info), sources, at))))

    async def subscribe(
        self, agencies: Sequence[AgencyId], after: Mapping[AgencyId, BatchId], pace: Pace | None = None
    ) -> AsyncIterator[BusEvent]:
        """Yield the backlog, LineBack, then what comes; LineLost and LineBack around every loss of the line."""
        last = {agency: after.get(agency, BEGINNING) for agency in agencies}
        lost = False
        while not self._closed:
            ear = Ear(self._url, agencies, last, pace)
            self._lines |= ear.lines
            try:
                await ear.open()
                back = False
                while True:
                    while ear.behind:
                        for delivery in await ear.backlog():
                            yield delivery
                            await asyncio.sleep(0)  # a long backlog must not hold the loop
                    if not back:
                        back, lost = True, False
                        yield LineBack(self._clock.now())
                    event = await ear.hear()
                    if event is not None:
                        yield event
            except BusDown as error:
                if not lost and not self._closed:
                    lost = True
                    log.warning("line_lost reason=%s", error)
                    yield LineLost(self._clock.now())
            finally:
                ear.close()
                self._lines -= ear.lines
            await asyncio.sleep(BACKOFF_S)

    async def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` journaled batches after `after`, oldest first; empty at the end. Raises BusDown."""
        (entries,) = accepted(await self._run(page_command(agency, after, count)))
        return deliveries(agency, entries)

    async def others(
        self, agency: AgencyId, after: BatchId, own: Container[BatchId]
    ) -> tuple[list[Delivery], BatchId, bool]:
        """Return journaled batches after `after` but for the `own` ones; up to where; whether that is all.

        Raises BusDown.
        """
        # Two rounds: what another gateway had sent before it died lies in its socket, and the server has done it
        # by the time it reads our second command. A journal that was emptied counts on from its own last id.
        (info,) = await self._run(info_command(agency))
        at = min(after, last_id(info))
        (entries,) = accepted(await self._run(page_command(agency, at, NOTE_PAGE)))
        accepted(await self._run(WRITTEN))
        if entries:
            at = BatchId.parse(entries[-1][0])
        foreign = [entry for entry in entries if BatchId.parse(entry[0]) not in own]
        # a page can hold 50,000 reports, and is usually all our own
        found = await asyncio.to_thread(deliveries, agency, foreign) if foreign else []
        return found, at, len(entries) < NOTE_PAGE

    async def sequences(self, agency: AgencyId) -> dict[tuple[SourceId, str], list[Range]]:
        """Return the inclusive ranges of sequence numbers journaled, by source and run. Raises BusDown."""
        live, runs = Runs(), Runs()
        line = self._lend()
        try:
            # The record comes after the journal: what is trimmed while we read is then in one of the two.
            await _note(line, live, agency, None, None)
            (record,) = accepted(await line.ask((b"GET", trimmed_key(agency)), within=REPLY_WITHIN_S))
            accepted(await line.ask(WRITTEN, within=REPLY_WITHIN_S))
        finally:
            self._take_back(line)
        await asyncio.to_thread(_recall, runs, record)
        for (source, run), ranges in live.ranges().items():
            runs.merge(source, run, ranges)
        return runs.ranges()

    async def trim(self, agency: AgencyId, before: BatchId) -> int:
        """Drop batches with ids smaller than `before`; return how many went. Raises BusDown.

        What sequences they held is added to the agency's record in the same step. A long journal goes in
        steps of `TRIM_STEP`, so that a trim given up half-way has done its half.
        """
        line = self._lend()
        gone = 0
        try:
            while True:
                went, through = await _trim_some(line, agency, before)
                gone += went
                if through:
                    return gone
        finally:
            self._take_back(line)

    async def save_keyframe(self, data: bytes) -> None:
        """Keep `data` as the latest keyframe of the picture. Raises BusDown."""
        accepted(await self._run((b"SET", keyframe_key(), data)))

    async def load_keyframe(self) -> bytes | None:
        """Return the latest keyframe, or None. Raises BusDown."""
        return await self._get(keyframe_key())

    async def save_recorder(self, data: bytes) -> None:
        """Keep the recorder's newest word. Raises BusDown."""
        accepted(await self._run((b"SET", recorder_key(), data)))

    async def load_recorder(self) -> bytes | None:
        """Return the recorder's newest word, or None. Raises BusDown."""
        return await self._get(recorder_key())

    async def append_log(self, log: AgencyId, data: bytes, at: float) -> BatchId:
        """Keep an entry of a log of the site; return its id. Raises BusDown."""
        return await self._keep(site_log_key(log), data, at)

    async def read_log(self, log: AgencyId, after: BatchId, count: int) -> list[tuple[BatchId, bytes]]:
        """Return up to `count` entries of a log of the site after `after`, oldest first. Raises BusDown."""
        return await self._after(site_log_key(log), after, count)

    async def trim_log(self, log: AgencyId, before: BatchId) -> None:
        """Drop entries of a log of the site with ids smaller than `before`. Raises BusDown."""
        accepted(await self._run((b"XTRIM", site_log_key(log), b"MINID", str(before))))

    async def ping(self) -> None:
        """Return when the server answered within a second, all that it has done being written; raises BusDown."""
        try:
            async with asyncio.timeout(1.0):
                accepted(await self._run(WRITTEN))
        except TimeoutError:
            raise BusDown("the bus did not answer within 1 s") from None

    async def close(self) -> None:
        """Let go of every connection; subscriptions end."""
        self._closed = True
        for line in self._lines:
            line.close()

    async def _run(self, *commands: Command) -> list[Any]:
        self._open_or_raise()
        return await self._errands.ask(*commands)

    async def _get(self, key: str) -> bytes | None:
        (data,) = accepted(await self._run((b"GET", key)))
        return None if data is None else bytes(data)

    async def _keep(self, key: str, data: bytes, at: float) -> BatchId:
        """Add an entry of about `at`, Unix seconds, to a stream of ours; return its id."""
        (id_,) = await self._run((b"XADD", key, f"{int(at * 1000)}-*", b"d", data))
        if isinstance(id_, ResponseError) and "equal or smaller" in str(id_):  # a clock was set back
            (id_,) = await self._run((b"XADD", key, b"*", b"d", data))
        accepted([id_])
        return BatchId.parse(id_)

    async def _after(self, key: str, after: BatchId, count: int) -> list[tuple[BatchId, bytes]]:
        """Return up to `count` of its entries after `after`, oldest first."""
        (entries,) = accepted(await self._run((b"XRANGE", key, str(after.next()), b"+", b"COUNT", count)))
        return [(BatchId.parse(id_), entry_data(fields)) for id_, fields in entries]

    def _open_or_raise(self) -> None:
        if self._closed:
            raise BusDown("the bus was closed")

    def _lend(self) -> Line:
        """Return a line for one errand of several steps."""
        self._open_or_raise()
        line = Line(self._url)
        self._lines.add(line)
        return line

    def _take_back(self, line: Line) -> None:
        line.close()
        self._lines.discard(line)


async def _trim_some(line: Line, agency: AgencyId, before: BatchId) -> tuple[int, bool]:
    """Note and drop up to `TRIM_STEP` entries before `before`; return how many went, and whether that was all."""
    key = trimmed_key(agency)
    # WATCH tells two trimmers apart, so that neither writes over what the other noted
    _, record = accepted(await line.ask((b"WATCH", key), (b"GET", key), within=REPLY_WITHIN_S))
    runs = Runs()
    await asyncio.to_thread(_recall, runs, record)
    noted, count = await _note(line, runs, agency, before, TRIM_STEP)
    replies = await line.ask(
        (b"MULTI",),
        (b"SET", key, await asyncio.to_thread(_record, runs)),
        # never past what was noted: somebody may just have appended below `before`
        (b"XTRIM", journal_key(agency), b"MINID", str(noted.next())),
        (b"EXEC",),
        within=REPLY_WITHIN_S,
    )
    done = accepted(replies)[-1]
    if done is None:
        return 0, False
    return int(accepted(done)[1]), count < TRIM_STEP


async def _note(
    line: Line, runs: Runs, agency: AgencyId, before: BatchId | None, most: int | None
) -> tuple[BatchId, int]:
    """Note in `runs` the sequences of the journal's entries; return the id of the last one noted, and how many.

    `before`: only entries before this id; `most`: at most so many. None: all.
    """
    at, count = BEGINNING, 0
    while True:
        page = NOTE_PAGE if most is None else min(NOTE_PAGE, most - count)
        (entries,) = accepted(await line.ask(page_command(agency, at, page), within=REPLY_WITHIN_S))
        ids = [BatchId.parse(id_) for id_, _ in entries]
        fits = len(ids) if before is None else bisect_left(ids, before)
        # a page can hold 50,000 reports: whoever else lives on this loop does not wait for them
        await asyncio.to_thread(_note_page, runs, agency, entries[:fits])
        if fits:
            at = ids[fits - 1]
            count += fits
        if fits < page or count == most:
            return at, count


def _note_page(runs: Runs, agency: AgencyId, entries: Sequence[Any]) -> None:
    """Note in `runs` the sequences of these journal entries; one that cannot be read is logged and left out."""
    for id_, fields in entries:
        try:
            for source, run, seq in decode_sequences(entry_data(fields)):
                runs.add(source, run, seq)
        except DecodeError as error:
            log.error("journal_entry_unreadable agency=%s id=%s reason=%s", agency, id_.decode(), error)


def _record(runs: Runs) -> bytes:
    """Return the bounded record of trimmed sequences."""
    runs.forget()
    return runs.encode()


def _recall(runs: Runs, record: bytes | None) -> None:
    """Add the record of trimmed sequences. Raises BusDown if it cannot be read: duplicates could not be told."""
    if record is None:
        return
    try:
        runs.merge_encoded(record)
    except DecodeError as error:
        raise BusDown(str(error)) from error
