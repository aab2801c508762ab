"""A small export: two units, one of them with a gap, and three occurrences, one of them without a place."""

from collections.abc import Iterable

from layers.exports.formats import FORMATS
from layers.exports.rows import Occurrence, TrackPoint
from layers.exports.stamp import Stamp

T0 = 1_777_921_200.0
"""2026-05-04T19:00:00Z."""

STAMP = Stamp(
    agency="cpd",
    viewer="lieutenant <r&d>",
    actor="clerk <a&b>",
    case="26-114",
    view="known",
    since=T0,
    until=T0 + 3600,
    sources=("ab" * 32, "cd" * 32),
    made_at=T0 + 86_400,
    version="0.1.0",
    record="cpd",
    policy="ef" * 32,
    missing=("2026-05-04/1910 (damaged)",),
)

NASTY = '=HYPERLINK("x")\x0b<&>]]>,\x1e'
"""What begins as a formula and holds what XML has no place for."""


def point(unit: str, after: float, **fields: object) -> TrackPoint:
    """Return a position of a unit `after` seconds from `T0`, heard a quarter of a second later."""
    at = T0 + after
    base = TrackPoint("cpd", unit, f"CALL {unit}", at, at + 0.25, -87.6403 + after * 1e-5, 41.8786)
    return base._replace(**fields)


POINTS = (
    point("u1", 0, speed_mps=12.5, course_deg=268.5, hae_m=147.3, primary_status="Available", source="cpd-avl"),
    point("u1", 10.5, speed_mps=0.0, primary_status="Available", source="cpd-avl"),
    point("u1", 20, primary_status="NotAvailable", incident_id="i1", source="cpd-avl"),
    point("u1", 320, primary_status="NotAvailable", incident_id="i1", source="cpd-avl"),
    point("u1", 330, primary_status="NotAvailable", incident_id="i1", status="exercise", source="cpd-avl"),
    point("u2", 5.123456, call_sign=NASTY),
)
"""Unit u1 was silent for five minutes."""

OCCURRENCES = (
    Occurrence("cpd", "incident", "i1", T0 + 15, T0 + 16.5, "Active", "P1 Fire", -87.63, 41.88, 1),
    Occurrence("cfd", "camera_event", "c1", T0 + 30, T0 + 30.2, "lpr_hit", "Plate hit", -87.62, 41.87),
    Occurrence("cpd", "log_entry", "l1", T0 + 40, T0 + 100, "order", NASTY, author_position="@IC"),
)


def written(name: str, points: Iterable[TrackPoint] = POINTS, occurrences: Iterable[Occurrence] = OCCURRENCES) -> bytes:
    """Return the export in the format `name`."""
    return b"".join(FORMATS[name].write(points, occurrences, STAMP))
