"""Positions put aside on disk in sorted runs and read back as one: by unit, then by time.

A format wants all of a unit's positions together, a record is told segment by segment. Each segment becomes a run;
merging holds a few rows of each run, so that memory does not grow with what there is.
"""

import heapq
from collections.abc import Iterable, Iterator
from typing import IO, Any

import pyarrow as pa

from layers.exports.rows import TrackPoint

HELD = 131_072
"""Rows held when all runs are merged, about 0.6 kB each."""
HELD_MIN = 128
"""Rows of a run held in any case: fewer would be read one by one."""

_NUMBERS = (
    *("observed_at", "received_at", "lon", "lat", "speed_mps", "course_deg", "hae_m", "h_err_m"),
    *("aligned_at", "aligned_err_s"),
)
_TOLD = TrackPoint._fields[1:]
_AT = "at"
SCHEMA = pa.schema(
    [*((name, pa.float64() if name in _NUMBERS else pa.string()) for name in _TOLD), (_AT, pa.float64())]
)
"""The fields of a `TrackPoint` but its agency; `at`: the time, Unix seconds, by which a unit's rows stand."""


class Runs:
    """Rows of one agency. `rows` counts them, `units` are those that have any."""

    def __init__(self, file: IO[bytes], agency: str, expected: int) -> None:
        """`file`: empty, to be written and read; `expected`: how many runs there may be."""
        self.rows = 0
        self.units: set[str] = set()
        self._file = file
        self._agency = agency
        self._size = max(HELD_MIN, HELD // max(1, expected))
        self._runs: list[range] = []
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        self._writer = pa.ipc.new_file(pa.PythonFile(file, "w"), SCHEMA, options=options)

    def add(self, table: pa.Table) -> None:
        """Put aside rows of `SCHEMA` in any order; of equal times the order is kept. Raises OSError."""
        if not len(table):
            return
        table = table.sort_by([("unit_id", "ascending"), (_AT, "ascending")]).combine_chunks()
        begins = self._runs[-1].stop if self._runs else 0
        batches = table.to_batches(max_chunksize=self._size)
        for batch in batches:
            self._writer.write_batch(batch)
        self._runs.append(range(begins, begins + len(batches)))
        self.rows += len(table)
        self.units.update(table["unit_id"].unique().to_pylist())

    def add_points(self, points: Iterable[tuple[float, TrackPoint]]) -> None:
        """Put aside these positions, each with the time by which it stands. Raises OSError."""
        rows = [(*point[1:], at) for at, point in points]
        columns = zip(*rows, strict=True) if rows else ([] for _ in SCHEMA)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
        self.add(pa.Table.from_arrays(arrays, schema=SCHEMA))

    def merged(self) -> Iterator[TrackPoint]:
        """Yield all of it in order; nothing is added any more. Raises OSError."""
        self._writer.close()
        self._file.seek(0)
        reader = pa.ipc.open_file(pa.PythonFile(self._file, "r"))
        for row in heapq.merge(*(_rows(reader, run) for run in self._runs), key=_place):
            yield TrackPoint(self._agency, *row[:-1])


def _rows(reader: pa.ipc.RecordBatchFileReader, run: range) -> Iterator[tuple[Any, ...]]:
    for number in run:
        yield from zip(*(column.to_pylist() for column in reader.get_batch(number).columns), strict=True)


def _place(row: tuple[Any, ...]) -> tuple[str, float]:
    return row[0], row[-1]
