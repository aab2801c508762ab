"""Shape, mark, code and colour token of everything drawn; the legend is made of the same rows.

Shape says what it is, the inner mark its status, the code says it in letters; colour only repeats it.
The codes and numbers are the wire's (docs/wire.md); `assets/map` draws by them.
"""

from enum import IntEnum
from typing import NamedTuple

from feeds.report import local_priority


class Symbol(NamedTuple):
    """One row of the legend."""

    layer: str
    shape: str
    """`pointer`, `diamond`, `square`, `line`, `plate`, `flag`."""
    mark: str
    """What is inside or around the shape."""
    code: str
    """Letters or a numeral drawn with it."""
    token: str
    """Name of the colour token in `assets/00-tokens.css`."""
    label: str
    """In words."""


class UnitStatus(IntEnum):
    """Display status of a unit as it travels on the wire."""

    AVL = 0
    ENR = 1
    ONS = 2
    CMT = 3
    OOS = 4
    UNSAID = 5


UNIT_SYMBOLS = (
    Symbol("units", "pointer", "ring, open centre", "AVL", "--unit-avl", "Available"),
    Symbol("units", "pointer", "arrow head in course", "ENR", "--unit-enr", "En route"),
    Symbol("units", "pointer", "disc and centre bar", "ONS", "--unit-ons", "On scene"),
    Symbol("units", "pointer", "half disc", "CMT", "--unit-cmt", "Committed, may be asked"),
    Symbol("units", "pointer", "ring and slash", "OOS", "--unit-oos", "Out of service"),
    Symbol("units", "pointer", "octagon with !", "EMG", "--unit-emg", "Emergency"),
    Symbol("units", "pointer", "dashed ring of the last state", "STL", "--unit-stl", "Stale or lost: see its age"),
)
INCIDENT_SYMBOLS = (
    Symbol("incidents", "diamond", "filled, double edge", "1", "--incident-p1", "P1, life threat or in progress"),
    Symbol("incidents", "diamond", "filled", "2", "--incident-p2", "P2, urgent"),
    Symbol("incidents", "diamond", "outline", "3", "--incident-p3", "P3, routine"),
    Symbol("incidents", "diamond", "thin outline", "4", "--incident-p4", "P4, when possible"),
)
CAMERA_SYMBOLS = (
    Symbol("cameras", "square", "plain", "", "--camera", "Camera, with its field of view"),
    Symbol("cameras", "square", "filled dot", "REC", "--camera", "Recording"),
    Symbol("cameras", "square", "hollow dot", "BUF", "--camera", "Buffering"),
    Symbol("cameras", "square", "slash", "OFF", "--camera", "Offline"),
    Symbol("cameras", "square", "?", "?", "--camera", "Alert, not confirmed by a person"),
)
ZONE_SYMBOLS = (
    Symbol("zones", "line", "double line", "INN", "--zone", "Inner perimeter"),
    Symbol("zones", "line", "long dashes", "OUT", "--zone", "Outer perimeter"),
    Symbol("zones", "line", "thick line", "HZD", "--zone", "Hazard zone: hot thick, warm dashed, cold dotted"),
    Symbol("zones", "line", "dashes and dots", "RST", "--zone", "Restricted: no-fly, geofence, sensitive site"),
    Symbol("zones", "line", "bars", "TCP", "--zone", "Traffic control"),
    Symbol("zones", "line", "thin line", "BND", "--zone", "Boundary: beat, response zone, jurisdiction"),
    Symbol("zones", "line", "shaded, coloured line", "WRN", "--caution", "Public warning: its area"),
    Symbol("zones", "plate", "letters", "STG", "--zone", "Place: S staging, ICP command post, LZ landing, TC traffic"),
)
LOG_SYMBOLS = (
    Symbol("log", "flag", "hollow", "NOTE", "--zone", "Note: an entry of the log at a place"),
    Symbol("log", "flag", "filled", "ORDER", "--zone", "Order: also a decision or a request"),
)

