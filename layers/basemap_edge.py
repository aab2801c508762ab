"""Where the map's data ends: the map fades into the ground, and a graticule goes on beyond it.

Nothing is invented out there: the ground has one colour, the lines and their words are coordinates alone.

    fade       areas from ever further out, each over all that lies outside it: together they are a soft rim
    graticule  meridians and parallels, only outside the data; lettered where they meet it, as on a chart
"""

import math
from typing import Any

import numpy as np

from layers.mercator import LAT_MAX, Bounds
from layers.style_layer import FONTS, Json, zoom

FADE = "basemap-fade"
GRID = "basemap-grid"
WIDEST = 90.0
"""Degrees of longitude; a map that is broader has no edge to speak of."""

_M_PER_DEGREE = 111_320.0
_STEPS = 14
_SOFT = 0.075
"""Of the shorter side: how wide the rim is when the whole map is in sight."""
_NARROW_M = 350.0
"""How wide it is at most when one looks at single streets, which then are shown all but to the end."""
_ARC = np.linspace(0, math.pi / 2, 9)

_LEVELS = (
    # degrees from line to line, how far out (degrees), first zoom, digits of the words
    (1.0, 8.0, 5.0, 0),
    (0.1, 2.0, 9.0, 2),
    (0.05, 0.8, 11.0, 2),
    (0.01, 0.15, 13.5, 2),
)


def sources(bounds: Bounds) -> dict[str, Json]:
    """Return the sources of the edge of a map with these bounds (degrees), by name."""
    return {FADE: _geojson(_rims(bounds)), GRID: _geojson(_lines(bounds))}


def layers(bounds: Bounds) -> list[Json]:
    """Return the layers of the edge, to be drawn over the whole map, words included."""
    # where one sees the whole map on a window as wide as a tile
    fits = math.log2(360 / (bounds[2] - bounds[0]))
    wide = ["interpolate", ["linear"], ["zoom"], fits + 2.3, ["get", "opacity"], fits + 3.6, 0]
    made = [_rim("fade-wide", "wide", wide), _rim("fade", "narrow", ["get", "opacity"])]
    for i, (_, _, first, _) in enumerate(_LEVELS):
        made.append(
            {
                "id": f"basemap-grid-{i}",
                "type": "line",
                "source": GRID,
                "minzoom": first,
                "filter": ["all", ["==", ["get", "level"], i], ["==", ["geometry-type"], "LineString"]],
                "paint": {"line-color": "@grid", "line-width": zoom(11, 1, 13, 1.6), "line-opacity": _rising(first)},
            }
        )
    made += [_words(i, level[2]) for i, level in enumerate(_LEVELS)]
    return made


def _rim(name: str, which: str, opacity: list[Any]) -> Json:
    paint = {"fill-color": "@void", "fill-opacity": opacity, "fill-antialias": False}
    return {
        "id": f"basemap-{name}",
        "type": "fill",
        "source": FADE,
        "filter": ["==", ["get", "rim"], which],
        "paint": paint,
    }


def _words(level: int, first: float) -> Json:
    return {
        "id": f"basemap-grid-word-{level}",
        "type": "symbol",
        "source": GRID,
        "minzoom": first,
        "filter": ["all", ["==", ["get", "level"], level], ["has", "word"]],
        "layout": {
            "text-field": ["get", "word"],
            "text-font": FONTS,
            "text-size": ["interpolate", ["linear"], ["zoom"], 9, 14, 16, 15],
            "text-letter-spacing": 0.04,
            "text-anchor": ["get", "anchor"],
            "text-offset": ["get", "offset"],
        },
        "paint": {"text-color": "@label-grid", "text-halo-color": "@void", "text-halo-width": 2},
    }


def _rising(first: float) -> list[Any]:
    return ["interpolate", ["linear"], ["zoom"], first, 0, first + 0.6, 1]


