"""A made-up recording of an exercise in Chicago: where everybody was at any moment, in docs/wire.md columns.

All of it is in closed form, nothing is stepped: the same moment is the same picture, whichever way one came to it.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.frame import LayerChange
from layers.words import incident_type, of
from tests.support.fake_city import AGENCIES, DEGREES_E7, EAST, NORTH, SOUTH, WEST

_M_PER_DEG = 111_320.0
_SHRINK = float(np.cos(np.radians(41.87)))
_STREETS = ("W Madison St", "N State St", "S Halsted St", "W Roosevelt Rd", "N Clark St", "S Ashland Ave")
_TYPES = ("ROBBERY", "MVAINJ", "STRUCTFR", "MEDICAL", "DISTURB", "SUSPVEH")
_CAMERA = (("lpr_hit", "Plate hit"), ("person_down", "Person down"), ("recording_started", "Recording started"))
_LOG = (
    "Perimeter set north of the park",
    "Hold all westbound traffic",
    "Second alarm asked for",
    "Command passed to CFD",
)
_WITNESS = (
    "A witness says that two people ran north, towards the park, one of them in a red jacket; the door of the shop "
    "stands open and nobody has been inside yet."
)
_KINDS = ("note", "decision", "request", "handover")
_COURSE = (
    ("Active", 0),
    ("ResourcesAssigned", 60),
    ("ResourcesEnroute", 120),
    ("ResourcesOnscene", 420),
    ("Closed", 1800),
)
"""How an incident goes: status, and seconds after it was opened."""
_GOES_S = 2400
LATE_S = 45.0
"""How late the reports of every `LATE_EACH`-th unit come, seconds."""
LATE_EACH = 31
VIEWS = ("known", "truth", "agency:cpd", "agency:cfd")


class Recording:
    """`begin`..`end`, Unix seconds, whole minutes."""

    def __init__(
        self, begin: float, hours: float = 3.0, units: int = 160, incidents: int = 48, cameras: int = 60
    ) -> None:
        self.begin, self.end = begin, begin + hours * 3600
        self.n, self.m, self.k = units, incidents, cameras
        rng = np.random.default_rng(7)
        spread = lambda n: rng.uniform((WEST + 0.03, SOUTH + 0.03), (EAST - 0.03, NORTH - 0.03), (n, 2))  # noqa: E731
        self.agency = rng.choice(len(AGENCIES), units, p=(0.4, 0.14, 0.1, 0.22, 0.09, 0.05))
        self.base, self.reach = spread(units), rng.uniform(400, 1600, units)
        self.period = self.reach * 4 / rng.uniform(6, 14, units)
        self.phase, self.along = rng.uniform(0, 1, units), rng.integers(0, 2, units)
        self.place, self.opened = spread(incidents), np.sort(rng.uniform(begin - 900, self.end - 120, incidents))
        self.priority = rng.choice([1, 2, 3, 4], incidents, p=(0.06, 0.2, 0.42, 0.32)).astype(np.uint8)
        self.camera = spread(cameras)
        self.late = np.where(np.arange(units) % LATE_EACH == 0, LATE_S, 0.6)
        """How late each unit's reports come, seconds."""
        self.emergency = (begin + hours * 1800, begin + hours * 1800 + 180)
        """From when to when unit 0 is in emergency."""
        self.events = self._events(rng)

    # --- where and what, at a moment ---

    def _way(self, at: NDArray[np.float64] | float, rows: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        turn = (np.asarray(at) / self.period[rows] + self.phase[rows]) % 1.0
        out = np.where(turn < 0.5, turn * 4 - 1, 3 - turn * 4) * self.reach[rows]
        along = self.along[rows]
        lon = self.base[rows, 0] + out * along / (_M_PER_DEG * _SHRINK)
        lat = self.base[rows, 1] + out * (1 - along) / _M_PER_DEG
        course = np.where(turn < 0.5, 0, 180) + 90 * along
        return lon, lat, course % 360, self.reach[rows] * 4 / self.period[rows]

    def _status(self, at: float) -> NDArray[np.uint8]:
        slot = ((at + np.arange(self.n) * 131.0) // 700).astype(np.int64)
        return np.array([0, 0, 1, 2, 0, 1, 2, 3, 0, 4], np.uint8)[(slot * 7 + np.arange(self.n) * 3) % 10]

    def _observed(self, at: float, view: str) -> NDArray[np.float64]:
        return at - (np.zeros(self.n) if view == "truth" else self.late)

    def seen(self, view: str) -> NDArray[Any]:
        """Return the units that a view holds."""
        rows = np.arange(self.n)
        if not view.startswith("agency:"):
            return rows
        own = [a[0] for a in AGENCIES].index(view.partition(":")[2])
        return rows[(self.agency == own) | (rows % 3 != 0)]

    def frame(self, at: float, view: str, *, whole: bool) -> tuple[LayerChange, ...]:
        """Return the picture at a moment; with `whole` its records too."""
        rows, open_ = self.seen(view), np.flatnonzero((self.opened <= at) & (self.opened + _GOES_S > at))
        changes = [self._units(rows, at, view, whole), self._incidents(open_, at)]
        if not whole:
            gone = tuple(
                int(i) for i in np.flatnonzero((self.opened + _GOES_S <= at) & (self.opened + _GOES_S > at - 64))
            )
            changes[1] = LayerChange(changes[1].name, changes[1].columns, changes[1].records, gone)
        return (*changes, self._cameras(at)) if whole else tuple(changes)

    def _units(self, rows: NDArray[Any], at: float, view: str, whole: bool) -> LayerChange:
        observed = self._observed(at, view)[rows]
        lon, lat, course, speed = self._way(observed, rows)
        urgent = (rows == 0) & (self.emergency[0] <= at) & (at < self.emergency[1])
        life = np.where((rows % 53 == 7) & (view != "truth"), 1, 0)
        return LayerChange(
            "units",
            (
                ("row", "u4", rows),
                ("lon", "i4", np.round(lon * DEGREES_E7)),
                ("lat", "i4", np.round(lat * DEGREES_E7)),
                ("course", "u2", course * 10),
                ("speed", "u2", np.round(speed * 10)),
                ("status", "u1", self._status(at)[rows]),
                ("flags", "u1", urgent.astype(np.uint8) | (life << 1).astype(np.uint8)),
                ("age", "u2", np.minimum((at - observed) * 10, 65535)),
                ("err", "u2", np.full(len(rows), 12)),
                ("lag", "u2", np.full(len(rows), 600)),
            ),
            tuple((int(i), self.unit(int(i))) for i in rows) if whole else (),
        )

    def _incidents(self, rows: NDArray[Any], at: float) -> LayerChange:
        steps = [self._step(int(i), at) for i in rows]
        flags = np.array([(0x80, 0x80, 0x10, 0x20, 0x40)[s] for s in steps], np.uint8)
        return LayerChange(
            "incidents",
            (
                ("row", "u4", rows),
                ("lon", "i4", np.round(self.place[rows, 0] * DEGREES_E7)),
                ("lat", "i4", np.round(self.place[rows, 1] * DEGREES_E7)),
                ("priority", "u1", self.priority[rows]),
                ("flags", "u1", flags),
                ("age", "u4", at - self.opened[rows]),
            ),
            tuple((int(i), self.incident(int(i), at)) for i in rows),
        )

    def _cameras(self, at: float) -> LayerChange:
        rows = np.arange(self.k)
        alert = {e["camera_id"] for _, e in self.events if e["kind"] == "camera_event" and at - 20 < e["at"] <= at}
        raised = np.array([f"C{i:03d}" in alert for i in rows], np.uint8)
        return LayerChange(
            "cameras",
            (
                ("row", "u4", rows),
                ("lon", "i4", np.round(self.camera[:, 0] * DEGREES_E7)),
                ("lat", "i4", np.round(self.camera[:, 1] * DEGREES_E7)),
                ("bearing", "u2", (rows * 470) % 3600),
                ("fov", "u2", np.full(self.k, 700)),
                ("range", "u2", np.full(self.k, 120)),
                ("camera_state", "u1", np.array([2, 2, 3, 1])[rows % 4]),
                ("camera_kind", "u1", np.array([1, 2, 5, 1])[rows % 4]),
                ("flags", "u1", raised << 4),
                ("age", "u2", np.full(self.k, 20)),
            ),
            tuple((int(i), self._camera(int(i))) for i in rows),
        )

    def _step(self, i: int, at: float) -> int:
        return max(s for s, (_, after) in enumerate(_COURSE) if self.opened[i] + after <= at)

    # --- records ---

    def unit(self, i: int) -> dict[str, Any]:
        """Return a unit's record."""
        agency, _, tag, family = AGENCIES[self.agency[i]]
        return {
            "id": f"U{i:04d}",
            "agency": agency,
            "family": family,
            "call_sign": f"{tag} {100 + i}",
            "cadence_s": 10.0,
        }

    def incident(self, i: int, at: float) -> dict[str, Any]:
        """Return an incident's record."""
        return {
            "id": f"I{i:03d}", "agency": AGENCIES[i % len(AGENCIES)][0], "type": _TYPES[i % len(_TYPES)],
            "status": [_COURSE[self._step(i, at)][0]], "address": f"{100 + 37 * i} {_STREETS[i % len(_STREETS)]}",
            "opened_at": float(self.opened[i]), "updated_at": float(self.opened[i]),
            "units": [f"U{u:04d}" for u in range(min(i % 4, self._step(i, at)))],
        }  # fmt: skip

    def _camera(self, i: int) -> dict[str, Any]:
        agency = AGENCIES[i % len(AGENCIES)][0]
        return {"id": f"C{i:03d}", "agency": agency, "name": f"{_STREETS[i % 6]} {i}", "cadence_s": 30.0}

    def _events(self, rng: np.random.Generator) -> list[tuple[int, dict[str, Any]]]:
        made: list[dict[str, Any]] = []
        for i in range(self.m):
            for status, after in _COURSE:
                at, (lon, lat) = float(self.opened[i]) + after, self.place[i]
                made.append({
                    "at": at, "received_at": at + 0.6, "agency": AGENCIES[i % 6][0],
                    "kind": "incident", "id": f"I{i:03d}",
                    "event": status, "text": f"{_TYPES[i % 6].capitalize()}: {status}",
                    "lon": float(lon), "lat": float(lat), "priority": int(self.priority[i]), "incident_id": f"I{i:03d}",
                })  # fmt: skip
        for at in np.arange(self.begin + 40, self.end, 95):
            i = int(rng.integers(0, self.k))
            event, words = _CAMERA[int(rng.integers(0, 3))]
            made.append({
                "at": float(at), "received_at": float(at) + 1, "agency": AGENCIES[i % 6][0], "kind": "camera_event",
                "id": f"C{i:03d}", "camera_id": f"C{i:03d}", "event": event, "text": f"{words}, {_STREETS[i % 6]}",
                "lon": float(self.camera[i, 0]), "lat": float(self.camera[i, 1]), "verification": "unverified",
            })  # fmt: skip
        for j, at in enumerate(np.arange(self.begin + 300, self.end, 610)):
            made.append({
                "at": float(at), "received_at": float(at) + 1, "agency": "cpd", "kind": "log_entry", "id": f"L{j:03d}",
                "event": _KINDS[j % 4], "text": _LOG[j % 4], "author_position": "IC",
            })  # fmt: skip
        made.sort(key=lambda e: e["at"])
        return list(enumerate((e for e in made if self.begin <= e["at"] <= self.end), 1))

    # --- questions ---

    def track(self, id_: str, begin: float, end: float, known_by: float = math.inf) -> list[list[Any]]:
        """Return where a unit was every ten seconds, as docs/wire.md says it, of what was known by then."""
        row = np.array([int(id_[1:])])
        times = np.arange(max(begin, self.begin), min(end, self.end, known_by - self.late[row[0]]), 10.0)
        points = []
        for at in times:
            lon, lat, course, speed = (float(v[0]) for v in self._way(np.array([at]), row))
            status = int(self._status(at)[row[0]])
            rolls = status < 2
            points.append([float(at), lon, lat, speed if rolls else 0.0, course, status, float(at), None, None])
        return points

    def near(
        self, lon: float, lat: float, metres: float, begin: float, end: float, known_by: float = math.inf
    ) -> list[dict[str, Any]]:
        """Return who was within so many metres, as far as it was known by then, nearest first."""
        found = []
        for i in range(self.n):
            times = np.arange(begin, min(end, known_by - self.late[i]), 5.0)
            lons, lats, _, _ = self._way(times, np.full(len(times), i))
            away = np.hypot((lons - lon) * _M_PER_DEG * _SHRINK, (lats - lat) * _M_PER_DEG)
            inside = np.flatnonzero(away <= metres)
            if len(inside):
                at, unit = int(np.argmin(away)), self.unit(i)
                found.append({
                    "agency": unit["agency"], "id": unit["id"], "call_sign": unit["call_sign"],
                    "first": float(times[inside[0]]), "last": float(times[inside[-1]]),
                    "nearest_m": float(away[at]), "nearest_at": float(times[at]),
                })  # fmt: skip
        return sorted(found, key=lambda u: u["nearest_m"])

    def within(
        self,
        circle: list[float] | None,
        box: list[float] | None,
        begin: float,
        end: float,
        known_by: float = math.inf,
    ) -> dict[str, Any]:
        """Return what was in an area, as far as it was known by then, and how much was said of it by the minute."""
        if circle:
            lon, lat, metres = circle
        else:
            assert box
            west, south, east, north = box
            lon, lat = (west + east) / 2, (south + north) / 2
            metres = math.hypot((east - west) * _SHRINK, north - south) / 2 * _M_PER_DEG

        def inside(place: Any) -> bool:
            if box:
                return bool(box[0] <= place[0] <= box[2] and box[1] <= place[1] <= box[3])
            return math.hypot((place[0] - lon) * _SHRINK, place[1] - lat) * _M_PER_DEG <= metres

        happened = [
            e
            for _, e in self.events
            if begin <= e["at"] <= end and e["received_at"] <= known_by and "lon" in e and inside((e["lon"], e["lat"]))
        ]
        of_kind = {kind: [e for e in happened if e["kind"] == kind] for kind in ("incident", "camera_event")}
        pairs = {kind: sorted({(e["agency"], e["id"]) for e in found}) for kind, found in of_kind.items()}
        units = self.near(lon, lat, metres, begin, end, known_by)
        minutes = [
            {"at": int(at // 60) * 60, "agency": unit["agency"], "unit": 6}
            for unit in units
            for at in np.arange(unit["first"], unit["last"] + 1, 60.0)
        ]
        return {
            "units": units, "incidents": pairs["incident"], "cameras": pairs["camera_event"], "log": [],
            "minutes": minutes, "more": False,
        }  # fmt: skip

    def chronology(self, id_: str, metres: float, known_by: float) -> dict[str, Any]:
        """Return an incident's timeline as far as it was known by then: its steps, a unit, a camera, a late entry."""
        i = int(id_[1:])
        agency, opened = AGENCIES[i % len(AGENCIES)][0], float(self.opened[i])
        if opened > known_by:
            return {"found": False, "lines": []}
        lines: list[dict[str, Any]] = []

        def line(after: float, kind: str, event: str, text: str, late: float = 0.6, **more: Any) -> None:
            at = opened + after
            said = {"at": at, "observed_at": at, "received_at": at + late, "agency": agency, "kind": kind, "id": id_}
            lines.append(said | {"event": event, "text": text, "source": f"{agency}-cad"} | more)

        line(-70, "camera_event", "gunshot_detected", "Gunshot detected: W Madison St 12 (not confirmed)", id="C012",
             lon=float(self.camera[12, 0]), lat=float(self.camera[12, 1]), near_m=140, source="cams")  # fmt: skip
        for status, after in _COURSE:
            head = "" if after else f"{incident_type(_TYPES[i % 6])}; priority P1; "
            line(after, "incident", status, head + of(status))
        unit = self.unit(3)
        whose = {"units": [[unit["agency"], unit["id"]]]}
        line(61, "assignment", "assigned", f"{unit['call_sign']} assigned", **whose)
        for after, code, text in ((124, "ENR", "en route"), (415, "ONS", "on scene"), (1802, "AVL", "available")):
            more = {"agency": unit["agency"], "id": unit["id"], **whose}
            line(after, "unit", code, f"{unit['call_sign']}: {text}", **more)
        line(200, "log_entry", "note", _WITNESS, late=432, id="L900", author_position="incident_commander")
        known = [one for one in lines if max(one["at"], one["received_at"]) <= known_by]
        place = [float(self.place[i, 0]), float(self.place[i, 1])]
        span = {"from": opened - 300, "to": min(known_by, opened + 2400), "more": False, "metres": metres}
        firsts = [[one[0], None if n == 5 else opened + 0.6 + 0.3 * (n // 3)] for n, one in enumerate(AGENCIES)]
        span |= {"known": firsts, "missing": []}
        return {"found": True, "place": place, "lines": sorted(known, key=lambda one: one["at"])} | span

    def counted(self) -> dict[str, Any]:
        """Return what `/read/recording` answers; the transit police were silent for twelve minutes."""
        gap = {
            "from": self.begin + 4200,
            "to": self.begin + 4920,
            "agency": "ctap",
            "text": "no reports: its feed was down",
        }
        minutes = []
        for at in np.arange(self.begin, self.end, 60.0):
            for a, (agency, _, _, _) in enumerate(AGENCIES):
                if agency == gap["agency"] and gap["from"] <= at < gap["to"]:
                    continue
                mine = [e for _, e in self.events if at <= e["at"] < at + 60 and e["agency"] == agency]
                units = int((self.agency == a).sum() * (5 + 1.6 * np.sin(at / 1900 + a)))
                count = lambda kind: sum(e["kind"] == kind for e in mine)  # noqa: B023, E731
                minutes.append({
                    "at": float(at), "agency": agency, "unit": units, "incident": count("incident"),
                    "camera": count("camera_event"), "zone": 0, "log": count("log_entry"),
                })  # fmt: skip
        return {"from": self.begin, "to": self.end, "minutes": minutes, "gaps": [gap]}
