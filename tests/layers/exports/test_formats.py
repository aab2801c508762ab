"""What every format keeps."""

import io
import json
from collections.abc import Iterator

import pytest
from lxml import etree

from layers.exports import geoparquet, kml
from layers.exports.formats import FORMATS
from layers.exports.rows import TrackPoint
from tests.support.exported import OCCURRENCES, STAMP, point, written


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_long_is_written_while_it_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geoparquet, "ROWS", 2000)
    read = 0

    def points() -> Iterator[TrackPoint]:
        nonlocal read
        for n in range(8000):  # of one unit, without a gap
            read += 1
            yield point("u1", n, speed_mps=12.5, primary_status="Available")

    before, waited = 0, []
    for piece in FORMATS[name].write(points(), OCCURRENCES, STAMP):
        waited.append(read - before)
        before = read
        assert len(piece) < 600_000
    assert read == 8000 and max(waited) <= max(2000, kml.TRACK_POINTS) + 1


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_at_all_is_a_whole_file_with_its_stamp(name: str) -> None:
    data = written(name, (), ())
    assert STAMP.sources[0].encode() in data
    if name in ("gpx", "kml"):
        etree.fromstring(data)
    elif name in ("geojson", "czml"):
        json.loads(data)
    elif name == "geoparquet":
        assert geoparquet.pq.read_table(io.BytesIO(data)).num_rows == 0


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_rows_give_the_same_bytes(name: str) -> None:
    assert written(name) == written(name)


@pytest.mark.parametrize("name", FORMATS)
def test_who_stops_reading_leaves_nothing_behind(name: str) -> None:
    pieces = FORMATS[name].write([point("u1", n) for n in range(5000)], OCCURRENCES, STAMP)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]


def test_suffixes_and_media_types_are_each_one_format_s() -> None:
    for values in zip(*((f.suffix, f.media_type, f.title) for f in FORMATS.values()), strict=True):
        assert len(set(values)) == len(FORMATS)
