"""What an export is made of: positions of units and things that happened, as plain tuples, after policy.

Both clocks travel with every row: when it was so by its source's clock, and when it was heard. Pure.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, groupby
from typing import NamedTuple


class TrackPoint(NamedTuple):
    """One position of a unit; degrees WGS 84, metres, metres a second, Unix seconds. None: not said or not shared."""

    agency: str
    unit_id: str
    call_sign: str | None
    observed_at: float
    received_at: float
    lon: float
    lat: float
    speed_mps: float | None = None
    course_deg: float | None = None
    hae_m: float | None = None
    """Height above the ellipsoid."""
    h_err_m: float | None = None
    unit_type: str | None = None
    primary_status: str | None = None
    emergency: str | None = None
    incident_id: str | None = None
    source: str | None = None
    status: str = "actual"
    """`actual`, `exercise`, ...: as `feeds.report.Report` has it."""
    aligned_at: float | None = None
    """`observed_at` by our clock, where the source's was known to be off when it came; within `aligned_err_s`."""
    aligned_err_s: float | None = None


class Occurrence(NamedTuple):
    """A change of an incident, an event of a camera, a log entry; with a place or without one."""

    agency: str
    kind: str
    """`incident`, `camera_event` or `log_entry`."""
    id: str
    observed_at: float
    received_at: float
    event: str
    """The event's type, the status that changed, or the entry's kind."""
    text: str
    """One line for people."""
    lon: float | None = None
    lat: float | None = None
    priority: int | None = None
    incident_id: str | None = None
    verification: str | None = None
    author_position: str | None = None
    source: str | None = None
    status: str = "actual"
    aligned_at: float | None = None
    aligned_err_s: float | None = None


def tracks(points: Iterable[TrackPoint]) -> Iterator[tuple[TrackPoint, Iterator[TrackPoint]]]:
    """Yield each unit's first point and all its points, to be read before the next unit is asked for.

    The points of a unit stand together, in order of their time.
    """
    for _, group in groupby(points, lambda point: (point.agency, point.unit_id)):
        track = iter(group)
        first = next(track)
        yield first, chain((first,), track)


def legs(track: Iterable[TrackPoint], gap_s: float) -> Iterator[Iterator[TrackPoint]]:
    """Yield a unit's points in legs between which it was silent for longer than `gap_s`, or its clock went back."""
    number, last = 0, 0.0

    def leg(point: TrackPoint) -> int:
        nonlocal number, last
        if not 0 <= point.observed_at - last <= gap_s:
            number += 1
        last = point.observed_at
        return number

    for _, points in groupby(track, leg):
        yield points


def utc(at: float) -> str:
    """Return Unix seconds in UTC as ISO 8601, to the millisecond, to the microsecond where that says more."""
    minute, micros = divmod(round(at * 1e6), 60_000_000)
    seconds, micros = divmod(micros, 1_000_000)
    fraction = f"{micros:06d}" if micros % 1000 else f"{micros // 1000:03d}"
    return f"{_minute(minute)}{seconds:02d}.{fraction}Z"


@lru_cache(maxsize=4096)
def _minute(number: int) -> str:
    # Rows stand in order of time: a minute's words are made once, which is most of the work.
    return datetime.fromtimestamp(number * 60, UTC).strftime("%Y-%m-%dT%H:%M:")
