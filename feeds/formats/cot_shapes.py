"""What a CoT drawing covers: free forms, rectangles, circles and ellipses as GeoJSON.

- `u-d-f` (free form) and `u-d-r` (rectangle): vertices are `<link point="lat,lon[,height]">` in their order.
  A rectangle is closed; a free form is when it ends where it began, else it is a line.
- `u-d-c-c`, `u-r-b-c-c` (circles) and `u-d-c-e` (ellipse): `<ellipse>` about the event's point, semi-axes in metres,
  `angle` clockwise from true north to the major one. A circle is a point with a radius, an ellipse 72 corners.
  Of several rings round one point the widest counts.
"""

from typing import NamedTuple

from lxml import etree

from feeds.formats.outline import ellipse
from feeds.formats.xml_text import Refused, number
from feeds.report import Geometry, LineString, Point, Polygon, Position

POSITIONS_MAX = 2000
_LINKS, _RECTANGLE = ("u-d-f", "u-d-r"), "u-d-r"
_ROUND = ("u-d-c-c", "u-r-b-c-c", "u-d-c-e")
TYPES = frozenset((*_LINKS, *_ROUND))
"""The CoT types that are shapes here."""


class Shape(NamedTuple):
    """Where something is drawn."""

    geometry: Geometry
    radius_m: float | None = None
    """Of a disc round a point, metres."""


def shape(cot_type: str, event: etree._Element, lat: float | None, lon: float | None) -> Shape:
    """Return what an event of one of `TYPES` covers; `lat`, `lon` are its own point. Raises Refused."""
    if cot_type in _LINKS:
        return _drawn(event, closed=cot_type == _RECTANGLE)
    if lat is None or lon is None:
        raise Refused("lat missing", "event/point@lat")
    return _round(event, lat, lon)


def _drawn(event: etree._Element, closed: bool) -> Shape:
    path = "event/detail/link@point"
    points = [text for link in event.iterfind("detail/link") if (text := link.get("point"))]
    if len(points) >= POSITIONS_MAX:
        raise Refused("too many positions", path)
    line: list[Position] = []
    for text in points:
        place = [part.strip() for part in text.split(",")]
        if len(place) < 2:
            raise Refused("point is not lat,lon", path)
        lat, lon = number(place[0], "lat", -90, 90, path), number(place[1], "lon", -180, 180, path)
        line.append((lon, lat))
    if closed and line and line[0] != line[-1]:
        line.append(line[0])
    if len(line) >= 4 and line[0] == line[-1]:
        return Shape(Polygon(coordinates=(tuple(line),)))
    if closed or len(line) < 2:
        raise Refused("too few positions", path)
    return Shape(LineString(coordinates=tuple(line)))


def _round(event: etree._Element, lat: float, lon: float) -> Shape:
    path = "event/detail/shape/ellipse"
    rings = [
        (_length(ring, "major", path), _length(ring, "minor", path), ring)
        for ring in event.iterfind("detail/shape/ellipse")
    ]
    if not rings:
        raise Refused("ellipse missing", path)
    major, minor, ring = max(rings, key=lambda r: r[0])
    if abs(major - minor) <= 0.001 * major:
        return Shape(Point(coordinates=(lon, lat)), radius_m=major)
    angle = number((ring.get("angle") or "0").strip(), "angle", -360, 360, f"{path}@angle")
    return Shape(Polygon(coordinates=(ellipse(lat, lon, major, minor, angle),)))


def _length(ring: etree._Element, name: str, path: str) -> float:
    return number((ring.get(name) or "").strip(), name, 0.1, 5e5, f"{path}@{name}")
