"""THE VOCABULARY: what an agency can say. Closed and reviewed, because sharing agreements name its fields.

Rules
- SI units: metres, metres a second, degrees (WGS 84, clockwise from true north), Unix seconds UTC.
- `None` means "not said". A unit's fields come in groups, one per data category; a report that says
  any field of a group replaces that whole group, so a group's field left out is thereby cleared.
- Every field has a data category (`category_of`); the category is derived here and never sent.
- No names of persons, no plates: what is not in these structs is dropped when it is decoded.
- A registry value we do not know is kept and flagged (`unregistered`), never refused.
"""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from feeds import registry

Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[!-~]([ -~]*[!-~])?\Z")]
UnitId = Annotated[str, Meta(min_length=1, max_length=128)]
"""An `Id` as well; the door looks at what a pattern would (`feeds/ids.py` says why)."""
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Line = Annotated[str, Meta(max_length=200)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Bearing = Annotated[float, Meta(ge=0, le=360)]
Metres = Annotated[float, Meta(ge=0, le=1e6)]
Instant = Annotated[float, Meta(ge=0, le=32503680000)]
"""Unix seconds UTC, up to the year 3000."""
Position = tuple[Lon, Lat]
"""Longitude, then latitude, as GeoJSON has it."""
Ring = Annotated[tuple[Position, ...], Meta(min_length=4, max_length=2000)]
"""A closed line: its last position is its first."""


class Category(StrEnum):
    """Data categories, version 1: the handle by which agreements grant and withhold."""

    FEED_HEALTH = "feed.health"
    UNIT_POSITION = "unit.position"
    UNIT_STATUS = "unit.status"
    UNIT_IDENTITY = "unit.identity"
    UNIT_CAPABILITY = "unit.capability"
    UNIT_EMERGENCY = "unit.emergency"
    INCIDENT_SUMMARY = "incident.summary"
    INCIDENT_LOCATION = "incident.location"
    INCIDENT_DETAIL = "incident.detail"
    INCIDENT_NARRATIVE = "incident.narrative"
    CAMERA_LOCATION = "camera.location"
    CAMERA_STATE = "camera.state"
    CAMERA_LIVE_REF = "camera.live_ref"
    LPR_HIT = "lpr.hit"
    ACOUSTIC_ALERT = "acoustic.alert"
    OPERATION_EXISTENCE = "operation.existence"
    OPERATION_DETAIL = "operation.detail"
    ZONE = "zone"
    LOG_ENTRY = "log.entry"
    BOLO = "bolo"
    METRIC_AGGREGATE = "metric.aggregate"


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", gc=False):
    """What every report carries besides its subject."""

    observed_at: Instant
    """When it was true in the world, by the source's clock."""
    seq: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    """Counts up within one run of the source; None in dialects that have no sequence."""
    sent_at: Instant | None = None
    stale_at: Instant | None = None
    """When the sender says to stop believing it."""
    status: Literal["actual", "exercise", "system", "test", "draft"] = "actual"
    labels: tuple[Code, ...] = ()
    """`undercover`, `juvenile`, ...: deny across agencies unless a clause names them."""
    agency: None = None
    """Never said: whose a report is stands on its batch. A message that names an agency does not decode into this, and
    is thereby told from the others without a search (`feeds/adapters/native.py`)."""


class UnitReport(Report, frozen=True, kw_only=True, omit_defaults=True, tag="unit", gc=False):
    """Position and status of an emergency resource: vehicle, aircraft, person on foot, team."""

    unit_id: UnitId
    # identity
    call_sign: Annotated[str, Meta(max_length=40)] | None = None
    unit_type: Code | None = None
    # capability
    capabilities: tuple[Code, ...] | None = None
    crew: Annotated[int, Meta(ge=0, le=999)] | None = None
    """Head count only; never names."""
    # position
    lat: Lat | None = None
    lon: Lon | None = None
    course_deg: Bearing | None = None
    speed_mps: Annotated[float, Meta(ge=0, le=1000)] | None = None
    hae_m: Annotated[float, Meta(ge=-12000, le=100000)] | None = None
    """Height above the WGS 84 ellipsoid, metres; None when unknown."""
    h_err_m: Metres | None = None
    """About one sigma, metres; None when unknown."""
    v_err_m: Metres | None = None
    fix_method: Code | None = None
    # status
    primary_status: Code | None = None
    secondary_status: tuple[Code, ...] | None = None
    status_internal: Line | None = None
    incident_id: UnitId | None = None
    # emergency
    emergency: Code | None = None
    """`none` clears."""


class IncidentReport(Report, frozen=True, kw_only=True, omit_defaults=True, tag="incident", gc=False):
    """An incident as its agency knows it; a field left out is unchanged, a report never edits another."""

    incident_id: Id
    # summary
    type_common: Code | None = None
    status_common: tuple[Code, ...] | None = None
    priority_common: Annotated[int, Meta(ge=0, le=10)] | None = None
    """0 to 10, 10 the highest (EIDO). The local P1..P4 runs the other way: see `local_priority`."""
    origin: Code | None = None
    # location
    lat: Lat | None = None
    lon: Lon | None = None
    location_type: Code | None = None
    address: Line | None = None
    # detail
    internal_id: Line | None = None
    type_internal: Line | None = None
    status_internal: Line | None = None
    assigned_units: tuple[Id, ...] | None = None
    dispositions: tuple[Code, ...] | None = None
    hazards: tuple[Code, ...] | None = None
    patients: Annotated[int, Meta(ge=0, le=10000)] | None = None
    suspects_outstanding: bool | None = None
    # narrative
    narrative: Annotated[str, Meta(max_length=1000)] | None = None


class CameraReport(Report, frozen=True, kw_only=True, omit_defaults=True, tag="camera_event", gc=False):
    """An event of a camera or sensor, or (`announced`) its state, place and field of view by cadence."""

    camera_id: Id
    event_type: Code = "announced"
    event_id: Id | None = None
    # location
    camera_kind: Code | None = None
    name: Annotated[str, Meta(max_length=80)] | None = None
    carrier_unit_id: Id | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    h_err_m: Metres | None = None
    bearing_deg: Bearing | None = None
    fov_deg: Annotated[float, Meta(ge=0, le=360)] | None = None
    range_m: Annotated[float, Meta(ge=0, le=50000)] | None = None
    # state
    camera_state: Code | None = None
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    verification: Literal["unverified", "human_verified", "rejected"] | None = None
    incident_id: Id | None = None
    alert_until: Instant | None = None
    # live reference
    media_ref: Annotated[str, Meta(max_length=500)] | None = None
    """URI only; media never travels on the bus."""
    # plate readers
    hotlist: Code | None = None
    reason_code: Code | None = None
    case_ref: Code | None = None
    plate_token: Annotated[str, Meta(max_length=128)] | None = None
    """Keyed HMAC of the plate, never the plate."""


class Point(Struct, frozen=True, tag_field="type", gc=False):
    """A place; with a zone's `radius_m`, a disc."""

    coordinates: Position


class LineString(Struct, frozen=True, tag_field="type", gc=False):
    """A line of at least two positions."""

    coordinates: Annotated[tuple[Position, ...], Meta(min_length=2, max_length=2000)]


class Polygon(Struct, frozen=True, tag_field="type", gc=False):
    """An outer ring, then its holes."""

    coordinates: Annotated[tuple[Ring, ...], Meta(min_length=1, max_length=50)]


class MultiPolygon(Struct, frozen=True, tag_field="type", gc=False):
    """Several polygons."""

    coordinates: Annotated[
        tuple[Annotated[tuple[Ring, ...], Meta(min_length=1, max_length=50)], ...], Meta(min_length=1, max_length=50)
    ]


Geometry = Point | LineString | Polygon | MultiPolygon
"""GeoJSON (RFC 7946), degrees WGS 84."""


class ZoneReport(Report, frozen=True, kw_only=True, omit_defaults=True, tag="zone", gc=False):
    """An area, line or place that means something to operations; a field left out is unchanged.

    A geometry comes with its radius or without one: a report with a `geometry` replaces both.
    """

    zone_id: Id
    zone_kind: Code | None = None
    name: Annotated[str, Meta(max_length=80)] | None = None
    geometry: Geometry | None = None
    radius_m: Annotated[float, Meta(gt=0, le=5e5)] | None = None
    """Of a disc round a `Point`, metres."""
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    """When it ends; in the past: it is lifted."""
    boundary_version: Code | None = None
    incident_id: Id | None = None
    operation_id: Id | None = None
    min_available_units: Annotated[int, Meta(ge=0, le=10000)] | None = None
    target_travel_s: Annotated[float, Meta(gt=0, le=86400)] | None = None


class LogReport(Report, frozen=True, kw_only=True, omit_defaults=True, tag="log_entry", gc=False):
    """One line of the log (ICS-214) or a note on the map. Its words never change: what corrects it `supersedes` it."""

    entry_id: Id
    entry_kind: Code = "note"
    text: Annotated[str, Meta(max_length=1000)] | None = None
    author_position: Code | None = None
    """The author's ICS position or role; never a name."""
    refs: Annotated[tuple[Id, ...], Meta(max_length=50)] | None = None
    """Ids of the units, incidents, ... that it is about."""
    incident_id: Id | None = None
    supersedes: Id | None = None
    """The entry that this one corrects."""
    lat: Lat | None = None
    lon: Lon | None = None


AnyReport = UnitReport | IncidentReport | CameraReport | ZoneReport | LogReport

_C = Category

UNIT_GROUPS: dict[Category, tuple[str, ...]] = {
    _C.UNIT_IDENTITY: ("call_sign", "unit_type"),
    _C.UNIT_CAPABILITY: ("capabilities", "crew"),
    _C.UNIT_POSITION: (
        "lat", "lon", "course_deg", "speed_mps", "hae_m", "h_err_m", "v_err_m", "fix_method",
    ),
    _C.UNIT_STATUS: ("primary_status", "secondary_status", "status_internal", "incident_id"),
    _C.UNIT_EMERGENCY: ("emergency",),
}  # fmt: skip
"""A unit's fields by category; each category is one group that is replaced whole."""

INCIDENT_GROUPS: dict[Category, tuple[str, ...]] = {
    _C.INCIDENT_SUMMARY: ("incident_id", "type_common", "status_common", "priority_common", "origin"),
    _C.INCIDENT_LOCATION: ("lat", "lon", "location_type", "address"),
    _C.INCIDENT_DETAIL: (
        "internal_id", "type_internal", "status_internal", "assigned_units", "dispositions", "hazards",
        "patients", "suspects_outstanding",
    ),
    _C.INCIDENT_NARRATIVE: ("narrative",),
}  # fmt: skip

CAMERA_GROUPS: dict[Category, tuple[str, ...]] = {
    _C.CAMERA_LOCATION: (
        "camera_id", "camera_kind", "name", "carrier_unit_id", "lat", "lon", "h_err_m", "bearing_deg", "fov_deg",
        "range_m",
    ),
    _C.CAMERA_STATE: (
        "event_type", "event_id", "camera_state", "confidence", "verification", "incident_id", "alert_until",
    ),
    _C.CAMERA_LIVE_REF: ("media_ref",),
    _C.LPR_HIT: ("hotlist", "reason_code", "case_ref", "plate_token"),
}  # fmt: skip

ZONE_GROUPS: dict[Category, tuple[str, ...]] = {
    _C.ZONE: (
        "zone_id", "zone_kind", "name", "geometry", "radius_m", "valid_from", "valid_to", "boundary_version",
        "incident_id", "operation_id", "min_available_units", "target_travel_s",
    ),
}  # fmt: skip

LOG_GROUPS: dict[Category, tuple[str, ...]] = {
    _C.LOG_ENTRY: (
        "entry_id", "entry_kind", "text", "author_position", "refs", "incident_id", "supersedes", "lat", "lon",
    ),
}  # fmt: skip

_ENVELOPE_FIELDS = ("observed_at", "seq", "sent_at", "stale_at", "status", "labels", "agency")


def _table(groups: dict[Category, tuple[str, ...]], base: Category, *subject: str) -> dict[str, Category]:
    table = {field: category for category, fields in groups.items() for field in fields}
    table.update(dict.fromkeys((*_ENVELOPE_FIELDS, *subject), base))
    return table


CATEGORIES: dict[type[Report], dict[str, Category]] = {
    UnitReport: _table(UNIT_GROUPS, _C.UNIT_POSITION, "unit_id"),
    IncidentReport: _table(INCIDENT_GROUPS, _C.INCIDENT_SUMMARY),
    CameraReport: _table(CAMERA_GROUPS, _C.CAMERA_LOCATION),
    ZoneReport: _table(ZONE_GROUPS, _C.ZONE),
    LogReport: _table(LOG_GROUPS, _C.LOG_ENTRY),
}
"""The data category of every field of every kind; the envelope's own fields follow the kind's base category."""


def event_category(event_type: str) -> Category:
    """Return the category that lets a viewer see that a camera event of this type happened."""
    if event_type == "lpr_hit":
        return Category.LPR_HIT
    if event_type == "gunshot_detected":
        return Category.ACOUSTIC_ALERT
    return Category.CAMERA_STATE


def category_of(kind: type[Report], field: str) -> Category:
    """Return the data category of `field`. Raises KeyError for a field that has none: deny it."""
    return CATEGORIES[kind][field]


_REGISTRIES: dict[type[Report], dict[str, frozenset[str]]] = {
    UnitReport: {
        "unit_type": registry.UNIT_TYPE,
        "primary_status": registry.PRIMARY_STATUS,
        "secondary_status": registry.SECONDARY_STATUS,
        "emergency": registry.EMERGENCY,
    },
    IncidentReport: {
        "type_common": registry.INCIDENT_TYPE,
        "status_common": registry.INCIDENT_STATUS,
        "origin": registry.ORIGIN,
        "location_type": registry.LOCATION_TYPE,
    },
    CameraReport: {
        "event_type": registry.CAMERA_EVENT,
        "camera_kind": registry.CAMERA_KIND,
        "camera_state": registry.CAMERA_STATE,
    },
    ZoneReport: {"zone_kind": registry.ZONE_KIND},
    LogReport: {"entry_kind": registry.LOG_KIND},
}


def unregistered(report: Report) -> tuple[str, ...]:
    """Return the names of the fields whose value is not in its registry; the value itself is kept."""
    flagged = []
    for field, known in _REGISTRIES[type(report)].items():
        value = getattr(report, field)
        values = value if isinstance(value, tuple) else (value,)
        if any(v is not None and v not in known for v in values):
            flagged.append(field)
    return tuple(flagged)


def local_priority(priority_common: int) -> int:
    """Return P1..P4 (1 the highest) for EIDO's 0..10 (10 the highest). The only place that turns the scale."""
    if priority_common >= 9:
        return 1
    if priority_common >= 6:
        return 2
    if priority_common >= 3:
        return 3
    return 4
