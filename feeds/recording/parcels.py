"""Parcels as rows of a table in order of receipt: which batch each came in, from whom, when, with what numbers. Pure.

A batch without a parcel is a row without a source. docs/recording.md explains every column.
"""

import itertools
from collections.abc import Sequence
from operator import itemgetter

import numpy as np
import pyarrow as pa

from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.names import AgencyId, SourceId
from feeds.recording.columns import MS
from feeds.recording.exact import join, split
from feeds.recording.rows import absent, whole
from feeds.recording.sheets import Books, Sheet
from feeds.report import AnyReport

SCHEMA = pa.schema(
    [
        pa.field("journaled_at", MS, nullable=False),
        pa.field("journaled_n", pa.int64(), nullable=False),
        ("source", pa.string()),
        ("run", pa.string()),
        ("received_at", MS),
        pa.field("first_arrival", pa.int32(), nullable=False),
        pa.field("reports", pa.int32(), nullable=False),
        ("seq_skip", pa.int64()),
        pa.field("received_at_ulps", pa.int64(), nullable=False),
    ]
)


class Parcels:
    """Takes sheets in order; about 40 bytes a parcel stay."""

    def __init__(self, books: Books) -> None:
        self._runs = books.runs
        self._parts: list[tuple[np.ndarray, ...]] = []

    def add(self, sheet: Sheet, *, empty: bool = True) -> None:
        """Take the next sheet; a batch without a parcel is a row of run -1, or none when not `empty`."""
        ms, n = (part.repeat(np.maximum(sheet.times, empty)) for part in sheet.ids())
        columns = [sheet.run, sheet.received_at, sheet.counts]
        if empty:
            nobody = (np.cumsum(sheet.times) - sheet.times)[sheet.times == 0]
            columns = [np.insert(values, nobody, none) for values, none in zip(columns, (-1, 0.0, 0), strict=True)]
        self._parts.append((ms, n, *columns))

    def table(self, numbers: np.ndarray, numbered: np.ndarray) -> tuple[pa.Table, np.ndarray]:
        """Return the table, and which of the n reports have their number told by it.

        `numbers`, n i8, and `numbered`, n booleans: the reports' `seq` by arrival.
        """
        empty = tuple(np.zeros(0, kind) for kind in (np.int64, np.int64, np.int64, np.float64, np.int64))
        ms, n, run, received_at, count = map(np.concatenate, zip(empty, *self._parts, strict=True))
        first = np.cumsum(count) - count
        parcel = np.repeat(np.arange(len(count)), count)
        starts = np.append(numbers, 0)[first]
        fits = numbered & (numbers - starts[parcel] == np.arange(len(numbers)) - first[parcel])
        ranged = (count > 0) & (np.bincount(parcel, ~fits, len(count)) == 0)
        received_ms, ulps = split(received_at, 3, 15)
        nobody = run < 0
        who = pa.array(run, mask=nobody)
        columns = {
            "journaled_at": pa.array(ms).view(MS),
            "journaled_n": pa.array(n),
            "source": pa.array([source for source, _ in self._runs], pa.string()).take(who),
            "run": pa.array([run for _, run in self._runs], pa.string()).take(who),
            "received_at": pa.array(received_ms, mask=nobody).view(MS),
            "first_arrival": pa.array(first, pa.int32()),
            "reports": pa.array(count, pa.int32()),
            "seq_skip": pa.array(_skips(run, np.where(ranged, starts, 0), count, ranged), mask=~ranged),
            "received_at_ulps": pa.array(np.where(nobody, 0, ulps)),
        }
        return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA), ranged[parcel]


