"""GeoParquet 1.1: one table of everything with a point a row (WKB, longitude and latitude WGS 84).

Both clocks are timestamps in UTC, to the microsecond. The stamp stands in the file's metadata under `jointops`.
Geometries are made here and stored nowhere else.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from struct import Struct
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from layers.exports.rows import Occurrence, TrackPoint
from layers.exports.sink import Sink
from layers.exports.stamp import Stamp
from layers.exports.table import COLUMNS, LAT, LON, table

ROWS = 32_768
"""In a row group: what is held in memory."""

_TYPES = {"text": pa.string(), "instant": pa.timestamp("us", tz="UTC"), "number": pa.float64(), "integer": pa.int64()}
_SCHEMA = pa.schema([*((c.name, _TYPES[c.type]) for c in COLUMNS), ("geometry", pa.binary())])
_point = Struct("<BIdd").pack
"""Little-endian WKB: byte order, type 1 (a point), longitude, latitude."""


def write(points: Iterable[TrackPoint], occurrences: Iterable[Occurrence], stamp: Stamp) -> Iterator[bytes]:
    """Yield the file, a row group at a time."""
    sink = Sink()
    rows = table(points, occurrences)
    west, south, east, north = 180.0, 90.0, -180.0, -90.0
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), _SCHEMA, compression="zstd", version="2.6") as file:
        while group := list(islice(rows, ROWS)):
            columns = list(zip(*group, strict=True))
            file.write_table(_table(columns))
            placed = [(lon, lat) for lon, lat in zip(columns[LON], columns[LAT], strict=True) if lon is not None]
            for lon, lat in placed:
                west, south, east, north = min(west, lon), min(south, lat), max(east, lon), max(north, lat)
            yield sink.take()
        file.add_key_value_metadata(_metadata(stamp, [west, south, east, north] if west <= east else None))
    yield sink.take()


def _table(columns: list[tuple[Any, ...]]) -> pa.Table:
    arrays = []
    for column, cells in zip(COLUMNS, columns, strict=True):
        values = [None if at is None else round(at * 1e6) for at in cells] if column.type == "instant" else cells
        arrays.append(pa.array(values, _TYPES[column.type]))
    places = zip(columns[LON], columns[LAT], strict=True)
    arrays.append(pa.array([None if lon is None else _point(1, 1, lon, lat) for lon, lat in places], pa.binary()))
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def _metadata(stamp: Stamp, bounds: list[float] | None) -> dict[str, str]:
    geometry: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["Point"]}
    if bounds is not None:
        geometry["bbox"] = bounds
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": geometry}}
    return {"geo": msgspec.json.encode(geo).decode(), "jointops": msgspec.json.encode(stamp.said).decode()}
