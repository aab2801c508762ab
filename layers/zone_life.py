"""The life of a zone: what stands of it, and when it ends.

Rules
- Each field is what the newest report that said it said (as an incident's); a field left out is unchanged.
- Before `valid_from` a zone is planned, after `valid_to` it is gone: by the clock, without any report. Lifting it is
  a report whose `valid_to` is now.
- One whose sender said when to stop believing (`stale_at`) and not when it ends turns stale, and goes a day later.
- Silence does not make a zone old: a perimeter stands until it is lifted. It is forgotten a day after it ended; one
  without an end when nothing was said of it for a week.

Pure: time is an argument.
"""

from typing import Any

from feeds.report import CATEGORIES, Category, ZoneReport
from layers.track import BIT, FORGET_S, FieldTrack

ZONE_FIELDS = (
    "zone_kind", "name", "geometry", "radius_m", "valid_from", "valid_to", "boundary_version", "incident_id",
    "operation_id", "min_available_units", "target_travel_s",
)  # fmt: skip
"""What a zone's reports say, each field for itself."""
UNSAID_FORGET_S = 7 * 24 * 3600.0
"""A zone without an end is forgotten when nothing was said of it for this long, seconds."""

BASE_BIT = BIT[Category.ZONE]
_BITS = tuple((f, BIT[CATEGORIES[ZoneReport][f]]) for f in ZONE_FIELDS)
_FOREVER = float("inf")


def zone_values(report: ZoneReport) -> list[tuple[str, Any, int]]:
    """Return what the report says: `(field, value, category bit)`."""
    return [(f, v, bit) for f, bit in _BITS if (v := getattr(report, f)) is not None]


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
