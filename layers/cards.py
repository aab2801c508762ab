"""The detail card of one thing, in plain words: made of what the viewer class may know of it (`Seen`)."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from msgspec import Struct

from feeds.clock_offset import ClockOffset
from layers import symbol, words
from layers.incident_changes import changed, listed, told
from layers.picture import CAMERAS, INCIDENTS, LAYERS, LOG, UNITS, ZONES
from layers.roster import Roster
from layers.seen import Seen
from layers.shape import anchor
from layers.track import lives
from layers.view import View

MPH = 2.2369362920544
"""Miles an hour in a metre a second."""
FEET = 3.280839895013123
HISTORY_LINES = 40
TITLE_MAX = 60
"""A log entry of up to so many characters is the title of its card."""


class Card(Struct, frozen=True):
    """What the page shows (docs/wire.md): rows are `(label, text)`, history `(at, text)`, newest first."""

    title: str
    subtitle: str
    position: tuple[float, float] | None
    """lon, lat in degrees."""
    rows: tuple[tuple[str, str], ...]
    observed_at: float
    received_at: float
    aligned_at: float | None = None
    """`observed_at` by our clock, where the source's is known to be off."""
    aligned_error_s: float | None = None
    flagged: tuple[str, ...] = ()
    history: tuple[tuple[float, str], ...] = ()


def find(view: View, layer: str, agency: str, entity_id: str) -> Seen | None:
    """Return what a card is made of, or None when for this class there is none."""
    return view.door.find(layer, entity_id, agency, whole=True) if view.shows(layer, agency, entity_id) else None


def card(
    view: View,
    roster: Roster,
    layer: str,
    agency: str,
    entity_id: str,
    t: float,
    zone: tzinfo = UTC,
    clock: ClockOffset | None = None,
) -> Card | None:
    """Return the card of a thing of `agency` at `t`, or None when for this class there is none.

    Times in its text are those of the site's clocks (`zone`), with UTC beside. `clock`: what was known of that of the
    thing's source when its newest report came.
    """
    seen = find(view, layer, agency, entity_id)
    if seen is None:
        return None
    off = clock if clock is not None and clock.is_off else None
    title, subtitle, rows = _TOLD_BY[layer](seen, view, roster)
    if layer == INCIDENTS:
        rows.append(("Opened", _clock(seen.opened_at, t, zone)))
    elif layer == ZONES:
        rows += _valid(seen, t, zone)
    elif layer == LOG:
        rows += [("Observed", _clock(seen.observed_at, t, zone)), ("Received", _clock(seen.received_at, t, zone))]
    if off is not None:
        if layer != LOG:
            rows.append(("Observed", f"{_clock(seen.observed_at, t, zone)}, by its own clock"))
        aligned = _clock(off.aligned(seen.observed_at), t, zone)
        rows.append(("Aligned", f"{aligned}, \N{PLUS-MINUS SIGN} {off.error_s:.1f} s"))
    rows += _origin(seen, t, off)
    history = _camera_history(view, agency, entity_id) if layer == CAMERAS else _history(seen, view)
    return Card(
        title=title,
        subtitle=subtitle,
        position=anchor(seen.fields["geometry"]) if "geometry" in seen.fields else seen.fields.get("place"),
        rows=tuple((label, text) for label, text in rows if text),
        observed_at=seen.observed_at,
        received_at=seen.received_at,
        aligned_at=None if off is None else off.aligned(seen.observed_at),
        aligned_error_s=None if off is None else off.error_s,
        flagged=seen.flagged,
        history=tuple(history),
    )


Rows = list[tuple[str, str]]


def _unless(own: str | None, rows: Rows) -> str:
    """Return an agency's own word unless a row says the same already."""
    return own if own and own.lower() not in (text.lower() for _, text in rows) else ""


