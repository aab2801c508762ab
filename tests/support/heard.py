"""Verbs that say what agencies said."""

from typing import Any

from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.names import AgencyId, SourceId
from feeds.report import AnyReport, CameraReport, IncidentReport, LogReport, Point, Polygon, UnitReport, ZoneReport
from feeds.source import SourceSettings
from layers.picture import Picture
from layers.roster import AgencyInfo, Roster

T0 = 1_790_000_000.0
"""Where test time starts, Unix seconds."""

AGENCIES = ("cpd", "fire", "fbi")
ROSTER = Roster(
    [AgencyInfo(AgencyId(a), a.upper(), a.upper()[:4], "fire" if a == "fire" else "police") for a in AGENCIES],
    [
        SourceSettings(
            id=SourceId(f"{a}-avl"),
            agency=AgencyId(a),
            adapter="native",
            cadence_s=10.0,
            cadence_by_state={"OutofService": 300.0, "buffering": 900.0},
        )
        for a in AGENCIES
    ],
)


def unit(unit_id: str = "u1", at: float = T0, **fields: Any) -> UnitReport:
    """A unit's report; with a place unless told otherwise."""
    return UnitReport(unit_id=unit_id, observed_at=at, **{"lat": 41.88, "lon": -87.63, **fields})


def incident(incident_id: str = "i1", at: float = T0, **fields: Any) -> IncidentReport:
    return IncidentReport(incident_id=incident_id, observed_at=at, **fields)


def camera(camera_id: str = "c1", at: float = T0, **fields: Any) -> CameraReport:
    return CameraReport(camera_id=camera_id, observed_at=at, **{"lat": 41.88, "lon": -87.63, **fields})


SQUARE = Polygon(coordinates=(((-87.64, 41.87), (-87.62, 41.87), (-87.62, 41.89), (-87.64, 41.89), (-87.64, 41.87)),))
PLACE = Point(coordinates=(-87.63, 41.88))


def zone(zone_id: str = "z1", at: float = T0, **fields: Any) -> ZoneReport:
    """A zone's report; a square unless told otherwise."""
    return ZoneReport(zone_id=zone_id, observed_at=at, **{"geometry": SQUARE, **fields})


def entry(entry_id: str = "e1", at: float = T0, **fields: Any) -> LogReport:
    """A log entry with a place, unless told otherwise."""
    return LogReport(entry_id=entry_id, observed_at=at, **{"lat": 41.88, "lon": -87.63, **fields})


def delivery(
    n: int, *reports: AnyReport, agency: str = "cpd", received_at: float | None = None, source: str = ""
) -> Delivery:
    """Batch number `n` of an agency; received when the newest report was observed, unless told otherwise."""
    at = max(r.observed_at for r in reports) if received_at is None else received_at
    parcel = Parcel(SourceId(source or f"{agency}-avl"), "run", at, tuple(reports))
    return Delivery(AgencyId(agency), BatchId(n, 0), Batch(WIRE_VERSION, AgencyId(agency), (parcel,)))


def heard(*deliveries: Delivery) -> Picture:
    """A picture that heard these batches in this order."""
    picture = Picture(ROSTER)
    for one in deliveries:
        picture.apply(one)
    return picture
