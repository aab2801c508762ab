"""CAP: public alerts and warnings of weather, fire, flood and earthquake services, alone or inside an EDXL-DE envelope.

Format: OASIS Common Alerting Protocol 1.1 and 1.2; EDXL Distribution Element 1.0 and 2.0.

Rules
- **An alert with an extent is a zone** (`warning`), one for all its areas, drawn or only named; **one without** (a
  place of radius 0, or no area at all) **is an incident**. Its id is the alert's identifier: what cancels it names it.
- Cancel and Update end what their `references` name, which give the identifier and not what it was. It was what this
  connection heard it be, else what the ending alert is itself, else a zone. An ending may thus name what nobody knows.
  What an Update says is clear (`AllClear`) is ended and not begun again.
- Of several languages English counts, else the first; all `info` of that language together are the alert.
- `status` is kept. A `scope` that is not Public becomes a label, and labels deny across agencies.
- Of the texts an incident takes the headline, or the description without one. Contacts, resources and signatures
  are not taken.
- A time must name its zone. Each ending and each alert is a message of its own: an Update of one alert counts 2.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator

from lxml import etree

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Message, Refusal, Sample
from feeds.errors import DecodeError
from feeds.formats import xml_text
from feeds.formats.cap_alert import Alert, Envelope, alerts_of, infos_of, read, required, time_of
from feeds.formats.cap_areas import extent
from feeds.formats.xml_text import Refused, children, instant, parse, rfc3339, text_of
from feeds.names import is_entity_id
from feeds.report import AnyReport, IncidentReport, ZoneReport

_ROOTS = (b"alert", b"EDXLDistribution")

KNOWN_MAX = 1000
"""Alerts that a connection is remembered to have heard; the longest unheard is forgotten first."""

_TYPE = {"Fire": "FIRE", "Rescue": "RESCUE", "CBRNE": "HAZMAT"}
"""Categories that APCO has a code for; the others are told by the event's own name."""
_SEVERITY = {"Extreme": 9, "Severe": 7, "Moderate": 5, "Minor": 3}
_URGENCY = {"Immediate": 1, "Expected": 0, "Future": -2}


def priority(urgency: str, severity: str) -> int:
    """Return 0 to 10, 10 the highest: how bad, then how soon. What is past is at most 2."""
    if urgency == "Past":
        return min(2, _SEVERITY.get(severity, 2))
    return _SEVERITY.get(severity, 2) + _URGENCY.get(urgency, -1)


def _short(text: str, most: int) -> str | None:
    text = " ".join(text.split())
    return (text if len(text) <= most else text[: most - 1] + "…") or None


def _zone_or_incident(alert: etree._Element, told: Alert) -> AnyReport:
    first = told.infos[0]
    where, event = extent(told.infos), required(first, "event")
    begins = time_of(told.infos, "onset") or time_of(told.infos, "effective") or told.sent
    expires = time_of(told.infos, "expires")
    areas = "; ".join(where.names)
    if where.is_area:
        incidents = text_of(alert, "incidents").split()
        return ZoneReport(
            observed_at=told.sent,
            status=told.status,
            labels=told.labels,
            zone_id=told.id,
            zone_kind="warning",
            name=_short(f"{event}: {areas}" if areas else event, 80),
            geometry=where.geometry,
            radius_m=where.radius_m,
            valid_from=begins,
            valid_to=expires,
            incident_id=incidents[0] if incidents and is_entity_id(incidents[0]) else None,
        )
    lon, lat = where.spot or (None, None)
    types = [_TYPE[c.text] for c in children(first, "category") if c.text in _TYPE]
    return IncidentReport(
        observed_at=told.sent,
        stale_at=expires,
        status=told.status,
        labels=told.labels,
        incident_id=told.id,
        type_common=types[0] if types else None,
        type_internal=_short(event, 200),
        status_common=("Active",),
        priority_common=priority(text_of(first, "urgency"), text_of(first, "severity")),
        lat=lat,
        lon=lon,
        address=_short(areas, 200),
        narrative=_short(text_of(first, "headline") or text_of(first, "description"), 1000),
    )


