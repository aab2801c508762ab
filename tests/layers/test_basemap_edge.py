from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape

from layers.basemap_edge import FADE, GRID, layers, sources

CITY = (-87.80, 41.77, -87.58, 41.97)
HARBOUR = (24.935, 60.164, 24.953, 60.179)
SOUTH = (-56.34, -34.94, -55.98, -34.81)


def _features(bounds: tuple[float, float, float, float], source: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sources(bounds)[source]["data"]["features"]
    return found


def _cover(bounds: tuple[float, float, float, float], rim: str, lon: float, lat: float) -> float:
    """Return how much of the map is covered at a place, 0 to 1."""
    left = 1.0
    for one in _features(bounds, FADE):
        if one["properties"]["rim"] == rim and shape(one["geometry"]).contains(shapely.Point(lon, lat)):
            left *= 1 - one["properties"]["opacity"]
    return 1 - left


def _words(bounds: tuple[float, float, float, float]) -> set[str]:
    return {one["properties"].get("word", "") for one in _features(bounds, GRID)}


def test_the_map_is_clear_inside_gone_at_its_edge_and_fades_evenly_between() -> None:
    for bounds in (CITY, HARBOUR, SOUTH):
        west, south, east, north = bounds
        lat = (south + north) / 2
        across = [_cover(bounds, "wide", lon, lat) for lon in np.linspace((west + east) / 2, west, 200)]
        assert across[0] == 0
        assert across[-3] > 0.6
        assert max(np.diff(across)) < 0.16
        assert across == sorted(across)
        assert _cover(bounds, "wide", west - (east - west) * 0.5, lat) == 1
        assert _cover(bounds, "narrow", west - 1e-6, lat) == 1


def test_nine_tenths_of_the_map_stay_clear_when_one_looks_at_streets() -> None:
    clear = [shape(one["geometry"]) for one in _features(CITY, FADE) if one["properties"]["rim"] == "narrow"]
    covered = shapely.union_all(clear).intersection(shapely.box(*CITY))
    assert covered.area < 0.1 * shapely.box(*CITY).area
    assert all(one.is_valid for one in clear)


def test_no_line_of_the_graticule_crosses_the_data() -> None:
    inside = shapely.box(*CITY).buffer(-1e-5)
    assert not any(shape(one["geometry"]).intersects(inside) for one in _features(CITY, GRID))


def test_no_place_has_two_lines_of_the_graticule_on_each_other() -> None:
    lines = [shape(one["geometry"]) for one in _features(CITY, GRID) if one["geometry"]["type"] == "LineString"]
    meridians = [line for line in lines if line.coords[0][0] == line.coords[1][0]]
    assert len({line.coords[0] for line in meridians}) == len(meridians)


def test_coordinates_are_lettered_where_their_lines_meet_the_data() -> None:
    assert {"41.90° N", "41.85° N", "87.70° W", "87.61° W"} <= _words(CITY)
    assert any(word.endswith("S") for word in _words(SOUTH))
    assert any(word.endswith("E") for word in _words(HARBOUR))


def test_a_wider_map_is_shown_to_its_end_only_when_one_looks_closer() -> None:
    def gone_at(bounds: tuple[float, float, float, float]) -> float:
        wide = next(one for one in layers(bounds) if one["id"] == "basemap-fade-wide")
        zoom: float = wide["paint"]["fill-opacity"][-2]
        return zoom

    assert gone_at((-91.5, 37.0, -87.0, 42.5)) < gone_at(CITY) < gone_at(HARBOUR)
