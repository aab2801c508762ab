"""What CoT drawings cover."""

import pytest

from feeds.formats.cot_shapes import POSITIONS_MAX, TYPES, Shape, shape
from feeds.formats.outline import CORNERS
from feeds.formats.xml_text import Refused, parse, parser
from feeds.report import LineString, Point, Polygon

CORNER = ("41.88,-87.64", "41.88,-87.63,181.5", " 41.87 , -87.63 ")
A, B, C = (-87.64, 41.88), (-87.63, 41.88), (-87.63, 41.87)


def drawn(cot_type: str, detail: str, lat: float | None = 41.88, lon: float | None = -87.63) -> Shape:
    assert cot_type in TYPES
    return shape(cot_type, parse(f"<event><detail>{detail}</detail></event>".encode(), parser()), lat, lon)


def links(*points: str) -> str:
    style = '<link uid="x.Style" type="b-x-KmlStyle" relation="p-c"/>'
    return style + "".join(f'<link point="{point}"/>' for point in points)


def ellipse(major: str, minor: str, angle: str = "360") -> str:
    return f'<shape><ellipse major="{major}" minor="{minor}" angle="{angle}"/></shape>'


def test_a_free_form_that_ends_where_it_began_is_an_area_and_else_a_line():
    assert drawn("u-d-f", links(*CORNER)) == Shape(LineString(coordinates=(A, B, C)))
    assert drawn("u-d-f", links(*CORNER, CORNER[0])) == Shape(Polygon(coordinates=((A, B, C, A),)))
    assert drawn("u-d-f", links(*CORNER[:2])) == Shape(LineString(coordinates=(A, B)))


def test_a_rectangle_is_closed():
    assert drawn("u-d-r", links(*CORNER)) == Shape(Polygon(coordinates=((A, B, C, A),)))
    assert drawn("u-d-r", links(*CORNER, CORNER[0])) == drawn("u-d-r", links(*CORNER))


@pytest.mark.parametrize("cot_type", ["u-d-c-c", "u-r-b-c-c", "u-d-c-e"])
def test_a_circle_is_a_point_with_a_radius_in_metres(cot_type: str):
    assert drawn(cot_type, ellipse("200", "200")) == Shape(Point(coordinates=(-87.63, 41.88)), 200.0)


def test_an_ellipse_is_an_outline_along_its_angle():
    found = drawn("u-d-c-e", ellipse("2000", "500", "90"))
    assert isinstance(found.geometry, Polygon) and found.radius_m is None
    (ring,) = found.geometry.coordinates
    assert len(ring) == CORNERS + 1
    assert max(p[0] for p in ring) - -87.63 > 3 * (max(p[1] for p in ring) - 41.88)


def test_of_several_rings_the_widest_counts():
    rings = ellipse("50", "50") + ellipse("300", "300") + ellipse("100", "100")
    assert drawn("u-d-c-c", rings).radius_m == 300.0


@pytest.mark.parametrize(
    ("cot_type", "detail", "said"),
    [
        ("u-d-f", "", "too few positions"),
        ("u-d-f", links(CORNER[0]), "too few positions"),
        ("u-d-r", links(*CORNER[:2]), "too few positions"),
        ("u-d-f", links(*CORNER[:1] * POSITIONS_MAX), "too many positions"),
        ("u-d-f", links("41.88", *CORNER), "point is not lat,lon"),
        ("u-d-f", links("91,0", *CORNER), "lat out of range"),
        ("u-d-f", links("41,x", *CORNER), "lon is not a finite number"),
        ("u-d-c-c", "", "ellipse missing"),
        ("u-d-c-c", ellipse("", "1"), "major is not a finite number"),
        ("u-d-c-c", ellipse("1e6", "1e6"), "major out of range"),
        ("u-d-c-e", ellipse("20", "0"), "minor out of range"),
        ("u-d-c-e", ellipse("20", "10", "400"), "angle out of range"),
    ],
)
def test_what_is_no_shape_is_refused(cot_type: str, detail: str, said: str):
    with pytest.raises(Refused, match=said):
        drawn(cot_type, detail)


def test_a_circle_needs_a_centre():
    with pytest.raises(Refused, match="lat missing"):
        drawn("u-d-c-c", ellipse("20", "20"), None, None)
