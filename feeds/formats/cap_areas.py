"""Where a CAP alert holds: its polygons and circles as one GeoJSON geometry.

CAP writes latitude before longitude and radii in kilometres; GeoJSON has longitude first, and we have metres. This is
the only place that turns either round. A radius of 0 is a place and not an area. Polygons over the 180th meridian are
taken as written.
"""

from typing import NamedTuple

from lxml import etree

from feeds.formats.outline import ellipse
from feeds.formats.xml_text import Refused, children, number, text_of
from feeds.report import Geometry, MultiPolygon, Point, Polygon, Position

POSITIONS_MAX = 2000
RINGS_MAX = 50


class Extent(NamedTuple):
    """Where an alert holds. Nothing drawn: an area that is only named, or none at all."""

    geometry: Geometry | None = None
    radius_m: float | None = None
    """Of a disc round a point, metres."""
    spot: Position | None = None
    """Where it happened, when that is all that is drawn: longitude, latitude."""
    names: tuple[str, ...] = ()
    """What the areas are called, each once."""

    @property
    def is_area(self) -> bool:
        """Whether it is more than a spot or nothing: drawn, or at least named."""
        return self.geometry is not None or (self.spot is None and bool(self.names))


def extent(infos: list[etree._Element]) -> Extent:
    """Return where the alert's `info` elements hold, all areas together. Raises Refused."""
    areas = [area for info in infos for area in children(info, "area")]
    names = tuple(dict.fromkeys(name for area in areas if (name := " ".join(text_of(area, "areaDesc").split()))))
    rings = dict.fromkeys(_ring(p.text or "") for area in areas for p in children(area, "polygon"))
    discs = dict.fromkeys(_disc(c.text or "") for area in areas for c in children(area, "circle"))
    wide = [disc for disc in discs if disc[2]]
    if len(rings) + len(wide) > RINGS_MAX:
        raise Refused("too many areas", "alert/info/area")
    if not rings and len(wide) == 1:
        lon, lat, radius_m = wide[0]
        return Extent(Point(coordinates=(lon, lat)), radius_m, names=names)
    if not rings and not wide:
        spot = next(((lon, lat) for lon, lat, _ in discs), None)
        return Extent(spot=spot, names=names)
    outlines = [*rings, *(ellipse(lat, lon, radius_m, radius_m, 0) for lon, lat, radius_m in wide)]
    if len(outlines) == 1:
        return Extent(Polygon(coordinates=(outlines[0],)), names=names)
    return Extent(MultiPolygon(coordinates=tuple((ring,) for ring in outlines)), names=names)


def _position(text: str, path: str) -> Position:
    parts = text.split(",")
    if len(parts) != 2:
        raise Refused("position is not lat,lon", path)
    lat, lon = number(parts[0].strip(), "lat", -90, 90, path), number(parts[1].strip(), "lon", -180, 180, path)
    return lon, lat


def _ring(text: str) -> tuple[Position, ...]:
    path = "alert/info/area/polygon"
    pairs = text.split()
    if len(pairs) >= POSITIONS_MAX:
        raise Refused("too many positions", path)
    ring = tuple(_position(pair, path) for pair in pairs)
    if ring and ring[0] != ring[-1]:
        ring = (*ring, ring[0])
    if len(ring) < 4:
        raise Refused("too few positions", path)
    return ring


def _disc(text: str) -> tuple[float, float, float]:
    """Return longitude, latitude (degrees) and radius (metres) of `lat,lon km`."""
    path = "alert/info/area/circle"
    parts = text.split()
    if len(parts) != 2:
        raise Refused("circle is not lat,lon and a radius", path)
    return (*_position(parts[0], path), number(parts[1], "radius", 0, 500, path) * 1000)
