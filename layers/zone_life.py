"""The life of a zone: what stands of it, and when it ends.

Rules
- Each field is what the newest report that said it said (as an incident's); a field left out is unchanged. But a
  geometry comes with its radius or without one: an area or a place that follows a disc is none.
- Before `valid_from` a zone is planned, after `valid_to` it is gone: by the clock, without any report. Lifting it is
  a report whose `valid_to` is now.
- One whose sender said when to stop believing (`stale_at`) and not when it ends turns stale, and goes a day later.
- Silence does not make a zone old: a perimeter stands until it is lifted. It is forgotten a day after it ended; one
  without an end when nothing was said of it for a week.

Pure: time is an argument.
"""

from typing import Any

from feeds.report import CATEGORIES, Category, Geometry, LineString, MultiPolygon, Point, ZoneReport
from layers.track import BIT, FORGET_S, FieldTrack

ZONE_FIELDS = (
    "zone_kind", "name", "geometry", "radius_m", "valid_from", "valid_to", "boundary_version", "incident_id",
    "operation_id", "min_available_units", "target_travel_s",
)  # fmt: skip
"""What a zone's reports say, each field for itself."""
UNSAID_FORGET_S = 7 * 24 * 3600.0
"""A zone without an end is forgotten when nothing was said of it for this long, seconds."""

POSITIONS_MAX = 200_000
"""Positions kept per origin, in all its zones; beyond it those heard of longest ago go, down to nine tenths."""

BASE_BIT = BIT[Category.ZONE]
_BITS = tuple((f, BIT[CATEGORIES[ZoneReport][f]]) for f in ZONE_FIELDS)
_RADIUS_BIT = BIT[CATEGORIES[ZoneReport]["radius_m"]]
_FOREVER = float("inf")


def zone_values(report: ZoneReport) -> list[tuple[str, Any, int]]:
    """Return what the report says: `(field, value, category bit)`; None takes a value away."""
    values = [(f, v, bit) for f, bit in _BITS if (v := getattr(report, f)) is not None]
    if report.geometry is not None and report.radius_m is None:
        values.append(("radius_m", None, _RADIUS_BIT))
    return values


def zone_leaves_at(track: FieldTrack) -> float:
    """Return when the zone goes from every view, Unix seconds; inf when nobody said."""
    valid_to: float | None = track.value("valid_to")
    if valid_to is not None:
        return valid_to
    stale_at = track.last[BASE_BIT].report.stale_at
    return _FOREVER if stale_at is None else stale_at + FORGET_S


def zone_forgotten_at(track: FieldTrack) -> float:
    """Return when nothing is to be known of the zone any more, Unix seconds."""
    leaves = zone_leaves_at(track)
    heard = track.heard_at()
    # A while after it ended, so that a late word of it does not put it up again without its end.
    return heard + UNSAID_FORGET_S if leaves == _FOREVER else max(leaves, heard) + FORGET_S


def positions(geometry: Geometry) -> int:
    """Return how many positions a geometry has."""
    if isinstance(geometry, Point):
        return 1
    if isinstance(geometry, LineString):
        return len(geometry.coordinates)
    polygons = geometry.coordinates if isinstance(geometry, MultiPolygon) else (geometry.coordinates,)
    return sum(len(ring) for polygon in polygons for ring in polygon)


def zone_weight(track: FieldTrack) -> int:
    """Return how many positions the zone keeps: those of every report that still speaks for it, drawn or not."""
    said = [
        *(said for _, said, _ in track.cells.values()),
        *track.last.values(),
        *((track.bare,) if track.bare else ()),
    ]
    kept = {id(one): one.report for one in said}
    return sum(positions(report.geometry) for report in kept.values() if report.geometry is not None)


class Weights:
    """How many positions the zones of each origin keep, by its code."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[int, int]] = {}
        """slot -> (origin, positions)"""
        self.total: dict[int, int] = {}
        """origin -> positions"""

    def set(self, slot: int, origin: int, weight: int) -> None:
        """Take note of a zone; what was noted of its slot before is void."""
        self.drop(slot)
        self._of[slot] = origin, weight
        self.total[origin] = self.total.get(origin, 0) + weight

    def drop(self, slot: int) -> int:
        """Forget a zone; return how many positions it kept."""
        origin, weight = self._of.pop(slot, (-1, 0))
        if weight:
            self.total[origin] -= weight
        return weight
