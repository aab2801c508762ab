"""Zones: perimeters, staging, boundaries, warnings. Slow: the record holds the shape, the columns kind and life."""

from typing import Any

import numpy as np

from layers import symbol
from layers.layer import Layer, Row, present
from layers.roster import Roster
from layers.seen import Seen
from layers.shape import anchor, plain
from layers.swarm import degrees

DRILL_FLAG, PLANNED_FLAG = 8, 16


def _row(seen: Seen) -> Row:
    geometry = seen.fields.get("geometry")
    place = anchor(geometry) if geometry is not None else (0.0, 0.0)
    return (
        *degrees(np.array(place), np.array(geometry is not None)).tolist(),
        symbol.ZONE_KINDS.get(seen.fields.get("zone_kind", ""), 0),
        DRILL_FLAG if seen.status != "actual" else 0,
    )


def _record(seen: Seen, roster: Roster) -> dict[str, Any]:
    fields = seen.fields
    return present(
        {
            "id": seen.id,
            "agency": seen.agency,
            "name": fields.get("name"),
            "zone_kind": fields.get("zone_kind"),
            "geometry": plain(fields["geometry"]) if "geometry" in fields else None,
            "radius_m": fields.get("radius_m"),
            "valid_from": fields.get("valid_from"),
            "valid_to": fields.get("valid_to"),
            "boundary_version": fields.get("boundary_version"),
            "incident_id": fields.get("incident_id"),
            "operation_id": fields.get("operation_id"),
            "min_available_units": fields.get("min_available_units"),
            "target_travel_s": fields.get("target_travel_s"),
            "source": seen.source,
            "status": seen.status,
        }
    )


LAYER = Layer(
    name="zones",
    title="Zones",
    subscribe="latest",
    columns=(("lon", "i4"), ("lat", "i4"), ("zone_kind", "u1"), ("flags", "u1"), ("age", "u4")),
    age_steps=1.0,
    row=_row,
    record=_record,
    symbols=symbol.ZONE_SYMBOLS,
    age_from=lambda seen: seen.opened_at,
    # What stands only later is planned until then: the same deadline as an alert that ends.
    alert_flag=PLANNED_FLAG,
    alert_until=lambda seen: seen.fields.get("valid_from", float("-inf")),
)
