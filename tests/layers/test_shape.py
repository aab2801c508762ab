from hypothesis import given
from hypothesis import strategies as st

from feeds.report import LineString, MultiPolygon, Point, Polygon
from layers.shape import anchor, plain


def box(west: float, south: float, east: float, north: float):
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def test_a_shape_travels_as_geojson_with_seven_decimals() -> None:
    assert plain(Point(coordinates=(-87.123456789, 41))) == {"type": "Point", "coordinates": [-87.1234568, 41.0]}
    line = LineString(coordinates=((0.0, 0.0), (1.00000004, 2.0)))
    assert plain(line) == {"type": "LineString", "coordinates": [[0.0, 0.0], [1.0, 2.0]]}
    assert plain(Polygon(coordinates=(box(0, 0, 1, 1),)))["coordinates"][0][2] == [1.0, 1.0]


def test_a_point_stands_for_itself_and_a_line_by_the_half_of_its_length() -> None:
    assert anchor(Point(coordinates=(1.0, 2.0))) == (1.0, 2.0)
    assert anchor(LineString(coordinates=((0.0, 0.0), (4.0, 0.0), (4.0, 2.0)))) == (3.0, 0.0)
    assert anchor(LineString(coordinates=((1.0, 1.0), (1.0, 1.0)))) == (1.0, 1.0)


def test_the_place_of_a_bent_area_or_one_with_a_hole_lies_inside_it() -> None:
    bent = Polygon(coordinates=(((0, 0), (10, 0), (10, 1), (1, 1), (1, 10), (0, 10), (0, 0)),))
    lon, _ = anchor(bent)
    assert 0 < lon < 1
    lon, lat = anchor(Polygon(coordinates=(box(0, 0, 10, 10), box(1, 1, 9, 9))))
    assert (0 < lon < 1 or 9 < lon < 10) and 0 < lat < 10


def test_of_several_areas_the_largest_speaks() -> None:
    lon, _ = anchor(MultiPolygon(coordinates=((box(0, 0, 1, 1),), (box(5, 5, 9, 9),))))
    assert lon == 7.0


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=4, max_size=9))
def test_any_ring_has_a_place_within_its_bounds(ring) -> None:
    lon, lat = anchor(Polygon(coordinates=(tuple(ring),)))
    assert min(x for x, _ in ring) - 1e-6 <= lon <= max(x for x, _ in ring) + 1e-6
    assert min(y for _, y in ring) - 1e-6 <= lat <= max(y for _, y in ring) + 1e-6
