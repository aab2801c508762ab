"""Round things as rings."""

import itertools
import math

import pytest

from feeds.formats.outline import CORNERS, EARTH_M, destination, ellipse


def metres(lat: float, lon: float, place: tuple[float, float]) -> float:
    """Great-circle distance by the haversine."""
    a, b = math.radians(lat), math.radians(place[1])
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(place[0] - lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(h))


def test_a_degree_of_latitude_is_111_kilometres_and_east_is_east():
    lon, lat = destination(41.88, -87.63, 0, 111_195)
    assert (lon, lat) == (pytest.approx(-87.63), pytest.approx(42.88, abs=1e-4))
    lon, lat = destination(41.88, -87.63, 90, 1000)
    assert lon == pytest.approx(-87.63 + 1000 / 111_195 / math.cos(math.radians(41.88)), abs=1e-6)
    assert destination(0, 179.9, 90, 22_239)[0] == pytest.approx(-179.9, abs=1e-3)


@pytest.mark.parametrize("radius_m", [50.0, 2000.0, 500_000.0])
def test_every_corner_of_a_disc_is_its_radius_away(radius_m: float):
    ring = ellipse(41.88, -87.63, radius_m, radius_m, 0)
    assert len(ring) == CORNERS + 1 and ring[0] == ring[-1]
    assert all(metres(41.88, -87.63, place) == pytest.approx(radius_m, rel=1e-6) for place in ring)


def test_an_ellipse_lies_along_its_bearing_and_runs_counter_clockwise():
    ring = ellipse(41.88, -87.63, 2000, 500, 90)
    east, north = max(ring, key=lambda p: p[0]), max(ring, key=lambda p: p[1])
    assert metres(41.88, -87.63, east) == pytest.approx(2000) and east[1] == pytest.approx(41.88, abs=1e-4)
    assert metres(41.88, -87.63, north) == pytest.approx(500) and north[0] == pytest.approx(-87.63, abs=1e-4)
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))
    assert area > 0