def _unit(seen: Seen, view: View, roster: Roster) -> tuple[str, str, Rows]:
    fields = seen.fields
    kind = words.of(fields["unit_type"]) if "unit_type" in fields else "Unit"
    primary, secondary = fields.get("primary_status"), fields.get("secondary_status")
    shown = symbol.unit_status(primary, secondary, bool(fields.get("assigned")))
    rows: Rows = []
    if fields.get("emergency", "none") != "none":
        rows.append(("Emergency", words.of(fields["emergency"])))
    if shown is not symbol.UnitStatus.UNSAID:
        rows.append(("Status", symbol.UNIT_SYMBOLS[shown].label))
    said = listed([*([primary] if primary else []), *(secondary or ())])
    rows += [
        ("As reported", said if [("Status", said)] != rows[-1:] else ""),
        ("Agency's own code", _unless(fields.get("status_internal"), rows)),
        ("Incident", _incident_named(view, seen.agency, fields.get("incident_id"))),
        ("Moving", _motion(fields)),
        ("Accurate to", _metres(fields.get("h_err_m"))),
        ("Height", f"{fields['hae_m'] * FEET:.0f} ft above the ellipsoid" if "hae_m" in fields else ""),
        ("Position from", words.of(fields.get("fix_method", ""))),
        ("Capabilities", listed(fields.get("capabilities", ()))),
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
        ("Status", listed(fields.get("status_common", ()))),
        ("Priority", f"{common} (10 is highest)" if priority else ""),
        ("Agency's own type", _unless(fields.get("type_internal"), [("", kind)])),
        ("Agency's own status", fields.get("status_internal", "")),
        ("Number", fields.get("internal_id", "")),
        ("Came from", words.of(fields["origin"]) if "origin" in fields else ""),
        ("Units", ", ".join(_call_sign(view, seen.agency, unit) for unit in fields.get("assigned_units", ()))),
        ("Hazards", listed(fields.get("hazards", ()))),
        ("Patients", str(fields["patients"]) if "patients" in fields else ""),
        ("Suspects outstanding", "" if suspects is None else ("Yes" if suspects else "No")),
        ("Dispositions", listed(fields.get("dispositions", ()))),
        ("Narrative", fields.get("narrative", "")),
    ]
    return head, f"{fields.get('address') or seen.id}, {roster.name(seen.agency)}", rows


def _incident_named(view: View, agency: str, incident_id: str | None) -> str:
    """Return in words which incident a thing of `agency` names; its id where no more is known of it."""
    if incident_id is None:
        return ""
    seen = view.door.find(INCIDENTS, incident_id, agency) or view.door.find(INCIDENTS, incident_id)
    if seen is None or "type_common" not in seen.fields:
        return incident_id
    priority = symbol.incident_priority(seen.fields.get("priority_common"))
    kind = words.incident_type(seen.fields["type_common"])
    where = seen.fields.get("address")
    return (f"P{priority} " if priority else "") + kind + (f", {where}" if where else "")


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


def _zone(seen: Seen, view: View, roster: Roster) -> tuple[str, str, Rows]:
    fields = seen.fields
    kind = words.of(fields["zone_kind"]) if "zone_kind" in fields else "Zone"
    least, travel = fields.get("min_available_units"), fields.get("target_travel_s")
    rows: Rows = [
        ("Kind", kind if fields.get("name") else ""),
        ("Incident", _incident_named(view, seen.agency, fields.get("incident_id"))),
        ("Operation", fields.get("operation_id", "")),
        ("Radius", _metres(fields.get("radius_m"))),
        ("Boundary version", fields.get("boundary_version", "")),
        ("Units to keep available", str(least) if least is not None else ""),
        ("To be reached within", words.age(travel) if travel is not None else ""),
    ]
    return fields.get("name") or kind, f"{kind}, {roster.name(seen.agency)}", rows


def _valid(seen: Seen, t: float, zone: tzinfo) -> Rows:
    start, end = seen.fields.get("valid_from"), seen.fields.get("valid_to")
    return [
        ("First said", _clock(seen.opened_at, t, zone)),
        (
            "Planned from" if start is not None and start > t else "Stands since",
            _clock(start, t, zone) if start else "",
        ),
        ("Until", _clock(end, t, zone) if end else "lifted by its agency"),
    ]


