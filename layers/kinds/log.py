"""Log entries: those with a place are marks on the map; every one is a line of the log, which travels as events."""

from typing import Any

import numpy as np

from layers import symbol
from layers.layer import Layer, Row, present
from layers.roster import Roster
from layers.seen import Seen
from layers.swarm import degrees

DRILL_FLAG, CORRECTED_FLAG = 8, 32


def _row(seen: Seen) -> Row:
    fields = seen.fields
    place = fields.get("place")
    flags = (DRILL_FLAG if seen.status != "actual" else 0) | (CORRECTED_FLAG if "corrected_by" in fields else 0)
    at = degrees(np.array(place or (0.0, 0.0)), np.array(place is not None)).tolist()
    return *at, symbol.LOG_KINDS.get(fields.get("entry_kind", ""), 0), flags


def _record(seen: Seen, roster: Roster) -> dict[str, Any]:
    fields = seen.fields
    return present(
        {
            "id": seen.id,
            "agency": seen.agency,
            "entry_kind": fields.get("entry_kind"),
            "text": fields.get("text"),
            "author_position": fields.get("author_position"),
            "incident_id": fields.get("incident_id"),
            "refs": fields.get("refs"),
            "supersedes": fields.get("supersedes"),
            "observed_at": seen.observed_at,
            "source": seen.source,
            "status": seen.status,
        }
    )


LAYER = Layer(
    name="log",
    title="Log",
    subscribe="latest",
    columns=(("lon", "i4"), ("lat", "i4"), ("entry_kind", "u1"), ("flags", "u1"), ("age", "u4")),
    age_steps=1.0,
    row=_row,
    record=_record,
    symbols=symbol.LOG_SYMBOLS,
)
