"""Events as they leave: camera events and what became of incidents, in one line for people."""

from typing import Any

from layers import symbol, words
from layers.layer import present
from layers.picture import CAMERAS
from layers.seen import SeenEvent


def event_record(seen: SeenEvent) -> dict[str, Any]:
    """Return the event as it travels (docs/wire.md): only what was said and may be seen."""
    fields = seen.fields
    camera = seen.layer == CAMERAS
    place = fields.get("place")
    incident = fields.get("incident_id") if camera else seen.id
    priority = symbol.incident_priority(fields.get("priority_common"))
    return {
        "id": seen.id,
        **present(
            {
                "at": round(seen.at, 3),
                "received_at": round(seen.received_at, 3),
                "agency": seen.agency,
                "kind": "camera_event" if camera else "incident",
                "event": seen.event,
                "text": _camera_text(seen) if camera else _incident_text(seen),
                "lon": place[0] if place else None,
                "lat": place[1] if place else None,
                "priority": priority or None,
                "incident_id": incident,
                "camera_id": seen.id if camera else None,
                "verification": fields.get("verification"),
                "confidence": fields.get("confidence"),
            }
        ),
    }


def _camera_text(seen: SeenEvent) -> str:
    what = words.of(seen.event)
    where = seen.fields.get("name") or seen.id
    text = f"{what}: {where}" if where else what
    verification = seen.fields.get("verification")
    return f"{text} ({words.of(verification).lower()})" if verification else text


def _incident_text(seen: SeenEvent) -> str:
    fields = seen.fields
    what = words.incident_type(fields.get("type_common"))
    priority = symbol.incident_priority(fields.get("priority_common"))
    head = f"P{priority} {what}" if priority else what
    status = ", ".join(words.of(code) for code in fields.get("status_common", ()))
    return f"{head}: {status.lower()}" if status else head
