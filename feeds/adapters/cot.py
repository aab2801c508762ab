"""Cursor on Target: the XML events of ATAK, WinTAK, iTAK, TAK Server and pytak.

Format: MITRE's CoT base schema 2.0 (`event`, `point`, `detail`) with ATAK's details. Owned by the TAK Product Center.

What is taken: units (`a-...`); emergencies (`b-a-o...`, `b-a-g`); drawn shapes as zones without a kind, until they are
stale or deleted (`feeds/formats/cot_shapes.py`); spot marks, points and waypoints (`b-m-p-s-m`, `b-m-p-c`,
`b-m-p-w...`) as notes. A deletion (`t-x-d-d`) lifts a zone that this connection drew: of any other uid nothing says
what it is.
All else, chats and routes too, is refused as `unsupported type`; pings and protocol probes (`t-x-c-t`, `t-x-takp`) are
no reports and no refusals. 9999999.0 means unknown. Remarks are not taken: they are free text and may name people.
"""

import re
from collections import OrderedDict

from lxml import etree

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Refusal, Sample
from feeds.errors import DecodeError
from feeds.formats import xml_text
from feeds.formats.cot_fields import (
    child_of,
    entity_id,
    first_line,
    fix_method_of,
    number_of,
    place_of,
    readiness_of,
    status_of,
    time_of,
    times_of,
    title_of,
    unit_type_of,
)
from feeds.formats.cot_plain import plain_unit
from feeds.formats.cot_shapes import TYPES, shape
from feeds.formats.cot_xml import Stream, cut, head, is_one, is_ping, last_start, move, pong, speaks, split
from feeds.formats.xml_text import Refused
from feeds.report import AnyReport, LogReport, UnitReport, ZoneReport

_TYPE = re.compile(r"[A-Za-z0-9_.*-]{1,64}")

ZONES_MAX = 1000
"""Shapes that a connection is remembered to have drawn; the longest unheard is forgotten first."""


