"""Web Mercator (EPSG:3857) as arithmetic: degrees, metres on the projected plane, and the tile grid.

Small enough that nobody needs a projection library for it. The plane's metres are true only at the equator.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

RADIUS_M = 6378137.0
HALF_M = math.pi * RADIUS_M
"""Half the width of the world on the plane, metres."""
LAT_MAX = 85.0511287798066
"""Degrees; the plane ends there."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north; degrees WGS 84 unless said otherwise."""


def to_degrees(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lon, lat (degrees) of points on the plane (metres)."""
    lon = np.degrees(np.asarray(x, np.float64) / RADIUS_M)
    lat = np.degrees(2 * np.arctan(np.exp(np.asarray(y, np.float64) / RADIUS_M)) - math.pi / 2)
    return lon, lat


def to_metres(lon: float, lat: float) -> tuple[float, float]:
    """Return x, y on the plane (metres) of a place (degrees)."""
    lat = max(-LAT_MAX, min(LAT_MAX, lat))
    return math.radians(lon) * RADIUS_M, math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) * RADIUS_M


def plane(bounds: Bounds) -> Bounds:
    """Return bounds in degrees as bounds on the plane, metres."""
    return (*to_metres(bounds[0], bounds[1]), *to_metres(bounds[2], bounds[3]))


def tile_box(z: int, x: int, y: int) -> Bounds:
    """Return a tile's bounds on the plane, metres; y counts from the north."""
    side = 2 * HALF_M / (1 << z)
    return (x * side - HALF_M, HALF_M - (y + 1) * side, (x + 1) * side - HALF_M, HALF_M - y * side)


def tile_bounds(z: int, x: int, y: int) -> Bounds:
    """Return a tile's bounds, degrees."""
    west, south, east, north = tile_box(z, x, y)
    lon, lat = to_degrees(np.array([west, east]), np.array([south, north]))
    return (float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1]))


def tile_at(z: int, lon: float, lat: float) -> tuple[int, int]:
    """Return x, y of the tile that holds a place (degrees)."""
    x, y = to_metres(lon, lat)
    n = 1 << z
    side = 2 * HALF_M / n
    return (min(n - 1, max(0, int((x + HALF_M) / side))), min(n - 1, max(0, int((HALF_M - y) / side))))
