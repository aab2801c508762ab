"""Shapes of zones (GeoJSON, degrees WGS 84): as they travel, and the place that stands for a whole shape. Pure.

A degree of longitude is shorter than one of latitude; what is chosen here (the widest inside, half of a length)
does not mind at the size of a city.
"""

import math
from itertools import pairwise
from typing import Any

from feeds.report import Geometry, LineString, MultiPolygon, Point, Polygon, Position, Ring

DIGITS = 7
"""Decimals of a degree that travel: about a centimetre."""


def plain(geometry: Geometry) -> dict[str, Any]:
    """Return the geometry as GeoJSON has it, rounded to `DIGITS`."""
    return {"type": type(geometry).__name__, "coordinates": _rounded(geometry.coordinates)}


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, float | int):
        return round(float(coordinates), DIGITS)
    return [_rounded(part) for part in coordinates]


def anchor(geometry: Geometry) -> Position:
    """Return a place that stands for the shape, `(lon, lat)`: on it, and of an area well inside."""
    match geometry:
        case Point():
            return geometry.coordinates
        case LineString():
            return _half_way(geometry.coordinates)
        case Polygon():
            return _inside(geometry.coordinates)
        case MultiPolygon():
            return _inside(max(geometry.coordinates, key=lambda rings: abs(_area(rings[0]))))


def _half_way(line: tuple[Position, ...]) -> Position:
    steps = list(pairwise(line))
    left = sum(math.dist(a, b) for a, b in steps) / 2
    for a, b in steps:
        length = math.dist(a, b)
        if length >= left and length > 0:
            share = left / length
            return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
        left -= length
    return line[0]


def _area(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def _inside(rings: tuple[Ring, ...]) -> Position:
    """Return the middle of the widest part of the area at half of its height."""
    heights = [lat for _, lat in rings[0]]
    # A little off the middle, so that it never runs along an edge of a shape drawn on a grid.
    at = min(heights) + (max(heights) - min(heights)) * 0.5001
    crossings = sorted(
        a[0] + (b[0] - a[0]) * (at - a[1]) / (b[1] - a[1])
        for ring in rings
        for a, b in pairwise(ring)
        if (a[1] <= at) != (b[1] <= at)
    )
    spans = list(zip(crossings[::2], crossings[1::2], strict=False))
    if not spans:
        return rings[0][0]
    west, east = max(spans, key=lambda span: span[1] - span[0])
    return (west + east) / 2, at
