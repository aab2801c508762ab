"""The detail card of one thing, in plain words: made of what the viewer class may know of it (`Seen`)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from layers import symbol, words
from layers.picture import CAMERAS, INCIDENTS, UNITS
from layers.roster import Roster
from layers.seen import Seen
from layers.track import lives
from layers.view import View

MPH = 2.2369362920544
"""Miles an hour in a metre a second."""
FEET = 3.280839895013123
HISTORY_LINES = 40


class Card(Struct, frozen=True):
    """What the page shows (docs/wire.md): rows are `(label, text)`, history `(at, text)`, newest first."""

    title: str
    subtitle: str
    position: tuple[float, float] | None
    """lon, lat in degrees."""
    rows: tuple[tuple[str, str], ...]
    observed_at: float
    received_at: float
    flagged: tuple[str, ...] = ()
    history: tuple[tuple[float, str], ...] = ()


def card(view: View, roster: Roster, layer: str, agency: str, entity_id: str, t: float) -> Card | None:
    """Return the card of a thing of `agency` at `t`, or None when for this class there is none."""
    if not view.shows(layer, agency, entity_id):
        return None
    seen = view.door.find(layer, entity_id, agency, whole=True)
    if seen is None:
        return None
    title, subtitle, rows = {UNITS: _unit, INCIDENTS: _incident, CAMERAS: _camera}[layer](seen, view, roster)
    rows += _origin(seen, roster, t)
    history = _camera_history(view, agency, entity_id) if layer == CAMERAS else _history(seen)
    return Card(
        title=title,
        subtitle=subtitle,
        position=seen.fields.get("place"),
        rows=tuple((label, text) for label, text in rows if text),
        observed_at=seen.observed_at,
        received_at=seen.received_at,
        flagged=seen.flagged,
        history=tuple(history),
    )


Rows = list[tuple[str, str]]


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(f"{words.of(code)} ({code})" if words.of(code) != code else code for code in codes)


def _unit(seen: Seen, view: View, roster: Roster) -> tuple[str, str, Rows]:
    fields = seen.fields
    kind = words.of(fields["unit_type"]) if "unit_type" in fields else "Unit"
    primary, secondary = fields.get("primary_status"), fields.get("secondary_status")
    shown = symbol.unit_status(primary, secondary, bool(fields.get("assigned")))
    rows: Rows = []
    if fields.get("emergency", "none") != "none":
        rows.append(("Emergency", words.of(fields["emergency"])))
    if shown is not symbol.UnitStatus.UNSAID:
        rows.append(("Status", f"{symbol.UNIT_SYMBOLS[shown].label} ({shown.name})"))
    rows += [
        ("Said", _listed([*([primary] if primary else []), *(secondary or ())])),
        ("Agency's own code", fields.get("status_internal", "")),
        ("Incident", fields.get("incident_id", "")),
        ("Moving", _motion(fields)),
        ("Within", _metres(fields.get("h_err_m"))),
        ("Height", f"{fields['hae_m'] * FEET:.0f} ft above the ellipsoid" if "hae_m" in fields else ""),
        ("Fix", fields.get("fix_method", "")),
        ("Can", _listed(fields.get("capabilities", ()))),
        ("Crew", str(fields["crew"]) if "crew" in fields else ""),
    ]
    return fields.get("call_sign") or seen.id, f"{kind}, {roster.name(seen.agency)}", rows


def _motion(fields: dict[str, Any]) -> str:
    speed, degrees = fields.get("speed_mps"), fields.get("course_deg")
    parts = []
    if speed is not None:
        parts.append("standing" if speed < 0.5 else f"{speed * MPH:.0f} mph")
    if degrees is not None and (speed is None or speed >= 0.5):
        parts.append(f"{words.course(degrees)} ({degrees:.0f}°)")
    return " ".join(parts)


def _metres(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} m"


def _incident(seen: Seen, view: View, roster: Roster) -> tuple[str, str, Rows]:
    fields = seen.fields
    priority = symbol.incident_priority(fields.get("priority_common"))
    kind = words.incident_type(fields.get("type_common"))
    head = f"P{priority} {kind}" if priority else kind
    common = fields.get("priority_common")
    suspects = fields.get("suspects_outstanding")
    rows: Rows = [
        ("Status", _listed(fields.get("status_common", ()))),
        ("Address", fields.get("address", "")),
        ("Priority", f"P{priority} (common {common} of 10)" if priority else ""),
        ("Type", f"{kind} ({fields['type_common']})" if fields.get("type_common") else ""),
        ("Agency's own type", fields.get("type_internal", "")),
        ("Agency's own status", fields.get("status_internal", "")),
        ("Number", fields.get("internal_id", "")),
        ("Came from", words.of(fields["origin"]) if "origin" in fields else ""),
        ("Units", ", ".join(_call_sign(view, seen.agency, unit) for unit in fields.get("assigned_units", ()))),
        ("Hazards", _listed(fields.get("hazards", ()))),
        ("Patients", str(fields["patients"]) if "patients" in fields else ""),
        ("Suspects outstanding", "" if suspects is None else ("yes" if suspects else "no")),
        ("Dispositions", _listed(fields.get("dispositions", ()))),
        ("Narrative", fields.get("narrative", "")),
        ("Opened", _clock(seen.opened_at)),
    ]
    return head, f"{fields.get('address') or seen.id}, {roster.name(seen.agency)}", rows


def _call_sign(view: View, agency: str, unit_id: str) -> str:
    """Return what people call a unit that a thing of `agency` names: its own agency's first, else another's."""
    seen = view.door.find(UNITS, unit_id, agency) or view.door.find(UNITS, unit_id)
    return (seen.fields.get("call_sign") if seen else None) or unit_id


def _camera(seen: Seen, view: View, roster: Roster) -> tuple[str, str, Rows]:
    fields = seen.fields
    kind = words.of(fields["camera_kind"]) if "camera_kind" in fields else "Camera"
    carrier = fields.get("carrier_unit_id")
    looks = ""
    if "bearing_deg" in fields:
        looks = f"{words.course(fields['bearing_deg'])} ({fields['bearing_deg']:.0f}°)"
        looks += f", {fields['fov_deg']:.0f}° wide" if "fov_deg" in fields else ""
        looks += f", {fields['range_m']:.0f} m far" if "range_m" in fields else ""
    rows: Rows = [("Alert", _alert(alert.event_type, alert.verification)) for alert in seen.alerts]
    rows += [
        ("State", words.of(fields["camera_state"]) if "camera_state" in fields else ""),
        ("Looks", looks),
        ("Carried by", _call_sign(view, seen.agency, carrier) if carrier else ""),
        ("Media", fields.get("media_ref", "")),
    ]
    return fields.get("name") or seen.id, f"{kind}, {roster.name(seen.agency)}", rows


def _alert(event_type: str, verification: str | None) -> str:
    return f"{words.of(event_type)}, {words.of(verification or 'unverified').lower()}"


def _origin(seen: Seen, roster: Roster, t: float) -> Rows:
    life = int(lives(t, *_deadlines(seen)).item())
    age = words.age(t - seen.effective_at)
    return [
        ("Age", f"{age}{('', ', stale', ', lost: last seen')[life]}"),
        ("Observed", _clock(seen.observed_at) + (" (source's clock is ahead)" if seen.skew else "")),
        ("Received", _clock(seen.received_at)),
        ("Source", f"{seen.source}, every {words.age(seen.cadence_s)}"),
        ("Data is", "" if seen.status == "actual" else seen.status),
        ("Id", seen.id),
        ("Not in registry", ", ".join(seen.flagged)),
    ]


def _deadlines(seen: Seen) -> tuple[Any, Any]:
    import numpy as np

    return np.array(seen.stale_at), np.array(seen.lost_at)


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


_TOLD = ("status_common", "priority_common", "type_common", "address", "narrative", "assigned_units", "place")


def _history(seen: Seen) -> list[tuple[float, str]]:
    """Return what changed, newest first: the fold over the reports, told line by line."""
    before: dict[str, Any] = {}
    lines: list[tuple[float, str]] = []
    for line in seen.history:
        told = [_change(name, line.fields[name]) for name in _TOLD if line.fields.get(name, before.get(name)) !=
                before.get(name)]  # fmt: skip
        before.update(line.fields)
        if told:
            lines.append((line.at, "; ".join(told)))
    return lines[: -HISTORY_LINES - 1 : -1]


def _change(name: str, value: Any) -> str:
    if name == "status_common":
        return ", ".join(words.of(code) for code in value)
    if name == "priority_common":
        return f"priority P{symbol.incident_priority(value)}"
    if name == "type_common":
        return words.incident_type(value)
    if name == "assigned_units":
        return f"{len(value)} unit{'' if len(value) == 1 else 's'} assigned"
    if name == "place":
        return "place given"
    return f"{name}: {value}"


def _camera_history(view: View, agency: str, camera_id: str) -> list[tuple[float, str]]:
    records = [event.record for event in view.events]
    events = [r for r in records if r.get("camera_id") == camera_id and r["agency"] == agency]
    return [(record["at"], record["text"]) for record in events[: -HISTORY_LINES - 1 : -1]]
