"""Batches taken apart once, some thousand reports at a time, for all that is made of them: record and derived files.

To look at a report's fields one by one is most of what sealing costs, so it is done here alone. What is kept of a
sheet are its columns; its reports are let go with it. Pure.
"""

import itertools
import struct
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np

from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Parcel
from feeds.names import AgencyId
from feeds.report import AnyReport, CameraReport, IncidentReport, LogReport, UnitReport, ZoneReport

SUBJECTS: dict[type, str] = {
    UnitReport: "unit_id",
    IncidentReport: "incident_id",
    CameraReport: "camera_id",
    ZoneReport: "zone_id",
    LogReport: "entry_id",
}
"""The field that names what a report is of: where a unit's has `unit_id`."""
KINDS: dict[type, str] = {type_: type_.__struct_config__.tag for type_ in SUBJECTS}  # type: ignore[attr-defined]
"""The word for each kind."""
FIELDS = tuple(field.name for field in msgspec.structs.fields(UnitReport))
WORDS = (
    "kind", "unit_id", "status", "call_sign", "unit_type", "fix_method", "primary_status", "status_internal",
    "incident_id", "emergency", "labels", "capabilities", "secondary_status", "crew",
)  # fmt: skip
"""Fields that are numbered by a book: they say the same again and again."""
NUMBERS = (
    "observed_at", "sent_at", "stale_at", "lat", "lon", "course_deg", "speed_mps", "hae_m", "h_err_m", "v_err_m",
)  # fmt: skip
MINUTE_MS = 60_000

_TRANSPOSED = 256
"""Reports taken apart at a time: few enough to lie in the processor's cache (0.4 us a report, not 0.9)."""
_SHEET = 8192
"""Batches and reports of a sheet, at least; the last one of a minute has fewer."""
_fields_of = msgspec.structs.astuple


class Book(dict[Any, int]):
    """Numbers words as they first appear."""

    def __missing__(self, key: Any) -> int:
        code = self[key] = len(self)
        return code


class Books:
    """What the codes of one agency's sheets, which follow one another, count into."""

    def __init__(self) -> None:
        self.words = {name: Book() for name in WORDS}
        self.runs = Book()
        """`(source, run)` of parcels."""


