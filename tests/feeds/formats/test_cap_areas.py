"""Where an alert holds."""

import pytest

from feeds.formats.cap_areas import POSITIONS_MAX, RINGS_MAX, Extent, extent
from feeds.formats.outline import CORNERS
from feeds.formats.xml_text import Refused, parse, parser
from feeds.report import MultiPolygon, Point, Polygon

SQUARE = "41.88,-87.64 41.88,-87.63 41.87,-87.63 41.88,-87.64"
RING = ((-87.64, 41.88), (-87.63, 41.88), (-87.63, 41.87), (-87.64, 41.88))
OTHER = SQUARE.replace("41.", "42.")


def found(*areas: str) -> Extent:
    inside = "".join(f"<area><areaDesc>Loop</areaDesc>{area}</area>" for area in areas)
    return extent([parse(f"<info>{inside}</info>".encode(), parser())])


def polygon(text: str) -> str:
    return f"<polygon>{text}</polygon>"


def circle(text: str) -> str:
    return f"<circle>{text}</circle>"


def test_latitude_comes_first_in_cap_and_last_in_geojson():
    assert found(polygon(SQUARE)) == Extent(Polygon(coordinates=(RING,)), names=("Loop",))


def test_kilometres_become_metres():
    assert found(circle("41.88,-87.63 2.5")) == Extent(Point(coordinates=(-87.63, 41.88)), 2500.0, names=("Loop",))


def test_a_radius_of_nothing_is_a_spot_and_no_area():
    spot = found(circle("41.88,-87.63 0.0"))
    assert (spot.spot, spot.geometry, spot.is_area) == ((-87.63, 41.88), None, False)


def test_all_areas_are_one_geometry_and_discs_among_them_are_outlines():
    both = found(polygon(SQUARE), circle("41.8,-87.6 1") + circle("41.7,-87.6 0"), polygon(SQUARE))
    assert isinstance(both.geometry, MultiPolygon) and both.radius_m is None and both.spot is None
    first, second = both.geometry.coordinates
    assert first == (RING,) and len(second[0]) == CORNERS + 1
    assert found(polygon(SQUARE), polygon(OTHER)).geometry == MultiPolygon(
        coordinates=((RING,), (tuple((lon, lat + 1) for lon, lat in RING),))
    )


def test_an_area_that_is_only_named_is_an_area_and_nothing_at_all_is_none():
    assert found("<geocode/>") == Extent(names=("Loop",)) and found("<geocode/>").is_area
    assert not extent([]).is_area


def test_a_ring_that_was_left_open_is_closed():
    assert found(polygon(SQUARE.rsplit(" ", 1)[0])) == found(polygon(SQUARE))


@pytest.mark.parametrize(
    ("area", "said"),
    [
        (polygon("41.88,-87.64 41.88,-87.63"), "too few positions"),
        (polygon(""), "too few positions"),
        (polygon("41.88,-87.64 " * POSITIONS_MAX), "too many positions"),
        (polygon("41.88 -87.64 41 -87"), "position is not lat,lon"),
        (polygon("-87.64,41.88 -97.64,41.88 -87.6,41.8"), "lat out of range"),
        (circle("41.88,-87.63"), "circle is not lat,lon and a radius"),
        (circle("41.88,-87.63 x"), "radius is not a finite number"),
        (circle("41.88,-87.63 501"), "radius out of range"),
        ("".join(circle(f"41.88,-87.63 {n}") for n in range(1, RINGS_MAX + 2)), "too many areas"),
    ],
)
def test_what_is_no_area_is_refused(area: str, said: str):
    with pytest.raises(Refused, match=said):
        found(area)
