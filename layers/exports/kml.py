"""KML 2.2 with Google's tracks: a placemark for each unit, a `gx:Track` for each leg; occurrences are dated placemarks.

- KML wants all times of a track before all its places: a long leg is written as several tracks, each from where the
  last one ended, so that what is held in memory is bounded.
- Altitudes of KML are above mean sea level, which nobody told us: tracks lie on the ground, a height above the
  ellipsoid stands among the arrays beside them, as do the other clock and the status.
- The stamp is the document's description and its extended data.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from lxml import etree

from layers.exports.rows import Occurrence, TrackPoint, legs, tracks, utc
from layers.exports.sink import Sink
from layers.exports.stamp import Stamp
from layers.exports.xml_pieces import described, leaf

KML = "http://www.opengis.net/kml/2.2"
GX = "http://www.google.com/kml/ext/2.2"

TRACK_POINTS = 2_000
"""In one `gx:Track`."""
SCHEMA = "position"
_ARRAYS = {
    "received_at": "string",
    "aligned_at": "string",
    "aligned_err_s": "double",
    "speed_mps": "double",
    "hae_m": "double",
    "h_err_m": "double",
    "primary_status": "string",
    "emergency": "string",
    "incident_id": "string",
    "source": "string",
    "status": "string",
}
"""What stands beside each position, by name, with its type in KML."""
_INSTANTS = ("received_at", "aligned_at")
_OF_UNIT = ("agency", "unit_id", "unit_type")
_OF_OCCURRENCE = (
    "agency", "kind", "id", "event", "priority", "incident_id", "verification", "author_position", "source", "status",
    "aligned_err_s",
)  # fmt: skip

_PLACEMARK, _NAME, _EXTENDED, _DATA = (f"{{{KML}}}{name}" for name in ("Placemark", "name", "ExtendedData", "Data"))
_VALUE, _WHEN = f"{{{KML}}}value", f"{{{KML}}}when"
_TRACK, _COORD, _ANGLES = (f"{{{GX}}}{name}" for name in ("Track", "coord", "angles"))
_ARRAY, _IN_ARRAY = f"{{{GX}}}SimpleArrayData", f"{{{GX}}}value"


def write(points: Iterable[TrackPoint], occurrences: Iterable[Occurrence], stamp: Stamp) -> Iterator[bytes]:
    """Yield the file."""
    sink = Sink()
    with etree.xmlfile(sink, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element(f"{{{KML}}}kml", nsmap={None: KML, "gx": GX}), xml.element(f"{{{KML}}}Document"):
            _head(xml, stamp)
            for first, track in tracks(points):
                with xml.element(_PLACEMARK):
                    leaf(xml, _NAME, first.call_sign or first.unit_id)
                    _data(xml, {name: getattr(first, name) for name in _OF_UNIT})
                    with xml.element(f"{{{GX}}}MultiTrack"):
                        leaf(xml, f"{{{GX}}}interpolate", "0")
                        for some in _parts(track, stamp.gap_s):
                            _track(xml, some)
                            if sink.full:
                                yield sink.take()
            for occurrence in occurrences:
                _placemark(xml, occurrence)
                if sink.full:
                    yield sink.take()
    yield sink.take()


def _head(xml: etree.xmlfile, stamp: Stamp) -> None:
    leaf(xml, _NAME, stamp.title)
    leaf(xml, f"{{{KML}}}description", described(stamp.said))
    with xml.element(f"{{{KML}}}TimeSpan"):
        leaf(xml, f"{{{KML}}}begin", utc(stamp.since))
        leaf(xml, f"{{{KML}}}end", utc(stamp.until))
    _data(xml, stamp.said)
    with xml.element(f"{{{KML}}}Schema", {"name": SCHEMA, "id": SCHEMA}):
        for name, kind in _ARRAYS.items():
            leaf(xml, f"{{{GX}}}SimpleArrayField", attributes={"name": name, "type": kind})


def _parts(points: Iterable[TrackPoint], gap_s: float) -> Iterator[list[TrackPoint]]:
    for leg in legs(points, gap_s):
        last: list[TrackPoint] = []
        while more := list(islice(leg, TRACK_POINTS)):
            yield [*last, *more]
            last = more[-1:]


def _track(xml: etree.xmlfile, points: list[TrackPoint]) -> None:
    with xml.element(_TRACK):
        leaf(xml, f"{{{KML}}}altitudeMode", "clampToGround")
        for point in points:
            leaf(xml, _WHEN, utc(point.observed_at))
        for point in points:
            leaf(xml, _COORD, f"{point.lon:.10g} {point.lat:.10g} 0")
        for point in points:
            # An empty one keeps the lists in step.
            leaf(xml, _ANGLES, "" if point.course_deg is None else f"{point.course_deg:.10g} 0 0")
        with xml.element(_EXTENDED), xml.element(f"{{{KML}}}SchemaData", {"schemaUrl": f"#{SCHEMA}"}):
            for name in _ARRAYS:
                values = [getattr(point, name) for point in points]
                if any(value is not None for value in values):
                    with xml.element(_ARRAY, {"name": name}):
                        for value in values:
                            said = utc(value) if value is not None and name in _INSTANTS else str(value)
                            leaf(xml, _IN_ARRAY, "" if value is None else said)


def _placemark(xml: etree.xmlfile, occurrence: Occurrence) -> None:
    with xml.element(_PLACEMARK):
        leaf(xml, _NAME, occurrence.text)
        with xml.element(f"{{{KML}}}TimeStamp"):
            leaf(xml, _WHEN, utc(occurrence.observed_at))
        told = {name: getattr(occurrence, name) for name in _OF_OCCURRENCE}
        instants = {name: getattr(occurrence, name) for name in _INSTANTS}
        _data(xml, told | {name: utc(at) for name, at in instants.items() if at is not None})
        if occurrence.lon is not None and occurrence.lat is not None:
            with xml.element(f"{{{KML}}}Point"):
                leaf(xml, f"{{{KML}}}coordinates", f"{occurrence.lon:.10g},{occurrence.lat:.10g}")


def _data(xml: etree.xmlfile, fields: Mapping[str, Any]) -> None:
    with xml.element(_EXTENDED):
        for name, value in fields.items():
            if value is not None:
                with xml.element(_DATA, {"name": name}):
                    leaf(xml, _VALUE, str(value))
