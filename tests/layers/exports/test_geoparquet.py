import io
import json

import geopandas as gpd
import pyarrow.parquet as pq
import pytest

from layers.exports import geoparquet
from layers.exports.table import COLUMNS
from tests.support.exported import OCCURRENCES, POINTS, STAMP, point, written


def test_another_reader_reads_back_places_times_and_the_reference_system() -> None:
    told = gpd.read_parquet(io.BytesIO(written("geoparquet")))
    assert len(told) == len(POINTS) + len(OCCURRENCES) and told.crs.equals("OGC:CRS84")
    assert list(told.geometry.x)[: len(POINTS)] == [p.lon for p in POINTS]
    assert list(told.geometry.isna()) == [False] * 8 + [True]
    for name in ("observed_at", "received_at"):
        assert [at.timestamp() for at in told[name]] == [getattr(row, name) for row in (*POINTS, *OCCURRENCES)]
    assert list(told["speed_mps"].iloc[:2]) == [12.5, 0.0] and told["priority"].iloc[6] == 1


def test_the_metadata_hold_the_stamp_and_the_bounds() -> None:
    file = pq.ParquetFile(io.BytesIO(written("geoparquet")))
    assert json.loads(file.metadata.metadata[b"jointops"]) == STAMP.said
    geo = json.loads(file.metadata.metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    lons = [row.lon for row in (*POINTS, *OCCURRENCES) if row.lon is not None]
    assert geo["columns"]["geometry"]["bbox"][::2] == [min(lons), max(lons)]
    assert file.schema_arrow.names == [*(column.name for column in COLUMNS), "geometry"]


def test_row_groups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geoparquet, "ROWS", 4)
    file = pq.ParquetFile(io.BytesIO(written("geoparquet", [point("u1", n) for n in range(10)], ())))
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [4, 4, 2]


def test_without_a_place_there_are_no_bounds() -> None:
    file = pq.ParquetFile(io.BytesIO(written("geoparquet", (), OCCURRENCES[2:])))
    assert "bbox" not in json.loads(file.metadata.metadata[b"geo"])["columns"]["geometry"]
