"""A segment that is open but not decoded: its columns in memory, of which batches are made as they are asked for.

Of 1,000 units at 1 Hz (600,000 reports) it takes 0.1 s to open and about 110 bytes a report to hold; as reports they
would be 1 kB each. What is made of them is the caller's.
"""

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from feeds.bus import BatchId, Delivery
from feeds.names import AgencyId
from feeds.recording import parcels, rows
from feeds.recording.columns import TEXTS
from feeds.recording.parquet import reading
from feeds.recording.segment import PARCELS, REPORTS, Files, open_table
from feeds.report import AnyReport

TOGETHER = 4096
"""Reports made together: fewer cost more each, more hold up whoever waits."""


class Opened(Sequence[Delivery]):
    """The batches of one segment, in order; those of a slice are made anew each time."""

    def __init__(self, agency: AgencyId, files: Files) -> None:
        """Raises DecodeError for what `segment.decode` would refuse, but for reports that are not in columns."""
        self._agency = agency
        said = open_table(agency, files, PARCELS, worded=("source", "run"))
        table = open_table(agency, files, REPORTS, worded=("kind", "subject", *TEXTS))
        with reading(PARCELS):
            self._numbers = parcels.numbers(said, len(table))
            first = rows.whole(said["first_arrival"])
            self._ms, self._n = rows.whole(said["journaled_at"]), rows.whole(said["journaled_n"])
        with reading(REPORTS):
            self._order = rows.order(table)
        begins = np.ones(len(said), bool)
        begins[1:] = (self._ms[1:] != self._ms[:-1]) | (self._n[1:] != self._n[:-1])
        self._parcel = np.append(np.flatnonzero(begins), len(said))
        """Each batch's first, and after the last how many there are."""
        self._arrival = np.append(first, len(table))[self._parcel]
        """Of each batch's first report, and after the last how many there are."""
        self._ms, self._n = self._ms[begins], self._n[begins]
        together = np.searchsorted(self._arrival[:-1], np.arange(0, len(table), TOGETHER))
        self._cuts = np.unique(np.append(together, [0, len(self)]))
        self._said = said.combine_chunks()
        self._columns = {name: _kept(table[name]) for name in table.column_names if name != "arrival"}
        arrays = (self._numbers, self._order, self._parcel, self._arrival, self._ms, self._n)
        columns = sum(column.nbytes for column in self._columns.values() if not isinstance(column, pa.Scalar))
        self.nbytes = sum(array.nbytes for array in arrays) + self._said.nbytes + columns
        """Held in memory."""

    def __len__(self) -> int:
        """Return how many batches there are."""
        return len(self._ms)

    @overload
    def __getitem__(self, index: int) -> Delivery: ...
    @overload
    def __getitem__(self, index: slice) -> list[Delivery]: ...
    def __getitem__(self, index: int | slice) -> Delivery | list[Delivery]:
        """Return a batch, or those of a slice without a step. Raises DecodeError."""
        if isinstance(index, slice):
            first, last, _ = index.indices(len(self))
            return self._made(first, max(first, last))
        at = range(len(self))[index]
        return self._made(at, at + 1)[0]

    def after(self, id_: BatchId) -> int:
        """Return the number of the first batch after this id; `len` when there is none."""
        low, high = np.searchsorted(self._ms, id_.ms, "left"), np.searchsorted(self._ms, id_.ms, "right")
        return int(low + np.searchsorted(self._n[low:high], id_.n, "right"))

    def journaled_at(self, number: int) -> float:
        """Return when a batch was journaled, Unix seconds."""
        return float(self._ms[number] / 1000.0)

    def around(self, number: int) -> range:
        """Return which batches are best made together with this one."""
        at = int(np.searchsorted(self._cuts, number, "right"))
        return range(int(self._cuts[at - 1]), int(self._cuts[at]))

    def reports(self, lot: range) -> int:
        """Return how many reports these batches hold."""
        return int(self._arrival[lot.stop] - self._arrival[lot.start])

    def rows(self, lot: range, names: Iterable[str]) -> pa.Table:
        """Return columns of these batches' reports (docs/recording.md), in order of arrival."""
        at = self._order[self._arrival[lot.start] : self._arrival[lot.stop]]
        return pa.table({name: _some(self._columns[name], at) for name in names})

    def times(self, lot: range) -> tuple[np.ndarray, np.ndarray]:
        """Return of each of these batches' reports when its batch was journaled and its parcel received, n f8 each.

        Unix seconds. Raises DecodeError.
        """
        with reading(PARCELS):
            said = self._parcels(lot)
            received_at = np.repeat(parcels.received_at(said), rows.whole(said["reports"]))
        held = np.diff(self._arrival[lot.start : lot.stop + 1])
        return np.repeat(self._ms[lot.start : lot.stop] / 1000.0, held), received_at

    def some(self, lot: range, wanted: np.ndarray) -> list[Delivery]:
        """Return these batches with some of their n reports; without batches and parcels of which nothing is left.

        `wanted`: n booleans in order of arrival. Raises DecodeError.
        """
        start, places = int(self._arrival[lot.start]), np.flatnonzero(wanted)
        found: list[AnyReport | None] = [None] * len(wanted)
        with reading(REPORTS):
            for place, report in zip(places.tolist(), self._reports(start + places), strict=True):
                found[place] = report
        with reading(PARCELS):
            return parcels.some_batches(self._agency, self._parcels(lot), found, start)

    def _made(self, first: int, last: int) -> list[Delivery]:
        start, stop = int(self._arrival[first]), int(self._arrival[last])
        with reading(REPORTS):
            found = self._reports(np.arange(start, stop))
        with reading(PARCELS):
            return parcels.batches(self._agency, self._parcels(range(first, last)), found, start)

    def _parcels(self, lot: range) -> pa.Table:
        return self._said.slice(int(self._parcel[lot.start]), int(self._parcel[lot.stop] - self._parcel[lot.start]))

    def _reports(self, arrivals: np.ndarray) -> list[AnyReport]:
        found: list[Any] = [None] * len(arrivals)
        if found:
            columns = {name: _some(column, self._order[arrivals]) for name, column in self._columns.items()}
            columns["arrival"] = pa.array(np.arange(len(found)))
            for place, report in rows.some(pa.table(columns), self._numbers[arrivals]):
                found[place] = report
        return found


