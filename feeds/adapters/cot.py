"""Cursor on Target: the XML events of ATAK, WinTAK, iTAK, TAK Server and pytak.

Format: MITRE's CoT base schema 2.0 (`event`, `point`, `detail`) with ATAK's details. Owned by the TAK Product Center.

What is taken: units (`a-...`) and emergencies (`b-a-o...`, `b-a-g`). Shapes, spot marks, chats and routes are refused
as `unsupported type`; pings and protocol probes (`t-x-c-t`, `t-x-takp`) are no reports and no refusals.
9999999.0 means unknown. Remarks are not taken: they are free text and may name people.
The parser takes no DTD, resolves no entity, opens nothing.
"""

import math
import re
from typing import NamedTuple

from lxml import etree

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Refusal, Sample
from feeds.cot_xml import UNKNOWN, Stream, cut, head, instant, is_ping, last_start, move, pong, speaks, split
from feeds.errors import DecodeError
from feeds.names import is_entity_id
from feeds.report import AnyReport, UnitReport

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_TYPE = re.compile(r"[A-Za-z0-9_.*-]{1,64}")

_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class _Refused(Exception):
    """Leaves the decoding of one event."""

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


def _time(event: etree._Element, name: str) -> float | None:
    text = event.get(name)
    if text is None:
        return None
    at = instant(text)
    if at is None:
        raise _Refused(f"{name} is not RFC 3339", f"event@{name}")
    return at


def _number(
    element: etree._Element | None, name: str, low: float, high: float, *, minus_one: bool = False
) -> float | None:
    """Return the attribute within `low`..`high`; None when absent or unknown. Raises _Refused."""
    text = element.get(name) if element is not None else None
    if element is None or text is None or not text.strip():
        return None
    path = f"event//{element.tag}@{name}"
    if not _NUMBER.fullmatch(text.strip()):
        raise _Refused(f"{name} is not a finite number", path)
    value = float(text)
    if not math.isfinite(value):
        raise _Refused(f"{name} is not a finite number", path)
    if value == UNKNOWN or (minus_one and value == -1):  # iOS says -1 for a speed or course it does not know
        return None
    if not low <= value <= high:
        raise _Refused(f"{name} out of range", path)
    return value


class _Place(NamedTuple):
    lat: float | None
    lon: float | None
    hae_m: float | None
    h_err_m: float | None
    v_err_m: float | None


def _place(event: etree._Element) -> _Place:
    """Return the event's point. Raises _Refused when there is none or it is nowhere on Earth."""
    point = event.find("point")
    if point is None:
        raise _Refused("point missing", "event/point")
    lat, lon = _number(point, "lat", -90, 90), _number(point, "lon", -180, 180)
    if lat is None or lon is None:
        missing = "lat" if lat is None else "lon"
        raise _Refused(f"{missing} missing", f"event/point@{missing}")
    hae, ce, le = _number(point, "hae", -12000, 100000), _number(point, "ce", 0, 1e6), _number(point, "le", 0, 1e6)
    if lat == 0 and lon == 0 and ce is None:  # a device that has no fix yet, not a unit in the Gulf of Guinea
        return _Place(None, None, None, None, None)
    return _Place(lat, lon, hae, ce, le)


def _fix_method(how: str) -> str | None:
    """Return how the place was found: entered by a person, by GPS, by dead reckoning, or by another machine."""
    if not how:
        return None
    if how.startswith("h"):
        return "manual"
    if how.startswith("m-g"):
        return "gps"
    return "dr" if how.startswith("m-n") else "estimated"


def _unit_type(cot_type: str) -> str:
    """Return our registry's word where the type has one, else the CoT type itself (kept and flagged)."""
    parts = cot_type.split("-")[2:]
    if parts[:1] == ["A"]:
        if "Q" in parts:
            return "UnmannedAerialVehicle"
        if "H" in parts:
            return "RotaryWingAircraft"
    if parts[:4] == ["G", "U", "U", "L"]:  # law enforcement unit
        return "PatrolUnit"
    return cot_type


def _call_sign(text: str | None) -> str | None:
    """Return the first line, without stray blanks, at most 40 characters."""
    lines = (text or "").strip().splitlines()
    return " ".join(lines[0].split())[:40] or None if lines else None


def _subject(uid: str | None, path: str) -> str:
    if not uid:
        raise _Refused("uid missing", path)
    if not is_entity_id(uid):
        raise _Refused("uid outside its grammar (1 to 128 printable ASCII characters)", path)
    return uid