_ON_SCENE = frozenset(
    {
        "OnScene", "Arrived", "ArrivedAtDestination", "Staging", "AtPatient", "PatientContact", "AtHospital",
        "Investigation", "TrafficStop", "Backup", "Prisoner",
    }
)  # fmt: skip
_EN_ROUTE = frozenset(
    {"Dispatched", "AcknowledgedTransmission", "EnRoute", "EnRouteToDestination", "Assigned", "Transporting"}
)
_AVAILABLE = frozenset({"InService", "OnPatrol", "InQuarters", "Returning", "Cleared", "Standby", "Relocated"})
_OUT = frozenset(
    {"OutofService", "OffDuty", "Unavailable", "UnderRepair", "Unstaffed", "Maintenance", "WaitingForTow", "MealBreak"}
)


def unit_status(primary: str | None, secondary: tuple[str, ...] | None, assigned: bool = False) -> UnitStatus:
    """Return the display status of EIDO's primary and secondary statuses.

    Where a unit is (on scene, en route) says more than whether it may be asked, so the secondary goes first.
    """
    seconds = frozenset(secondary or ())
    if seconds & _ON_SCENE:
        return UnitStatus.ONS
    if seconds & _EN_ROUTE:
        return UnitStatus.ENR
    if primary == "Available":
        return UnitStatus.AVL
    if primary == "ConditionallyAvailable":
        return UnitStatus.CMT
    if primary == "NotAvailable":
        return UnitStatus.ENR if assigned and not seconds & _OUT else UnitStatus.OOS
    if seconds & _AVAILABLE:
        return UnitStatus.AVL
    if seconds & _OUT:
        return UnitStatus.OOS
    return UnitStatus.UNSAID


_AIR = frozenset({"Aircraft", "RotaryWingAircraft", "UnmannedAerialVehicle", "FixedWingAircraft"})
_EMS = frozenset({"GroundALSAmbulance", "GroundBLSAmbulance"})
_FIRE = frozenset({"Engine", "LadderTruck", "Squad"})
_FOOT = frozenset({"FootPatrol", "SchoolOfficer"})
_MARINE = frozenset({"Boat", "FireBoat", "MarineUnit"})

FAMILIES = ("police", "fire", "ems", "air", "marine", "transit", "federal", "foot", "other")


def unit_family(unit_type: str | None, agency_family: str) -> str:
    """Return one of `FAMILIES`: by the unit's type where it says more than its agency's family."""
    for family, types in (("air", _AIR), ("ems", _EMS), ("fire", _FIRE), ("foot", _FOOT), ("marine", _MARINE)):
        if unit_type in types:
            return family
    if unit_type == "TransitOfficer":
        return "transit"
    return agency_family if agency_family in FAMILIES else "other"


def incident_priority(priority_common: int | None) -> int:
    """Return 1..4 (P1 the highest) for EIDO's 0..10, 0 when it was not said."""
    return 0 if priority_common is None else local_priority(priority_common)


CAMERA_STATES = {"idle": 1, "live": 2, "recording": 3, "buffering": 4, "offline": 5}
"""`camera_state` on the wire; 0 is not said or a state we do not know."""
CAMERA_KINDS = {"fixed": 1, "ptz": 2, "in_car": 3, "body": 4, "lpr": 5, "acoustic": 6, "uas": 7}
"""`camera_kind` on the wire; 0 is other."""

ZONE_KINDS = {
    "jurisdiction": 1, "beat": 2, "response_zone": 3, "perimeter_inner": 4, "perimeter_outer": 5, "hot": 6, "warm": 7,
    "cold": 8, "staging": 9, "icp": 10, "lz": 11, "traffic_control": 12, "no_fly": 13, "geofence": 14,
    "sensitive_site": 15, "warning": 16,
}  # fmt: skip
"""`zone_kind` on the wire; 0 is not said or a kind we do not know."""
LOG_KINDS = {
    "note": 1, "decision": 2, "order": 3, "request": 4, "acknowledgement": 5, "handover": 6, "finding": 7,
    "correction": 8,
}  # fmt: skip
"""`entry_kind` on the wire; 0 is a kind we do not know."""


def legend() -> tuple[Symbol, ...]:
    """Return every row of the legend, units first."""
    return UNIT_SYMBOLS + INCIDENT_SYMBOLS + CAMERA_SYMBOLS + LOG_SYMBOLS + ZONE_SYMBOLS
