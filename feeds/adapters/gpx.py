"""GPX: drives and walks recorded by receivers, watches and phones, one file a drive.

Format: GPX 1.0 and 1.1 (topografix.com), with Garmin's TrackPointExtension.

Rules
- **A track point is a report of the connection's unit** (`Opening.unit`): a track's name is a title, mostly a date.
- **A waypoint is a note** on the map with its name as text. Comments and descriptions are not taken: free text may name
  people. Its id is made of what it says, so that it is the same in every file.
- A point without a time is refused: nothing says when anybody was there. A route is a plan: refused whole.
- `ele` is above mean sea level, not above the ellipsoid: a height is taken only with `geoidheight`, the difference.
- `speed` (m/s) and `course` are taken as GPX 1.0 and Garmin have them: other makers' extensions do not state their
  units. Heart rates and the like are dropped. `hdop` times 5 m is the error.
- Times are UTC; one that names no zone is.

Read with lxml and not gpxpy, which loses a file to one bad number: see docs/decisions.md.
"""

import re
from collections.abc import Iterator
from hashlib import sha256

from lxml import etree

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Adapter, Capture, Decoded, Message, Refusal, Sample
from feeds.errors import DecodeError
from feeds.formats import xml_text
from feeds.formats.xml_text import Refused, children, instant, local, moment, number, parse, rfc3339, text_of
from feeds.report import AnyReport, LogReport, UnitReport

_ROOTS = (b"gpx",)

HDOP_M = 5.0
"""Error of a civil receiver at a horizontal dilution of 1, metres."""

_FIX = {"2d": "gps", "3d": "gps", "dgps": "gps", "pps": "gps", "none": "estimated"}


def _points(gpx: etree._Element) -> Iterator[etree._Element]:
    """Yield the file's waypoints, routes and track points in the file's order."""
    for child in gpx:
        if local(child) in ("wpt", "rte"):
            yield child
        elif local(child) == "trk":
            yield from (point for part in children(child, "trkseg") for point in children(part, "trkpt"))


def _number(element: etree._Element, name: str, low: float, high: float) -> float | None:
    text = text_of(element, name)
    return number(text, name, low, high, f"{local(element)}/{name}") if text else None


def _place(point: etree._Element) -> tuple[float, float]:
    found = []
    for name, most in (("lat", 90.0), ("lon", 180.0)):
        text, path = (point.get(name) or "").strip(), f"{local(point)}@{name}"
        if not text:
            raise Refused(f"{name} missing", path)
        found.append(number(text, name, -most, most, path))
    return found[0], found[1]


def _time(point: etree._Element) -> float:
    text = text_of(point, "time")
    if not text:
        raise Refused("time missing", f"{local(point)}/time")
    return moment(text, "time", f"{local(point)}/time")


def _report(point: etree._Element, unit: str) -> AnyReport:
    if local(point) == "rte":
        raise Refused("unsupported type", "rte")
    lat, lon = _place(point)
    return (_note if local(point) == "wpt" else _fix)(point, unit, lat, lon, _time(point))


def _fix(point: etree._Element, unit: str, lat: float, lon: float, at: float) -> UnitReport:
    garmin = [g for x in children(point, "extensions") for g in children(x, "TrackPointExtension")]
    motion: dict[str, float | None] = {}
    for name, most in (("speed", 1000.0), ("course", 360.0)):
        said = [value for e in (point, *garmin) if (value := _number(e, name, 0, most)) is not None]
        motion[name] = said[0] if said else None
    ele, geoid = _number(point, "ele", -11000, 90000), _number(point, "geoidheight", -200, 200)
    hdop = _number(point, "hdop", 0, 1e5)
    return UnitReport(
        observed_at=at,
        unit_id=unit,
        lat=lat,
        lon=lon,
        course_deg=motion["course"],
        speed_mps=motion["speed"],
        hae_m=ele + geoid if ele is not None and geoid is not None else None,
        h_err_m=hdop * HDOP_M if hdop is not None else None,
        fix_method=_FIX.get(text_of(point, "fix")),
    )


def _note(point: etree._Element, unit: str, lat: float, lon: float, at: float) -> LogReport:
    text = " ".join(text_of(point, "name").split())[:1000]
    told = sha256(f"{unit} {at} {lat} {lon} {text}".encode()).hexdigest()[:24]
    return LogReport(observed_at=at, entry_id=f"wpt-{told}", text=text or None, refs=(unit,), lat=lat, lon=lon)