def _kept(column: pa.ChunkedArray) -> pa.Array | pa.Scalar:
    """Return a column for keeping: as one value where it has no other."""
    if column.null_count == len(column):
        return pa.scalar(None, column.type)
    array = pa.concat_arrays(column.chunks)
    if array.null_count == 0 and (same := _same(array)) is not None:
        return same
    if pa.types.is_decimal(array.type):
        narrow = pa.decimal32 if array.type.precision <= 9 else pa.decimal64
        return array.cast(narrow(array.type.precision, array.type.scale))
    return array


def _same(array: pa.Array) -> pa.Scalar | None:
    """Return the value that all of n > 0 values are, None when they differ or nobody looked."""
    if pa.types.is_list(array.type):
        return array[0] if len(array.flatten()) == 0 else None
    if pa.types.is_dictionary(array.type):
        return array.dictionary[0] if len(array.dictionary) == 1 else None
    if pa.types.is_binary(array.type):
        return None
    ends = pc.min_max(array)
    return ends["min"] if ends["min"] == ends["max"] else None


def _some(column: pa.Array | pa.Scalar, at: np.ndarray) -> pa.Array:
    """Return the rows `at` of a column."""
    if not isinstance(column, pa.Scalar):
        return column.take(pa.array(at))
    # A list repeated no times is an error to pyarrow.
    return pa.repeat(column, len(at)) if column.is_valid and len(at) else pa.nulls(len(at), column.type)
