"""Incidents: calls for service and what became of them. Their history travels as events."""

from typing import Any

import numpy as np

from layers import symbol
from layers.layer import Layer, Row, present
from layers.picture import is_closed
from layers.roster import Roster
from layers.seen import Seen
from layers.swarm import degrees

DRILL_FLAG, EN_ROUTE_FLAG, ON_SCENE_FLAG, CLOSED_FLAG, UNASSIGNED_FLAG = 8, 16, 32, 64, 128

_TAKEN = frozenset({"ResourcesAssigned", "ResourcesEnroute", "ResourcesOnscene"})


def _row(seen: Seen) -> Row:
    fields = seen.fields
    place = fields.get("place")
    status = fields.get("status_common", ())
    closed = is_closed(status)
    taken = bool(fields.get("assigned_units")) or bool(_TAKEN.intersection(status))
    flags = (
        (DRILL_FLAG if seen.status != "actual" else 0)
        | (EN_ROUTE_FLAG if "ResourcesEnroute" in status else 0)
        | (ON_SCENE_FLAG if "ResourcesOnscene" in status else 0)
        | (CLOSED_FLAG if closed else 0)
        | (UNASSIGNED_FLAG if not taken and not closed else 0)
    )
    at = degrees(np.array(place or (0.0, 0.0)), np.array(place is not None)).tolist()
    return *at, symbol.incident_priority(fields.get("priority_common")), flags


def _record(seen: Seen, roster: Roster) -> dict[str, Any]:
    fields = seen.fields
    return present(
        {
            "id": seen.id,
            "agency": seen.agency,
            "type": fields.get("type_common"),
            "type_internal": fields.get("type_internal"),
            "status": fields.get("status_common"),
            "priority_common": fields.get("priority_common"),
            "origin": fields.get("origin"),
            "address": fields.get("address"),
            "opened_at": seen.opened_at,
            "updated_at": seen.effective_at,
            "units": fields.get("assigned_units"),
            "hazards": fields.get("hazards"),
            "patients": fields.get("patients"),
            "internal_id": fields.get("internal_id"),
            "report_status": seen.status,
        }
    )


LAYER = Layer(
    name="incidents",
    title="Incidents",
    subscribe="latest",
    columns=(("lon", "i4"), ("lat", "i4"), ("priority", "u1"), ("flags", "u1"), ("age", "u4")),
    age_steps=1.0,
    row=_row,
    record=_record,
    symbols=symbol.INCIDENT_SYMBOLS,
    age_from=lambda seen: seen.opened_at,
)
