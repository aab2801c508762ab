"""A camera's report as its agency's video system posts it: one event of the camera webhook. Pure."""

from collections.abc import Mapping

import msgspec

from feeds.report import CameraReport

_encode = msgspec.json.Encoder().encode


def webhook(report: CameraReport) -> bytes:
    """Return the report as one webhook event; its `seq` has no place there."""
    event = {
        "event_id": report.event_id,
        "event_type": report.event_type,
        "occurred_at": report.observed_at,
        "sent_at": report.sent_at,
        "stale_at": report.stale_at,
        "status": report.status,
        "labels": report.labels,
        "camera": _said({
            "id": report.camera_id,
            "name": report.name,
            "kind": report.camera_kind,
            "state": report.camera_state,
            "carrier_unit_id": report.carrier_unit_id,
            "lat": report.lat,
            "lon": report.lon,
            "h_err_m": report.h_err_m,
            "bearing_deg": report.bearing_deg,
            "fov_deg": report.fov_deg,
            "range_m": report.range_m,
        }),
        "confidence": report.confidence,
        "verification": report.verification,
        "incident_id": report.incident_id,
        "alert_until": report.alert_until,
        "media_ref": report.media_ref,
        "lpr": _said({
            "hotlist": report.hotlist,
            "reason_code": report.reason_code,
            "case_ref": report.case_ref,
            "plate_token": report.plate_token,
        }),
    }  # fmt: skip
    return _encode(_said(event))


def _said(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value not in (None, (), {})}