def _rims(bounds: Bounds) -> list[Json]:
    """Return areas that darken by and by what lies under them, from far inside to the very edge."""
    west, south, east, north = bounds
    across = math.cos(math.radians((south + north) / 2)) * _M_PER_DEGREE
    wide, high = (east - west) * across, (north - south) * _M_PER_DEGREE
    soft = _SOFT * min(wide, high)
    made = []
    for which, width in (("wide", soft), ("narrow", min(soft / 2, _NARROW_M))):
        clear = 0.0
        for i in range(1, _STEPS + 1):
            share = (i / _STEPS) ** 1.7  # slow at first: the rim must not eat the outer streets
            inset = width * (1 - i / _STEPS)
            ring = _rounded(wide, high, inset, 1.6 * width - inset)
            lon, lat = west + ring[:, 0] / across, south + ring[:, 1] / _M_PER_DEGREE
            hole = np.column_stack([lon, lat]).round(6).tolist()
            opacity = 1 - (1 - share) / (1 - clear)  # of what the areas before have left
            clear = share
            shape = {"type": "Polygon", "coordinates": [_frame(bounds), hole]}
            made.append(_feature(shape, rim=which, opacity=round(opacity, 4)))
    return made


def _rounded(wide: float, high: float, inset: float, radius: float) -> Any:
    """Return a closed ring (n, 2), metres from the south-west corner, clockwise as a hole is."""
    arc = np.column_stack([np.cos(_ARC), np.sin(_ARC)]) * radius
    middle = np.array([wide, high]) / 2
    reach = middle - inset - radius
    corners = [
        reach + arc,
        (reach + arc[::-1]) * (-1, 1),
        -(reach + arc),
        (reach + arc[::-1]) * (1, -1),
    ]
    ring = np.concatenate(corners)[::-1]
    return middle + np.concatenate([ring, ring[:1]])


def _frame(bounds: Bounds) -> list[list[float]]:
    """Return a ring around the map that is so far out that no word on it hangs over."""
    west, south, east, north = bounds
    x, y = east - west, north - south
    south, north = max(-LAT_MAX, south - y), min(LAT_MAX, north + y)
    west, east = west - x, east + x
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _lines(bounds: Bounds) -> list[Json]:
    """Return the graticule outside the data, and its words."""
    west, south, east, north = bounds
    made = []
    for level, (step, reach, _, digits) in enumerate(_LEVELS):
        left, right = max(-180.0, west - reach), min(180.0, east + reach)
        low, high = max(-LAT_MAX, south - reach), min(LAT_MAX, north + reach)
        for lon in _multiples(step, left, right, level):
            for a, b in _outside(low, high, south, north) if west < lon < east else [(low, high)]:
                made.append(_feature(_line((lon, a), (lon, b)), level=level))
            if west < lon < east:
                word = f"{abs(lon):.{digits}f}° {'E' if lon > 0 else 'W'}"
                made.append(_word(word, lon, north, "bottom", (0, -0.5), level))
                made.append(_word(word, lon, south, "top", (0, 0.5), level))
        for lat in _multiples(step, low, high, level):
            for a, b in _outside(left, right, west, east) if south < lat < north else [(left, right)]:
                made.append(_feature(_line((a, lat), (b, lat)), level=level))
            if south < lat < north:
                word = f"{abs(lat):.{digits}f}° {'N' if lat > 0 else 'S'}"
                made.append(_word(word, west, lat, "right", (-0.7, 0), level))
                made.append(_word(word, east, lat, "left", (0.7, 0), level))
    return made


def _multiples(step: float, low: float, high: float, level: int) -> list[float]:
    """Return the multiples of `step` between two values that no coarser level has."""
    found = [round(k * step, 4) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return [v for v in found if not any(_is_multiple(v, coarser[0]) for coarser in _LEVELS[:level])]


def _is_multiple(value: float, step: float) -> bool:
    return abs(value / step - round(value / step)) < 1e-6


def _outside(low: float, high: float, a: float, b: float) -> list[tuple[float, float]]:
    """Return what is left of a line from `low` to `high` without a to b."""
    return [(low, a), (b, high)]


def _line(a: tuple[float, float], b: tuple[float, float]) -> Json:
    return {"type": "LineString", "coordinates": [[round(v, 6) for v in a], [round(v, 6) for v in b]]}


def _word(word: str, lon: float, lat: float, anchor: str, offset: tuple[float, float], level: int) -> Json:
    point = {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}
    return _feature(point, level=level, word=word, anchor=anchor, offset=list(offset))


def _feature(geometry: Json, **properties: Any) -> Json:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _geojson(features: list[Json]) -> Json:
    return {"type": "geojson", "tolerance": 0, "data": {"type": "FeatureCollection", "features": features}}