def _end(id: str, told: Alert, kind: type[AnyReport]) -> AnyReport:
    if kind is IncidentReport:
        return IncidentReport(
            observed_at=told.sent, status=told.status, labels=told.labels, incident_id=id, status_common=("Cancelled",)
        )
    return ZoneReport(
        observed_at=told.sent,
        status=told.status,
        labels=told.labels,
        zone_id=id,
        zone_kind="warning",
        valid_to=told.sent,
    )


class _Decoder:
    """Holds one hardened parser, and what the alerts of its connection became."""

    def __init__(self) -> None:
        self._parser = xml_text.parser()
        self._known: OrderedDict[str, type[AnyReport]] = OrderedDict()

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the zones and incidents of the frame's alerts. Raises DecodeError when it holds nothing."""
        if not frame.strip():
            raise DecodeError("empty message")
        refused: dict[int, bytes] = {}
        decoded = Decoded([], [], [], messages=refused)
        index = 0
        for said, text in self._said(frame):
            if index == MESSAGES_MAX:
                decoded.refusals.append(Refusal(index, TOO_MANY))
                break
            if isinstance(said, Refused):
                decoded.refusals.append(Refusal(index, said.reason, said.path))
                refused[index] = text
            else:
                decoded.add(index, said)
            index += 1
        if not index:
            raise DecodeError("not a CAP alert")
        return decoded

    def _said(self, frame: bytes) -> Iterator[tuple[AnyReport | Refused, bytes]]:
        """Yield what is said, each with the message that says it."""
        for text in xml_text.documents(frame, _ROOTS):
            try:
                alerts = list(alerts_of(parse(text, self._parser)))
            except Refused as refused:
                yield refused, text
                continue
            for alert, envelope in alerts:
                try:
                    reports = self._reports(alert, envelope)
                except Refused as refused:
                    yield refused, text
                else:
                    yield from ((report, text) for report in reports)

    def _reports(self, alert: etree._Element, envelope: Envelope) -> list[AnyReport]:
        told = read(alert, envelope)
        own = _zone_or_incident(alert, told) if told.infos else None
        guess = type(own) if own is not None else _kind(alert)
        ended = [_end(id, told, self._known.pop(id, guess)) for id in told.ends]
        if own is None:
            return ended
        self._known[told.id] = type(own)
        self._known.move_to_end(told.id)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return [*ended, own]


def _kind(alert: etree._Element) -> type[AnyReport]:
    """Return what a Cancel would be if it were an Alert: most repeat what they cancel."""
    infos = infos_of(alert)
    try:
        return IncidentReport if infos and not extent(infos).is_area else ZoneReport
    except Refused:  # a bad area must not keep an alert from ending
        return ZoneReport


# ---- captured files

_TIMES = re.compile(rb"(<(?:[\w.-]+:)?(?:sent|effective|onset|expires)(?:\s[^<>]*)?>\s*+)([^<>\s]+)(?=\s*+</)")


def _sent(raw: bytes) -> float | None:
    found = re.search(rb"<(?:[\w.-]+:)?sent(?:\s[^<>]*)?>\s*+([^<>\s]+)\s*+</", raw)
    return instant(found[1].decode("ascii", "replace"), utc=False) if found else None


