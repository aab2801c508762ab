"""The bus contract within one process and without a server: for tests, and to try a thing out.

The journal is a list per agency that only `trim` shortens. A subscriber has no queue: it reads on in
the journal from its own last id, so that a slow one costs nothing; of beats it sees the latest.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Container, Mapping, Sequence

from feeds.bus import BEGINNING, BatchId, Beat, BusEvent, Delivery, LineBack, Pace, SourceHealth
from feeds.clock import Clock, SystemClock
from feeds.envelope import Batch, PackedBatch, decode_batch, encode_batch
from feeds.names import AgencyId, SourceId
from feeds.sequences import Range, Runs

_PAGE = 100


class MemoryBus:
    """See `feeds.bus.Bus` for what each call promises. Never raises BusDown."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._journals: dict[AgencyId, list[Delivery]] = {}
        self._tops: dict[AgencyId, BatchId] = {}
        self._trimmed: dict[AgencyId, Runs] = {}
        self._beats: dict[AgencyId, Beat] = {}
        self._news: set[asyncio.Event] = set()
        self._keyframe: bytes | None = None
        self._recorder: bytes | None = None
        self._logs: defaultdict[AgencyId, list[tuple[BatchId, bytes]]] = defaultdict(list)
        """Of the site."""
        self._closed = False

    async def append(self, batch: Batch | PackedBatch) -> BatchId:
        """Journal and publish the batch; return its id."""
        agency = batch.agency
        id_ = max(BatchId(int(self._clock.now() * 1000), 0), self._tops.get(agency, BEGINNING).next())
        self._tops[agency] = id_
        self._journals.setdefault(agency, []).append(Delivery(agency, id_, decode_batch(encode_batch(batch))))
        self._tell()
        return id_

    async def beat(self, agency: AgencyId, sources: Sequence[SourceHealth], at: float) -> None:
        """Publish the agency's heartbeat."""
        self._beats[agency] = Beat(agency, self._tops.get(agency, BEGINNING), at, tuple(sources))
        self._tell()

    async def subscribe(
        self, agencies: Sequence[AgencyId], after: Mapping[AgencyId, BatchId], pace: Pace | None = None
    ) -> AsyncIterator[BusEvent]:
        """Yield the backlog, LineBack, then what comes, until the bus is closed."""
        news = asyncio.Event()
        self._news.add(news)
        last = {agency: after.get(agency, BEGINNING) for agency in agencies}
        heard = {agency: self._beats.get(agency) for agency in agencies}
        back = False
        try:
            while not self._closed:
                news.clear()
                for agency in agencies:
                    while page := await self.read(agency, last[agency], 100):
                        for delivery in page:
                            last[agency] = delivery.id
                            yield delivery
                if not back:
                    back = True
                    yield LineBack(self._clock.now())
                for agency in agencies:
                    beat = self._beats.get(agency)
                    # a beat that runs ahead of the batches it counts waits for the next turn
                    if beat is not None and beat is not heard[agency] and beat.last_id <= last[agency]:
                        heard[agency] = beat
                        yield beat
                if pace is not None:
                    await pace()
                await news.wait()
        finally:
            self._news.discard(news)

    async def read(self, agency: AgencyId, after: BatchId, count: int) -> list[Delivery]:
        """Return up to `count` journaled batches after `after`, oldest first; empty at the end."""
        journal = self._journals.get(agency, [])
        first = bisect_right(journal, after, key=_id)
        return journal[first : first + count]

    async def others(
        self, agency: AgencyId, after: BatchId, own: Container[BatchId]
    ) -> tuple[list[Delivery], BatchId, bool]:
        """Return journaled batches after `after` but for the `own` ones; up to where; whether that is all."""
        at = min(after, self._tops.get(agency, BEGINNING))
        page = await self.read(agency, at, _PAGE)
        foreign = [delivery for delivery in page if delivery.id not in own]
        return foreign, page[-1].id if page else at, len(page) < _PAGE

    async def trim(self, agency: AgencyId, before: BatchId) -> int:
        """Drop journaled batches with ids smaller than `before`; return how many went."""
        journal = self._journals.get(agency, [])
        gone = bisect_left(journal, before, key=_id)
        record = self._trimmed.setdefault(agency, Runs())
        _note(record, journal[:gone])
        record.forget()
        del journal[:gone]
        return gone

    async def sequences(self, agency: AgencyId) -> dict[tuple[SourceId, str], list[Range]]:
        """Return the inclusive ranges of sequence numbers journaled, by source and run, trimmed entries included."""
        runs = Runs()
        if agency in self._trimmed:
            runs.merge_encoded(self._trimmed[agency].encode())
        _note(runs, self._journals.get(agency, []))
        return runs.ranges()

    async def save_keyframe(self, data: bytes) -> None:
        """Keep `data` as the latest keyframe of the picture."""
        self._keyframe = data

    async def load_keyframe(self) -> bytes | None:
        """Return the latest keyframe, or None."""
        return self._keyframe

    async def save_recorder(self, data: bytes) -> None:
        """Keep the recorder's newest word."""
        self._recorder = data

    async def load_recorder(self) -> bytes | None:
        """Return the recorder's newest word, or None."""
        return self._recorder

    async def append_log(self, log: AgencyId, data: bytes, at: float) -> BatchId:
        """Keep an entry of a log of the site; return its id."""
        return _keep(self._logs[log], data, at)

    async def read_log(self, log: AgencyId, after: BatchId, count: int) -> list[tuple[BatchId, bytes]]:
        """Return up to `count` entries of a log of the site after `after`, oldest first; empty at the end."""
        return _after(self._logs[log], after, count)

    async def trim_log(self, log: AgencyId, before: BatchId) -> None:
        """Drop entries of a log of the site with ids smaller than `before`."""
        del self._logs[log][: bisect_left(self._logs[log], before, key=_of_entry)]

    async def ping(self) -> None:
        """Return at once."""

    async def close(self) -> None:
        """End every subscription."""
        self._closed = True
        self._tell()

    def _tell(self) -> None:
        for news in self._news:
            news.set()


def _id(delivery: Delivery) -> BatchId:
    return delivery.id


def _of_entry(entry: tuple[BatchId, bytes]) -> BatchId:
    return entry[0]


def _keep(entries: list[tuple[BatchId, bytes]], data: bytes, at: float) -> BatchId:
    last = entries[-1][0] if entries else BEGINNING
    id_ = max(BatchId(int(at * 1000), 0), last.next())
    entries.append((id_, data))
    return id_


def _after(entries: list[tuple[BatchId, bytes]], after: BatchId, count: int) -> list[tuple[BatchId, bytes]]:
    first = bisect_right(entries, after, key=_of_entry)
    return entries[first : first + count]


def _note(runs: Runs, deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        for envelope in delivery.batch.envelopes():
            if envelope.report.seq is not None:
                runs.add(envelope.source, envelope.run, envelope.report.seq)
