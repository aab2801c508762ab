"""GPX 1.1: a track for each unit, a segment for each leg, a time for each point; occurrences are waypoints.

- Speed and course stand where Garmin's TrackPointExtension v2 has them; what else is known, the other clock among it,
  in our own elements beside.
- `ele` is above mean sea level, which nobody told us: a height above the ellipsoid is ours as `hae_m`.
- The stamp is in the file's metadata, in words and field by field. GPX has no waypoint without a place: the file's own
  extensions, at its end, say how many occurrences were left out for that.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from layers.exports.rows import Occurrence, TrackPoint, legs, tracks, utc
from layers.exports.sink import Sink
from layers.exports.stamp import Stamp
from layers.exports.xml_pieces import described, leaf

GPX = "http://www.topografix.com/GPX/1/1"
GARMIN = "http://www.garmin.com/xmlschemas/TrackPointExtension/v2"
OURS = "urn:jointops:export:1"
_NAMES = {None: GPX, "tpx": GARMIN, "jo": OURS}

_EXTENSIONS, _TRACK, _SEGMENT = (f"{{{GPX}}}{name}" for name in ("extensions", "trk", "trkseg"))
_POINT, _WAYPOINT, _TIME = (f"{{{GPX}}}{name}" for name in ("trkpt", "wpt", "time"))
_NAME, _TYPE, _WORDS = (f"{{{GPX}}}{name}" for name in ("name", "type", "desc"))


def _ours(*names: str) -> dict[str, str]:
    return {name: f"{{{OURS}}}{name}" for name in names}


_OF_TRACK = _ours("agency", "unit_id")
_OF_POINT = _ours("hae_m", "h_err_m", "primary_status", "emergency", "incident_id", "source", "status")
_OF_OCCURRENCE = _ours(
    *("agency", "id", "event", "priority", "incident_id", "verification", "author_position", "source", "status")
)
_OF_CLOCK = _ours("aligned_err_s")
_ALIGNED = f"{{{OURS}}}aligned_at"
_RECEIVED, _LEFT_OUT = f"{{{OURS}}}received_at", f"{{{OURS}}}left_out"


def write(points: Iterable[TrackPoint], occurrences: Iterable[Occurrence], stamp: Stamp) -> Iterator[bytes]:
    """Yield the file."""
    sink = Sink()
    with etree.xmlfile(sink, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element(f"{{{GPX}}}gpx", version="1.1", creator=f"JointOps {stamp.version}", nsmap=_NAMES):
            _metadata(xml, stamp)
            left_out = 0
            for occurrence in occurrences:
                left_out += not _waypoint(xml, occurrence)
                if sink.full:
                    yield sink.take()
            for first, track in tracks(points):
                with xml.element(_TRACK):
                    _head(xml, first)
                    for leg in legs(track, stamp.gap_s):
                        with xml.element(_SEGMENT):
                            for point in leg:
                                _point(xml, point)
                                if sink.full:
                                    yield sink.take()
            with xml.element(_EXTENSIONS):
                leaf(xml, _LEFT_OUT, str(left_out))
    yield sink.take()


def _metadata(xml: etree.xmlfile, stamp: Stamp) -> None:
    with xml.element(f"{{{GPX}}}metadata"):
        leaf(xml, _NAME, stamp.title)
        leaf(xml, _WORDS, described(stamp.said))
        leaf(xml, _TIME, utc(stamp.made_at))
        with xml.element(_EXTENSIONS):
            for name, said in stamp.said.items():
                leaf(xml, f"{{{OURS}}}{name}", said)


def _head(xml: etree.xmlfile, unit: TrackPoint) -> None:
    leaf(xml, _NAME, unit.call_sign or unit.unit_id)
    if unit.unit_type is not None:
        leaf(xml, _TYPE, unit.unit_type)
    with xml.element(_EXTENSIONS):
        _said(xml, unit, _OF_TRACK)


def _point(xml: etree.xmlfile, point: TrackPoint) -> None:
    with xml.element(_POINT, _place(point.lon, point.lat)):
        leaf(xml, _TIME, utc(point.observed_at))
        with xml.element(_EXTENSIONS):
            _clocks(xml, point)
            _said(xml, point, _OF_POINT)
            if point.speed_mps is not None or point.course_deg is not None:
                with xml.element(f"{{{GARMIN}}}TrackPointExtension"):
                    if point.speed_mps is not None:
                        leaf(xml, f"{{{GARMIN}}}speed", f"{point.speed_mps:.10g}")
                    if point.course_deg is not None:
                        leaf(xml, f"{{{GARMIN}}}course", f"{point.course_deg:.10g}")


def _waypoint(xml: etree.xmlfile, occurrence: Occurrence) -> bool:
    """Write the occurrence, or return False when it has no place."""
    if occurrence.lon is None or occurrence.lat is None:
        return False
    with xml.element(_WAYPOINT, _place(occurrence.lon, occurrence.lat)):
        leaf(xml, _TIME, utc(occurrence.observed_at))
        leaf(xml, _NAME, occurrence.text)
        leaf(xml, _TYPE, occurrence.kind)
        with xml.element(_EXTENSIONS):
            _clocks(xml, occurrence)
            _said(xml, occurrence, _OF_OCCURRENCE)
    return True


def _clocks(xml: etree.xmlfile, row: TrackPoint | Occurrence) -> None:
    leaf(xml, _RECEIVED, utc(row.received_at))
    if row.aligned_at is not None:
        leaf(xml, _ALIGNED, utc(row.aligned_at))
        _said(xml, row, _OF_CLOCK)


def _said(xml: etree.xmlfile, row: Any, elements: Mapping[str, str]) -> None:
    for field, name in elements.items():
        value = getattr(row, field)
        if value is not None:
            leaf(xml, name, str(value))


def _place(lon: float, lat: float) -> dict[str, str]:
    return {"lat": _degrees(lat), "lon": _degrees(lon)}


def _degrees(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".")