class _Decoder:
    """Holds one hardened parser, and whose drive it is."""

    def __init__(self, unit: str) -> None:
        self._parser = xml_text.parser()
        self._unit = unit

    def decode(self, frame: bytes, received_at: float) -> Decoded:
        """Return the reports of the frame's points. Raises DecodeError when it holds nothing."""
        if not frame.strip():
            raise DecodeError("empty message")
        decoded = Decoded([], [], [])
        index = 0
        for said in self._said(frame):
            if index == MESSAGES_MAX:
                decoded.refusals.append(Refusal(index, TOO_MANY))
                break
            try:
                if isinstance(said, Refused):
                    raise said
                report = _report(said, self._unit)
            except Refused as refused:
                decoded.refusals.append(Refusal(index, refused.reason, refused.path))
            else:
                decoded.add(index, report)
            index += 1
        if not index:
            raise DecodeError("not a GPX file")
        return decoded

    def _said(self, frame: bytes) -> Iterator[etree._Element | Refused]:
        for text in xml_text.documents(frame, _ROOTS):
            try:
                gpx = parse(text, self._parser)
                points = list(_points(gpx)) if local(gpx) == "gpx" else []
                if not points:
                    raise Refused("not a GPX file" if local(gpx) != "gpx" else "no points")
            except Refused as refused:
                yield refused
            else:
                yield from points


# ---- captured files

_TIME = re.compile(rb"(<(?:[\w.-]+:)?time(?:\s[^<>]*)?>\s*+)([^<>\s]+)(?=\s*+</)")
_ROUTE = b"<gpx><rte/></gpx>"
"""Stands for a route, however long: it is refused for being one."""


def _split(data: bytes) -> list[Message]:
    """Return each point as a file of its own, since a drive may be larger than a frame; what is broken as it is."""
    hardened = xml_text.parser()
    messages: list[Message] = []
    for text in xml_text.documents(data, _ROOTS):
        try:
            gpx = parse(text, hardened)
        except Refused:
            messages.append(Message(text, None, whole=False))
            continue
        found = [_alone(point) for point in _points(gpx)] if local(gpx) == "gpx" else []
        messages += found or [Message(text, None, whole=False)]
    return messages


def _alone(point: etree._Element) -> Message:
    if local(point) == "rte":
        return Message(_ROUTE, None)
    raw: bytes = etree.tostring(point, with_tail=False)
    inside = raw if local(point) == "wpt" else b"<trk><trkseg>" + raw + b"</trkseg></trk>"
    return Message(b"<gpx>" + inside + b"</gpx>", instant(text_of(point, "time")))


def _move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the file with its times moved by `by_s` seconds; `seq` has no place in GPX."""

    def moved(found: re.Match[bytes]) -> bytes:
        at = instant(found[2].decode("ascii", "replace"))
        if at is None or not 0 <= at + by_s <= xml_text.YEAR_3000:
            return found[0]  # refused at the door, in its own words
        return found[1] + rfc3339(at + by_s).encode()

    return _TIME.sub(moved, raw) if by_s else raw


_DRIVE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="receiver" '
    b'xmlns="http://www.topografix.com/GPX/1/1" xmlns:tpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">'
    b"<trk><name>Monday</name><trkseg>"
    b'<trkpt lat="41.8786" lon="-87.6403"><ele>181.0</ele><time>2026-05-04T19:00:00Z</time><geoidheight>-33.7'
    b"</geoidheight><fix>3d</fix><hdop>0.9</hdop><extensions><tpx:TrackPointExtension><tpx:hr>91</tpx:hr>"
    b"<tpx:speed>12.4</tpx:speed><tpx:course>268.5</tpx:course></tpx:TrackPointExtension></extensions></trkpt>"
    b'<trkpt lat="41.8786" lon="-87.6418"><time>2026-05-04T19:00:10.500Z</time></trkpt></trkseg></trk></gpx>'
)
_POINT = (
    b'<gpx version="1.0"><trk><trkseg><trkpt lat="41.8790" lon="-87.6360"><time>2026-05-04T19:01:00Z</time>'
    b"<course>90</course><speed>8.3</speed></trkpt></trkseg></trk></gpx>"
)
_WAYPOINT = (
    b'<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="41.8819" lon="-87.6278">'
    b"<time>2026-05-04T19:02:00Z</time><name>Staging</name></wpt></gpx>"
)

ADAPTER = Adapter(
    name="gpx",
    title="GPX 1.0 and 1.1: recorded drives and walks",
    sequenced=False,
    opens=lambda opening: _Decoder(opening.unit),
    samples=(
        Sample(_POINT, reports=1),
        Sample(_DRIVE, reports=2),
        Sample(_WAYPOINT, reports=1),
        Sample(_POINT.replace(b"<course>90", b"<course>900"), reports=0, refusals=1),
        Sample(_DRIVE + b"\n" + _WAYPOINT, reports=3),
    ),
    capture=Capture(speaks=lambda head: xml_text.root(head) == "gpx", split=_split, move=_move),
)
