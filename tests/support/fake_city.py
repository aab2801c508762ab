"""A made-up picture of Chicago that moves: units on a street grid, incidents, cameras, in docs/wire.md columns."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.frame import LayerChange
from tests.support.fake_zones import Zones

WEST, SOUTH, EAST, NORTH = -87.80, 41.772, -87.585, 41.967
AGENCIES = (
    ("cpd", "Chicago Police", "CPD", "police"),
    ("ccso", "Cook County Sheriff", "CCSO", "police"),
    ("isp", "Illinois State Police", "ISP", "police"),
    ("cfd", "Chicago Fire", "CFD", "fire"),
    ("ctap", "Transit Police", "CTA", "transit"),
    ("ftf", "Federal Task Force", "FTF", "federal"),
)
_TYPES = ("Robbery", "TrafficCollision", "StructureFire", "MedicalEmergency", "Disturbance", "SuspiciousPerson")
_STREETS = ("W Madison St", "N State St", "S Halsted St", "W Roosevelt Rd", "N Clark St", "S Ashland Ave")
_EVENTS = (("lpr_hit", "Plate reader hit"), ("person_down", "Person down"), ("recording_started", "Recording started"),
           ("gunshot_detected", "Gunshots heard"))  # fmt: skip
_BLOCK_LON, _BLOCK_LAT = 0.00243, 0.00181
"""A Chicago block: an eighth of a mile."""
DEGREES_E7 = 1e7
_M_PER_DEG = 111_320.0
_SHRINK = np.cos(np.radians(41.87))


class City:
    """The picture. `step` moves it and gives the change; `keyframe` gives all."""

    def __init__(self, units: int, incidents: int, cameras: int, seed: int, zones: int = 0, notes: int = 0) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.n, self.m, self.k = units, incidents, cameras
        self.pending_events: list[tuple[int, dict[str, Any]]] = []
        self.lag_ms = 0.0
        self.lon = WEST + _BLOCK_LON * rng.integers(0, int((EAST - WEST) / _BLOCK_LON), units)
        self.lat = SOUTH + _BLOCK_LAT * rng.integers(0, int((NORTH - SOUTH) / _BLOCK_LAT), units)
        self.heading = rng.integers(0, 4, units)
        along = rng.uniform(0, 1, units)
        self.lon = np.where(self.heading % 2 == 1, self.lon + along * _BLOCK_LON, self.lon)
        self.lat = np.where(self.heading % 2 == 0, self.lat + along * _BLOCK_LAT, self.lat)
        self.speed = rng.uniform(4, 16, units)
        self.agency = rng.choice(len(AGENCIES), units, p=(0.45, 0.12, 0.08, 0.2, 0.1, 0.05))
        self.status = rng.choice(6, units, p=(0.5, 0.18, 0.16, 0.06, 0.08, 0.02)).astype(np.uint8)
        life = rng.choice(3, units, p=(0.95, 0.035, 0.015))
        life[:2] = 0
        self.emergency = np.zeros(units, np.uint8)
        self.emergency[:1] = 1
        self.flags = (self.emergency | (life << 1)).astype(np.uint8)
        self.moving = (self.status < 2) & (life == 0)
        self.seen = np.zeros(units)
        self.late = np.where(life == 2, 2400.0, np.where(life == 1, 75.0, 0.0))
        self.stepped = 0.0
        self.camera = self._spread(cameras)
        self.incident = self._spread(incidents)
        self.priority = rng.choice([1, 2, 3, 4], incidents, p=(0.08, 0.22, 0.4, 0.3)).astype(np.uint8)
        self.opened = rng.uniform(30, 5000, incidents)
        self.alert = np.zeros(cameras)
        self.zones = Zones(zones, notes, (WEST + 0.06, SOUTH + 0.06, EAST - 0.06, NORTH - 0.06), seed)
        self._turn = 0

    def _spread(self, n: int) -> NDArray[np.float64]:
        return self.rng.uniform((WEST + 0.02, SOUTH + 0.02), (EAST - 0.02, NORTH - 0.02), (n, 2))

    def step(self, now: float, moved: float) -> tuple[LayerChange, ...]:
        """Return what changed: the next `moved` share of the units drove on; cameras whose alert began or ended."""
        count = int(np.ceil(self.n * min(moved, 1.0)))
        rows = (self._turn + np.arange(count)) % max(self.n, 1)
        self._turn = (self._turn + count) % max(self.n, 1)
        elapsed = np.clip(now - self.seen[rows], 0.0, 2.0)
        on = self.moving[rows]
        metres = self.speed[rows] * elapsed * on
        heading = self.heading[rows]
        dx, dy = np.array([0, 1, 0, -1])[heading], np.array([1, 0, -1, 0])[heading]
        self.lon[rows] += dx * metres / (_M_PER_DEG * _SHRINK)
        self.lat[rows] += dy * metres / _M_PER_DEG
        self._turn_corners(rows, heading, dx, dy)
        live = self.late[rows] == 0
        self.seen[rows] = np.where(live, now, self.seen[rows])
        self.lag_ms = 12.0
        changes = [self._units(rows[live], now)] if live.any() else []
        ended = np.flatnonzero((self.alert > 0) & (self.alert < now))
        begun = np.flatnonzero(self.alert > now + 7.5)
        if len(ended) or len(begun):
            self.alert[ended] = 0
            changes.append(self._cameras(np.union1d(ended, begun), now))
        return (*changes, *self.zones.step())

    def _turn_corners(self, rows: NDArray[Any], heading: NDArray[Any], dx: NDArray[Any], dy: NDArray[Any]) -> None:
        turn = self.rng.uniform(0, 1, len(rows)) < 0.04
        turn |= (self.lon[rows] < WEST) & (dx < 0) | (self.lon[rows] > EAST) & (dx > 0)
        turn |= (self.lat[rows] < SOUTH) & (dy < 0) | (self.lat[rows] > NORTH) & (dy > 0)
        turn &= self.moving[rows]
        at = rows[turn]
        self.heading[at] = (heading[turn] + self.rng.choice([1, 3], len(at))) % 4
        self.lon[at] = WEST + _BLOCK_LON * np.round((self.lon[at] - WEST) / _BLOCK_LON)
        self.lat[at] = SOUTH + _BLOCK_LAT * np.round((self.lat[at] - SOUTH) / _BLOCK_LAT)

    def keyframe(self, now: float) -> tuple[LayerChange, ...]:
        """Return everything, with records."""
        self.seen = np.where(self.seen == 0, now, self.seen)
        units, incidents, cameras = np.arange(self.n), np.arange(self.m), np.arange(self.k)
        return (
            self._units(units, now, tuple((int(i), self.unit(int(i))) for i in units)),
            self._incidents(incidents, tuple((int(i), self.incident_record(int(i), now)) for i in incidents)),
            self._cameras(cameras, now, tuple((int(i), self.camera_record(int(i))) for i in cameras)),
            *self.zones.keyframe(now),
        )

    def _units(self, rows: NDArray[Any], now: float, records: tuple[Any, ...] = ()) -> LayerChange:
        n = len(rows)
        return LayerChange(
            "units",
            (
                ("row", "u4", rows),
                ("lon", "i4", np.round(self.lon[rows] * DEGREES_E7)),
                ("lat", "i4", np.round(self.lat[rows] * DEGREES_E7)),
                ("course", "u2", self.heading[rows] * 900),
                ("speed", "u2", np.round(self.speed[rows] * 10 * self.moving[rows])),
                ("status", "u1", self.status[rows]),
                ("flags", "u1", self.flags[rows]),
                ("age", "u2", np.minimum(((now - self.seen[rows]) + self.late[rows]) * 10, 65535)),
                ("err", "u2", np.full(n, 12)),
                ("lag", "u2", np.full(n, int(self.lag_ms))),
            ),
            records,
        )

    def _incidents(self, rows: NDArray[Any], records: tuple[Any, ...] = ()) -> LayerChange:
        flags = np.array([(0x80, 0x10, 0x20, 0x30)[int(i) % 4] for i in rows], np.uint8)
        return LayerChange(
            "incidents",
            (
                ("row", "u4", rows),
                ("lon", "i4", np.round(self.incident[rows, 0] * DEGREES_E7)),
                ("lat", "i4", np.round(self.incident[rows, 1] * DEGREES_E7)),
                ("priority", "u1", self.priority[rows]),
                ("flags", "u1", flags),
                ("age", "u4", self.opened[rows]),
            ),
            records,
        )

    def _cameras(self, rows: NDArray[Any], now: float, records: tuple[Any, ...] = ()) -> LayerChange:
        return LayerChange(
            "cameras",
            (
                ("row", "u4", rows),
                ("lon", "i4", np.round(self.camera[rows, 0] * DEGREES_E7)),
                ("lat", "i4", np.round(self.camera[rows, 1] * DEGREES_E7)),
                ("bearing", "u2", (rows * 470) % 3600),
                ("fov", "u2", np.where(rows % 7 == 0, 65535, 700)),
                ("range", "u2", np.full(len(rows), 120)),
                ("camera_state", "u1", np.array([2, 2, 3, 2, 4, 1, 2, 5])[rows % 8]),
                ("camera_kind", "u1", np.array([1, 2, 3, 4, 5, 1, 7, 1])[rows % 8]),
                ("flags", "u1", (self.alert[rows] > now).astype(np.uint8) << 4),
                ("age", "u2", np.full(len(rows), 20)),
            ),
            records,
        )

    def unit(self, i: int) -> dict[str, Any]:
        """Return a unit's record."""
        agency, _, _, family = AGENCIES[self.agency[i]]
        primary = ("Available", "NotAvailable", "NotAvailable", "ConditionallyAvailable", "NotAvailable", None)
        secondary: tuple[list[str], ...] = ([], ["EnRoute"], ["OnScene"], [], [], [])
        record: dict[str, Any] = {
            "id": f"U{i:05d}", "agency": agency, "family": "ems" if family == "fire" and i % 3 == 0 else family,
            "call_sign": f"{('BEAT', 'SO', 'T', 'E', 'TR', 'TF')[self.agency[i]]} {100 + i % 900}",
            "source": f"{agency}-avl", "cadence_s": 10.0,
        }  # fmt: skip
        state = int(self.status[i])
        if primary[state]:
            record["primary_status"] = primary[state]
        if secondary[state]:
            record["secondary_status"] = secondary[state]
        if self.emergency[i]:
            record["emergency"] = "officer_needs_help"
        if state in (1, 2) and self.m:
            record["incident_id"] = f"I{i % self.m:04d}"
        return record

    def incident_record(self, i: int, now: float) -> dict[str, Any]:
        """Return an incident's record."""
        status = (["Unassigned"], ["ResourcesEnroute"], ["OnScene"], ["OnScene", "ResourcesEnroute"])[i % 4]
        return {
            "id": f"I{i:04d}", "agency": AGENCIES[i % len(AGENCIES)][0], "type": _TYPES[i % len(_TYPES)],
            "status": status, "priority_common": (0, 10, 7, 4, 1)[self.priority[i]], "origin": "Call",
            "address": f"{100 + 37 * i} {_STREETS[i % len(_STREETS)]}", "opened_at": now - float(self.opened[i]),
            "updated_at": now - float(self.opened[i]) / 3, "units": [f"U{u:05d}" for u in range(i % 4)],
        }  # fmt: skip

    def camera_record(self, i: int) -> dict[str, Any]:
        """Return a camera's record."""
        agency = AGENCIES[i % len(AGENCIES)][0]
        name = f"{_STREETS[i % len(_STREETS)]} {i}"
        return {"id": f"C{i:03d}", "agency": agency, "name": name, "source": f"{agency}-cams", "cadence_s": 30.0}

    def happening(self, now: float) -> dict[str, Any]:
        """Return a made-up camera event, and raise that camera's alert for eight seconds."""
        i = int(self.rng.integers(0, max(self.k, 1)))
        event, text = _EVENTS[int(self.rng.integers(0, len(_EVENTS)))]
        if self.k:
            self.alert[i] = now + 8
        where = self.camera[i] if self.k else (WEST, SOUTH)
        return {
            "at": now, "received_at": now, "agency": AGENCIES[i % len(AGENCIES)][0], "kind": "camera_event",
            "id": f"C{i:03d}", "camera_id": f"C{i:03d}", "event": event, "text": f"{text}, {_STREETS[i % 6]}",
            "lon": float(where[0]), "lat": float(where[1]), "verification": "unverified", "confidence": 0.8,
        }  # fmt: skip

    def card(self, said: dict[str, Any], now: float) -> dict[str, Any]:
        """Return the answer to a card message."""
        layer, id_ = str(said.get("layer")), str(said.get("id"))
        number = int(id_[1:]) if id_[1:].isdigit() else -1
        sizes = {"units": self.n, "incidents": self.m, "cameras": self.k}
        size = (sizes | {"zones": len(self.zones.place), "log": len(self.zones.note)}).get(layer, 0)
        answer = {"type": "card", "ask": said.get("ask"), "layer": layer, "agency": said.get("agency"), "id": id_}
        answer["found"] = 0 <= number < size
        if not answer["found"]:
            return answer
        record = {
            "units": lambda: self.unit(number),
            "incidents": lambda: self.incident_record(number, now),
            "cameras": lambda: self.camera_record(number),
            "zones": lambda: self.zones.zone(number),
            "log": lambda: self.zones.entry(number, now),
        }[layer]()
        place = {
            "units": lambda: (self.lon[number], self.lat[number]),
            "incidents": lambda: self.incident[number],
            "cameras": lambda: self.camera[number],
            "zones": lambda: self.zones.place[number],
            "log": lambda: self.zones.note[number],
        }[layer]()
        return answer | {
            "title": record.get("call_sign") or record.get("name") or record.get("type") or record.get("text") or id_,
            "subtitle": {a: name for a, name, _, _ in AGENCIES}[record["agency"]],
            "position": [float(place[0]), float(place[1])],
            "rows": [[k.replace("_", " "), str(v)] for k, v in record.items() if k not in ("id", "agency")],
            "observed_at": now - 4, "received_at": now - 3.9, "flagged": [], "history": [[now - 60, "Opened"]],
        }  # fmt: skip

    def feeds(self, now: float) -> list[dict[str, Any]]:
        """Return the health rows."""
        states = ("live", "live", "stale", "live", "silent", "idle")
        ages: tuple[float | None, ...] = (0.6, 2.1, 41.0, 1.4, 420.0, None)
        return [
            {
                "agency": agency, "source": f"{agency}-avl", "adapter": "native" if i % 2 else "cot",
                "state": states[i], "age_s": ages[i], "cadence_s": 10.0, "accepted": int(now) % 100000 + i * 977,
                "duplicate": i, "rejected": 3 * (i == 2), "gaps": int(i == 4), "last_reason": "",
                "clock_offset_s": 37.2 if i == 1 else -0.1, "clock_error_s": 0.2,
            }
            for i, (agency, _, _, _) in enumerate(AGENCIES)
        ]  # fmt: skip
