"""What happens: kinds of incident with their priority, the units they take and how long, and one incident's life.

Rules
- Types are APCO common codes; priority is EIDO's 0-10 (10 highest), so P1 is 9-10, P2 6-8, P3 3-5, P4 0-2.
- An incident's EIDO statuses follow from its units (`Incident.statuses`), never the other way round.
- P1 is rare: `draw` keeps one to three open at a time, so that the wall has something to watch and stays calm.
"""

from enum import IntEnum
from random import Random
from typing import NamedTuple

from msgspec import Struct, field

from feeds.exercise.city import lonlat
from feeds.exercise.roster import Role
from feeds.report import IncidentReport, local_priority

R = Role


class Type(NamedTuple):
    """One kind of incident."""

    owner: str
    """Agency whose CAD holds it."""
    common: str
    words: str
    priority: int
    weight: float
    """How often, relative to the others."""
    wants: tuple[tuple[Role, int], ...]
    minutes: tuple[float, float]
    """On scene, shortest and longest."""
    origin: str = "citizen_call"
    hazards: tuple[str, ...] = ()
    patients: int = 0
    narrative: str = ""
    expressway: bool = False
    """Happens there; nothing else does."""


TYPES = (
    Type("cpd", "DISTURB", "Disturbance", 4, 9, ((R.PATROL, 1),), (8, 25)),
    Type("cpd", "DOMESTIC", "Domestic", 6, 6, ((R.PATROL, 2),), (15, 40)),
    Type("cpd", "THEFT", "Theft, report", 2, 8, ((R.PATROL, 1),), (15, 35)),
    Type("cpd", "BURG", "Burglary, alarm", 4, 6, ((R.PATROL, 2),), (10, 30), "alarm"),
    Type("cpd", "SUSPACT", "Suspicious person", 4, 6, ((R.PATROL, 1),), (6, 18)),
    Type("cpd", "SUSPVEH", "Suspicious vehicle", 3, 4, ((R.PATROL, 1),), (6, 18)),
    Type("cpd", "TRESPASS", "Trespass", 2, 4, ((R.PATROL, 1),), (8, 20)),
    Type("cpd", "WELFARE", "Well-being check", 4, 5, ((R.PATROL, 1),), (10, 30)),
    Type("cpd", "VANDAL", "Damage to property", 2, 4, ((R.PATROL, 1),), (10, 25)),
    Type("cpd", "FRAUD", "Fraud, report", 1, 2, ((R.PATROL, 1),), (20, 40)),
    Type("cpd", "TRAFFIC", "Traffic hazard", 2, 4, ((R.TRAFFIC, 1),), (8, 25), "officer_initiated"),
    Type("cpd", "MVA", "Crash, property damage", 3, 6, ((R.TRAFFIC, 1), (R.PATROL, 1)), (15, 40)),
    Type("cpd", "ASSAULT", "Battery", 7, 4, ((R.PATROL, 2), (R.AMBULANCE, 1)), (15, 40), patients=1),
    Type("cpd", "PERSDOWN", "Person down", 6, 3, ((R.PATROL, 1), (R.AMBULANCE, 1)), (10, 25), patients=1),
    Type("cpd", "SUSPPKG", "Suspicious package", 7, 0.8, ((R.PATROL, 2), (R.K9, 1), (R.TRANSIT, 1)), (20, 45)),
    Type("cpd", "WARRANT", "Warrant service", 5, 1.5, ((R.FEDERAL, 2), (R.SHERIFF, 2), (R.PATROL, 1)), (25, 50),
         "scheduled"),
    Type("cpd", "WEAPON", "Person with a gun", 9, 1.5, ((R.PATROL, 3), (R.SERGEANT, 1)), (15, 35),
         hazards=("weapons", "officer_safety")),
    Type("cpd", "ROBBERY", "Robbery just occurred", 9, 1.5, ((R.PATROL, 3), (R.K9, 1)), (15, 40),
         hazards=("weapons",)),
    Type("cpd", "BARICADE", "Barricaded person", 9, 0.5,
         ((R.PATROL, 4), (R.SWAT, 3), (R.SERGEANT, 1), (R.AMBULANCE, 1), (R.SHERIFF, 1)), (40, 70),
         hazards=("weapons", "officer_safety")),
    Type("cfd", "MEDICAL", "Chest pain", 7, 8, ((R.AMBULANCE, 1), (R.ENGINE, 1)), (12, 25), patients=1),
    Type("cfd", "MEDICAL", "Fall, injury", 5, 8, ((R.AMBULANCE, 1),), (12, 25), patients=1),
    Type("cfd", "FIREALRM", "Fire alarm", 4, 5, ((R.ENGINE, 1), (R.LADDER, 1)), (8, 20), "alarm"),
    Type("cfd", "FIRE", "Rubbish fire", 3, 3, ((R.ENGINE, 1),), (8, 18)),
    Type("cfd", "MVAINJ", "Crash with injuries", 7, 4,
         ((R.AMBULANCE, 1), (R.ENGINE, 1), (R.PATROL, 1)), (15, 35), patients=2),
    Type("cfd", "RESCUE", "Lift rescue", 6, 1, ((R.LADDER, 1), (R.ENGINE, 1)), (15, 30)),
    Type("cfd", "HAZMAT", "Odour of gas", 6, 1, ((R.ENGINE, 1), (R.LADDER, 1), (R.CHIEF, 1)), (15, 35),
         hazards=("hazmat",)),
    Type("cfd", "STRUCTFR", "Structure fire", 10, 1.2,
         ((R.ENGINE, 3), (R.LADDER, 2), (R.CHIEF, 1), (R.AMBULANCE, 1), (R.PATROL, 2)), (30, 60),
         hazards=("smoke",)),
    Type("cfd", "MVAINJ", "Expressway crash, injuries", 8, 1,
         ((R.AMBULANCE, 2), (R.ENGINE, 1), (R.STATE, 2)), (20, 40), patients=2, expressway=True),
    Type("ccso", "TRAFFIC", "Traffic stop, assist", 2, 3, ((R.SHERIFF, 1),), (8, 20), "officer_initiated"),
    Type("ccso", "DISTURB", "Disturbance", 4, 3, ((R.SHERIFF, 2),), (10, 25)),
    Type("ccso", "WARRANT", "Court order service", 3, 2, ((R.SHERIFF, 2),), (15, 35), "scheduled"),
    Type("ccso", "MVA", "Crash on the expressway", 5, 2, ((R.STATE, 1), (R.SHERIFF, 1)), (15, 40),
         expressway=True),
    Type("tpd", "DISTURB", "Disturbance on platform", 4, 3, ((R.TRANSIT, 2),), (8, 22)),
    Type("tpd", "ASSIST", "Assist station staff", 3, 2, ((R.TRANSIT, 1),), (6, 15)),
    Type("tpd", "PERSDOWN", "Person ill on train", 6, 2, ((R.TRANSIT, 1), (R.AMBULANCE, 1)), (10, 22), patients=1),
)  # fmt: skip

