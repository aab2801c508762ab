"""One agency's ten minutes as two files, from which every batch comes back: its id, its parcels, its reports, each bit.

    reports.parquet   every report, a row each, sorted so that it packs
    parcels.parquet   every parcel in order of receipt: its batch, source, run, time, numbers

Encoding takes the batches one after the other, from a generator if need be, and lets go of them. What it keeps are
columns: 290 MB at its height for 600,000 reports of 1,000 units. The same entries give the same bytes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION
from feeds.errors import DecodeError
from feeds.names import AgencyId
from feeds.recording import columns, parcels, rows
from feeds.recording.columns import Columns
from feeds.recording.parcels import Parcels
from feeds.recording.parquet import ROW_GROUP, read, reading, write
from feeds.report import AnyReport

REPORTS, PARCELS = "reports.parquet", "parcels.parquet"
Files = Mapping[str, bytes | Path]
"""The two files by name: their bytes, or where they lie."""

_SLICE = 8192


def encode(agency: AgencyId, entries: Iterable[Delivery]) -> dict[str, bytes]:
    """Return the two files of these batches, which are in the journal's order and this agency's.

    Raises ValueError when they are not, or of another wire version.
    """
    table, said = Columns(), Parcels()
    part: list[Delivery] = []
    reports: list[AnyReport] = []
    for delivery in _checked(agency, entries):
        part.append(delivery)
        for parcel in delivery.batch.parcels:
            reports += parcel.reports
        if len(part) + len(reports) >= _SLICE:
            said.add(part)
            table.add(reports)
            part, reports = [], []
    said.add(part)
    table.add(reports)
    parcel_table, told = said.table(*table.numbers())
    by_word = ["kind", "subject", *columns.TEXTS, *columns.LISTS, *table.repetitive()]
    return {
        REPORTS: write(table.tables(told, ROW_GROUP), agency, by_word, ["kind", "subject", "observed_at"]),
        PARCELS: write([parcel_table], agency, ["source", "run"], ["journaled_at", "received_at"]),
    }


def _checked(agency: AgencyId, entries: Iterable[Delivery]) -> Iterator[Delivery]:
    last: BatchId | None = None
    for delivery in entries:
        whose, id_, batch = delivery
        if whose != agency or batch.agency != agency or batch.version != WIRE_VERSION:
            raise ValueError(f"batch {id_} of {batch.agency}, version {batch.version}, is not one of {agency}")
        if last is not None and id_ <= last:
            raise ValueError(f"batch {id_} does not come after {last}")
        last = id_
        yield delivery


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
