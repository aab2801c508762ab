"""The sixty cameras: where they stand or who carries them, what they look at, and how often they say so.

Rules
- A camera announces its state, place and field of view at start and by its cadence (`announced`); every other
  event belongs to something that happens near it and is the day's to raise.
- One that is carried is where its unit is; one that stands is offset from the corner it watches.
- No media: a camera says that it sees, never what.
"""

import math
from random import Random
from typing import Literal, NamedTuple

from msgspec import Struct, structs

from feeds.exercise.city import City, lonlat
from feeds.report import CameraReport

Verification = Literal["unverified", "human_verified", "rejected"]


class Sort(NamedTuple):
    """One line of the camera list."""

    kind: str
    source: str
    share: int
    """Cameras of this sort in 60."""
    state: str
    """Its state when nothing happens."""
    fov_deg: float
    range_m: float
    carrier: str
    """Role of the unit that carries it; empty: it stands."""
    label: str


SORTS = (
    Sort("fixed", "cpd-cam", 16, "live", 70, 120, "", "POD"),
    Sort("ptz", "cpd-cam", 5, "live", 50, 220, "", "PTZ"),
    Sort("lpr", "cpd-cam", 5, "live", 22, 45, "", "LPR"),
    Sort("acoustic", "cpd-cam", 3, "live", 360, 350, "", "Acoustic"),
    Sort("in_car", "cpd-cam", 9, "idle", 75, 60, "patrol", "In-car"),
    Sort("body", "cpd-cam", 5, "buffering", 110, 25, "patrol", "Body"),
    Sort("uas", "cpd-cam", 3, "idle", 60, 180, "drone", "UAS"),
    Sort("in_car", "ccso-cam", 4, "idle", 75, 60, "sheriff", "In-car"),
    Sort("lpr", "ccso-cam", 2, "live", 22, 45, "", "LPR"),
    Sort("fixed", "tpd-cam", 6, "live", 80, 70, "", "Platform"),
    Sort("body", "tpd-cam", 2, "buffering", 110, 25, "transit", "Body"),
)

CADENCE_S = {"live": 30.0, "idle": 10.0, "recording": 10.0, "buffering": 900.0, "offline": 60.0}
"""How often a camera announces itself, wall seconds, by its state."""


class Camera(Struct):
    """One camera while the day runs."""

    id: str
    sort: Sort
    name: str
    state: str
    x: float = 0.0
    y: float = 0.0
    bearing_deg: float = 0.0
    carrier: int = -1
    """Slot of the unit that carries it; -1: it stands."""
    carrier_id: str | None = None
    incident_id: str | None = None
    turn: int = 0
    """Which of its announcements is the current one; an older one that comes due is dropped."""

    def report(self, at: float, event_type: str = "announced") -> CameraReport:
        """Return what it says of itself at `at` (Unix seconds)."""
        lon, lat = lonlat(self.x, self.y)
        return CameraReport(
            observed_at=at,
            status="exercise",
            camera_id=self.id,
            event_type=event_type,
            camera_kind=self.sort.kind,
            name=self.name,
            carrier_unit_id=self.carrier_id,
            lat=lat,
            lon=lon,
            h_err_m=5.0 if self.carrier_id else 2.0,
            bearing_deg=round(self.bearing_deg % 360, 1),
            fov_deg=self.sort.fov_deg,
            range_m=self.sort.range_m,
            camera_state=self.state,
            incident_id=self.incident_id,
            media_ref=f"rtsp://exercise.invalid/{self.id}" if self.state in ("live", "recording") else None,
        )

    def finding(
        self, at: float, event_type: str, event_id: str, verification: Verification, confidence: float,
        incident_id: str | None = None, alert_until: float | None = None, hotlist: str | None = None,
    ) -> CameraReport:  # fmt: skip
        """Return an alert of the camera; what a person decides later comes under the same `event_id`."""
        return structs.replace(
            self.report(at, event_type),
            event_id=event_id,
            verification=verification,
            confidence=confidence,
            incident_id=incident_id,
            alert_until=alert_until,
            hotlist=hotlist,
            reason_code="wanted_vehicle" if hotlist else None,
        )


def stand(camera: Camera, city: City, node: int, chance: Random) -> None:
    """Put a standing camera at a corner, looking down one of its streets (a plate reader along it)."""
    link = city.links[node][chance.randrange(len(city.links[node]))]
    x, y = city.place(node)
    side = 9.0 if camera.sort.kind != "acoustic" else 20.0
    camera.x, camera.y = x - link.dy * side, y + link.dx * side
    camera.bearing_deg = _bearing(link.dx, link.dy)


def _bearing(dx: float, dy: float) -> float:
    return math.degrees(math.atan2(dx, dy)) % 360


def count(units: int, sort: Sort) -> int:
    """Return how many cameras of a sort go with `units` units: 60 in all with 300, growing by the root."""
    return max(1, round(sort.share * math.sqrt(units / 300)))
