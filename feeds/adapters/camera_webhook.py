"""Our JSON for camera and sensor systems (video management, plate readers, acoustic sensors, body cameras): a webhook.

Who speaks it: whatever can fill a template and POST it; `docs/feeds.md` shows it whole. Owned by the project. One event
is one object; several may go in an array. `announced` says what a camera is, sees and does, by its cadence.

Templates write numbers as text and leave empty what they do not know: both are taken so. A field that is not listed
here is dropped: `plate` first of all. A plate travels as `plate_token`, a keyed HMAC made by its agency, whose key no
decoder has; a token that is too short to be one is refused, since it may be the plate.
A webhook that is sent again says the same again: the door knows it by its content.
"""

import re
from typing import Any

import msgspec

from feeds.adapter import Adapter, Capture, Decoded, Sample
from feeds.errors import DecodeError
from feeds.formats.json_text import (
    FAILURES,
    each,
    encode,
    fields_of,
    join,
    loose,
    move_times,
    reader,
    reason,
    seconds,
    split,
)
from feeds.report import CameraReport

_EVENT = {
    "event_id": "event_id",
    "event_type": "event_type",
    "occurred_at": "observed_at",
    "sent_at": "sent_at",
    "stale_at": "stale_at",
    "status": "status",
    "labels": "labels",
    "confidence": "confidence",
    "verification": "verification",
    "incident_id": "incident_id",
    "alert_until": "alert_until",
    "media_ref": "media_ref",
}
_CAMERA = {
    "id": "camera_id",
    "kind": "camera_kind",
    "name": "name",
    "state": "camera_state",
    "carrier_unit_id": "carrier_unit_id",
    "lat": "lat",
    "lon": "lon",
    "h_err_m": "h_err_m",
    "bearing_deg": "bearing_deg",
    "fov_deg": "fov_deg",
    "range_m": "range_m",
}
_LPR = {"hotlist": "hotlist", "reason_code": "reason_code", "case_ref": "case_ref", "plate_token": "plate_token"}
"""The webhook's fields and the report's, of the event itself, of its `camera` and of its `lpr`: all that is taken."""

_PLACES = {
    field: f"{part}{name}"
    for part, table in (("", _EVENT), ("camera.", _CAMERA), ("lpr.", _LPR))
    for name, field in table.items()
}
"""Where the webhook has a field of the report."""
_TIMES = ("occurred_at", "sent_at", "stale_at", "alert_until")
_TIME_FIELDS = tuple(_EVENT[name] for name in _TIMES)
_IDS = ("event_id", "incident_id", "camera_id", "carrier_unit_id")

_NUMBER = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?")
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{22,128}")
"""Hex or base64 of 128 bits or more; no plate is as long."""


def _time(value: object) -> float | None:
    """Return Unix seconds for a number of them, as text or not, or RFC 3339 text; None for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return seconds(value)


def _part(event: dict[str, Any], name: str) -> dict[str, Any]:
    part = event.get(name) or {}
    if not isinstance(part, dict):
        raise DecodeError(f"{name} has a wrong type", f"$.{name}")
    return part


def _taken(event: dict[str, Any]) -> dict[str, Any]:
    """Return what the event says in the report's own field names; what is empty is not said. Raises DecodeError."""
    said: dict[str, Any] = {}
    for fields, table in ((event, _EVENT), (_part(event, "camera"), _CAMERA), (_part(event, "lpr"), _LPR)):
        for name, field in table.items():
            value = fields.get(name)
            if value is not None and value not in ("", []):
                said[field] = value
    for field in ("event_type", "observed_at", "camera_id"):
        if field not in said:
            raise DecodeError(f"{_PLACES[field]} missing", f"$.{_PLACES[field]}")
    for field in _TIME_FIELDS:
        if isinstance(value := said.get(field), str):
            if (at := _time(value)) is None:
                raise DecodeError(f"{_PLACES[field]} is not RFC 3339", f"$.{_PLACES[field]}")
            said[field] = at
    for field in _IDS:  # many systems number their cameras
        if isinstance(value := said.get(field), int) and not isinstance(value, bool):
            said[field] = str(value)
    token = said.get("plate_token")
    if isinstance(token, str) and not _TOKEN.fullmatch(token):
        raise DecodeError("lpr.plate_token outside its grammar", "$.lpr.plate_token")
    return said


def _report(message: bytes) -> CameraReport:
    """Return the event as a report. Raises DecodeError or FAILURES."""
    event = loose(message)
    if not isinstance(event, dict):
        raise DecodeError("not an object", "$")
    try:
        return msgspec.convert(_taken(event), CameraReport, strict=False)
    except FAILURES as error:
        why, path = reason(error)
        field, _, what = why.partition(" ")
        place = _PLACES.get(field, field)
        raise DecodeError(f"{place} {what}", path.replace(f"$.{field}", f"$.{place}", 1)) from None


class _Decoder:
    """Holds nothing between frames."""

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the frame's reports. Raises DecodeError when it is empty or not JSON at all."""
        return each(frame, _report)


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the event with its times moved by `by_s` seconds; `seq` has no place in it."""
    fields = fields_of(raw)
    if fields is None or not by_s:
        return raw
    fields |= {name: at for name in _TIMES if (at := _time(fields.get(name))) is not None}
    move_times(fields, _TIMES, by_s)
    return encode(fields)


_BEGINS = re.compile(rb'\s*[\[{](?=.*"event_type"\s*:)(?=.*"camera"\s*:\s*\{)', re.DOTALL)

ADAPTER = Adapter(
    name="camera_webhook",
    title="JointOps camera webhook: events of video management, plate readers, acoustic sensors and body cameras",
    sequenced=False,
    opens=lambda _: _Decoder(),
    samples=(
        Sample(
            b'{"event_id":"lpr-7-000412","event_type":"lpr_hit","occurred_at":"2026-05-04T14:03:07.250-05:00",'
            b'"camera":{"id":"CPD-LPR-7","name":"LPR 7","kind":"lpr","state":"live","lat":41.88205,"lon":-87.62781,'
            b'"bearing_deg":271.5,"fov_deg":22,"range_m":45},"confidence":0.94,"verification":"unverified",'
            b'"media_ref":"https://vms.example/clips/000412","lpr":{"hotlist":"stolen_vehicle",'
            b'"reason_code":"wanted_vehicle","case_ref":"26-104711","plate":"XX 0000",'
            b'"plate_token":"7d1f2c9ab0e34f5d8c6a1b2e3f405162"}}',
            reports=1,
        ),
        Sample(
            b'[{"event_type":"announced","occurred_at":1777921388,"camera":{"id":114,"kind":"ptz","state":"live",'
            b'"lat":"41.8849","lon":"-87.6311","bearing_deg":"265","carrier_unit_id":""},"lpr":{"hotlist":""}},\n'
            b'{"event_id":"a-9","event_type":"gunshot_detected","occurred_at":"1777921390.5",'
            b'"camera":{"id":"CPD-AC-2","kind":"acoustic"},"confidence":1.4},'
            b'{"event_type":"tamper","occurred_at":"1777921391","camera":{"name":"POD 5"}}]',
            reports=1,
            refusals=2,
        ),
    ),
    capture=Capture(
        speaks=lambda data: _BEGINS.match(data) is not None,
        split=lambda data: split(data, reader(lambda fields: _time(fields.get("occurred_at")))),
        move=_move,
        join=join,
    ),
)
