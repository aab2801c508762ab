"""Plain words for the registries' codes: a code never stands on a screen without them."""

import re

_WORDS = {
    # unit status
    "ConditionallyAvailable": "Committed, may be asked",
    "NotAvailable": "Not available",
    "COP_or_POP": "Community or problem policing",
    "OutofService": "Out of service",
    "EnRoute": "En route",
    "OnScene": "On scene",
    # incident status
    "ReOpened": "Reopened",
    "ResourcesAssigned": "Units assigned",
    "ResourcesEnroute": "Units en route",
    "ResourcesOnscene": "Units on scene",
    "FireUnderControl": "Fire under control",
    # cameras
    "lpr_hit": "Plate hit",
    "uas_launched": "Drone launched",
    "uas_landed": "Drone landed",
    "uas_on_station": "Drone on station",
    "gunshot_detected": "Gunshot detected",
    "livestream_available": "Live picture available",
    "analytics_detection": "Detection by software",
    "human_verified": "Confirmed by a person",
    "unverified": "Not confirmed",
    "rejected": "Rejected",
    "in_car": "In-car camera",
    "body": "Body camera",
    "fixed": "Fixed camera",
    "ptz": "Steerable camera",
    "lpr": "Plate reader",
    "acoustic": "Acoustic sensor",
    "uas": "Drone",
    # zones
    "beat": "Beat",
    "cold": "Cold zone",
    "hot": "Hot zone",
    "icp": "Command post",
    "lz": "Landing zone",
    "no_fly": "No-fly zone",
    "perimeter_inner": "Inner perimeter",
    "perimeter_outer": "Outer perimeter",
    "response_zone": "Response zone",
    "sensitive_site": "Sensitive site",
    "staging": "Staging area",
    "traffic_control": "Traffic control",
    "warm": "Warm zone",
    "warning": "Public warning",
    # units
    "GroundALSAmbulance": "Ambulance (advanced)",
    "GroundBLSAmbulance": "Ambulance",
    "RotaryWingAircraft": "Helicopter",
    "UnmannedAerialVehicle": "Drone",
    "SWAT": "SWAT",
    "K9Unit": "K9 unit",
    "man_down": "Man down",
    "gps": "GPS",
    "gnss": "GNSS",
}

INCIDENT_TYPES = {
    "ABDUCT": "Abduction",
    "ACTSHOOT": "Active shooter",
    "ALARM": "Alarm",
    "ASSAULT": "Assault",
    "ASSIST": "Assist",
    "ATL": "Attempt to locate",
    "BARICADE": "Barricaded person",
    "BOMB": "Bomb",
    "BURG": "Burglary",
    "CU1": "CU1",  # in the registry without words that we could read
    "DISTURB": "Disturbance",
    "DOMESTIC": "Domestic",
    "DRUGS": "Drugs",
    "FIRE": "Fire",
    "FIREALRM": "Fire alarm",
    "FRAUD": "Fraud",
    "HAZMAT": "Hazardous material",
    "HLP1": "Officer in trouble",
    "HOSTAGE": "Hostage",
    "MEDICAL": "Medical",
    "MISSING": "Missing person",
    "MVA": "Traffic crash",
    "MVAINJ": "Traffic crash with injury",
    "PERSDOWN": "Person down",
    "PURSUIT": "Pursuit",
    "RESCUE": "Rescue",
    "ROBBERY": "Robbery",
    "SHOTS": "Shots fired",
    "STABBING": "Stabbing",
    "STRUCTFR": "Structure fire",
    "SUSPACT": "Suspicious activity",
    "SUSPPKG": "Suspicious package",
    "SUSPVEH": "Suspicious vehicle",
    "THEFT": "Theft",
    "TRAFFIC": "Traffic",
    "TRESPASS": "Trespass",
    "VANDAL": "Vandalism",
    "WARRANT": "Warrant",
    "WEAPON": "Weapon",
    "WELFARE": "Welfare check",
}

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")


def of(code: str) -> str:
    """Return a code in words; one we do not know is split at its capitals."""
    known = _WORDS.get(code)
    if known is not None:
        return known
    text = _CAMEL.sub(" ", code).strip()
    return text[:1].upper() + text[1:].lower() if text else code


def incident_type(code: str | None) -> str:
    """Return an incident type in words, the code itself when it is not in the registry."""
    return INCIDENT_TYPES.get(code, code) if code else "Incident"


_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


def course(degrees: float) -> str:
    """Return a course as one of eight winds."""
    return _COMPASS[round(degrees / 45.0) % 8]


def age(seconds: float) -> str:
    """Return an age for people: `12 s`, `3 min`, `2 h 05 min`, `3 d`."""
    s = max(0, int(seconds))
    if s < 120:
        return f"{s} s"
    if s < 7200:
        return f"{s // 60} min"
    if s < 172800:
        return f"{s // 3600} h {s % 3600 // 60:02d} min"
    return f"{s // 86400} d"