_STATUS = {"e": "exercise", "s": "test"}
"""First letter of `opex`: operations, exercise, simulation."""


def _status(event: etree._Element) -> str:
    return _STATUS.get((event.get("opex") or "o")[:1].lower(), "actual")


def _readiness(detail: etree._Element | None) -> str | None:
    status = detail.find("status") if detail is not None else None
    said = status.get("readiness") if status is not None else None
    return {"true": "Available", "false": "NotAvailable"}.get(said or "")


def _times(event: etree._Element) -> tuple[float, float | None]:
    """Return when it was observed and when to stop believing it."""
    observed_at = _time(event, "time")
    if observed_at is None:
        observed_at = _time(event, "start")
    if observed_at is None:
        raise _Refused("time missing", "event@time")
    return observed_at, _time(event, "stale")


def _unit(event: etree._Element, cot_type: str) -> UnitReport:
    detail = event.find("detail")
    contact = detail.find("contact") if detail is not None else None
    track = detail.find("track") if detail is not None else None
    observed_at, stale_at = _times(event)
    return UnitReport(
        observed_at=observed_at,
        stale_at=stale_at,
        status=_status(event),  # type: ignore[arg-type]
        unit_id=_subject(event.get("uid"), "event@uid"),
        call_sign=_call_sign(contact.get("callsign") if contact is not None else None),
        unit_type=_unit_type(cot_type),
        **_place(event)._asdict(),
        course_deg=_number(track, "course", 0, 360, minus_one=True),
        speed_mps=_number(track, "speed", 0, 1000, minus_one=True),
        fix_method=_fix_method(event.get("how") or ""),
        primary_status=_readiness(detail),
    )


_EMERGENCY = {
    "b-a-o-tbl": "manual",  # 911 alert
    "b-a-o-pan": "manual",  # ring the bell
    "b-a-o-opn": "in_contact",
    "b-a-g": "geofence",
    "b-a-o-can": "none",
}
_EMERGENCY_WORDS = (
    ("gunshot", "gunshot_near"),
    ("man down", "man_down"),
    ("contact", "in_contact"),
    ("geo", "geofence"),
    ("cancel", "none"),
)


def _emergency_kind(cot_type: str, element: etree._Element | None) -> str:
    if element is not None and (element.get("cancel") or "").lower() == "true":
        return "none"
    if cot_type in _EMERGENCY:
        return _EMERGENCY[cot_type]
    said = (element.get("type") or "").lower() if element is not None else ""
    return next((kind for word, kind in _EMERGENCY_WORDS if word in said), "manual")


def _emergency(event: etree._Element, cot_type: str) -> UnitReport:
    """Return the emergency as a report of the unit it is about: the linked one, else the sender's own uid."""
    detail = event.find("detail")
    element = detail.find("emergency") if detail is not None else None
    contact = detail.find("contact") if detail is not None else None
    links = detail.findall("link") if detail is not None else []
    link = next((ln for ln in links if ln.get("relation") == "p-p" and ln.get("uid")), None)
    if link is not None:
        unit_id = _subject(link.get("uid"), "event/detail/link@uid")
    else:
        unit_id = _subject((event.get("uid") or "").removesuffix("-9-1-1"), "event@uid")
    call_sign = _call_sign(element.text if element is not None else None)
    if call_sign is None and contact is not None:
        call_sign = _call_sign((contact.get("callsign") or "").removesuffix("-Alert"))
    linked_type = (link.get("type") or "") if link is not None else ""
    place = _place(event)
    observed_at, stale_at = _times(event)
    return UnitReport(
        observed_at=observed_at,
        stale_at=stale_at,
        status=_status(event),  # type: ignore[arg-type]
        unit_id=unit_id,
        call_sign=call_sign,
        unit_type=_unit_type(linked_type) if linked_type.startswith("a-") and _TYPE.fullmatch(linked_type) else None,
        **place._asdict(),
        # Without a place nothing is said of the position group, so that the unit's last one stays.
        fix_method=_fix_method(event.get("how") or "") if place.lat is not None else None,
        emergency=_emergency_kind(cot_type, element),
    )


