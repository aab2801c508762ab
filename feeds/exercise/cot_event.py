"""A unit as its agency's trackers say it in Cursor on Target. Pure."""

from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

from feeds.exercise.day import STANDING_S
from feeds.report import UnitReport

TYPES = {"isp": "a-f-G-U-U-L", "ftf": "a-f-G-U-C"}
"""CoT type by agency: law enforcement on the ground; what a device says that nobody set up."""
_UNKNOWN = "9999999.0"
_STALE_S = 3 * STANDING_S


def event(report: UnitReport, agency: str, call_sign: str) -> bytes:
    """Return the report as one CoT event, ended by a line feed. Its place must be known.

    CoT has no field for a dispatch: a unit that is not available says `readiness="false"` and no more.
    """
    observed = _time(report.observed_at)
    stale = _time(report.observed_at + _STALE_S)
    ready = report.primary_status
    status = "" if ready is None else f'<status readiness="{"false" if ready == "NotAvailable" else "true"}"/>'
    error = _UNKNOWN if report.h_err_m is None else f"{report.h_err_m}"
    return (
        f'<event version="2.0" uid={quoteattr(report.unit_id)} type="{TYPES.get(agency, "a-f-G-U-C")}" how="m-g" '
        f'time="{observed}" start="{observed}" stale="{stale}" opex="e">'
        f'<point lat="{report.lat}" lon="{report.lon}" hae="{_UNKNOWN}" ce="{error}" le="{_UNKNOWN}"/>'
        f"<detail><contact callsign={quoteattr(call_sign)}/>"
        f'<track course="{report.course_deg}" speed="{report.speed_mps}"/>{status}</detail></event>\n'
    ).encode()


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
