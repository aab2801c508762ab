"""The registries of NENA-STA-021.1b (EIDO) that our vocabulary uses, as far as we know their values.

A value outside its registry is kept and flagged (`report.unregistered`), never refused: agencies
extend these lists, and a word we do not know is still what the agency said.
"""

PRIMARY_STATUS = frozenset({"Available", "ConditionallyAvailable", "NotAvailable"})
"""EIDO Table 3-9, primary unit status."""

SECONDARY_STATUS = frozenset(
    {
        "AcknowledgedTransmission", "Arrived", "ArrivedAtDestination", "Assigned", "AtHospital", "AtPatient",
        "Backup", "COP_or_POP", "Cleared", "CourtDetail", "CoveringAlternateArea", "Dispatched", "EnRoute",
        "EnRouteToDestination", "Fueling", "InQuarters", "InService", "Investigation", "LocalTraining", "Maintenance",
        "MealBreak", "OffDuty", "OnPatrol", "OnScene", "OutofService", "PatientContact", "Prisoner", "Relocated",
        "ReportWriting", "Returning", "SpecialDetail", "Staging", "Standby", "TrafficStop", "Training",
        "Transporting", "Unavailable", "UnderRepair", "Unstaffed", "Volunteer", "WaitingForTow",
    }
)  # fmt: skip
"""EIDO Table 3-10, secondary unit status."""

UNIT_TYPE = frozenset(
    {
        "BikeTeam", "BombSquad", "CrowdControlTeam", "Engine", "GangEnforcement", "GroundALSAmbulance",
        "GroundBLSAmbulance", "Investigator", "K9Unit", "LadderTruck", "LawEnforcementCommandUnit",
        "MobileCommunicationCenter", "MountedPatrol", "PatrolUnit", "RotaryWingAircraft", "SWAT", "SchoolOfficer",
        "Squad", "TrafficUnit", "TransitOfficer", "UnmannedAerialVehicle",
    }
)  # fmt: skip
"""EIDO Table 3-8, emergency resource type (the part this field uses)."""

INCIDENT_STATUS = frozenset(
    {
        "Active", "Cancelled", "Closed", "FireUnderControl", "NewLocation", "ReOpened", "ResourcesAssigned",
        "ResourcesEnroute", "ResourcesOnscene", "StructureCleared",
    }
)  # fmt: skip
"""EIDO Table 3-3, incident status; an incident may hold several."""

INCIDENT_TYPE = frozenset(
    {
        "ABDUCT", "ACTSHOOT", "ALARM", "ASSAULT", "ASSIST", "ATL", "BARICADE", "BOMB", "BURG", "CU1", "DISTURB",
        "DOMESTIC", "DRUGS", "FIRE", "FIREALRM", "FRAUD", "HAZMAT", "HLP1", "HOSTAGE", "MEDICAL", "MISSING", "MVA",
        "MVAINJ", "PERSDOWN", "PURSUIT", "RESCUE", "ROBBERY", "SHOTS", "STABBING", "STRUCTFR", "SUSPACT", "SUSPPKG",
        "SUSPVEH", "THEFT", "TRAFFIC", "TRESPASS", "VANDAL", "WARRANT", "WEAPON", "WELFARE",
    }
)  # fmt: skip
"""APCO common incident type codes named by EIDO Table 3-2 (the part this field uses)."""

CAMERA_EVENT = frozenset(
    {
        "analytics_detection", "announced", "buffering", "gunshot_detected", "livestream_available", "lpr_hit",
        "offline", "recording_started", "recording_stopped", "tamper", "uas_landed", "uas_launched",
        "uas_on_station", "weapon_drawn",
    }
)  # fmt: skip
"""Our own schema (no single standard fits); `announced` is a report of state by cadence, not an occurrence."""

CAMERA_KIND = frozenset({"acoustic", "body", "fixed", "in_car", "lpr", "ptz", "uas"})
CAMERA_STATE = frozenset({"buffering", "idle", "live", "offline", "recording"})
EMERGENCY = frozenset({"geofence", "gunshot_near", "in_contact", "man_down", "manual", "none"})
LOCATION_TYPE = frozenset(
    {"Caller", "CurrentIncident", "InitialIncident", "Investigation", "Other", "Staging", "UnitLocation"}
)
LOG_KIND = frozenset({"acknowledgement", "correction", "decision", "finding", "handover", "note", "order", "request"})
"""Our own: what a log entry is (an ICS-214 line has no kinds)."""
ZONE_KIND = frozenset(
    {
        "beat", "cold", "geofence", "hot", "icp", "jurisdiction", "lz", "no_fly", "perimeter_inner",
        "perimeter_outer", "response_zone", "sensitive_site", "staging", "traffic_control", "warm", "warning",
    }
)  # fmt: skip
"""Our own; `warning` is the area of a public alert (CAP)."""
ORIGIN = frozenset({"alarm", "citizen_call", "officer_initiated", "scheduled", "sensor"})
SENSITIVE_LABELS = frozenset({"juvenile", "medical", "tactical", "undercover", "victim"})
"""Labels that deny across agencies unless a clause names them."""
