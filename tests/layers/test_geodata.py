from pathlib import Path

import numpy as np
import pytest
import shapely

from layers.geodata import Features, clipped, dissolved, features, joined, only, read, read_tile, write_tiles
from layers.mercator import tile_box


def _square(x: float, y: float, side: float = 10) -> shapely.Polygon:
    return shapely.box(x, y, x + side, y + side)


def test_shapes_are_cut_to_the_box_and_what_lies_outside_is_left_out() -> None:
    part = features([_square(0, 0), _square(100, 100)], name=["in", "out"])
    cut = clipped(part, (5, 0, 50, 50))
    assert cut.text("name").tolist() == ["in"]
    assert cut.shapes[0].area == 50


def test_only_lines_come_out_of_a_collection_with_their_columns() -> None:
    line, point = shapely.LineString([(0, 0), (1, 1)]), shapely.Point(3, 3)
    part = features([shapely.GeometryCollection([line, point]), point], name=["both", "dot"])
    lines = only(part, dimension=1)
    assert lines.text("name").tolist() == ["both"]
    assert lines.shapes[0].equals(line)


def test_areas_that_touch_become_one_without_a_seam() -> None:
    part = features([_square(0, 0), _square(10, 0), _square(50, 0)], kind=["park", "park", "wood"])
    one = dissolved(part, "kind")
    assert sorted(zip(one.text("kind").tolist(), shapely.area(one.shapes).tolist(), strict=True)) == [
        ("park", 200.0),
        ("wood", 100.0),
    ]


def test_joining_fills_a_column_that_is_missing_with_nothing() -> None:
    both = joined([features([shapely.Point(0, 0)], name=["a"]), features([shapely.Point(1, 1)])], "name")
    assert both.text("name").tolist() == ["a", ""]


def test_features_survive_the_way_into_a_tile_and_back(tmp_path: Path) -> None:
    box = tile_box(13, 2100, 3045)
    line = shapely.LineString([(box[0] + 100, box[1] + 100), (box[2] - 100, box[3] - 100)])
    part = features([line], kind=["highway"], ref=[""], min_zoom=np.array([6]))
    write_tiles(part, "roads", tmp_path / "out", (13, 13))
    back = read_tile(tmp_path / "out" / "13" / "2100" / "3045.pbf", 13, 2100, 3045)["roads"]
    assert back.text("kind").tolist() == ["highway"]
    assert back.text("ref").tolist() == [""]
    assert shapely.hausdorff_distance(back.shapes[0], line) < 3


def test_a_file_that_is_no_geodata_is_refused_by_name(tmp_path: Path) -> None:
    junk = tmp_path / "junk.pbf"
    junk.write_bytes(b"not a map")
    with pytest.raises(ValueError, match=r"junk\.pbf"):
        read(junk, "lines")
    with pytest.raises(ValueError, match=r"junk\.pbf"):
        read_tile(junk, 1, 0, 0)


def test_no_features_are_no_error() -> None:
    none = features([])
    assert len(none) == 0
    assert len(dissolved(none, "kind")) == 0
    assert isinstance(joined([], "kind"), Features)
