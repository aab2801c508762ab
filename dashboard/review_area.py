"""An area that a reviewer asks about: a circle or a box. Pure; degrees and metres on a sphere."""

import math
from typing import NamedTuple

from dashboard.review_asks import Within
from layers.distance import distance_m

_LEAST_M_PER_DEGREE = 110_000.0
"""Of latitude; too little rather than too much."""


class Circle(NamedTuple):
    """All within `metres` of a place."""

    lon: float
    lat: float
    metres: float

    @property
    def centre(self) -> tuple[float, float]:
        """lon, lat."""
        return self.lon, self.lat

    @property
    def reach_m(self) -> float:
        """How far from the centre it reaches."""
        return self.metres

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """A box around it: west, south, east, north."""
        up = self.metres / _LEAST_M_PER_DEGREE
        wide = up / max(1e-9, math.cos(math.radians(min(90.0, abs(self.lat) + up))))
        west, east = self.lon - wide, self.lon + wide
        if west < -180.0 or east > 180.0:
            west, east = -180.0, 180.0
        return west, self.lat - up, east, self.lat + up

    def holds(self, lon: float, lat: float) -> bool:
        """Say whether a place lies in it."""
        return distance_m(self.lon, self.lat, lon, lat) <= self.metres


class Box(NamedTuple):
    """All between two meridians and two parallels."""

    west: float
    south: float
    east: float
    north: float

    @property
    def centre(self) -> tuple[float, float]:
        """lon, lat."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2

    @property
    def reach_m(self) -> float:
        """How far from the centre it reaches."""
        return distance_m(*self.centre, self.west, self.south)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        return self

    def holds(self, lon: float, lat: float) -> bool:
        """Say whether a place lies in it."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north


Area = Circle | Box


def area_of(ask: Within) -> Area:
    """Return the area asked about. Raises ValueError: there is none, or two, or a box that holds nothing."""
    if (ask.box is None) == (ask.circle is None):
        raise ValueError("give a `box` (west, south, east, north) or a `circle` (lon, lat, metres)")
    if ask.circle is not None:
        return Circle(*ask.circle)
    assert ask.box is not None
    box = Box(*ask.box)
    if box.west >= box.east or box.south >= box.north:
        raise ValueError("a box is west, south, east, north, and does not cross the 180th meridian")
    return box