class _Decoder:
    """Holds one hardened parser and nothing else."""

    def __init__(self) -> None:
        self._parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the reports of the frame's events. Raises DecodeError when it is empty or holds no event."""
        pieces, rest = cut(frame)
        if rest:
            pieces.append(rest.strip())
        if not pieces:
            raise DecodeError("empty message")
        if len(pieces) == 1 and last_start(pieces[0]) < 0:
            raise DecodeError("not a CoT event")
        decoded = Decoded([], [], [])
        for index, piece in enumerate(pieces):
            if index == MESSAGES_MAX:
                decoded.refusals.append(Refusal(index, TOO_MANY))
                break
            try:
                report = self._event(piece)
            except _Refused as error:
                decoded.refusals.append(Refusal(index, error.reason, error.path))
                continue
            if report is not None:
                decoded.reports.append(report)
                decoded.indexes.append(index)
        return decoded

    def _event(self, piece: bytes) -> AnyReport | None:
        if _DOCTYPE.search(piece):
            raise _Refused("DTD not allowed", "")
        try:
            event = etree.fromstring(piece, self._parser)
        except (etree.XMLSyntaxError, ValueError, LookupError):
            raise _Refused("not XML", "") from None
        if event.getroottree().docinfo.doctype:  # written in an encoding that hid it from the search above
            raise _Refused("DTD not allowed", "")
        if event.tag != "event":
            raise _Refused("not a CoT event", "")
        cot_type = event.get("type") or ""
        if not _TYPE.fullmatch(cot_type):
            raise _Refused("type outside its grammar" if cot_type else "type missing", "event@type")
        if cot_type.startswith(("t-x-c-t", "t-x-takp")):
            return None
        if cot_type.startswith("a-"):
            return _unit(event, cot_type)
        if cot_type in ("b-a-o", "b-a-g") or cot_type.startswith(("b-a-o-", "b-a-g-")):
            return _emergency(event, cot_type)
        raise _Refused("unsupported type", "event@type")


_UNIT = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<event version="2.0" uid="ISP-31" type="a-f-G-U-U-L-C" how="m-g" '
    b'time="2026-05-04T19:03:07.250Z" start="2026-05-04T19:03:07.250Z" stale="2026-05-04T19:03:37.250Z" opex="e">'
    b'<point lat="41.8711" lon="-87.6414" hae="180.4" ce="6.5" le="9999999.0"/><detail><contact callsign="ISP-31"/>'
    b'<track course="181.25" speed="24.6"/><status readiness="true"/><remarks>NB 90/94</remarks></detail></event>'
)
_ALERT = (
    b"<event version='2.0' uid='FTF-3-9-1-1' type='b-a-o-tbl' how='m-g' time='2026-05-04T19:05:00Z' "
    b"start='2026-05-04T19:05:00Z' stale='2026-05-04T19:05:10Z'><point lat='41.8790' lon='-87.6360' hae='9999999.0' "
    b"ce='12' le='9999999.0'/><detail><link uid='FTF-3' type='a-f-G-U-C' relation='p-p'/>"
    b"<contact callsign='FTF-3-Alert'/><emergency type='911 Alert'>FTF-3</emergency></detail></event>"
)
_CIRCLE = (
    b'<event version="2.0" uid="d1b0" type="u-d-c-c" how="h-e" time="2026-05-04T19:06:00Z" '
    b'start="2026-05-04T19:06:00Z" stale="2026-05-05T19:06:00Z"><point lat="41.88" lon="-87.63" hae="0" ce="9999999.0" '
    b'le="9999999.0"/><detail><shape><ellipse major="200" minor="200" angle="360"/></shape></detail></event>'
)
_PING = (
    b'<event version="2.0" uid="FTF-3-ping" type="t-x-c-t" how="m-g" time="2026-05-04T19:06:01Z" '
    b'start="2026-05-04T19:06:01Z" stale="2026-05-04T19:06:11Z"><point lat="0" lon="0" hae="0" ce="9999999.0" '
    b'le="9999999.0"/><detail/></event>'
)

ADAPTER = Adapter(
    name="cot",
    title="Cursor on Target: XML events of ATAK devices, TAK servers and pytak",
    sequenced=False,
    opens=lambda _: _Decoder(),
    samples=(
        Sample(_UNIT, reports=1),
        Sample(_ALERT, reports=1),
        Sample(_CIRCLE, reports=0, refusals=1),
        Sample(_PING, reports=0),
        Sample(_UNIT.replace(b"ISP-31", b"ISP-32") + b"\r\n" + _CIRCLE + _ALERT + b"\n", reports=2, refusals=1),
    ),
    stream=Stream,
    speaker=lambda frame: head(frame).uid,
    reply=lambda frame, now: pong(now) if is_ping(frame) else b"",
    capture=Capture(speaks=speaks, split=split, move=move),
)
