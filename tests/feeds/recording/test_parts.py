"""Altered bytes of a Parquet file are named by column and rows."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

from feeds.recording.parts import parts, within


def written(rows: int) -> bytes:
    sink = io.BytesIO()
    table = pa.table({"unit": ["a", "b"] * (rows // 2), "lat": list(range(rows))})
    pq.write_table(table, sink, row_group_size=100)
    return sink.getvalue()


def test_every_byte_behind_the_magic_lies_in_one_part():
    data = written(300)
    found = parts(data)
    assert [part.what for part in found] == [
        *(f"column {name}, rows {at} to {at + 99}" for at in (0, 100, 200) for name in ("unit", "lat")),
        "the footer, which says where everything is",
    ]
    assert [found[0].start, *(part.end for part in found)] == [*(part.start for part in found), len(data)]


def test_what_lies_in_a_stretch_is_found():
    found = parts(written(200))
    _, lat, unit, *_ = found
    assert within(found, lat.end - 1, lat.end) == ["column lat, rows 0 to 99"]
    assert within(found, lat.end - 1, unit.start + 1) == ["column lat, rows 0 to 99", "column unit, rows 100 to 199"]


def test_a_file_without_a_footer_or_without_rows_has_few_parts():
    assert parts(b"PAR1 and nothing else") == []
    assert [part.what for part in parts(written(0))] == ["the footer, which says where everything is"]
