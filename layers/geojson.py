"""A view as GeoJSON (RFC 7946: lon, lat; WGS 84). Made of the view alone, so it holds what the viewer may see."""

from collections.abc import Iterator
from typing import Any

import msgspec

from layers.kinds.incidents import CLOSED_FLAG
from layers.kinds.log import CORRECTED_FLAG
from layers.kinds.units import SKEW_FLAG
from layers.swarm import UNKNOWN_I4, UNKNOWN_U2
from layers.symbol import CAMERA_KINDS, CAMERA_STATES, UnitStatus
from layers.table import Table
from layers.view import View

_LIFE = ("fresh", "stale", "lost")
_STATES = {number: name for name, number in CAMERA_STATES.items()}
_KINDS = {number: name for name, number in CAMERA_KINDS.items()}

_encode = msgspec.json.Encoder().encode

HEAD, TAIL = b'{"type":"FeatureCollection","features":[', b"]}"


def pieces(view: View, layer: str, size: int = 250) -> Iterator[bytes]:
    """Yield the features of a layer as JSON, `size` of them at a time, joined by commas within a piece.

    The rows are those of the call; a caller that pauses between pieces gets later values of them, and none
    that went meanwhile.
    """
    table = view.tables[layer]
    rows = [row for row in range(table.end) if table.present[row]]
    for start in range(0, len(rows), size):
        features = [_feature(table, row, view.at) for row in rows[start : start + size] if table.present[row]]
        if features:
            yield _encode(features)[1:-1]


def collection(view: View, layer: str) -> bytes:
    """Return a whole layer as a FeatureCollection."""
    return HEAD + b",".join(pieces(view, layer)) + TAIL


def _feature(table: Table, row: int, t: float) -> dict[str, Any]:
    columns = table.columns
    properties = dict(table.records[row] or {})
    # A zone's record holds its shape; a disc is a Point, with `radius_m` among the properties.
    geometry = properties.pop("geometry", None) if table.layer.name == "zones" else _point(columns, row)
    properties["life"] = _LIFE[int(table.life[row])]
    properties["age_s"] = round(max(0.0, t - float(table.age_from[row])), 1)
    if table.layer.name == "zones":
        properties["planned"] = bool(table.alerting[row])
    else:
        properties |= _DRAWN[table.layer.name](columns, row)
    return {
        "type": "Feature",
        "id": f"{properties['agency']}/{properties['id']}",
        "geometry": geometry,
        "properties": properties,
    }


def _point(columns: dict[str, Any], row: int) -> dict[str, Any] | None:
    lon, lat = int(columns["lon"][row]), int(columns["lat"][row])
    return None if UNKNOWN_I4 in (lon, lat) else {"type": "Point", "coordinates": [lon / 1e7, lat / 1e7]}


def _number(value: int, steps: float) -> float | None:
    return None if value == UNKNOWN_U2 else value / steps


def _said(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _unit(columns: dict[str, Any], row: int) -> dict[str, Any]:
    status = UnitStatus(int(columns["status"][row]))
    return _said(
        display_status=None if status is UnitStatus.UNSAID else status.name,
        course_deg=_number(int(columns["course"][row]), 10.0),
        speed_mps=_number(int(columns["speed"][row]), 10.0),
        h_err_m=_number(int(columns["err"][row]), 1.0),
        clock_skew=True if int(columns["flags"][row]) & SKEW_FLAG else None,
    )


def _incident(columns: dict[str, Any], row: int) -> dict[str, Any]:
    priority = int(columns["priority"][row])
    return _said(priority=f"P{priority}" if priority else None, closed=bool(int(columns["flags"][row]) & CLOSED_FLAG))


def _camera(columns: dict[str, Any], row: int) -> dict[str, Any]:
    return _said(
        bearing_deg=_number(int(columns["bearing"][row]), 10.0),
        fov_deg=_number(int(columns["fov"][row]), 10.0),
        range_m=_number(int(columns["range"][row]), 1.0),
        camera_state=_STATES.get(int(columns["camera_state"][row])),
        camera_kind=_KINDS.get(int(columns["camera_kind"][row])),
    )


def _entry(columns: dict[str, Any], row: int) -> dict[str, Any]:
    return {"corrected": bool(int(columns["flags"][row]) & CORRECTED_FLAG)}


_DRAWN = {"units": _unit, "incidents": _incident, "cameras": _camera, "log": _entry}
