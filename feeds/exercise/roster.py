"""Who is out there: the units of six agencies with their call signs, kinds and home beats.

The mix is that of a weekday shift: 120 of 300 are city police, 60 fire and ambulance, 45 sheriff, 30 state
police, 25 transit police, 12 federal, 8 in the air. Any number of units keeps the mix.
"""

from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import NamedTuple

from msgspec import Struct


class Role(StrEnum):
    """What a unit is sent for."""

    PATROL = "patrol"
    SERGEANT = "sergeant"
    K9 = "k9"
    SWAT = "swat"
    TRAFFIC = "traffic"
    BIKE = "bike"
    HELICOPTER = "helicopter"
    DRONE = "drone"
    ENGINE = "engine"
    LADDER = "ladder"
    CHIEF = "chief"
    AMBULANCE = "ambulance"
    SHERIFF = "sheriff"
    STATE = "state"
    TRANSIT = "transit"
    FEDERAL = "federal"


class Kind(NamedTuple):
    """One line of the roster."""

    role: Role
    agency: str
    source: str
    share: int
    """Units of this kind in 300."""
    unit_type: str
    sign: Callable[[int], str]
    """Call sign of the n-th unit of the kind, from 0; at most 8 characters."""
    crew: int
    capabilities: tuple[str, ...] = ()


class Member(Struct, frozen=True):
    """One unit as the roster has it."""

    unit_id: str
    call_sign: str
    kind: Kind
    district: int
    """Which of the districts it belongs to, from 0."""


DISTRICTS = 25
_WATCH = "RABCDEFGHJKLMNPQSTUVWXYZ"


def _beat(n: int) -> str:
    district, beat, watch = n % DISTRICTS, n // DISTRICTS % 27, n // (DISTRICTS * 27)
    return f"{district + 1}{beat // 9 + 1}{beat % 9 + 1}{_WATCH[watch % 24]}"


def _sergeant(n: int) -> str:
    return f"{n % DISTRICTS + 1}{n // DISTRICTS % 9 + 1}0" + (_WATCH[n // 225 % 24] if n >= 225 else "")


def _numbered(prefix: str, first: int, step: int = 1) -> Callable[[int], str]:
    return lambda n: f"{prefix}{first + n * step}"


KINDS = (
    Kind(Role.PATROL, "cpd", "cpd-avl", 78, "PatrolUnit", _beat, 2),
    Kind(Role.SERGEANT, "cpd", "cpd-avl", 12, "PatrolUnit", _sergeant, 1, ("Supervisor",)),
    Kind(Role.TRAFFIC, "cpd", "cpd-avl", 10, "TrafficUnit", _numbered("TR-", 11), 1),
    Kind(Role.BIKE, "cpd", "cpd-avl", 8, "BikeTeam", _numbered("BK-", 1), 4),
    Kind(Role.K9, "cpd", "cpd-avl", 6, "K9Unit", _numbered("K9-", 21), 1, ("ExplosiveK9",)),
    Kind(Role.SWAT, "cpd", "cpd-avl", 6, "SWAT", _numbered("SW-", 1), 4),
    Kind(Role.HELICOPTER, "cpd", "cpd-avl", 2, "RotaryWingAircraft", _numbered("AIR-", 1), 2, ("FLIR",)),
    Kind(Role.DRONE, "cpd", "cpd-avl", 6, "UnmannedAerialVehicle", _numbered("UAS-", 1), 0, ("FLIR",)),
    Kind(Role.ENGINE, "cfd", "cfd-avl", 24, "Engine", _numbered("E-", 1), 5),
    Kind(Role.LADDER, "cfd", "cfd-avl", 10, "LadderTruck", _numbered("L-", 1), 5),
    Kind(Role.AMBULANCE, "cfd", "cfd-avl", 22, "GroundALSAmbulance", _numbered("A-", 1), 2),
    Kind(Role.CHIEF, "cfd", "cfd-avl", 4, "Squad", _numbered("BC-", 1), 1, ("Supervisor",)),
    Kind(Role.SHERIFF, "ccso", "ccso-avl", 45, "PatrolUnit", _numbered("S-", 201), 1),
    Kind(Role.STATE, "isp", "isp-cot", 30, "PatrolUnit", _numbered("ISP-", 31), 1),
    Kind(Role.TRANSIT, "tpd", "tpd-avl", 25, "TransitOfficer", _numbered("T-", 11), 2),
    Kind(Role.FEDERAL, "ftf", "ftf-cot", 12, "Investigator", _numbered("FTF-", 1), 2),
)

FIRE_ROLES = frozenset({Role.ENGINE, Role.LADDER, Role.AMBULANCE, Role.CHIEF})
AIR_ROLES = frozenset({Role.HELICOPTER, Role.DRONE})
LAW_ROLES = frozenset(Role) - FIRE_ROLES - AIR_ROLES


def muster(units: int, chance: Random) -> list[Member]:
    """Return `units` members, in the mix of the head; order and call signs are the same for the same number."""
    whole = sum(k.share for k in KINDS)
    exact = [units * k.share / whole for k in KINDS]
    counts = [int(e) for e in exact]
    # What rounding left over goes to the largest remainders, so that the sum is exact.
    for i in sorted(range(len(KINDS)), key=lambda i: counts[i] - exact[i])[: units - sum(counts)]:
        counts[i] += 1
    members = []
    for kind, count in zip(KINDS, counts, strict=True):
        for n in range(count):
            sign = kind.sign(n)
            uid = sign if kind.source.endswith("-cot") else f"{kind.agency.upper()}-{sign}"
            members.append(Member(uid, sign, kind, n % DISTRICTS if kind.share > 6 else chance.randrange(DISTRICTS)))
    return members
