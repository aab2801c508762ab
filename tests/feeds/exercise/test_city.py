import itertools
from pathlib import Path

import numpy as np
import pytest

from feeds.exercise import city
from feeds.exercise.city import City, lonlat, metres


def _cross() -> City:
    """Four streets from a corner at State and Madison, each with its name."""
    lon0, lat0 = city.ORIGIN_LON, city.ORIGIN_LAT
    lon = np.array([lon0, lon0 + 0.03, lon0 - 0.03, lon0, lon0])
    lat = np.array([lat0, lat0, lat0, lat0 + 0.02, lat0 - 0.02])
    a, b = np.zeros(4, np.int64), np.arange(1, 5)
    names = ["", "East Madison Street", "State Street"]
    return City(lon, lat, a, b, np.full(4, 2400.0), np.full(4, 13.4), None, np.array([1, 1, 2, 0]), names)


def test_an_address_is_the_hundred_block_of_its_street() -> None:
    cross = _cross()
    assert cross.address(0) == "600 E Madison St"
    assert cross.address(2) == "500 N State St"


def test_a_street_without_a_name_is_given_by_both_its_blocks() -> None:
    assert _cross().address(3) == "1 E & 500 S"


def test_places_go_to_degrees_and_back() -> None:
    x, y = metres(*lonlat(-5000.0, 3000.0))
    assert abs(x + 5000) < 0.05
    assert abs(y - 3000) < 0.05


def test_every_node_of_the_grid_can_be_reached(grid: City) -> None:
    seen, waiting = {0}, [0]
    while waiting:
        for link in grid.links[waiting.pop()]:
            if link.to not in seen:
                seen.add(link.to)
                waiting.append(link.to)
    assert len(seen) == len(grid)


def test_a_route_goes_from_street_to_street(grid: City) -> None:
    start, goal = grid.nearest(-8000, 5000), grid.nearest(-1000, -4000)
    path = grid.route(start, goal)
    assert path is not None
    assert (path[0], path[-1]) == (start, goal)
    for u, v in itertools.pairwise(path):
        assert v in [link.to for link in grid.links[u]]


def test_a_route_is_given_up_after_bounded_work(grid: City) -> None:
    assert grid.route(grid.nearest(-12000, 9000), grid.nearest(3000, -11000), limit=50) is None


def test_a_route_to_where_one_is_has_one_node(grid: City) -> None:
    assert grid.route(5, 5) == [5]


def test_streets_are_read_from_the_basemaps_file(tmp_path: Path) -> None:
    path = tmp_path / "streets.npz"
    np.savez(
        path, lon=np.array([-87.63, -87.62]), lat=np.array([41.88, 41.88]), a=np.array([0], np.int32),
        b=np.array([1], np.int32), length_m=np.array([829.0], np.float32), speed_mps=np.array([8.9], np.float32),
        name=np.array([1], np.int32), names=np.array(["", "West Monroe Street"]), kind=np.array([2], np.uint8),
    )  # fmt: skip
    read = city.load(path)
    assert len(read) == 2
    assert read.street(0) == "W Monroe St"


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04junk"])
def test_a_streets_file_that_cannot_be_read_gives_the_grid(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "streets.npz"
    path.write_bytes(content)
    assert len(city.load(path)) == len(city.grid())
    assert len(city.load(tmp_path / "absent.npz")) == len(city.grid())