def _skips(run: np.ndarray, starts: np.ndarray, count: np.ndarray, ranged: np.ndarray) -> np.ndarray:
    """Return by how much each parcel's first number is beyond the one that its run was at."""
    rows = np.flatnonzero(ranged)
    rows = rows[np.argsort(run[rows], kind="stable")]
    again = np.zeros(len(rows), bool)
    again[1:] = run[rows[1:]] == run[rows[:-1]]
    due = np.zeros(len(rows), np.int64)
    due[1:] = (starts + count)[rows[:-1]]
    skips = np.zeros_like(starts)
    skips[rows] = starts[rows] - np.where(again, due, 0)
    return skips


def numbers(table: pa.Table, reports: int) -> np.ndarray:
    """Return the `seq` that the parcels tell of each of n reports by arrival, i8; -1 where they tell none.

    Raises ValueError when the parcels do not hold `reports` reports, one after the other.
    """
    first, count = whole(table["first_arrival"]), whole(table["reports"])
    if (count < 0).any() or count.sum() != reports or not np.array_equal(first, np.cumsum(count) - count):
        raise ValueError(f"its parcels do not hold {reports} reports one after the other")
    ranged = ~absent(table["seq_skip"])
    rows = np.flatnonzero(ranged)
    run = _codes(table["source"]) * (len(table) + 1) + _codes(table["run"])
    rows = rows[np.argsort(run[rows], kind="stable")]
    ends = np.cumsum(whole(table["seq_skip"])[rows] + count[rows])
    begins = np.ones(len(rows), bool)
    begins[1:] = run[rows[1:]] != run[rows[:-1]]
    base = np.concatenate([[0], ends])[np.flatnonzero(begins)]
    starts = np.zeros(len(table), np.int64)
    starts[rows] = ends - count[rows] - base[np.cumsum(begins) - 1]
    told = np.arange(reports) + np.repeat(starts - first, count)
    return np.where(np.repeat(ranged, count), told, -1)


def batches(agency: AgencyId, table: pa.Table, reports: Sequence[AnyReport], first: int = 0) -> list[Delivery]:
    """Return the batches that hold these reports, which are in order of arrival, from place `first` on."""
    ids = zip(whole(table["journaled_at"]).tolist(), whole(table["journaled_n"]).tolist(), strict=True)
    of = zip(table["source"].to_pylist(), table["run"].to_pylist(), received_at(table).tolist(), strict=True)
    starts = whole(table["first_arrival"]) - first
    ends = (starts + whole(table["reports"])).tolist()
    found: list[Delivery] = []
    for id_, rows in itertools.groupby(zip(ids, of, starts.tolist(), ends, strict=True), key=itemgetter(0)):
        said = tuple(
            Parcel(SourceId(source), run, at, tuple(reports[start:end]))
            for _, (source, run, at), start, end in rows
            if source is not None
        )
        found.append(Delivery(agency, BatchId(*id_), Batch(WIRE_VERSION, agency, said)))
    return found


def some_batches(
    agency: AgencyId, table: pa.Table, reports: Sequence[AnyReport | None], first: int = 0
) -> list[Delivery]:
    """Return the batches that hold these reports, None for one that is left out; no batch and no parcel is empty.

    The reports are in order of arrival, from place `first` on.
    """
    starts = whole(table["first_arrival"]) - first
    kept = np.array([report is not None for report in reports], np.int64)
    before = np.concatenate([[0], np.cumsum(kept)])
    left = before[starts + whole(table["reports"])] - before[starts]
    columns = {"first_arrival": pa.array(before[starts], pa.int32()), "reports": pa.array(left, pa.int32())}
    for name, column in columns.items():
        table = table.set_column(table.schema.get_field_index(name), SCHEMA.field(name), column)
    return batches(agency, table.filter(pa.array(left > 0)), [report for report in reports if report is not None])


def received_at(table: pa.Table) -> np.ndarray:
    """Return when each parcel was received, Unix seconds, f8 to the last bit."""
    return join(whole(table["received_at"]), whole(table["received_at_ulps"]), 3)


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    return whole(pa.chunked_array([chunk.indices for chunk in column.dictionary_encode().chunks], pa.int32()))
