"""What the cameras raise: recordings on scene, plate hits, shots heard, a drone over an incident, a camera down.

Rules
- Every event belongs to something near the camera: a unit's arrival, a passing car, an incident.
- A machine's finding is `unverified` until a person decides, under the same event id.
- Calm: two to six events a minute in all with 300 units.
"""

import math
from functools import partial

from feeds.exercise.cameras import CADENCE_S, SORTS, Camera, Verification, count, stand
from feeds.exercise.city import MAJOR, MOTORWAY
from feeds.exercise.dispatch import Dispatch
from feeds.exercise.incidents import HOT_VEHICLE, SHOTS, Incident
from feeds.exercise.roster import Role
from feeds.exercise.stage import Job, Stage

_HEARD_M = 1500.0
"""A drone is sent, or a camera turned, to what happens within this distance, metres."""
_ALERT_S = 600.0
"""How long a finding stays an alert unless a person rejects it, exercise seconds."""


class Watch:
    """All cameras."""

    def __init__(self, stage: Stage, dispatch: Dispatch, unit_count: int) -> None:
        self._s, self._dispatch = stage, dispatch
        self._events = 0
        self.cameras: list[Camera] = []
        self._carried: dict[int, list[Camera]] = {}
        self._flying: dict[int, Incident] = {}
        self._place(unit_count)
        stage.on_job.append(self._job_changed)
        dispatch.on_arrival.append(self._arrival)
        dispatch.on_open.append(self._opened)

    def _place(self, unit_count: int) -> None:
        stage, city, chance = self._s, self._s.city, self._s.chance
        carriers = {role: list(slots) for role, slots in stage.slots.items()}
        for slots in carriers.values():
            chance.shuffle(slots)
        named = [n for n, links in enumerate(city.links) if len(links) > 2 and any(city.street(a.edge) for a in links)]
        busy = named or [n for n, links in enumerate(city.links) if len(links) > 2]
        roads = [n for n, links in enumerate(city.links) if any(city.kinds[a.edge] in (MOTORWAY, MAJOR) for a in links)]
        for sort in SORTS:
            for n in range(count(unit_count, sort)):
                source = sort.source.removesuffix("-cam").upper()
                number = sum(c.sort.source == sort.source for c in self.cameras) + 1
                camera = Camera(f"{source}-CAM-{number:03d}", sort, f"{sort.label} {n + 1}", sort.state)
                if sort.carrier:
                    slots = carriers[Role(sort.carrier)]
                    if not slots:
                        continue
                    camera.carrier = int(slots.pop())
                    member = stage.members[camera.carrier]
                    camera.carrier_id = member.unit_id
                    camera.name = f"{sort.label} {member.call_sign}".removeprefix("UAS ")
                    self._carried.setdefault(camera.carrier, []).append(camera)
                else:
                    nodes = (roads if sort.kind == "lpr" else busy) or [0]
                    # The better of three draws, so that there are more of them towards the centre.
                    node = min(chance.choices(nodes, k=3), key=lambda v: math.hypot(*city.place(v)))
                    stand(camera, city, node, chance)
                    camera.name = f"{sort.label} {self._corner(node)}"
                self.cameras.append(camera)

    def _corner(self, node: int) -> str:
        """Return the streets that meet there, two at most, or the hundred blocks where none has a name."""
        city = self._s.city
        streets = sorted({city.street(link.edge) for link in city.links[node]} - {""})
        return " / ".join(streets[:2]) or city.address(city.links[node][0].edge)

    def begin(self) -> None:
        """Have every camera announce itself within a second, and start the chances of the day."""
        chance, stage = self._s.chance, self._s
        for camera in self.cameras:
            stage.after(chance.uniform(0, stage.rate), partial(self._announce, camera, camera.turn))
        stage.after(chance.uniform(20, 60), self._plate_hit)
        stage.after(chance.uniform(90, 200), self._shots)
        stage.after(chance.uniform(200, 500), self._outage)
        # Officers who are on scene when the day starts are recording already.
        for i, incident in enumerate(stage.incident):
            if incident is not None and stage.job[i] is Job.ON_SCENE:
                for camera in self._carried.get(i, ()):
                    camera.state, camera.incident_id = "recording", incident.id

    # -- state --------------------------------------------------------------------------------------------

    def _follow(self, camera: Camera) -> None:
        if camera.carrier >= 0:
            fleet = self._s.fleet
            camera.x, camera.y = float(fleet.x[camera.carrier]), float(fleet.y[camera.carrier])
            camera.bearing_deg = float(fleet.course[camera.carrier])

    def _announce(self, camera: Camera, turn: int) -> None:
        if turn == camera.turn:
            self._say(camera)
            self._again(camera)

    def _again(self, camera: Camera) -> None:
        """Put the next announcement on the agenda; an earlier one that waits there is void."""
        camera.turn += 1
        cadence = CADENCE_S[camera.state] * self._s.rate
        self._s.after(cadence * self._s.chance.uniform(0.9, 1.0), partial(self._announce, camera, camera.turn))

    def _say(self, camera: Camera, event_type: str = "announced") -> None:
        self._follow(camera)
        report = camera.report(self._s.wall(), event_type)
        self._s.say(camera.sort.source.removesuffix("-cam"), camera.sort.source, report)

    def _turn_to(self, camera: Camera, state: str, incident: Incident | None, event_type: str) -> None:
        camera.state = state
        camera.incident_id = incident.id if incident else camera.incident_id
        self._say(camera, event_type)
        camera.incident_id = incident.id if incident else None
        self._again(camera)

    # -- what happens near them ---------------------------------------------------------------------------

    def _arrival(self, i: int, incident: Incident) -> None:
        for camera in self._carried.get(i, ()):
            if camera.sort.kind != "uas" and camera.state != "recording" and self._s.now > 0:
                self._turn_to(camera, "recording", incident, "recording_started")

    def _job_changed(self, i: int) -> None:
        for camera in self._carried.get(i, ()):
            if camera.sort.kind == "uas" or self._s.job[i] is Job.ON_SCENE:
                continue
            if camera.state == "recording":
                self._turn_to(camera, camera.sort.state, None, "recording_stopped")
            elif self._s.job[i] is Job.STOP and self._s.now > 0:
                self._turn_to(camera, "recording", None, "recording_started")
            elif camera.state == "buffering" and self._s.now > 0:
                # A worn camera reports rarely; when its officer stops or moves on, it says where that is.
                self._say(camera)
                self._again(camera)

    def _opened(self, incident: Incident) -> None:
        if self._s.now <= 0 or incident.type.priority < 8:
            return
        chance = self._s.chance
        near = self._nearest(incident.x, incident.y, ("fixed", "ptz"), ("live",))
        if near is not None:
            self._s.after(chance.uniform(20, 70), partial(self._look, near, incident))
        drone = self._nearest(incident.x, incident.y, ("uas",), ("idle",), most_m=6000.0)
        if drone is not None and drone.carrier not in self._flying:
            self._flying[drone.carrier] = incident
            self._s.after(chance.uniform(15, 50), partial(self._launch, drone, incident))

    def _nearest(
        self, x: float, y: float, kinds: tuple[str, ...], states: tuple[str, ...], most_m: float = _HEARD_M
    ) -> Camera | None:
        fit = [c for c in self.cameras if c.sort.kind in kinds and c.state in states]
        for c in fit:
            self._follow(c)
        fit = [c for c in fit if math.hypot(c.x - x, c.y - y) <= most_m]
        return min(fit, key=lambda c: math.hypot(c.x - x, c.y - y)) if fit else None

    def _look(self, camera: Camera, incident: Incident) -> None:
        if incident.closed or camera.state != "live":
            return
        if camera.sort.kind == "ptz":
            camera.bearing_deg = math.degrees(math.atan2(incident.x - camera.x, incident.y - camera.y)) % 360
        self._turn_to(camera, "live", incident, "livestream_available")
        self._s.after(420.0, partial(self._look_away, camera))

    def _look_away(self, camera: Camera) -> None:
        camera.incident_id = None

    # -- drones -------------------------------------------------------------------------------------------

    def _launch(self, camera: Camera, incident: Incident) -> None:
        i = camera.carrier
        if incident.closed or not self._s.free[i]:
            self._flying.pop(i, None)
            return
        self._dispatch.assign(i, incident)
        self._turn_to(camera, "live", incident, "uas_launched")

    def on_station(self, i: int) -> None:
        """Take note that a drone has come to its place."""
        for camera in self._carried.get(i, ()):
            self._turn_to(camera, "live", self._s.incident[i], "uas_on_station")

    def landed(self, i: int) -> None:
        """Take note that a drone is back on its roof."""
        self._flying.pop(i, None)
        for camera in self._carried.get(i, ()):
            self._turn_to(camera, "idle", None, "uas_landed")

    # -- findings -----------------------------------------------------------------------------------------

    def event_id(self, camera: Camera) -> str:
        """Return the id of a new event of the camera."""
        self._events += 1
        return f"{camera.id}-{int(self._s.start_at)}-{self._events:04d}"

    def finding(
        self, camera: Camera, what: str, event_id: str, sure: float, verified: bool | None,
        incident: Incident | None = None, hotlist: str | None = None,
    ) -> None:  # fmt: skip
        """Let a camera raise an alert; under its id again, what a person made of it (`verified`; None: nothing yet)."""
        state: Verification = "unverified" if verified is None else "human_verified" if verified else "rejected"
        until = self._s.wall(self._s.now + _ALERT_S) if verified is not False else self._s.wall()
        report = camera.finding(
            self._s.wall(), what, event_id, state, round(sure, 2), incident.id if incident else None, until, hotlist
        )
        self._s.say(camera.sort.source.removesuffix("-cam"), camera.sort.source, report)

    def _plate_hit(self) -> None:
        chance = self._s.chance
        readers = [c for c in self.cameras if c.sort.kind == "lpr" and c.state == "live"]
        if readers:
            camera = chance.choice(readers)
            event_id, sure = self.event_id(camera), chance.uniform(0.82, 0.98)
            self.finding(camera, "lpr_hit", event_id, sure, None, hotlist="stolen_vehicle")
            verify = partial(self._plate_checked, camera, event_id, sure)
            self._s.after(chance.uniform(15, 50), verify)
        self._s.after(chance.uniform(60, 150), self._plate_hit)

    def _plate_checked(self, camera: Camera, event_id: str, sure: float) -> None:
        good = self._s.chance.random() < 0.55
        incident = None
        if good and camera.sort.source == "cpd-cam" and self._s.chance.random() < 0.5:
            incident = self._dispatch.call(HOT_VEHICLE, self._edge_near(camera.x, camera.y))
        self.finding(camera, "lpr_hit", event_id, sure, good, incident, "stolen_vehicle")

    def _edge_near(self, x: float, y: float) -> int:
        city = self._s.city
        edges = [link.edge for link in city.links[city.nearest(x, y)]]
        return next((e for e in edges if city.street(e)), edges[0])

    def _shots(self) -> None:
        chance = self._s.chance
        sensors = [c for c in self.cameras if c.sort.kind == "acoustic"]
        if sensors:
            camera = chance.choice(sensors)
            event_id, sure = self.event_id(camera), chance.uniform(0.6, 0.95)
            self.finding(camera, "gunshot_detected", event_id, sure, None)
            self._s.after(chance.uniform(15, 40), partial(self._shots_checked, camera, event_id, sure))
        self._s.after(chance.uniform(300, 720), self._shots)

    def _shots_checked(self, camera: Camera, event_id: str, sure: float) -> None:
        good = self._s.chance.random() < 0.7
        incident = None
        if good:
            x = camera.x + self._s.chance.uniform(-1, 1) * camera.sort.range_m * 0.6
            y = camera.y + self._s.chance.uniform(-1, 1) * camera.sort.range_m * 0.6
            incident = self._dispatch.call(SHOTS, self._edge_near(x, y))
        self.finding(camera, "gunshot_detected", event_id, sure, good, incident)

    def _outage(self) -> None:
        fixed = [c for c in self.cameras if c.sort.kind == "fixed" and c.state == "live" and c.incident_id is None]
        if fixed:
            camera = self._s.chance.choice(fixed)
            self._turn_to(camera, "offline", None, "offline")
            self._s.after(self._s.chance.uniform(200, 500), partial(self._turn_to, camera, "live", None, "announced"))
        self._s.after(self._s.chance.uniform(700, 1500), self._outage)
