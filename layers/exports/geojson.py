"""GeoJSON (RFC 7946) as one FeatureCollection, and as a sequence (RFC 8142) for what is large.

A feature is a position or an occurrence, a third coordinate the height above the ellipsoid; times are UTC. The stamp is
a member of the collection; in a sequence it is a member of an empty collection, which comes first.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

import msgspec

from layers.exports.rows import Occurrence, TrackPoint, utc
from layers.exports.stamp import Stamp

FEATURES = 500
"""In a piece."""

_encode = msgspec.json.Encoder().encode


def write(points: Iterable[TrackPoint], occurrences: Iterable[Occurrence], stamp: Stamp) -> Iterator[bytes]:
    """Yield a FeatureCollection."""
    yield b'{"type":"FeatureCollection","stamp":' + _encode(stamp.said) + b',"features":['
    comma = b""
    for features in _batches(points, occurrences):
        yield comma + _encode(features)[1:-1]
        comma = b","
    yield b"]}"


def write_sequence(points: Iterable[TrackPoint], occurrences: Iterable[Occurrence], stamp: Stamp) -> Iterator[bytes]:
    """Yield a GeoJSON text sequence: each text begins with a record separator and ends with a line feed."""
    yield b'\x1e{"type":"FeatureCollection","stamp":' + _encode(stamp.said) + b',"features":[]}\n'
    for features in _batches(points, occurrences):
        yield b"".join(b"\x1e" + _encode(feature) + b"\n" for feature in features)


def _batches(points: Iterable[TrackPoint], occurrences: Iterable[Occurrence]) -> Iterator[list[dict[str, Any]]]:
    features = chain(map(_unit, points), map(_occurrence, occurrences))
    while batch := list(islice(features, FEATURES)):
        yield batch


def _unit(point: TrackPoint) -> dict[str, Any]:
    place = (point.lon, point.lat) if point.hae_m is None else (point.lon, point.lat, point.hae_m)
    properties = {"kind": "unit"} | _said(point._asdict())
    properties["id"] = properties.pop("unit_id")
    properties.pop("hae_m", None)
    return _feature(place, properties)


def _occurrence(occurrence: Occurrence) -> dict[str, Any]:
    lon, lat = occurrence.lon, occurrence.lat
    place = None if lon is None or lat is None else (lon, lat)
    return _feature(place, _said(occurrence._asdict()))


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    for name in ("observed_at", "received_at", "aligned_at"):
        if fields[name] is not None:
            fields[name] = utc(fields[name])
    return {name: value for name, value in fields.items() if value is not None and name not in ("lon", "lat")}


def _feature(place: tuple[float, ...] | None, properties: dict[str, Any]) -> dict[str, Any]:
    geometry = None if place is None else {"type": "Point", "coordinates": place}
    return {"type": "Feature", "geometry": geometry, "properties": properties}