def _unit(event: etree._Element, cot_type: str) -> UnitReport:
    detail = child_of(event, "detail")
    contact, track, status = child_of(detail, "contact"), child_of(detail, "track"), child_of(detail, "status")
    observed_at, stale_at = times_of(event)
    lat, lon, hae_m, h_err_m, v_err_m = place_of(event)
    return UnitReport(
        observed_at=observed_at,
        stale_at=stale_at,
        status=status_of(event),
        unit_id=entity_id(event.get("uid"), "event@uid"),
        call_sign=first_line(contact.get("callsign") if contact is not None else None),
        unit_type=unit_type_of(cot_type),
        lat=lat,
        lon=lon,
        hae_m=hae_m,
        h_err_m=h_err_m,
        v_err_m=v_err_m,
        course_deg=number_of(track, "course", 0, 360, minus_one=True),
        speed_mps=number_of(track, "speed", 0, 1000, minus_one=True),
        fix_method=fix_method_of(event),
        primary_status=readiness_of(status.get("readiness") if status is not None else None),
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
        unit_id = entity_id(link.get("uid"), "event/detail/link@uid")
    else:
        unit_id = entity_id((event.get("uid") or "").removesuffix("-9-1-1"), "event@uid")
    call_sign = first_line(element.text if element is not None else None)
    if call_sign is None and contact is not None:
        call_sign = first_line((contact.get("callsign") or "").removesuffix("-Alert"))
    linked_type = (link.get("type") or "") if link is not None else ""
    place = place_of(event)
    observed_at, stale_at = times_of(event)
    return UnitReport(
        observed_at=observed_at,
        stale_at=stale_at,
        status=status_of(event),
        unit_id=unit_id,
        call_sign=call_sign,
        unit_type=unit_type_of(linked_type) if linked_type.startswith("a-") and _TYPE.fullmatch(linked_type) else None,
        **place._asdict(),
        # Without a place nothing is said of the position group, so that the unit's last one stays.
        fix_method=fix_method_of(event) if place.lat is not None else None,
        emergency=_emergency_kind(cot_type, element),
    )


def _zone(event: etree._Element, cot_type: str) -> ZoneReport:
    place = place_of(event)
    observed_at, stale_at = times_of(event)
    geometry, radius_m = shape(cot_type, event, place.lat, place.lon)
    return ZoneReport(
        observed_at=observed_at,
        status=status_of(event),
        zone_id=entity_id(event.get("uid"), "event@uid"),
        name=title_of(event),
        geometry=geometry,
        radius_m=radius_m,
        valid_from=time_of(event, "start"),
        valid_to=stale_at,
    )


def _note(event: etree._Element) -> LogReport:
    place = place_of(event)
    observed_at, stale_at = times_of(event)
    return LogReport(
        observed_at=observed_at,
        stale_at=stale_at,
        status=status_of(event),
        entry_id=entity_id(event.get("uid"), "event@uid"),
        text=title_of(event),
        lat=place.lat,
        lon=place.lon,
    )


def _pieces(frame: bytes) -> list[bytes]:
    """Return a frame's events and what stands between them. Raises DecodeError when it is empty or holds no event."""
    pieces, rest = cut(frame)
    if rest:
        pieces.append(rest.strip())
    if not pieces:
        raise DecodeError("empty message")
    if len(pieces) == 1 and last_start(pieces[0]) < 0:
        raise DecodeError("not a CoT event")
    return pieces


class _Decoder:
    """Holds one hardened parser, and which shapes its connection drew."""

    def __init__(self) -> None:
        self._parser = xml_text.parser()
        self._zones: OrderedDict[str, None] = OrderedDict()

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the reports of the frame's events. Raises DecodeError when it is empty or holds no event."""
        pieces = [frame] if is_one(frame) else _pieces(frame)
        refused: dict[int, bytes] = {}
        decoded = Decoded([], [], [], messages=refused)
        for index, piece in enumerate(pieces):
            if index == MESSAGES_MAX:
                decoded.refusals.append(Refusal(index, TOO_MANY))
                break
            try:
                report = self._event(piece)
            except Refused as error:
                decoded.refusals.append(Refusal(index, error.reason, error.path))
                refused[index] = piece
                continue
            if report is not None:
                decoded.add(index, report)
        return decoded

    def _event(self, piece: bytes) -> AnyReport | None:
        event = xml_text.parse(piece, self._parser)
        if event.tag != "event":
            raise Refused("not a CoT event", "")
        cot_type = event.get("type") or ""
        if not _TYPE.fullmatch(cot_type):
            raise Refused("type outside its grammar" if cot_type else "type missing", "event@type")
        if cot_type.startswith("a-"):
            return plain_unit(event, cot_type) or _unit(event, cot_type)
        if cot_type.startswith(("t-x-c-t", "t-x-takp")):
            return None
        if cot_type in ("b-a-o", "b-a-g") or cot_type.startswith(("b-a-o-", "b-a-g-")):
            return _emergency(event, cot_type)
        if cot_type in TYPES:
            zone = _zone(event, cot_type)
            self._remember(zone.zone_id)
            return zone
        if cot_type in ("b-m-p-s-m", "b-m-p-c", "b-m-p-w") or cot_type.startswith(("b-m-p-c-", "b-m-p-w-")):
            return _note(event)
        if cot_type == "t-x-d-d" and (lifted := self._lifted(event)) is not None:
            return lifted
        raise Refused("unsupported type", "event@type")

    def _remember(self, zone_id: str) -> None:
        self._zones[zone_id] = None
        self._zones.move_to_end(zone_id)
        if len(self._zones) > ZONES_MAX:
            self._zones.popitem(last=False)

    def _lifted(self, event: etree._Element) -> ZoneReport | None:
        """Return the end of the zone that a deletion is about, None when it is of no zone we know."""
        link = event.find("detail/link")
        zone_id = (link.get("uid") or "") if link is not None else ""
        if zone_id not in self._zones:
            return None
        at, _ = times_of(event)
        del self._zones[zone_id]
        return ZoneReport(observed_at=at, status=status_of(event), zone_id=zone_id, valid_to=at)


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
_FREE_FORM = (
    b'<event version="2.0" uid="d1b1" type="u-d-f" how="h-e" time="2026-05-04T19:06:10Z" start="2026-05-04T19:06:10Z" '
    b'stale="2026-05-05T19:06:10Z"><point lat="41.8819" lon="-87.6301" hae="0" ce="9999999.0" le="9999999.0"/><detail>'
    b'<link point="41.8827,-87.6313"/><link point="41.8827,-87.6289"/><link point="41.8811,-87.6289"/>'
    b'<link point="41.8827,-87.6313"/><contact callsign="Inner perimeter"/></detail></event>'
)
_SPOT = (
    b'<event version="2.0" uid="5b07" type="b-m-p-s-m" how="h-g-i-g-o" time="2026-05-04T19:06:20Z" '
    b'start="2026-05-04T19:06:20Z" stale="2026-05-05T19:06:20Z"><point lat="41.8805" lon="-87.6278" hae="9999999.0" '
    b'ce="9999999.0" le="9999999.0"/><detail><contact callsign="Shell casings"/></detail></event>'
)
_ROUTE = (
    b'<event version="2.0" uid="7e11" type="b-m-r" how="h-e" time="2026-05-04T19:06:30Z" start="2026-05-04T19:06:30Z" '
    b'stale="2026-05-05T19:06:30Z"><point lat="0" lon="0" hae="0" ce="9999999.0" le="9999999.0"/><detail/></event>'
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
        Sample(_ROUTE, reports=0, refusals=1),
        Sample(_PING, reports=0),
        Sample(_UNIT.replace(b"ISP-31", b"ISP-32") + b"\r\n" + _ROUTE + _ALERT + b"\n", reports=2, refusals=1),
        Sample(_CIRCLE, reports=1),
        Sample(_FREE_FORM, reports=1),
        Sample(_SPOT, reports=1),
    ),
    stream=Stream,
    speaker=lambda frame: head(frame).uid,
    reply=lambda frame, now: pong(now) if is_ping(frame) else b"",
    capture=Capture(speaks=speaks, split=split, move=move),
)
