"""What is found on one walk through a journal: counts by the minute, late reports, clocks, where something happened.

Pure.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct

from feeds.bus import BatchId, Delivery
from feeds.envelope import Batch, Parcel, decode_batch, encode_batch
from feeds.errors import DecodeError
from feeds.names import AgencyId, SourceId
from feeds.recording.sheets import Sheet
from feeds.replay.clocks import Clocks, Entry
from feeds.replay.journal_pages import journaled_at
from feeds.replay.recording import LATE_S, Kind, Mark, Sort, What
from feeds.replay.truth import is_late
from feeds.report import (
    AnyReport,
    CameraReport,
    Category,
    IncidentReport,
    LogReport,
    UnitReport,
    ZoneReport,
    event_category,
)

MINUTE_S = 60
_NO_LABELS: frozenset[str] = frozenset()
VERSION = 3

Labels = Mapping[bytes, frozenset[str]]
"""By `thing`, all labels that were ever said of it; of things without any nothing."""


@lru_cache(maxsize=65_536)
def thing(kind: Kind, id_: str) -> bytes:
    """Return what stands for a thing in files that outlive it: who is removed from the record leaves no id in them."""
    return blake2b(f"{kind}\0{id_}".encode(), digest_size=12).digest()


class _Versioned(Struct, frozen=True, array_like=True):
    version: int


class _Form(Struct, frozen=True, array_like=True):
    version: int
    counts: list[tuple[int, list[tuple[Kind, Category, tuple[str, ...], int]]]]
    late: list[tuple[int, int, bytes]]
    marks: dict[What, list[tuple[int, int, float]]]
    clocks: dict[SourceId, list[Entry]]
    labels: list[tuple[bytes, tuple[str, ...]]]


class Survey:
    """Of one agency. Batches are heard in order of the journal; `labels` are those said before the first of them."""

    def __init__(self, agency: AgencyId, labels: Labels | None = None) -> None:
        self.agency = agency
        self.counts: dict[int, dict[Sort, int]] = {}
        """As `recording.Counts`."""
        self.clocks = Clocks()
        self._late: list[Delivery] = []
        self._marks: dict[What, list[Mark]] = {"incident": [], "camera": [], "alarm": [], "log": []}
        self._labels: dict[bytes, frozenset[str]] = dict(labels or {})
        self._in_emergency: set[str] = set()

    @property
    def labels(self) -> Labels:
        """What labels were said by now."""
        return self._labels

    def know(self, labels: Labels) -> None:
        """Take in labels that were said before what is heard from now on."""
        for of, said in labels.items():
            self._labels[of] = self._labels.get(of, frozenset()) | said

    def hear(self, delivery: Delivery, *, clocks: bool = True) -> None:
        """Take in a batch; not `clocks`: what it says of them was heard."""
        minute = self.counts.setdefault(delivery.id.ms // 60_000, {})
        late: list[Parcel] = []
        for parcel in delivery.batch.parcels:
            late_reports = []
            newest = -math.inf
            for report in parcel.reports:
                newest = max(newest, report.observed_at)
                effective_at = min(report.observed_at, parcel.received_at)
                sort = self._sort(report)
                minute[sort] = minute.get(sort, 0) + 1
                what = self._what(report)
                if what is not None:
                    self._marks[what].append(Mark(self.agency, delivery.id, effective_at))
                if is_late(effective_at, delivery.id):
                    late_reports.append(report)
            if parcel.count and clocks:
                self.clocks.hear(parcel.source, newest, parcel.received_at)
            if late_reports:
                late.append(Parcel(parcel.source, parcel.run, parcel.received_at, tuple(late_reports)))
        if late:
            batch = Batch(delivery.batch.version, delivery.agency, tuple(late))
            self._late.append(Delivery(delivery.agency, delivery.id, batch))

    def passing(self, coming: Iterable[Sheet]) -> Iterator[Sheet]:
        """Take in the sheets as they go by."""
        for sheet in coming:
            self._hear_all(sheet)
            yield sheet

    def _hear_all(self, sheet: Sheet) -> None:
        """Take in a sheet's batches; what is only to be counted is counted in one go."""
        if not self._says_nothing_else(sheet):
            for delivery in sheet.entries:
                self.hear(delivery)
            return
        self._hear_clocks(sheet)
        ms, _ = sheet.ids()
        batch = np.repeat(np.repeat(np.arange(len(ms)), sheet.times), sheet.counts)
        effective_at = np.minimum(sheet.number("observed_at"), np.repeat(sheet.received_at, sheet.counts))
        late = np.unique(batch[ms[batch] / 1000.0 - effective_at > LATE_S])
        counts = np.bincount(batch, minlength=len(ms))
        counts[late] = 0
        units = list(sheet.books.words["unit_id"])
        known = ((code, self._labels.get(thing("unit", units[code]))) for code in np.unique(sheet.codes["unit_id"]))
        labelled = [(code, labels) for code, labels in known if labels is not None]
        on_time = ~np.isin(batch, late) if labelled else np.zeros(0, bool)
        for minute in np.unique(ms // 60_000).tolist():
            sorts = self.counts.setdefault(minute, {})
            left = int(counts[ms // 60_000 == minute].sum())
            for code, labels in labelled:
                here = on_time & (ms[batch] // 60_000 == minute) & (sheet.codes["unit_id"] == code)
                count = int(np.count_nonzero(here))
                _count(sorts, labels, count)
                left -= count
            _count(sorts, frozenset(), left)
        for i in late.tolist():
            self.hear(sheet.entries[i], clocks=False)

    def _hear_clocks(self, sheet: Sheet) -> None:
        filled = sheet.counts > 0
        begins = (np.cumsum(sheet.counts) - sheet.counts)[filled]
        if not len(begins):
            return
        newest = np.maximum.reduceat(sheet.number("observed_at"), begins)
        received, runs = sheet.received_at[filled], sheet.run[filled]
        sources = [source for source, _ in sheet.books.runs]
        of = np.unique(np.array(sources), return_inverse=True)[1][runs]
        for number in np.unique(of).tolist():
            mine = np.flatnonzero(of == number)
            self.clocks.hear_all(sources[runs[mine[0]]], newest[mine], received[mine])

    def _says_nothing_else(self, sheet: Sheet) -> bool:
        """Say whether all are reports of units that say no label, and of no emergency that begins or ends."""
        return (
            sheet.of_units
            and sheet.words("labels") <= {()}
            and sheet.words("emergency") <= ({None} if self._in_emergency else {None, "none"})
        )

    def encode(self) -> bytes:
        """Return what was found as bytes; the same gives the same."""
        counts = [
            (minute, [(s.kind, s.category, tuple(sorted(s.labels)), n) for s, n in sorts.items()])
            for minute, sorts in self.counts.items()
        ]
        late = [(*delivery.id, encode_batch(delivery.batch)) for delivery in self._late]
        marks = {what: [(*mark.id, mark.effective_at) for mark in found] for what, found in self._marks.items()}
        labels = [(of, tuple(sorted(said))) for of, said in self._labels.items()]
        return msgspec.msgpack.encode(_Form(VERSION, counts, late, marks, self.clocks.entries, labels))

    @classmethod
    def decode(cls, agency: AgencyId, data: bytes) -> "Survey":
        """Return the survey in `data`. Raises DecodeError, also for a version we do not know."""
        try:
            version = msgspec.msgpack.decode(data, type=_Versioned).version
            if version != VERSION:
                raise DecodeError(f"survey has version {version}, expected {VERSION}")
            form = msgspec.msgpack.decode(data, type=_Form)
        except msgspec.DecodeError as error:
            raise DecodeError(f"survey cannot be read: {error}") from error
        survey = cls(agency, {of: frozenset(said) for of, said in form.labels})
        for minute, sorts in form.counts:
            survey.counts[minute] = {Sort(kind, of, frozenset(labels)): n for kind, of, labels, n in sorts}
        survey._late = [Delivery(agency, BatchId(ms, n), decode_batch(batch)) for ms, n, batch in form.late]
        for what, found in form.marks.items():
            survey._marks[what] = [Mark(agency, BatchId(ms, n), at) for ms, n, at in found]
        survey.clocks = Clocks(form.clocks)
        return survey

    def forget(self, before: float) -> None:
        """Drop what was found in batches journaled before this time."""
        for minute in [m for m in self.counts if (m + 1) * MINUTE_S <= before]:
            del self.counts[minute]
        del self._late[: bisect_left(self._late, before, key=_journaled_at)]
        for marks in self._marks.values():
            del marks[: bisect_left(marks, before, key=_journaled_at)]
        self.clocks.forget(before)

    def late(self, since: float, until: float) -> list[Delivery]:
        """Return what became effective after `since` and at or before `until`, and was late."""
        found = []
        for delivery in self._late:
            parcels = []
            for parcel in delivery.batch.parcels:
                reports = tuple(r for r in parcel.reports if since < min(r.observed_at, parcel.received_at) <= until)
                if reports:
                    parcels.append(Parcel(parcel.source, parcel.run, parcel.received_at, reports))
            if parcels:
                batch = Batch(delivery.batch.version, delivery.agency, tuple(parcels))
                found.append(Delivery(delivery.agency, delivery.id, batch))
        return found

    def mark(self, what: What, t: float, by: Literal[1, -1], *, truth: bool) -> Mark | None:
        """Return the nearest mark after (1) or before (-1) `t`: by effective time (`truth`), or by journal time."""
        marks = self._marks[what]
        if truth:
            ahead = [m for m in marks if (m.effective_at - t) * by > 0]
            return min(ahead, key=lambda m: (abs(m.effective_at - t), m.id), default=None)
        if by > 0:
            at = bisect_right(marks, t, key=_journaled_at)
            return marks[at] if at < len(marks) else None
        at = bisect_left(marks, t, key=_journaled_at)
        return marks[at - 1] if at else None

    def _what(self, report: AnyReport) -> What | None:
        if type(report) is UnitReport:
            if report.emergency is None:
                return None
            was = report.unit_id in self._in_emergency
            if report.emergency == "none":
                self._in_emergency.discard(report.unit_id)
                return None
            self._in_emergency.add(report.unit_id)
            return None if was else "alarm"
        if isinstance(report, IncidentReport):
            return "incident"
        if isinstance(report, LogReport):
            return "log"
        if isinstance(report, CameraReport) and report.event_type != "announced":
            return "camera"
        return None

    def _sort(self, report: AnyReport) -> Sort:
        kind, id_, category = sort_of(report)
        if not report.labels and not self._labels:
            return Sort(kind, category, _NO_LABELS)
        of = thing(kind, id_)
        labels = self._labels.get(of, _NO_LABELS)
        if not labels.issuperset(report.labels):
            labels = self._labels[of] = labels | frozenset(report.labels)
        return Sort(kind, category, labels)


def _count(sorts: dict[Sort, int], labels: frozenset[str], count: int) -> None:
    if count:
        sort = Sort("unit", Category.UNIT_POSITION, labels)
        sorts[sort] = sorts.get(sort, 0) + count


def sort_of(report: AnyReport) -> tuple[Kind, str, Category]:
    """Return what kind of thing a report is of, its id, and the category without which nobody knows of the report."""
    if isinstance(report, UnitReport):
        return "unit", report.unit_id, Category.UNIT_POSITION
    if isinstance(report, IncidentReport):
        return "incident", report.incident_id, Category.INCIDENT_SUMMARY
    if isinstance(report, CameraReport):
        occurrence = report.event_type != "announced"
        category = event_category(report.event_type) if occurrence else Category.CAMERA_LOCATION
        return "camera", report.camera_id, category
    if isinstance(report, ZoneReport):
        return "zone", report.zone_id, Category.ZONE
    return "log", report.entry_id, Category.LOG_ENTRY


def _journaled_at(mark: Mark | Delivery) -> float:
    return journaled_at(mark.id)
