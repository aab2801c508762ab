"""Made-up zones and log entries over the made-up city, in docs/wire.md columns: every kind and shape in turn."""

from typing import Any

import numpy as np

from layers.frame import LayerChange
from layers.symbol import LOG_KINDS, ZONE_KINDS

_DEGREE = 1e7
_KINDS = ("perimeter_inner", "perimeter_outer", "staging", "hot", "beat", "no_fly", "traffic_control", "warning")
_ENTRIES = ("note", "order", "finding")


class Zones:
    """`zones` zones and `notes` log entries. `lift` takes one away in the next step."""

    def __init__(self, zones: int, notes: int, bounds: tuple[float, float, float, float], seed: int) -> None:
        rng = np.random.default_rng(seed)
        west, south, east, north = bounds
        self.place = rng.uniform((west, south), (east, north), (zones, 2))
        self.note = rng.uniform((west, south), (east, north), (notes, 2))
        self.lifted: list[int] = []

    def lift(self, row: int) -> None:
        """Let a zone end."""
        self.lifted.append(row)

    def step(self) -> tuple[LayerChange, ...]:
        """Return what went since the last step."""
        gone, self.lifted = tuple(self.lifted), []
        return (LayerChange("zones", gone=gone),) if gone else ()

    def keyframe(self, now: float) -> tuple[LayerChange, ...]:
        """Return everything, with records; nothing of a layer that is empty."""
        layers = []
        if len(self.place):
            kinds = [ZONE_KINDS[_KINDS[i % len(_KINDS)]] for i in range(len(self.place))]
            records = tuple((i, self.zone(i)) for i in range(len(self.place)))
            layers.append(self._layer("zones", "zone_kind", self.place, kinds, records))
        if len(self.note):
            kinds = [LOG_KINDS[_ENTRIES[i % len(_ENTRIES)]] for i in range(len(self.note))]
            records = tuple((i, self.entry(i, now)) for i in range(len(self.note)))
            layers.append(self._layer("log", "entry_kind", self.note, kinds, records))
        return tuple(layers)

    def _layer(self, name: str, kind: str, places: Any, kinds: list[int], records: tuple[Any, ...]) -> LayerChange:
        n = len(places)
        columns = (
            ("row", "u4", np.arange(n)),
            ("lon", "i4", np.round(places[:, 0] * _DEGREE)),
            ("lat", "i4", np.round(places[:, 1] * _DEGREE)),
            (kind, "u1", np.array(kinds)),
            ("flags", "u1", np.zeros(n)),
            ("age", "u4", np.full(n, 60)),
        )
        return LayerChange(name, columns, records)

    def zone(self, i: int) -> dict[str, Any]:
        """Return a zone's record: rectangles, discs, and places without extent for staging."""
        lon, lat = self.place[i].tolist()
        kind = _KINDS[i % len(_KINDS)]
        record: dict[str, Any] = {"id": f"Z{i:03d}", "agency": "cpd", "name": f"Zone {i}", "zone_kind": kind}
        if kind == "staging":
            return record | {"geometry": {"type": "Point", "coordinates": [lon, lat]}}
        if kind == "hot":
            return record | {"geometry": {"type": "Point", "coordinates": [lon, lat]}, "radius_m": 400.0}
        dx, dy = 0.006 + 0.0001 * (i % 9), 0.004
        ring = [[lon - dx, lat - dy], [lon + dx, lat - dy], [lon + dx, lat + dy], [lon - dx, lat + dy]]
        return record | {"geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}}

    def entry(self, i: int, now: float) -> dict[str, Any]:
        """Return a log entry's record."""
        kind = _ENTRIES[i % len(_ENTRIES)]
        return {"id": f"E{i:03d}", "agency": "cpd", "entry_kind": kind, "text": f"Entry {i}", "observed_at": now - 60}
