"""Positions and occurrences as rows of one table: the columns of CSV and GeoParquet. Pure."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Literal, NamedTuple

from layers.exports.rows import Occurrence, TrackPoint


class Column(NamedTuple):
    """A column; `instant` is Unix seconds."""

    name: str
    type: Literal["text", "instant", "number", "integer"] = "text"


COLUMNS = (
    Column("kind"),
    Column("agency"),
    Column("id"),
    Column("observed_at", "instant"),
    Column("received_at", "instant"),
    Column("lon", "number"),
    Column("lat", "number"),
    Column("call_sign"),
    Column("unit_type"),
    Column("speed_mps", "number"),
    Column("course_deg", "number"),
    Column("hae_m", "number"),
    Column("h_err_m", "number"),
    Column("primary_status"),
    Column("emergency"),
    Column("event"),
    Column("text"),
    Column("priority", "integer"),
    Column("verification"),
    Column("author_position"),
    Column("incident_id"),
    Column("source"),
    Column("status"),
    Column("aligned_at", "instant"),
    Column("aligned_err_s", "number"),
)
"""`kind` is `unit`, or an occurrence's own; a cell that does not belong to the kind is empty."""

LON, LAT = 5, 6


def table(points: Iterable[TrackPoint], occurrences: Iterable[Occurrence]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows, each with a cell a column; None where nothing is said."""
    return chain(map(_unit, points), map(_occurrence, occurrences))


def _unit(p: TrackPoint) -> tuple[Any, ...]:
    return (
        *("unit", p.agency, p.unit_id, p.observed_at, p.received_at, p.lon, p.lat),
        *(p.call_sign, p.unit_type, p.speed_mps, p.course_deg, p.hae_m, p.h_err_m, p.primary_status, p.emergency),
        *(None, None, None, None, None),
        *(p.incident_id, p.source, p.status, p.aligned_at, p.aligned_err_s),
    )


def _occurrence(o: Occurrence) -> tuple[Any, ...]:
    return (
        *(o.kind, o.agency, o.id, o.observed_at, o.received_at, o.lon, o.lat),
        *(None, None, None, None, None, None, None, None),
        *(o.event, o.text, o.priority, o.verification, o.author_position),
        *(o.incident_id, o.source, o.status, o.aligned_at, o.aligned_err_s),
    )
