"""CZML 1.0, for Cesium: a packet for each unit, available where it spoke; a packet for each occurrence.

- A unit is available from the first to the last point of each leg, so that it is not drawn across a gap. Its status
  goes by intervals from where it changed. Both are held until the unit's positions are through.
- Heights of CZML are above the ellipsoid, as ours; a unit that did not say one with each position lies on the ground.
- An occurrence is there from when it was observed to the end of the range; without a place it has none.
- How far a source's clock was known to be off goes by intervals too (`clock_offset_s`, `clock_error_s`).
- The stamp is the document's properties. When a position was heard has no place here.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import msgspec

from layers.exports.rows import Occurrence, TrackPoint, legs, tracks, utc
from layers.exports.stamp import Stamp

SAMPLES = 1_000
"""Positions in a piece."""

T = TypeVar("T")

_POINT = {"pixelSize": 8}
_LABEL = {"font": "14px sans-serif", "pixelOffset": {"cartesian2": [0, -16]}}

_encode = msgspec.json.Encoder().encode


def write(points: Iterable[TrackPoint], occurrences: Iterable[Occurrence], stamp: Stamp) -> Iterator[bytes]:
    """Yield the file."""
    yield b"[" + _encode(_document(stamp))
    for first, track in tracks(points):
        yield from _unit(first, track, stamp.gap_s)
    for number, occurrence in enumerate(occurrences):
        yield b"," + _encode(_occurrence(number, occurrence, stamp))
    yield b"]"


def _document(stamp: Stamp) -> dict[str, Any]:
    return {
        "id": "document",
        "name": stamp.title,
        "version": "1.0",
        "clock": {"interval": _interval(stamp.since, stamp.until), "currentTime": utc(stamp.since), "multiplier": 1},
        "properties": stamp.said,
    }


def _unit(first: TrackPoint, track: Iterable[TrackPoint], gap_s: float) -> Iterator[bytes]:
    """Yield a unit's packet: its positions as they come, then what is known of it when they are through."""
    head = {"id": f"unit/{first.agency}/{first.unit_id}", "name": first.call_sign or first.unit_id}
    told = _Told()
    yield b"," + _encode(head)[:-1] + b',"position":{"epoch":' + _encode(utc(first.observed_at))
    comma = b',"cartographicDegrees":['
    for leg in legs(track, gap_s):
        told.begin()
        while some := list(islice(leg, SAMPLES)):
            numbers: list[float] = []
            for point in some:
                told.hear(point)
                numbers += (round(point.observed_at - first.observed_at, 6), point.lon, point.lat, point.hae_m or 0.0)
            yield comma + _encode(numbers)[1:-1]
            comma = b","
    yield b"]}," + _encode(told.packet(first))[1:]


class _Told:
    """What a unit's points say besides their places, gathered as they pass."""

    def __init__(self) -> None:
        self._begins = True
        self._legs: list[tuple[float, float]] = []
        self._statuses: list[tuple[float, str | None]] = []
        self._clocks: list[tuple[float, tuple[float, float] | None]] = []
        self._is_high = True

    def begin(self) -> None:
        """Note that the next point is the first of a leg."""
        self._begins = True

    def hear(self, point: TrackPoint) -> None:
        """Take the next point."""
        at = point.observed_at
        self._legs.append((at, at))
        if not self._begins:
            self._legs[-2:] = [(self._legs[-2][0], at)]
        self._begins = False
        if not self._statuses or point.primary_status != self._statuses[-1][1]:
            self._statuses.append((at, point.primary_status))
        clock = None
        if point.aligned_at is not None and point.aligned_err_s is not None:
            clock = (round(at - point.aligned_at, 3), point.aligned_err_s)
        if not self._clocks or clock != self._clocks[-1][1]:
            self._clocks.append((at, clock))
        self._is_high = self._is_high and point.hae_m is not None

    def packet(self, unit: TrackPoint) -> dict[str, Any]:
        """Return what a packet says after its positions."""
        last = self._legs[-1][1]
        statuses = [{"interval": each, "string": status} for each, status in _intervals(self._statuses, last)]
        clocks = list(_intervals(self._clocks, last))
        properties: dict[str, Any] = {"agency": unit.agency, "unit_id": unit.unit_id}
        if unit.unit_type is not None:
            properties["unit_type"] = unit.unit_type
        if statuses:
            properties["primary_status"] = statuses
        for place, name in enumerate(("clock_offset_s", "clock_error_s") if clocks else ()):
            properties[name] = [{"interval": each, "number": clock[place]} for each, clock in clocks]
        return {
            "availability": [_interval(since, until) for since, until in self._legs],
            "point": _POINT | {"heightReference": "NONE" if self._is_high else "CLAMP_TO_GROUND"},
            "label": _LABEL | {"text": unit.call_sign or unit.unit_id},
            "properties": properties,
        }


def _occurrence(number: int, occurrence: Occurrence, stamp: Stamp) -> dict[str, Any]:
    fields = occurrence._asdict() | {"received_at": utc(occurrence.received_at)}
    if occurrence.aligned_at is not None:
        fields["aligned_at"] = utc(occurrence.aligned_at)
    lon, lat, at, text = (fields.pop(name) for name in ("lon", "lat", "observed_at", "text"))
    packet = {
        "id": f"occurrence/{number}",
        "name": text,
        "availability": _interval(at, max(at, stamp.until)),
        "properties": {name: value for name, value in fields.items() if value is not None},
    }
    if lon is not None and lat is not None:
        packet["position"] = {"cartographicDegrees": [lon, lat, 0.0]}
        packet["point"] = _POINT | {"heightReference": "CLAMP_TO_GROUND"}
    return packet


def _intervals(said: list[tuple[float, T | None]], last: float) -> Iterator[tuple[str, T]]:
    """Yield from when to when each was said, until `last`."""
    ends = [at for at, _ in said[1:]] + [last]
    for (since, what), until in zip(said, ends, strict=True):
        if what is not None:
            yield _interval(since, until), what


def _interval(since: float, until: float) -> str:
    return f"{utc(since)}/{utc(until)}"
