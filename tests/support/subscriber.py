"""A subscriber as the hub is one, that notes every report it is given, and what may be said of that."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence

from feeds.bus import BEGINNING, BatchId, Beat, BusEvent, Delivery, LineBack
from feeds.names import AgencyId
from feeds.redis_bus import RedisBus
from feeds.report import UnitReport
from tests.support.redis import until


class Hearing:
    """What a hub-like subscriber was given: numbers by source in order of delivery, and how often the line went."""

    def __init__(self) -> None:
        self.numbers: dict[str, list[int]] = {}
        self.batches: dict[tuple[AgencyId, BatchId], object] = {}
        self.given_again = 0
        """Batches given a second time: published, not yet acknowledged, and lost by a server that was killed."""
        self.counts: Counter[type] = Counter()
        self.beat: Beat | None = None
        self._newest: dict[str, int] = {}

    def take(self, event: BusEvent) -> None:
        """Note one event; a batch given twice is a fault."""
        self.counts[type(event)] += 1
        if isinstance(event, Delivery):
            said = list(numbers(event))
            if not said:
                return  # the recorder's, to close a segment
            held = [(p.source, p.run, p.received_at, len(p.reports)) for p in event.batch.parcels], said[0], said[-1]
            known = self.batches.setdefault((event.agency, event.id), held)
            assert known == held, "one id, two batches"
            if known is not held:
                self.given_again += 1
                return
            for source, number in said:
                self.numbers.setdefault(source, []).append(number)
                self._newest[source] = max(number, self._newest.get(source, 0))
        elif isinstance(event, Beat):
            self.beat = event

    def of(self, source: str) -> list[int]:
        """Return the numbers heard of a source, in order of delivery."""
        return self.numbers.get(source, [])

    def newest(self, source: str) -> int:
        """Return the largest number heard of a source, 0 for none."""
        return self._newest.get(source, 0)


@contextlib.asynccontextmanager
async def hearing(url: str, *agencies: AgencyId, again: bool = False) -> AsyncIterator[Hearing]:
    """Subscribe as the hub does, from the journal's beginning, while the block runs; fails at a batch given `again`."""
    bus, heard = RedisBus(url), Hearing()

    async def listen() -> None:
        async with contextlib.aclosing(bus.subscribe(agencies, {})) as events:  # type: ignore[type-var]
            async for event in events:
                heard.take(event)

    task = asyncio.create_task(listen())
    try:
        await until(lambda: task.done() or heard.counts[LineBack] > 0)
        yield heard
        assert not task.done() or task.result()
        assert again or not heard.given_again, "a batch was delivered twice"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()
        await asyncio.sleep(0)


def numbers(delivery: Delivery) -> Iterable[tuple[str, int]]:
    """Yield source and number of each report: its `seq`, of CoT the one in its call sign."""
    for e in delivery.batch.envelopes():
        report = e.report
        assert isinstance(report, UnitReport)
        yield e.source, report.seq if report.seq is not None else int((report.call_sign or "")[1:])


async def journaled(url: str, agency: AgencyId, source: str) -> list[int]:
    """Return the numbers of a source's reports in the journal, in order."""
    bus, at, found = RedisBus(url), BEGINNING, []
    try:
        while page := await bus.read(agency, at, 500):
            at = page[-1].id
            found += [number for delivery in page for name, number in numbers(delivery) if name == source]
        return found
    finally:
        await bus.close()
        await asyncio.sleep(0)


def assert_exactly_once(delivered: Sequence[int], acknowledged: Sequence[int], *, ordered: bool = True) -> None:
    """Fail unless every acknowledged number was delivered once, nothing twice, and all in order."""
    counts = Counter(delivered)
    twice = sorted(n for n, times in counts.items() if times > 1)
    lost = sorted(set(acknowledged) - counts.keys())
    assert not lost, f"{len(lost)} acknowledged and lost: {lost[:5]}"
    assert not twice, f"{len(twice)} delivered twice: {twice[:5]}"
    assert len(acknowledged) == len(set(acknowledged))
    if ordered:
        assert list(delivered) == sorted(delivered), "delivered out of order"
