"""One agency's ten minutes as two files, from which every batch comes back: its id, its parcels, its reports, each bit.

    reports.parquet   every report, a row each, sorted so that it packs
    parcels.parquet   every parcel in order of receipt: its batch, source, run, time, numbers

Encoding takes the batches sheet by sheet, from a generator if need be, and lets go of them. What it keeps are columns:
290 MB at its height for 600,000 reports of 1,000 units. The same entries give the same rows.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from feeds.bus import Delivery
from feeds.errors import DecodeError
from feeds.names import AgencyId
from feeds.recording import columns, parcels, rows
from feeds.recording.columns import Columns
from feeds.recording.parcels import Parcels
from feeds.recording.parquet import ROW_GROUP, read, reading, write
from feeds.recording.sheets import Books, Sheet, sheets
from feeds.report import AnyReport

REPORTS, PARCELS = "reports.parquet", "parcels.parquet"
Files = Mapping[str, bytes | Path]
"""The two files by name: their bytes, or where they lie."""


class Walk:
    """One walk through an agency's batches: its sheets are encoded as they go by, on to who makes more of them.

    The batches are in the journal's order, and from `t0` (Unix ms) on each sheet is of one minute. Those without a
    parcel are recorded too, unless `empty` says no.
    """

    def __init__(self, agency: AgencyId, entries: Iterable[Delivery], t0: int = 0, *, empty: bool = True) -> None:
        books = Books()
        self._agency = agency
        self._empty = empty
        self._table, self._said = Columns(books), Parcels(books)
        self._failure: Exception | None = None
        self._sheets = self._encoded(sheets(agency, entries, t0, books))

    def __iter__(self) -> Iterator[Sheet]:
        """Yield what was not yielded yet."""
        return self._sheets

    def _encoded(self, coming: Iterator[Sheet]) -> Iterator[Sheet]:
        try:
            for sheet in coming:
                self._said.add(sheet, empty=self._empty)
                self._table.add(sheet)
                yield sheet
        except Exception as error:
            self._failure = error
            raise

    def files(self) -> dict[str, bytes]:
        """Go to the end and return the two files; this is the last call.

        Raises ValueError for batches out of order, of another agency or wire version, whoever met them first.
        """
        for _ in self._sheets:
            pass
        if self._failure is not None:
            raise self._failure
        table = self._table
        parcel_table, told = self._said.table(*table.numbers())
        by_word = ["kind", "subject", *columns.TEXTS, *columns.LISTS, *table.repetitive()]
        return {
            REPORTS: write(table.tables(told, ROW_GROUP), self._agency, by_word, ["kind", "subject", "observed_at"]),
            PARCELS: write([parcel_table], self._agency, ["source", "run"], ["journaled_at", "received_at"]),
        }


def encode(agency: AgencyId, entries: Iterable[Delivery]) -> dict[str, bytes]:
    """Return the two files of these batches, which are in the journal's order and this agency's.

    Raises ValueError when they are not, or of another wire version.
    """
    return Walk(agency, entries).files()


def decode(agency: AgencyId, files: Files) -> list[Delivery]:
    """Return the batches. Raises DecodeError, which names the file and what is wrong with it."""
    said = open_table(agency, files, PARCELS)
    table = open_table(agency, files, REPORTS)
    with reading(PARCELS):
        told = parcels.numbers(said, len(table))
    with reading(REPORTS):
        reports = rows.reports(table, told)
    with reading(PARCELS):
        return parcels.batches(agency, said, reports)


def decode_some(agency: AgencyId, files: Files, *which: Mapping[str, Collection[str]]) -> list[Delivery]:
    """Return the batches with those reports only that one of `which` names: by column, one of these words in each.

    Batches and parcels of which nothing is left are left out. Raises DecodeError.
    """
    said = open_table(agency, files, PARCELS)
    tables = [open_table(agency, files, REPORTS, None, only) for only in which]
    if not any(map(len, tables)):
        return []
    with reading(PARCELS):
        count = int(rows.whole(said["reports"]).sum())
        told = parcels.numbers(said, count)
    with reading(REPORTS):
        found: list[AnyReport | None] = [None] * count
        for table in tables:
            for arrival, report in rows.some(table, told):
                found[arrival] = report
    with reading(PARCELS):
        return parcels.some_batches(agency, said, found)


def open_table(
    agency: AgencyId,
    files: Files,
    name: str,
    names: Sequence[str] | None = None,
    only: Mapping[str, Collection[str]] | None = None,
    worded: Collection[str] = (),
) -> pa.Table:
    """Return the columns `names` (None: all) of REPORTS or PARCELS; `only` rows with one of these words, by column.

    Those in `worded` come as dictionaries. Raises DecodeError.
    """
    if name not in files:
        raise DecodeError(f"{name} is missing")
    return read(name, files[name], agency, columns.SCHEMA if name == REPORTS else parcels.SCHEMA, names, only, worded)