def _split(data: bytes) -> list[Message]:
    """Return a file's alerts; those of one envelope stay together."""
    return [Message(text, _sent(text)) for text in xml_text.documents(data, _ROOTS)] if data.strip() else []


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the alert with its times moved by `by_s` seconds; `seq` has no place in CAP."""

    def moved(found: re.Match[bytes]) -> bytes:
        at = instant(found[2].decode("ascii", "replace"), utc=False)
        if at is None or not 0 <= at + by_s <= xml_text.YEAR_3000:
            return found[0]  # refused at the door, in its own words
        return found[1] + rfc3339(at + by_s).replace("Z", "+00:00").encode()

    return _TIMES.sub(moved, raw) if by_s else raw


_FLOOD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
    b"<identifier>urn:oid:2.49.0.1.840.0.flood.1</identifier><sender>w-nws.webmaster@noaa.gov</sender>"
    b"<sent>2026-05-04T14:00:00-05:00</sent><status>Exercise</status><msgType>Alert</msgType><scope>Public</scope>"
    b"<info><language>es-US</language><category>Met</category><event>Inundacion</event><urgency>Immediate</urgency>"
    b"<severity>Severe</severity><certainty>Likely</certainty></info>"
    b"<info><language>en-US</language><category>Met</category><event>Flash Flood Warning</event>"
    b"<urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>"
    b"<effective>2026-05-04T14:00:00-05:00</effective><expires>2026-05-04T17:00:00-05:00</expires>"
    b"<area><areaDesc>Chicago River, South Branch</areaDesc><polygon>41.8880,-87.6400 41.8880,-87.6330 "
    b"41.8500,-87.6330 41.8500,-87.6400 41.8880,-87.6400</polygon></area></info></alert>"
)
_BLAST = (
    b'<cap:alert xmlns:cap="urn:oasis:names:tc:emergency:cap:1.1"><cap:identifier>CFD-2026-0504-17</cap:identifier>'
    b"<cap:sender>alerts@fire.example</cap:sender><cap:sent>2026-05-04T14:10:00-05:00</cap:sent>"
    b"<cap:status>Exercise</cap:status><cap:msgType>Alert</cap:msgType><cap:scope>Restricted</cap:scope>"
    b"<cap:info><cap:category>Fire</cap:category><cap:event>Gas Explosion</cap:event>"
    b"<cap:urgency>Immediate</cap:urgency><cap:severity>Extreme</cap:severity><cap:certainty>Observed</cap:certainty>"
    b"<cap:headline>Building collapsed at 18th and Canal</cap:headline><cap:area><cap:areaDesc>18th and Canal"
    b"</cap:areaDesc><cap:circle>41.8579,-87.6389 0</cap:circle></cap:area></cap:info></cap:alert>"
)
_CANCEL = (
    b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>urn:oid:2.49.0.1.840.0.flood.2</identifier>'
    b"<sender>w-nws.webmaster@noaa.gov</sender><sent>2026-05-04T15:30:00-05:00</sent><status>Exercise</status>"
    b"<msgType>Cancel</msgType><scope>Public</scope><references>w-nws.webmaster@noaa.gov,"
    b"urn:oid:2.49.0.1.840.0.flood.1,2026-05-04T14:00:00-05:00</references></alert>"
)
_ACK = _CANCEL.replace(b"<msgType>Cancel", b"<msgType>Ack").replace(b"flood.2", b"flood.3")
_ENVELOPE = (
    b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>d-1</distributionID>'
    b"<senderID>alerts@fire.example</senderID><dateTimeSent>2026-05-04T14:10:05-05:00</dateTimeSent>"
    b"<distributionStatus>Exercise</distributionStatus><distributionType>Report</distributionType>"
    b"<combinedConfidentiality>UNCLASSIFIED</combinedConfidentiality><contentObject><xmlContent><embeddedXMLContent>"
    + _BLAST
    + b"</embeddedXMLContent></xmlContent></contentObject></EDXLDistribution>"
)

ADAPTER = Adapter(
    name="cap",
    title="Common Alerting Protocol 1.1 and 1.2: public alerts, alone or in EDXL-DE",
    sequenced=False,
    opens=lambda _: _Decoder(),
    samples=(
        Sample(_FLOOD, reports=1),
        Sample(_BLAST, reports=1),
        Sample(_CANCEL, reports=1),
        Sample(_ACK, reports=0, refusals=1),
        Sample(_ENVELOPE, reports=1),
        Sample(_FLOOD + b"\n" + _CANCEL + _ACK, reports=2, refusals=1),
    ),
    capture=Capture(
        speaks=lambda head: (
            xml_text.root(head) == "EDXLDistribution"
            or (xml_text.root(head) == "alert" and b"urn:oasis:names:tc:emergency:cap" in head)
        ),
        split=_split,
        move=_move,
    ),
)
