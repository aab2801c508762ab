"""The outline of a disc or ellipse on the ground as a closed ring: GeoJSON has no round shapes. Pure."""

import math

from feeds.report import Position

CORNERS = 72
"""Corners of an outline: one every 5 degrees, at most 0.1 % of the radius inside the true curve."""
EARTH_M = 6371008.8
"""Mean radius of the Earth, metres."""


def destination(lat: float, lon: float, bearing_deg: float, distance_m: float) -> Position:
    """Return where one gets from a place (degrees) on a great circle, on a round Earth: within 0.6 %."""
    a, north, away = math.radians(lat), math.radians(bearing_deg), distance_m / EARTH_M
    sine = math.sin(a) * math.cos(away) + math.cos(a) * math.sin(away) * math.cos(north)
    b = math.asin(max(-1.0, min(1.0, sine)))
    east = math.atan2(math.sin(north) * math.sin(away) * math.cos(a), math.cos(away) - math.sin(a) * math.sin(b))
    return (lon + math.degrees(east) + 540) % 360 - 180, math.degrees(b)


def ellipse(lat: float, lon: float, major_m: float, minor_m: float, bearing_deg: float) -> tuple[Position, ...]:
    """Return the closed ring of an ellipse about a place, counter-clockwise.

    Both semi-axes in metres, above 0; the major one points `bearing_deg` clockwise from true north.
    """
    ring: list[Position] = []
    for corner in range(CORNERS):
        turn = -math.tau * corner / CORNERS
        along, across = major_m * math.cos(turn), minor_m * math.sin(turn)
        bearing = bearing_deg + math.degrees(math.atan2(across, along))
        ring.append(destination(lat, lon, bearing, math.hypot(along, across)))
    return (*ring, ring[0])
