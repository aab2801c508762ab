"""What came of units in a stretch of time, gathered from the sheets of a walk (feeds/recording/sheets.py). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from feeds.bus import Delivery
from feeds.envelope import Parcel
from feeds.names import SourceId
from feeds.recording.sheets import KINDS, Book, Books, Sheet
from feeds.report import UnitReport
from layers.track import Said as Standing
from layers.unit_words import SLOW, Words

_NUMBERS = ("lat", "lon", "course_deg", "speed_mps", "h_err_m", "observed_at", "stale_at")
_CODED = ("unit_id", "status", *SLOW)


class Coded(NamedTuple):
    """m words, as codes into the words that there are."""

    codes: np.ndarray
    words: Sequence[Any]

    def met(self) -> list[Any]:
        """Return the words that are said, as they first come."""
        return [self.words[code] for code in self._met()]

    def numbered(self, numbers: Mapping[Any, int]) -> np.ndarray:
        """Return the number of each word."""
        table = np.zeros(len(self.words), np.intp)
        for code in self._met():
            table[code] = numbers[self.words[code]]
        found: np.ndarray = table[self.codes]
        return found

    def _met(self) -> list[int]:
        first = np.full(len(self.words), -1)
        first[self.codes[::-1]] = np.arange(len(self.codes))[::-1]  # of several the last is written last
        met = np.flatnonzero(first >= 0)
        found: list[int] = met[np.argsort(first[met])].tolist()
        return found


class Told(NamedTuple):
    """What m reports say that is drawn, m values each."""

    numbers: dict[str, np.ndarray]
    """By the field: f8, NaN where it is not said."""
    received: np.ndarray
    """f8 Unix seconds."""
    status: Coded
    source: Coded


class Heard(NamedTuple):
    """The m reports of units that came, in order of arrival."""

    reports: list[UnitReport]
    last: Delivery | None
    """The newest batch, whatever it holds."""
    columns: dict[str, np.ndarray]
    books: Books

    def units(self) -> Coded:
        """Return the unit of each report."""
        return Coded(self.columns["unit_id"], list(self.books.words["unit_id"]))

    def told(self) -> Told:
        """Return what is drawn of each report."""
        return Told(
            {name: self.columns[name] for name in _NUMBERS},
            self.columns["received"],
            Coded(self.columns["status"], list(self.books.words["status"])),
            Coded(self.columns["run"], self._sources()),
        )

    def words(self, words: Words) -> np.ndarray:
        """Return the word that each report said of each group, 0 for none (m, groups)."""
        return words.of_reports(self.columns, self.books.words)

    def parcels(self, which: np.ndarray) -> tuple[Parcel, ...]:
        """Return reports by their numbers, each in a parcel of its own."""
        sources = self._sources()
        runs, received = self.columns["run"][which].tolist(), self.columns["received"][which].tolist()
        return tuple(
            Parcel(sources[run], "", at, (self.reports[i],))
            for i, run, at in zip(which.tolist(), runs, received, strict=True)
        )

    def _sources(self) -> list[SourceId]:
        return [source for source, _ in self.books.runs]


def heard(coming: Iterable[Sheet]) -> tuple[Heard, list[Delivery]]:
    """Return what the sheets say of units, and their batches without that, those of which anything is left."""
    reports: list[Any] = []
    left: list[Delivery] = []
    last: Delivery | None = None
    books = Books()
    parts: list[dict[str, np.ndarray]] = []
    for sheet in coming:
        last, books = sheet.entries[-1], sheet.books
        if sheet.of_units:
            own: Any = slice(None)
            reports += sheet.reports
        else:
            own = np.flatnonzero(sheet.codes["kind"] == books.words["kind"][KINDS[UnitReport]])
            reports += [sheet.reports[i] for i in own.tolist()]
            left += [other for entry in sheet.entries if (other := _without_units(entry)) is not None]
        parts.append(
            {
                **{name: sheet.codes[name][own] for name in _CODED},
                **{name: sheet.number(name)[own] for name in _NUMBERS},
                "run": np.repeat(sheet.run, sheet.counts)[own],
                "received": np.repeat(sheet.received_at, sheet.counts)[own],
            }
        )
    names = (*_CODED, *_NUMBERS, "run", "received")
    columns = {
        name: np.concatenate([part[name] for part in parts]) if parts else np.zeros(0, np.intp) for name in names
    }
    return Heard(reports, last, columns, books), left


def _without_units(entry: Delivery) -> Delivery | None:
    parcels = []
    for parcel in entry.batch.parcels:
        if others := parcel.of_others:
            parcels.append(replace(parcel, body=others))
    return entry._replace(batch=replace(entry.batch, parcels=tuple(parcels))) if parcels else None


def told_by(standing: Sequence[Standing]) -> Told:
    """Return what is drawn of the reports that stand for n units."""
    reports: list[Any] = [said.report for said in standing]
    statuses, sources = Book(), Book()
    status = np.array([statuses[report.status] for report in reports], np.intp)
    source = np.array([sources[said.stamp.source] for said in standing], np.intp)
    return Told(
        {name: np.array([getattr(report, name) for report in reports], np.float64) for name in _NUMBERS},
        np.array([said.stamp.received_at for said in standing], np.float64),
        Coded(status, list(statuses)),
        Coded(source, list(sources)),
    )
