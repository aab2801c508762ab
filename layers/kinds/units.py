"""Units: vehicles, aircraft, people on foot, teams. The fast layer: drawn values come in columns from the swarm."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from feeds.report import Category
from layers import symbol
from layers.layer import Layer, Row, present
from layers.policy import Door
from layers.roster import Roster
from layers.seen import Seen
from layers.swarm import UNKNOWN_I4, UNKNOWN_U2, Swarm, course, deci, degrees

EMERGENCY_FLAG, DRILL_FLAG, SKEW_FLAG = 1, 8, 16


def _row(seen: Seen) -> Row:
    fields = seen.fields
    place = fields.get("place")
    flags = (
        (EMERGENCY_FLAG if fields.get("emergency", "none") != "none" else 0)
        | (DRILL_FLAG if seen.status != "actual" else 0)
        | (SKEW_FLAG if seen.skew else 0)
    )
    at = degrees(np.array(place or (0.0, 0.0)), np.array(place is not None)).tolist()
    return (
        *at,
        int(course([fields.get("course_deg")])[0]),
        int(deci([fields.get("speed_mps")], 65534)[0]),
        int(
            symbol.unit_status(
                fields.get("primary_status"), fields.get("secondary_status"), bool(fields.get("assigned"))
            )
        ),
        flags,
        int(deci([fields.get("h_err_m")], 65534, 1.0)[0]),
    )


def _swarm_rows(swarm: Swarm, slots: np.ndarray, granted: np.ndarray, door: Door) -> Mapping[str, np.ndarray]:
    all_columns = swarm.columns

    def take(name: str, category: Category, absent: int) -> np.ndarray:
        return door.mask(all_columns[name][slots], granted, category, absent)

    position, status = Category.UNIT_POSITION, Category.UNIT_STATUS
    flags = take("emergency", Category.UNIT_EMERGENCY, 0) * EMERGENCY_FLAG
    flags = flags | take("drill", position, 0) * DRILL_FLAG | take("skew", position, 0) * SKEW_FLAG
    # Whoever may not know the status may not learn it from how long the unit is given either.
    by_state = door.mask(np.ones(len(slots), np.uint8), granted, status, 0) == 1
    return {
        "lon": take("lon", position, UNKNOWN_I4),
        "lat": take("lat", position, UNKNOWN_I4),
        "course": take("course", position, UNKNOWN_U2),
        "speed": take("speed", position, UNKNOWN_U2),
        "status": take("status", status, int(symbol.UnitStatus.UNSAID)),
        "flags": flags,
        "err": take("err", position, UNKNOWN_U2),
        "heard": all_columns["heard"][slots],
        "received": all_columns["received"][slots],
        "stale": np.where(by_state, all_columns["stale_by_state"][slots], all_columns["stale"][slots]),
        "lost": np.where(by_state, all_columns["lost_by_state"][slots], all_columns["lost"][slots]),
    }


def _record(seen: Seen, roster: Roster) -> dict[str, Any]:
    fields = seen.fields
    return present(
        {
            "id": seen.id,
            "agency": seen.agency,
            "call_sign": fields.get("call_sign"),
            "unit_type": fields.get("unit_type"),
            "family": symbol.unit_family(fields.get("unit_type"), roster.family(seen.agency)),
            "primary_status": fields.get("primary_status"),
            "secondary_status": fields.get("secondary_status"),
            "status_internal": fields.get("status_internal"),
            "incident_id": fields.get("incident_id"),
            "emergency": fields.get("emergency"),
            "capabilities": fields.get("capabilities"),
            "crew": fields.get("crew"),
            "source": seen.source,
            "cadence_s": seen.cadence_s,
            "status": seen.status,
        }
    )


LAYER = Layer(
    name="units",
    title="Units",
    subscribe="latest",
    columns=(
        ("lon", "i4"),
        ("lat", "i4"),
        ("course", "u2"),
        ("speed", "u2"),
        ("status", "u1"),
        ("flags", "u1"),
        ("err", "u2"),
        ("age", "u2"),
        ("lag", "u2"),
    ),
    age_steps=10.0,
    row=_row,
    record=_record,
    symbols=symbol.UNIT_SYMBOLS,
    swarm_rows=_swarm_rows,
)
