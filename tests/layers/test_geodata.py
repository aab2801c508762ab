from pathlib import Path

import pytest
import shapely

from layers.geodata import PLANE, clipped, dissolved, frame, joined, merged, only, read, read_tile, write_tiles
from layers.mercator import tile_box


def _square(x: float, y: float, side: float = 10) -> shapely.Polygon:
    return shapely.box(x, y, x + side, y + side)


def test_shapes_are_cut_to_the_box_and_what_lies_outside_is_left_out() -> None:
    part = frame([_square(0, 0), _square(100, 100)], name=["in", "out"])
    cut = clipped(part, (5, 0, 50, 50))
    assert cut["name"].tolist() == ["in"]
    assert cut.geometry.iloc[0].area == 50


def test_only_lines_come_out_of_a_collection_with_their_columns() -> None:
    line, point = shapely.LineString([(0, 0), (1, 1)]), shapely.Point(3, 3)
    part = frame([shapely.GeometryCollection([line, point]), point], name=["both", "dot"])
    lines = only(part, "line")
    assert lines["name"].tolist() == ["both"]
    assert lines.geometry[0].equals(line)


def test_areas_that_touch_become_one_without_a_seam() -> None:
    part = frame([_square(0, 0), _square(10, 0), _square(50, 0)], kind=["park", "park", "wood"])
    one = dissolved(part, "kind")
    assert sorted(zip(one["kind"], one.area, strict=True)) == [
        ("park", 200.0),
        ("wood", 100.0),
    ]


def test_joining_fills_a_column_that_is_missing_with_nothing() -> None:
    both = joined([frame([shapely.Point(0, 0)], name=["a"]), frame([shapely.Point(1, 1)])], "name")
    assert both["name"].tolist() == ["a", ""]


def test_features_survive_the_way_into_a_tile_and_back(tmp_path: Path) -> None:
    box = tile_box(13, 2100, 3045)
    line = shapely.LineString([(box[0] + 100, box[1] + 100), (box[2] - 100, box[3] - 100)])
    part = frame([line], kind=["highway"], ref=[""], min_zoom=6)
    write_tiles(part, "roads", tmp_path / "out", (13, 13))
    back = read_tile(tmp_path / "out" / "13" / "2100" / "3045.pbf", 13, 2100, 3045)["roads"]
    assert back["kind"].tolist() == ["highway"]
    assert back["ref"].tolist() == [""]
    assert shapely.hausdorff_distance(back.geometry[0], line) < 3


def test_a_file_that_is_no_geodata_is_refused_by_name(tmp_path: Path) -> None:
    junk = tmp_path / "junk.pbf"
    junk.write_bytes(b"not a map")
    with pytest.raises(ValueError, match=r"junk\.pbf"):
        read(junk, "lines")
    with pytest.raises(ValueError, match=r"junk\.pbf"):
        read_tile(junk, 1, 0, 0)


def test_a_street_is_one_line_past_its_crossings(tmp_path: Path) -> None:
    along = [shapely.LineString([(x, 0), (x + 10, 0)]) for x in (0, 10, 20)]
    part = frame([*along, shapely.LineString([(10, -5), (10, 5)])], name=["Main"] * 3 + ["First"])
    street = merged(part, "name").set_index("name").geometry
    assert street["Main"].equals(shapely.LineString([(0, 0), (30, 0)]))
    assert len(street) == 2


def test_degrees_are_put_on_the_plane_and_broken_shapes_made_valid(tmp_path: Path) -> None:
    bow = "[[[0,0],[1,1],[1,0],[0,1],[0,0]]]"
    (tmp_path / "a.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":null},'
        f'"geometry":{{"type":"Polygon","coordinates":{bow}}}}}]}}'
    )
    part = read(tmp_path / "a.geojson", "a")
    assert part.crs == PLANE
    assert part.total_bounds[2] == pytest.approx(111319.49, abs=0.01)
    assert part.is_valid.all()
    assert part["name"].tolist() == [""]


def test_no_features_are_no_error() -> None:
    none = frame([], kind=[])
    assert len(none) == len(dissolved(none, "kind")) == len(merged(none, "kind")) == 0
    assert list(joined([], "kind").columns) == ["kind", "geometry"]
