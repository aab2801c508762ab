"""What was true, as far as is known now: every report from its effective time on, whenever it came."""

from collections.abc import Mapping
from heapq import heappop, heappush
from itertools import groupby
from typing import NamedTuple

from feeds.bus import BEGINNING, BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.names import AgencyId
from feeds.replay.journal_pages import JournalPages, journaled_at
from feeds.replay.known import Ahead, Step, on_grid
from feeds.replay.recording import LATE_S, Recording
from feeds.report import AnyReport

LATE_AT_ONCE_S = 600.0
"""Late reports are asked for in stretches of this length, seconds of effective time."""


class _Report(NamedTuple):
    """One report; sorts by effective time, then as it was journaled."""

    effective_at: float
    id: BatchId
    agency: AgencyId
    nth: int
    """Within its batch."""
    batch: Delivery
    parcel: int
    report: int


def _reports(batch: Delivery) -> list[_Report]:
    found: list[_Report] = []
    for p, parcel in enumerate(batch.batch.parcels):
        for r, report in enumerate(parcel.reports):
            effective_at = min(report.observed_at, parcel.received_at)
            found.append(_Report(effective_at, batch.id, batch.agency, len(found), batch, p, r))
    return found


def _parcel_of(one: _Report) -> tuple[BatchId, int, int]:
    """Return what tells its parcel from others: a batch whose late reports came by themselves is two objects."""
    return one.id, id(one.batch), one.parcel


def is_late(effective_at: float, id_: BatchId) -> bool:
    """Say whether a report of that effective time, journaled under that id, is a late one."""
    return journaled_at(id_) - effective_at > LATE_S


class TruthSource:
    """Steps from `at` on, where everything journaled until then, the batches up to `after`, was in the picture.

    What is given out are batches made for it, with ids of their own that count on from `after`.
    """

    def __init__(self, recording: Recording, after: Mapping[AgencyId, BatchId], at: float, tick_s: float) -> None:
        self._recording = recording
        self._tick_s = tick_s
        self._pages = JournalPages(recording, after)
        self._after = dict(after)
        self._heap: list[_Report] = []
        self._read_until = float("-inf")
        self._late_until = float("-inf")
        self._begin = at
        self.given: dict[AgencyId, BatchId] = dict(after)
        self.policy = b""

    async def peek(self, until: float) -> Ahead | None:
        """Return what the next step is, or None: there is none until `until`."""
        await self._read(until)
        if not self._heap or self._heap[0].effective_at > until:
            return None
        return Ahead(min(self._on_grid(self._heap[0].effective_at), until), False)

    async def next(self, until: float) -> Step | None:
        """Return the next step, or None: there is none until `until`."""
        ahead = await self.peek(until)
        if ahead is None:
            return None
        at = ahead.at
        taken: list[_Report] = []
        while self._heap and self._heap[0].effective_at <= at:
            taken.append(heappop(self._heap))
        return Step(at, self._batches(taken), is_tick=False)

    async def _read(self, until: float) -> None:
        if until <= self._read_until:
            return
        self._read_until = until
        while self._late_until < until:
            since = max(self._begin, self._late_until)
            await self._read_late(until if since == float("-inf") else since + LATE_AT_ONCE_S)
        while (head := await self._pages.head(until + LATE_S)) is not None:
            self._pages.take(head)
            for one in _reports(head):
                if not is_late(one.effective_at, one.id):
                    heappush(self._heap, one)

    async def _read_late(self, until: float) -> None:
        for agency in self._recording.agencies:
            after = self._after.get(agency, BEGINNING)
            for batch in await self._recording.late(agency, self._late_until, until, after):
                for one in _reports(batch):
                    heappush(self._heap, one)
        self._late_until = until

    def _batches(self, reports: list[_Report]) -> list[Delivery]:
        made = []
        for agency, of_agency in groupby(reports, key=lambda one: one.agency):
            parcels = tuple(self._parcel(list(of_parcel)) for _, of_parcel in groupby(of_agency, key=_parcel_of))
            id_ = self.given[agency] = self.given.get(agency, BEGINNING).next()
            made.append(Delivery(agency, id_, Batch(WIRE_VERSION, agency, parcels)))
        return made

    def _parcel(self, reports: list[_Report]) -> Parcel:
        first = reports[0]
        parcel = first.batch.batch.parcels[first.parcel]
        said: tuple[AnyReport, ...] = tuple(parcel.reports[one.report] for one in reports)
        return Parcel(parcel.source, parcel.run, parcel.received_at, said)

    def _on_grid(self, t: float) -> float:
        """Return the first multiple of `tick_s` not before `t`; what is older comes at the beginning."""
        if t <= self._begin:
            return self._begin
        return on_grid(t, self._tick_s)