SHOTS = Type("cpd", "SHOTS", "Shots fired, sensor", 8, 0, ((R.PATROL, 2), (R.SERGEANT, 1)), (12, 30), "sensor",
             ("weapons",), narrative="Opened on an acoustic alert.")  # fmt: skip
HOT_VEHICLE = Type("cpd", "SUSPVEH", "Plate hit, vehicle wanted", 6, 0, ((R.PATROL, 2),), (8, 20), "sensor",
                   ("officer_safety",), narrative="Opened on a confirmed plate reader hit.")  # fmt: skip
OFFICER_HELP = "Officer needs help"


def help_call(owner: str) -> Type:
    """Return the kind of incident that a unit's emergency opens."""
    wants = ((R.PATROL, 3), (R.SERGEANT, 1), (R.SHERIFF, 1), (R.AMBULANCE, 1))
    return Type(owner, "HLP1", OFFICER_HELP, 10, 0, wants, (2, 4), "officer_initiated", ("officer_safety",))


P1_MOST = 3
P1_LEAST = 1


def draw(chance: Random, open_p1: int, agencies: frozenset[str]) -> Type:
    """Return the next kind, with `open_p1` of priority 1 open now; of `agencies` alone."""
    pool = [t for t in TYPES if t.owner in agencies] or list(TYPES)
    urgent = [t for t in pool if t.priority >= 9]
    if open_p1 < P1_LEAST and urgent and chance.random() < 0.5:
        pool = urgent
    elif open_p1 >= P1_MOST - 1:
        pool = [t for t in pool if t.priority < 9]
    return chance.choices(pool, [t.weight for t in pool])[0]


class Part(IntEnum):
    """How far one unit has come with its incident."""

    ASSIGNED = 0
    EN_ROUTE = 1
    ON_SCENE = 2


_DISPOSITION = {"TRAFFIC": "18", "DISTURB": "18", "THEFT": "01", "FRAUD": "01", "WARRANT": "03", "ROBBERY": "03",
                "SUSPACT": "14", "SUSPVEH": "14"}  # fmt: skip
_DELAY_S = {1: (4, 15), 2: (10, 45), 3: (30, 150), 4: (60, 420)}
"""From the call to the dispatch, seconds, by local priority."""


class Incident(Struct):
    """One incident while it is open. Times are exercise seconds."""

    id: str
    number: str
    type: Type
    node: int
    x: float
    y: float
    address: str
    opened_at: float
    suspects: bool | None = None
    parts: dict[int, Part] = field(default_factory=dict)
    """Unit slot -> how far it has come."""
    arrived_at: float | None = None
    clears_at: float | None = None
    controlled: bool = False
    closed: bool = False

    @property
    def urgent(self) -> bool:
        """Whether units run hot to it."""
        return self.type.priority >= 6

    def delay_s(self, chance: Random) -> float:
        """Draw the time from the call to the dispatch, seconds."""
        return chance.uniform(*_DELAY_S[local_priority(self.type.priority)])

    def statuses(self) -> tuple[str, ...]:
        """Return the EIDO statuses that the units' progress amounts to."""
        if self.closed:
            return ("Closed",)
        said = ["Active"]
        parts = set(self.parts.values())
        for part, word in zip(Part, ("ResourcesAssigned", "ResourcesEnroute", "ResourcesOnscene"), strict=True):
            if part in parts:
                said.append(word)
        if self.controlled:
            said.append("FireUnderControl")
        return tuple(said)

    def report(self, at: float, unit_ids: tuple[str, ...]) -> IncidentReport:
        """Return all that its agency says of it at `at` (Unix seconds)."""
        lon, lat = lonlat(self.x, self.y)
        kind = self.type
        return IncidentReport(
            observed_at=at,
            status="exercise",
            incident_id=self.id,
            type_common=kind.common,
            status_common=self.statuses(),
            priority_common=kind.priority,
            origin=kind.origin,
            lat=lat,
            lon=lon,
            location_type="CurrentIncident" if self.arrived_at is not None else "InitialIncident",
            address=self.address,
            internal_id=self.number,
            type_internal=kind.words,
            assigned_units=unit_ids,
            dispositions=(_DISPOSITION.get(kind.common, "01"),) if self.closed else (),
            hazards=kind.hazards,
            patients=kind.patients or None,
            suspects_outstanding=self.suspects,
            narrative=kind.narrative or None,
        )
