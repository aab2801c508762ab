"""Cameras and sensors: where they are, what they look at, whether they record. What they saw travels as events."""

from typing import Any

import numpy as np

from layers import symbol
from layers.layer import Layer, Row, present
from layers.roster import Roster
from layers.seen import Seen
from layers.swarm import course, deci, degrees

DRILL_FLAG, ALERT_FLAG = 8, 16


def _row(seen: Seen) -> Row:
    fields = seen.fields
    place = fields.get("place")
    at = degrees(np.array(place or (0.0, 0.0)), np.array(place is not None)).tolist()
    return (
        *at,
        int(course([fields.get("bearing_deg")])[0]),
        int(deci([fields.get("fov_deg")], 3600)[0]),
        int(deci([fields.get("range_m")], 65534, 1.0)[0]),
        symbol.CAMERA_STATES.get(fields.get("camera_state", ""), 0),
        symbol.CAMERA_KINDS.get(fields.get("camera_kind", ""), 0),
        DRILL_FLAG if seen.status != "actual" else 0,
    )


def _record(seen: Seen, roster: Roster) -> dict[str, Any]:
    fields = seen.fields
    return present(
        {
            "id": seen.id,
            "agency": seen.agency,
            "name": fields.get("name"),
            "carrier_unit_id": fields.get("carrier_unit_id"),
            "media_ref": fields.get("media_ref"),
            "source": seen.source,
            "cadence_s": seen.cadence_s,
        }
    )


LAYER = Layer(
    name="cameras",
    title="Cameras",
    subscribe="latest",
    columns=(
        ("lon", "i4"),
        ("lat", "i4"),
        ("bearing", "u2"),
        ("fov", "u2"),
        ("range", "u2"),
        ("camera_state", "u1"),
        ("camera_kind", "u1"),
        ("flags", "u1"),
        ("age", "u2"),
    ),
    age_steps=10.0,
    row=_row,
    record=_record,
    symbols=symbol.CAMERA_SYMBOLS,
    alert_flag=ALERT_FLAG,
    alert_until=lambda seen: max((alert.until for alert in seen.alerts), default=float("-inf")),
)
