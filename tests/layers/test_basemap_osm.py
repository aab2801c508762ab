from pathlib import Path

import numpy as np
import pytest
import shapely

from layers import basemap_fetch
from layers.basemap_layers import Layers
from layers.basemap_osm import layers, sea
from layers.geodata import box_of, only
from layers.mercator import to_metres

BOUNDS = (24.0, 60.0, 24.1, 60.1)


@pytest.fixture(scope="module")
def helsinki() -> Layers:
    return layers(basemap_fetch.helsinki())


def _coast(*places: tuple[float, float]) -> np.ndarray:
    held = np.empty(1, object)
    held[0] = shapely.LineString([to_metres(*p) for p in places])
    return held


def test_the_sea_lies_on_the_right_of_the_coast() -> None:
    north = _coast((24.0, 60.05), (24.05, 60.06), (24.1, 60.05))
    wet = shapely.union_all(sea(north, BOUNDS))
    assert wet.contains(shapely.Point(to_metres(24.05, 60.01)))
    assert not wet.contains(shapely.Point(to_metres(24.05, 60.09)))
    assert shapely.union_all(sea(north[::1], BOUNDS)).area == pytest.approx(box_of(BOUNDS).area / 2, rel=0.2)


def test_a_coast_drawn_the_other_way_turns_land_and_sea() -> None:
    wet = shapely.union_all(sea(_coast((24.1, 60.05), (24.0, 60.05)), BOUNDS))
    assert wet.contains(shapely.Point(to_metres(24.05, 60.09)))


def test_an_island_is_land_in_the_sea() -> None:
    ring = _coast((24.04, 60.04), (24.06, 60.04), (24.06, 60.06), (24.04, 60.06), (24.04, 60.04))
    wet = shapely.union_all(sea(ring, BOUNDS))
    assert not wet.contains(shapely.Point(to_metres(24.05, 60.05)))
    assert wet.contains(shapely.Point(to_metres(24.01, 60.01)))


def test_a_coast_that_was_cut_just_before_the_frame_still_parts_land_from_sea() -> None:
    wet = shapely.union_all(sea(_coast((24.001, 60.05), (24.05, 60.05), (24.099, 60.05)), BOUNDS))
    assert wet.contains(shapely.Point(to_metres(24.05, 60.01)))
    assert not wet.contains(shapely.Point(to_metres(24.05, 60.09)))


def test_a_coast_with_a_wide_gap_makes_no_sea() -> None:
    assert len(sea(_coast((24.03, 60.05), (24.07, 60.05)), BOUNDS)) == 0


def test_without_a_coast_there_is_no_sea() -> None:
    assert len(sea(np.empty(0, object), BOUNDS)) == 0


def test_helsinki_has_its_harbour_streets_names_and_stations(helsinki: Layers) -> None:
    made = helsinki.layers
    water = shapely.union_all(only(made["water"], "area").geometry)
    assert 0.01 < water.area / box_of(helsinki.bounds).area < 0.2
    assert water.intersects(shapely.Point(to_metres(24.9441, 60.1775)))  # the bay north of the station
    assert not water.intersects(shapely.Point(to_metres(24.9410, 60.1710)))  # the station itself
    assert "Mannerheimintie" in set(made["road_labels"]["name"])
    assert {"major_road", "minor_road", "path", "rail"} <= set(made["roads"]["kind"])
    assert len(made["buildings"]) > 300
    assert "station" in set(made["pois"]["kind"])
    assert "Helsinki" in set(made["places"]["name"])


def test_nothing_reaches_beyond_the_bounds_the_extract_declares(helsinki: Layers) -> None:
    box = box_of(helsinki.bounds).buffer(0.01)
    for name, part in helsinki.layers.items():
        assert part.within(box).all(), name


def test_a_file_that_is_no_extract_is_refused(tmp_path: Path) -> None:
    junk = tmp_path / "x.osm.pbf"
    junk.write_bytes(b"junk")
    with pytest.raises(ValueError, match="not an OSM extract"):
        layers(junk)