class Sheet:
    """The next batches: b of them, with p parcels and n reports, every array in order of arrival."""

    def __init__(self, entries: list[Delivery], books: Books) -> None:
        self.entries = entries
        self.books = books
        of_batches = [entry.batch.parcels for entry in entries]
        self.parcels: list[Parcel] = list(itertools.chain.from_iterable(of_batches))
        self.times = np.fromiter(map(len, of_batches), np.int64, len(entries))
        """b: parcels of each batch."""
        sources = [parcel.source for parcel in self.parcels]
        runs = [parcel.run for parcel in self.parcels]
        received = [parcel.received_at for parcel in self.parcels]
        reports = [parcel.reports for parcel in self.parcels]
        self.run = np.fromiter(map(books.runs.__getitem__, zip(sources, runs, strict=True)), np.int64, len(sources))
        """p codes."""
        self.received_at = np.array(received, np.float64)
        """p Unix seconds."""
        self.counts = np.fromiter(map(len, reports), np.int64, len(reports))
        """p: reports of each parcel."""
        self.reports: list[AnyReport] = list(itertools.chain.from_iterable(reports))
        self.of_units = {*map(type, self.reports)} <= {UnitReport}
        """Nothing but reports of units."""
        n = len(self.reports)
        self.codes = {name: np.empty(n, np.int32) for name in WORDS}
        """By the field, n codes."""
        self.numbers: dict[str, np.ndarray] = {}
        """By the field, n f8, NaN where it is not said; a field that no report says is missing."""
        self.absent: dict[str, np.ndarray] = {}
        """By the field, n booleans: where it is not said, if that is anywhere."""
        self.seq: list[int | None] = []
        self.said: set[str] = set()
        """Fields that any report says."""
        self._take_apart()

    def words(self, name: str) -> set[Any]:
        """Return what the reports say of a field of WORDS."""
        said = list(self.books.words[name])
        return {said[code] for code in np.unique(self.codes[name]).tolist()}

    def number(self, name: str) -> np.ndarray:
        """Return a field of NUMBERS, n f8, NaN where it is not said."""
        numbers = self.numbers.get(name)
        return np.full(len(self.reports), np.nan) if numbers is None else numbers

    def ids(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the two parts of each batch's id, b i8 each."""
        ms, n = np.fromiter(itertools.chain.from_iterable(e.id for e in self.entries), np.int64).reshape(-1, 2).T
        return ms, n

    def _take_apart(self) -> None:
        rows_of = _fields_of if self.of_units else _in_columns
        kinds = self.books.words["kind"]
        for start in range(0, len(self.reports), _TRANSPOSED):
            part = self.reports[start : start + _TRANSPOSED]
            here = slice(start, start + len(part))
            self.codes["kind"][here] = (
                kinds[KINDS[UnitReport]] if self.of_units else [kinds[KINDS[type(report)]] for report in part]
            )
            for name, values in zip(FIELDS, zip(*map(rows_of, part), strict=True), strict=True):
                first = values[0]
                same = values[-1] is first and values.count(first) == len(values)
                if not same or first is not None:
                    self.said.add(name)
                if (book := self.books.words.get(name)) is not None:
                    codes = map(book.__getitem__, values)
                    self.codes[name][here] = book[first] if same else np.fromiter(codes, np.int32, len(part))
                elif name == "seq":
                    self.seq += values
                elif name in self.said and name in NUMBERS:
                    self._put(name, start, values)

    def _put(self, name: str, at: int, values: tuple[float | None, ...]) -> None:
        numbers = self.numbers.get(name)
        if numbers is None:
            numbers = self.numbers[name] = np.full(len(self.reports), np.nan)
            if at:
                self.absent[name] = np.arange(len(numbers)) < at
        # By struct, which takes a third of what numpy does.
        place = numbers.data[at : at + len(values)]
        try:
            struct.pack_into(f"{len(values)}d", place, 0, *values)
        except struct.error:
            absent = self.absent.setdefault(name, np.zeros(len(numbers), np.bool_))
            absent[at : at + len(values)] = [value is None for value in values]
            struct.pack_into(f"{len(values)}d", place, 0, *(np.nan if value is None else value for value in values))


def sheets(agency: AgencyId, entries: Iterable[Delivery], t0: int = 0, books: Books | None = None) -> Iterator[Sheet]:
    """Yield the batches, each sheet's of one minute; minutes begin at `t0` (Unix ms) and are counted from there.

    Raises ValueError for batches that are not this agency's, not in the journal's order, or of another wire version.
    """
    books = books or Books()
    part: list[Delivery] = []
    reports = 0
    minute = -1
    last: BatchId | None = None
    for delivery in entries:
        whose, id_, batch = delivery
        if whose != agency or batch.agency != agency or batch.version != WIRE_VERSION:
            raise ValueError(f"batch {id_} of {batch.agency}, version {batch.version}, is not one of {agency}")
        if last is not None and id_ <= last:
            raise ValueError(f"batch {id_} does not come after {last}")
        last = id_
        if part and (len(part) + reports >= _SHEET or (id_.ms - t0) // MINUTE_MS != minute):
            yield Sheet(part, books)
            part, reports = [], 0
        if not part:
            minute = (id_.ms - t0) // MINUTE_MS
        part.append(delivery)
        for parcel in batch.parcels:
            reports += parcel.count
    if part:
        yield Sheet(part, books)


def _in_columns(report: AnyReport) -> tuple[Any, ...]:
    """Return the report's fields where those of a unit's stand."""
    if type(report) is UnitReport:
        return _fields_of(report)
    subject = SUBJECTS[type(report)]
    return tuple(getattr(report, subject if name == "unit_id" else name, None) for name in FIELDS)