def _entry(seen: Seen, view: View, roster: Roster) -> tuple[str, str, Rows]:
    fields = seen.fields
    kind = words.of(fields["entry_kind"])
    by, text = fields.get("author_position"), fields.get("text", "")
    short = bool(text) and len(text) <= TITLE_MAX
    rows: Rows = [
        ("Text", "" if short else text),
        ("Corrected", _entry_text(view, seen.agency, fields.get("corrected_by"))),
        ("Corrects", _entry_text(view, seen.agency, fields.get("supersedes"))),
        ("Written by", words.of(by) if by else ""),
        ("Incident", _incident_named(view, seen.agency, fields.get("incident_id"))),
        ("About", ", ".join(_named(view, seen.agency, name) for name in fields.get("refs", ()))),
    ]
    return text if short else kind, f"{kind if short else 'Log entry'}, {roster.name(seen.agency)}", rows


def _entry_text(view: View, agency: str, entry_id: str | None) -> str:
    """Return what another entry says, in quotes; its id where no more is known of it."""
    if entry_id is None:
        return ""
    seen = view.door.find(LOG, entry_id, agency)
    return f"“{seen.fields['text']}”" if seen is not None and seen.fields.get("text") else entry_id


def _named(view: View, agency: str, entity_id: str) -> str:
    """Return what people call a thing of whatever layer that an entry of `agency` names."""
    for layer in LAYERS:
        seen = view.door.find(layer, entity_id, agency) or view.door.find(layer, entity_id)
        if seen is None:
            continue
        if layer == INCIDENTS:
            return _incident_named(view, agency, entity_id)
        kind = seen.fields.get("zone_kind")
        return seen.fields.get("call_sign") or seen.fields.get("name") or (words.of(kind) if kind else entity_id)
    return entity_id


_TOLD_BY = {UNITS: _unit, INCIDENTS: _incident, CAMERAS: _camera, ZONES: _zone, LOG: _entry}

_LIFE = ("", "Stale: no report for longer than its source takes", "Lost: shown where it was last seen")


def _origin(seen: Seen, t: float, off: ClockOffset | None) -> Rows:
    life = int(lives(t, *_deadlines(seen)).item())
    return [
        ("Age", _LIFE[life]),
        ("Clock", _off(off) if off is not None else "The source's clock is ahead of ours" if seen.skew else ""),
        ("Report is", "" if seen.status == "actual" else words.of(seen.status)),
        ("Source", f"{seen.source}, every {words.age(seen.cadence_s)}"),
        ("Id", seen.id),
    ]


def _off(clock: ClockOffset) -> str:
    side = "ahead of" if clock.offset_s > 0 else "behind"
    return f"{abs(clock.offset_s):.1f} s {side} ours, \N{PLUS-MINUS SIGN} {clock.error_s:.1f} s"


def _deadlines(seen: Seen) -> tuple[Any, Any]:
    import numpy as np

    return np.array(seen.stale_at), np.array(seen.lost_at)


def _clock(at: float, t: float, zone: tzinfo) -> str:
    """Return `03:21:05 CST, 09:21:05 UTC`, with the day when it is not today."""
    here, there = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(at, UTC)
    day = "" if here.date() == datetime.fromtimestamp(t, zone).date() else f"{here:%d %b} "
    local = f"{day}{here:%H:%M:%S} {here:%Z}"
    return local if here.tzname() == "UTC" else f"{local}, {there:%H:%M:%S} UTC"


def _history(seen: Seen, view: View) -> list[tuple[float, str]]:
    """Return what changed, newest first: the fold over the reports, told line by line."""
    before: dict[str, Any] = {}
    lines: list[tuple[float, str]] = []

    def called(unit: str) -> str:
        return _call_sign(view, seen.agency, unit)

    for line in seen.history:
        news = [told(name, line.fields[name], before.get(name), called) for name in changed(line.fields, before)]
        before.update(line.fields)
        text = "; ".join(filter(None, news))
        if text:
            lines.append((line.at, text))
    return lines[: -HISTORY_LINES - 1 : -1]


def _camera_history(view: View, agency: str, camera_id: str) -> list[tuple[float, str]]:
    records = [event.record for event in view.events.after(0)]
    events = [r for r in records if r.get("camera_id") == camera_id and r["agency"] == agency]
    return [(r["at"], _happened(r)) for r in events[: -HISTORY_LINES - 1 : -1]]


def _happened(record: dict[str, Any]) -> str:
    verification = record.get("verification")
    return _alert(record["event"], verification) if verification else words.of(record["event"])
