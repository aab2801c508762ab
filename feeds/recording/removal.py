"""What is taken out of a segment, and what is left of it. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from feeds.bus import Delivery
from feeds.envelope import Batch, Parcel
from feeds.recording.sheets import KINDS
from feeds.report import AnyReport, UnitReport
from feeds.subjects import subject

UNIT = KINDS[UnitReport]
_encode = msgspec.json.Encoder().encode


class Removal(NamedTuple):
    """Reports of one unit, or all of one kind, observed from `since` to before `until` (Unix milliseconds)."""

    unit: str = ""
    kind: str = UNIT
    since: int = 0
    until: int = 2**53

    def is_of(self, report: AnyReport) -> bool:
        """Say whether the report is that unit's or of that kind, whenever it was observed."""
        return KINDS[type(report)] == self.kind and (not self.unit or subject(report) == self.unit)

    def takes(self, report: AnyReport) -> bool:
        """Say whether the report goes."""
        return self.is_of(report) and self.since <= report.observed_at * 1000 < self.until

    def touches(self, units: Sequence[str]) -> bool:
        """Say whether reports of these units (none: of everything) may be among those that go."""
        return not units or (self.kind == UNIT and (not self.unit or self.unit in units))

    def counted(self, entries: Iterable[Delivery]) -> dict[str, int]:
        """Return how many reports go, by kind; empty: none."""
        count = sum(self.takes(report) for report in _reports(entries))
        return {self.kind: count} if count else {}

    def rest(self, entries: Iterable[Delivery]) -> Iterator[Delivery]:
        """Yield the batches without what goes. A parcel or a batch of nothing else goes whole: it would tell of it."""
        for delivery in entries:
            parcels = tuple(filter(None, map(self._parcel, delivery.batch.parcels)))
            if parcels:
                batch = delivery.batch
                yield delivery._replace(batch=Batch(batch.version, batch.agency, parcels, batch.tallies))

    def outside(self, entries: Iterable[Delivery]) -> int:
        """Return how many reports of the unit or kind stay, because they were observed at another time."""
        return sum(self.is_of(report) and not self.takes(report) for report in _reports(entries))

    def mentions(self, entries: Iterable[Delivery]) -> int:
        """Return how many reports of other things have the unit's id in them (an incident's, a log entry's)."""
        if not self.unit:
            return 0
        word = re.compile(rb"(?<![0-9A-Za-z])" + re.escape(_encode(self.unit)[1:-1]) + rb"(?![0-9A-Za-z])")
        return sum(not self.is_of(one) and word.search(_encode(one)) is not None for one in _reports(entries))

    def _parcel(self, parcel: Parcel) -> Parcel | None:
        kept = tuple(report for report in parcel.reports if not self.takes(report))
        if len(kept) == parcel.count:
            return parcel
        return Parcel(parcel.source, parcel.run, parcel.received_at, kept) if kept else None


def _reports(entries: Iterable[Delivery]) -> Iterator[AnyReport]:
    for delivery in entries:
        for parcel in delivery.batch.parcels:
            yield from parcel.reports
