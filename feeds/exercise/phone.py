"""A unit's position as the phone app OwnTracks posts it. Pure."""

import msgspec

from feeds.report import UnitReport

_encode = msgspec.json.Encoder().encode


def location(report: UnitReport, agency: str) -> bytes:
    """Return the report as one `location` message; its place must be known.

    OwnTracks says where, how fast and how exactly. The device is the unit; the user in the topic is the agency.
    """
    message = {
        "_type": "location",
        "topic": f"owntracks/{agency}/{report.unit_id}",
        "tst": report.observed_at,
        "lat": report.lat,
        "lon": report.lon,
        "acc": report.h_err_m,
        "cog": report.course_deg,
        "vel": None if report.speed_mps is None else round(report.speed_mps * 3.6, 2),
    }
    return _encode({name: value for name, value in message.items() if value is not None})
