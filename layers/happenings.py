"""Events as they leave: camera events, what became of incidents, lines of the log; each in one line for people."""

from typing import Any

from layers import symbol, words
from layers.layer import present
from layers.picture import CAMERAS, LOG
from layers.seen import SeenEvent


def event_record(seen: SeenEvent) -> dict[str, Any]:
    """Return the event as it travels (docs/wire.md): only what was said and may be seen."""
    fields = seen.fields
    place = fields.get("place")
    kind, more = {CAMERAS: _camera, LOG: _entry}.get(seen.layer, _incident)(seen)
    return {
        "id": seen.id,
        **present(
            {
                "at": round(seen.at, 3),
                "received_at": round(seen.received_at, 3),
                "agency": seen.agency,
                "kind": kind,
                "event": seen.event,
                "lon": place[0] if place else None,
                "lat": place[1] if place else None,
                **more,
            }
        ),
    }


def _camera(seen: SeenEvent) -> tuple[str, dict[str, Any]]:
    fields = seen.fields
    return "camera_event", {
        "text": _camera_text(seen),
        "incident_id": fields.get("incident_id"),
        "camera_id": seen.id,
        "verification": fields.get("verification"),
        "confidence": fields.get("confidence"),
    }


def _incident(seen: SeenEvent) -> tuple[str, dict[str, Any]]:
    priority = symbol.incident_priority(seen.fields.get("priority_common"))
    return "incident", {"text": _incident_text(seen), "priority": priority or None, "incident_id": seen.id}


def _entry(seen: SeenEvent) -> tuple[str, dict[str, Any]]:
    fields = seen.fields
    return "log_entry", {
        "text": fields.get("text") or words.of(seen.event),
        "incident_id": fields.get("incident_id"),
        "author_position": fields.get("author_position"),
        "supersedes": fields.get("supersedes"),
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
